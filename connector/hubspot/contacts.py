"""Contacts by list, by id and by address; erasing one (HA 5 and 7)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from connector.hubspot import families
from connector.hubspot.gateway import Gateway, any_json
from connector.hubspot.transport import Unreadable
from connector.hubspot.wire.values import folded
from mappings.records import Contact, ContactPage
from mappings.words import EMAIL

PAGE: Final = 100  # HubSpot's largest list page and batch (HA 5)
LONGEST_QUERY: Final = 15_000  # characters; beyond, HubSpot answers 414 or odd errors (HQ 11)


class ContactCalls(Gateway):
    """The contact calls of one portal."""

    def contacts_page(self, after: str | None, *, archived: bool = False) -> ContactPage:
        """One page of the list, by ascending id."""
        query = {**self._selection(), "limit": PAGE, "after": after, "archived": _flag(archived)}
        page = self._ask(families.contacts(), self._contacts.page, query=query)
        return page if self._fits else self._completed(page, archived=archived)

    def contact(self, contact_id: int, *, archived: bool = False) -> Contact | None:
        """One contact by id, None on 404. A merged id answers with its winner: compare `id`."""
        query = {**self._selection(), "archived": _flag(archived)}
        found = self._find(families.contact(contact_id), self._contacts.single, query=query)
        return found if found is None or self._fits else self._whole(found, archived=archived)

    def contact_by_email(self, email: str) -> Contact | None:
        """One contact by primary or additional address, None on 404.

        An answer that does not carry the address is not believed (HQ 15): HubSpotUnreachable.
        """

        def carrying(body: bytes) -> Contact:
            found = self._contacts.single(body)
            if folded(email) not in map(folded, found.addresses):
                raise Unreadable("another contact")
            return found

        query = {**self._selection(), "idProperty": "email"}
        found = self._find(families.contact(email), carrying, query=query)
        return found if found is None or self._fits else self._whole(found)

    def contacts_by_id(self, contact_ids: Sequence[int]) -> tuple[tuple[Contact, ...], tuple[int, ...]]:
        """Contacts by id, in calls of 100: those found, by ascending id, and the ids HubSpot did not answer.

        An id that was merged away counts as answered by its winner. Not being answered is no proof of
        being gone: read the id alone before believing it (HQ 8).
        """
        return self._by_id(contact_ids, archived=False)

    def erase(self, contact_id: int) -> None:
        """Privacy-delete one contact by id, never by address: that would blocklist a stranger (HA 7)."""
        if isinstance(contact_id, bool) or not isinstance(contact_id, int) or contact_id <= 0:
            raise ValueError("a contact is erased by its record id")
        body = {"objectId": str(contact_id)}
        self._ask(families.gdpr_delete(), any_json, body=body)

    @property
    def _fits(self) -> bool:
        return _length(self._contacts.properties) <= LONGEST_QUERY

    def _selection(self) -> dict[str, Any]:
        """Our properties; where they are too many for a query, one, and the rest by batch read."""
        names = self._contacts.properties if self._fits else (EMAIL,)
        return {"properties": ",".join(names)}

    def _completed(self, page: ContactPage, *, archived: bool = False) -> ContactPage:
        """The same page with all properties. Who vanished in between is left out, as in the next page."""
        found, _ = self._by_id([each.id for each in page.contacts], archived=archived)
        return replace(page, contacts=found)

    def _whole(self, contact: Contact, *, archived: bool = False) -> Contact | None:
        found, _ = self._by_id([contact.id], archived=archived)
        return found[0] if found else None

    def _by_id(
        self, contact_ids: Sequence[int], *, archived: bool
    ) -> tuple[tuple[Contact, ...], tuple[int, ...]]:
        asked = list(dict.fromkeys(contact_ids))
        found: dict[int, Contact] = {}
        for start in range(0, len(asked), PAGE):
            found |= self._batch(asked[start : start + PAGE], archived=archived)
        answered = found.keys() | {old for contact in found.values() for old in contact.merged_ids}
        ordered = tuple(found[each] for each in sorted(found))
        return ordered, tuple(each for each in asked if each not in answered)

    def _batch(self, asked: Sequence[int], *, archived: bool) -> dict[int, Contact]:
        body = {
            "inputs": [{"id": str(each)} for each in asked],
            "properties": list(self._contacts.properties),
        }
        taken = self._ask(
            families.contacts_batch_read(),
            self._contacts.taken,
            query={"archived": _flag(archived)},
            body=body,
        )
        return {contact.id: contact for contact in taken.items}


@lru_cache(maxsize=64)  # asked for each page
def _length(properties: tuple[str, ...]) -> int:
    return len(quote(",".join(properties), safe=""))


def _flag(value: bool) -> str:
    return "true" if value else "false"
