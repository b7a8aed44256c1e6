"""How one language is spoken in the report: its words, numbers, shares and lengths of time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from connector.report.discrepancies import Kind, Urgency

Language = Literal["sv", "en"]
SIZES_S: Final = (86_400, 3_600, 60, 1)  # day, hour, minute, second
LANGUAGES: Final[tuple[Language, ...]] = ("sv", "en")


class KindWords(NamedTuple):
    """What a kind is called, what it means in one sentence, and what to do with which command."""

    title: str
    short: str  # for a chart's axis
    means: str
    do: str
    command: str


@dataclass(frozen=True, slots=True)
class Words:
    """One language: its words, and how it writes numbers, shares, lengths of time and lists."""

    language: Language
    kinds: Mapping[Kind, KindWords]
    states: Mapping[str, str]
    bases: Mapping[str, str]
    texts: Mapping[str, str]
    thousands: str
    decimal: str
    percent: str
    units: tuple[str, str, str, str]  # day, hour, minute, second
    months: tuple[str, ...]

    def say(self, text: str, /, **values: object) -> str:
        """One text with its values filled in; integers written as the language writes them."""
        written = {
            key: self.number(value) if isinstance(value, int) else value for key, value in values.items()
        }
        return self.texts[text].format(**written)

    def number(self, value: int) -> str:
        """12 345 or 12,345."""
        return f"{value:,}".replace(",", self.thousands)

    def share(self, value: float) -> str:
        """Rounded down to one decimal, so that 100 % means all of them."""
        tenths = int(value * 1000 + 1e-9)
        whole, part = divmod(tenths, 10)
        return f"{whole}{self.decimal}{part}{self.percent}" if part else f"{whole}{self.percent}"

    def age(self, milliseconds: int) -> str:
        """A length of time in its two largest units."""
        place, count, rest = self._largest(milliseconds)
        part = rest // SIZES_S[place + 1] if place < 3 else 0
        head = f"{self.number(count)} {self.units[place]}"
        return f"{head} {part} {self.units[place + 1]}" if part else head

    def rough_age(self, milliseconds: int) -> str:
        """A length of time in its largest unit, rounded down: for narrow columns."""
        place, count, _ = self._largest(milliseconds)
        return f"{self.number(count)} {self.units[place]}"

    def _largest(self, milliseconds: int) -> tuple[int, int, int]:
        seconds = max(0, milliseconds) // 1000
        place = next((each for each in range(3) if seconds >= SIZES_S[each]), 3)
        return place, *divmod(seconds, SIZES_S[place])

    def date(self, year: int, month: int, day: int) -> str:
        """24 november 2026."""
        return f"{day} {self.months[month - 1]} {year}"

    def urgency(self, urgency: Urgency) -> str:
        """How soon a person has to look, in words: colour alone says nothing."""
        return self.texts[f"urgency_{urgency.name.lower()}"]
