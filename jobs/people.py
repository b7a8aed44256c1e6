"""Long lists of people: streamed as JSON, written to a sheet as they pass, the first ones on a screen."""

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol, TypeVar

import msgspec

from connector.acts import exports
from connector.acts.desk import Desk
from connector.report.sheet import harmless


class Told(Protocol):
    """Somebody with a document."""

    def document(self) -> dict[str, object]:
        """One entry of `people`."""


T = TypeVar("T", bound=Told)


def stream(
    people: Iterator[Told], rest: Callable[[], Mapping[str, Any]], before: Mapping[str, Any] | None = None
) -> None:
    """One document; the people are written as they are found, the counts when all have been."""
    write = sys.stdout.write
    head = msgspec.json.encode(dict(before or {})).decode()[1:-1]
    write("{" + (head + "," if head else "") + '"people":[')
    for number, each in enumerate(people):
        write((",\n" if number else "\n") + msgspec.json.encode(each.document()).decode())
    write("\n]," + msgspec.json.encode(rest()).decode()[1:] + "\n")
    sys.stdout.flush()


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


def first(people: Iterator[T], count: int) -> list[T]:
    """The first ones, when all have passed."""
    shown = list(islice(people, count))
    for _ in people:
        pass
    return shown
