"""Batches of CRM contacts over HTTP (hubspot-api, 5): each input ends as a result or as an error."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from connector.sandbox import access, replies, shapes
from connector.sandbox.call import Call
from connector.sandbox.face_contacts import BASES, MAX_PAGE_WITH_HISTORY, absent, actor_of, full, is_v3
from connector.sandbox.replies import Json, Refusal, Reply, json_reply
from connector.sandbox.rooms import Rooms
from connector.sandbox.router import Route, under
from connector.sandbox.times import iso
from connector.sandbox.view import View

MAX_BATCH = 100


def batch_read(rooms: Rooms, call: Call) -> Reply:
    body = call.object()
    history = _list_of_names(body, "propertiesWithHistory")
    inputs = call.inputs(MAX_PAGE_WITH_HISTORY if history else MAX_BATCH)
    id_property, archived = body.get("idProperty"), call.flag("archived")
    keys = list(dict.fromkeys(_key(entry) for entry in inputs))
    found = {key: rooms.contacts.find(key, id_property, archived=archived) for key in keys}
    view = View(rooms.portal, _list_of_names(body, "properties"), history)
    seen = {contact.id: contact for contact in found.values() if contact is not None}
    missing = [key for key, contact in found.items() if contact is None]
    return _batch(rooms, view.documents(seen.values()), _missing(missing))


def batch_create(rooms: Rooms, call: Call) -> Reply:
    """All or nothing: the first conflict fails the whole batch (quirk 35)."""
    enforce = not is_v3(call) or rooms.portal.options.v3_enforces_required
    inputs = call.inputs(MAX_BATCH)
    given = [_properties(entry) for entry in inputs]
    _refuse_conflicts(rooms, given)
    made = [rooms.contacts.create(values, actor_of(call), enforce_required=enforce) for values in given]
    return _batch(
        rooms,
        [full(rooms, contact) | _trace(entry) for contact, entry in zip(made, inputs, strict=True)],
        [],
        ok=201,
    )


def _refuse_conflicts(rooms: Rooms, given: list[Json]) -> None:
    seen: set[str] = set()
    for values in given:
        email = (rooms.contacts.checked(values).get("email") or "").lower()
        owner = rooms.portal.owner(email) if email else None
        if owner is not None:
            raise replies.conflict(owner)
        if email and email in seen:
            raise replies.invalid(f"Duplicate values found in batch for property email: {email}")
        seen.add(email)


def batch_update(rooms: Rooms, call: Call) -> Reply:
    inputs = call.inputs(MAX_BATCH)
    if any(_id_property(entry) == "email" for entry in inputs):
        raise replies.invalid("Unable to perform update by non-unique 0-1 property")
    _refuse_twins(inputs)
    return _each(rooms, inputs, lambda entry: _update_one(rooms, call, entry))


def batch_upsert(rooms: Rooms, call: Call) -> Reply:
    inputs = call.inputs(MAX_BATCH)
    _refuse_twins(inputs)
    return _each(rooms, inputs, lambda entry: _upsert_one(rooms, call, entry))


def batch_archive(rooms: Rooms, call: Call) -> Reply:
    """204 whatever the ids are: unknown ones are not reported (HA 5)."""
    for entry in call.inputs(MAX_BATCH):
        found = rooms.contacts.find(_key(entry))
        if found is not None:
            rooms.contacts.archive(found)
    return Reply(204)


def _update_one(rooms: Rooms, call: Call, entry: Any) -> Json:
    found = rooms.contacts.find(_key(entry), _id_property(entry))
    if found is None:
        raise absent(_key(entry))
    return full(rooms, rooms.contacts.update(found, _properties(entry), actor_of(call)))


def _upsert_one(rooms: Rooms, call: Call, entry: Any) -> Json:
    key, id_property = _key(entry), _id_property(entry)
    found = rooms.contacts.find(key, id_property)
    if found is not None:
        return full(rooms, rooms.contacts.update(found, _properties(entry), actor_of(call))) | {"new": False}
    if id_property is None:
        raise absent(key)
    values = {id_property: key, **_properties(entry)}
    made = rooms.contacts.create(values, actor_of(call), enforce_required=not is_v3(call))
    return full(rooms, made) | {"new": True}


def _each(rooms: Rooms, inputs: list[Any], act: Callable[[Any], Json]) -> Reply:
    results: list[Json] = []
    errors: list[Json] = []
    for entry in inputs:
        try:
            results.append(act(entry) | _trace(entry))
        except Refusal as refusal:
            errors.append(replies.item_error(refusal.category, str(refusal), ids=[_key(entry)]))
    return _batch(rooms, results, errors)


def _batch(rooms: Rooms, results: list[Json], errors: list[Json], ok: int = 200) -> Reply:
    now = iso(rooms.portal.clock.now())
    document: Json = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        document |= {"numErrors": len(errors), "errors": errors}
    return json_reply(document, 207 if errors else ok)


def _trace(entry: Any) -> Json:
    """The mark by which a client finds its input again, echoed where it sent one."""
    mark = entry.get("objectWriteTraceId")
    return {"objectWriteTraceId": str(mark)} if mark is not None else {}


def _refuse_twins(inputs: list[Any]) -> None:
    twins = [key for key, count in Counter(map(_key, inputs)).items() if count > 1]
    if twins:
        raise replies.invalid(f"Duplicate IDs found in batch input: [{', '.join(twins)}]. IDs must be unique")


def _missing(keys: list[str]) -> list[Json]:
    if not keys:
        return []
    text = "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid."
    return [replies.item_error("OBJECT_NOT_FOUND", text, ids=keys)]


def _list_of_names(body: Json, name: str) -> list[str]:
    given = body.get(name) or []
    if not isinstance(given, list):
        raise replies.invalid(f"Invalid input JSON: {name} must be a list")
    return [str(entry) for entry in given]


def _key(entry: Any) -> str:
    key = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(key, (str, int)) or isinstance(key, bool):
        raise replies.invalid("Invalid input JSON: each input needs an id")
    return str(key)


def _id_property(entry: Any) -> str | None:
    return entry.get("idProperty") or None


def _properties(entry: Any) -> Json:
    given = entry.get("properties") if isinstance(entry, dict) else None
    if not isinstance(given, dict):
        raise replies.invalid("Invalid input JSON: each input needs properties")
    return given


_READ, _WRITE = (access.CONTACTS_READ,), (access.CONTACTS_WRITE,)
ROUTES = under(
    [f"{base}/batch" for base in BASES],
    Route("POST", "/read", batch_read, _READ, takes=shapes.Batch),
    Route("POST", "/create", batch_create, _WRITE, takes=shapes.Batch),
    Route("POST", "/update", batch_update, _WRITE, takes=shapes.Batch),
    Route("POST", "/upsert", batch_upsert, _WRITE, takes=shapes.Batch),
    Route("POST", "/archive", batch_archive, _WRITE, takes=shapes.Batch),
)
