"""A list of people as a sheet: written as it passes, recorded, and no cell of it can run as a formula."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from connector.acts import exports
from connector.acts.desk import Desk
from connector.report.sheet import harmless


class Told(Protocol):
    """Somebody with a document."""

    def document(self) -> dict[str, object]:
        """One entry of `people`."""


T = TypeVar("T", bound=Told)


def to_csv(desk: Desk, wanted: exports.Wanted, people: Iterator[T], columns: Sequence[str]) -> Iterator[T]:
    """Writes each as it passes; the file is in the ledger, and no cell of it can run as a formula."""
    with exports.written(desk, wanted) as sink, sink.text() as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        for each in people:
            told = each.document()
            writer.writerow([harmless(_cell(told.get(name))) for name in columns])
            sink.count += 1
            yield each


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(_cell(each) for each in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {_cell(each)}" for name, each in value.items() if each is not None)
    return str(value)
