"""Which made-up people a search matches, by arithmetic wherever the filter allows it."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from math import ceil, floor

from connector.sandbox.filters import Filter, Test, number
from connector.sandbox.people import People
from connector.sandbox.portal import Portal
from connector.sandbox.profiles import SLOTS, Profile
from connector.sandbox.records import Contact
from connector.sandbox.view import value_of
from mappings.words import ADDITIONAL_EMAILS, CREATED, EMAIL, MODIFIED, OPTED_OUT_OF_ALL

ContactTest = Callable[[Contact], bool]

_RANGES = frozenset({"EQ", "GT", "GTE", "LT", "LTE", "BETWEEN"})
_PRESENCE: dict[str, Callable[[Profile], str | None]] = {
    EMAIL: lambda profile: None if profile.kind == "none" else "x",
    ADDITIONAL_EMAILS: lambda profile: "x" if profile.extras else None,
}


class Plan:
    """The made-up people that one group of filters (joined by AND) matches.

    Filters on ids and times narrow a range, filters on opt-outs narrow the slots, an address names one
    person; what is left over (`_rest`) is asked of each candidate.
    """

    def __init__(self, portal: Portal, group: Iterable[Filter], text: ContactTest | None = None) -> None:
        self._portal = portal
        self._people = portal.people
        self._low, self._high = 0, self._people.count
        self._first_rank, self._last_rank = 0, self._people.count
        self._slots: set[int] | None = None
        self._only: set[int] | None = None
        self._rest: list[tuple[str, Test]] = []
        self._text = text
        for asked in group:
            self._narrow(asked)
        self._residues = sorted(map(self._people.residue, self._slots or ()))

    # Narrowing -------------------------------------------------------------------------------------------

    def _narrow(self, asked: Filter) -> None:
        if asked.name in {"hs_object_id", CREATED, MODIFIED} and asked.operator in _RANGES:
            self._narrow_range(asked)
        elif asked.name.startswith(OPTED_OUT_OF_ALL):
            test = asked.test()
            flags = map(self._portal.slot_flags, range(SLOTS if self._people.count else 0))
            self._keep_slots(slot for slot, flag in enumerate(flags) if test(flag.get(asked.name)))
        elif asked.name in _PRESENCE and asked.operator.endswith("HAS_PROPERTY"):
            test, present = asked.test(), _PRESENCE[asked.name]
            self._keep_slots(s for s, profile in enumerate(self._people.table) if test(present(profile)))
        elif asked.name == EMAIL and asked.operator in {"EQ", "IN"}:
            self._keep_owners([asked.value.lower()] if asked.operator == "EQ" else asked.values)
        else:
            self._rest.append((asked.name, asked.test()))

    def _narrow_range(self, asked: Filter) -> None:
        first = _FIRST[asked.name]
        bound = asked.bound() or 0.0
        end = (number(asked.kind, asked.high) or 0.0) if asked.operator == "BETWEEN" else bound
        low, top = 0, self._people.count
        if asked.operator not in {"LT", "LTE"}:
            low = first(self._people, floor(bound) + 1 if asked.operator == "GT" else ceil(bound))
        if asked.operator not in {"GT", "GTE"}:
            top = first(self._people, ceil(end) if asked.operator == "LT" else floor(end) + 1)
        if asked.name == MODIFIED:
            self._first_rank, self._last_rank = max(self._first_rank, low), min(self._last_rank, top)
        else:
            self._low, self._high = max(self._low, low), min(self._high, top)

    def _keep_slots(self, slots: Iterable[int]) -> None:
        kept = set(slots)
        self._slots = kept if self._slots is None else self._slots & kept

    def _keep_owners(self, addresses: Iterable[str]) -> None:
        owners = (self._people.owner(address) for address in addresses if address == address.lower())
        kept = {made[0] for made in owners if made is not None and made[1] == 0}
        self._only = kept if self._only is None else self._only & kept

    # Asking ----------------------------------------------------------------------------------------------

    def count(self) -> int:
        """How many untouched people match."""
        dirty = self._portal.dirty
        if self._is_arithmetic:
            return self._counted() - sum(1 for index in dirty if self._holds(index))
        return sum(1 for _ in self.by_id())

    def by_id(self, *, newest_first: bool = False) -> Iterator[int]:
        """Matching untouched people in the order of their ids."""
        if self._only is not None or self._last_rank - self._first_rank < self._high - self._low:
            found = sorted(self._candidates(), reverse=newest_first)
            return self._matching(found)
        return self._matching(self._ascending() if not newest_first else self._descending())

    def by_modified(self, *, newest_first: bool = False) -> Iterator[int]:
        """Matching untouched people in the order of `lastmodifieddate`."""
        if self._only is not None:
            found = sorted(self._only, key=self._people.modified, reverse=newest_first)
            return self._matching(found)
        ranks = range(self._first_rank, self._last_rank)
        ordered = reversed(ranks) if newest_first else ranks
        return self._matching(map(self._people.at_rank, ordered))

    @property
    def _is_arithmetic(self) -> bool:
        return self._all_ranks and self._only is None and not self._rest and self._text is None

    @property
    def _all_ranks(self) -> bool:
        return self._first_rank == 0 and self._last_rank == self._people.count

    def _counted(self) -> int:
        if self._low >= self._high:
            return 0
        if self._slots is None:
            return self._high - self._low
        return self._below(self._high) - self._below(self._low)

    def _below(self, index: int) -> int:
        blocks, rest = divmod(index, SLOTS)
        return blocks * len(self._residues) + bisect_left(self._residues, rest)

    def _candidates(self) -> Iterable[int]:
        if self._only is not None:
            return self._only
        return map(self._people.at_rank, range(self._first_rank, self._last_rank))

    def _ascending(self) -> Iterator[int]:
        if self._slots is None:
            return iter(range(self._low, self._high))
        return self._people.with_residues(self._residues, self._low, self._high)

    def _descending(self) -> Iterator[int]:
        return iter(range(self._high - 1, self._low - 1, -1))

    def _matching(self, indexes: Iterable[int]) -> Iterator[int]:
        dirty = self._portal.dirty
        asks = bool(self._rest) or self._text is not None
        for index in indexes:
            if index not in dirty and self._holds(index) and (not asks or self._asked(index)):
                yield index

    def _holds(self, index: int) -> bool:
        """The arithmetic part of the filters."""
        if not self._low <= index < self._high:
            return False
        if self._slots is not None and self._people.slot(index) not in self._slots:
            return False
        if self._only is not None and index not in self._only:
            return False
        return self._all_ranks or self._first_rank <= self._people.rank(index) < self._last_rank

    def _asked(self, index: int) -> bool:
        contact = self._people.contact(index)
        if self._text is not None and not self._text(contact):
            return False
        return all(test(value_of(contact, {}, name)) for name, test in self._rest)


_FIRST: dict[str, Callable[[People, int], int]] = {
    "hs_object_id": People.first_from,
    CREATED: People.first_created,
    MODIFIED: People.first_rank,
}
