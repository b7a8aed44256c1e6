"""How a record looks from outside: the asked properties, and what HubSpot always adds."""

from collections.abc import Iterable, Sequence
from typing import Any

from connector.sandbox.history import pasts
from connector.sandbox.portal import Portal
from connector.sandbox.properties import DEFAULTS, DERIVED
from connector.sandbox.records import Contact, Flags
from connector.sandbox.times import iso
from mappings.words import OPTED_OUT_OF_ALL

#: Added to whatever a client asks for.
_ALWAYS = ("hs_object_id", "createdate", "lastmodifieddate")


def value_of(contact: Contact, flags: Flags, name: str) -> str | None:
    """One property of a record; None when it has no value or there is no such property."""
    derived = DERIVED.get(name)
    if derived is not None:
        return derived(contact)
    if name.startswith(OPTED_OUT_OF_ALL):
        return flags.get(name)
    return contact.props.get(name)


class View:
    """One request's choice of properties, sorted out once and used for each record of the page.

    Names that the portal does not know are dropped without a word (HA 5, quirk 14).
    """

    def __init__(self, portal: Portal, names: Sequence[str] | None, history: Sequence[str] = ()) -> None:
        wanted = {name for name in names or DEFAULTS if name in portal.definitions} - set(_ALWAYS)
        self._portal = portal
        self._flags = tuple(n for n in sorted(wanted) if n.startswith(OPTED_OUT_OF_ALL))
        self._derived = tuple((n, DERIVED[n]) for n in sorted(wanted) if n in DERIVED)
        self._stored = tuple(sorted(wanted - set(self._flags) - {n for n, _ in self._derived}))
        self._history = tuple(n for n in history if n in portal.definitions)
        self._url = f"https://app-{portal.options.hosting}.hubspot.com/contacts/{portal.id}/record/0-1/"

    def document(self, contact: Contact) -> dict[str, Any]:
        """The record as JSON has it."""
        return self.document_with(contact, self._portal.flags(contact) if self._flags else {})

    def document_with(self, contact: Contact, flags: Flags) -> dict[str, Any]:
        """The same with opt-out properties of another moment (search)."""
        number, created, modified = str(contact.id), iso(contact.created), iso(contact.modified)
        stored = contact.props
        props: dict[str, str | None] = {name: stored.get(name) for name in self._stored}
        props["createdate"], props["hs_object_id"], props["lastmodifieddate"] = created, number, modified
        for name in self._flags:
            props[name] = flags.get(name)
        for name, derived in self._derived:
            props[name] = derived(contact)
        answer: dict[str, Any] = {
            "id": number,
            "properties": props,
            "createdAt": created,
            "updatedAt": modified,
            "archived": contact.archived_at is not None,
            "url": self._url + number,
        }
        if contact.archived_at is not None:
            answer["archivedAt"] = iso(contact.archived_at)
        if self._history:
            answer["propertiesWithHistory"] = {n: pasts(self._portal, contact, n) for n in self._history}
        return answer

    def documents(self, contacts: Iterable[Contact]) -> list[dict[str, Any]]:
        return [self.document(contact) for contact in contacts]
