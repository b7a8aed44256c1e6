"""Defects that the simulation found, each as the short story that it shrank to."""

from contextlib import suppress
from pathlib import Path

from connector.acts.who import people_at
from connector.errors import HubSpotRefused
from tests.simulation.deeds import Deed
from tests.simulation.run import Life, play
from tests.world import ANNA, BO, DAY, HOUR, MINUTE, NEWSLETTER, world


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


def test_a_no_said_again_while_our_yes_is_on_its_way_is_found_on_the_timeline() -> None:
    """The yes was about an older opt-out, and HubSpot's row keeps one word: what the person said once more
    between our look and our write stood nowhere but on the timeline, which nobody asked for noes."""
    ended = play(
        1006,
        [
            Deed("race", 24 * DAY, 808225, 395393),
            Deed("stranger_withdraws", 20 * MINUTE, 813805),
            Deed("consents", 5 * MINUTE, 665114, 350017, 812070),
            Deed("consents", 2 * DAY, 145150, 588546, 138764),
            Deed("race", 2 * DAY, 194030, 982396),
            Deed("consents", 3 * HOUR, 401650, 742514, 913359),
        ],
    )
    assert ended.problem is None
    assert ended.seen["races"] == 2


def test_an_opt_out_that_another_app_lifts_before_we_read_it_is_found_on_the_timeline() -> None:
    """A workflow subscribed everybody; the opt-out of all five minutes after our last reading was gone."""
    ended = play(
        26,
        [
            Deed("moved", DAY, 993880),
            Deed("opts_out", 5 * MINUTE, 907311, 912788),
            Deed("mass_change", 24 * DAY, 552987, 537177),
        ],
    )
    assert ended.problem is None
    assert ended.seen["wrote UNSUBSCRIBED"] > 0


def test_what_changes_after_a_pull_is_found_by_the_next_one_with_our_clock_ahead(tmp_path: Path) -> None:
    """The place where the next search begins was our clock's time: ten minutes ahead, it had passed by what
    changed in HubSpot within the next five minutes, until a sweep (I23)."""
    life = Life(4, tmp_path)
    try:
        life.step(Deed("clock", HOUR, 1_200_000))
        assert life.clock.skew_ms == 10 * MINUTE
        life.step(Deed("nothing", 4 * HOUR))
        life.step(Deed("created", 3 * MINUTE))
        life.step(Deed("nothing", 4 * HOUR))
        with life.desk.mirror.read(life.desk.portal) as work:
            assert people_at(work, life.addresses[-1])
    finally:
        life.end()


def test_an_address_that_somebody_left_is_suppressed_with_its_next_holder() -> None:
    """Another person had had the address and left it: the erasure of its holder took it for shared, wrote no
    suppression, and the next import brought the erased person back (I8)."""
    deeds = [
        Deed("moved", DAY, 7),
        Deed("import", DAY, 7),
        Deed("asks_to_be_erased", DAY, 7),
        Deed("import", DAY, 7),
        Deed("comes_back", DAY),
    ]
    ended = play(4, deeds)
    assert ended.problem is None
    assert ended.played == len(deeds)
