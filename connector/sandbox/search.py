"""Contact search (hubspot-api, 6): what may be asked, the 10,000 cap, the order, the lagging index."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any

from connector.sandbox import replies
from connector.sandbox.digits import natural
from connector.sandbox.filters import Filter, Test, has_token, number, parsed
from connector.sandbox.plan import Plan
from connector.sandbox.portal import Portal
from connector.sandbox.records import Contact, Flags
from connector.sandbox.view import View, value_of
from mappings.words import CREATED, MODIFIED

MAX_RESULTS, MAX_LIMIT, MAX_BODY = 10_000, 200, 3_000
MAX_GROUPS, MAX_FILTERS, MAX_ALL_FILTERS = 5, 6, 18
_TEXT_PROPERTIES = ("firstname", "lastname", "email", "phone", "company")

#: Orders that made-up people come in without being looked at.
_NATIVE = frozenset({CREATED, MODIFIED, "hs_object_id"})

Key = Callable[[Contact, Flags], Any]
Hit = tuple[Any, int, Contact, Flags]  # sort key, id, record and flags as the index has them


@dataclass(frozen=True, slots=True)
class Query:
    """A search request that HubSpot accepts."""

    groups: tuple[tuple[Filter, ...], ...]
    sort: str
    newest_first: bool
    limit: int
    after: int
    properties: tuple[str, ...]
    text: str


def query(document: Any, size: int, portal: Portal) -> Query:
    """The request's body, checked. Refusal 400 says which rule it breaks."""
    if not isinstance(document, dict):
        raise replies.invalid("Invalid input JSON")
    if size > MAX_BODY:
        raise replies.invalid(f"The request body is longer than {MAX_BODY} characters")
    groups = _groups(document.get("filterGroups"), portal)
    sort, newest_first = _sort(document.get("sorts"), portal)
    limit, after = _limit(document.get("limit")), _after(document.get("after"))
    if after + limit > MAX_RESULTS:
        raise replies.invalid(f"Paging past {MAX_RESULTS} results is not possible: narrow the search")
    names = document.get("properties") or []
    if not isinstance(names, list):
        raise replies.invalid("Invalid input JSON: properties must be a list")
    text = str(document.get("query") or "").lower()
    return Query(groups, sort, newest_first, limit, after, tuple(map(str, names)), text)


def _groups(given: Any, portal: Portal) -> tuple[tuple[Filter, ...], ...]:
    given = given or []
    if not isinstance(given, list) or not all(isinstance(g, dict) for g in given):
        raise replies.invalid("Invalid input JSON: filterGroups must be a list of objects")
    groups = tuple(
        tuple(parsed(f, portal.definitions) for f in group.get("filters") or []) for group in given
    )
    if len(groups) > MAX_GROUPS:
        raise replies.invalid(f"Too many filter groups: at most {MAX_GROUPS}")
    if any(len(group) > MAX_FILTERS for group in groups) or sum(map(len, groups)) > MAX_ALL_FILTERS:
        raise replies.invalid(
            f"Too many filters: at most {MAX_FILTERS} in a group and {MAX_ALL_FILTERS} in all"
        )
    return groups


def _sort(given: Any, portal: Portal) -> tuple[str, bool]:
    given = given or []
    if not isinstance(given, list) or len(given) > 1:
        raise replies.invalid("Only one sort is possible")
    if not given:
        return CREATED, False
    # Strings ("-createdate") are what the v3 client's type allows; objects are what the documents show.
    name, newest_first = _sort_object(given[0]) if isinstance(given[0], dict) else _sort_text(str(given[0]))
    if name not in portal.definitions:
        raise replies.invalid(f"Property {name!r} does not exist and cannot be sorted by")
    return name, newest_first


def _sort_object(given: dict[str, Any]) -> tuple[str, bool]:
    direction = str(given.get("direction") or "ASCENDING")
    if direction not in {"ASCENDING", "DESCENDING"}:
        raise replies.invalid(f"Unknown sort direction {direction!r}")
    return str(given.get("propertyName")), direction == "DESCENDING"


def _sort_text(given: str) -> tuple[str, bool]:
    return given.removeprefix("-"), given.startswith("-")


def _limit(given: Any) -> int:
    limit = 10 if given is None else given
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= MAX_LIMIT:
        raise replies.invalid(f"limit must be between 0 and {MAX_LIMIT}")
    return limit


def _after(given: Any) -> int:
    if given in {None, ""}:
        return 0
    start = natural(str(given))
    if start is not None:
        return start
    raise replies.invalid(f"after must be a number, not {given!r}")


