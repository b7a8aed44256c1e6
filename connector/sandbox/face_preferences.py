"""Communication preferences over HTTP, dated and v4 (hubspot-api, 8.1)."""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from connector.sandbox import access, replies, shapes
from connector.sandbox.call import Call
from connector.sandbox.digits import natural
from connector.sandbox.face_contacts import actor_of
from connector.sandbox.preferences import PublicStatus, Wish, check_basis, demand_basis
from connector.sandbox.records import SubscriptionType
from connector.sandbox.replies import Json, Refusal, Reply, json_reply
from connector.sandbox.rooms import Rooms
from connector.sandbox.router import Route, under
from connector.sandbox.times import iso
from mappings.words import CHANNEL, Status

_ADDRESS = re.compile(r"[^@\x00-\x1f\x7f]+@[^@\x00-\x1f\x7f]+")
BASES = tuple(f"/communication-preferences/{version}" for version in ("2026-03", "2026-09", "v4"))


# Definitions ------------------------------------------------------------------------------------------------


def definitions(rooms: Rooms, call: Call) -> Reply:
    unit, translated = call.number("businessUnitId"), call.flag("includeTranslations")
    kinds = [t for t in rooms.portal.types.values() if unit is None or t.unit == unit]
    return _envelope(rooms, [definition(kind, translated=translated) for kind in kinds])


def definition(kind: SubscriptionType, *, translated: bool = False) -> Json:
    """One subscription type; its id is a string here and an integer in statuses (quirk 33)."""
    answer: Json = {
        "id": str(kind.id),
        "name": kind.name,
        "description": kind.description,
        "purpose": kind.purpose,
        "communicationMethod": kind.method,
        "isActive": kind.active,
        "isDefault": kind.default,
        "isInternal": kind.internal,
        "createdAt": iso(kind.created),
        "updatedAt": iso(kind.updated),
        "businessUnitId": kind.unit,
    }
    if translated:
        answer["subscriptionTranslations"] = [
            {
                "subscriptionId": kind.id,
                "languageCode": language,
                "name": name,
                "description": description,
                "createdAt": kind.created,
                "updatedAt": kind.updated,
            }
            for language, (name, description) in kind.translations.items()
        ]
    return answer


# One address ------------------------------------------------------------------------------------------------


def read_statuses(rooms: Rooms, call: Call) -> Reply:
    _demand_channel(call.query.get("channel"))
    return _envelope(rooms, rooms.preferences.statuses(_subscriber(call), call.number("businessUnitId")))


def set_status(rooms: Rooms, call: Call) -> Reply:
    wish = _wish(
        rooms, call.object(), _subscriber(call), resubscribes=rooms.portal.options.dated_write_resubscribes
    )
    return _envelope(rooms, [rooms.preferences.set(wish, actor_of(call))])


def read_wide(rooms: Rooms, call: Call) -> Reply:
    _demand_channel(call.query.get("channel"))
    return _envelope(rooms, rooms.preferences.wide(_subscriber(call), call.number("businessUnitId")))


def unsubscribe_all(rooms: Rooms, call: Call) -> Reply:
    _demand_channel(call.query.get("channel"))
    verbose = call.flag("verbose")
    rows = rooms.preferences.unsubscribe_all(_subscriber(call), actor_of(call), call.number("businessUnitId"))
    return _envelope(rooms, rows if verbose else [])


# Batches ----------------------------------------------------------------------------------------------------


def batch_read(rooms: Rooms, call: Call) -> Reply:
    _demand_channel(call.query.get("channel"))
    unit, preferences = call.number("businessUnitId"), rooms.preferences

    def read(address: str) -> Json:
        return {"subscriberIdString": address, "statuses": preferences.statuses(address, unit)}

    return _for_each_address(rooms, call, read)


def batch_read_wide(rooms: Rooms, call: Call) -> Reply:
    _demand_channel(call.query.get("channel"))
    unit = call.number("businessUnitId")
    return _for_each_address(
        rooms, call, lambda a: {"subscriberIdString": a, "wideStatuses": rooms.preferences.wide(a, unit)}
    )


def batch_unsubscribe_all(rooms: Rooms, call: Call) -> Reply:
    _demand_channel(call.query.get("channel"))
    unit, verbose = call.number("businessUnitId"), call.flag("verbose")

    def opt_out(address: str) -> Json:
        rows = rooms.preferences.unsubscribe_all(address, actor_of(call), unit)
        return {"subscriberIdString": address, "statuses": rows if verbose else []}

    return _for_each_address(rooms, call, opt_out)


def batch_write(rooms: Rooms, call: Call) -> Reply:
    """Only 200 is specified: what went wrong stands beside the results (HA 8.1)."""
    results: list[PublicStatus] = []
    errors: list[Json] = []
    for entry in call.inputs(rooms.portal.options.status_batch_max):
        try:
            results.append(_write_one(rooms, call, entry))
        except Refusal as refusal:
            errors.append(_entry_error(refusal, entry))
    return _envelope(rooms, results, errors)


def _write_one(rooms: Rooms, call: Call, entry: Any) -> PublicStatus:
    address = entry.get("subscriberIdString") if isinstance(entry, dict) else None
    if not isinstance(address, str):
        raise replies.invalid("subscriberIdString is required")
    allowed = rooms.portal.options.batch_write_resubscribes
    return rooms.preferences.set(
        _wish(rooms, entry, address_of(address), resubscribes=allowed), actor_of(call)
    )


