"""A retention rule as a person reads it, in either language; the grammar itself is consent/retention.py."""

from collections.abc import Mapping
from typing import Final

from connector.consent.retention import Rule

#: A retention rule in words: (one, more) of each unit, and what each anchor is called.
UNITS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "sv": {
        "day": ("dag", "dagar"),
        "week": ("vecka", "veckor"),
        "month": ("månad", "månader"),
        "year": ("år", "år"),
    },
    "en": {
        "day": ("day", "days"),
        "week": ("week", "weeks"),
        "month": ("month", "months"),
        "year": ("year", "years"),
    },
}
ANCHOR_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "sv": {
        "last_activity": "senaste aktivitet",
        "first_seen": "första dagen i registret",
        "consent": "samtycket",
        "withdrawn": "nejet",
        "last_purchase": "senaste köp",
    },
    "en": {
        "last_activity": "the last activity",
        "first_seen": "the first day in the register",
        "consent": "the consent",
        "withdrawn": "the no",
        "last_purchase": "the last purchase",
    },
}
RULES: Final[Mapping[str, tuple[str, str]]] = {
    "sv": ("tills personen säger nej", "{count} {unit} efter {anchor}"),
    "en": ("until the person says no", "{count} {unit} after {anchor}"),
}


def rule_said(rule: Rule, language: str) -> str:
    """A retention rule as a person reads it; a date property of HubSpot's keeps its own name."""
    until_no, after = RULES[language]
    if rule.count == 0:
        return until_no
    unit = UNITS[language][rule.unit][rule.count != 1]
    return after.format(count=rule.count, unit=unit, anchor=anchor_said(rule, language))


def anchor_said(rule: Rule, language: str) -> str:
    """What the time counts from."""
    return rule.anchor if rule.of_property else ANCHOR_NAMES[language][rule.anchor]
