"""Retention rules in plain words (Art. 5(1)(e), gallring): `24 months after last_activity`.

The grammar: `N days|weeks|months|years after ANCHOR`, where ANCHOR is one of ANCHORS or a HubSpot property
followed by the word `property`; or `until withdrawn`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import Final

from connector.consent.calendar import add_months, bounds, local_day

ANCHORS: Final = ("last_activity", "first_seen", "consent", "withdrawn", "last_purchase")
AFTER: Final = re.compile(
    r"(?P<count>[1-9]\d{0,3})\s+(?P<unit>day|week|month|year)s?\s+after\s+(?P<anchor>[a-z][a-z0-9_]*)"
    r"(?P<property>\s+property)?",
    re.IGNORECASE,
)
UNTIL_WITHDRAWN: Final = "until withdrawn"
HELP: Final = (
    f'"N days|weeks|months|years after {"|".join(ANCHORS)}", '
    f'"N months after NAME property", or "{UNTIL_WITHDRAWN}"'
)


class BadRule(ValueError):
    """The rule cannot be read; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a purpose no longer carries a person's data. `count` 0: as soon as the anchor's moment comes.

    `of_property`: the anchor is a HubSpot property instead of something the mirror knows.
    """

    count: int
    unit: str
    anchor: str
    of_property: bool = False

    def due(self, dates: Mapping[str, int], zone: tzinfo) -> int | None:
        """When the data is to be erased, in ms UTC; None while the anchor has no date.

        `dates` maps anchors and property names to ms UTC. Whole local days: a period that ends on a day
        lasts to its end. Nothing is due without a date: gallring never guesses.
        """
        start = dates.get(self.anchor)
        if start is None:
            return None
        if self.count == 0:
            return start
        return bounds(self._shifted(local_day(start, zone)), zone)[1] + 1

    def _shifted(self, day: date) -> date:
        match self.unit:
            case "day":
                return day + timedelta(days=self.count)
            case "week":
                return day + timedelta(weeks=self.count)
            case "month":
                return add_months(day, self.count)
            case _:
                return add_months(day, 12 * self.count)

    def __str__(self) -> str:
        if self.count == 0:
            return UNTIL_WITHDRAWN
        plural = "" if self.count == 1 else "s"
        return (
            f"{self.count} {self.unit}{plural} after {self.anchor}{' property' if self.of_property else ''}"
        )


def parse(text: str) -> Rule:
    """The rule that the words say. Raises BadRule."""
    words = " ".join(text.split())
    if words.lower() == UNTIL_WITHDRAWN:
        return Rule(0, "day", "withdrawn")
    found = AFTER.fullmatch(words)
    if found is None:
        raise BadRule(f"a retention rule is {HELP}")
    anchor, of_property = found["anchor"].lower(), found["property"] is not None
    if not of_property and anchor not in ANCHORS:
        raise BadRule(f"{anchor!r} is not known: a retention rule is {HELP}")
    return Rule(int(found["count"]), found["unit"].lower(), anchor, of_property)
