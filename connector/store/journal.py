"""The journal beside the keys: noes and erasures that a restored database does not know (design 3).

Two files, both durable before a no or an erasure is acknowledged. `<database>.journal` holds noes and which
proofs of ended consents were destroyed, sealed, and refs of erased people; the lines of a person go when that
person is erased. `<database>.suppressions` holds the suppression list in sorted order, so that neither date
nor order joins an entry to a person.
"""

import fcntl
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from connector.clock import Chance
from connector.errors import DatabaseUnavailable
from connector.proof.seal import NONCE_BYTES, Cipher, SealBroken, derive, seal, unseal
from connector.store.packing import JOURNAL

NO: Final = "no"
ERASED: Final = "erased"
PROOFS: Final = "proofs"
_FIELDS: Final = 4

#: portal, hash (hex), kind, scope, key id, month, review month: a row of the suppression list.
Kept: TypeAlias = tuple[int, str, str, str, int, str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `data` of a no and of destroyed proofs is what the store wrote; of an erasure it is empty."""

    kind: str
    portal: int
    ref: str  # subject_ref, 32 hex digits
    data: bytes = b""


class Journal:
    """The two files of one mirror. Raises DatabaseUnavailable when they cannot be written."""

    def __init__(self, path: Path, master: bytes, chance: Chance) -> None:
        self.path = path
        self.suppressions_path = path.with_suffix(".suppressions")
        self._cipher = Cipher(derive(master, "journal/v1"))
        self._chance = chance

    def append(self, lines: Sequence[Line], *, durable: bool = True) -> None:
        """Add lines; `durable`: on the disk when this returns. What HubSpot holds too need not be."""
        if not lines:
            return
        text = "".join(self._spelled(line) for line in lines)
        with self._locked(), _translated(self.path):
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                _write(handle, ("" if _ends_whole(handle) else "\n") + text)
                if durable:
                    os.fsync(handle)
            finally:
                os.close(handle)

    def erase(self, portal: int, refs: Iterable[str]) -> None:
        """These people are erased: their lines go, and their refs are kept instead. Twice is once."""
        gone = {(str(portal), ref) for ref in refs}
        with self._locked():
            kept = [each for each in self._raw() if tuple(each.split()[1:3]) not in gone]
            told = [self._spelled(Line(ERASED, portal, ref)) for _, ref in sorted(gone)]
            _replace(self.path, [*kept, *told])

    def lines(self) -> Iterator[Line]:
        """Every line in order. One that a crash cut short, or that somebody edited, is passed over."""
        for each in self._raw():
            kind, portal, ref, sealed = each.split()
            try:
                data = JOURNAL.unpack(unseal(self._cipher, b64decode(sealed), _place(kind, int(portal), ref)))
            except (SealBroken, ValueError):
                continue
            yield Line(kind, int(portal), ref, data)

    def suppress(self, row: Kept) -> None:
        """Add a row to the list's copy."""
        with self._locked():
            _replace(self.suppressions_path, sorted({*_texts(self.suppressions_path), _kept(row)}))

    def lift(self, portal: int, hashes: Iterable[str], kind: str) -> None:
        """Take rows off again: a new sign-up of the person lifts a suppression (row 35)."""
        gone = {(str(portal), each, kind) for each in hashes}
        with self._locked():
            left = [each for each in _texts(self.suppressions_path) if tuple(each.split()[:3]) not in gone]
            _replace(self.suppressions_path, left)

    def suppressions(self) -> list[Kept]:
        """The list's copy."""
        found = []
        for text in _texts(self.suppressions_path):
            portal, hashed, kind, scope, kid, month, review = text.split()
            found.append((int(portal), hashed, kind, scope, int(kid), month, review))
        return found

    def copy_to(self, other: "Journal") -> None:
        """The two files under another mirror's name; what stands there stays too."""
        if other.path == self.path:
            return
        with self._locked(), other._locked():
            _replace(other.path, dict.fromkeys([*_texts(other.path), *_texts(self.path)]))
            listed = {*_texts(other.suppressions_path), *_texts(self.suppressions_path)}
            _replace(other.suppressions_path, sorted(listed))

    def _raw(self) -> list[str]:
        return [each for each in _texts(self.path) if len(each.split()) == _FIELDS]

    def _spelled(self, line: Line) -> str:
        nonce = self._chance.bytes(NONCE_BYTES)
        sealed = seal(self._cipher, nonce, JOURNAL.pack(line.data), _place(line.kind, line.portal, line.ref))
        return f"{line.kind} {line.portal} {line.ref} {b64encode(sealed).decode()}\n"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time rewrites; the kernel gives the lock back when it dies."""
        with _translated(self.path):
            handle = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _place(kind: str, portal: int, ref: str) -> bytes:
    """What a seal is bound to: a line that somebody moved to another person does not open."""
    return f"journal|{kind}|{portal}|{ref}".encode()


def _kept(row: Kept) -> str:
    return " ".join(map(str, row)) + "\n"


def _texts(path: Path) -> list[str]:
    """The whole lines of a file; none where there is no file."""
    if not path.exists():
        return []
    with _translated(path):
        lines = path.read_text("ascii").splitlines(keepends=True)
    return [each for each in lines if each.endswith("\n") and each.strip()]


def _ends_whole(handle: int) -> bool:
    """The last append was not cut short."""
    size = os.fstat(handle).st_size
    return size == 0 or os.pread(handle, 1, size - 1) == b"\n"


def _write(handle: int, text: str) -> None:
    left = memoryview(text.encode("ascii"))
    while left:
        left = left[os.write(handle, left) :]


def _replace(path: Path, lines: Iterable[str]) -> None:
    """The whole file anew, in one step that a crash cannot cut."""
    made = path.with_name(f"{path.name}.new")
    with _translated(path):
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _write(handle, "".join(lines))
            os.fsync(handle)
        finally:
            os.close(handle)
        made.replace(path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """A rename is on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"The journal cannot be written: {error.strerror}. Nothing was recorded.",
        where=str(path),
        next_step="Make room, or let us write to the folder of the keys; then run this again.",
    )
