"""The machine loses power: what was not fsynced is gone. A recorded trace of writes, replayed to any moment.

`strace` records every write, fsync and truncation of a real process that appends to a real mirror. At each
acknowledgement (a line on its standard output) an image is built of only those bytes that were fsynced by
then, and opened: what was acknowledged has to be in it.
"""

import re
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

CALLS = "trace=pwrite64,write,fsync,fdatasync,ftruncate,unlink"
LINE = re.compile(r"^(?:\d+ +)?(?P<call>\w+)\((?P<rest>.*)\) += (?P<result>-?\d+)")
PLACE = re.compile(
    r'^\d+<(?P<path>[^>]*)>(?:, (?:"(?P<data>(?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?, \d+'
    r"(?:, (?P<at>\d+))?|(?P<size>\d+)))?"
)


@dataclass(slots=True)
class Disk:
    """Files as the process sees them, and as the platter has them."""

    seen: dict[str, bytearray] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)

    def apply(self, call: str, path: str, data: bytes, number: int) -> None:
        held = self.seen.setdefault(path, bytearray())
        if call == "pwrite64":
            if len(held) < number:
                held.extend(bytes(number - len(held)))
            held[number : number + len(data)] = data
        elif call == "ftruncate":
            del held[number:]
            held.extend(bytes(max(0, number - len(held))))
        elif call in {"fsync", "fdatasync"}:
            self.kept[path] = bytes(held)


def traced(command: list[str], trace: Path, cwd: Path) -> None:
    """Run a command and record its writes. RuntimeError where tracing is impossible."""
    wanted = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", CALLS, "-o", str(trace), *command]
    done = subprocess.run(wanted, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])


def replayed(trace: Path, folder: Path, database: str, begin: Path) -> tuple[int, int, int]:
    """Cuts tried, acknowledged entries that were lost, images that would not open."""
    disk = Disk()
    for path in begin.iterdir():
        disk.seen[path.name] = bytearray(path.read_bytes())
        disk.kept[path.name] = path.read_bytes()
    cuts = lost = broken = 0
    for line in trace.read_text("ascii").splitlines():
        found = LINE.match(line)
        place = PLACE.match(found["rest"]) if found else None
        if found is None or place is None:
            continue
        path = _plain(place["path"]).decode() if "\\x" in place["path"] else place["path"]
        data = _plain(place["data"] or "")
        if found["call"] == "write" and (said := data.strip()).isdigit() and "pipe" in path:
            cuts += 1
            size = _opened(disk, folder, database)
            broken += size is None
            lost += max(0, int(said) - (size or 0))
        elif Path(path).name.startswith(database):
            disk.apply(found["call"], Path(path).name, data, int(place["at"] or place["size"] or 0))
    return cuts, lost, broken


def _plain(text: str) -> bytes:
    """What strace wrote as \\x.. for each byte."""
    return bytes.fromhex(text.replace("\\x", ""))


def _opened(disk: Disk, folder: Path, database: str) -> int | None:
    """Entries in the image; None where it does not open."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in disk.kept.items():
        if name in {database, f"{database}-wal"}:
            (folder / name).write_bytes(data)
    try:
        with sqlite3.connect(folder / database) as connection:
            whole = connection.execute("PRAGMA quick_check").fetchone()[0] == "ok"
            size = connection.execute("SELECT max(seq) FROM entry").fetchone()[0]
        connection.close()
    except sqlite3.Error:
        return None
    return int(size or 0) if whole else None


def appending(url: str, count: int) -> list[str]:
    """The process that is recorded: it prints each number after its commit."""
    return [sys.executable, "-m", "tests.store.child", "append", url, "cut", str(count)]
