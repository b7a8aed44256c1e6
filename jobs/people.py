"""Long lists of people: streamed as JSON, and the first ones on a screen."""

import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

import msgspec

from connector.acts.sheet_out import Told

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


def first(people: Iterator[T], count: int) -> list[T]:
    """The first ones, when all have passed."""
    shown = list(islice(people, count))
    for _ in people:
        pass
    return shown
