"""Contact property definitions over HTTP, dated and v3 (hubspot-api, 9)."""

import re

from connector.sandbox import access, properties, replies, shapes
from connector.sandbox.call import Call
from connector.sandbox.replies import Refusal, Reply, json_reply
from connector.sandbox.rooms import Rooms
from connector.sandbox.router import Route, under
from connector.sandbox.times import iso

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_TYPES = frozenset({"string", "number", "date", "datetime", "enumeration", "bool"})
_FIELD_TYPES = frozenset(
    {"textarea", "text", "date", "file", "number", "select", "radio", "checkbox", "booleancheckbox",
     "calculation_equation", "phonenumber", "html"}
)  # fmt: skip
_SENSITIVITIES = frozenset({"non_sensitive", "sensitive", "highly_sensitive"})


def read_all(rooms: Rooms, call: Call) -> Reply:
    archived, sensitivity = call.flag("archived"), call.query.get("dataSensitivity", "non_sensitive")
    if sensitivity not in _SENSITIVITIES:
        raise replies.invalid(f"Invalid value for dataSensitivity: {sensitivity!r}")
    found = [
        d
        for d in rooms.portal.definitions.values()
        if d["archived"] == archived and d["dataSensitivity"] == sensitivity
    ]
    return json_reply({"results": found})


def read_one(rooms: Rooms, call: Call) -> Reply:
    name = call.parameter("propertyName")
    found = rooms.portal.definitions.get(name)
    if found is None or found["archived"] != call.flag("archived"):
        raise replies.not_found(f"Property {name} does not exist", name)
    return json_reply(found)


def create(rooms: Rooms, call: Call) -> Reply:
    body = call.object()
    _check(rooms, body)
    made = properties.custom(body, rooms.portal.clock.now())
    rooms.portal.definitions[made["name"]] = made
    return json_reply(made, 201)


def update(rooms: Rooms, call: Call) -> Reply:
    found = _changeable(rooms, call)
    allowed = {"label", "description", "groupName", "options", "hidden", "formField", "displayOrder"}
    found.update({name: value for name, value in call.object().items() if name in allowed})
    found["updatedAt"] = iso(rooms.portal.clock.now())
    return json_reply(found)


def archive(rooms: Rooms, call: Call) -> Reply:
    del rooms.portal.definitions[_changeable(rooms, call)["name"]]
    return Reply(204)


def read_groups(rooms: Rooms, call: Call) -> Reply:
    del call
    return json_reply({"results": list(rooms.portal.groups.values())})


def read_group(rooms: Rooms, call: Call) -> Reply:
    name = call.parameter("groupName")
    if name not in rooms.portal.groups:
        raise replies.not_found(f"Property group {name} does not exist", name)
    return json_reply(rooms.portal.groups[name])


def create_group(rooms: Rooms, call: Call) -> Reply:
    body = call.object()
    name, label = body.get("name"), body.get("label")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(label, str):
        raise replies.invalid("name and label are required")
    if name in rooms.portal.groups:
        raise Refusal(409, "OBJECT_ALREADY_EXISTS", f"Property group {name} exists already")
    made = properties.group(name, label, int(body.get("displayOrder") or 0))
    rooms.portal.groups[name] = made
    return json_reply(made, 201)


def _check(rooms: Rooms, body: replies.Json) -> None:
    missing = [
        n for n in ("name", "label", "type", "fieldType", "groupName") if not isinstance(body.get(n), str)
    ]
    if missing:
        raise replies.invalid(f"Required: {', '.join(missing)}")
    if (
        not _NAME.fullmatch(body["name"])
        or body["type"] not in _TYPES
        or body["fieldType"] not in _FIELD_TYPES
    ):
        raise replies.invalid("Invalid name, type or fieldType")
    if body["name"] in rooms.portal.definitions:
        raise Refusal(409, "OBJECT_ALREADY_EXISTS", f"Property {body['name']} exists already")
    if body["groupName"] not in rooms.portal.groups:
        raise replies.invalid(f"Property group {body['groupName']} does not exist")


def _changeable(rooms: Rooms, call: Call) -> properties.Definition:
    name = call.parameter("propertyName")
    found = rooms.portal.definitions.get(name)
    if found is None:
        raise replies.not_found(f"Property {name} does not exist", name)
    if found["hubspotDefined"]:
        raise replies.invalid(f"Property {name} is HubSpot's own and cannot be changed")
    return found


_READ, _WRITE = (access.SCHEMAS_READ, access.CONTACTS_READ), (access.SCHEMAS_WRITE,)
_VERSIONS = ("/crm/properties/2026-03", "/crm/properties/2026-09", "/crm/v3/properties")
ROUTES = under(
    [f"{version}/{kind}" for version in _VERSIONS for kind in ("contacts", "0-1", "contact")],
    Route("GET", "", read_all, _READ),
    Route("POST", "", create, _WRITE),
    Route("GET", "/groups", read_groups, _READ),
    Route("POST", "/groups", create_group, _WRITE, takes=shapes.Group),
    Route("GET", "/groups/{groupName}", read_group, _READ),
    Route("GET", "/{propertyName}", read_one, _READ),
    Route("PATCH", "/{propertyName}", update, _WRITE),
    Route("DELETE", "/{propertyName}", archive, _WRITE),
)
