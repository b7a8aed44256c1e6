"""Where the rows of an import wait: a file of its own, sealed, outside the mirror until all of it is known.

Staging a million rows takes minutes; the mirror's one writer is not held for that. What a row says is sealed
under the portal's key, addresses are there as keyed references only, and the file goes when the import ends.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from connector.clock import Chance
from connector.proof import canon
from connector.proof.seal import NONCE_BYTES, Vault, seal, unseal

_SCHEMA: Final = """
CREATE TABLE fact (
  number INTEGER PRIMARY KEY, line INTEGER NOT NULL, content BLOB NOT NULL UNIQUE, ref BLOB NOT NULL,
  purpose TEXT NOT NULL, marketing INTEGER NOT NULL, type TEXT NOT NULL, is_no INTEGER NOT NULL,
  known INTEGER NOT NULL, evidence BLOB, sealed BLOB NOT NULL
) STRICT;
CREATE INDEX no_of ON fact (ref) WHERE is_no = 1;
CREATE INDEX proof_of ON fact (evidence) WHERE evidence IS NOT NULL;
CREATE TABLE rejected (line INTEGER NOT NULL, problem TEXT NOT NULL, PRIMARY KEY (line, problem))
  STRICT, WITHOUT ROWID;
"""
_ADD: Final = "INSERT OR IGNORE INTO fact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_OVERRULED: Final = """
SELECT number, line FROM fact AS yes WHERE is_no = 0 AND EXISTS (
  SELECT 1 FROM fact AS no WHERE no.ref = yes.ref AND no.is_no = 1
  AND (no.purpose = yes.purpose OR (no.purpose = '*' AND yes.marketing = 1)))
"""
_SHARED_PROOF: Final = """
SELECT number, line FROM fact WHERE evidence IN (
  SELECT evidence FROM fact WHERE evidence IS NOT NULL GROUP BY evidence HAVING count(DISTINCT ref) > 1)
