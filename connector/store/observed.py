"""What HubSpot said last, per (address, subscription type); nothing is stored for silence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from connector.store import bulk
from connector.store.answered import Answered
from connector.store.codes import BASES, STATUSES
from connector.store.refs import raw
from connector.store.scope import Scope
from connector.store.tables import address, observed
from mappings.words import LegalBasis, Status

WIDE: Final = 0  # the subscription id under which an opt-out of everything is kept


@dataclass(frozen=True, slots=True)
class ObservedRow:
    """One standing status. `at` is HubSpot's time of it, None where it gave none."""

    ref: str  # address reference
    subscription: int  # WIDE for opted out of all
    status: Status | str
    at: int | None = None
    source: str | None = None
    basis: LegalBasis | str | None = None
    observation: str | None = None  # ties the reads of one standing fact together (Event.observation)
    first_seen: int = 0
    read_at: int = 0
    dated: bool = True  # False: seen only as a contact property, without HubSpot's own time


@dataclass(frozen=True, slots=True)
class ObservedCount:
    """How many addresses hold one status."""

    subscription: int
    status: str
    basis: str | None
    source: str | None
    count: int


#: A row as another one, with its own (reference, HubSpot's time, observation, our time of it).
ObservedLike = tuple[ObservedRow, str, int | None, str | None, int]

_COLUMNS: Final = tuple(column.name for column in observed.columns)

_ORDER: Final = (observed.c.ref, observed.c.subscription)
_BY_REF: Final = bulk.Lookup(
    select(*(observed.c[name] for name in _COLUMNS))
    .where(observed.c.portal == bulk.PORTAL)
    .order_by(*_ORDER),
    observed.c.ref,
)
_BY_PERSON: Final = bulk.Lookup(
    select(*(observed.c[name] for name in _COLUMNS), address.c.person_id)
    .join(address, address.c.ref == observed.c.ref)
    .where(observed.c.portal == bulk.PORTAL)
    .order_by(*_ORDER),
    address.c.person_id,
)


class Observed:
    """The statuses of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._portal = scope.portal
        self._connection = scope.connection
        self._answered = Answered(scope)

    def of(self, person_ids: Iterable[int]) -> dict[int, list[ObservedRow]]:
        """Per person, over all their addresses; people without a row are left out."""
        found: dict[int, list[ObservedRow]] = {}
        for row in _BY_PERSON.rows(self._connection, self._portal, person_ids):
            found.setdefault(row.person_id, []).append(_observed(row))
        return found

    def of_refs(self, refs: Iterable[str]) -> dict[str, list[ObservedRow]]:
        """Per address reference; those without a row are left out."""
        found: dict[str, list[ObservedRow]] = {}
        for row in _BY_REF.rows(self._connection, self._portal, map(raw, refs)):
            found.setdefault(row.ref.hex(), []).append(_observed(row))
        return found

    def put(self, rows: Sequence[ObservedRow]) -> None:
        """Insert or replace by (ref, subscription); `first_seen` of a known row is kept."""
        values = [
            (
                raw(row.ref),
                row.subscription,
                self._portal,
                STATUSES.code(row.status),
                row.at,
                row.source,
                BASES.code(row.basis) if row.basis is not None else None,
                row.observation,
                row.first_seen,
                row.read_at,
                int(row.dated),
            )
            for row in rows
        ]
        self._answered.forget_addresses(row.ref for row in rows)
        bulk.upsert(self._connection, observed, _COLUMNS, values, keep=("first_seen",), within="portal")

    def put_alike(self, rows: Sequence[ObservedLike]) -> None:
        """The same for many rows that differ from a pattern in a few values."""
        values = [
            (
                raw(ref),
                like.subscription,
                self._portal,
                STATUSES.code(like.status),
                at,
                like.source,
                BASES.code(like.basis) if like.basis is not None else None,
                observation,
                now,
                now,
                int(like.dated),
            )
            for like, ref, at, observation, now in rows
        ]
        self._answered.forget_addresses(row[1] for row in rows)
        bulk.fill(self._connection, observed, _COLUMNS, values, "ref", keep=("first_seen",), within="portal")

    def forget(self, keys: Iterable[tuple[str, int]]) -> None:
        """Remove rows by (ref, subscription)."""
        gone = list(keys)
        self._answered.forget_addresses(ref for ref, _ in gone)
        rows = [(raw(ref), subscription, self._portal) for ref, subscription in gone]
        bulk.delete(self._connection, observed, ("ref", "subscription", "portal"), rows)

    def counts(self) -> list[ObservedCount]:
        """By subscription, status, basis and source."""
        group = (observed.c.subscription, observed.c.status, observed.c.basis, observed.c.source)
        statement = select(*group, func.count()).where(observed.c.portal == self._portal).group_by(*group)
        return [
            ObservedCount(
                subscription,
                str(STATUSES.word(status)),
                str(BASES.word(basis)) if basis is not None else None,
                source,
                count,
            )
            for subscription, status, basis, source, count in self._connection.execute(statement)
        ]


def _observed(row: bulk.AnyRow) -> ObservedRow:
    return ObservedRow(
        ref=row.ref.hex(),
        subscription=row.subscription,
        status=STATUSES.word(row.status),
        at=row.at,
        source=row.source,
        basis=BASES.word(row.basis) if row.basis is not None else None,
        observation=row.observation,
        first_seen=row.first_seen,
        read_at=row.read_at,
        dated=bool(row.dated),
    )
