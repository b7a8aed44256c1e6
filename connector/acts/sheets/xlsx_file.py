"""XLSX through openpyxl, streaming: formulas stay formulas, hidden rows are told, archives are bounded."""

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any, Final

import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from connector.acts.sheets import limits
from connector.consent.sheet_rows import Row
from connector.errors import ConfigurationError
from mappings.sheet_cells import DAMAGED

LAST_ROW: Final = 1_048_576
CHUNK: Final = 1 << 20
_TAG: Final = 4_096  # octets; a tag of a row is never longer
_ROW: Final = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_NUMBER: Final = re.compile(rb'\br="(\d{1,7})"')
_HIDDEN: Final = re.compile(rb'\bhidden="(?:1|true)"')
_ENTITIES: Final = re.compile(rb"<!DOCTYPE|<!ENTITY", re.IGNORECASE)
_BROKEN: Final = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    SyntaxError,
    OSError,
    EOFError,
    IndexError,
)


@dataclass(frozen=True, slots=True)
class XlsxFile:
    """One sheet of a workbook."""

    path: Path
    sheet: str
    mac_days: bool = False

    def rows(self, width: int | None = None) -> Iterator[Row]:
        """Every row with its number. Raises ConfigurationError where the file is damaged."""
        with closing(_opened(self.path)) as book:
            sheet = book[self.sheet]
            hidden = _hidden_rows(self.path, sheet._worksheet_path)
            sheet.reset_dimensions()  # what a file says about its size is often wrong
            cells = sheet.iter_rows(max_row=LAST_ROW, max_col=width or limits.COLUMNS)
            for number, row in enumerate(_each(cells, self.path), start=1):
                yield _row(number, row, hidden=bool(hidden[number >> 3] & 1 << (number & 7)))


def workbook(path: Path, wanted: str | None) -> XlsxFile:
    """The sheet that is asked for, else the first that is not hidden. Raises ConfigurationError."""
    with closing(_opened(path)) as book:
        shown = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        names = [sheet.title for sheet in book.worksheets]
        mac_days = book.epoch == CALENDAR_MAC_1904
    if wanted is not None and wanted not in names:
        listed = ", ".join(names)[:300]
        raise limits.unreadable(
            path, "The workbook has no sheet of that name.", f"Say --sheet with one of: {listed}."
        )
    if wanted is None and len(shown) != 1:
        listed = ", ".join(shown)[:300] or "none that is visible"
        raise limits.unreadable(
            path, f"The workbook has {len(shown)} visible sheets.", f"Say --sheet which one: {listed}."
        )
    return XlsxFile(path, wanted or shown[0], mac_days)


def _opened(path: Path) -> Any:
    try:
        _check_archive(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of styles and extensions that it leaves out
            return openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except _BROKEN as error:
        raise _damaged(path, error) from None


def _check_archive(path: Path) -> None:
    """Bounds before anything is unpacked; zipfile itself never gives more than a part's stated size."""
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            limit = limits.TEXTS if part.filename.endswith("sharedStrings.xml") else limits.PART
            if part.file_size > limit:
                raise limits.unreadable(
                    path, "The workbook unpacks to more than we read.", "Save the one sheet as CSV (UTF-8)."
                )
            if part.filename.endswith(".xml"):
                with archive.open(part) as opened:
                    _check_part(path, opened)


def _check_part(path: Path, opened: IO[bytes]) -> None:
    """The reader builds a cell's whole text in memory: none of it may be longer than a workbook can hold."""
    chunk = opened.read(_TAG)
    if _ENTITIES.search(chunk):
        raise limits.unreadable(
            path, "The workbook defines XML entities.", "Save it anew with a spreadsheet program."
        )
    while chunk := opened.read(limits.RECORD):
        if len(chunk) == limits.RECORD and b"<" not in chunk:
            raise limits.unreadable(
                path, "A cell of the workbook is larger than any can be.", "Save it anew, or as CSV (UTF-8)."
            )


def _hidden_rows(path: Path, part: str) -> bytearray:
    """One bit a row, from the sheet's own XML: the streaming reader does not tell."""
    found = bytearray((LAST_ROW >> 3) + 2)
    counted = 0
    rest = b""
    with zipfile.ZipFile(path) as archive, archive.open(part.lstrip("/")) as file:
        while chunk := file.read(CHUNK):
            text = rest + chunk
            end = 0
            for tag in _ROW.finditer(text):
                end = tag.end()
                number = _NUMBER.search(tag[1])
                counted = int(number[1]) if number else counted + 1
                if counted <= LAST_ROW and _HIDDEN.search(tag[1]):
                    found[counted >> 3] |= 1 << (counted & 7)
            rest = text[max(end, len(text) - _TAG) :]
    return found


def _each(cells: Iterator[Sequence[Any]], path: Path) -> Iterator[Sequence[Any]]:
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                row = next(cells, None)
        except _BROKEN as error:
            raise _damaged(path, error) from None
        if row is None:
            return
        yield row


def _row(number: int, row: Sequence[Any], *, hidden: bool) -> Row:
    cells = [_text(cell) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    damage = limits.TOO_LARGE if any(len(cell) > limits.CELL for cell in cells) else None
    if damage is not None:
        cells = [cell if len(cell) <= limits.CELL else DAMAGED for cell in cells]
    return Row(number, cells, hidden=hidden, damage=damage)


def _text(cell: Any) -> str:
    """What the cell holds, as text. A formula begins with =, whatever value is cached beside it."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return value if isinstance(value, str) and value.startswith("=") else "="
    return value if isinstance(value, str) else _spelled(value)


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _damaged(path: Path, error: Exception) -> ConfigurationError:
    encrypted = isinstance(error, zipfile.BadZipFile)
    problem = "This is no XLSX file, or it is encrypted." if encrypted else "The workbook is damaged."
    return limits.unreadable(path, problem, "Save it anew as XLSX without a password, or as CSV (UTF-8).")
