"""Reappearances of erased people and deletions seen from outside: portal and HubSpot id only (design 3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, func, select

from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import open_case


class CaseKind(StrEnum):
    """What was seen."""

    REAPPEARED = "reappeared"
    DELETED_OUTSIDE = "deleted_outside"
    PENDING_ERASURE = "pending_erasure"  # our own erasure, HubSpot not yet read back as gone


@dataclass(frozen=True, slots=True)
class Case:
    """One open case."""

    contact_id: int
    kind: CaseKind
    opened_at: int
    hold_until: int | None = None


_COLUMNS: Final = ("portal", "contact_id", "kind", "opened_at", "hold_until")


class Cases:
    """The open cases of one portal; a settled one is deleted."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = open_case.c.portal == scope.portal

    def open(self, contact_id: int, kind: CaseKind, now: int, hold_until: int | None = None) -> Case:
        """Open, or return the one that is open."""
        for known in self.of([contact_id]).get(contact_id, []):
            if known.kind is kind:
                return known
        row = (self._scope.portal, contact_id, kind, now, hold_until)
        bulk.insert(self._connection, open_case, _COLUMNS, [row])
        return Case(contact_id, kind, now, hold_until)

    def of(self, contact_ids: Iterable[int]) -> dict[int, list[Case]]:
        """Open cases of these records."""
        found: dict[int, list[Case]] = {}
        statement = select(open_case).where(self._mine).order_by(open_case.c.kind)
        for row in bulk.select_in(self._connection, statement, open_case.c.contact_id, contact_ids):
            found.setdefault(row.contact_id, []).append(_case(row))
        return found

    def pending(self, kind: CaseKind | None = None, limit: int = 1000) -> list[Case]:
        """Open cases, oldest first."""
        statement = select(open_case).where(self._mine)
        if kind is not None:
            statement = statement.where(open_case.c.kind == kind)
        ordered = statement.order_by(open_case.c.opened_at, open_case.c.contact_id).limit(limit)
        return [_case(row) for row in self._connection.execute(ordered)]

    def settle(self, contact_id: int, kind: CaseKind) -> bool:
        """Delete it. False: there was none."""
        which = (self._mine, open_case.c.contact_id == contact_id, open_case.c.kind == kind)
        return bool(self._connection.execute(delete(open_case).where(*which)).rowcount)

    def opened_since(self, kind: CaseKind, at: int) -> int:
        """Still open ones opened since (breaker)."""
        which = (self._mine, open_case.c.kind == kind, open_case.c.opened_at >= at)
        statement = select(func.count()).select_from(open_case).where(*which)
        return int(self._connection.execute(statement).scalar_one())


def _case(row: bulk.AnyRow) -> Case:
    return Case(row.contact_id, CaseKind(row.kind), row.opened_at, row.hold_until)
