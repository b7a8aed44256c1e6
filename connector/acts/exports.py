"""Every file with personal data that we write: recorded before its first byte, destroyed by a day.

A file leaves the mirror's protection; it gets an owner, a purpose, a hash and an end (consent-domain 2, T4).
The ledger's row is there before the file's content; what a crash cuts off is listed as cut off.
"""

import io
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from connector.acts.desk import Desk
from connector.consent.events import Event, EventType, Overlay
from connector.errors import ConfigurationError, Refused
from connector.report.discrepancies import Kind as DiscrepancyKind
from connector.report.findings import Sighting, without_person
from connector.store.exports import Export, NewExport
from connector.store.work import Work
from mappings.times import iso

BLOCK: Final = 1 << 20
MANIFEST: Final = ".manifest.json"


class FileKind(StrEnum):
    """What a file is."""

    GAPS = "gaps"
    AUDIENCE = "audience"
    REPORT = "report"
    RECEIPT = "receipt"
    ACCESS = "access"
    BUNDLE = "bundle"
    EVIDENCE = "evidence"
    QUARANTINE = "quarantine"
    RETENTION = "retention"
    INVENTORY = "inventory"
    PROCESSING = "processing"  # the record of processing and its sheets
    MAILED = "mailed"  # mails that left without consent
    STAFF = "staff"  # who can reach the register, by name


class Outcome(StrEnum):
    """How a file ended."""

    DESTROYED = "destroyed"
    REPLACED = "replaced"  # another file was written in its place
    FAILED = "failed"  # its writing failed, and it was taken away
    SETTLED = "settled"  # a person says that it is gone
    DESTROYING = "destroying"  # not ended: about to be deleted


