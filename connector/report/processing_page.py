"""The record of processing, the assessment and the threat model as documents and as a sheet. Pure."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from connector.proof import page
from connector.proof.page import Block, Page
from connector.proof.words import WORDS as PAPER
from connector.report.languages import WORDS
from connector.report.processing_words import FILL, TEXTS
from connector.report.sheet import harmless
from connector.report.words import Language

SHEETS: Final = ("record", "dpia", "threats")
#: Missing fields that belong to the assessment and not to the record.
OF_ASSESSMENT: Final = frozenset({"processing.assessed", "processing.residual_risk", "processing.views"})


def processing_page(found: Mapping[str, Any], sheet: str, language: Language, *, at: int, zone: str) -> Page:
    """One of the three documents."""
    say = TEXTS[language]
    made = _Document(found, language)
    bodies = {"record": made.record, "dpia": made.dpia, "threats": made.threats}
    blocks = (
        page.title(say[sheet]),
        page.para(say[f"{sheet}_intro"]),
        page.facts(
            [(say["controller"], found["controller"]), (say["made"], PAPER[language].moment(at, zone))]
        ),
        *bodies[sheet](),
    )
    return Page(language=language, title=say[sheet], author=found["controller"], at=at, blocks=blocks)


class _Document:
    """The parts, in one language."""

    def __init__(self, found: Mapping[str, Any], language: Language) -> None:
        self._found = found
        self._language = language
        self._say = TEXTS[language]

    def record(self) -> Iterator[Block]:
        """Art. 30(1)(a) to (g), in that order."""
        yield self._lacking(lambda setting: setting not in OF_ASSESSMENT)
        yield from self._who()
        yield from self._purposes()
        yield from self._recipients()
        yield from self._security()

    def dpia(self) -> Iterator[Block]:
        """Art. 35(7), and what only people can say."""
        say, told = self._say, self._found["assessment"]
        people = self._number(self._found["contacts"])
        yield self._lacking(lambda setting: setting in OF_ASSESSMENT)
        yield page.heading(say["needed"])
        yield page.para(say["needed_text"].format(people=people))
        yield page.heading(say["description"])
        yield page.para(say["description_text"])
        yield from self._purposes()
        yield page.heading(say["necessity"])
        yield page.para(say["necessity_text"])
        yield page.heading(say["risks"])
        yield self._threat_table()
        yield page.heading(say["assess"])
        yield page.facts(
            [
                (say["assessed"], self._or_missing(told["assessed"], "processing.assessed")),
                (say["residual"], self._or_missing(told["residual_risk"], "processing.residual_risk")),
                (say["views"], self._or_missing(told["views"], "processing.views")),
            ]
        )

    def threats(self) -> Iterator[Block]:
        """All twenty; those that somebody has to act on first."""
        todo = [f"{each['number']}. {each['title']}: {each['here']}" for each in self._open()]
        if todo:
            yield page.points(self._say["open"].capitalize(), todo, warning=True)
        yield self._threat_table()

    def _lacking(self, wanted: Any) -> Block:
        lines = [_missing_line(each) for each in self._found["missing"] if wanted(each["setting"])]
        if not lines:
            return page.para(self._say["complete"])
        return page.points(self._say["missing_head"], lines, warning=True)

    def _who(self) -> Iterator[Block]:
        say, found = self._say, self._found
        yield page.heading(say["who"])
        yield page.facts(
            [
                (say["contact"], found["contact"]),
                (say["joint"], ", ".join(found["joint_controllers"]) or None),
                (say["representative"], found["representative"]),
                (say["dpo"], self._or_missing(found["dpo"], "processing.dpo")),
                (say["processor"], found["processor"]),
                (
                    say["agreement"],
                    self._or_missing(found["processor_agreement"], "processing.processor_agreement"),
                ),
                (say["hosting"], found["hosting"] or say["unknown_hosting"]),
            ]
        )

    def _purposes(self) -> Iterator[Block]:
        say = self._say
        head = ("purpose", "basis", "people", "subjects", "categories", "retain")
        yield page.heading(say["purposes"])
        rows = [
            (
                each["title"],
                each["basis_means"],
                self._number(each["people"]),
                self._or_missing(", ".join(each["subjects"]), "purposes.subjects"),
                self._or_missing(", ".join(each["categories"]), "purposes.categories"),
                each["retain_means"],
            )
            for each in self._found["purposes"]
        ]
        yield page.table([say[name] for name in head], rows, right=(2,))

    def _recipients(self) -> Iterator[Block]:
        say = self._say
        yield page.heading(say["recipients"])
        rows = [
            (
                each["name"],
                each["role_means"],
                self._or_missing(each["country"], "recipients.country"),
                each["transfer"] or "–",
            )
            for each in self._found["recipients"]
        ]
        if rows:
            yield page.table([say[name] for name in ("recipient", "role", "country", "transfer")], rows)
        else:
            yield page.para(say["only_hubspot"])
        countries = "; ".join(self._found["third_countries"])
        third = self._or_missing(countries, "processing.third_countries")
        yield page.facts([(say["third"], third)])

    def _security(self) -> Iterator[Block]:
        say, told = self._say, self._found["security"]
        yield page.heading(say["security"])
        yield page.points(say["own"], told["built_in"])
        own = told["own"] or [self._or_missing("", "processing.security")]
        yield page.points(say["yours"], own)

    def _threat_table(self) -> Block:
        say = self._say
        head = [say[name] for name in ("number", "risk", "measure", "here")]
        rows = [
            (
                str(each["number"]),
                each["title"],
                each["measure"],
                each["here"] + (f" ({say['open']})" if each["open"] else ""),
            )
            for each in self._found["threats"]
        ]
        return page.table(head, rows)

    def _open(self) -> Sequence[Mapping[str, Any]]:
        return [each for each in self._found["threats"] if each["open"]]

    def _or_missing(self, value: str | None, setting: str) -> str:
        return value or f"{self._say['missing']}{FILL[self._language][setting]} ({setting})"

    def _number(self, value: int | None) -> str:
        return "–" if value is None else WORDS[self._language].number(value)


def _missing_line(each: Mapping[str, str]) -> str:
    whose = f" [{each['whose']}]" if each["whose"] else ""
    return f"{each['setting']}{whose}: {each['what']}"


def sheet_of(document: Page) -> bytes:
    """The same words as CSV: part, label, value. Cells that could be formulas are made harmless."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    part = document.title
    for block in document.blocks:
        if block.kind in {"title", "heading"}:
            part = block.text
        for line in _lines(block):
            writer.writerow([harmless(cell) for cell in (part, *line)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _lines(block: Block) -> Iterator[tuple[str, ...]]:
    if block.kind == "facts":
        yield from block.facts
    elif block.kind == "table":
        yield block.items
        yield from block.rows
    elif block.kind in {"list", "warning"}:
        yield from ((block.caption, item) for item in block.items)
    elif block.kind == "para":
        yield ("", block.text)
