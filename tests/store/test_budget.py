"""The rate limit's rule: never above, not much below, a no always goes first."""

from bisect import bisect_left
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.store.budget import (
    DAILY,
    GUARD_MS,
    PROBE_MS,
    TEN_SECONDLY,
    WINDOW_MS,
    Rules,
    Spent,
    acquire,
    feedback,
    full,
    penalty,
)

STOCKHOLM = ZoneInfo("Europe/Stockholm")
RULES = Rules(zone=STOCKHOLM)
NOW = 1_795_000_000_000
#: 2026-11-18 00:00 in Stockholm, the midnight after NOW (2026-11-17 16:26 UTC is NOW's day).
HOUR = 3_600_000


def run(spent, rules, count, *, now=NOW, budget="burst", urgent=False, step=0):
    """Ask `count` times; the state, and the grants."""
    grants = []
    for number in range(count):
        at = now + number * step
        answer = acquire(spent, rules, budget, at, urgent=urgent)
        spent = answer.spent
        if not answer.wait_ms:
            grants.append(at)
    return spent, grants


def test_bulk_work_leaves_three_calls_of_a_window_to_a_no():
    spent, grants = run(Spent(), RULES, 150)
    assert len(grants) == 97
    spent, urgent = run(spent, RULES, 10, urgent=True)
    assert len(urgent) == 3
    assert run(spent, RULES, 5, now=NOW + WINDOW_MS, urgent=True)[1] == [], "HubSpot counts arrivals"
    assert len(run(spent, RULES, 150, now=NOW + WINDOW_MS + GUARD_MS)[1]) == 97


def test_the_wait_is_exactly_until_a_call_is_free():
    spent, _ = run(Spent(), RULES, 97, step=10)
    answer = acquire(spent, RULES, "burst", NOW + 2_000, urgent=False)
    assert answer.wait_ms == WINDOW_MS + GUARD_MS - 2_000
    again = acquire(answer.spent, RULES, "burst", NOW + 2_000 + answer.wait_ms, urgent=False)
    assert again.wait_ms == 0


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 700), st.booleans(), st.booleans()), max_size=250), st.integers(5, 30)
)
def test_never_more_than_the_limit_in_any_window_whoever_asks(asks, limit):
    rules, spent, now = Rules(zone=STOCKHOLM, calls_per_10_s=limit), Spent(), NOW
    grants, searches = [], []
    for gap, urgent, search in asks:
        now += gap
        answer = acquire(spent, rules, "search" if search else "burst", now, urgent=urgent)
        spent = answer.spent
        if not answer.wait_ms:
            grants.append(now)
            searches += [now] if search else []
    for series, most, window in ((grants, limit, WINDOW_MS), (searches, 4, 1_000)):
        for first, last in zip(series, series[most:], strict=False):
            assert last - first >= window


def test_who_waits_as_told_gets_nearly_all_that_is_allowed():
    rules, spent, now, grants = Rules(zone=STOCKHOLM, calls_per_10_s=190), Spent(), NOW, 0
    while now < NOW + 60_000:
        answer = acquire(spent, rules, "burst", now, urgent=False)
        spent = answer.spent
        grants += answer.wait_ms == 0
        now += answer.wait_ms
    assert grants >= 0.95 * 190 * 6


def test_auto_starts_at_100_and_follows_the_header():
    spent = feedback(Spent(), RULES, NOW, limit=190, daily=None, remaining=None)
    assert len(run(spent, RULES, 300)[1]) == 187
    spent = feedback(spent, RULES, NOW, limit=None, daily=None, remaining=None)
    assert spent.limit == 190
    assert feedback(spent, RULES, NOW, limit=0, daily=None, remaining=None).limit == 190


@pytest.mark.parametrize(
    ("configured", "said", "allowed"), [(50, 190, 47), (200, 100, 97), (50, None, 47), (5, None, 4)]
)
def test_a_configured_number_is_a_ceiling_and_so_is_hubspots(configured, said, allowed):
    rules = Rules(zone=STOCKHOLM, calls_per_10_s=configured)
    spent = feedback(Spent(), rules, NOW, limit=said, daily=None, remaining=None)
    assert len(run(spent, rules, 300)[1]) == allowed


def test_a_search_is_a_call_and_has_a_limit_of_its_own():
    spent, grants = run(Spent(), RULES, 10, budget="search")
    assert (len(grants), len(spent.calls)) == (4, 4)
    assert acquire(spent, RULES, "burst", NOW, urgent=False).wait_ms == 0
    assert acquire(spent, RULES, "search", NOW + 1_050, urgent=False).wait_ms == 0


def test_auto_leaves_a_fifth_of_the_day_to_other_apps_but_not_by_holding_a_no():
    spent = feedback(Spent(), RULES, NOW, limit=None, daily=1_000, remaining=203)
    spent, grants = run(spent, RULES, 10)
    assert len(grants) == 3
    wait = acquire(spent, RULES, "burst", NOW, urgent=False).wait_ms
    assert acquire(spent, RULES, "burst", NOW, urgent=True).wait_ms == 0
    assert acquire(spent, RULES, "burst", NOW + wait, urgent=False).wait_ms == 0, "a new day"
    local = (NOW + wait) // 1000
    assert (local + 3_600) % 86_400 == 0, "midnight in Stockholm in winter"