class Standing(StrEnum):
    """How a file in the ledger stands on the disk."""

    WRITTEN = "written"  # as it was written
    MISSING = "missing"  # deleted or moved by somebody
    CHANGED = "changed"  # another content now: not the file that was recorded
    CUT_OFF = "cut_off"  # its writing never ended
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file to write. `by`: who has it written. `subject`: the reference of whom alone it is about.

    `fresh`: it must not exist yet. `manifest`: a second file beside it says what it is.
    """

    path: Path
    kind: FileKind
    by: str
    purpose: str = ""
    subject: str | None = None
    fresh: bool = False
    manifest: bool = False
    where: str | None = None  # the option that named the path, for errors


class Sink(io.RawIOBase):
    """The file while it is written: hashed as it passes. `count`: people or rows, for the ledger."""

    def __init__(self, handle: int) -> None:
        super().__init__()
        self._handle = handle
        self._hash = sha256()
        self.count = 0
        self.number = 0  # in the ledger

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any, /) -> int:
        """All of it."""
        view = memoryview(data).cast("B")
        done = 0
        while done < len(view):
            done += os.write(self._handle, view[done:])
        self._hash.update(view)
        return done

    def text(self, *, encoding: str = "utf-8-sig") -> io.TextIOWrapper:
        """For a CSV writer: Excel knows UTF-8 by its mark. Flush it before the file is left."""
        return io.TextIOWrapper(io.BufferedWriter(self, BLOCK), encoding, newline="", write_through=False)

    def done(self) -> str:
        """On the disk; its hash."""
        os.fsync(self._handle)
        return self._hash.hexdigest()


# --- writing ---------------------------------------------------------------------------------------------


@contextmanager
def written(desk: Desk, wanted: Wanted) -> Iterator[Sink]:
    """Write one file: 0600, recorded, with its manifest where one is wanted.

    A failure inside takes the file away again. Raises ConfigurationError where the file cannot be made. Never
    inside a transaction of the mirror's.
    """
    path = _absolute(wanted.path)
    handle = _made(path, wanted)
    try:
        number = _begin(desk, wanted, path)
        sink = Sink(handle)
        sink.number = number
        try:
            os.ftruncate(handle, 0)  # what stood there goes only once the ledger knows of the new content
            yield sink
            hashed = sink.done()
        except BaseException as error:
            _taken_back(desk, number, path, wanted.by)
            if isinstance(error, OSError):
                raise _cannot(error, wanted) from None
            raise
    finally:
        os.close(handle)
    _finish(desk, wanted, number, path, sink.count, hashed)


def write(desk: Desk, wanted: Wanted, data: bytes, *, count: int = 1) -> int:
    """The same for a file that is there as a whole; its number in the ledger."""
    with written(desk, wanted) as sink:
        sink.write(data)
        sink.count = count
    return sink.number


def can_be_made(wanted: Wanted) -> None:
    """Asked before a long work whose file must not fail at its end. Raises ConfigurationError."""
    path = _absolute(wanted.path)
    existed = path.exists()
    os.close(_made(path, wanted))
    if not existed:
        path.unlink()


def _absolute(path: Path) -> Path:
    """Where it is whatever the folder somebody stands in later; the last part is never followed."""
    return Path(os.path.realpath(path.parent)) / path.name


def _made(path: Path, wanted: Wanted) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_EXCL if wanted.fresh else 0)
    try:
        handle = os.open(path, flags | os.O_NONBLOCK, 0o600)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError(0, "it is no regular file")
        os.fchmod(handle, 0o600)
    except OSError as error:
        raise _cannot(error, wanted) from None
    return handle


def _cannot(error: OSError, wanted: Wanted) -> ConfigurationError:
    return ConfigurationError(
        f"The file cannot be written: {error.strerror}.",
        where=wanted.where or str(wanted.path),
        kind="file_not_written",
        next_step="Name a new file, in a folder that you may write to.",
    )


def _begin(desk: Desk, wanted: Wanted, path: Path) -> int:
    now = desk.clock.now()
    with desk.mirror.write(desk.portal) as work:
        person = work.people.by_ref(wanted.subject) if wanted.subject else None
        new = NewExport(
            kind=wanted.kind,
            purpose=wanted.purpose,
            made_by=wanted.by,
            made_at=now,
            destroy_by=now + desk.export_ms,
            path=str(path),
            person_id=None if person is None else person.id,
        )
        return work.exports.begin(new)


def _taken_back(desk: Desk, number: int, path: Path, by: str) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
    with desk.mirror.write(desk.portal) as work:
        work.exports.end(number, Outcome.FAILED, by, desk.clock.now())


def _finish(desk: Desk, wanted: Wanted, number: int, path: Path, count: int, hashed: str) -> None:
    now = desk.clock.now()
    with desk.mirror.write(desk.portal) as work:
        work.exports.finish(number, count, hashed)
        made = work.exports.get(number)
        for other in work.exports.standing():
            if other.id != number and other.path == str(path):
                work.exports.end(other.id, Outcome.REPLACED, wanted.by, now)
        work.log.append([_entry(desk, EventType.EXPORTED, made, wanted.by)] if made else [])
        told = _manifest(work, made, path) if made is not None and wanted.manifest else None
    if told is not None:
        _write_manifest(path, told, wanted)


def _entry(desk: Desk, kind: EventType, made: Export, by: str) -> tuple[int | None, Event]:
    """In the log of the person where it is about one; the hash is nobody's address, and goes with them."""
    detail: dict[str, str | int | bool | None] = {
        "export": made.id,
        "kind": made.kind,
        "count": made.count,
        "sha256": made.sha256,
        "destroy_by": made.destroy_by,
    }
    event = Event(type=kind, purpose=made.purpose, actor=by, source=desk.door, detail=detail)
    return made.person_id, event


def _manifest(work: Work, made: Export, path: Path) -> dict[str, Any]:
    head, signed = work.log.head(), work.checkpoints.last()
    return {
        "file": path.name,
        "kind": made.kind,
        "purpose": made.purpose,
        "export": made.id,
        "count": made.count,
        "sha256": made.sha256,
        "made_at": iso(made.made_at),
        "made_by": made.made_by,
        "destroy_by": iso(made.destroy_by),
        "log": {"entries": head.size, "root": head.root},
        "checkpoint": None if signed is None else {"entries": signed.size, "root": signed.root},
    }


