"""How old what we know of people's statuses is, per purpose: added up in the database, whatever the size.

One full read answers for every subscription type (HA 8.1). Two things differ from purpose to purpose: whose
no is known although nobody read their statuses in full, from the contact's own property, and how old the
reading of those is who may be mailed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import ColumnElement, Subquery, and_, case, func, or_, select

from connector.store import codes
from connector.store.observed import WIDE
from connector.store.scope import Scope
from connector.store.tables import address, contact, observed, state
from mappings.words import Status

#: Names of ages of a reading, and the days that each reaches back.
AGES: Final = {"day": 1, "week": 7, "month": 30}
OLDER, NEVER = "older", "never"
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Readings:
    """How many live records were read how long ago: {"day": within one, ..., "older", "never"}."""

    within: Mapping[str, int]
    oldest: int | None = None

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.within.values())


NOBODY: Final = Readings(dict.fromkeys((*AGES, OLDER, NEVER), 0))


class Ages:
    """The readings of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._connection = scope.connection
        self._ours = and_(contact.c.portal == scope.portal, contact.c.gone_at.is_(None))
        self._states = and_(state.c.portal == scope.portal, state.c.sendable == 1)

    def of_everybody(self, now: int) -> Readings:
        """Live records with a person."""
        read_at = contact.c.statuses_read_at
        statement = select(*_sums(read_at, now)).where(self._ours, contact.c.person_id.is_not(None))
        return _readings(self._connection.execute(statement).one())

    def of_mailable(self, now: int) -> dict[str, Readings]:
        """People who may be mailed, by purpose; a person with several records by the oldest reading."""
        read_at = func.min(contact.c.statuses_read_at).label("read_at")
        people: Subquery = (
            select(state.c.purpose, read_at)
            .join(contact, contact.c.person_id == state.c.person_id)
            .where(self._states, self._ours)
            .group_by(state.c.person_id, state.c.purpose)
            .subquery()
        )
        statement = select(people.c.purpose, *_sums(people.c.read_at, now)).group_by(people.c.purpose)
        return {purpose: _readings(row) for purpose, *row in self._connection.execute(statement)}

    def noes_of_unread(self, subscriptions: Mapping[str, int]) -> dict[str, int]:
        """Records that were never read in full, whose no for a purpose (or for everything) is known."""
        if not subscriptions:
            return {}
        theirs = and_(address.c.person_id == contact.c.person_id, address.c.kind == codes.PRIMARY)
        said = [_said_no(number).label(f"no{n}") for n, number in enumerate(subscriptions.values())]
        people = (
            select(*said)
            .select_from(contact)
            .join(address, theirs)
            .join(observed, observed.c.ref == address.c.ref)
            .where(self._ours, contact.c.statuses_read_at.is_(None))
            .where(observed.c.status == codes.STATUSES.code(Status.UNSUBSCRIBED))
            .group_by(contact.c.id)
            .subquery()
        )
        row = self._connection.execute(select(*(func.sum(column) for column in people.c))).one()
        return {purpose: int(count or 0) for purpose, count in zip(subscriptions, row, strict=True)}


def _said_no(subscription: int) -> ColumnElement[int]:
    """A business unit's opt-out lies under a negative number: unknown scope is the wider no (row 28)."""
    named = or_(observed.c.subscription <= WIDE, observed.c.subscription == subscription)
    return func.max(case((named, 1), else_=0))


def _sums(at: ColumnElement[Any], now: int) -> list[ColumnElement[Any]]:
    bounds = [now - days * _DAY_MS for days in AGES.values()]
    within = [at > bounds[0], *(and_(at <= a, at > b) for a, b in pairwise(bounds))]
    every = [*within, at <= bounds[-1], at.is_(None)]
    return [*(func.sum(case((each, 1), else_=0)) for each in every), func.min(at)]


def _readings(row: Any) -> Readings:
    *counts, oldest = row
    names = (*AGES, OLDER, NEVER)
    return Readings({n: int(count or 0) for n, count in zip(names, counts, strict=True)}, oldest)
