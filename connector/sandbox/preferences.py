"""The rules of communication preferences (hubspot-api, 8): whose no it is, what lifts it, what is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec

from connector.sandbox import replies, sources
from connector.sandbox.events import Actor, Change
from connector.sandbox.portal import Portal
from connector.sandbox.records import Address, Contact, Flags, Row, SubscriptionType, Wide
from connector.sandbox.times import iso
from mappings.words import CHANNEL, LegalBasis, Status, WriteOutcome

WORKFLOW = Actor(sources.WORKFLOW, "SOURCE_WORKFLOW", "AUTOMATION_PLATFORM")
_STATUS, _PORTAL = "SUBSCRIPTION_STATUS", "PORTAL_STATUS"


class PublicStatus(msgspec.Struct, rename="camel"):
    """One subscription type of one address, as the dated and v4 calls show it."""

    channel: str
    subscriber_id_string: str
    subscription_id: int
    subscription_name: str
    status: str
    source: str
    timestamp: str
    business_unit_id: int
    legal_basis: str | None = None
    legal_basis_explanation: str | None = None
    set_status_success_reason: str | None = None


class PublicWideStatus(msgspec.Struct, rename="camel"):
    """An opt-out of all, as the dated and v4 calls show it."""

    channel: str
    subscriber_id_string: str
    wide_status_type: str
    status: str
    timestamp: str
    business_unit_id: int


class Wish(NamedTuple):
    """A status that somebody asks for."""

    address: str
    subscription: int
    status: str
    basis: str | None = None
    explanation: str | None = None
    at: int | None = None  # None: now
    resubscribes: bool = True


class Preferences:
    """What is held for addresses and how it changes."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    # Reading ---------------------------------------------------------------------------------------------

    def statuses(self, address: str, unit: int | None = None) -> list[PublicStatus]:
        """A row per active type. Refusal 404 where the switch says so for an address never seen."""
        held = self._portal.address(address)
        if held is None:
            held = Address(address) if self._has_contact(address) else self._unseen(address)
        if held is None or not (held.rows or held.wide or self._portal.options.untouched_rows):
            return []
        return [self._status(address, held, kind) for kind in self.types(unit)]

    def wide(self, address: str, unit: int | None = None) -> list[PublicWideStatus]:
        """The opt-outs of all; empty when there is none."""
        held = self._portal.address(address)
        return [
            _public_wide(address, wide)
            for wide in (held.wide.values() if held else ())
            if unit is None or wide.unit in {None, unit}
        ]

    def types(self, unit: int | None = None) -> Iterator[SubscriptionType]:
        """Active subscription types, of one brand where asked."""
        return (t for t in self._portal.types.values() if t.active and (unit is None or t.unit == unit))

    def type_of(self, subscription: int) -> SubscriptionType:
        kind = self._portal.types.get(subscription)
        if kind is None or not kind.active:
            raise replies.invalid(f"Subscription {subscription} does not exist or is not active in portal.")
        return kind

    def effective(self, held: Address, kind: SubscriptionType) -> Row:
        """What holds for a type once the opt-out of all is counted in."""
        wide = held.wide_for(kind.unit)
        row = held.rows.get(kind.id)
        if wide is not None and self._portal.options.wide_shows_in_types:
            return Row(Status.UNSUBSCRIBED.value, wide.at, wide.source)
        return row or Row(Status.NOT_SPECIFIED.value, kind.created, sources.UNSPECIFIED)

    def is_out(self, held: Address, kind: SubscriptionType) -> bool:
        row = held.rows.get(kind.id)
        return held.wide_for(kind.unit) is not None or (row is not None and row.status == Status.UNSUBSCRIBED)

    def _status(self, address: str, held: Address, kind: SubscriptionType) -> PublicStatus:
        row = self.effective(held, kind)
        return PublicStatus(
            CHANNEL, address, kind.id, kind.name, row.status, row.source, iso(row.at), kind.unit,
            row.basis, row.explanation,
        )  # fmt: skip

    def _unseen(self, address: str) -> Address | None:
        answer = self._portal.options.unseen_address
        if answer == "not_found":
            raise replies.not_found("Subscriber not found.", address)
        return Address(address) if answer == "not_specified" else None

    def _has_contact(self, address: str) -> bool:
        return self._portal.owner(address) is not None

    # Writing ---------------------------------------------------------------------------------------------

    def set(self, wish: Wish, actor: Actor) -> PublicStatus:
        """Set one status. A refused resubscription answers NO_STATUS_CHANGE with what still holds."""
        kind = self.type_of(wish.subscription)
        with self._changing(wish.address, actor):
            held = self._portal.own_address(wish.address)
            outcome = self._apply(held, kind, wish, actor)
        self._tell(wish.address, wish.status, kind=_STATUS, actor=actor, at=wish.at, subscription=kind.id)
        answer = self._status(wish.address, held, kind)
        answer.set_status_success_reason = outcome.value
        return answer

    def _apply(self, held: Address, kind: SubscriptionType, wish: Wish, actor: Actor) -> WriteOutcome:
        was_out = self.is_out(held, kind)
        row = Row(wish.status, self._at(wish), actor.source, wish.basis, wish.explanation)
        if wish.status == Status.SUBSCRIBED and was_out:
            return self._resubscribe(held, kind, row, allowed=wish.resubscribes)
        before = held.rows.get(kind.id)
        if before is not None and _same(before, row):
            return WriteOutcome.NO_STATUS_CHANGE
        held.rows[kind.id] = row
        unchanged = (before is not None and before.status == row.status) or (
            was_out and row.status == Status.UNSUBSCRIBED
        )
        return WriteOutcome.NO_STATUS_CHANGE if unchanged else WriteOutcome.REQUESTED_CHANGE_OCCURRED

    def _resubscribe(self, held: Address, kind: SubscriptionType, row: Row, *, allowed: bool) -> WriteOutcome:
        covered = held.wide_for(kind.unit)
        if not allowed or (covered is not None and not self._portal.options.subscribe_lifts_wide):
            return WriteOutcome.NO_STATUS_CHANGE
        if covered is not None:
            self._lift(held, kind)
        held.rows[kind.id] = row
        return WriteOutcome.RESUBSCRIBE_OCCURRED

    def _lift(self, held: Address, kept: SubscriptionType) -> None:
        """Take the opt-out of all away; by default each other type that it covered stays out."""
        if not self._portal.options.lifting_revives_others:
            for other in self.types():
                wide = held.wide_for(other.unit)
                if wide is not None and other.id != kept.id:
                    held.rows[other.id] = Row(Status.UNSUBSCRIBED.value, wide.at, wide.source)
        held.wide.pop(None, None)
        held.wide.pop(kept.unit, None)

    def unsubscribe_all(
        self, address: str, actor: Actor, unit: int | None = None, at: int | None = None
    ) -> list[PublicStatus]:
        """Opt an address out of everything of the account, or of one brand; a repeat changes nothing."""
        with self._changing(address, actor):
            held = self._portal.own_address(address)
            new = unit not in held.wide and None not in held.wide
            if new:
                held.wide[unit] = Wide(self._portal.clock.now() if at is None else at, actor.source, unit)
        self._tell(address, "UNSUBSCRIBED", kind=_PORTAL, actor=actor, at=at)
        outcome = WriteOutcome.UNSUBSCRIBE_FROM_ALL_OCCURRED if new else WriteOutcome.NO_STATUS_CHANGE
        rows = [self._status(address, held, kind) for kind in self.types(unit)]
        for row in rows:
            row.set_status_success_reason = outcome.value
        return rows

    def lift_all(self, address: str) -> None:
        """Take every opt-out of all away and leave the types as they were."""
        with self._changing(address):
            self._portal.own_address(address).wide.clear()

    def put(self, address: str, subscription: int, row: Row) -> None:
        """Set a row as given, words that HubSpot never documented included."""
        with self._changing(address):
            self._portal.own_address(address).rows[subscription] = row

    def forget(self, address: str, subscription: int | None = None) -> bool:
        """Clear one type, or all that is held for the address; False when there was nothing to clear."""
        held = self._portal.address(address)
        if held is None or not (subscription in held.rows if subscription else held.rows or held.wide):
            return False
        with self._changing(address):
            held = self._portal.own_address(address)
            if subscription is None:
                held.rows, held.wide = {}, {}
            else:
                held.rows.pop(subscription, None)
        return True

    def _at(self, wish: Wish) -> int:
        return self._portal.clock.now() if wish.at is None else wish.at

    @contextmanager
    def _changing(self, address: str, actor: Actor | None = None) -> Iterator[None]:
        """The contact whose primary address this is shows other opt-out properties afterwards."""
        portal = self._portal
        contact_id = portal.owner(address)
        contact = portal.live(contact_id) if contact_id is not None else None
        if contact is None or (contact.email or "").lower() != address.lower():
            yield
            return
        portal.remember(contact.id)
        portal.mark(contact.id)
        if portal.options.preference_moves_modified:
            portal.adopt(contact).modified = portal.clock.now()
        before = portal.flags(contact) if portal.watches_opt_outs else {}
        yield
        if portal.watches_opt_outs:
            after = portal.flags(contact)
            self._noticed(contact, actor, {n: v for n, v in after.items() if before.get(n) != v})

    def _noticed(self, contact: Contact, actor: Actor | None, changes: Flags) -> None:
        """Whom HubSpot tells that a record's opt-out properties changed, and the portal's own workflow."""
        portal, name = self._portal, self._portal.options.opt_out_workflow
        if not changes:
            return
        portal.tell_opt_outs(contact.id, actor, changes)
        if name:
            kept = portal.touch(contact)
            kept.props = {**kept.props, name: iso(portal.clock.now())}
            kept.modified = max(kept.modified + 1, portal.clock.now())
            portal.tell("UPDATE", kept.id, WORKFLOW, changes={name: kept.props[name]})

    def _tell(
        self,
        address: str,
        change: str,
        *,
        kind: str,
        actor: Actor,
        at: int | None,
        subscription: int | None = None,
    ) -> None:
        changes = self._portal.changes
        when = self._portal.clock.now() if at is None else at
        changes.append(Change(len(changes) + 1, when, address, change, actor.timeline, kind, subscription))


def check_basis(basis: Any, explanation: Any) -> None:
    """Refusal 400 for a legal basis that HubSpot does not know or an explanation that is no text."""
    if basis is not None and basis not in set(LegalBasis):
        raise replies.invalid(f"Cannot deserialize value of legalBasis: {basis}")
    if explanation is not None and not isinstance(explanation, str):
        raise replies.invalid("legalBasisExplanation must be a string")


def demand_basis(status: str, basis: Any, explanation: Any) -> None:
    """Refusal 400 for a yes without basis and explanation, where data privacy settings demand them."""
    if status == Status.SUBSCRIBED and not (basis and explanation):
        raise replies.invalid("legalBasis and legalBasisExplanation are required when GDPR is enabled.")


def _same(before: Row, wanted: Row) -> bool:
    """Equal in status, and nothing new is said about the basis."""
    if before.status != wanted.status:
        return False
    return wanted.basis in {None, before.basis} and wanted.explanation in {None, before.explanation}


def _public_wide(address: str, wide: Wide) -> PublicWideStatus:
    return PublicWideStatus(CHANNEL, address, wide.kind.value, wide.status, iso(wide.at), wide.unit or 0)
