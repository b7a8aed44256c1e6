"""The projection: the state per (person, purpose); no row means UNKNOWN."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import Select, func, select

from connector.consent.events import Basis, Grade, State
from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import state as table


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRow:
    """What the formula said, and which entry and table row decided."""

    state: State
    since: int | None = None
    last_no: int | None = None
    grade: Grade = Grade.E0
    basis: Basis = Basis.NONE
    hold: bool = False
    review: bool = False
    sendable: bool = False
    expires_at: int | None = None
    seq: int | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many people."""

    purpose: str
    state: State
    basis: Basis
    grade: Grade
    sendable: bool
    count: int


#: (person, purpose, a row as another one, and its own since, last_no, expires_at, seq).
StateLike = tuple[int, str, StateRow, int | None, int | None, int | None, int | None]

_FIELDS: Final = tuple(field.name for field in fields(StateRow))
_COLUMNS: Final = ("person_id", "purpose", "portal", *_FIELDS)

_BY_PERSON: Final = bulk.Lookup(
    select(*(table.c[name] for name in ("person_id", "purpose", *_FIELDS))).where(
        table.c.portal == bulk.PORTAL
    ),
    table.c.person_id,
)


class States:
    """The states of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._portal = scope.portal
        self._connection = scope.connection

    def of(self, person_ids: Iterable[int]) -> dict[tuple[int, str], StateRow]:
        """By (person id, purpose)."""
        rows = _BY_PERSON.rows(self._connection, self._portal, person_ids)
        return {(row.person_id, row.purpose): _state(row) for row in rows}

    def put(self, rows: Mapping[tuple[int, str], StateRow]) -> None:
        """Insert or replace; a row that says no more than UNKNOWN is removed instead."""
        kept = [
            (
                *key,
                self._portal,
                str(row.state),  # exactly text: the driver asks every other type how it wants to be stored
                row.since,
                row.last_no,
                int(row.grade),
                str(row.basis),
                int(row.hold),
                int(row.review),
                int(row.sendable),
                row.expires_at,
                row.seq,
                row.row,
            )
            for key, row in rows.items()
            if not _silent(row)
        ]
        bulk.upsert(self._connection, table, _COLUMNS, kept)
        silent = [key for key, row in rows.items() if _silent(row)]
        bulk.delete(self._connection, table, ("person_id", "purpose"), silent)

    def put_alike(self, rows: Sequence[StateLike]) -> None:
        """Insert many rows that differ from a pattern in a few values; none of them is silent."""
        kept = [
            (
                person,
                purpose,
                self._portal,
                str(like.state),
                since,
                last_no,
                int(like.grade),
                str(like.basis),
                int(like.hold),
                int(like.review),
                int(like.sendable),
                expires_at,
                seq,
                like.row,
            )
            for person, purpose, like, since, last_no, expires_at, seq in rows
        ]
        bulk.fill(self._connection, table, _COLUMNS, kept, "person_id", within="portal")

    def counts(self) -> list[StateCount]:
        """By purpose, state, basis, grade and sendable. People without a row are UNKNOWN and not counted."""
        group = (table.c.purpose, table.c.state, table.c.basis, table.c.grade, table.c.sendable)
        statement = select(*group, func.count()).where(table.c.portal == self._portal).group_by(*group)
        return [
            StateCount(purpose, State(state), Basis(basis), Grade(grade), bool(sendable), count)
            for purpose, state, basis, grade, sendable, count in self._connection.execute(statement)
        ]

    def people_in(
        self, purpose: str, state: State | None, after_id: int, limit: int
    ) -> list[tuple[int, StateRow]]:
        """People of a purpose by ascending id; `state` None: any."""
        statement = self._page(purpose, after_id, limit)
        return self._pairs(statement if state is None else statement.where(table.c.state == state))

    def sendable(self, purpose: str, after_id: int, limit: int) -> list[tuple[int, StateRow]]:
        """People who may be mailed for a purpose, by ascending id."""
        return self._pairs(self._page(purpose, after_id, limit).where(table.c.sendable == 1))

    def expiring(self, now: int, limit: int) -> list[tuple[int, str]]:
        """(person id, purpose) of those whose `expires_at` has passed and whose state is not EXPIRED yet."""
        statement = (
            select(table.c.person_id, table.c.purpose)
            .where(table.c.portal == self._portal, table.c.expires_at <= now)
            .where(table.c.state != State.EXPIRED)
            .order_by(table.c.expires_at)
            .limit(limit)
        )
        return [(row.person_id, row.purpose) for row in self._connection.execute(statement)]

    def _select(self) -> Select[Any]:
        names = ("person_id", "purpose", *_FIELDS)
        return select(*(table.c[name] for name in names)).where(table.c.portal == self._portal)

    def _page(self, purpose: str, after_id: int, limit: int) -> Select[Any]:
        within = self._select().where(table.c.purpose == purpose, table.c.person_id > after_id)
        return within.order_by(table.c.person_id).limit(limit)

    def _pairs(self, statement: Select[Any]) -> list[tuple[int, StateRow]]:
        return [(row.person_id, _state(row)) for row in self._connection.execute(statement)]


_UNKNOWN: Final = StateRow(state=State.UNKNOWN)


def _silent(row: StateRow) -> bool:
    return row.state is State.UNKNOWN and row == _UNKNOWN


def _state(row: bulk.AnyRow) -> StateRow:
    return StateRow(
        state=State(row.state),
        since=row.since,
        last_no=row.last_no,
        grade=Grade(row.grade),
        basis=Basis(row.basis),
        hold=bool(row.hold),
        review=bool(row.review),
        sendable=bool(row.sendable),
        expires_at=row.expires_at,
        seq=row.seq,
        row=row.row,
    )
