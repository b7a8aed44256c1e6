"""Retention rules in plain words (Art. 5(1)(e), gallring): `24 months after last_activity`, and who leaves.

The grammar: `N days|weeks|months|years after ANCHOR`, where ANCHOR is one of ANCHORS or a HubSpot property
followed by the word `property`; or `until withdrawn`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from connector.consent.calendar import add_months, bounds, local_day
from connector.consent.events import Overlay

ANCHORS: Final = ("last_activity", "first_seen", "consent", "withdrawn", "last_purchase")
AFTER: Final = re.compile(
    r"(?P<count>[1-9]\d{0,3})\s+(?P<unit>day|week|month|year)s?\s+after\s+(?P<anchor>[a-z][a-z0-9_]*)"
    r"(?P<property>\s+property)?",
    re.IGNORECASE,
)
LAST_ACTIVITY: Final = "last_activity"
WITHDRAWN: Final = "withdrawn"
#: Between the day that somebody is found to leave and the erasure: a wrong rule is seen in time (CD rule 10).
HOLD_MS: Final = 86_400_000
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

    def before(self, day: date) -> date:
        """The day that lies the rule's time before another."""
        return self._shifted(day, -1)

    def _shifted(self, day: date, sign: int = 1) -> date:
        count = sign * self.count
        match self.unit:
            case "day":
                return day + timedelta(days=count)
            case "week":
                return day + timedelta(weeks=count)
            case "month":
                return add_months(day, count)
            case _:
                return add_months(day, 12 * count)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What counts as activity in HubSpot, and how long the proof of an ended consent is kept, and why.

    `proof` counts from the no; `motive` is what the controller answers when asked why (consent-domain 7).
    """

    activity: tuple[str, ...] = ()
    proof: Rule = Rule(24, "month", WITHDRAWN)
    motive: str = ""


def properties(rules: Iterable[str], policy: Policy) -> tuple[str, ...]:
    """The HubSpot properties that have to be read for these rules. Raises BadRule."""
    found: dict[str, None] = {}
    for rule in map(parse, rules):
        if rule.of_property:
            found[rule.anchor] = None
        elif rule.anchor == LAST_ACTIVITY:
            found |= dict.fromkeys(policy.activity)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Until when one purpose is a reason to keep somebody. Times in ms UTC.

    `since`: the anchor's date. `carries`: something is recorded for this purpose. `read`: everything that the
    rule counts from is known to be read; what was not read may be newer.
    """

    purpose: str
    rule: Rule
    since: int | None
    due: int | None
    carries: bool
    read: bool = True

    @property
    def is_open(self) -> bool:
        """It ends with a no, and nobody has said no."""
        return self.due is None and self.rule.anchor == WITHDRAWN


class Stays(StrEnum):
    """Why somebody is not erased."""

    NOT_YET = "not_yet"
    UNTIL_WITHDRAWN = "until_withdrawn"
    NO_DATE = "no_date"  # what a rule counts from has no date: gallring never guesses
    NOT_READ = "not_read"  # HubSpot's dates were not read yet
    HELD = "legal_hold"
    RESTRICTED = "restricted"  # Art. 18: storing only, and no deletion
    REQUEST = "open_request"  # they have asked for something that their data answers (Art. 15-21)
    NO_PURPOSE = "no_purpose"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`stays` None: every purpose's time is over. `due`: when the last one's is, where all are known."""

    stays: Stays | None
    due: int | None = None

    @property
    def is_over(self) -> bool:
        """The time is over, whatever else keeps the person."""
        return self.stays in {None, Stays.HELD, Stays.RESTRICTED, Stays.REQUEST}


def carrying(terms: Sequence[Term]) -> tuple[Term, ...]:
    """The purposes that count: those with something recorded; where there are none, all of them."""
    return tuple(each for each in terms if each.carries) or tuple(terms)


def verdict(
    terms: Sequence[Term], *, overlay: Overlay | None, held: bool, now: int, asked: bool = False
) -> Verdict:
    """Does somebody leave? Not before the last purpose's time is over; every doubt keeps them."""
    relevant = carrying(terms)
    if not relevant:
        return Verdict(Stays.NO_PURPOSE)
    if any(not each.read for each in relevant):
        return Verdict(Stays.NOT_READ)
    due = [each.due for each in relevant if each.due is not None]
    if len(due) < len(relevant):
        dated = all(each.is_open for each in relevant if each.due is None)
        return Verdict(Stays.UNTIL_WITHDRAWN if dated else Stays.NO_DATE)
    last = max(due)
    if last > now:
        return Verdict(Stays.NOT_YET, last)
    if held:
        return Verdict(Stays.HELD, last)
    waits = Stays.REQUEST if asked else None
    return Verdict(Stays.RESTRICTED if overlay is not None else waits, last)


def later(rule: int | None, proof: int | None) -> int | None:
    """A purpose's end, where its proof has to be kept longer than its rule says."""
    return rule if rule is None or proof is None else max(rule, proof)
