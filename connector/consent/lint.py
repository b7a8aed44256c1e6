"""What a wording lacks for a consent to be informed (Art. 7, 13; recital 42), in Swedish and English. Pure.

A machine finds what is missing, never that a text is good: no finding is no approval.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connector.consent.wordings import language_of
from mappings.purposes import Purpose


class Flaw(StrEnum):
    """What is missing."""

    CONTROLLER = "controller"
    PURPOSE = "purpose"
    WITHDRAW = "withdraw"
    NOTICE = "notice_link"
    LANGUAGE = "language"


#: What each flaw is called, and what to do about it.
WORDS: Final[Mapping[Flaw, Mapping[str, str]]] = {
    Flaw.CONTROLLER: {
        "sv": "Den personuppgiftsansvariges namn saknas: skriv ut bolagets namn.",
        "en": "The controller is not named: write the company's name.",
    },
    Flaw.PURPOSE: {
        "sv": "Ändamålet framgår inte: skriv vad som skickas.",
        "en": "The purpose is not named: write what will be sent.",
    },
    Flaw.WITHDRAW: {
        "sv": "Rätten att när som helst återkalla samtycket saknas (artikel 7.3).",
        "en": "The right to withdraw at any time is missing (Art. 7(3)).",
    },
    Flaw.NOTICE: {
        "sv": "En länk till integritetsinformationen saknas (artikel 13).",
        "en": "A link to the privacy notice is missing (Art. 13).",
    },
    Flaw.LANGUAGE: {
        "sv": "Språket går inte att känna igen, eller texten blandar språk.",
        "en": "The language cannot be told, or the text mixes languages.",
    },
}
#: Words with which a text tells that a yes can be taken back.
TAKEN_BACK: Final = re.compile(
    r"återkall|avregistrer|avsluta\s+prenumeration|säga?\s+upp\s+prenumeration|withdraw|unsubscribe|opt[\s-]?out"
    r"|revoke",
    re.IGNORECASE,
)
#: What only advertising says: prices off, calls to buy or sign up, links that count clicks or lead to a shop.
#: A notice may and must name the purpose of sending offers; it may not make one.
SELLS: Final = re.compile(
    r"\d+\s*%\s*(?:rabatt|off\b|discount)|\b(?:spara|save)\s+(?:upp\s+till\s+|up\s+to\s+)?\d"
    r"|\brabatt(?:kod|er)?\b|\b(?:discount|voucher|promo)(?:\s+code)?\b|\bkampanjkod"
    r"|\b(?:köp|handla|beställ|boka|fynda)\s+(?:nu|här|idag|i\s+dag)\b|\b(?:buy|shop|order|book)\s+(?:now|here|today)\b"
    r"|\b(?:anmäl\s+dig|prenumerera|skriv\s+upp\s+dig|sign\s+up|subscribe)\b(?!\s*(?:från|from))"
    r"|\b(?:missa\s+inte|passa\s+på|don.t\s+miss|limited\s+time|bara\s+i\s+dag)\b"
    r"|\b(?:våra?|our)\s+(?:senaste|bästa|latest|best)\s+(?:erbjudande|offer|deal)"
    r"|[?&]utm_\w+=|https?://\S*(?:kampanj|campaign|erbjudande|offer|rabatt|discount|/shop|/butik|/sale|/rea\b"
    r"|/produkt|/product|webshop)",
    re.IGNORECASE,
)
LINK: Final = re.compile(r"https?://|www\.|href\s*=|\b[a-z0-9-]+\.[a-z]{2,}/\S", re.IGNORECASE)
TAGS: Final = re.compile(r"<[^>]*>")
FORMS_OF_COMPANY: Final = re.compile(
    r"[\s,]+(ab|aktiebolag|hb|kb|ltd|limited|inc|gmbh|oy|as|a/s|aps|bv|llc|plc)\.?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a person saw: one wording with the notice beside it."""

    wording: str
    notice: str = ""
    language: str | None = None

    @property
    def whole(self) -> str:
        """Both, without mark-up."""
        return TAGS.sub(" ", f"{self.wording}\n{self.notice}")


def lint(text: Text, controller: str, purpose: Purpose | None, languages: Collection[str]) -> list[Flaw]:
    """What the text lacks, the gravest first. `languages`: those in which the controller addresses people."""
    return list(_flaws(text, controller, purpose, languages))


def _flaws(
    text: Text, controller: str, purpose: Purpose | None, languages: Collection[str]
) -> Iterator[Flaw]:
    whole = text.whole
    if not names_controller(whole, controller):
        yield Flaw.CONTROLLER
    if purpose is not None and not tells_purpose(whole, purpose):
        yield Flaw.PURPOSE
    if not TAKEN_BACK.search(whole):
        yield Flaw.WITHDRAW
    if not LINK.search(f"{text.wording}\n{text.notice}"):
        yield Flaw.NOTICE
    if not _is_one_language(text, languages):
        yield Flaw.LANGUAGE


def sells(text: str) -> tuple[str, ...]:
    """What makes a text advertising, in its own words: such a text is no notice and goes to nobody."""
    return tuple(dict.fromkeys(found[0].strip() for found in SELLS.finditer(text)))


def names_controller(whole: str, controller: str) -> bool:
    """By its full name, or without the form of company behind it."""
    short = FORMS_OF_COMPANY.sub("", controller.strip())
    return any(plain(name) in plain(whole) for name in (controller, short) if name.strip())


def tells_purpose(whole: str, purpose: Purpose) -> bool:
    """A title of the purpose, its key, or the stem of a word of them: `nyhetsbrevet` tells `nyhetsbrev`."""
    names = {purpose.key.replace("-", " ").replace("_", " "), *purpose.title.values()}
    words = {word for name in names for word in plain(name).split() if len(word) > 3}
    return any(_stem(word) in plain(whole) for word in words)


def _stem(word: str) -> str:
    return word[:-2] if len(word) > 7 else word.rstrip("s") if len(word) > 4 else word


def plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _is_one_language(text: Text, languages: Collection[str]) -> bool:
    """Wording and notice in one and the same of the controller's languages."""
    found = {language_of(part) for part in (text.wording, text.notice) if part.strip()} - {None}
    told = found or ({text.language} if text.language else set())
    return len(told) == 1 and told <= set(languages)
