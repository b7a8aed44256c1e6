"""CSV as it is met: Excel's `;`, tabs, quoted line breaks, a `sep=` line; one record in memory at a time."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.acts.sheets import limits
from connector.acts.sheets.encodings import MIXED, Encoding, lines
from connector.consent.sheet_rows import Row
from connector.errors import ConfigurationError
from mappings.sheet_cells import DAMAGED

DELIMITERS: Final = (";", ",", "\t", "|")
SWALLOWED: Final = "a quoted cell holds several lines that look like rows"
_QUOTE: Final = '"'


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One CSV file, read with one encoding and one delimiter. Raises ConfigurationError while it is read."""

    path: Path
    encoding: Encoding
    delimiter: str
    mac_days: bool = False

    def rows(self, width: int | None = None) -> Iterator[Row]:
        """Every record with the number of its first line. `width` is for sheets that are read by column."""
        del width
        for number, record in enumerate_records(self):
            yield _row(number, record, self.delimiter)


@dataclass(slots=True)
class _Record:
    """Lines that belong together."""

    text: str = ""
    good: bool = True
    cut: bool = False


def enumerate_records(file: CsvFile) -> Iterator[tuple[int, _Record]]:
    """(line number, record); a record goes on while a quote is open."""
    number, line, record, opened = 1, 1, _Record(), False
    for piece, good in lines(file.path, file.encoding):
        if line == 1 and not record.text and piece.lower().startswith("sep="):
            line = number = 2
            continue
        _add(record, piece, good=good)
        opened = _still_open(piece, file.delimiter, opened=opened, fresh=len(record.text) == len(piece))
        ended = piece.endswith(("\n", "\r"))
        line += ended
        if ended and not opened:
            yield number, record
            number, record = line, _Record()
    if opened:
        raise limits.unreadable(
            file.path,
            "A quote opens here and never ends, so that no later row can be told apart.",
            "Close or remove the quote, or save the sheet as XLSX, and import it again.",
            number,
        )
    if record.text:
        yield number, record


def _add(record: _Record, piece: str, *, good: bool) -> None:
    """The first part of a huge record is kept: what it says before the huge cell can still be read."""
    room = limits.RECORD - len(record.text)
    record.cut = record.cut or len(piece) > room
    record.text += piece[: max(0, room)]
    record.good = record.good and good


def _still_open(piece: str, delimiter: str, *, opened: bool, fresh: bool) -> bool:
    """Is a quoted cell open at the end of this piece? Only a quote at the start of a cell opens one."""
    if _QUOTE not in piece:
        return opened
    place = 0
    if not opened and fresh and piece.startswith(_QUOTE):
        opened, place = True, 1
    while True:
        if opened:
            place = piece.find(_QUOTE, place)
            if place < 0:
                return True
            doubled = piece.startswith(_QUOTE, place + 1)
            opened, place = doubled, place + 1 + doubled
        else:
            place = piece.find(delimiter + _QUOTE, place)
            if place < 0:
                return False
            opened, place = True, place + 2


def _row(number: int, record: _Record, delimiter: str) -> Row:
    text = record.text.rstrip("\r\n")
    cells = _quoted(text, delimiter) if _QUOTE in text else text.split(delimiter)
    damage = None if record.good else MIXED
    if record.cut:
        damage = limits.TOO_LARGE
        cells = [*cells[:-1], DAMAGED]
    if "\n" in text or "\r" in text:
        damage = damage or _swallowed(cells, delimiter)
    if len(text) > limits.CELL and any(len(cell) > limits.CELL for cell in cells):
        damage = limits.TOO_LARGE
        cells = [cell if len(cell) <= limits.CELL else DAMAGED for cell in cells]
    if len(cells) > limits.COLUMNS:
        damage, cells = limits.MANY_COLUMNS, cells[: limits.COLUMNS]
    return Row(number, cells, damage=damage)


def _quoted(text: str, delimiter: str) -> list[str]:
    before = csv.field_size_limit(limits.RECORD + 1)
    try:
        parsed = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))
    except csv.Error:
        return [DAMAGED]
    finally:
        csv.field_size_limit(before)
    return parsed[0] if parsed else []


def _swallowed(cells: list[str], delimiter: str) -> str | None:
    """Two stray quotes make one cell of all rows between them."""
    for cell in cells:
        whole = cell.splitlines()
        if len(whole) > 1 and sum(delimiter in line and "@" in line for line in whole) > 1:
            return SWALLOWED
    return None


def first_rows(path: Path, encoding: Encoding, delimiter: str, count: int) -> list[Row]:
    """The first records, to look for headings in; shorter where the file is, or a quote never ends."""
    found: list[Row] = []
    file = CsvFile(path, encoding, delimiter)
    try:
        for row in file.rows():
            found.append(row)
            if len(found) == count:
                break
    except ConfigurationError:
        return found
    return found
