"""The daemon's tick over the timetable: what is due runs, once, and what failed comes again."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from connector.errors import Temporary
from connector.settings import ControllerSettings, PortalSettings, PurposeSettings, Settings
from jobs import tick as ticks
from jobs.due import timetable

HOUR = 3_600_000
START = int(datetime(2026, 11, 28, 10, 0, tzinfo=UTC).timestamp() * 1000)
SETTINGS = Settings(
    controller=ControllerSettings(name="Exempel AB", contact="dataskydd@exempel.example"),
    portals=(PortalSettings(portal_id=1, token_env="NONE"),),
    purposes=(PurposeSettings(key="newsletter", subscription_id=1),),
)


class Ran:
    """A desk with a real mirror, a clock set by hand, and jobs that only say when they ran."""

    def __init__(self, mirror, clock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock, self.times, self.failing = clock, {}, set()
        self.desk = SimpleNamespace(
            portal=1, name="main", mirror=mirror, clock=clock, zone=SETTINGS.controller.zone
        )
        jobs = {each.job: self._job(each.job) for each in timetable(SETTINGS.schedule)}
        monkeypatch.setattr(ticks, "JOBS", jobs)

    def _job(self, name: str):
        def run(settings, desk, beat) -> None:
            self.times.setdefault(name, []).append(self.clock.now())
            if name in self.failing:
                raise Temporary("away", next_step="wait")

        return run

    def until(self, end: int, step: int = 5 * 60_000) -> None:
        while self.clock.at < end:
            ticks.tick(SETTINGS, self.desk, threading.Event(), lambda: None)
            self.clock.at += step


@pytest.fixture
def ran(tmp_path, monkeypatch) -> Iterator[Ran]:
    from connector.clock import SeededChance
    from connector.proof import keys
    from connector.store.mirror import Mirror
    from tests.store.conftest import HandClock

    clock = HandClock(START)
    made = keys.generate(SeededChance("tick"))
    mirror = Mirror.create(f"sqlite:///{tmp_path}/mirror.db", made, clock, SeededChance(0))
    yield Ran(mirror, clock, monkeypatch)
    mirror.close()


def local(times: list[int]) -> list[str]:
    zone = SETTINGS.controller.zone
    return [datetime.fromtimestamp(at / 1000, tz=zone).strftime("%d %H:%M") for at in times]


def test_a_new_daemon_sweeps_and_reports_every_night_from_the_first_on(ran: Ran) -> None:
    ran.until(START + 72 * HOUR)
    assert local(ran.times["sweep"]) == ["29 02:00", "30 02:00", "01 02:00"]
    assert local(ran.times["report"]) == ["29 06:00", "30 06:00", "01 06:00"]


def test_a_night_without_a_daemon_is_made_up_for_once_after_it(ran: Ran) -> None:
    ran.until(START + HOUR)
    ran.clock.at = START + 60 * HOUR  # two nights without power
    ran.until(START + 61 * HOUR)
    assert local(ran.times["report"]) == ["30 23:00"]


def test_a_job_that_failed_comes_again_soon_and_keeps_no_other_from_running(ran: Ran) -> None:
    ran.failing = {"push", "report"}
    ran.until(START + 24 * HOUR)
    assert local(ran.times["report"])[:3] == ["29 06:00", "29 06:05", "29 06:10"]
    assert len(ran.times["pull"]) == 24 * 12
