"""Opens a spreadsheet: which kind it is, which encoding and delimiter, where its headings are."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import file_digest
from importlib.resources import files
from pathlib import Path
from typing import Final, Protocol

from connector.acts.sheets import encodings, limits
from connector.acts.sheets.csv_file import DELIMITERS, CsvFile, first_rows
from connector.consent.sheet_rows import Row
from connector.errors import ConfigurationError
from mappings.columns import HEADER_WITHIN, BadColumns, Field, Layout, layout
from mappings.purposes import Purposes
from mappings.sheet_mapping import NO_MAPPING, BadMapping, SheetMapping, read_mapping

ZIP: Final = b"PK\x03\x04"
OLD: Final = b"\xd0\xcf\x11\xe0"  # XLS, and every encrypted workbook
SHIFTED: Final = "the row has more cells than there are headings"
WITHIN: Final = HEADER_WITHIN + 2


class Sheet(Protocol):
    """A table of cells that can be read as often as needed."""

    @property
    def mac_days(self) -> bool:
        """Its day numbers count from 1904."""

    def rows(self, width: int | None = None) -> Iterator[Row]:
        """Its rows from the start; `width`: how many columns have to be read."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A sheet whose headings were found. `sha256` is that of the whole file."""

    path: Path
    sheet: Sheet
    layout: Layout
    sha256: str
    first_row: int  # the number of the first row of data
    cells: int  # of the widest row up to the headings

    def rows(self) -> Iterator[Row]:
        """The rows below the headings."""
        for row in self.sheet.rows(max(self.layout.width, 2)):
            if row.number >= self.first_row:
                yield row if len(row.cells) <= self.cells else self._checked(row)

    def _checked(self, row: Row) -> Row:
        """A separator inside a cell without quotes moves all that follows to a wrong column."""
        shifted = any(cell.strip() for cell in row.cells[self.cells :])
        return replace(row, damage=row.damage or SHIFTED) if shifted else row


def opened(path: Path, purposes: Purposes, mapping: SheetMapping, sheet: str | None = None) -> Opened:
    """Find everything that is needed to read the rows. Raises ConfigurationError with file and next step."""
    start = _start(path)
    if start.startswith(OLD):
        raise limits.unreadable(
            path, "An old or encrypted workbook cannot be read.", "Save it as XLSX without a password."
        )
    wanted = sheet or mapping.sheet
    if start.startswith(ZIP):
        from connector.acts.sheets.xlsx_file import workbook  # noqa: PLC0415 - 20 MiB that CSV does not need

        return _laid_out(path, workbook(path, wanted), purposes, mapping)
    if sheet is not None:
        raise limits.unreadable(path, "A CSV file has no sheets.", "Leave --sheet out.")
    return _laid_out(path, _csv(path, purposes, mapping), purposes, mapping)


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise limits.unreadable(
            path, f"The file cannot be read: {error.strerror}.", "Check its name and rights."
        ) from None
    if not start:
        raise limits.unreadable(path, "The file is empty.", "Export it again.")
    return start


def _csv(path: Path, purposes: Purposes, mapping: SheetMapping) -> CsvFile:
    """The delimiter under which the most headings are recognised."""
    try:
        encoding = encodings.find(path, mapping.encoding)
        known = [mapping.delimiter] if mapping.delimiter else list(DELIMITERS)
        scores = {each: _score(path, encoding, each, purposes, mapping) for each in known}
    except LookupError:
        raise ConfigurationError(
            "The mapping names an encoding that does not exist.",
            where="--mapping, encoding",
            next_step="Say utf-8, utf-16 or windows-1252.",
        ) from None
    best = max(known, key=lambda each: scores[each])
    return CsvFile(path, encoding, best)


def _score(
    path: Path, encoding: encodings.Encoding, delimiter: str, purposes: Purposes, mapping: SheetMapping
) -> tuple[int, int]:
    rows = [row.cells for row in first_rows(path, encoding, delimiter, WITHIN)]
    try:
        found = layout(rows, purposes, mapping)
    except BadColumns:
        return (1, 0)
    return (len(found.columns) if found else 0, max((len(row) for row in rows), default=0))


def _laid_out(path: Path, sheet: Sheet, purposes: Purposes, mapping: SheetMapping) -> Opened:
    rows = _first(sheet)
    try:
        found = layout([row.cells for row in rows], purposes, mapping)
    except BadColumns as error:
        raise limits.unreadable(
            path, f"The headings are not clear: {error}.", "Say with --mapping which column is which."
        ) from None
    if found is None:
        raise limits.unreadable(
            path,
            f"None of the first {HEADER_WITHIN} rows has a heading for e-mail addresses.",
            "Name the column 'E-post' or 'Email', or say with --mapping which one it is.",
        )
    _check_meaning(path, found, mapping)
    last = rows[found.data - 1].number
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    after = next((row.number for row in rows if row.number > last), last + 1)
    cells = max(len(row.cells) for row in rows[: found.data])
    return Opened(path, sheet, found, digest, after, max(cells, found.width))


def _first(sheet: Sheet) -> list[Row]:
    found = []
    for row in sheet.rows():
        found.append(row)
        if len(found) == WITHIN:
            break
    return found


def _check_meaning(path: Path, found: Layout, mapping: SheetMapping) -> None:
    if found.of(Field.CONSENT) or found.of(Field.UNSUBSCRIBED) or mapping.every_row:
        return
    raise limits.unreadable(
        path,
        "No column says yes or no, and a list of addresses alone says nothing.",
        "Name a column 'Samtycke' or 'Avregistrerad', or say with --mapping which one it is; "
        "for a list of people who left use --mapping opt-outs.",
    )


def mapping_of(name: str | None) -> SheetMapping:
    """A mapping file, or one that is shipped, by its name. Raises ConfigurationError with every problem."""
    if name is None:
        return NO_MAPPING
    shipped = files("mappings") / "sheets" / f"{name}.toml"
    try:
        text = (
            shipped.read_text("utf-8")
            if _is_name(name) and shipped.is_file()
            else Path(name).read_text("utf-8-sig")
        )
        return read_mapping(tomllib.loads(text))
    except OSError as error:
        listed = ", ".join(shipped_mappings())
        raise ConfigurationError(
            f"The mapping cannot be read: {error.strerror}.",
            where="--mapping",
            next_step=f"Name a TOML file, or one that is shipped: {listed}.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The mapping is no TOML: {error}",
            where="--mapping",
            next_step="See docs/import.md for an example.",
        ) from None
    except BadMapping as error:
        raise ConfigurationError(
            "The mapping is wrong: " + "; ".join(error.problems),
            where="--mapping",
            next_step="Correct all of it; see docs/import.md.",
        ) from None


def shipped_mappings() -> list[str]:
    """The names of the mappings that are shipped."""
    folder = files("mappings") / "sheets"
    return sorted(each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml"))


def _is_name(name: str) -> bool:
    return name.replace("-", "").isalnum()