def _write_manifest(path: Path, told: dict[str, Any], wanted: Wanted) -> None:
    """Says what the file is; names nobody."""
    beside = manifest_of(path)
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise _cannot(error, wanted) from None


def manifest_of(path: Path) -> Path:
    """The manifest's place beside a file."""
    return path.with_name(path.name + MANIFEST)


# --- looking ---------------------------------------------------------------------------------------------


def standing_of(each: Export) -> Standing:
    """Is the file on the disk the one that was written?"""
    if each.path is None:
        return Standing.GONE
    if each.sha256 is None:
        return Standing.CUT_OFF if os.path.lexists(each.path) else Standing.MISSING
    try:
        handle = _opened(Path(each.path))
    except FileNotFoundError:
        return Standing.MISSING
    except OSError:
        return Standing.CHANGED
    with os.fdopen(handle, "rb") as file:
        return Standing.WRITTEN if _hashed(file) == each.sha256 else Standing.CHANGED


def _opened(path: Path) -> int:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "it is no regular file")
    return handle


def _hashed(file: io.BufferedReader) -> str:
    made = sha256()
    while block := file.read(BLOCK):
        made.update(block)
    return made.hexdigest()


def listed(desk: Desk, *, overdue: bool = False) -> list[Export]:
    """The ledger; `overdue`: files that stand and should be gone, the latest day last."""
    with desk.mirror.read(desk.portal) as work:
        return work.exports.standing(desk.clock.now()) if overdue else work.exports.every()


def document(each: Export, now: int) -> dict[str, Any]:
    """One file in `exports --json`."""
    return {
        "id": each.id,
        "kind": each.kind,
        "purpose": each.purpose or None,
        "made_by": each.made_by,
        "made_at": iso(each.made_at),
        "count": each.count,
        "sha256": each.sha256,
        "subject": each.subject_ref,
        "path": each.path,
        "destroy_by": iso(each.destroy_by),
        "overdue": each.ended_at is None and each.destroy_by <= now,
        "standing": standing_of(each),
        "ended_at": iso(each.ended_at),
        "outcome": each.outcome if each.ended_at is not None else None,
        "ended_by": each.ended_by,
    }


def for_the_report(desk: Desk) -> tuple[Sighting, ...]:
    """Files that should be gone (a discrepancy of the nightly report)."""
    late = listed(desk, overdue=True)
    return tuple(
        without_person(DiscrepancyKind.EXPORT_OVERDUE, each.destroy_by, str(each.id)) for each in late
    )


# --- handing out -----------------------------------------------------------------------------------------


def fetch(desk: Desk, number: int, user: str, folder: Path) -> tuple[Export, io.BufferedReader]:
    """One file of a folder, opened for a user who takes a copy: an entry in the log before a byte is read.

    Raises Refused where there is none of that number in the folder, it is not the one that was written, its
    day is over, or it is about somebody who was erased since.
    """
    with desk.mirror.read(desk.portal) as work:
        each = work.exports.get(number)
        about = None if each is None or each.person_id is None else work.people.by_ids([each.person_id])
    if each is None or each.path is None or not is_in(each, folder) or each.destroy_by <= desk.clock.now():
        raise no_file()
    if about is not None and any(person.overlay is Overlay.ERASED for person in about.values()):
        raise no_file()
    try:
        file = os.fdopen(_opened(Path(each.path)), "rb")
    except OSError:
        raise no_file() from None
    if _hashed(file) != each.sha256:
        file.close()
        raise no_file()
    file.seek(0)
    _note_copy(desk, each, user)
    return each, file


def is_in(each: Export, folder: Path) -> bool:
    """The file lies in that folder itself."""
    return each.path is not None and Path(each.path).parent == Path(os.path.realpath(folder))


