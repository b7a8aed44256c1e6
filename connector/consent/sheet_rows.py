"""What one row of a spreadsheet says: noes, claims, and what a person has to look at (consent-domain 3.1).

A no is honoured whatever else is wrong with its row: without a readable date it is undated, without a known
purpose it is a no to all marketing. A yes is taken only from a row in which everything could be read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from connector.consent.events import ALL_MARKETING, EventType, Grade
from connector.consent.grades import imported_grade
from mappings.columns import Column, Field, Layout, purposes_named
from mappings.purposes import Purposes
from mappings.sheet_cells import Addressed, addresses_in, is_damaged, is_formula, plain, word
from mappings.sheet_dates import Interval, interval
from mappings.sheet_mapping import SheetMapping
from mappings.sheet_words import Answer
from mappings.terms import Basis

FUTURE_MS: Final = 300_000  # clocks differ; more than that has not happened yet
SAID_LIMIT: Final = 200  # characters that are kept of what a file calls its source
UNDATED: Final = "; the no is taken, without a date"
BOTH: Final = "the row says both yes and no; the no is taken"
TO_ALL: Final = "; the no is taken, to all marketing"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file, its cells as text, hidden or not, and what could not be read."""

    number: int
    cells: Sequence[str]
    hidden: bool = False
    damage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How the rows of one file are read. `default`: the purpose of rows that name none."""

    layout: Layout
    mapping: SheetMapping
    purposes: Purposes
    zone: ZoneInfo
    now: int
    default: str | None = None
    mac_days: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing that a row says about one address and one purpose. Times: milliseconds UTC, None: unknown."""

    address: str
    spelled: str
    purpose: str
    type: EventType
    grade: Grade = Grade.E0
    lo: int | None = None
    hi: int | None = None
    said_source: str | None = None
    wording: str | None = None
    evidence: str | None = None  # the name of a file; its SHA-256 once it was read

    @property
    def is_no(self) -> bool:
        """A refusal, a withdrawal or an objection."""
        return self.type is not EventType.CLAIM and self.type is not EventType.GRANT


@dataclass(slots=True)
class Reading:
    """What a row came to. `problems` never hold a cell's text. `silent`: it says neither yes nor no."""

    statements: list[Statement] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    silent: bool = False
    empty: bool = False


def read_row(row: Row, rules: Rules) -> Reading:
    """Take one row apart."""
    if not any(cell.strip() for cell in row.cells) and row.damage is None:
        return Reading(empty=True)
    said = _Said(row, rules)
    if said.is_heading():
        return Reading(empty=True)
    addressed = said.addresses()
    if not addressed.found:
        return Reading(problems=[said.without_address(addressed)])
    reading = Reading(problems=["a part of the address cell is no address"] if addressed.bad else [])
    noes = list(said.noes(reading))
    yeses = list(said.yeses(reading, {each.purpose for each in noes}))
    for address, spelled in addressed.found:
        reading.statements += [each.statement(address, spelled) for each in noes]
        reading.statements += [each.statement(address, spelled) for each in yeses]
    if len(addressed.found) > 1:
        reading.statements = [_one_of_many(each) for each in reading.statements]
    reading.silent = not (reading.statements or reading.problems)
    return reading


def judged(statement: Statement, purposes: Purposes, *, evidence: str | None) -> Statement:
    """A yes with the grade that its row can carry at most; a grant only with artefact, wording and date.

    `evidence`: SHA-256 of the artefact that was read. A purpose with double opt-in is granted by its
    confirmation alone; one on another basis than consent has nothing to be granted.
    """
    purpose = purposes[statement.purpose]
    wording = bool(statement.wording) and _is_text(statement)
    dated = statement.lo is not None
    claimed = Grade.E2 if evidence and wording and dated else Grade.E1 if dated else Grade.E0
    grade = imported_grade(claimed, artefact=evidence is not None, wording=wording)
    grant = grade >= Grade.E2 and purpose.basis is Basis.CONSENT and not purpose.double_opt_in
    return Statement(
        address=statement.address,
        spelled=statement.spelled,
        purpose=statement.purpose,
        type=EventType.GRANT if grant else EventType.CLAIM,
        grade=grade if grant else min(grade, Grade.E1),
        lo=statement.lo,
        hi=statement.hi,
        said_source=statement.said_source,
        wording=statement.wording if grant else None,
        evidence=evidence,
    )


