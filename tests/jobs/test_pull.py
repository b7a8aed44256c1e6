"""A pull that breaks off is made again from where it began: its cursor passes nobody unread (I23)."""

from pathlib import Path

import pytest

from connector.acts.tally import Tally
from connector.errors import HubSpotUnreachable
from jobs.backfill import CHANGED
from jobs.pull import pull
from tests.world import ANNA, BO, HOUR, World, world


def cursor(w: World) -> object:
    with w.mirror.read(w.desk.portal) as work:
        return work.cursors.get(CHANGED)


@pytest.mark.parametrize("skip", [0, 1, 2], ids=lambda skip: f"search {skip + 1}")
def test_what_a_broken_pull_did_not_read_is_read_by_the_next(tmp_path: Path, skip: int) -> None:
    with world(tmp_path, contacts=(ANNA,)) as w:
        w.begin()
        w.wait(HOUR)
        w.create(BO)
        before = cursor(w)
        w.sandbox.machine.fault(effect="status", status=503, path="*/search", name="down", skip=skip)
        with pytest.raises(HubSpotUnreachable):
            pull(w.desk, Tally())
        assert cursor(w) == before
        w.wait(HOUR)
        w.sandbox.machine.clear_faults("down")
        pull(w.desk, Tally())
        assert w.person(BO) is not None
        assert cursor(w) != before
