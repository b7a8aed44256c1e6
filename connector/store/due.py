"""The timetable's memory: when each job last went well and is due next."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select, update

from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import due


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """One job of one portal. `next_at` 0: at once."""

    job: str
    next_at: int = 0
    done_at: int | None = None
    failures: int = 0
    running_since: int | None = None
    asked: bool = False  # somebody wants it now (a webhook hint, a command)


_COLUMNS: Final = ("portal", "job", "next_at", "done_at", "failures", "running_since", "asked")
_ALL: Final = bulk.Spelled(select(due).where(due.c.portal == bulk.PORTAL).order_by(due.c.job))


class DueTable:
    """The timetable of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection

    def all(self) -> dict[str, DueRow]:
        """By job."""
        return {row.job: _due(row) for row in _ALL.rows(self._connection, portal=self._scope.portal)}

    def get(self, job: str) -> DueRow | None:
        """One job."""
        return self.all().get(job)

    def put(self, row: DueRow) -> None:
        """Insert or replace."""
        asked = int(row.asked)
        values = (
            self._scope.portal,
            row.job,
            row.next_at,
            row.done_at,
            row.failures,
            row.running_since,
            asked,
        )
        bulk.upsert(self._connection, due, _COLUMNS, [values])

    def due(self, now: int) -> list[DueRow]:
        """Asked for, or `next_at` has come; asked ones first, then the longest due."""
        rows = [row for row in self.all().values() if row.asked or row.next_at <= now]
        return sorted(rows, key=lambda row: (not row.asked, row.next_at, row.job))

    def ask(self, job: str) -> None:
        """Run this as soon as possible; `put` ends it."""
        change = update(due).where(due.c.portal == self._scope.portal, due.c.job == job).values(asked=1)
        if not self._connection.execute(change).rowcount:
            self.put(DueRow(job=job, asked=True))


def _due(row: bulk.AnyRow) -> DueRow:
    return DueRow(
        job=row.job,
        next_at=row.next_at,
        done_at=row.done_at,
        failures=row.failures,
        running_since=row.running_since,
        asked=bool(row.asked),
    )


def timetables(connection: Connection) -> dict[int, dict[str, DueRow]]:
    """The timetable of every portal, by job; one query for a fleet's clock."""
    found: dict[int, dict[str, DueRow]] = {}
    for row in connection.execute(select(due)):
        found.setdefault(row.portal, {})[row.job] = _due(row)
    return found