def _is_text(statement: Statement) -> bool:
    """A wording holds no personal data, as it is kept for ever: a note about the person is none."""
    text = (statement.wording or "").lower()
    return len(text) >= 20 and statement.address not in text and statement.spelled.lower() not in text


def _one_of_many(statement: Statement) -> Statement:
    """With several addresses in a cell nobody knows which one the wording was shown to: a claim at most."""
    return statement if statement.is_no else _without_proof(statement)


def _without_proof(statement: Statement) -> Statement:
    return Statement(
        address=statement.address,
        spelled=statement.spelled,
        purpose=statement.purpose,
        type=EventType.CLAIM,
        lo=statement.lo,
        hi=statement.hi,
        said_source=statement.said_source,
    )


@dataclass(frozen=True, slots=True)
class _Word:
    """A yes or a no before it is tied to an address."""

    type: EventType
    purpose: str
    at: Interval | None
    said: Mapping[str, str | None]

    def statement(self, address: str, spelled: str) -> Statement:
        return Statement(
            address=address,
            spelled=spelled,
            purpose=self.purpose,
            type=self.type,
            lo=self.at.lo if self.at else None,
            hi=self.at.hi if self.at else None,
            said_source=self.said["source"],
            wording=self.said["wording"],
            evidence=self.said["evidence"],
        )


