"""What the public pages say, in Swedish and English (consent-domain 8 and 11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Say:
    """One language and its texts."""

    language: str
    name: str
    texts: Mapping[str, str]

    def __call__(self, text: str, /, **values: object) -> str:
        """One text with its values filled in."""
        return self.texts[text].format(**values)


SWEDISH: Final = Say(
    "sv",
    "Svenska",
    {
        "skip": "Till innehållet",
        "language": "Språk",
        "title": "Dina val för utskick",
        "controller": "Personuppgiftsansvarig: {name}. Kontakt: {contact}.",
        "error_title": "Det gick inte",
        "error": "Något gick fel. Inget har ändrats. Skriv till {contact} så hjälper vi dig.",
        "error_400": "Vi kunde inte läsa det som skickades. Inget har ändrats. Försök igen, eller skriv till "
        "{contact} så hjälper vi dig.",
        "error_404": "Sidan finns inte. Skriv till {contact} så hjälper vi dig.",
        "error_405": "Så går det inte att använda sidan. Inget har ändrats.",
        "error_429": "För många försök på kort tid. Vänta en stund, eller skriv till {contact}.",
        "error_500": "Något gick fel hos oss. Skriv till {contact} så hjälper vi dig.",
        "error_503": "Vi kunde inte spara ditt val just nu. Inget har registrerats. Försök igen om en stund, "
        "eller skriv till {contact}.",
        "link_invalid": "Länken fungerar inte längre. Skriv till {contact} så hjälper vi dig.",
    },
)

ENGLISH: Final = Say(
    "en",
    "English",
    {
        "skip": "Skip to content",
        "language": "Language",
        "title": "Your mailing choices",
        "controller": "Controller: {name}. Contact: {contact}.",
        "error_title": "That did not work",
        "error": "Something went wrong. Nothing has changed. Write to {contact} and we will help.",
        "error_400": "We could not read what was sent. Nothing has changed. Try again, or write to {contact} "
        "and we will help.",
        "error_404": "There is no such page. Write to {contact} and we will help.",
        "error_405": "The page cannot be used this way. Nothing has changed.",
        "error_429": "Too many attempts in a short time. Wait a moment, or write to {contact}.",
        "error_500": "Something went wrong on our side. Write to {contact} and we will help.",
        "error_503": "We could not save your choice just now. Nothing has been recorded. Try again in a "
        "moment, or write to {contact}.",
        "link_invalid": "This link no longer works. Write to {contact} and we will help.",
    },
)

WORDS: Final[Mapping[str, Say]] = {"sv": SWEDISH, "en": ENGLISH}
