"""`propertiesWithHistory`: the past values of a property, newest first (hubspot-api, 5)."""

from typing import Any

from connector.sandbox.portal import Portal
from connector.sandbox.properties import DERIVED
from connector.sandbox.records import Address, Contact, Past
from connector.sandbox.times import iso
from mappings.words import OPTED_OUT_OF, OPTED_OUT_OF_ALL, Status


def pasts(portal: Portal, contact: Contact, name: str) -> list[dict[str, Any]]:
    """Every value the property had, as JSON has it."""
    return [_document(past) for past in _entries(portal, contact, name)]


def _entries(portal: Portal, contact: Contact, name: str) -> tuple[Past, ...]:
    if name.startswith(OPTED_OUT_OF_ALL):
        return _opt_out(portal, contact, name)
    known = contact.history.get(name)
    if known:
        return known
    derived = DERIVED.get(name)
    value = derived(contact) if derived else contact.props.get(name)
    if not value:
        return ()
    at = contact.modified if name == "lastmodifieddate" else contact.created
    return (Past(value, at, contact.props.get("hs_object_source") or "IMPORT"),)


def _opt_out(portal: Portal, contact: Contact, name: str) -> tuple[Past, ...]:
    """The present value, dated by the status that it follows."""
    value = portal.flags(contact).get(name)
    held = portal.address(contact.email) if contact.email else None
    if value is None or held is None:
        return ()
    return (Past(value, _moment(held, name) or contact.created, "EMAIL"),)


def _moment(held: Address, name: str) -> int | None:
    if name == OPTED_OUT_OF_ALL:
        wide = held.wide.get(None)
        return wide.at if wide else None
    row = held.rows.get(int(name.removeprefix(OPTED_OUT_OF)))
    return row.at if row and row.status in {Status.SUBSCRIBED, Status.UNSUBSCRIBED} else None


def _document(past: Past) -> dict[str, Any]:
    answer: dict[str, Any] = {"value": past.value, "timestamp": iso(past.at), "sourceType": past.source_type}
    if past.source_id is not None:
        answer["sourceId"] = past.source_id
        answer["sourceLabel"] = past.source_id
    if past.user is not None:
        answer["updatedByUserId"] = past.user
    return answer