class _Said:
    """One row under its headings."""

    def __init__(self, row: Row, rules: Rules) -> None:
        self.row = row
        self.rules = rules
        self.layout = rules.layout
        self.has_left = False  # a column of those who unsubscribed says so

    def cell(self, column: Column) -> str:
        return self.row.cells[column.index] if column.index < len(self.row.cells) else ""

    def only(self, wanted: Field) -> str:
        """The cell of a field that has one column at most."""
        columns = self.layout.of(wanted)
        return self.cell(columns[0]) if columns else ""

    def is_heading(self) -> bool:
        """Headings again, as printed lists have them on each page."""
        column = self.layout.of(Field.EMAIL)[0]
        text = self.cell(column)
        return "@" not in text and bool(column.heading) and word(text) == word(column.heading)

    def addresses(self) -> Addressed:
        parts = [addresses_in(cell) for cell in self._address_cells()]
        if len(parts) == 1:
            return parts[0]
        found = {address: spelled for part in reversed(parts) for address, spelled in part.found}
        return Addressed(tuple(found.items()), sum(part.bad for part in parts))

    def _address_cells(self) -> list[str]:
        cells = [self.cell(column) for column in self.layout.of(Field.EMAIL)]
        return [cell for cell in cells if not (is_formula(cell) or is_damaged(cell))]

    def without_address(self, addressed: Addressed) -> str:
        cells = [self.cell(column) for column in self.layout.of(Field.EMAIL)]
        if any(is_formula(cell) for cell in cells):
            return "the address is a formula; formulas are not calculated"
        if self.row.damage is not None:
            return self.row.damage
        return "the address cell holds no e-mail address" if addressed.bad else "there is no e-mail address"

    def noes(self, reading: Reading) -> Iterator[_Word]:
        """Every no of the row."""
        for column, kind in self._no_columns(reading):
            at = self._no_date(column, reading)
            for purpose in self._no_purposes(column, reading):
                yield _Word(_type_of(kind, purpose), purpose, at, self._details())

    def _no_columns(self, reading: Reading) -> Iterator[tuple[Column | None, EventType]]:
        if self.rules.mapping.every_row:
            yield None, EventType.WITHDRAW
            return
        words = self.rules.mapping.words
        for column in self.layout.of(Field.UNSUBSCRIBED):
            text = self.cell(column)
            answer = words.left(text)
            if answer is Answer.NO or (answer is Answer.UNKNOWN and self._when(text) is not None):
                self.has_left = True
                yield column, EventType.WITHDRAW
            elif answer is Answer.UNKNOWN:
                reading.problems.append(_unknown_word(column, text))
        for column in self.layout.of(Field.CONSENT):
            if words.consent(self.cell(column)) is Answer.NO:
                yield column, EventType.REFUSE

    def _no_purposes(self, column: Column | None, reading: Reading) -> tuple[str, ...]:
        if column is not None and column.purpose is not None:
            return (column.purpose,)
        named, understood = self._named()
        if not understood:
            reading.problems.append("the purpose is not known" + TO_ALL)
            return (ALL_MARKETING,)
        return named or (self.rules.default or ALL_MARKETING,)

    def _no_date(self, column: Column | None, reading: Reading) -> Interval | None:
        """When: a date in a column of noes. That of something else would be a guess, and too early."""
        own = self.cell(column) if column is not None and column.field is Field.UNSUBSCRIBED else ""
        if self._when(own) is not None:
            text = own
        elif column is not None and column.field is Field.CONSENT:
            text = self.only(Field.DATE)
        else:
            text = self.only(Field.NO_DATE)
        at, problem = self._dated(text)
        if problem is not None:
            reading.problems.append(problem + UNDATED)
        return at

    def yeses(self, reading: Reading, noes: set[str]) -> Iterator[_Word]:
        """Every yes of the row, unless something in the row is doubtful; then the doubt."""
        if self.rules.mapping.every_row:
            return
        said = []
        for column in self.layout.of(Field.CONSENT):
            text = self.cell(column)
            answer = self.rules.mapping.words.consent(text)
            if answer is Answer.UNKNOWN:
                reading.problems.append(_unknown_word(column, text))
            elif answer is Answer.YES:
                said.append(column)
        for column in said:
            yield from self._yes(column, reading, noes)

    def _yes(self, column: Column, reading: Reading, noes: set[str]) -> Iterator[_Word]:
        purposes, doubt = self._yes_purposes(column)
        overruled = noes & {*purposes, ALL_MARKETING}
        if overruled and self.has_left:
            return  # somebody consented and left later: the no says it all
        at, late = self._dated(self.only(Field.DATE))
        both = BOTH if overruled else None
        found = [each for each in (self._doubt(), doubt, late, both) if each is not None]
        reading.problems += [each for each in found if each not in reading.problems]
        if found or reading.problems:
            return
        for purpose in purposes:
            yield _Word(EventType.CLAIM, purpose, at, self._details())

    def _doubt(self) -> str | None:
        if self.row.hidden:
            return "the row is hidden; a yes is not taken from it"
        if self.row.damage is not None:
            return self.row.damage
        for column in self.layout.columns:
            if is_formula(self.cell(column)):
                return f"column {column.letter} is a formula; formulas are not calculated"
        return None

    def _yes_purposes(self, column: Column) -> tuple[tuple[str, ...], str | None]:
        if column.purpose == ALL_MARKETING:
            return (), "a yes to everything names no purpose"
        if column.purpose is not None:
            return (column.purpose,), None
        named, understood = self._named()
        if not understood:
            return (), "the purpose is not known"
        if ALL_MARKETING in named:
            return (), "a yes to everything names no purpose"
        wanted = named or ((self.rules.default,) if self.rules.default else ())
        return wanted, None if wanted else "the row names no purpose"

    def _named(self) -> tuple[tuple[str, ...], bool]:
        text = plain(self.only(Field.PURPOSE))
        if not text:
            return (), True
        if is_formula(text) or is_damaged(text):
            return (), False
        return purposes_named(text, self.rules.purposes)

    def _dated(self, text: str) -> tuple[Interval | None, str | None]:
        """The time of a date cell, and what is wrong with it; an empty cell is undated."""
        if not plain(text):
            return None, None
        at = self._when(text)
        if at is None:
            return None, "the date cannot be read"
        if at.lo > self.rules.now + FUTURE_MS:
            return None, "the date has not come yet"
        return at, None

    def _when(self, text: str) -> Interval | None:
        rules = self.rules
        if not text or len(text) > 60:
            return None
        return interval(text, rules.zone, rules.mapping.date_order, mac_days=rules.mac_days)

    def _details(self) -> Mapping[str, str | None]:
        source = plain(self.only(Field.SOURCE)) or self.rules.mapping.source
        return {
            "source": source[:SAID_LIMIT] if source else None,
            "wording": plain(self.only(Field.WORDING)) or None,
            "evidence": plain(self.only(Field.EVIDENCE)) or None,
        }


def _type_of(kind: EventType, purpose: str) -> EventType:
    return EventType.OBJECT if purpose == ALL_MARKETING else kind


def _unknown_word(column: Column, text: str) -> str:
    if is_formula(text):
        return f"column {column.letter} is a formula; formulas are not calculated"
    if is_damaged(text):
        return f"column {column.letter} cannot be read"
    return f"column {column.letter} holds a word that is neither a known yes nor a known no"