def _note_copy(desk: Desk, each: Export, user: str) -> None:
    detail: dict[str, str | int | bool | None] = {"command": "download", "export": each.id, "kind": each.kind}
    event = Event(type=EventType.ACCESSED, actor=f"staff:{user}", source=desk.door, detail=detail)
    with desk.mirror.write(desk.portal) as work:
        work.log.append([(each.person_id, event)])


def manifest(desk: Desk, number: int) -> dict[str, Any]:
    """What a file is, as the file beside it says; nobody is named. Raises Refused where there is none."""
    with desk.mirror.read(desk.portal) as work:
        each = work.exports.get(number)
        if each is None or each.path is None or each.sha256 is None:
            raise no_file()
        return _manifest(work, each, Path(each.path))


def no_file() -> Refused:
    """The answer about a file that is none of this portal's, or that nobody may take."""
    return Refused(
        "There is no file with this number.",
        where="ID",
        kind="no_such_file",
        next_step="See `consent-mirror exports list`.",
    )


# --- destroying ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What became of one file."""

    id: int
    done: bool
    standing: Standing
    path: str | None

    def document(self) -> dict[str, Any]:
        """One entry of `exports destroy --json`."""
        return {"id": self.id, "destroyed": self.done, "standing": self.standing, "path": self.path}


def destroy(desk: Desk, number: int, by: str, *, gone: bool = False) -> Destroyed:
    """Delete one file if it is the one that was recorded. Raises Refused where there is none of that number.

    `gone`: a person says that a file which is missing, changed or cut off is dealt with; nothing is deleted.
    """
    with desk.mirror.read(desk.portal) as work:
        each = work.exports.get(number)
    if each is None:
        raise Refused(
            "There is no file with this number.",
            where="ID",
            kind="no_such_file",
            next_step="See `consent-mirror exports list`.",
        )
    return _destroy(desk, each, by, gone=gone)


def destroy_overdue(desk: Desk, by: str) -> list[Destroyed]:
    """The same for each that should be gone."""
    return [_destroy(desk, each, by, gone=False) for each in listed(desk, overdue=True)]


def _destroy(desk: Desk, each: Export, by: str, *, gone: bool) -> Destroyed:
    if each.ended_at is not None:
        return Destroyed(each.id, done=True, standing=Standing.GONE, path=None)
    found = standing_of(each)
    if found is Standing.WRITTEN and each.path is not None:
        with desk.mirror.write(desk.portal) as work:
            work.exports.mark(each.id, Outcome.DESTROYING)
        found = Standing.GONE if _deleted(Path(each.path), each.sha256) else Standing.CHANGED
    elif found is Standing.MISSING and each.outcome == Outcome.DESTROYING:
        found = Standing.GONE  # it was deleted, and we were cut off before it was written down
    if found is Standing.GONE or gone:
        outcome = Outcome.DESTROYED if found is Standing.GONE else Outcome.SETTLED
        with desk.mirror.write(desk.portal) as work:
            work.exports.end(each.id, outcome, by, desk.clock.now())
            work.log.append([_entry(desk, EventType.EXPORT_DESTROYED, each, by)])
        return Destroyed(each.id, done=True, standing=found, path=each.path)
    return Destroyed(each.id, done=False, standing=found, path=each.path)


def _deleted(path: Path, wanted: str | None) -> bool:
    """Hashed and deleted by the same name: what was put there in between is not ours to delete."""
    try:
        handle = _opened(path)
    except OSError:
        return False
    with os.fdopen(handle, "rb") as file:
        if _hashed(file) != wanted:
            return False
        before, now = os.fstat(file.fileno()), path.lstat()
        if (before.st_dev, before.st_ino) != (now.st_dev, now.st_ino):
            return False
        path.unlink()
    _forget_manifest(path, wanted)
    return True


def _forget_manifest(path: Path, wanted: str | None) -> None:
    """The manifest goes with its file, where it is about that file."""
    beside = manifest_of(path)
    with suppress(OSError, ValueError, AttributeError):
        if json.loads(beside.read_text("utf-8")).get("sha256") == wanted:
            beside.unlink()
