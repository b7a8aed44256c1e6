"""The timetable: once a local day whatever the clocks do, and a failed job is tried again."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.settings import ScheduleSettings
from jobs.due import Timing, after_failure, local_day, moment_of, next_local, next_time, timetable

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ZONES = ["Europe/Stockholm", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]
DAY_MS = 86_400_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_a_job_that_never_ran_is_due_at_once() -> None:
    assert next_time(Timing("pull", every=300), None, STOCKHOLM) == 0


def test_an_interval_counts_from_when_it_last_went_well() -> None:
    assert next_time(Timing("pull", every=300), 1_000, STOCKHOLM) == 301_000


@pytest.mark.parametrize(
    ("after", "due"),
    [
        pytest.param("2026-11-24T05:59:00+01:00", "2026-11-24T06:00:00+01:00", id="later today"),
        pytest.param("2026-11-24T06:00:00+01:00", "2026-11-25T06:00:00+01:00", id="just done: tomorrow"),
        pytest.param("2026-03-28T06:30:00+01:00", "2026-03-29T06:00:00+02:00", id="into summer time"),
        pytest.param("2026-10-24T06:30:00+02:00", "2026-10-25T06:00:00+01:00", id="out of summer time"),
    ],
)
def test_a_local_time_comes_once_a_day(after: str, due: str) -> None:
    assert next_local("06:00", ms(after), STOCKHOLM) == ms(due)


def test_an_hour_that_comes_twice_counts_once() -> None:
    first = next_local("02:30", ms("2026-10-24T12:00:00+02:00"), STOCKHOLM)
    assert first == ms("2026-10-25T02:30:00+02:00")
    assert next_local("02:30", first, STOCKHOLM) == ms("2026-10-26T02:30:00+01:00")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", ["00:00", "02:30", "06:00", "23:59"])
def test_ten_years_have_one_run_for_each_local_day(zone: str, at: str) -> None:
    where = ZoneInfo(zone)
    now, days = ms("2026-01-01T12:00:00+00:00"), []
    while len(days) < 3_653:
        now = next_local(at, now, where)
        days.append(local_day(now, where))
    gaps = {later - earlier for earlier, later in itertools.pairwise(days)}
    assert len(set(days)) == len(days)
    assert gaps == {timedelta(days=1)}


@given(st.integers(0, 4_000_000_000_000), st.sampled_from(ZONES))
def test_the_next_time_is_always_later_and_within_two_days(after: int, zone: str) -> None:
    found = next_local("03:15", after, ZoneInfo(zone))
    assert after < found <= after + 2 * DAY_MS + 3_600_000


def test_a_jumped_over_time_runs_at_the_jump() -> None:
    at = moment_of(datetime(2026, 3, 29, tzinfo=UTC).date(), "02:30", STOCKHOLM)
    assert at == ms("2026-03-29T03:30:00+02:00")


def test_failures_wait_ever_longer_up_to_an_hour() -> None:
    waits = [after_failure(number, 0) for number in range(1, 12)]
    assert waits[0] == 60_000
    assert waits == sorted(waits)
    assert waits[-1] == 3_600_000


def test_what_people_asked_for_comes_first_in_a_turn() -> None:
    names = [timing.job for timing in timetable(ScheduleSettings())]
    assert names[0] == "push"
    assert names.index("pull") < names.index("sweep") < names.index("report")
