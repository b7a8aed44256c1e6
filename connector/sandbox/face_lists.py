"""Lists over HTTP, 2026-03 and v3 (hubspot-api, 12)."""

from typing import Any

from connector.sandbox import access, replies
from connector.sandbox.call import Call
from connector.sandbox.replies import Json, Reply, json_reply
from connector.sandbox.rooms import Rooms
from connector.sandbox.router import Route, under
from connector.sandbox.times import iso

MAX_MEMBERS = 250


def create(rooms: Rooms, call: Call) -> Reply:
    return json_reply({"list": rooms.lists.create(call.object()).document()})


def read(rooms: Rooms, call: Call) -> Reply:
    return json_reply({"list": rooms.lists.one(call.parameter("listId")).document()})


def read_named(rooms: Rooms, call: Call) -> Reply:
    return json_reply({"list": rooms.lists.named(call.parameter("listName")).document()})


def read_some(rooms: Rooms, call: Call) -> Reply:
    return json_reply({"lists": [rooms.lists.one(number).document() for number in call.names("listIds")]})


def find(rooms: Rooms, call: Call) -> Reply:
    """Lists whose name holds the query."""
    wanted = str(call.object().get("query") or "").lower()
    found = [known.document() for known in rooms.lists.all() if wanted in known.name.lower()]
    lists = [{**known, "additionalProperties": {}} for known in found]
    return json_reply({"lists": lists, "hasMore": False, "offset": len(lists), "total": len(lists)})


def delete(rooms: Rooms, call: Call) -> Reply:
    rooms.lists.delete(call.parameter("listId"))
    return Reply(204)


def members(rooms: Rooms, call: Call) -> Reply:
    limit = call.number("limit", 100) or 0
    if not 1 <= limit <= MAX_MEMBERS:
        raise replies.invalid(f"limit must be between 1 and {MAX_MEMBERS}")
    after = call.number("after", 0) or 0
    listed = rooms.lists.one(call.parameter("listId")).members
    held = sorted((number, at) for number, at in listed.items() if rooms.portal.live(number))
    rest = [(number, at) for number, at in held if number > after]
    results = [{"recordId": str(number), "membershipTimestamp": iso(at)} for number, at in rest[:limit]]
    document: Json = {"results": results, "total": len(held)}
    if len(rest) > limit:
        document["paging"] = {"next": {"after": str(rest[limit - 1][0])}}
    return json_reply(document)


def add(rooms: Rooms, call: Call) -> Reply:
    return _change(rooms, call, _ids(call.document()), [])


def remove(rooms: Rooms, call: Call) -> Reply:
    return _change(rooms, call, [], _ids(call.document()))


def add_and_remove(rooms: Rooms, call: Call) -> Reply:
    body = call.object()
    return _change(rooms, call, _ids(body.get("recordIdsToAdd")), _ids(body.get("recordIdsToRemove")))


def _change(rooms: Rooms, call: Call, added: list[str], removed: list[str]) -> Reply:
    return json_reply(rooms.lists.change(rooms.lists.one(call.parameter("listId")), added, removed))


def _ids(given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(entry, (str, int)) for entry in given):
        raise replies.invalid("Invalid input JSON: a list of record ids is expected")
    return [str(entry) for entry in given]


_READ, _WRITE = (access.LISTS_READ,), (access.LISTS_WRITE,)
ROUTES = under(
    ("/crm/lists/2026-03", "/crm/lists/2026-09", "/crm/v3/lists"),
    Route("POST", "", create, _WRITE),
    Route("GET", "", read_some, _READ),
    Route("POST", "/search", find, _READ),
    Route("GET", "/{listId}", read, _READ),
    Route("DELETE", "/{listId}", delete, _WRITE),
    Route("GET", "/object-type-id/{objectTypeId}/name/{listName}", read_named, _READ),
    Route("GET", "/{listId}/memberships", members, _READ),
    Route("PUT", "/{listId}/memberships/add", add, _WRITE),
    Route("PUT", "/{listId}/memberships/remove", remove, _WRITE),
    Route("PUT", "/{listId}/memberships/add-and-remove", add_and_remove, _WRITE),
)
