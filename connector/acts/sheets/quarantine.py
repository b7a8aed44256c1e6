"""Writes the rows that wait for a person to a file that a spreadsheet program can open without harm."""

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from connector.acts.sheets import limits
from connector.acts.sheets.opening import Opened
from connector.errors import ConfigurationError

DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
SHOWN: Final = 2_000  # characters of a cell


def safe(cell: str) -> str:
    """Never a formula, whoever opens the file (consent-domain 9, threat 12)."""
    text = cell if len(cell) <= SHOWN else f"{cell[:SHOWN]}…"
    return (
        f"'{text}"
        if text.lstrip(" \u00a0\ufeff").startswith(DANGEROUS) or text.startswith(DANGEROUS)
        else text
    )


def check(path: Path) -> None:
    """Can the file be made? Asked before anything is recorded. Raises ConfigurationError."""
    os.close(_made(path))
    path.unlink()


def write(path: Path, opened: Opened, rejected: Iterable[tuple[int, str]]) -> int:
    """Rows with number and reason, readable by the owner alone; how many. A second pass over the sheet.

    Raises ConfigurationError where the file cannot be written; one that exists is not overwritten.
    """
    count = 0
    with os.fdopen(_made(path), "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL)
        writer.writerow(["row", "problem", *(f"column {n}" for n in range(1, opened.layout.width + 1))])
        for number, problem, cells in _joined(opened, rejected):
            writer.writerow([str(number), problem, *map(safe, cells[: limits.COLUMNS])])
            count += 1
    return count


def _made(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"The quarantine file cannot be made: {error.strerror}.",
            where=str(path),
            next_step="Name a file that does not exist yet, in a folder that you may write to.",
        ) from None


def _joined(opened: Opened, rejected: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str, list[str]]]:
    """Both sides come in the order of the file, so that neither has to be held in memory."""
    rows = opened.rows()
    current = next(rows, None)
    for number, problem in rejected:
        while current is not None and current.number < number:
            current = next(rows, None)
        there = current is not None and current.number == number
        yield number, problem, list(current.cells) if there and current is not None else []
