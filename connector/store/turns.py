"""Who writes first to a SQLite database: what a person is waiting for, before bulk work (design 4.2).

SQLite has one writer and no queue: whoever asks at the right moment gets in, and a backfill that writes page
after page asks all the time. So a writer that a person waits for holds a shared lock on a file beside the
database while it waits and writes, and every other one looks at that file first and gives way, for a while.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_SUFFIX: Final = ".turn"
#: How long bulk work gives way before each of its transactions: many noes in a row must not stop it for good.
GIVE_WAY_S: Final = 0.5
LOOK_S: Final = 0.002


class Turns:
    """The file beside one database; None on PostgreSQL, whose rows queue by themselves."""

    def __init__(self, database: Path | None) -> None:
        self._path = None if database is None else Path(f"{database}{_SUFFIX}")
        self._line = threading.Lock()  # of this process: SQLite's own waiting is by naps that grow

    @contextmanager
    def first(self) -> Iterator[None]:
        """Others give way for as long as this lasts."""
        if self._path is None:
            yield
            return
        held = self._open()
        try:
            fcntl.flock(held, fcntl.LOCK_SH)
            with self._line:
                yield
        finally:
            os.close(held)

    def give_way(self) -> None:
        """Wait until nobody is first, at most GIVE_WAY_S."""
        if self._path is None:
            return
        held, still = self._open(), threading.Event()
        try:
            for _ in range(round(GIVE_WAY_S / LOOK_S)):
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    still.wait(LOOK_S)
                else:
                    return
        finally:
            os.close(held)

    def _open(self) -> int:
        assert self._path is not None  # noqa: S101 - asked by both callers
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