"""
OVERRULED: Final = "another row says no for this address; the no is taken"
SHARED_PROOF: Final = "the same evidence stands for several addresses"


class SpoolDamaged(Exception):
    """The file of an import cannot be read as it was written: cut short, edited, or no spool at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One statement on its way into the mirror. `content` tells repeats apart; `plain` is sealed."""

    line: int
    content: bytes
    ref: bytes
    purpose: str
    marketing: bool
    type: str
    is_no: bool
    known: bool
    evidence: bytes | None
    plain: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    """Facts of one kind: how many, and the rows of the first few."""

    type: str
    purpose: str
    known: bool
    count: int
    lines: tuple[int, ...]


class Spool:
    """The facts of one import, in the order of the file. `name` ties what is sealed to this import."""

    def __init__(
        self, connection: sqlite3.Connection, path: Path, name: str, vault: Vault, chance: Chance
    ) -> None:
        self._connection = connection
        self.path = path
        self._name = name
        self._vault = vault
        self._chance = chance
        self._last = connection.execute("SELECT coalesce(max(number), 0) FROM fact").fetchone()[0]

    @classmethod
    def create(cls, path: Path, name: str, vault: Vault, chance: Chance) -> "Spool":
        """A new, empty one in place of whatever was there; only its owner can read it."""
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.unlink(missing_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        connection = _connected(path)
        connection.executescript(_SCHEMA)
        return cls(connection, path, name, vault, chance)

    @classmethod
    def open(cls, path: Path, name: str, vault: Vault, chance: Chance) -> "Spool":
        """One that was finished. Raises SpoolDamaged."""
        with _damage_told():
            return cls(_connected(path), path, name, vault, chance)

    def add(self, facts: Sequence[Fact]) -> int:
        """Stage facts; how many of them were there already."""
        rows = list(self._rows(facts))
        before = self._connection.total_changes
        self._connection.executemany(_ADD, rows)
        return len(rows) - (self._connection.total_changes - before)

    def reject(self, problems: Iterable[tuple[int, str]]) -> None:
        """(row, problem): the row, or a part of it, waits for a person."""
        self._connection.executemany("INSERT OR IGNORE INTO rejected VALUES (?, ?)", problems)

    def settle(self) -> None:
        """Within the file a no beats every yes, and one artefact proves one person's act."""
        for query, problem in ((_OVERRULED, OVERRULED), (_SHARED_PROOF, SHARED_PROOF)):
            run = self._connection.execute
            run("CREATE TEMP TABLE gone AS " + query)
            run("INSERT OR IGNORE INTO rejected SELECT line, ? FROM gone", (problem,))
            run("DELETE FROM fact WHERE number IN (SELECT number FROM gone)")
            run("DROP TABLE gone")

    def keep(self, path: Path) -> None:
        """Make it last under its final name: from here on a crash loses nothing of it."""
        self._connection.commit()
        self._connection.close()
        _sync(self.path)
        self.path.replace(path)
        _sync(path.parent)
        self.path = path
        self._connection = _connected(path)

    def facts(self, after: int, limit: int) -> list[tuple[int, int, dict[str, Any]]]:
        """(number, row, what was sealed) of the next facts. Raises SpoolDamaged."""
        query = "SELECT number, line, sealed FROM fact WHERE number > ? ORDER BY number LIMIT ?"
        with _damage_told():
            return [
                (number, line, canon.decode(unseal(self._vault.own, sealed, self._place(number))))
                for number, line, sealed in self._connection.execute(query, (after, limit))
            ]

    def must_hold(self, facts: int) -> None:
        """Raises SpoolDamaged where not all of them are there: none of them is passed over in silence."""
        with _damage_told():
            if self.count("fact") != facts:
                raise SpoolDamaged

    def rejected(self, limit: int = -1) -> Iterator[tuple[int, str]]:
        """(row, problem) in the order of the file."""
        query = "SELECT line, problem FROM rejected ORDER BY line, problem LIMIT ?"
        yield from self._connection.execute(query, (limit,))

    def count(self, table: str) -> int:
        """How many facts, or rejected lines."""
        query = {"fact": "SELECT count(*) FROM fact", "rejected": "SELECT count(*) FROM rejected"}[table]
        return int(self._connection.execute(query).fetchone()[0])

    def strangers(self) -> int:
        """Addresses that the mirror does not know yet."""
        query = "SELECT count(DISTINCT ref) FROM fact WHERE known = 0"
        return int(self._connection.execute(query).fetchone()[0])

    def groups(self, samples: int = 5) -> list[Group]:
        """What waits, by kind."""
        query = "SELECT type, purpose, known, count(*) FROM fact GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        lines = "SELECT line FROM fact WHERE type = ? AND purpose = ? AND known = ? ORDER BY number LIMIT ?"
        run = self._connection.execute
        return [
            Group(
                kind,
                purpose,
                bool(known),
                count,
                tuple(r[0] for r in run(lines, (kind, purpose, known, samples))),
            )
            for kind, purpose, known, count in run(query).fetchall()
        ]

    def problems(self, samples: int = 5) -> list[tuple[str, int, tuple[int, ...]]]:
        """What waits for a person: problem, how often, the first rows."""
        run = self._connection.execute
        lines = "SELECT line FROM rejected WHERE problem = ? ORDER BY line LIMIT ?"
        return [
            (problem, count, tuple(r[0] for r in run(lines, (problem, samples))))
            for problem, count in run(
                "SELECT problem, count(*) FROM rejected GROUP BY 1 ORDER BY 2 DESC, 1"
            ).fetchall()
        ]

    def close(self, *, remove: bool) -> None:
        """Let go of the file, and remove it where it is of no more use."""
        self._connection.close()
        if remove:
            self.path.unlink(missing_ok=True)

    def _rows(self, facts: Sequence[Fact]) -> Iterator[tuple[Any, ...]]:
        nonces = self._chance.bytes(NONCE_BYTES * len(facts))
        for place, fact in enumerate(facts):
            self._last += 1
            nonce = nonces[place * NONCE_BYTES : (place + 1) * NONCE_BYTES]
            sealed = seal(self._vault.own, nonce, canon.encode(fact.plain), self._place(self._last))
            yield (
                self._last, fact.line, fact.content, fact.ref, fact.purpose, int(fact.marketing), fact.type,
                int(fact.is_no), int(fact.known), fact.evidence, sealed,
            )  # fmt: skip

    def _place(self, number: int) -> bytes:
        return self._vault.place(b"import", f"{self._name}|{number}".encode())


@contextmanager
def _damage_told() -> Iterator[None]:
    """What SQLite and the seal say of a file that is not as it was written."""
    try:
        yield
    except (sqlite3.Error, ValueError) as error:  # SealBroken is a ValueError
        raise SpoolDamaged from error


def _connected(path: Path) -> sqlite3.Connection:
    """No journal, no waiting for the disk: an unfinished spool is thrown away, a finished one is synced."""
    connection = sqlite3.connect(path)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-8192", "temp_store=FILE"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
