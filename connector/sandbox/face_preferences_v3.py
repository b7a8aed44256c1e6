"""Communication preferences v3 (hubspot-api, 8.3): no NOT_SPECIFIED, and no way back for who opted out."""

from typing import Any

from connector.sandbox import access, replies, shapes
from connector.sandbox.call import Call
from connector.sandbox.digits import natural
from connector.sandbox.face_contacts import actor_of
from connector.sandbox.face_preferences import address_of, definition
from connector.sandbox.preferences import Wish, check_basis, demand_basis
from connector.sandbox.records import Address, SubscriptionType
from connector.sandbox.replies import Json, Reply, json_reply
from connector.sandbox.rooms import Rooms
from connector.sandbox.router import Route, under
from mappings.words import Status


def definitions(rooms: Rooms, call: Call) -> Reply:
    del call
    return json_reply({"subscriptionDefinitions": [definition(kind) for kind in rooms.portal.types.values()]})


def read_status(rooms: Rooms, call: Call) -> Reply:
    address = address_of(call.parameter("emailAddress"))
    held = rooms.portal.address(address) or Address(address)
    rows = [_row(rooms, held, kind) for kind in rooms.preferences.types()]
    return json_reply({"recipient": address, "subscriptionStatuses": rows})


def subscribe(rooms: Rooms, call: Call) -> Reply:
    wish = _wish(call, Status.SUBSCRIBED)
    if rooms.portal.options.v3_needs_basis:
        demand_basis(wish.status, wish.basis, wish.explanation)
    kind = rooms.preferences.type_of(wish.subscription)
    held = rooms.portal.address(wish.address) or Address(wish.address)
    if rooms.preferences.is_out(held, kind):
        return _refused(rooms, held, kind)
    rooms.preferences.set(wish, actor_of(call))
    return json_reply(_row(rooms, rooms.portal.own_address(wish.address), kind))


def unsubscribe(rooms: Rooms, call: Call) -> Reply:
    wish = _wish(call, Status.UNSUBSCRIBED)
    rooms.preferences.set(wish, actor_of(call))
    return json_reply(
        _row(rooms, rooms.portal.own_address(wish.address), rooms.preferences.type_of(wish.subscription))
    )


def _refused(rooms: Rooms, held: Address, kind: SubscriptionType) -> Reply:
    """Somebody who opted out: 400, or an answer as if nothing had been asked (quirk 28)."""
    if rooms.portal.options.v3_refusal == "silent":
        return json_reply(_row(rooms, held, kind))
    raise replies.invalid(
        f"Subscription {kind.id} for {held.spelled} cannot be updated because they have unsubscribed"
    )


def _row(rooms: Rooms, held: Address, kind: SubscriptionType) -> Json:
    """Untouched people read SUBSCRIBED with no legal basis: that is not a yes (quirk 25)."""
    wide, row = held.wide_for(kind.unit), held.rows.get(kind.id)
    out = rooms.preferences.is_out(held, kind)
    source = "SUBSCRIPTION_STATUS"
    if wide is not None:
        source = "PORTAL_WIDE_STATUS" if wide.unit is None else "BRAND_WIDE_STATUS"
    yes = row is not None and row.status == Status.SUBSCRIBED and not out
    return {
        "id": str(kind.id),
        "name": kind.name,
        "description": kind.description,
        "status": "NOT_SUBSCRIBED" if out else "SUBSCRIBED",
        "sourceOfStatus": source,
        "brandId": kind.unit,
        "preferenceGroupName": None,
        "legalBasis": row.basis if row and yes else None,
        "legalBasisExplanation": row.explanation if row and yes else None,
    }


def _wish(call: Call, status: Status) -> Wish:
    body = call.object()
    address, basis, explanation = (
        body.get("emailAddress"),
        body.get("legalBasis"),
        body.get("legalBasisExplanation"),
    )
    if address is None:
        raise replies.invalid("emailAddress is required")
    check_basis(basis, explanation)
    return Wish(
        address_of(address),
        _subscription(body.get("subscriptionId")),
        status.value,
        basis,
        explanation,
        resubscribes=False,
    )


def _subscription(given: Any) -> int:
    number = natural(str(given))
    if number is None:
        raise replies.invalid("subscriptionId is required")
    return number


_WRITE = (access.PREFERENCES_WRITE, access.PREFERENCES_BOTH)
ROUTES = under(
    ("/communication-preferences/v3",),
    Route("GET", "/definitions", definitions, (access.PREFERENCES_READ, access.PREFERENCES_BOTH)),
    Route(
        "GET", "/status/email/{emailAddress}", read_status, (access.PREFERENCES_READ, access.PREFERENCES_BOTH)
    ),
    Route("POST", "/subscribe", subscribe, _WRITE, takes=shapes.V3Wish),
    Route("POST", "/unsubscribe", unsubscribe, _WRITE, takes=shapes.V3Wish),
)
