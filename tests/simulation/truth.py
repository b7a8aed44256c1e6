"""What really happened, kept apart from the product: who said no, who said yes, who wants to be forgotten.

Written from the law, not from the code: a no stands until the same person says yes to that purpose, later and
with proof. An address that belonged to somebody carries that person's noes to the next address. While two
clocks differ, which of two words came later is in doubt by that difference, and only by that.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

SIGMA_MS = 300_000
EVERYTHING = 0


class Word(NamedTuple):
    """Somebody said something: to which type (0: all marketing), when (ms), and how sure that time is."""

    address: str
    subscription: int
    at: int
    doubt: int

    @property
    def earliest(self) -> int:
        return self.at - self.doubt

    @property
    def latest(self) -> int:
        return self.at + self.doubt


@dataclass(slots=True)
class Truth:
    """Addresses in lower case."""

    noes: list[Word] = field(default_factory=list)
    yeses: list[Word] = field(default_factory=list)
    erased: dict[str, int] = field(default_factory=dict)  # on request
    deleted: dict[str, int] = field(default_factory=dict)  # in HubSpot, by somebody else
    restricted: set[str] = field(default_factory=set)
    kin: dict[str, set[str]] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)  # whose record has another address since then

    def no(self, address: str, subscription: int, at: int, doubt: int = 0) -> None:
        self.noes.append(Word(address.lower(), subscription, at, doubt))

    def yes(self, address: str, subscription: int, at: int, doubt: int = 0) -> None:
        self.yeses.append(Word(address.lower(), subscription, at, doubt))

    def join(self, one: str, other: str) -> None:
        """Both are one person's."""
        together = self.family(one) | self.family(other)
        for address in together:
            self.kin[address] = together

    def family(self, address: str) -> set[str]:
        return self.kin.get(address.lower(), {address.lower()})

    def _noes(self, address: str, subscription: int) -> list[Word]:
        return [
            no
            for no in self.noes
            if no.subscription in {subscription, EVERYTHING} and self._is_theirs(no, address.lower())
        ]

    def _is_theirs(self, no: Word, address: str) -> bool:
        """What is said at an address that somebody has left may be another person's word."""
        if no.address == address:
            return True
        return no.address in self.family(address) and no.at <= self.left.get(no.address, no.at)

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
        """The least: a no stands, and no yes came near enough or later to have ended it.

        Whoever has left this address speaks for it no more: its next holder may be somebody else.
        """
        left = self.left.get(address.lower())
        noes = [
            no
            for no in self._noes(address, subscription)
            if left is None or no.address == address.lower() or no.at <= left
        ]
        last = max((no.latest for no in noes), default=None)
        family = self.family(address)
        return last is not None and not any(
            yes.address in family and yes.subscription == subscription and yes.latest > last - 2 * yes.doubt
            for yes in self.yeses
        )
