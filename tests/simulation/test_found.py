"""Defects that the simulation found, each as the short story that it shrank to."""

from contextlib import suppress
from pathlib import Path

from connector.errors import HubSpotRefused
from tests.world import ANNA, BO, HOUR, NEWSLETTER, world


def test_a_plan_that_loses_its_batches_stops_the_reading_once_and_not_for_ever(tmp_path: Path) -> None:
    """What the plan allows was asked once in the life of a process; a daemon read nothing any more until
    somebody restarted it, and every opt-out in HubSpot went unseen."""
    with world(tmp_path, contacts=(ANNA, BO)) as w:
        w.begin()
        w.grant(ANNA)
        w.sandbox.machine.tier("starter")
        w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
        w.wait(HOUR)
        with suppress(HubSpotRefused):
            w.sync(full=True)
        w.wait(HOUR)
        w.sync(full=True)
        assert w.state(ANNA) == "WITHDRAWN"
        assert not w.may_send(ANNA)
