"""Contact search: what changed, who is opted out (HA 6, HQ 1-7).

Search is a hint, never the truth: its index lags, repeats and strays. Every query asks for its first page
only and goes on by key, so the cap of 10,000 results is never met.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import msgspec

from connector.errors import HubSpotUnreachable
from connector.hubspot import families
from connector.hubspot.complaints import where
from connector.hubspot.contacts import ContactCalls
from connector.hubspot.days import EARLIEST_MS
from connector.hubspot.transport import Unreadable
from mappings.records import Contact, ContactPage
from mappings.words import EMAIL, MODIFIED, OPTED_OUT_OF, OPTED_OUT_OF_ALL

PAGE: Final = 200  # HubSpot's largest search page (HA 6)
LONGEST_BODY: Final = 3_000  # characters (HA 6)
ROOM: Final = 500  # of them for filters and sort
ID: Final = "hs_object_id"


class Cursor(NamedTuple):
    """How far a search by change time has come: all before `at`, and of `at` itself all ids up to `id`."""

    at: int
    id: int = 0

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """From a page's `after`. Raises ValueError."""
        at, _, number = text.partition(":")
        return cls(int(at), int(number or 0))

    def __str__(self) -> str:
        return f"{self.at}:{self.id}"


class SearchCalls(ContactCalls):
    """The search calls of one portal."""

    def search_changed(self, since: int, after_id: int, until: int | None = None) -> ContactPage:
        """Contacts whose `lastmodifieddate` >= since, ordered by (time, id), from (since, after_id) on.

        `after` is the next `Cursor`, as text; None when nothing more has changed. With `after_id` only the
        millisecond `since` is read, by id: more than a query's cap may share it (HQ 2).
        Raises HubSpotUnreachable when the search does not come forward.
        """
        if after_id:
            return self._millisecond(since, after_id, until)
        since = max(since, EARLIEST_MS)  # asking from 0 gives 500 (HQ 6)
        window = [
            filter_of(MODIFIED, "GTE", since),
            *([] if until is None else [filter_of(MODIFIED, "LTE", until)]),
        ]
        page = self._search(window, MODIFIED)
        inside = [each for each in page.contacts if _within(each, since, until)]
        if page.after is None:
            return self._filled(page, inside, None)
        edge = next((each.modified_at for each in reversed(inside) if each.modified_at is not None), None)
        if edge is None:
            raise _stuck()
        if edge <= since:
            return self._millisecond(since, 0, until)
        # The page may end within a millisecond: that one is left for the next page, whole.
        whole = [each for each in inside if each.modified_at is None or each.modified_at < edge]
        return self._filled(page, whole, Cursor(edge))

    def count_opted_out(self, subscription: int | None) -> int:
        """How many contacts carry the opt-out property of a type (None: of all e-mail)."""
        body = body_of([_opted_out(subscription)], ID, [EMAIL], limit=1)

        def total(answer: bytes) -> int:
            count = self._contacts.page(answer).total
            if count is None:
                raise Unreadable("a search without a total")
            return count

        return self._ask(families.contacts_search(), total, body=body)

    def search_opted_out(self, subscription: int | None, after_id: int) -> ContactPage:
        """The contacts behind `count_opted_out`, by ascending id from after_id on; `after` is the last id."""
        page = self._search([_opted_out(subscription), filter_of(ID, "GT", after_id)], ID)
        rows = [each for each in page.contacts if each.id > after_id]
        return self._filled(page, rows, _last_id(rows) if page.after is not None else None)

    def _millisecond(self, at: int, after_id: int, until: int | None) -> ContactPage:
        """The contacts of one millisecond, by id; afterwards the next millisecond."""
        page = self._search([filter_of(MODIFIED, "EQ", at), filter_of(ID, "GT", after_id)], ID)
        rows = [each for each in page.contacts if each.id > after_id and each.modified_at in {at, None}]
        if page.after is not None:
            return self._filled(page, rows, Cursor(at, _last_id(rows)))
        done = until is not None and at >= until
        return self._filled(page, rows, None if done else Cursor(at + 1))

    def _search(self, filters: Sequence[dict[str, str]], sort: str) -> ContactPage:
        names = self._contacts.properties if self._fits_search else (EMAIL, MODIFIED)
        body = body_of(filters, sort, names)
        return self._ask(families.contacts_search(), self._contacts.page, body=body)

    def _filled(self, page: ContactPage, rows: list[Contact], after: object | None) -> ContactPage:
        """The rows in order; where the body had no room for all properties, read again by id."""
        rows.sort(key=lambda each: (each.modified_at or 0, each.id))
        done = replace(page, contacts=tuple(rows), after=None if after is None else str(after))
        return done if self._fits_search else self._completed(done)

    @property
    def _fits_search(self) -> bool:
        return len(msgspec.json.encode(self._contacts.properties)) <= LONGEST_BODY - ROOM


def body_of(
    filters: Sequence[dict[str, str]], sort: str, properties: Sequence[str], limit: int = PAGE
) -> Any:
    """One search: filters joined by AND, ascending by `sort`."""
    return {
        "filterGroups": [{"filters": list(filters)}],
        "sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
        "properties": list(properties),
        "limit": limit,
    }


def filter_of(name: str, operator: str, value: int | str) -> dict[str, str]:
    """One condition of a search."""
    return {"propertyName": name, "operator": operator, "value": str(value)}


def _opted_out(subscription: int | None) -> dict[str, str]:
    name = OPTED_OUT_OF_ALL if subscription is None else f"{OPTED_OUT_OF}{subscription}"
    return filter_of(name, "EQ", "true")


def _within(contact: Contact, since: int, until: int | None) -> bool:
    """Rows outside the asked window stray in (HQ 6); undated ones are kept, to be looked at."""
    at = contact.modified_at
    return at is None or (at >= since and (until is None or at <= until))


def _last_id(rows: Sequence[Contact]) -> int:
    if not rows:
        raise _stuck()
    return max(each.id for each in rows)


def _stuck() -> HubSpotUnreachable:
    return HubSpotUnreachable(
        "HubSpot's search does not come forward: its pages hold nothing of what was asked.",
        next_step="Nothing to do: the next run asks again, and the nightly sweep reads every contact.",
        where=where(families.contacts_search()),
    )
