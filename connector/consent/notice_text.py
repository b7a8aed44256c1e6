"""What a notice lacks before it may be sent to anybody (Art. 13, 14), and whether it sells something. Pure.

A machine finds what is missing, never that a text is good: no finding is no approval.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from connector.consent.lint import names_controller, plain, sells, tells_purpose
from connector.consent.wordings import language_of
from mappings.purposes import Purpose


class Lack(StrEnum):
    """Why a text is no notice that may be sent."""

    CONTROLLER = "controller"
    CONTACT = "contact"
    PURPOSES = "purposes"
    RIGHTS = "rights"
    COMPLAINT = "complaint"
    SOURCE = "source"
    LANGUAGE = "language"
    MARKETING = "marketing"


#: What each lack is called, and what to do about it.
LACKS: Final[Mapping[Lack, Mapping[str, str]]] = {
    Lack.CONTROLLER: {
        "sv": "Den personuppgiftsansvariges namn saknas.",
        "en": "The controller is not named.",
    },
    Lack.CONTACT: {
        "sv": "Kontaktvägen saknas: skriv controller.contact.",
        "en": "The contact is not named: write controller.contact.",
    },
    Lack.PURPOSES: {
        "sv": "Minst ett ändamål framgår inte.",
        "en": "At least one purpose is not named.",
    },
    Lack.RIGHTS: {
        "sv": "Rättigheterna saknas: tillgång, rättelse, radering, invändning.",
        "en": "The rights are missing: access, rectification, erasure, objection.",
    },
    Lack.COMPLAINT: {
        "sv": "Rätten att klaga hos tillsynsmyndigheten saknas.",
        "en": "The right to complain to the supervisory authority is missing.",
    },
    Lack.SOURCE: {
        "sv": "Det framgår inte varifrån uppgifterna kommer.",
        "en": "It does not say where the data come from.",
    },
    Lack.LANGUAGE: {
        "sv": "Texten är inte på det språk som den ska vara på.",
        "en": "The text is not in the language that it is meant for.",
    },
    Lack.MARKETING: {
        "sv": "Texten är reklam: ta bort erbjudanden, uppmaningar och länkar till butiken.",
        "en": "The text is advertising: remove offers, calls to act and links to the shop.",
    },
}
_RIGHTS: Final[Mapping[str, tuple[str, ...]]] = {
    "sv": (r"utdrag|tillgång|kopia", r"rätta|rättels", r"rader", r"invänd"),
    "en": (r"access|copy", r"rectif|correct", r"eras|delet", r"object"),
}
_COMPLAINT: Final = {"sv": r"klaga|klagomål", "en": r"complain"}
_SOURCE: Final = {
    "sv": r"käll|varifrån|kommer\s+(?:uppgifterna\s+)?från|hämta|fått\s+(?:dina\s+)?uppgifter",
    "en": r"source|come\s+from|came\s+from|obtain|received\s+(?:your\s+)?(?:personal\s+)?data",
}


def lacks(
    text: str, language: str, *, controller: str, contact: str, purposes: Iterable[Purpose]
) -> list[Lack]:
    """What keeps this text from being sent; nothing: a person may decide that it is a notice."""
    return list(_lacks(text, language, controller, contact, tuple(purposes)))


def _lacks(
    text: str, language: str, controller: str, contact: str, purposes: tuple[Purpose, ...]
) -> Iterator[Lack]:
    whole = plain(text)
    without_contact = whole.replace(plain(contact), " ")  # the company's name in an address names nobody
    if not names_controller(without_contact, controller):
        yield Lack.CONTROLLER
    if plain(contact) not in whole:
        yield Lack.CONTACT
    if not all(tells_purpose(whole, purpose) for purpose in purposes):
        yield Lack.PURPOSES
    if not all(re.search(right, whole) for right in _RIGHTS[language]):
        yield Lack.RIGHTS
    if not re.search(_COMPLAINT[language], whole):
        yield Lack.COMPLAINT
    if not re.search(_SOURCE[language], whole):
        yield Lack.SOURCE
    if language_of(text) not in {language, None}:
        yield Lack.LANGUAGE
    if sells(text):
        yield Lack.MARKETING
