"""How events and receipts read in a language, for those who may not look into the room of proofs."""

from dataclasses import replace

from connector.acts.desk import Desk
from connector.acts.receipt import Asked, receipt_of
from connector.proof.page import Page
from connector.proof.receipt_page import receipt_page
from connector.proof.subject_access import AccessReport
from connector.proof.subject_access_page import access_page
from connector.proof.words import WORDS, named
from connector.store.people import Person


def type_word(kind: str, language: str) -> str:
    """What an entry says; the type itself where we have no word for it."""
    return named(WORDS[language].types, kind)


def source_word(source: str, language: str) -> str:
    """By which door it came in."""
    return named(WORDS[language].sources, source)


def actor_word(actor: str, language: str) -> str:
    """Whose act it was."""
    return WORDS[language].actor(actor)


def access_in_words(report: AccessReport) -> Page:
    """An access report in the language it was made in, as blocks to show."""
    return access_page(report)


def receipt_in_words(desk: Desk, person: Person, asked: Asked, language: str) -> Page:
    """The receipt of somebody at whom the look has been noted, as blocks to show."""
    return receipt_page(receipt_of(desk, person, replace(asked, language=language)), language)
