"""Signed roots of the log (C2SP tlog-checkpoint); append-only."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from connector.store import bulk
from connector.store.refs import raw
from connector.store.scope import Scope
from connector.store.tables import checkpoint


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One signed note over (origin, size, root)."""

    size: int
    at: int
    root: str  # hex
    note: str


_COLUMNS: Final = ("portal", "size", "at", "root", "note")


class Checkpoints:
    """The checkpoints of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._portal = scope.portal
        self._connection = scope.connection
        self._mine = checkpoint.c.portal == scope.portal

    def add(self, made: Checkpoint) -> bool:
        """False: this size has one already."""
        same = select(checkpoint.c.size).where(self._mine, checkpoint.c.size == made.size)
        if self._connection.execute(same).first() is not None:
            return False
        row = (self._portal, made.size, made.at, raw(made.root), made.note)
        bulk.insert(self._connection, checkpoint, _COLUMNS, [row])
        return True

    def last(self) -> Checkpoint | None:
        """The newest."""
        newest = select(checkpoint).where(self._mine).order_by(checkpoint.c.size.desc()).limit(1)
        row = self._connection.execute(newest).one_or_none()
        return _checkpoint(row) if row else None

    def all(self) -> list[Checkpoint]:
        """By size."""
        statement = select(checkpoint).where(self._mine).order_by(checkpoint.c.size)
        return [_checkpoint(row) for row in self._connection.execute(statement)]


def _checkpoint(row: bulk.AnyRow) -> Checkpoint:
    return Checkpoint(row.size, row.at, row.root.hex(), row.note)
