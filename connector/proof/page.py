"""A document as a list of blocks: one model, from which HTML and PDF say the same words in the same order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "title", "heading", "subheading", "para", "facts", "verbatim", "list", "warning", "table", "figure"
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece of a page.

    `text` of a verbatim block is shown letter by letter, line breaks and blanks included; `caption` stands
    above it. `facts` are labels with their values, `items` the points of a list. A table has its headings in
    `items` and its `rows`; columns in `right` are numbers. A figure has its picture in `source` (a data URL)
    and the same in words in `text`, which paper shows in its place.
    """

    kind: Kind
    text: str = ""
    caption: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    items: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    right: tuple[int, ...] = ()
    source: str = ""

    def plain(self) -> dict[str, Any]:
        """For the templates."""
        return {
            "kind": self.kind,
            "text": self.text,
            "caption": self.caption,
            "facts": [list(fact) for fact in self.facts],
            "items": list(self.items),
            "rows": [list(row) for row in self.rows],
            "right": list(self.right),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A whole document. `at`: when it was made, ms UTC, which becomes the PDF's date."""

    language: str
    title: str
    author: str
    at: int
    blocks: tuple[Block, ...]


def title(text: str) -> Block:
    """The document's title."""
    return Block(kind="title", text=text)


def heading(text: str) -> Block:
    """A part begins."""
    return Block(kind="heading", text=text)


def subheading(text: str) -> Block:
    """A smaller part begins."""
    return Block(kind="subheading", text=text)


def para(text: str) -> Block:
    """Running text."""
    return Block(kind="para", text=text)


def facts(rows: Sequence[tuple[str, str | None]]) -> Block:
    """Labels and values; a value that is None is left out."""
    return Block(kind="facts", facts=tuple((label, value) for label, value in rows if value is not None))


def verbatim(caption: str, text: str) -> Block:
    """A text as it was shown."""
    return Block(kind="verbatim", caption=caption, text=text)


def points(caption: str, items: Sequence[str], *, warning: bool = False) -> Block:
    """A list with a line above it; `warning`: what a reader must not miss."""
    return Block(kind="warning" if warning else "list", caption=caption, items=tuple(items))


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), caption: str = ""
) -> Block:
    """Rows under headings; `right`: the columns that hold numbers."""
    return Block(
        kind="table", caption=caption, items=tuple(head), rows=tuple(map(tuple, rows)), right=tuple(right)
    )


def figure(caption: str, source: str, alt: str) -> Block:
    """A picture as a data URL, and the same in words."""
    return Block(kind="figure", caption=caption, source=source, text=alt)
