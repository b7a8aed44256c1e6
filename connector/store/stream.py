"""The whole log as `verify_log` takes it: every entry, a block at a time, as fast as the driver gives rows.

The driver's own tuples are read here, without SQLAlchemy's rows around them: a third of the time of a
verification would go into those. Blocks are small enough for the processor's cache.
"""

from collections.abc import Iterator
from typing import Any, Final

from connector.proof.chain import FIRST, SALT_BYTES, VERSION, Header, Opened, Record
from connector.proof.seal import unseal
from connector.store import bulk
from connector.store.packing import unpack
from connector.store.scope import Scope

_BLOCK: Final = 1_000
_COLUMNS: Final = (
    "e.seq, e.recorded_at, e.type, e.ref, e.purpose, e.basis, e.wording, e.notice, e.grade, "
    "e.commitment, e.hash"
)
_HEADERS: Final = f"SELECT {_COLUMNS} FROM entry e"  # noqa: S608 - our own names
_PAYLOADS: Final = (
    f"SELECT {_COLUMNS}, p.sealed, w.ref, w.key FROM entry e "  # noqa: S608 - our own names
    "LEFT JOIN payload p ON p.portal = e.portal AND p.seq = e.seq LEFT JOIN person w ON w.id = p.person_id"
)


def headers(scope: Scope) -> Iterator[Record]:
    """Every entry without its payload."""
    prev = FIRST
    for rows in _blocks(scope, _HEADERS):
        for row in rows:
            made = _header(row, prev)
            stored = row[10]
            prev = stored.hex()
            yield Record(made, stored)


def with_payloads(scope: Scope) -> Iterator[Record]:
    """Every entry with its payload: None where it is gone or was destroyed, empty where it does not open."""
    prev = FIRST
    for rows in _blocks(scope, _PAYLOADS):
        for row in rows:
            made = _header(row, prev)
            stored = row[10]
            prev = stored.hex()
            yield Record(made, stored, _opened(scope, row) if row[11] else None)


def _blocks(scope: Scope, select: str) -> Iterator[list[Any]]:
    mark = bulk.mark(scope.connection)
    statement = f"{select} WHERE e.portal = {mark} AND e.seq > {mark} ORDER BY e.seq LIMIT {_BLOCK}"
    last = 0
    while rows := _tuples(scope, statement, (scope.portal, last)):
        yield rows
        last = rows[-1][0]


def _tuples(scope: Scope, statement: str, values: tuple[int, int]) -> list[Any]:
    result = scope.connection.exec_driver_sql(statement, values)
    cursor: Any = result.cursor
    rows: list[Any] = cursor.fetchall()
    result.close()
    return rows


def _header(row: Any, prev: str) -> Header:
    """The header as it was written; whatever else a row says now, the verification sees it."""
    seq, recorded_at, kind, ref, purpose, basis, wording, notice, grade, commit = row[:10]
    return Header(
        basis,
        commit.hex(),
        f"E{grade}",
        notice if notice is None else notice.hex(),
        prev,
        purpose,
        recorded_at,
        seq,
        ref if ref is None else ref.hex(),
        kind,
        VERSION,
        wording if wording is None else wording.hex(),
    )


def _opened(scope: Scope, row: Any) -> Opened:
    sealed, owner, key = row[11:]
    vault = scope.vault
    try:
        cipher = vault.own if key is None else vault.key(owner, key)
        plain = unseal(cipher, sealed, vault.entry_place(row[3] or b"", row[0]))
        return Opened(plain[:SALT_BYTES], unpack(plain[SALT_BYTES:]))
    except ValueError:  # SealBroken is one
        return Opened(b"", b"")
