"""What really happened, kept apart from the product: who said no, who said yes, who wants to be forgotten.

Written from the law, not from the code: a no stands until the same person says yes to that purpose, later and
with proof. A no follows the person to the next address, and stays with every address that they ever had
(consent-domain 0, rule 4; rows 32 and 33 of its table). While two clocks differ, which of two words came
later is in doubt by that difference, and only by that.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import NamedTuple

SIGMA_MS = 300_000
EVERYTHING = 0


class Word(NamedTuple):
    """Somebody said something: to which type (0: all marketing), when (ms), how sure that time is, and whose
    record had the address then."""

    address: str
    subscription: int
    at: int
    doubt: int
    by: int | None = None

    @property
    def earliest(self) -> int:
        return self.at - self.doubt

    @property
    def latest(self) -> int:
        return self.at + self.doubt


@dataclass(slots=True)
class Truth:
    """Addresses in lower case. `holder`: whose record has an address now. People are their first record."""

    holder: Callable[[str], int | None] = lambda _: None
    noes: list[Word] = field(default_factory=list)
    yeses: list[Word] = field(default_factory=list)
    erased: dict[str, int] = field(default_factory=dict)  # on request
    deleted: dict[str, int] = field(default_factory=dict)  # in HubSpot, by somebody else
    restricted: set[str] = field(default_factory=set)
    kin: dict[str, set[str]] = field(default_factory=dict)
    had: dict[int, dict[str, int | None]] = field(
        default_factory=dict
    )  # by person: when each address was left
    forgotten: set[int] = field(default_factory=set)  # people of whom nothing is kept but suppression
    became: dict[int, int] = field(default_factory=dict)  # records that were merged into others

    def no(self, address: str, subscription: int, at: int, doubt: int = 0) -> None:
        self.noes.append(Word(address.lower(), subscription, at, doubt, self.person(address)))

    def yes(self, address: str, subscription: int, at: int, doubt: int = 0) -> None:
        self.yeses.append(Word(address.lower(), subscription, at, doubt))

    def join(self, one: str, other: str) -> None:
        """Both are one person's."""
        together = self.family(one) | self.family(other)
        for address in together:
            self.kin[address] = together

    def family(self, address: str) -> set[str]:
        return self.kin.get(address.lower(), {address.lower()})

    def person(self, address: str) -> int | None:
        return self._first(self.holder(address.lower()))

    def _first(self, record: int | None) -> int | None:
        while record in self.became:
            record = self.became[record]
        return record

    def moved(self, record: int, left: Collection[str], new: str, at: int) -> None:
        """The record has another address since then."""
        held = self._held(record)
        held |= dict.fromkeys((address.lower() for address in left), at)
        held[new.lower()] = None

    def merged(self, records: Collection[int], into: int) -> None:
        """They are one person's, with all addresses and noes of both."""
        first, *others = {self._first(each) or 0 for each in records}
        for other in others:
            self._held(first).update(self.had.pop(other, {}))
        self.became |= dict.fromkeys(({*others, into} - {first}), first)

    def _held(self, record: int) -> dict[str, int | None]:
        return self.had.setdefault(self._first(record) or 0, {})

    def _noes(self, address: str, subscription: int) -> list[Word]:
        mine = {**self.had.get(self.person(address) or 0, {}), address.lower(): None}
        return [
            no
            for no in self.noes
            if no.subscription in {subscription, EVERYTHING} and self._is_theirs(no, address.lower(), mine)
        ]

    def _is_theirs(self, no: Word, address: str, mine: dict[str, int | None]) -> bool:
        """Their own, or of somebody who has or had one of their addresses, said before they left it.

        What others say about an address after that is not about them: two records that once had the same
        address are two people's, in doubt (rows 31 to 33), and neither no nor yes reaches the other's new
        address. Of somebody erased only the no at this very address is left, in HubSpot.
        """
        by = self._first(no.by)
        if by is not None and by in self.forgotten:
            return no.address == address
        if by is not None and by == self.person(address):
            return True
        theirs = {no.address, *self.had.get(by or 0, ())}
        return any(left is None or no.at <= left for one, left in mine.items() if one in theirs)

    def may_send(self, address: str, subscription: int) -> bool:
        """The most that the product may do: a yes of this very address stands that no later no has ended."""
        address = address.lower()
        if address in self.restricted:
            return False
        gone = max(self.erased.get(address, -1), self.deleted.get(address, -1))
        last = max((no.earliest for no in self._noes(address, subscription)), default=-1)
        floor = max(gone, last)
        return any(
            yes.address == address and yes.subscription == subscription and yes.latest > floor
            for yes in self.yeses
        )

    def must_be_off(self, address: str, subscription: int) -> bool:
        """The least: a no stands, and no yes came near enough or later to have ended it."""
        last = max((no.latest for no in self._noes(address, subscription)), default=None)
        family = self.family(address)
        return last is not None and not any(
            yes.address in family and yes.subscription == subscription and yes.latest > last - 2 * yes.doubt
            for yes in self.yeses
        )
