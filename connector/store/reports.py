"""Nightly reports: one per portal and local date, nobody named."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Select, select, update

from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import report


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One report. `message_id` stays the same however often it is sent."""

    date: str  # local, 2026-11-24
    made_at: int
    message_id: str
    document: Mapping[str, Any]
    sent_at: int | None = None
    attempts: int = 0
    error: str | None = None


_COLUMNS: Final = ("portal", "date", "made_at", "message_id", "document", "sent_at", "attempts", "error")


class Reports:
    """The reports of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._portal = scope.portal
        self._connection = scope.connection
        self._mine = report.c.portal == scope.portal

    def put(self, row: ReportRow) -> ReportRow:
        """Store; a date that exists keeps its message id and its sending, and gets the new document."""
        document = msgspec.json.encode(dict(row.document)).decode()
        values = (
            self._portal,
            row.date,
            row.made_at,
            row.message_id,
            document,
            row.sent_at,
            row.attempts,
            row.error,
        )
        keep = ("message_id", "sent_at", "attempts", "error")
        bulk.upsert(self._connection, report, _COLUMNS, [values], keep=keep)
        return self._rows(self._select().where(report.c.date == row.date))[0]

    def get(self, date: str) -> ReportRow | None:
        """One date."""
        return next(iter(self._rows(self._select().where(report.c.date == date))), None)

    def last(self, before: str | None = None) -> ReportRow | None:
        """The newest (before a date)."""
        statement = self._select().order_by(None).order_by(report.c.date.desc()).limit(1)
        earlier = statement if before is None else statement.where(report.c.date < before)
        return next(iter(self._rows(earlier)), None)

    def since(self, date: str) -> list[ReportRow]:
        """From a date on, ascending."""
        return self._rows(self._select().where(report.c.date >= date))

    def sent(self, date: str, now: int) -> None:
        """The mail server took it."""
        self._set(date, sent_at=now, error=None, attempts=report.c.attempts + 1)

    def failed(self, date: str, error: str) -> None:
        """It did not; `error` is a code, never a server's text."""
        self._set(date, error=error, attempts=report.c.attempts + 1)

    def _set(self, date: str, **values: Any) -> None:
        self._connection.execute(update(report).where(self._mine, report.c.date == date).values(**values))

    def _select(self) -> Select[Any]:
        return select(report).where(self._mine).order_by(report.c.date)

    def _rows(self, statement: Select[Any]) -> list[ReportRow]:
        return [_report(row) for row in self._connection.execute(statement)]


def _report(row: bulk.AnyRow) -> ReportRow:
    return ReportRow(
        date=row.date,
        made_at=row.made_at,
        message_id=row.message_id,
        document=msgspec.json.decode(row.document),
        sent_at=row.sent_at,
        attempts=row.attempts,
        error=row.error,
    )
