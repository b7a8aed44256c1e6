"""What HubSpot told us to look at again (webhooks and journal): a queue of record ids, each of them once.

A hint says nothing but "look at contact N": what is believed is what a read shows then (HA 13.1).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import delete, func, select, update

from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import hint


class HintKind(StrEnum):
    """Why a record is looked at."""

    CHANGED = "changed"  # created, changed, merged, restored, archived
    ERASED = "erased"  # a privacy deletion: verified by its signature, believed when the record is gone


@dataclass(frozen=True, slots=True)
class Hint:
    """One record to look at. Times in ms UTC; `heard_at` is when we heard of it last."""

    contact_id: int
    kind: HintKind
    heard_at: int
    first_at: int
    attempts: int = 0


_COLUMNS: Final = ("portal", "contact_id", "kind", "heard_at", "first_at", "next_try", "attempts")


class Hints:
    """The hints of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = hint.c.portal == scope.portal

    def add(self, items: Iterable[tuple[int, HintKind]], now: int) -> int:
        """Queue records; one that waits already is looked at once, after this. How many are new."""
        wanted = dict.fromkeys(items)
        known = self._known({number for number, _ in wanted})
        rows = []
        for number, kind in wanted:
            first = known.get((number, kind), now)
            rows.append((self._scope.portal, number, str(kind), now, first, now, 0))
        bulk.upsert(self._connection, hint, _COLUMNS, rows)
        return sum(key not in known for key in wanted)

    def due(self, now: int, limit: int) -> list[Hint]:
        """Those to look at now, the oldest first."""
        statement = select(hint).where(self._mine, hint.c.next_try <= now)
        ordered = statement.order_by(hint.c.first_at, hint.c.contact_id).limit(limit)
        return [_hint(row) for row in self._connection.execute(ordered)]

    def settle(self, items: Sequence[Hint]) -> None:
        """Looked at. What was heard since stays."""
        for each in items:
            self._connection.execute(delete(hint).where(*self._is(each)))

    def later(self, each: Hint, next_try: int) -> None:
        """Once more at `next_try`."""
        values = {"next_try": next_try, "attempts": each.attempts + 1}
        self._connection.execute(update(hint).where(*self._is(each)).values(values))

    def count(self) -> tuple[int, int | None]:
        """How many wait, and since when the oldest."""
        totals = select(func.count(), func.min(hint.c.first_at)).where(self._mine)
        count, oldest = self._connection.execute(totals).one()
        return int(count), oldest

    def _known(self, numbers: Iterable[int]) -> dict[tuple[int, HintKind], int]:
        statement = select(hint).where(self._mine)
        rows = bulk.select_in(self._connection, statement, hint.c.contact_id, numbers)
        return {(row.contact_id, HintKind(row.kind)): row.first_at for row in rows}

    def _is(self, each: Hint) -> tuple[Any, ...]:
        return (
            self._mine,
            hint.c.contact_id == each.contact_id,
            hint.c.kind == str(each.kind),
            hint.c.heard_at == each.heard_at,
        )


def _hint(row: bulk.AnyRow) -> Hint:
    return Hint(row.contact_id, HintKind(row.kind), row.heard_at, row.first_at, row.attempts)