class Search:
    """One search over the portal as its index has it; `extra_lag_ms` makes the index staler than it is."""

    def __init__(self, portal: Portal, asked: Query, extra_lag_ms: int = 0) -> None:
        self._portal = portal
        self._asked = asked
        self._lag = extra_lag_ms
        self._text = _text_test(asked.text) if asked.text else None
        self._groups = [[(f.name, f.test()) for f in group] for group in asked.groups] or [[]]
        self._plans = [Plan(portal, group, self._text) for group in asked.groups or ((),)]
        kind = portal.definitions[asked.sort]["type"]
        self._key = _sort_key(asked.sort, kind)

    def answer(self) -> dict[str, Any]:
        """`{total, results, paging}`."""
        touched = self._touched()
        total = self._base_count() + len(touched)
        asked = self._asked
        page = self._page(touched)
        view = View(self._portal, asked.properties or None)
        document: dict[str, Any] = {
            "total": total,
            "results": [view.document_with(contact, flags) for _, _, contact, flags in page],
        }
        end = asked.after + len(page)
        if page and end < total:
            document["paging"] = {"next": {"after": str(end), "link": f"?after={end}"}}
        return document

    def _page(self, touched: list[Hit]) -> list[Hit]:
        start, end = self._asked.after, self._asked.after + self._asked.limit
        if touched or self._asked.sort not in _NATIVE:
            return list(islice(self._ordered(touched), start, end))
        return [self._made(index) for index in islice(self._base_indexes(), start, end)]

    # Records that somebody touched -----------------------------------------------------------------------

    def _touched(self) -> list[Hit]:
        portal = self._portal
        ids = {portal.people.contact_id(index) for index in portal.dirty}
        ids.update(number for number in portal.contacts if portal.people.index_of(number) is None)
        hits = (self._hit(number) for number in ids)
        return sorted((hit for hit in hits if hit is not None), key=_place, reverse=self._asked.newest_first)

    def _hit(self, number: int) -> Hit | None:
        seen = self._portal.seen_by_search(number, self._lag)
        if seen is None or not self._matches(*seen):
            return None
        return (self._key(*seen), number, *seen)

    def _matches(self, contact: Contact, flags: Flags) -> bool:
        if self._text is not None and not self._text(contact):
            return False
        return any(_all_hold(group, contact, flags) for group in self._groups)

    # Made-up people --------------------------------------------------------------------------------------

    def _base_count(self) -> int:
        if len(self._plans) == 1:
            return self._plans[0].count()
        return len(self._union())

    def _union(self) -> list[int]:
        return sorted({index for plan in self._plans for index in plan.by_id()})

    def _ordered(self, touched: list[Hit]) -> Iterator[Hit]:
        base = (self._made(index) for index in self._base_indexes())
        if self._asked.sort not in _NATIVE:
            everything = sorted([*base, *touched], key=_place, reverse=self._asked.newest_first)
            return iter(everything)
        return merge(base, touched, key=_place, reverse=self._asked.newest_first)

    def _base_indexes(self) -> Iterator[int]:
        newest_first = self._asked.newest_first
        by_modified = self._asked.sort == MODIFIED
        if len(self._plans) > 1:
            people = self._portal.people
            key = people.modified if by_modified else people.contact_id
            return iter(sorted(self._union(), key=key, reverse=newest_first))
        plan = self._plans[0]
        return (
            plan.by_modified(newest_first=newest_first)
            if by_modified
            else plan.by_id(newest_first=newest_first)
        )

    def _made(self, index: int) -> Hit:
        contact = self._portal.people.contact(index)
        flags = self._portal.slot_flags(contact.slot)
        return (self._key(contact, flags), contact.id, contact, flags)


def _place(hit: Hit) -> tuple[Any, int]:
    return hit[0], hit[1]


def _all_hold(group: list[tuple[str, Test]], contact: Contact, flags: Flags) -> bool:
    return all(test(value_of(contact, flags, name)) for name, test in group)


def _sort_key(name: str, kind: str) -> Key:
    """Values in the order of their type; records without a value come first."""
    if name == MODIFIED:
        return lambda contact, flags: contact.modified
    if name == CREATED:
        return lambda contact, flags: contact.created
    if name == "hs_object_id":
        return lambda contact, flags: contact.id
    if kind in {"number", "date", "datetime"}:
        return lambda contact, flags: number(kind, value_of(contact, flags, name) or "") or 0.0
    return lambda contact, flags: (value_of(contact, flags, name) or "").lower()


def _text_test(text: str) -> Callable[[Contact], bool]:
    words = [f"*{word}*" for word in text.split()]

    def found(contact: Contact) -> bool:
        values = " ".join(contact.props.get(name) or "" for name in _TEXT_PROPERTIES).lower()
        return all(has_token(values, word) for word in words)

    return found
