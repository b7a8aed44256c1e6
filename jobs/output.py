"""What a person or a program reads: stdout carries the answer, stderr everything else."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

import msgspec
from rich.console import Console, RenderableType
from rich.table import Table

from connector.errors import ConnectorError

WIDE = 140  # columns of a file or a pipe


def stdout() -> Console:
    """The console of answers; wide where nobody's terminal sets the width."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=True, width=_width(sys.stdout))


def stderr() -> Console:
    """The console of progress and problems."""
    return Console(file=sys.stderr, highlight=False, soft_wrap=True, width=_width(sys.stderr))


def _width(stream: TextIO) -> int | None:
    return None if stream.isatty() else WIDE


def show(document: Mapping[str, Any] | list[Any], text: RenderableType | None, *, as_json: bool) -> None:
    """The JSON document, or what a person reads."""
    if as_json:
        write_json(document)
    elif text is not None:
        stdout().print(text)


def write_json(document: object) -> None:
    """One JSON document on stdout and nothing else there."""
    sys.stdout.write(msgspec.json.encode(document).decode())
    sys.stdout.write("\n")
    sys.stdout.flush()


def write_json_list(items: Iterable[object]) -> None:
    """A long list, streamed as one JSON array."""
    sys.stdout.write("[")
    for number, item in enumerate(items):
        sys.stdout.write(",\n" if number else "\n")
        sys.stdout.write(msgspec.json.encode(item).decode())
    sys.stdout.write("\n]\n")
    sys.stdout.flush()


def show_error(error: ConnectorError, *, as_json: bool) -> None:
    """What, where and the next step."""
    if as_json:
        write_json(error.document())
    console = stderr()
    console.print(_placed(error))
    console.print(f"Next step: {error.next_step}", markup=False)


def _placed(error: ConnectorError) -> str:
    problem = f"[bold red]{_plain(error.problem)}[/]"
    return f"{problem} [dim]({_plain(error.where)})[/]" if error.where else problem


def many(count: int, one: str, several: str = "") -> str:
    """`1 entry`, `2 entries`; without `several` an s is added."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> Table:
    """Rows for a person; numbers to the right."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    kept = [tuple(row) for row in rows]
    for number, heading in enumerate(headings):
        numeric = bool(kept) and all(isinstance(row[number], int) for row in kept)
        made.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in kept:
        made.add_row(*("" if cell is None else _plain(str(cell)) for cell in row))
    return made
