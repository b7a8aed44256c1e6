"""Retention rules in words, and months as the law counts them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.consent.calendar import add_months, answer_due, bounds, local_day, notice_due
from connector.consent.events import Overlay
from connector.consent.retention import (
    BadRule,
    Policy,
    Rule,
    Stays,
    Term,
    later,
    parse,
    properties,
    verdict,
)

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


# --- who leaves -------------------------------------------------------------------------------------------

RULE = parse("24 months after last_activity")
UNTIL = parse("until withdrawn")


def term(due: int | None, *, rule: Rule = RULE, carries: bool = True, read: bool = True) -> Term:
    return Term(purpose="p", rule=rule, since=due, due=due, carries=carries, read=read)


@pytest.mark.parametrize(
    ("terms", "overlay", "held", "stays"),
    [
        pytest.param([term(5)], None, False, None, id="the only purpose is over"),
        pytest.param([term(5), term(11)], None, False, Stays.NOT_YET, id="another purpose has a reason"),
        pytest.param([term(5), term(11, carries=False)], None, False, None, id="nothing is recorded for it"),
        pytest.param([term(11, carries=False)], None, False, Stays.NOT_YET, id="without any, all count"),
        pytest.param([term(5), term(None)], None, False, Stays.NO_DATE, id="nobody knows when"),
        pytest.param(
            [term(5), term(None, rule=UNTIL)], None, False, Stays.UNTIL_WITHDRAWN, id="nobody said no"
        ),
        pytest.param([term(5, read=False)], None, False, Stays.NOT_READ, id="may be newer in HubSpot"),
        pytest.param([term(5)], None, True, Stays.HELD, id="a legal claim"),
        pytest.param([term(5)], Overlay.RESTRICTED, False, Stays.RESTRICTED, id="Art. 18"),
        pytest.param([], None, False, Stays.NO_PURPOSE, id="no purpose at all"),
    ],
)
def test_who_leaves_and_what_keeps_the_others(terms, overlay, held, stays):
    assert verdict(terms, overlay=overlay, held=held, now=10).stays is stays


TERMS = st.lists(
    st.builds(
        Term,
        purpose=st.just("p"),
        rule=st.sampled_from([RULE, UNTIL]),
        since=st.none(),
        due=st.none() | st.integers(0, 20),
        carries=st.booleans(),
        read=st.booleans(),
    ),
    max_size=5,
)


@given(TERMS, st.sampled_from([None, *Overlay]), st.booleans(), st.integers(0, 20))
def test_nobody_leaves_while_anything_keeps_them(terms, overlay, held, now):
    found = verdict(terms, overlay=overlay, held=held, now=now)
    if found.stays is None:
        counted = [each for each in terms if each.carries] or terms
        assert counted
        assert all(each.read and each.due is not None and each.due <= now for each in counted)
        assert overlay is None
        assert not held


@given(TERMS, st.integers(0, 20), st.integers(0, 20))
def test_a_further_reason_never_lets_anybody_go_sooner(terms, due, now):
    before = verdict(terms, overlay=None, held=False, now=now)
    after = verdict([*terms, term(due)], overlay=None, held=False, now=now)
    if after.stays is None and any(each.carries for each in terms):
        assert before.stays is None


@given(
    st.integers(1, 60),
    st.sampled_from(["day", "week", "month", "year"]),
    st.integers(at("1999-01-01T00:00"), at("2096-12-31T00:00")),
    st.sampled_from(["Europe/Stockholm", "America/New_York", "Pacific/Auckland", "UTC"]),
)
def test_a_period_is_never_shorter_than_its_words_whatever_the_calendar_does(count, unit, began, zone):
    place = ZoneInfo(zone)
    due = Rule(count, unit, "consent").due({"consent": began}, place)
    days = {"day": 1, "week": 7, "month": 28, "year": 365}[unit] * count
    assert due is not None
    assert due - began >= days * 86_400_000 - 7_200_000, "clocks may have gone forward, twice at most"
    first = bounds(local_day(due, place), place)[0]
    assert due == first, "whole local days"
    later_start = Rule(count, unit, "consent").due({"consent": began + 86_400_000}, place)
    assert later_start is not None
    assert later_start >= due


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2024-02-29T12:00", "2025-03-01T00:00"),  # the day before the 29th that is not there, and its end
        ("2023-02-28T12:00", "2024-02-29T00:00"),
        ("2024-03-31T01:59", "2025-04-01T00:00"),
        ("2024-10-27T02:30", "2025-10-28T00:00"),
        ("2099-12-31T23:59", "2101-01-01T00:00"),  # 2100 is no leap year
    ],
)
def test_a_year_over_leap_days_and_summer_time(start, due):
    assert parse("1 year after consent").due({"consent": at(start)}, STOCKHOLM) == at(due)


def test_only_what_a_rule_counts_from_is_read_in_hubspot():
    policy = Policy(activity=("seen", "clicked"))
    assert properties(["until withdrawn", "1 year after consent"], policy) == ()
    assert properties(["1 year after last_activity", "7 years after invoice property"], policy) == (
        "seen",
        "clicked",
        "invoice",
    )


@pytest.mark.parametrize(("rule", "proof", "end"), [(5, 9, 9), (9, 5, 9), (None, 9, None), (5, None, 5)])
def test_a_proof_is_kept_longer_and_never_shorter(rule, proof, end):
    assert later(rule, proof) == end
