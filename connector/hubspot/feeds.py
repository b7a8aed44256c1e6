"""Loops over pages of contacts, with the checks that stop a loop that goes nowhere (design 6)."""

from collections.abc import Callable, Iterator
from typing import Final, Protocol, TypeVar

from connector.errors import HubSpotUnreachable
from connector.hubspot import families
from connector.hubspot.complaints import where
from connector.hubspot.days import EARLIEST_MS
from connector.hubspot.paging import unmoved
from connector.hubspot.search import Cursor
from mappings.records import ContactPage

Place = TypeVar("Place", Cursor, int)

OVERLAP_MS: Final = 300_000  # the search index lags (HA 6): each run reads five minutes again


class Lists(Protocol):
    """What these loops need of a portal."""

    def contacts_page(self, after: str | None, *, archived: bool = False) -> ContactPage:
        """One page of the list."""

    def search_changed(self, since: int, after_id: int, until: int | None = None) -> ContactPage:
        """One page of what changed."""

    def search_opted_out(self, subscription: int | None, after_id: int) -> ContactPage:
        """One page of who is opted out."""


def all_contacts(portal: Lists, after: str | None = None, *, archived: bool = False) -> Iterator[ContactPage]:
    """Every page of the contact list from `after` on; `page.after` is where to go on, None at the end.

    HubSpotUnreachable when ids do not ascend or the cursor does not move: a sweep that skips people would
    take them for deleted. The recycle bin promises no order by id, so only its cursor is checked.
    """
    last = 0
    seen: set[str] = set() if after is None else {after}
    while True:
        page = portal.contacts_page(after, archived=archived)
        last = last if archived else _ascending(page, last)
        _moves(page.after, seen)
        yield page
        if page.after is None:
            return
        after = page.after


def changed_since(
    portal: Lists,
    since: int,
    *,
    overlap_ms: int = OVERLAP_MS,
    until: int | None = None,
    cursor: str | None = None,
) -> Iterator[ContactPage]:
    """Contacts changed from `since - overlap_ms` on, up to `until`; repeats happen, apply idempotently.

    `page.after` is a cursor to come back with (`cursor=`), None at the end.
    """
    start = Cursor(max(since - overlap_ms, EARLIEST_MS))
    at = start if cursor is None else max(start, Cursor.parse(cursor))
    return _onward(at, lambda place: portal.search_changed(place.at, place.id, until), Cursor.parse)


def opted_out(portal: Lists, subscription: int | None, after_id: int = 0) -> Iterator[ContactPage]:
    """Every contact whose opt-out property of a type (None: of all e-mail) says "true", by ascending id."""
    return _onward(after_id, lambda last: portal.search_opted_out(subscription, last), int)


def _onward(
    at: Place, read: Callable[[Place], ContactPage], parse: Callable[[str], Place]
) -> Iterator[ContactPage]:
    """Pages until there are none; each has to lead further than the one before."""
    while True:
        page = read(at)
        yield page
        if page.after is None:
            return
        ahead = parse(page.after)
        if not ahead > at:
            raise unmoved(where(families.contacts_search()))
        at = ahead


def _ascending(page: ContactPage, last: int) -> int:
    for contact in page.contacts:
        if contact.id <= last:
            raise HubSpotUnreachable(
                "HubSpot's contact list is not in ascending order of ids; a sweep cannot rely on it.",
                where=where(families.contacts()),
                next_step="Nothing to do: the next run reads the list again.",
            )
        last = contact.id
    return last


def _moves(after: str | None, seen: set[str]) -> None:
    if after is None:
        return
    if after in seen:
        raise unmoved(where(families.contacts()))
    seen.add(after)
