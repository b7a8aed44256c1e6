"""Who is about to leave the register: since when it is known, and what people said about it.

The same is kept of proofs of ended consents that are about to be destroyed while their person stays.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy import and_, delete, select, update

from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import leaving, person

_COLUMNS: Final = ("portal", "person_id", "purpose", "found_at", "due_at")
_KEY: Final = ("portal", "person_id", "purpose")
WHOLE: Final = ""  # no purpose: the whole person leaves
#: (person id, purpose)
Key: TypeAlias = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Leaver:
    """One person, or one proof of theirs. Times in ms UTC. `review`: the question that is asked of people."""

    person_id: int
    ref: str
    found_at: int
    due_at: int
    review: int | None = None
    approved_by: str | None = None
    declined_until: int | None = None
    purpose: str = WHOLE

    @property
    def key(self) -> Key:
        """What names it."""
        return self.person_id, self.purpose


class Leaving:
    """The leavers of one portal; `of_proofs`: the proofs of those who stay."""

    def __init__(self, scope: Scope, *, of_proofs: bool = False) -> None:
        self._portal = scope.portal
        self._connection = scope.connection
        which = leaving.c.purpose != WHOLE if of_proofs else leaving.c.purpose == WHOLE
        self._mine = and_(leaving.c.portal == scope.portal, which)

    def put(self, due: Iterable[tuple[Key, int]], now: int) -> None:
        """(whose or which, when due): new ones are held from now on, known ones stay as they are."""
        rows = [(self._portal, *key, now, due_at) for key, due_at in due]
        bulk.upsert(self._connection, leaving, _COLUMNS, rows, keep=("found_at",))

    def all(self) -> list[Leaver]:
        """Those that are known longest first."""
        statement = (
            select(leaving, person.c.ref)
            .join(person, (person.c.id == leaving.c.person_id) & (person.c.portal == leaving.c.portal))
            .where(self._mine)
            .order_by(leaving.c.found_at, leaving.c.person_id, leaving.c.purpose)
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
                row.purpose,
            )
            for row in self._connection.execute(statement)
        ]

    def remove(self, keys: Iterable[Key]) -> None:
        """They stay after all, or their erasure has begun."""
        rows = [(self._portal, *key) for key in keys]
        bulk.delete(self._connection, leaving, _KEY, rows)

    def ask(self, keys: Iterable[Key], review: int) -> None:
        """They are in this question."""
        rows = [(review, self._portal, *key) for key in keys]
        bulk.update(self._connection, leaving, ("review",), _KEY, rows)

    def approve(self, review: int, by: str) -> int:
        """Two people agreed about everything in a question; how many."""
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
