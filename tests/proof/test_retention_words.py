"""A retention rule in words: what a person, an auditor and a record of processing read."""

import pytest

from connector.consent.retention import ANCHORS, parse
from connector.proof.retention_words import ANCHOR_NAMES, rule_said


@pytest.mark.parametrize(
    ("rule", "swedish", "english"),
    [
        (
            "24 months after last_activity",
            "24 månader efter senaste aktivitet",
            "24 months after the last activity",
        ),
        ("1 year after last_purchase", "1 år efter senaste köp", "1 year after the last purchase"),
        ("1 week after first_seen", "1 vecka efter första dagen i registret", None),
        ("7 years after invoice_date property", "7 år efter invoice_date", "7 years after invoice_date"),
        ("until withdrawn", "tills personen säger nej", "until the person says no"),
    ],
)
def test_a_rule_is_said_in_the_readers_language(rule: str, swedish: str, english: str | None) -> None:
    assert rule_said(parse(rule), "sv") == swedish
    assert english is None or rule_said(parse(rule), "en") == english


@pytest.mark.parametrize("language", ["sv", "en"])
def test_each_anchor_has_a_name(language: str) -> None:
    assert set(ANCHOR_NAMES[language]) == set(ANCHORS)
