"""One request from arrival to answer: token, limits, faults, scopes, rules, headers, record."""

import threading
from dataclasses import dataclass
from typing import Literal

from connector.clock import SeededChance, uuid7
from connector.sandbox import (
    face_account,
    face_contact_batches,
    face_contacts,
    face_forms,
    face_journal,
    face_lists,
    face_office,
    face_preferences,
    face_preferences_v3,
    face_properties,
    face_timeline,
    replies,
    shapes,
)
from connector.sandbox.access import Access
from connector.sandbox.call import Call
from connector.sandbox.contacts import Contacts
from connector.sandbox.damage import damaged, refusal, split_inputs, with_failures
from connector.sandbox.faults import FaultRule, Faults
from connector.sandbox.forms import Forms
from connector.sandbox.ledger import Ledger
from connector.sandbox.limits import Limits
from connector.sandbox.lists import Lists
from connector.sandbox.options import Tier
from connector.sandbox.portal import Portal
from connector.sandbox.postman import Postman
from connector.sandbox.preferences import Preferences
from connector.sandbox.replies import Refusal, Reply
from connector.sandbox.rooms import Rooms
from connector.sandbox.router import Route, Router
from connector.sandbox.times import SECOND

ROUTES = (
    *face_contacts.ROUTES,
    *face_contact_batches.ROUTES,
    *face_preferences.ROUTES,
    *face_preferences_v3.ROUTES,
    *face_properties.ROUTES,
    *face_lists.ROUTES,
    *face_forms.ROUTES,
    *face_timeline.ROUTES,
    *face_account.ROUTES,
    *face_office.ROUTES,
    *face_journal.ROUTES,
)


@dataclass(slots=True)
class Delivery:
    """An answer and how it travels. `end`: whole, not at all, or cut in the middle of the body."""

    reply: Reply
    end: Literal["whole", "none", "cut"] = "whole"
    wait_s: float = 0.0
    drip_s: float = 0.0


@dataclass(slots=True)
class Late:
    """A request whose effect comes when the client has long given up."""

    due: float  # portal's steady seconds
    call: Call
    route: Route


@dataclass(slots=True)
class Passing:
    """What is known of a request while it passes; it ends as a line of the ledger."""

    call: Call
    at: int
    ticks: int
    route: Route | None = None
    counted: bool = False
    fault: FaultRule | None = None
    headers: dict[str, str] | None = None