def test_a_number_of_calls_a_day_holds_bulk_work():
    rules = Rules(zone=STOCKHOLM, calls_per_day=5)
    spent, grants = run(Spent(), rules, 9)
    assert len(grants) == 5
    assert acquire(spent, rules, "burst", NOW, urgent=True).wait_ms == 0
    assert len(run(spent, rules, 9, now=NOW + 24 * HOUR)[1]) == 5


def test_daily_stops_everyone_until_midnight_and_a_no_asks_now_and_then():
    spent = penalty(Spent(), RULES, "burst", DAILY, NOW, 1_000)
    bulk = acquire(spent, RULES, "burst", NOW, urgent=False).wait_ms
    assert bulk > HOUR
    assert acquire(spent, RULES, "burst", NOW, urgent=True).wait_ms == PROBE_MS
    spent, grants = run(spent, RULES, 3, now=NOW + PROBE_MS, urgent=True)
    assert len(grants) == 1
    assert acquire(spent, RULES, "burst", NOW + bulk, urgent=False).wait_ms == 0


@pytest.mark.parametrize("urgent", [False, True])
@pytest.mark.parametrize(
    ("budget", "policy", "burst_wait", "search_wait"),
    [
        pytest.param("burst", TEN_SECONDLY, 4_000, 4_000, id="ten secondly"),
        pytest.param("search", "SECONDLY", 0, 4_000, id="search only"),
        pytest.param("search", TEN_SECONDLY, 4_000, 4_000, id="a search hit the burst limit"),
        pytest.param("burst", None, 4_000, 4_000, id="unnamed"),
    ],
)
def test_a_429_stops_its_budget_for_everyone(budget, policy, burst_wait, search_wait, urgent):
    spent = penalty(Spent(), RULES, budget, policy, NOW, 4_000)
    assert acquire(spent, RULES, "burst", NOW, urgent=urgent).wait_ms == burst_wait
    assert acquire(spent, RULES, "search", NOW, urgent=urgent).wait_ms == search_wait


def test_a_shorter_wait_does_not_end_a_longer_one():
    spent = penalty(Spent(), RULES, "burst", TEN_SECONDLY, NOW, 9_000)
    spent = penalty(spent, RULES, "burst", TEN_SECONDLY, NOW, 0)
    assert acquire(spent, RULES, "burst", NOW, urgent=True).wait_ms == 9_000


def test_after_a_loss_a_whole_window_counts_as_used():
    spent = full(RULES, NOW)
    assert acquire(spent, RULES, "burst", NOW, urgent=True).wait_ms == WINDOW_MS + GUARD_MS


@pytest.mark.parametrize("back", [3_000, HOUR, 400 * 24 * HOUR])
def test_a_clock_that_was_set_back_stops_nobody_for_longer_than_a_window(back):
    spent, _ = run(Spent(), RULES, 150)
    spent = penalty(spent, RULES, "burst", TEN_SECONDLY, NOW, 5_000)
    wait = acquire(spent, RULES, "burst", NOW - back, urgent=False).wait_ms
    assert 0 < wait <= WINDOW_MS + GUARD_MS


def test_two_machines_whose_clocks_differ_a_little_stay_within_the_limit():
    spent, _ = run(Spent(), RULES, 97, now=NOW + 1_500)
    answer = acquire(spent, RULES, "burst", NOW, urgent=False)
    assert answer.wait_ms == WINDOW_MS + GUARD_MS + 1_500


def test_evenly_spaced_calls_fill_every_minute_and_no_window_above_the_limit():
    """Bulk work that asks all the time: 95 % of the limit in any 60 s, the first one included (design 5)."""
    rules = Rules(zone=STOCKHOLM, evenly=True)
    spent = feedback(Spent(), rules, NOW, limit=190, daily=None, remaining=None)
    _, grants = run(spent, rules, 30_000, step=10)
    assert grants[-1] - grants[0] > 290_000
    window, minute = _counts(grants, WINDOW_MS), _counts(grants, 60_000)
    assert max(window) <= 190
    assert min(minute) >= 0.95 * 190 * 6


def test_a_no_does_not_wait_for_its_place_among_evenly_spaced_calls():
    rules = Rules(zone=STOCKHOLM, evenly=True)
    spent, _ = run(Spent(), rules, 60)
    assert acquire(spent, rules, "burst", NOW, urgent=False).wait_ms > 0
    assert acquire(spent, rules, "burst", NOW, urgent=True).wait_ms == 0


def _counts(grants, span):
    """Calls in every span that begins with a call and lies wholly inside the run."""
    return [
        bisect_left(grants, start + span) - place
        for place, start in enumerate(grants)
        if start + span <= grants[-1]
    ]
