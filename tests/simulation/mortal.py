"""The end of a process at any moment, and a database that fails: around every commit, around every call.

A dead process runs nothing any more. What its clean-up would still write or send meets the same death; what
it had committed is on the disk, what it had not is gone.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine

from connector.store.engine import Database, translated


class Killed(BaseException):
    """The process is gone."""


class Death:
    """Comes at the `at`-th moment that is counted; afterwards every moment finds the process dead."""

    def __init__(self) -> None:
        self.at = 0  # 0: never
        self.seen = 0
        self.dead = False
        self.kinds: Counter[str] = Counter()
        self.trace: list[str] = []

    def moment(self, what: str) -> None:
        self.seen += 1
        self.kinds[what] += 1
        self.trace.append(what)
        if self.dead or (self.at and self.seen >= self.at):
            self.dead = True
            raise Killed

    def expect(self, moments: int) -> None:
        """Die after so many more moments; 0: live on."""
        self.at = self.seen + moments if moments else 0
        self.dead = False
        self.trace.clear()


class Disk:
    """Errors of SQLite that are due: "busy" when a transaction begins, "full" when it commits."""

    def __init__(self) -> None:
        self.due: dict[str, int] = {}
        self.fired: Counter[str] = Counter()

    def fails(self, kind: str) -> bool:
        if self.due.get(kind, 0) <= 0:
            return False
        self.due[kind] -= 1
        self.fired[kind] += 1
        return True


def _error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("made up")
    error.sqlite_errorcode = code
    return error


@contextmanager
def mortal(death: Death, disk: Disk) -> Iterator[None]:
    """While this lasts every database of this process counts moments and may fail."""
    honest: Callable[..., Any] = Database.begin

    @contextmanager
    def begin(self: Database, engine: Engine) -> Iterator[Connection]:
        writes = engine is self.writer
        if death.dead:
            raise Killed
        if writes and disk.fails("busy"):
            with translated(self.place):
                raise _error(sqlite3.SQLITE_BUSY)
        with honest(self, engine) as connection:
            yield connection
            if writes:
                if disk.fails("full"):
                    raise _error(sqlite3.SQLITE_FULL)
                death.moment("before commit")
        if writes:
            death.moment("after commit")

    Database.begin = begin  # type: ignore[method-assign]
    try:
        yield
    finally:
        Database.begin = honest  # type: ignore[method-assign]
