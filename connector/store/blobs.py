"""Wordings, notices and form definitions by SHA-256: no personal data, never deleted."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sqlalchemy import func, select

from connector.consent.events import EventType
from connector.store import bulk
from connector.store.payloads import DESTROYED
from connector.store.refs import raw
from connector.store.scope import NOBODY, Scope
from connector.store.tables import blob, blob_use, entry, payload


@dataclass(frozen=True, slots=True)
class BlobUse:
    """Where and when a blob was seen in force: `place` such as form:<id>, times in ms UTC."""

    hash: str
    place: str
    first_seen: int
    last_seen: int


@dataclass(frozen=True, slots=True)
class Blob:
    """Canonical bytes (UTF-8, NFC, LF for texts) and their hash (hex)."""

    hash: str
    kind: str  # wording, notice, form
    language: str | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Given:
    """A yes that stands on a wording: its entry, whose, to what."""

    seq: int
    person_id: int
    purpose: str


_YESES: Final = (EventType.GRANT, EventType.CONFIRM, EventType.SOFT_OPTIN)
_USE_COLUMNS: Final = ("portal", "hash", "place", "first_seen", "last_seen")


class Blobs:
    """The blobs, shared by all portals; their uses belong to one."""

    def __init__(self, scope: Scope) -> None:
        self._portal = scope.portal
        self._connection = scope.connection

    def put(self, kind: str, data: bytes, language: str | None = None) -> str:
        """Store once; the hash. Bytes that are there keep the kind and language they came with first."""
        hashed = sha256(data).digest()
        if not self.get([hashed.hex()]):
            row = (hashed, kind, language, data)  # another portal may be writing the same text now
            columns = ("hash", "kind", "language", "data")
            bulk.upsert(self._connection, blob, columns, [row], keep=("kind", "language"))
        return hashed.hex()

    def get(self, hashes: Iterable[str]) -> dict[str, Blob]:
        """Those that exist; the caller that must be sure compares the hash with the bytes."""
        rows = bulk.select_in(self._connection, select(blob), blob.c.hash, map(raw, hashes))
        return {row.hash.hex(): Blob(row.hash.hex(), row.kind, row.language, row.data) for row in rows}

    def used(self, blob_hash: str, place: str, at: int) -> None:
        """It was in force here at this time: widens the period."""
        known = {(use.hash, use.place): use for use in self.uses()}.get((blob_hash, place))
        first = min(at, known.first_seen) if known else at
        last = max(at, known.last_seen) if known else at
        bulk.upsert(
            self._connection, blob_use, _USE_COLUMNS, [(self._portal, raw(blob_hash), place, first, last)]
        )

    def uses(self, kind: str | None = None) -> list[BlobUse]:
        """Every place and period, earliest first."""
        statement = select(blob_use).where(blob_use.c.portal == self._portal)
        if kind is not None:
            statement = statement.join(blob, blob.c.hash == blob_use.c.hash).where(blob.c.kind == kind)
        ordered = statement.order_by(blob_use.c.first_seen, blob_use.c.place)
        return [
            BlobUse(row.hash.hex(), row.place, row.first_seen, row.last_seen)
            for row in self._connection.execute(ordered)
        ]

    def given(self, wording: str, after: int, limit: int) -> list[Given]:
        """The yeses on a wording after an entry, in the log's order; those that are erased are left out."""
        same = (payload.c.portal == entry.c.portal) & (payload.c.seq == entry.c.seq)
        statement = (
            select(entry.c.seq, payload.c.person_id, entry.c.purpose)
            .join(payload, same)
            .where(entry.c.portal == self._portal, entry.c.seq > after, entry.c.wording == raw(wording))
            .where(entry.c.type.in_(_YESES), payload.c.person_id != NOBODY, payload.c.sealed != DESTROYED)
            .order_by(entry.c.seq)
            .limit(limit)
        )
        return [Given(*row) for row in self._connection.execute(statement)]

    def people(self) -> dict[str, int]:
        """Blob hash -> how many people's entries name it, as wording or as notice."""
        found: dict[str, int] = {}
        for column in (entry.c.wording, entry.c.notice):
            counted = (
                select(column, func.count(entry.c.ref.distinct()))
                .where(entry.c.portal == self._portal, column.is_not(None))
                .group_by(column)
            )
            for hashed, count in self._connection.execute(counted):
                found[hashed.hex()] = found.get(hashed.hex(), 0) + count
        return found
