"""Which column of a spreadsheet says what: Swedish, English, merged ones, a mapping's own.

Only exact headings count (in small letters, without signs): a column that is not recognised is not read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final

from mappings.purposes import ALL, Purposes
from mappings.sheet_cells import word
from mappings.sheet_mapping import NO_MAPPING, SheetMapping

HEADER_WITHIN: Final = 30  # rows in which the headings are looked for


class Field(StrEnum):
    """What a column says."""

    EMAIL = "email"
    CONSENT = "consent"
    UNSUBSCRIBED = "unsubscribed"
    PURPOSE = "purpose"
    DATE = "date"
    NO_DATE = "unsubscribed_date"
    SOURCE = "source"
    WORDING = "wording"
    EVIDENCE = "evidence"


HEADINGS: Final[Mapping[Field, str]] = {
    Field.EMAIL: """
        e post|epost|email|e mail|mejl|mail|mejladress|mailadress|e postadress|epostadress|epost adress
        e post adress|email address|e mail address|mejl adress|mail adress|emailaddress|kontakt e post
    """,
    Field.CONSENT: """
        samtycke|consent|nyhetsbrev|newsletter|opt in|optin|marketing consent|marknadsföring|subscribed
        prenumererar|prenumeration|samtycker|godkänt|godkännande|email opt in|e mail opt in|utskick
        får mejla|samtycke marknadsföring|samtycke till nyhetsbrev|consent given|marketing|has consented
        accepts marketing
    """,
    Field.UNSUBSCRIBED: """
        avregistrerad|unsubscribed|opt out|optout|avanmäld|avanmälan|avregistrering|spärrad|spärr
        unsubscribe|tackat nej|nej tack|reklamspärr|utskickspärr|opted out|has opted out|do not email
        do not contact|återkallat|återkallat samtycke|email opt out|opted out of email|withdrawn
    """,
    Field.PURPOSE: "ändamål|purpose|syfte|prenumerationstyp|subscription type|utskickstyp|purposes",
    Field.DATE: """
        datum|date|tid|tidpunkt|timestamp|consent date|samtyckesdatum|datum för samtycke|samtycke datum
        datum samtycke|consented at|opt in date|optin date|optin time|opt in time|date of consent|när|when
    """,
    Field.NO_DATE: """
        avregistrerad datum|avregistreringsdatum|unsubscribed at|unsubscribe date|unsubscribed date
        opt out date|optout date|optout time|datum för avregistrering|unsub time|avanmäld datum
        datum avregistrerad
    """,
    Field.SOURCE: "källa|source|ursprung|consent source|samtyckeskälla|origin|insamlat via",
    Field.WORDING: "text|wording|samtyckestext|consent text|formulering|ordalydelse|consent wording",
    Field.EVIDENCE: "bevis|evidence|underlag|bilaga|attachment|proof|bevisfil|evidence file",
}
_FIELD_WORDS: Final = {
    name.strip(): each
    for each, names in HEADINGS.items()
    for line in names.splitlines()
    for name in line.split("|")
    if name.strip()
}
_YES_OR_NO: Final = (" ja nej", " yes no", " j n", " y n")
_EACH: Final = frozenset({Field.EMAIL, Field.UNSUBSCRIBED})  # of which there may be several


class BadColumns(ValueError):
    """The headings cannot be understood; the message names columns by letter, never a cell of a person."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column that is read. `purpose`: the one that its heading names, `*` for all marketing."""

    index: int
    field: Field
    heading: str
    purpose: str | None = None

    @property
    def letter(self) -> str:
        """As spreadsheets name it."""
        return letter(self.index)


