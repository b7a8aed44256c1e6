"""One mail per portal and local day: ten years, five zones, every kind of clock change."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.report.night import (
    DAY_MS,
    MINUTE_MS,
    TRIED_MS,
    Outcome,
    Step,
    Tries,
    decide,
    due_day,
    missed_nights,
    moment,
    put_off,
    settled,
)

ZONES = [
    "Europe/Stockholm",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Africa/Cairo",  # the change is at midnight
    "America/Nuuk",  # the change skips the last hour of a Saturday
]
TIMES = [time(0, 0), time(2, 30), time(6, 0), time(23, 30)]
FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=each) for each in range(366 * 10)]


def ms(year, month, day, hour=0, minute=0):
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", TIMES, ids=str)
def test_ten_years_of_local_days_get_exactly_one_mail_each(zone, at):
    """Asked at the moment of each day, just before it and just after it."""
    where = ZoneInfo(zone)
    moments = [moment(day, at, where) for day in DAYS]
    sent = []
    for now in sorted(instant + shift for instant in moments for shift in (-1, 0, 1)):
        day = due_day(now, at, where)
        if day not in sent[-1:]:
            sent.append(day)
    assert sent[-len(DAYS) :] == DAYS
    assert len(set(sent)) == len(sent)
    gaps = {second - first for first, second in itertools.pairwise(moments)}
    assert all(22 * 60 * MINUTE_MS <= gap <= 26 * 60 * MINUTE_MS for gap in gaps)


@pytest.mark.parametrize("zone", ZONES)
@given(st.integers(ms(2024, 1, 1), ms(2034, 1, 1)), st.times())
def test_the_due_day_is_the_latest_whose_moment_has_come(zone, now, at):
    at = at.replace(microsecond=0, fold=0)
    day = due_day(now, at, ZoneInfo(zone))
    assert moment(day, at, ZoneInfo(zone)) <= now < moment(day + timedelta(days=1), at, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("day", "at", "expected"),
    [
        pytest.param(date(2026, 3, 29), time(2, 30), ms(2026, 3, 29, 1, 30), id="a time that spring skips"),
        pytest.param(
            date(2026, 10, 25), time(2, 30), ms(2026, 10, 25, 0, 30), id="a time that comes twice: the first"
        ),
        pytest.param(date(2028, 2, 29), time(6, 0), ms(2028, 2, 29, 5, 0), id="a leap day"),
    ],
)
def test_the_moment_of_a_day(day, at, expected):
    assert moment(day, at, ZoneInfo("Europe/Stockholm")) == expected


NOW = ms(2026, 11, 24, 5, 0)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("tries", "step"),
    [
        pytest.param(None, Step.SEND, id="not made yet"),
        pytest.param(Tries(), Step.SEND, id="made and not sent, as after a crash"),
        pytest.param(Tries(outcome=Outcome.SENT, count=1, first=NOW), Step.NOTHING, id="sent"),
        pytest.param(Tries(outcome=Outcome.FAILED, count=1, first=NOW), Step.NOTHING, id="refused for good"),
        pytest.param(
            Tries(outcome=Outcome.WAITING, count=1, first=NOW - 9, next=NOW + 1), Step.NOTHING, id="not yet"
        ),
        pytest.param(Tries(outcome=Outcome.WAITING, count=1, first=NOW - 9, next=NOW), Step.SEND, id="again"),
        pytest.param(
            Tries(outcome=Outcome.WAITING, count=30, first=NOW - DAY_MS, next=NOW),
            Step.GIVE_UP,
            id="a day is enough",
        ),
    ],
)
def test_what_to_do_follows_from_what_is_stored(tries, step):
    decision = decide(NOW, time(6, 0), STOCKHOLM, tries)
    assert decision.step is step
    assert decision.day == date(2026, 11, 24)


def test_days_before_the_mirror_began_get_no_mail():
    assert decide(NOW - 1, time(6, 0), STOCKHOLM, None, since=NOW - 9).step is Step.NOTHING
    assert decide(NOW, time(6, 0), STOCKHOLM, None, since=NOW - 9).step is Step.SEND


@given(st.floats(0, 0.999), st.integers(0, 10**13))
def test_tries_end_within_a_day_and_never_crowd(jitter, start):
    now, tries, waits = start, Tries(), []
    while True:
        step = decide(now, time(6, 0), STOCKHOLM, tries).step
        if step is Step.GIVE_UP:
            break
        assert step is Step.SEND
        tries = put_off(tries, now, jitter)
        waits.append(tries.next - now)
        now = tries.next
    assert now - start == TRIED_MS
    assert 20 <= len(waits) <= 40
    assert all(wait >= MINUTE_MS for wait in waits[:-1])
    assert waits[0] <= 1.2 * MINUTE_MS


def test_a_settled_mail_keeps_its_first_try():
    waiting = put_off(Tries(), NOW, 0.0)
    done = settled(waiting, NOW + MINUTE_MS, Outcome.SENT)
    assert (done.outcome, done.count, done.first, done.next) == (Outcome.SENT, 2, NOW, None)


def test_nights_without_a_mail_are_named():
    sent = frozenset({"2026-11-21", "2026-11-23"})
    assert missed_nights(sent, date(2026, 11, 20), date(2026, 11, 24)) == ("2026-11-20", "2026-11-22")
    assert missed_nights(frozenset(), date(2026, 11, 24), date(2026, 11, 24)) == ()
