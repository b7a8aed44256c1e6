"""The shared limiter in its file or row."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest

from connector.store.budget import GUARD_MS, WINDOW_MS
from connector.store.pace import open_pace

from .conftest import NOW, PORTAL, HandClock

UTC = ZoneInfo("UTC")
FULL_WINDOW_S = (WINDOW_MS + GUARD_MS) / 1000


@dataclass(frozen=True)
class Said:
    window_max: int | None = None
    daily: int | None = None
    daily_remaining: int | None = None


@pytest.fixture
def make(url, clock):
    made = []

    def opened(portal=PORTAL, **more):
        made.append(open_pace(url, portal, clock, zone=UTC, **more))
        return made[-1]

    yield opened
    for pace in made:
        pace.close()


def grants(pace, count=300, *, urgent=False):
    return sum(pace.acquire("burst", urgent=urgent) == 0 for _ in range(count))


def test_two_of_them_share_one_budget(make):
    one, other = make(calls_per_10_s=20), make(calls_per_10_s=20)
    assert grants(one, 10) + grants(other, 30) == 18
    assert grants(one, 9, urgent=True) == 2


def test_portals_have_budgets_of_their_own(make):
    assert grants(make(calls_per_10_s=20), 30) == 18
    assert grants(make(PORTAL + 1, calls_per_10_s=20), 30) == 18


def test_waiting_waits_on_the_clock_it_was_given(make, clock):
    pace = make(calls_per_10_s=20)
    grants(pace, 30)
    assert pace.wait("burst", urgent=False) == pytest.approx(FULL_WINDOW_S)
    assert clock.at == NOW + WINDOW_MS + GUARD_MS


def test_what_one_hears_all_know(make):
    one, other = make(), make()
    one.feedback(Said(window_max=190))
    one.feedback(Said())
    assert grants(other) == 187
    one.penalty("burst", "TEN_SECONDLY_ROLLING", 30.0)
    assert other.acquire("burst", urgent=True) == 30.0
    assert other.spent().limit == 190


def test_a_day_that_is_used_up_is_known_to_all(make):
    one, other = make(), make()
    one.feedback(Said(daily=1000, daily_remaining=201))
    assert (grants(other, 5), other.acquire("burst", urgent=True)) == (1, 0)
    one.penalty("burst", "DAILY", 1.0)
    assert other.acquire("burst", urgent=False) > 3600


def test_it_outlives_the_process(make):
    grants(make(calls_per_10_s=20), 30)
    assert make(calls_per_10_s=20).acquire("burst", urgent=False) == FULL_WINDOW_S


def test_a_file_that_is_lost_while_in_use_is_made_anew_and_nothing_is_granted_for_a_window(
    sqlite_url, tmp_path
):
    clock = HandClock()
    one, other = (open_pace(sqlite_url, PORTAL, clock, zone=UTC) for _ in range(2))
    assert (grants(one, 5), grants(other, 5)) == (5, 5)
    for path in tmp_path.glob("*.pace*"):
        path.unlink()
    assert one.acquire("burst", urgent=False) == FULL_WINDOW_S
    assert other.acquire("burst", urgent=False) == FULL_WINDOW_S
    clock.at += WINDOW_MS + GUARD_MS
    assert grants(one, 60) + grants(other, 60) == 97
    one.close()
    other.close()


def test_a_damaged_file_is_made_anew_at_the_start_as_well(sqlite_url, tmp_path):
    (tmp_path / "mirror.db.pace").write_bytes(b"no database at all" * 100)
    pace = open_pace(sqlite_url, PORTAL, HandClock(), zone=UTC)
    assert pace.acquire("burst", urgent=True) == FULL_WINDOW_S
    pace.close()


def test_the_first_call_of_a_new_mirror_waits_for_nothing(make):
    assert make().acquire("burst", urgent=False) == 0


def test_only_its_owner_may_read_the_file(sqlite_url, tmp_path):
    pace = open_pace(sqlite_url, PORTAL, HandClock(), zone=UTC)
    pace.acquire("burst", urgent=False)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.pace*")} == {0o600}
    pace.close()
