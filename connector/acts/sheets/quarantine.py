"""Writes the rows that wait for a person to a file that a spreadsheet program can open without harm."""

import csv
from collections.abc import Iterable, Iterator
from typing import Final, TextIO

from connector.acts.sheets import limits
from connector.acts.sheets.opening import Opened
from connector.report.sheet import harmless

SHOWN: Final = 2_000  # characters of a cell


def safe(cell: str) -> str:
    """Never a formula, whoever opens the file (consent-domain 9, threat 12)."""
    return harmless(cell if len(cell) <= SHOWN else f"{cell[:SHOWN]}…")


def write(file: TextIO, opened: Opened, rejected: Iterable[tuple[int, str]]) -> int:
    """Rows with number and reason; how many. A second pass over the sheet."""
    count = 0
    writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writerow(["row", "problem", *(f"column {n}" for n in range(1, opened.layout.width + 1))])
    for number, problem, cells in _joined(opened, rejected):
        writer.writerow([str(number), problem, *map(safe, cells[: limits.COLUMNS])])
        count += 1
    return count


def _joined(opened: Opened, rejected: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str, list[str]]]:
    """Both sides come in the order of the file, so that neither has to be held in memory."""
    rows = opened.rows()
    current = next(rows, None)
    for number, problem in rejected:
        while current is not None and current.number < number:
            current = next(rows, None)
        there = current is not None and current.number == number
        yield number, problem, list(current.cells) if there and current is not None else []