def _for_each_address(rooms: Rooms, call: Call, act: Callable[[str], Json]) -> Reply:
    results: list[Json] = []
    errors: list[Json] = []
    for address in call.inputs(rooms.portal.options.status_batch_max):
        try:
            results.append(act(address_of(address)))
        except Refusal as refusal:
            errors.append(replies.item_error(refusal.category, str(refusal), ids=[str(address)]))
    return _envelope(rooms, results, errors, status=207 if errors else 200)


def _entry_error(refusal: Refusal, entry: Any) -> Json:
    address = str(entry.get("subscriberIdString")) if isinstance(entry, dict) else ""
    return replies.item_error(refusal.category, str(refusal), ids=[address], subscriberIdString=[address])


# Links ------------------------------------------------------------------------------------------------------


def generate_links(rooms: Rooms, call: Call) -> Reply:
    _demand_channel(call.query.get("channel"))
    body = call.object()
    address = address_of(body.get("subscriberIdString"))
    base = f"https://hs-{rooms.portal.id}.example/preferences/{_opaque(rooms, address)}"
    links: Json = {
        "subscriberIdString": address,
        "managePreferencesUrl": f"{base}/manage",
        "unsubscribeAllUrl": f"{base}/unsubscribe-all",
    }
    subscription = body.get("subscriptionId")
    if subscription is not None:
        links["unsubscribeSingleUrl"] = (
            f"{base}/unsubscribe/{rooms.preferences.type_of(int(subscription)).id}"
        )
    return json_reply(links)


def _opaque(rooms: Rooms, address: str) -> str:
    return sha256(f"{rooms.portal.id}/{address.lower()}".encode()).hexdigest()[:32]


# Reading requests -------------------------------------------------------------------------------------------


def _wish(rooms: Rooms, body: Json, address: str, *, resubscribes: bool) -> Wish:
    _demand_channel(body.get("channel"))
    status, subscription = body.get("statusState"), body.get("subscriptionId")
    if isinstance(subscription, str):
        subscription = natural(subscription)
    if not isinstance(subscription, int) or isinstance(subscription, bool):
        raise replies.invalid("subscriptionId is required and must be an integer")
    basis, explanation = body.get("legalBasis"), body.get("legalBasisExplanation")
    _check_status(rooms, status)
    check_basis(basis, explanation)
    if rooms.portal.options.dated_needs_basis:
        demand_basis(str(status), basis, explanation)
    return Wish(address, subscription, str(status), basis, explanation, resubscribes=resubscribes)


def _check_status(rooms: Rooms, status: Any) -> None:
    if status not in set(Status):
        raise replies.invalid(f"Cannot deserialize value of statusState: {status!r}")
    if status == Status.NOT_SPECIFIED and not rooms.portal.options.write_not_specified:
        raise replies.invalid("statusState NOT_SPECIFIED cannot be set")


def _demand_channel(channel: Any) -> None:
    if channel != CHANNEL:
        raise replies.invalid("channel is required and must be EMAIL")


def _subscriber(call: Call) -> str:
    return address_of(call.parameter("subscriberIdString"))


def address_of(text: Any) -> str:
    """Looser than for contacts, which is on the safe side for a no; Refusal 400 for what cannot be one."""
    if not isinstance(text, str) or not _ADDRESS.fullmatch(text):
        raise replies.invalid(f"{text!r} is not a valid email address")
    return text


def _envelope(rooms: Rooms, results: list[Any], errors: list[Json] | None = None, status: int = 200) -> Reply:
    now = iso(rooms.portal.clock.now())
    document: Json = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        document |= {"numErrors": len(errors), "errors": errors}
    return json_reply(document, status)


_READ = (access.PREFERENCES_READ, access.PREFERENCES_BOTH)
_WRITE = (access.PREFERENCES_WRITE, access.PREFERENCES_BOTH)
_BATCH_READ, _BATCH_WRITE = (access.BATCH_READ,), (access.BATCH_WRITE,)
ROUTES = under(
    BASES,
    Route("GET", "/definitions", definitions, _READ),
    Route("GET", "/statuses/{subscriberIdString}", read_statuses, _READ),
    Route("POST", "/statuses/{subscriberIdString}", set_status, _WRITE, takes=shapes.StatusWish),
    Route("GET", "/statuses/{subscriberIdString}/unsubscribe-all", read_wide, _READ),
    Route("POST", "/statuses/{subscriberIdString}/unsubscribe-all", unsubscribe_all, _WRITE),
    Route("POST", "/statuses/batch/read", batch_read, _BATCH_READ, takes=shapes.Addresses),
    Route("POST", "/statuses/batch/write", batch_write, _BATCH_WRITE, takes=shapes.StatusWishes),
    Route(
        "POST",
        "/statuses/batch/unsubscribe-all",
        batch_unsubscribe_all,
        _BATCH_WRITE,
        takes=shapes.Addresses,
    ),
    Route(
        "POST", "/statuses/batch/unsubscribe-all/read", batch_read_wide, _BATCH_READ, takes=shapes.Addresses
    ),
    Route("POST", "/links/generate", generate_links, _READ, takes=shapes.Links),
)
