"""Static lists of contacts (HA 12): made, read, changed by record ids."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from connector.hubspot import families
from connector.hubspot.gateway import Gateway
from connector.hubspot.wire.values import identifier
from mappings.records import ListInfo

PAGE: Final = 250  # HubSpot's largest page of members
CONTACTS: Final = "0-1"  # the object type


class ListItem(msgspec.Struct, rename="camel"):
    """One list; its id is a string."""

    list_id: Any
    name: str
    processing_type: str


class Enveloped(msgspec.Struct):
    """HubSpot wraps a list in an object."""

    list: ListItem


class MemberItem(msgspec.Struct, rename="camel"):
    """One member."""

    record_id: Any


class Next(msgspec.Struct):
    """Where the next page begins."""

    after: str


class Paging(msgspec.Struct):
    """Absent on the last page."""

    next: Next | None = None


class MemberPage(msgspec.Struct):
    """A page of members."""

    results: list[MemberItem]
    paging: Paging | None = None


class Changed(msgspec.Struct):
    """HubSpot's own spelling of what was added and removed."""

    added: list[Any] = msgspec.field(name="recordsIdsAdded", default_factory=list)
    removed: list[Any] = msgspec.field(name="recordIdsRemoved", default_factory=list)


LIST: Final = msgspec.json.Decoder(Enveloped)
MEMBERS: Final = msgspec.json.Decoder(MemberPage)
CHANGED: Final = msgspec.json.Decoder(Changed)


class ListCalls(Gateway):
    """The list calls of one portal."""

    def list_by_id(self, list_id: int) -> ListInfo | None:
        """One list, None on 404."""
        return self._find(families.one_list(list_id), _list)

    def list_named(self, name: str) -> ListInfo | None:
        """One list by its name, which is unique."""
        return self._find(families.list_named(name), _list)

    def create_list(self, name: str) -> ListInfo:
        """A list whose members are set by hand."""
        body = {"name": name, "objectTypeId": CONTACTS, "processingType": "MANUAL"}
        return self._ask(families.lists(), _list, body=body)

    def list_members(self, list_id: int, after: str | None) -> tuple[tuple[int, ...], str | None]:
        """One page of record ids, and where the next begins."""
        query = {"limit": PAGE, "after": after}
        return self._ask(families.list_members(list_id), _members, query=query)

    def change_list(self, list_id: int, *, add: Sequence[int] = (), remove: Sequence[int] = ()) -> int:
        """Add and remove records; how many that changed. Ids that are no contacts are passed over."""
        body = {
            "recordIdsToAdd": [str(each) for each in add],
            "recordIdsToRemove": [str(each) for each in remove],
        }
        return self._ask(families.change_list(list_id), _changed, body=body)


def _list(body: bytes) -> ListInfo:
    item = LIST.decode(body).list
    number = identifier(item.list_id)
    if number is None:
        raise msgspec.ValidationError("a list without an id")
    return ListInfo(id=number, name=item.name, kind=item.processing_type)


def _members(body: bytes) -> tuple[tuple[int, ...], str | None]:
    page = MEMBERS.decode(body)
    ids = tuple(found for item in page.results if (found := identifier(item.record_id)) is not None)
    following = None if page.paging is None or page.paging.next is None else page.paging.next.after
    return ids, following


def _changed(body: bytes) -> int:
    answer = CHANGED.decode(body)
    return len(answer.added) + len(answer.removed)
