"""Who must never be brought back: keyed hashes, joined to nobody (consent-domain 7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, func, select

from connector.store import bulk
from connector.store.journal import Kept
from connector.store.scope import Scope
from connector.store.tables import suppression


class SuppressionKind(StrEnum):
    """Why an address is suppressed."""

    ERASED = "erased"
    OBJECTED = "objected"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """One entry as a screening shows it."""

    kind: SuppressionKind
    scope: str  # purpose or *


@dataclass(frozen=True, slots=True)
class SuppressionCount:
    """Entries of one kind, scope and month (2026-11)."""

    kind: SuppressionKind
    scope: str
    month: str
    review_month: str
    count: int


#: When an entry is looked at again (consent-domain 7): it stays, and somebody decides.
REVIEW_MONTHS: Final = 36
_ANY: Final = bulk.Spelled(
    select(select(suppression.c.kind).where(suppression.c.portal == bulk.PORTAL).exists())
)
_BY_HASH: Final = bulk.Lookup(
    select(suppression.c.hash, suppression.c.kind, suppression.c.scope).where(
        suppression.c.portal == bulk.PORTAL
    ),
    suppression.c.hash,
)
_COLUMNS: Final = ("portal", "hash", "kind", "scope", "kid", "month", "review_month")


class Suppression:
    """The suppression list of one portal. Entries are added by `Mirror.suppress` only."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = suppression.c.portal == scope.portal

    def screen(self, normalised: Iterable[str]) -> dict[str, tuple[Suppressed, ...]]:
        """Those of these addresses that are suppressed, under any key of the ring."""
        if not self._has_any():
            return {}
        hashes = self._scope.suppression.hashes
        asked = {hashed: each for each in set(normalised) for _, hashed in hashes(each)}
        found: dict[str, tuple[Suppressed, ...]] = {}
        for hashed, kind, scope in _BY_HASH.rows(self._connection, self._scope.portal, asked):
            each = asked[hashed]
            found[each] = (*found.get(each, ()), Suppressed(SuppressionKind(kind), scope))
        return found

    def _has_any(self) -> bool:
        """Before anybody is erased there is nothing to hash addresses for."""
        return bool(_ANY.rows(self._connection, portal=self._scope.portal)[0][0])

    def is_erased(self, normalised: str) -> bool:
        """An exact match of kind ERASED."""
        found = self.screen([normalised]).get(normalised, ())
        return any(each.kind is SuppressionKind.ERASED for each in found)

    def lift(self, normalised: str, kind: SuppressionKind) -> int:
        """Take entries off (the act logs who decided). How many there were."""
        hashes = [hashed for _, hashed in self._scope.suppression.hashes(normalised)]
        which = (self._mine, suppression.c.hash.in_(hashes), suppression.c.kind == kind)
        self._scope.lifted += [(hashed.hex(), str(kind)) for hashed in hashes]
        return int(self._connection.execute(delete(suppression).where(*which)).rowcount)

    def size(self) -> int:
        """How many entries."""
        statement = select(func.count()).select_from(suppression).where(self._mine)
        return int(self._connection.execute(statement).scalar_one())

    def counts(self) -> list[SuppressionCount]:
        """By kind, scope and month."""
        group = (
            suppression.c.kind,
            suppression.c.scope,
            suppression.c.month,
            suppression.c.review_month,
        )
        statement = select(*group, func.count()).where(self._mine).group_by(*group).order_by(*group)
        return [
            SuppressionCount(SuppressionKind(kind), scope, month, review, count)
            for kind, scope, month, review, count in self._connection.execute(statement)
        ]


def entry(scope: Scope, normalised: str, kind: SuppressionKind, covers: str) -> Kept | None:
    """One entry, by its month only; None when any key of the ring has it already."""
    known = Suppression(scope).screen([normalised]).get(normalised, ())
    if Suppressed(kind, covers) in known:
        return None
    number, hashed = scope.suppression.newest(normalised)
    day = datetime.fromtimestamp(scope.clock.now() / 1000, UTC)
    months = day.year * 12 + day.month - 1
    later = _month(months + REVIEW_MONTHS)
    return (scope.portal, hashed.hex(), str(kind), covers, number, _month(months), later)


def put(scope: Scope, entries: Iterable[Kept]) -> None:
    """Write entries, those of a restored list as well."""
    rows = [
        (portal, bytes.fromhex(hashed), kind, covers, number, month, later)
        for portal, hashed, kind, covers, number, month, later in entries
    ]
    bulk.upsert(scope.connection, suppression, _COLUMNS, rows)


def _month(months: int) -> str:
    return f"{months // 12:04d}-{months % 12 + 1:02d}"
