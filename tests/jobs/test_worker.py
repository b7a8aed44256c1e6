"""What a worker of a fleet does when something fails beside its turns; `test_fleet.py` has real workers."""

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from connector.errors import ConfigurationError, DatabaseUnavailable
from jobs import cli_fleet, fleet


@dataclass
class Failing:
    """A watch whose beats fail in two ways."""

    beats: int = 0

    def beat(self, worker: str) -> None:
        self.beats += 1
        if self.beats == 1:
            raise DatabaseUnavailable("It is away.", next_step="Wait.")
        raise RuntimeError("the server only reads after a failover")


def test_no_failure_ends_the_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "BEAT_S", 0.001)
    failing = Failing()
    crew = cast("fleet.Crew", SimpleNamespace(name="a", watch=failing))

    async def beaten() -> None:
        beats = asyncio.create_task(fleet._beat(crew))
        while failing.beats < 4:
            assert not beats.done()
            await asyncio.sleep(0.001)
        beats.cancel()

    asyncio.run(asyncio.wait_for(beaten(), 10))


def test_an_import_whose_rows_lie_elsewhere_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again with each turn, until it goes well once."""
    place: Any = cli_fleet._Place.__new__(cli_fleet._Place)
    place._begun = set()
    desk: Any = SimpleNamespace(portal=7, name="main")
    tried: list[int] = []

    def gone(settings: object, desk: object) -> None:
        tried.append(1)
        if len(tried) < 3:
            raise ConfigurationError("The rows are gone.", where="x.rows", next_step="Import again.")

    monkeypatch.setattr(cli_fleet, "roll_forward", gone)
    for _ in range(2):
        place._finish_import(None, desk)
        assert place._begun == set()
    place._finish_import(None, desk)
    assert place._begun == {7}
