"""What a cell of a spreadsheet holds: its text as compared, the addresses in it, whether it is a formula."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from mappings.addresses import AROUND, NotAnAddress, normalise

DAMAGED: Final = "\ufffd"  # stands where bytes could not be read, or a cell was too large to keep
ADDRESSES_IN_A_CELL: Final = 20
ADDRESS_CELL: Final = 4_000  # characters; more than that many addresses have
_BETWEEN: Final = re.compile(r"[;,|\r\n\t]+")
_MAILTO: Final = re.compile(r"^mailto:", re.IGNORECASE)
_NAME: Final = re.compile(r"(?:(?<=[;,\r\n>])|^)[^<>;@\r\n]*(?=<)")  # Berg, Anna <a@b.se>
_ANGLES: Final = re.compile(r"<([^<>]*)>")
_NOT_A_WORD: Final = re.compile(r"[\W_]+")
_GUARDED: Final = ("'=", "'+", "'-", "'@")  # how exports and Excel keep a text from being a formula


@dataclass(frozen=True, slots=True)
class Addressed:
    """The addresses of a cell as (normalised, as spelled), and how many parts were no address."""

    found: tuple[tuple[str, str], ...] = ()
    bad: int = 0


def plain(text: str) -> str:
    """The text without the blanks and invisible marks around it, and without a guard against formulas."""
    text = text.strip(AROUND)
    return text[1:].strip(AROUND) if text.startswith(_GUARDED) else text


def is_formula(text: str) -> bool:
    """It would be calculated by a spreadsheet. We never do."""
    return text.lstrip(AROUND).startswith("=")


def is_damaged(text: str) -> bool:
    """Part of it could not be read."""
    return DAMAGED in text


def word(text: str) -> str:
    """One spelling for words and headings: letters and digits, small, one blank between."""
    return _NOT_A_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def addresses_in(text: str) -> Addressed:
    """All addresses of a cell: several between ; , or line breaks, with or without a name around them."""
    text = plain(text)
    if not text:
        return Addressed()
    try:
        return Addressed(((normalise(text), text),))  # nearly every cell is one bare address
    except NotAnAddress:
        return _several(text)


def _several(text: str) -> Addressed:
    if len(text) > ADDRESS_CELL:
        return Addressed(bad=1)
    found: dict[str, str] = {}
    bad = 0
    parts = [part for part in _BETWEEN.split(_NAME.sub("", text)) if part.strip(AROUND)]
    for part in parts[:ADDRESSES_IN_A_CELL]:
        try:
            spelled = _bare(part)
            found.setdefault(normalise(spelled), spelled)
        except NotAnAddress:
            bad += 1
    return Addressed(tuple(found.items()), bad + max(0, len(parts) - ADDRESSES_IN_A_CELL))


def _bare(part: str) -> str:
    """The address inside a display-name form or a link; the same text where there is none."""
    inside = _ANGLES.search(part)
    return _MAILTO.sub("", (inside[1] if inside else part).strip(AROUND))
