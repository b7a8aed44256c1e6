"""A turn in which nothing happened: what it asks, in a new process too, and how the day's budget is spent."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connector import wiring
from connector.acts.desk import Desk
from connector.errors import HubSpotRefused
from connector.sandbox.options import Tier
from jobs.turn import Plan, turn
from tests.world import DAY, HOUR, World, world

PEOPLE = 80


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, people=PEOPLE, contacts=()) as made:
        made.begin()
        yield made


def another_process(w: World) -> Desk:
    return wiring.desk_of(w.settings, w.mirror, None, w.tools)


def calls(desk: Desk) -> int:
    before = desk.hubspot.calls_made
    turn(desk, Plan(push=False, forms=False))
    return desk.hubspot.calls_made - before


def test_a_new_process_asks_no_more_than_one_that_goes_on(w: World) -> None:
    calls(w.desk)
    usual = calls(w.desk)
    assert calls(another_process(w)) == usual


def test_what_the_plan_allows_is_asked_again_after_a_day(w: World) -> None:
    usual = calls(another_process(w))
    w.wait(DAY)
    assert calls(another_process(w)) == usual + 4
    assert calls(another_process(w)) == usual


def test_what_the_plan_allows_is_asked_again_once_hubspot_refused_something(w: World) -> None:
    w.sandbox.machine.tier("professional")
    with pytest.raises(HubSpotRefused):
        calls(another_process(w))
    assert calls(another_process(w)) > 0


def read_since(w: World, start: int) -> int:
    with w.mirror.read(w.desk.portal) as work:
        rows = work.contacts.by_ids(work.contacts.ids_between(0, None)).values()
    return sum((row.statuses_read_at or 0) >= start for row in rows)


@pytest.mark.parametrize(
    ("waited", "per_day", "expected"),
    [
        pytest.param(HOUR, 100_000, 25, id="nothing is due: the oldest few"),
        pytest.param(2 * DAY, 100_000, PEOPLE, id="all are due and the budget is large"),
        pytest.param(2 * DAY, 120, 60, id="all are due at noon: half of the budget"),
        pytest.param(2 * DAY, 20, 20, id="never above the budget"),
    ],
)
def test_below_enterprise_readings_are_renewed_as_far_as_the_day_has_come(
    tmp_path: Path, waited: int, per_day: int, expected: int
) -> None:
    with world(tmp_path, people=PEOPLE, contacts=(), tier=Tier.PROFESSIONAL) as w:
        w.sync()
        w.wait(waited)
        start = w.now
        w.sync(desk=replace(w.desk, statuses_per_day=per_day))
        assert read_since(w, start) == expected
