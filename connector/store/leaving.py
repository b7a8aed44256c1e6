"""Who is about to leave the register: since when it is known, and what people said about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select, update

from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import leaving, person

_COLUMNS: Final = ("portal", "person_id", "found_at", "due_at")


@dataclass(frozen=True, slots=True)
class Leaver:
    """One person. Times in ms UTC. `review`: the question in which people are asked about them."""

    person_id: int
    ref: str
    found_at: int
    due_at: int
    review: int | None = None
    approved_by: str | None = None
    declined_until: int | None = None


class Leaving:
    """The leavers of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._portal = scope.portal
        self._connection = scope.connection
        self._mine = leaving.c.portal == scope.portal

    def put(self, due: Iterable[tuple[int, int]], now: int) -> None:
        """(person, when due): new ones are held from now on, known ones stay as they are."""
        rows = [(self._portal, person_id, now, due_at) for person_id, due_at in due]
        bulk.upsert(self._connection, leaving, _COLUMNS, rows, keep=("found_at",))

    def all(self) -> list[Leaver]:
        """Those that are known longest first."""
        statement = (
            select(leaving, person.c.ref)
            .join(person, (person.c.id == leaving.c.person_id) & (person.c.portal == leaving.c.portal))
            .where(self._mine)
            .order_by(leaving.c.found_at, leaving.c.person_id)
        )
        return [
            Leaver(
                row.person_id,
                row.ref.hex(),
                row.found_at,
                row.due_at,
                row.review,
                row.approved_by,
                row.declined_until,
            )
            for row in self._connection.execute(statement)
        ]

    def remove(self, person_ids: Iterable[int]) -> None:
        """They stay after all, or their erasure has begun."""
        rows = [(self._portal, number) for number in person_ids]
        bulk.delete(self._connection, leaving, ("portal", "person_id"), rows)

    def ask(self, person_ids: Iterable[int], review: int) -> None:
        """They are in this question."""
        rows = [(review, self._portal, number) for number in person_ids]
        bulk.update(self._connection, leaving, ("review",), ("portal", "person_id"), rows)

    def approve(self, review: int, by: str) -> int:
        """Two people agreed about everybody in a question; how many."""
        return self._answered(review, {"approved_by": by, "review": None})

    def decline(self, review: int, until: int) -> int:
        """They stay until that time; how many."""
        return self._answered(review, {"declined_until": until, "review": None})

    def _answered(self, review: int, values: dict[str, object]) -> int:
        which = (self._mine, leaving.c.review == review)
        return int(self._connection.execute(update(leaving).where(*which).values(values)).rowcount)

    def clear(self) -> None:
        """Nobody leaves any more."""
        self._connection.execute(delete(leaving).where(self._mine))
