"""CRM contacts over HTTP, v3 and dated (hubspot-api, 5 to 7)."""

from typing import Any

from connector.sandbox import access, replies, shapes
from connector.sandbox.call import Call
from connector.sandbox.digits import natural
from connector.sandbox.events import Actor
from connector.sandbox.records import Contact
from connector.sandbox.replies import Json, Refusal, Reply, json_reply
from connector.sandbox.rooms import Rooms
from connector.sandbox.router import Route, under
from connector.sandbox.search import Search, query
from connector.sandbox.sources import API
from connector.sandbox.view import View

MAX_PAGE, MAX_PAGE_WITH_HISTORY = 100, 50
V3_BASES = ("/crm/v3/objects/contacts", "/crm/v3/objects/0-1")
BASES = ("/crm/objects/2026-03/contacts", "/crm/objects/2026-09/contacts", *V3_BASES)


def actor_of(call: Call) -> Actor:
    """An app that writes through the API."""
    name = call.app.name if call.app else "app"
    return Actor(API, "SOURCE_API", "INTEGRATION", source_id=name)


# One record -------------------------------------------------------------------------------------------------


def read_one(rooms: Rooms, call: Call) -> Reply:
    found = _demanded(rooms, call)
    view = View(rooms.portal, _names(call), call.names("propertiesWithHistory"))
    return json_reply(view.document(found))


def create(rooms: Rooms, call: Call) -> Reply:
    enforce = not is_v3(call) or rooms.portal.options.v3_enforces_required
    given = call.object().get("properties")
    made = rooms.contacts.create(given or {}, actor_of(call), enforce_required=enforce)
    return json_reply(full(rooms, made), 201)


def update(rooms: Rooms, call: Call) -> Reply:
    given = call.object().get("properties") or {}
    return json_reply(full(rooms, rooms.contacts.update(_demanded(rooms, call), given, actor_of(call))))


def archive(rooms: Rooms, call: Call) -> Reply:
    key = call.parameter("contactId")
    found = rooms.contacts.find(key)
    if found is not None:
        rooms.contacts.archive(found)
    elif rooms.contacts.find(key, archived=True) is None:
        raise absent(key)
    return Reply(204)


def merge(rooms: Rooms, call: Call) -> Reply:
    body = call.object()
    winner = _live(rooms, body.get("primaryObjectId"))
    loser = _live(rooms, body.get("objectIdToMerge"))
    return json_reply(full(rooms, rooms.contacts.merge(winner, loser, actor_of(call))))


def gdpr_delete(rooms: Rooms, call: Call) -> Reply:
    """204 for a record, for an address, and for an address that nobody has (which it blocklists)."""
    body = call.object()
    key, id_property = body.get("objectId"), body.get("idProperty")
    if not isinstance(key, (str, int)) or key == "":
        raise replies.invalid("objectId is required")
    id_property = None if id_property is None else str(id_property)
    if id_property == "email":
        rooms.contacts.erase_address(str(key), actor_of(call))
        return Reply(204)
    _erase_by_id(rooms, str(key), id_property, actor_of(call))
    return Reply(204)


def _erase_by_id(rooms: Rooms, key: str, id_property: str | None, actor: Actor) -> None:
    found = rooms.contacts.find(key, id_property) or rooms.contacts.find(key, id_property, archived=True)
    if found is not None and found.id not in rooms.portal.erased:
        rooms.contacts.erase(found, actor)
    elif natural(key) not in rooms.portal.erased:
        raise absent(key)


# Pages ------------------------------------------------------------------------------------------------------


def page(rooms: Rooms, call: Call) -> Reply:
    history = call.names("propertiesWithHistory")
    most = MAX_PAGE_WITH_HISTORY if history else MAX_PAGE
    limit = call.number("limit", 10) or 0
    if not 1 <= limit <= most:
        raise replies.invalid(f"limit must be between 1 and {most}, not {limit}")
    after = call.number("after", 0) or 0
    archived = call.flag("archived")
    found = _archived_from(rooms, after) if archived else _live_from(rooms, after, limit + 1)
    shown = found[:limit]
    document: Json = {"results": View(rooms.portal, _names(call), history).documents(shown)}
    if len(found) > limit:
        document["paging"] = _paging(call, str(found[limit].id))
    return json_reply(document)


def _live_from(rooms: Rooms, after: int, count: int) -> list[Contact]:
    found: list[Contact] = []
    for number in rooms.portal.ids_from(after):
        contact = rooms.portal.live(number)
        if contact is not None:
            found.append(contact)
            if len(found) == count:
                break
    return found


def _archived_from(rooms: Rooms, after: int) -> list[Contact]:
    portal = rooms.portal
    binned = [number for number, contact in portal.contacts.items() if contact.archived_at is not None]
    if portal.options.erased_shows_archived:
        binned.extend(portal.erased)
    found = (rooms.contacts.find(str(number), archived=True) for number in sorted(binned) if number >= after)
    return [contact for contact in found if contact is not None]


def _paging(call: Call, after: str) -> Json:
    rest = "&".join(part for part in call.raw_query.split("&") if part and not part.startswith("after="))
    link = f"https://api.hubapi.com{call.raw_path}?{rest}{'&' if rest else ''}after={after}"
    return {"next": {"after": after, "link": link}}


def search(rooms: Rooms, call: Call) -> Reply:
    asked = query(call.object(), len(call.body), rooms.portal)
    return json_reply(Search(rooms.portal, asked, call.stale_ms).answer())


# Reading requests -------------------------------------------------------------------------------------------


def _demanded(rooms: Rooms, call: Call) -> Contact:
    key = call.parameter("contactId")
    found = rooms.contacts.find(key, call.query.get("idProperty"), archived=call.flag("archived"))
    if found is None:
        raise absent(key)
    return found


def _live(rooms: Rooms, key: Any) -> Contact:
    found = rooms.contacts.find(str(key)) if isinstance(key, (str, int)) else None
    if found is None:
        raise absent(str(key))
    return found


def absent(key: str) -> Refusal:
    return replies.not_found("Object not found.  objectId are usually numeric.", key)


def _names(call: Call) -> list[str] | None:
    return call.names("properties") or None


def full(rooms: Rooms, contact: Contact) -> Json:
    """A written record: HubSpot answers the values that it has."""
    names = [*contact.props, "hs_additional_emails", "hs_merged_object_ids", "hs_calculated_merged_vids"]
    document = View(rooms.portal, names).document(contact)
    document["properties"] = {k: v for k, v in document["properties"].items() if v is not None}
    return document


def is_v3(call: Call) -> bool:
    return "v3" in call.segments[:3]


_READ, _WRITE = (access.CONTACTS_READ,), (access.CONTACTS_WRITE,)
ROUTES = under(
    BASES,
    Route("GET", "", page, _READ),
    Route("POST", "", create, _WRITE, takes=shapes.Written),
    Route("GET", "/{contactId}", read_one, _READ),
    Route("PATCH", "/{contactId}", update, _WRITE, takes=shapes.Written),
    Route("DELETE", "/{contactId}", archive, _WRITE),
    Route("POST", "/search", search, _READ, search=True, takes=shapes.Searched),
    Route("POST", "/merge", merge, _WRITE, takes=shapes.Merged),
    Route("POST", "/gdpr-delete", gdpr_delete, _WRITE, takes=shapes.Erased),
)