class Engine:
    """Answers calls one at a time; may be used from several threads."""

    def __init__(self, portal: Portal, tier: Tier, seed: int) -> None:
        self._chance = SeededChance(f"engine/{seed}")
        self.lock = threading.RLock()
        self.ledger = Ledger()
        self.faults = Faults(seed)
        self.postman = Postman(portal, self.faults, self.lock, seed)
        self._router = Router(ROUTES)
        self._late: list[Late] = []
        self.rooms = _furnish(
            portal, Access(tier, seed, self._chance), Limits(portal.clock, tier, portal.options)
        )

    def answer(self, call: Call) -> Delivery:
        """The answer to one request, with HubSpot's headers; the request is in the ledger afterwards."""
        with self.lock:
            self.settle()
            clock = self.rooms.portal.clock
            passing = Passing(call, clock.now(), int(clock.monotonic() * SECOND))
            try:
                delivery = self._admitted(passing)
            except Refusal as refused:
                delivery = Delivery(self._refused(refused))
            delivery.wait_s += self.rooms.portal.options.latency_ms / SECOND
            self._finish(passing, delivery)
            return delivery

    def settle(self) -> None:
        """Carry out late requests whose time has come."""
        with self.lock:
            now = self.rooms.portal.clock.monotonic()
            due = [late for late in self._late if late.due <= now]
            self._late = [late for late in self._late if late.due > now]
            for late in due:
                self._carried_out(late.route, late.call)

    # The way of a request --------------------------------------------------------------------------------

    def _admitted(self, passing: Passing) -> Delivery:
        call = passing.call
        if len(call.raw_query) > self.rooms.portal.options.url_max:
            raise Refusal(414, "", "URI Too Long")
        passing.route = route = self._router.find(call)
        if not route.open:
            call.app = self.rooms.access.caller(call.headers.get("authorization", ""))
            try:
                passing.headers = self.rooms.limits.admit(call.app, search=route.search)
            except Refusal as refused:
                passing.headers = refused.headers
                raise
            passing.counted = True
        passing.fault = self.faults.pick(call.method, call.raw_path, route.template)
        if passing.fault is not None:
            return self._faulty(passing.fault, route, call)
        return Delivery(self._carried_out(route, call))

    def _carried_out(self, route: Route, call: Call) -> Reply:
        try:
            if call.app is not None:
                self.rooms.access.demand(call.app, route.scopes)
                _demand_json(call)
            if route.takes is not None:
                shapes.demand(call.body, route.takes)
            return route.endpoint(self.rooms, call)
        except Refusal as refused:
            return self._refused(refused)

    def _refused(self, refused: Refusal) -> Reply:
        correlation = self._correlation()
        document = refused.document(correlation)
        if refused.status == 429:
            document["requestId"] = correlation.replace("-", "")
        headers = {**refused.headers, "X-HubSpot-Correlation-Id": correlation}
        return Reply(refused.status, replies.encode(document), headers)

    def _finish(self, passing: Passing, delivery: Delivery) -> None:
        reply = delivery.reply
        reply.headers = {**(passing.headers or {}), **reply.headers}
        reply.headers.setdefault("X-HubSpot-Correlation-Id", self._correlation())
        status = 0 if delivery.end == "none" else reply.status
        call, route = passing.call, passing.route.template if passing.route else "(unknown)"
        app, fault = call.app.name if call.app else "", passing.fault.effect if passing.fault else None
        self.ledger.add(
            at=passing.at,
            ticks=passing.ticks,
            method=call.method,
            route=route,
            status=status,
            app=app,
            counted=passing.counted,
            fault=fault,
        )

    def _correlation(self) -> str:
        digits = uuid7(self.rooms.portal.clock.now(), self._chance.bytes(10))
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    # Faults ----------------------------------------------------------------------------------------------

    def _faulty(self, rule: FaultRule, route: Route, call: Call) -> Delivery:
        if rule.effect in {"status", "drop", "timeout"}:
            return self._failed(rule, route, call)
        if rule.effect == "late":
            self._late.append(Late(self.rooms.portal.clock.monotonic() + rule.seconds, call, route))
            return Delivery(Reply(504), "none")
        if rule.effect == "partial":
            lost = split_inputs(rule, call)
            return Delivery(with_failures(self._carried_out(route, call), lost))
        if rule.effect == "stale_search":
            call.stale_ms = round(rule.seconds * SECOND)
        reply = damaged(rule, call, self._carried_out(route, call))
        return _delivered(rule, reply)

    def _failed(self, rule: FaultRule, route: Route, call: Call) -> Delivery:
        if rule.applied:
            self._carried_out(route, call)
        if rule.effect == "status":
            return Delivery(self._refused(refusal(rule)))
        return Delivery(Reply(504), "none", rule.seconds if rule.effect == "timeout" else 0.0)


def _demand_json(call: Call) -> None:
    """Refusal 415 for a body that says it is something else. Without a word about it, it is taken as JSON."""
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if call.body and kind not in {"", "application/json"}:
        raise Refusal(415, "", "HTTP 415 Unsupported Media Type")


def _delivered(rule: FaultRule, reply: Reply) -> Delivery:
    if rule.effect == "cut":
        return Delivery(reply, "cut")
    if rule.effect == "drip":
        return Delivery(reply, drip_s=rule.seconds)
    return Delivery(reply, wait_s=rule.seconds if rule.effect == "delay" else 0.0)


def _furnish(portal: Portal, access: Access, limits: Limits) -> Rooms:
    contacts, preferences = Contacts(portal), Preferences(portal)
    forms, lists = Forms(portal, contacts, preferences), Lists(portal)
    return Rooms(portal, contacts, preferences, forms, lists, access, limits)
