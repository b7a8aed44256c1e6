"""Looks that the log could not take: kept beside the journal until it can (a locked or full database).

One short line a look: subject_ref, who, by which door, what, when and a random number. Nothing in it names
the person, and it goes into the log with the next look or turn.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.errors import DatabaseUnavailable

_FIELDS: Final = 6


@dataclass(frozen=True, slots=True)
class LateLook:
    """One look. `once`: its own number, or what makes a repeat the same look; `at`: ms UTC."""

    ref: str
    user: str
    door: str
    kind: str
    at: int
    once: str


class LateLooks:
    """The file of one portal. Raises DatabaseUnavailable when it cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, look: LateLook) -> None:
        """Add one; it is on the disk when this returns. Raises ValueError for a blank in a field."""
        fields = (look.ref, look.user, look.door, look.kind, str(look.at), look.once)
        if any(not each or len(each.split()) != 1 for each in fields):
            raise ValueError("a field of a look is one word")
        with self._opened(os.O_CREAT | os.O_RDWR | os.O_APPEND) as handle:
            size = os.fstat(handle).st_size
            whole = size == 0 or os.pread(handle, 1, size - 1) == b"\n"
            os.write(handle, (("" if whole else "\n") + " ".join(fields) + "\n").encode())
            os.fsync(handle)

    @contextmanager
    def taken(self) -> Iterator[list[LateLook]]:
        """Those that wait, kept from everybody else until the block ends; gone after a clean exit."""
        if not self.path.exists():
            yield []
            return
        with self._opened(os.O_RDWR) as handle:
            text = os.pread(handle, os.fstat(handle).st_size, 0).decode("utf-8", "replace")
            yield [look for line in text.splitlines() if (look := _read(line)) is not None]
            os.ftruncate(handle, 0)
            os.fsync(handle)

    @contextmanager
    def _opened(self, flags: int) -> Iterator[int]:
        try:
            handle = os.open(self.path, flags | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(self.path, error) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        except OSError as error:
            raise _unwritable(self.path, error) from None
        finally:
            os.close(handle)


def _read(line: str) -> LateLook | None:
    """A line back; None where a crash cut it short."""
    fields = line.split()
    if len(fields) != _FIELDS or not fields[4].isdigit():
        return None
    ref, user, door, kind, at, once = fields
    return LateLook(ref, user, door, kind, int(at), once)


def _unwritable(path: Path, error: OSError) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"Neither the log nor the file beside it takes the note of who looks: {error.strerror}.",
        where=str(path),
        next_step="Make room, or let us write to the folder of the keys; then run this again.",
    )
