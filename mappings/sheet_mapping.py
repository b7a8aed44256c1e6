"""What a mapping file says about a spreadsheet (docs/import.md): columns, words, purposes, date order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mappings.sheet_cells import word
from mappings.sheet_words import Words

ONE_COLUMN: Final = ("email", "purpose", "date", "unsubscribed_date", "source", "wording", "evidence")
YES_NO: Final = ("consent", "unsubscribed")
ORDERS: Final = ("dmy", "mdy")
EVERY_ROW: Final = ("no",)  # a list of people who left; a list never says yes for everybody
TEXTS: Final = ("sheet", "purpose", "source", "encoding", "delimiter", "date_order", "every_row")
KNOWN: Final = frozenset({*TEXTS, "header_row", "columns", *YES_NO, "words", "ignore", "optional"})


class BadMapping(ValueError):
    """The mapping file is wrong; `problems` lists all of it at once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetMapping:
    """One mapping. `columns`: heading (or `column C`) -> (field, purpose that the column is about)."""

    columns: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    words: Words = field(default_factory=Words)
    sheet: str | None = None
    header_row: int | None = None
    purpose: str | None = None
    source: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    date_order: str = ""
    every_row: str | None = None

    def names(self, wanted: str) -> frozenset[str]:
        """The headings that this mapping gives to a field."""
        return frozenset(key for key, (name, _) in self.columns.items() if name == wanted)


NO_MAPPING: Final = SheetMapping()


def read_mapping(said: Mapping[str, Any]) -> SheetMapping:
    """From a parsed TOML document. Raises BadMapping with every problem."""
    problems = list(_problems(said))
    if problems:
        raise BadMapping(problems)
    more = said.get("words", {})
    return SheetMapping(
        columns=dict(_columns(said)),
        ignored=frozenset(map(word, said.get("ignore", []))),
        optional=frozenset(map(word, said.get("optional", []))),
        words=Words().with_more(more.get("yes", []), more.get("no", []), more.get("silent", [])),
        header_row=said.get("header_row"),
        **{key: said[key] for key in TEXTS if key in said},
    )


def _columns(said: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str | None]]]:
    for name, headings in said.get("columns", {}).items():
        for heading in _list(headings):
            yield word(heading), (name, None)
    for name in YES_NO:
        for purpose, headings in said.get(name, {}).items():
            for heading in _list(headings):
                yield word(heading), (name, None if purpose == "any" else purpose)


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _problems(said: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(set(said) - KNOWN):
        yield f"unknown key {key!r}; known: {', '.join(sorted(KNOWN))}"
    for key in TEXTS:
        if key in said and not isinstance(said[key], str):
            yield f"{key}: a text is needed"
    if said.get("date_order", "dmy") not in ORDERS:
        yield f"date_order: one of {', '.join(ORDERS)}"
    if said.get("every_row", "no") not in EVERY_ROW:
        yield "every_row: only 'no'; a list is no consent of everybody in it"
    row = said.get("header_row", 1)
    if not isinstance(row, int) or isinstance(row, bool) or row < 1:
        yield "header_row: a row number from 1"
    yield from _table_problems(said)


def _table_problems(said: Mapping[str, Any]) -> Iterator[str]:
    for key in ("columns", *YES_NO, "words"):
        table = said.get(key, {})
        if not isinstance(table, Mapping):
            yield f"{key}: a table is needed"
            continue
        for name, value in table.items():
            if not _is_texts(value):
                yield f"{key}.{name}: a text or a list of texts is needed"
            if key == "columns" and name not in ONE_COLUMN:
                yield f"columns.{name}: one of {', '.join(ONE_COLUMN)}"
            if key == "words" and name not in {"yes", "no", "silent"}:
                yield f"words.{name}: one of yes, no, silent"
    for key in ("ignore", "optional"):
        if not _is_texts(said.get(key, [])):
            yield f"{key}: a list of headings is needed"


def _is_texts(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(e, str) for e in value))
