"""Retention rules in words, and months as the law counts them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.consent.calendar import add_months, answer_due, bounds, local_day, notice_due
from connector.consent.retention import BadRule, Rule, parse

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM).timestamp() * 1000)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-11-23", 1, "2026-12-23"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-05-05", 0, "2026-05-05"),
    ],
)
def test_a_month_later_is_the_same_date_or_the_last_day(day, months, expected):
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(expected)


@given(st.dates(date(1970, 1, 1), date(2100, 12, 31)), st.integers(0, 240))
def test_months_never_skip_one(day, months):
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or later.day < day.day


@pytest.mark.parametrize("months", [12 * 9_000, -12 * 3_000])
def test_a_date_outside_the_calendar_is_said_so(months):
    with pytest.raises(OverflowError):
        add_months(date(2026, 1, 1), months)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_local_day_has_its_own_length(day, hours):
    first, last = bounds(date.fromisoformat(day), STOCKHOLM)
    assert last + 1 - first == hours * 3_600_000
    assert local_day(first, STOCKHOLM) == local_day(last, STOCKHOLM) == date.fromisoformat(day)


def test_a_request_is_answered_within_a_month_of_local_days():
    received = at("2026-01-31T23:59")
    assert answer_due(received, STOCKHOLM) == at("2026-03-01T00:00") - 1
    assert answer_due(received, STOCKHOLM, extended=True) == at("2026-05-01T00:00") - 1
    assert notice_due(at("2026-11-23T08:00"), STOCKHOLM) == at("2026-12-24T00:00") - 1


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("24 months after last_activity", Rule(24, "month", "last_activity")),
        ("1 month after first_seen", Rule(1, "month", "first_seen")),
        ("  7  YEARS after  invoice_date  property ", Rule(7, "year", "invoice_date", True)),
        ("90 days after last_purchase", Rule(90, "day", "last_purchase")),
        ("2 weeks after withdrawn", Rule(2, "week", "withdrawn")),
        ("Until Withdrawn", Rule(0, "day", "withdrawn")),
    ],
)
def test_a_rule_is_read_and_said_again(text, rule):
    assert parse(text) == rule
    assert parse(str(rule)) == rule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "24 months",
        "after last_activity",
        "0 months after consent",
        "-1 day after consent",
        "1 month after moon",
        "1 fortnight after consent",
        "24 months after last_activity please",
        "1.5 years after consent",
        "until later",
        "99999 days after consent",
    ],
)
def test_what_cannot_be_read_is_refused_with_what_is_allowed(text):
    with pytest.raises(BadRule, match="until withdrawn"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "start", "due"),
    [
        ("24 months after last_activity", "2024-02-29T12:00", "2026-03-01T00:00"),
        ("1 month after last_activity", "2026-01-31T00:30", "2026-03-01T00:00"),
        ("10 days after last_activity", "2026-03-20T22:00", "2026-03-31T00:00"),
        ("2 weeks after last_activity", "2026-10-20T10:00", "2026-11-04T00:00"),
        ("7 years after last_activity", "2026-05-01T10:00", "2033-05-02T00:00"),
    ],
)
def test_the_period_ends_with_a_local_day(text, start, due):
    assert parse(text.replace("last_activity", "consent")).due({"consent": at(start)}, STOCKHOLM) == at(due)


def test_until_withdrawn_is_due_at_once_and_only_then():
    rule = parse("until withdrawn")
    assert rule.due({"withdrawn": 5}, UTC) == 5
    assert rule.due({"consent": 5}, UTC) is None


def test_nothing_is_due_without_a_date():
    assert parse("7 years after invoice_date property").due({"last_activity": 5}, UTC) is None
