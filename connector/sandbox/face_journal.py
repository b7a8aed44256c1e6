"""The pull journal over HTTP: where the next file lies, and the files themselves (hubspot-api, 13.3)."""

from hashlib import sha256

from connector.sandbox import shapes
from connector.sandbox.call import Call
from connector.sandbox.digits import natural
from connector.sandbox.journal import ACTIONS, Entry
from connector.sandbox.replies import Refusal, Reply, invalid, json_reply, not_found
from connector.sandbox.rooms import Rooms
from connector.sandbox.router import Route
from connector.sandbox.times import MINUTE, iso

BASE = "/webhooks-journal/journal/2026-03"
FILES = "/_journal-files"
SUBSCRIPTIONS = "/webhooks-journal/subscriptions/2026-03"
APP = 54_321


def earliest(rooms: Rooms, call: Call) -> Reply:
    kept = rooms.portal.journal.kept(rooms.portal.clock.now())
    return _place(rooms, call, kept[0] if kept else None)


def latest(rooms: Rooms, call: Call) -> Reply:
    kept = rooms.portal.journal.kept(rooms.portal.clock.now())
    return _place(rooms, call, kept[-1] if kept else None)


def after(rooms: Rooms, call: Call) -> Reply:
    """The switch `journal_aged` says what an offset answers whose followers are gone."""
    portal, text = rooms.portal, call.parameter("offset")
    offset, now = natural(text), portal.clock.now()
    if offset is None:
        raise invalid("Invalid offset")
    if not portal.journal.knows(offset, now) and portal.options.journal_aged != "silent":
        if portal.options.journal_aged == "not_found":
            raise not_found("Offset not found", text)
        raise invalid("Offset is not valid any more")
    later = (each for each in portal.journal.kept(now) if each.offset > offset)
    return _place(rooms, call, next(later, None))


def _place(rooms: Rooms, call: Call, entry: Entry | None) -> Reply:
    if entry is None:
        return Reply(204)
    host, mark = call.headers.get("host", "127.0.0.1"), _mark(rooms, entry.offset)
    return json_reply(
        {
            "url": f"http://{host}{FILES}/{entry.offset}?X-Signature={mark}",
            "expiresAt": iso(rooms.portal.clock.now() + 5 * MINUTE),
            "currentOffset": str(entry.offset),
        }
    )


def file(rooms: Rooms, call: Call) -> Reply:
    """As the storage behind presigned URLs does: a second way to authenticate is a 400."""
    if "authorization" in call.headers:
        raise Refusal(400, "", "Only one auth mechanism allowed")
    text = call.parameter("offset")
    for entry in rooms.portal.journal.kept(rooms.portal.clock.now()):
        if str(entry.offset) == text and call.query.get("X-Signature") == _mark(rooms, entry.offset):
            return json_reply(entry.document(rooms.portal.id))
    raise Refusal(403, "", "AccessDenied")


def subscriptions(rooms: Rooms, call: Call) -> Reply:
    del call
    found = rooms.portal.journal.subscriptions.values()
    return json_reply({"results": [each.document(APP) for each in found]})


def subscribe(rooms: Rooms, call: Call) -> Reply:
    """Make one, or change what there is."""
    said = call.object()
    kind, actions = said["subscriptionType"], frozenset(said["actions"])
    if not actions or not actions <= ACTIONS.get(kind, frozenset()):
        raise invalid(f"Invalid actions for {kind}")
    made = rooms.portal.journal.subscribe(
        kind, int(said["portalId"]), actions, str(said.get("objectTypeId", ""))
    )
    return json_reply(made.document(APP))


def unsubscribe(rooms: Rooms, call: Call) -> Reply:
    text = call.parameter("subscriptionId")
    if rooms.portal.journal.subscriptions.pop(natural(text) or 0, None) is None:
        raise not_found("Subscription not found", text)
    return Reply(204)


def _mark(rooms: Rooms, offset: int) -> str:
    return sha256(f"{rooms.portal.id}/{offset}".encode()).hexdigest()


ROUTES = (
    Route("GET", f"{BASE}/earliest", earliest),
    Route("GET", f"{BASE}/latest", latest),
    Route("GET", f"{BASE}/offset/{{offset}}/next", after),
    Route("GET", f"{FILES}/{{offset}}", file, open=True),
    Route("GET", SUBSCRIPTIONS, subscriptions),
    Route("POST", SUBSCRIPTIONS, subscribe, takes=shapes.Subscribed),
    Route("DELETE", f"{SUBSCRIPTIONS}/{{subscriptionId}}", unsubscribe),
)
