"""In which encoding is a CSV file? By its mark, by its zeros, else by which lines are UTF-8.

A file in two encodings happens when lists are glued together. Then most lines decide, and those that
disagree keep their readable characters only: a damaged cell stands as U+FFFD and is never guessed.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

UTF8: Final = "utf-8"
WINDOWS: Final = "cp1252"
MIXED: Final = "the row is not in the encoding of the rest of the file"
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LINE: Final = 1 << 16  # characters of a line that are held at once


@dataclass(frozen=True, slots=True)
class Encoding:
    """`name` for Python. `mixed`: some lines are in the other encoding."""

    name: str
    mixed: bool = False

    @property
    def by_line(self) -> bool:
        """Line ends are single octets, so that each line can be looked at on its own."""
        return self.name in {UTF8, "utf-8-sig", WINDOWS}


def find(path: Path, said: str | None = None) -> Encoding:
    """The encoding of a file; `said` by the mapping goes before what is found. Reads it once."""
    with path.open("rb") as file:
        start = file.read(4096)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return Encoding(name)
    if said is not None:
        return Encoding({"utf8": UTF8, "windows-1252": WINDOWS}.get(said.lower(), said.lower()))
    return _without_zeros(path) if b"\0" not in start else Encoding(_by_zeros(start))


def _by_zeros(start: bytes) -> str:
    """UTF-16 without a mark: Latin letters have a zero before (big-endian) or behind them."""
    return "utf-16-be" if start[::2].count(0) > start[1::2].count(0) else "utf-16-le"


def _without_zeros(path: Path) -> Encoding:
    utf8 = other = 0
    with path.open("rb") as file:
        for line in iter(lambda: file.readline(LINE), b""):
            if not line.isascii():
                good = _is_utf8(line)
                utf8, other = utf8 + good, other + (not good)
    name = UTF8 if utf8 >= other else WINDOWS
    return Encoding(name, mixed=bool(utf8 and other))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode(UTF8)
    except UnicodeDecodeError as error:
        return len(line) == LINE and error.start >= LINE - 4  # cut inside a letter
    return True


def lines(path: Path, encoding: Encoding) -> Iterator[tuple[str, bool]]:
    """Pieces of lines of up to LINE characters, and whether they could be read in full."""
    raw = "latin-1" if encoding.by_line else encoding.name
    with path.open(encoding=raw, errors="replace", newline="") as file:
        for number, piece in enumerate(iter(lambda: file.readline(LINE), "")):
            if encoding.by_line:
                yield _decoded(piece, encoding, first=number == 0)
            else:
                yield piece, "\ufffd" not in piece


def _decoded(piece: str, encoding: Encoding, *, first: bool) -> tuple[str, bool]:
    if piece.isascii():
        return piece, True
    octets = piece.encode("latin-1")
    if first and octets.startswith(codecs.BOM_UTF8):
        octets = octets[3:]
    if encoding.mixed and encoding.name == WINDOWS and _is_utf8(octets):
        return octets.decode("ascii", "replace"), False
    name = UTF8 if encoding.name == "utf-8-sig" else encoding.name
    text = octets.decode(name, "replace")
    return text, "\ufffd" not in text
