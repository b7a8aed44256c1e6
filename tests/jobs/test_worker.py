"""What a worker of a fleet does when something fails beside its turns; `test_fleet.py` has real workers."""

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

import pytest

from connector.errors import DatabaseUnavailable
from jobs import fleet


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