@dataclass(frozen=True)
class Layout:
    """Where the headings stand (counted among the rows given) and what the columns say."""

    header: int
    data: int  # the first row of data
    columns: tuple[Column, ...]
    ignored: tuple[str, ...] = field(default=())  # headings that are not read

    def of(self, wanted: Field) -> tuple[Column, ...]:
        """The columns of one field, left to right."""
        return self._by_field.get(wanted, ())

    @cached_property
    def _by_field(self) -> Mapping[Field, tuple[Column, ...]]:
        return {each: tuple(c for c in self.columns if c.field is each) for each in Field}

    @property
    def width(self) -> int:
        """How many columns have to be looked at."""
        return 1 + max(column.index for column in self.columns)


def letter(index: int) -> str:
    """0 is A, 26 is AA."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


def heading(text: str, purposes: Purposes) -> tuple[Field, str | None] | None:
    """What a heading says; None where it is none of ours."""
    key = word(text)
    for ending in _YES_OR_NO:
        key = key.removesuffix(ending)
    named = dict(_purpose_names(purposes))
    if key in named:
        return Field.CONSENT, named[key]
    return _plain_heading(key) or _with_purpose(key, named)


def _plain_heading(key: str) -> tuple[Field, None] | None:
    bare = key.rstrip("0123456789 ")
    if key in _FIELD_WORDS:
        return _FIELD_WORDS[key], None
    return (Field.EMAIL, None) if _FIELD_WORDS.get(bare) is Field.EMAIL else None


def _with_purpose(key: str, named: Mapping[str, str]) -> tuple[Field, str] | None:
    """`Samtycke nyhetsbrev`, `Avregistrerad erbjudanden`: a yes/no heading that names its purpose."""
    for name, purpose in sorted(named.items(), key=lambda item: -len(item[0])):
        for rest in (key.removeprefix(f"{name} "), key.removesuffix(f" {name}")):
            said = _FIELD_WORDS.get(rest) if rest != key else None
            if said in {Field.CONSENT, Field.UNSUBSCRIBED}:
                return said, purpose
    return None


def _purpose_names(purposes: Purposes) -> Iterator[tuple[str, str]]:
    for purpose in purposes:
        yield word(purpose.key), purpose.key
        for title in purpose.title.values():
            yield word(title), purpose.key


def purposes_named(text: str, purposes: Purposes) -> tuple[tuple[str, ...], bool]:
    """The purposes that a cell names, and whether all of it was understood. `*`, alla, all: all marketing."""
    named = {**dict(_purpose_names(purposes)), "alla": ALL, "all": ALL, "all marketing": ALL}
    parts = [part.strip() for part in text.replace("|", ";").replace(",", ";").replace("\n", ";").split(";")]
    wanted = [part for part in parts if part]
    found = [ALL if part == ALL else named.get(word(part)) for part in wanted]
    return tuple(dict.fromkeys(each for each in found if each)), all(found)


def layout(
    rows: Sequence[Sequence[str]], purposes: Purposes, mapping: SheetMapping = NO_MAPPING
) -> Layout | None:
    """The layout of a sheet from its first rows; None where no row has a column of addresses.

    Title rows above are passed over; headings in two rows, as merged cells give them, are joined.
    Raises BadColumns where two columns say the same, or the mapping names a column that is not there.
    """
    places = range(len(rows)) if mapping.header_row is None else [mapping.header_row - 1]
    tries = [_tried(rows, place, purposes, mapping) for place in places if 0 <= place < len(rows)]
    found = [each for each in tries if each is not None and each.of(Field.EMAIL)]
    if not found:
        return None
    best = max(found, key=lambda each: (len(each.columns), -each.header))
    _check(best, mapping)
    return best


def _tried(
    rows: Sequence[Sequence[str]], place: int, purposes: Purposes, mapping: SheetMapping
) -> Layout | None:
    """The headings in this row, or in this and the next one where that says more."""
    own = rows[place]
    if any("@" in cell for cell in own):
        return None
    plain = _read(own, _filled(rows[place - 1] if place else (), len(own)), place, purposes, mapping)
    below = rows[place + 1] if place + 1 < len(rows) else ()
    if not _continues(own, below, purposes, mapping):
        return plain
    width = max(len(own), len(below))
    labels = [_cell(below, index) or _cell(own, index) for index in range(width)]
    joined = _read(labels, _filled(own, width), place + 1, purposes, mapping)
    return joined if len(joined.columns) > len(plain.columns) else plain


def _read(
    labels: Sequence[str], groups: Sequence[str], header: int, purposes: Purposes, mapping: SheetMapping
) -> Layout:
    columns = tuple(_columns(labels, groups, purposes, mapping))
    used = {column.index for column in columns}
    rest = tuple(label for index, label in enumerate(labels) if label.strip() and index not in used)
    return Layout(header, header + 1, columns, rest)


def _continues(own: Sequence[str], below: Sequence[str], purposes: Purposes, mapping: SheetMapping) -> bool:
    """The next row goes on with the headings: nothing under the address column, and headings only."""
    emails = [i for i, cell in enumerate(own) if _is_email(cell, mapping)]
    if not emails or any(_cell(below, i) for i in emails):
        return False
    cells = [cell for cell in below if cell.strip()]
    return bool(cells) and all(heading(cell, purposes) for cell in cells)


def _is_email(cell: str, mapping: SheetMapping) -> bool:
    key = word(cell)
    return key in mapping.names(Field.EMAIL) or _plain_heading(key) == (Field.EMAIL, None)


def _columns(
    labels: Sequence[str], groups: Sequence[str], purposes: Purposes, mapping: SheetMapping
) -> Iterator[Column]:
    for index, label in enumerate(labels):
        said = _mapped(index, label, mapping)
        if said is None and label.strip() and word(label) not in mapping.ignored:
            said = _grouped(heading(label, purposes), heading(groups[index], purposes))
        if said is not None:
            yield Column(index, said[0], label.strip()[:80], said[1])


def _mapped(index: int, label: str, mapping: SheetMapping) -> tuple[Field, str | None] | None:
    """What the mapping says of a column, by its heading or, as `column C`, by its letter."""
    for key in (word(label), f"column {letter(index).lower()}"):
        if key and key in mapping.columns:
            name, purpose = mapping.columns[key]
            return Field(name), purpose
    return None


def _grouped(
    own: tuple[Field, str | None] | None, group: tuple[Field, str | None] | None
) -> tuple[Field, str | None] | None:
    """A heading under another: `Avregistrerad` above `Nyhetsbrev` turns what the column means."""
    if own is None or group is None:
        return own
    if own[0] is Field.CONSENT and own[1] and group[0] is Field.UNSUBSCRIBED:
        return Field.UNSUBSCRIBED, own[1]
    if own[0] is Field.DATE and group[0] is Field.UNSUBSCRIBED:
        return Field.NO_DATE, None
    if own[0] in {Field.CONSENT, Field.UNSUBSCRIBED} and own[1] is None and group[1]:
        return own[0], group[1]
    return own


def _filled(cells: Sequence[str], width: int) -> list[str]:
    """A merged cell has its text in the first column only: it stands for those to its right."""
    filled: list[str] = []
    for index in range(width):
        filled.append(_cell(cells, index) or (filled[-1] if filled else ""))
    return filled


def _cell(cells: Sequence[str], index: int) -> str:
    return cells[index].strip() if index < len(cells) else ""


def _check(found: Layout, mapping: SheetMapping) -> None:
    seen: dict[tuple[Field, str | None], Column] = {}
    for column in found.columns:
        key = (column.field, column.purpose)
        other = seen.setdefault(key, column)
        if other is not column and column.field not in _EACH:
            raise BadColumns(f"columns {other.letter} and {column.letter} both say {column.field}")
    _check_mapping(found, mapping)


def _check_mapping(found: Layout, mapping: SheetMapping) -> None:
    there = {word(column.heading) for column in found.columns}
    there |= {f"column {column.letter.lower()}" for column in found.columns}
    missing = sorted(key for key in mapping.columns if key not in there and key not in mapping.optional)
    if missing:
        raise BadColumns("the mapping names columns that are not there: " + ", ".join(missing)[:300])
