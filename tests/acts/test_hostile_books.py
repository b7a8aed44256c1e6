"""Workbooks that were made to harm: kilobytes that unpack to hundreds of megabytes, and entities."""

import resource
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook

from connector.acts.sheets.xlsx_file import workbook
from connector.errors import ConfigurationError

SHEET = "xl/worksheets/sheet1.xml"
START = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
END = b"</row></sheetData></worksheet>"
MEGABYTES = 300


def book(path: Path, sheet: Iterator[bytes]) -> Path:
    """A proper workbook whose one sheet was replaced."""
    plain = path.with_name("plain.xlsx")
    made = Workbook()
    made.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename != SHEET:
                new.writestr(part, old.read(part))
        with new.open(SHEET, "w", force_zip64=True) as out:
            for piece in sheet:
                out.write(piece)
    return path


def long_text() -> Iterator[bytes]:
    yield START + b'<c r="A1" t="inlineStr"><is><t>'
    for _ in range(MEGABYTES):
        yield b"a" * 1_000_000
    yield b"</t></is></c>" + END


def long_attribute() -> Iterator[bytes]:
    yield START + b'<c r="'
    for _ in range(MEGABYTES):
        yield b"A" * 1_000_000
    yield b'"/>' + END


@pytest.mark.parametrize("sheet", [long_text, long_attribute])
def test_a_cell_that_fills_the_memory_is_refused_before_it_does(tmp_path: Path, sheet: object) -> None:
    assert callable(sheet)
    path = book(tmp_path / "bomb.xlsx", sheet())
    assert path.stat().st_size < 1_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ConfigurationError, match="larger than any can be"):
        workbook(path, None)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_entities_are_refused(tmp_path: Path) -> None:
    declared = b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    with pytest.raises(ConfigurationError, match="entities"):
        workbook(book(tmp_path / "entities.xlsx", iter([declared, START, END])), None)
