"""Clocks that differ: the later no wins although our clock says that the yes was later."""

from pathlib import Path

import pytest

from connector.acts.doubt import needed_ms
from connector.acts.record import Act, File, record
from connector.acts.when import Moment
from connector.consent.events import EventType, Source
from tests.world import ANNA, BO, DAY, MINUTE, NEWSLETTER, UNSUBSCRIBED, World, world

AHEAD = 10 * MINUTE


def granted(w: World, who: str, minutes_after_the_no: int) -> None:
    """What a person told us, that long after they had opted out in HubSpot."""
    w.sandbox.person.unsubscribe(who, NEWSLETTER)
    w.wait(minutes_after_the_no * MINUTE)
    w.grant(who)


def test_sigma_covers_small_differences_and_larger_ones_come_on_top_in_steps() -> None:
    sigma = 5 * MINUTE
    assert needed_ms(None, sigma) == needed_ms(sigma, sigma) == needed_ms(-sigma, sigma) == 0
    assert needed_ms(sigma + 1, sigma) == needed_ms(-10 * MINUTE, sigma) == 10 * MINUTE


@pytest.mark.parametrize("ahead", [AHEAD, -AHEAD])
def test_a_yes_at_our_wrong_clock_does_not_outrank_the_no_that_followed(tmp_path: Path, ahead: int) -> None:
    """Ahead: recorded ten minutes too late, it looked clearly later than the opt-out two minutes after it."""
    with world(tmp_path, contacts=(ANNA,)) as w:
        w.begin()
        w.sandbox.clock.offset_ms = -ahead
        w.grant(ANNA)
        w.wait(2 * MINUTE)
        w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
        w.wait(20 * MINUTE)
        w.sync()
        w.sync()
        assert not w.may_send(ANNA)
        assert w.hubspot(ANNA, NEWSLETTER) == "UNSUBSCRIBED"


def test_the_doubt_stays_when_the_clock_is_right_again(tmp_path: Path) -> None:
    """What was recorded in those minutes keeps its times."""
    with world(tmp_path, contacts=(ANNA, BO)) as w:
        w.begin()
        w.sandbox.clock.offset_ms = -AHEAD
        w.sync()
        w.sandbox.clock.offset_ms = 0
        granted(w, ANNA, 8)
        granted(w, BO, 40)
        w.sync()
        assert not w.may_send(ANNA)
        assert w.may_send(BO)


def test_whoever_was_granted_over_a_no_is_weighed_again(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA, BO)) as w:
        w.begin()
        granted(w, ANNA, 8)
        granted(w, BO, 40)
        w.sync()
        assert w.may_send(ANNA)
        assert w.may_send(BO)
        w.sandbox.clock.offset_ms = -AHEAD
        w.sync()
        assert not w.may_send(ANNA)
        assert w.state(ANNA) == "WITHDRAWN"
        assert w.hubspot(ANNA, NEWSLETTER) == "UNSUBSCRIBED"
        assert w.may_send(BO)


def test_no_yes_leaves_while_the_difference_is_larger_than_can_be_covered(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA, BO)) as w:
        w.begin()
        w.sandbox.clock.offset_ms = -120 * MINUTE
        wording, scan = File("w.txt", b"Yes, mail me."), File("scan.pdf", b"signed")
        yes = Act(
            type=EventType.GRANT, source=Source.PAPER, at=Moment(w.now, w.now), signed=True,
            purpose=w.desk.purposes.of_subscription(NEWSLETTER), wording=wording, evidence=(scan,),
        )  # fmt: skip
        record(w.desk, ANNA, yes)
        w.sync()
        with w.mirror.read(w.desk.portal) as work:
            assert work.outbox.waiting().count == 1
        assert w.hubspot(ANNA, NEWSLETTER) != "SUBSCRIBED"
        w.withdraw(BO)
        assert w.hubspot(BO, NEWSLETTER) == "UNSUBSCRIBED"
        w.sandbox.clock.offset_ms = 0
        w.wait(24 * 60 * MINUTE)
        w.sync()
        assert w.hubspot(ANNA, NEWSLETTER) == "SUBSCRIBED"


@pytest.mark.parametrize("back", [10 * MINUTE, 3 * DAY])
@pytest.mark.parametrize("source", [Source.CLI, Source.ONECLICK, Source.PREFPAGE])
def test_a_no_after_our_clock_was_put_back_is_later_than_the_yes_before(
    tmp_path: Path, back: int, source: Source
) -> None:
    """By the clock it was said before the yes; the log knows better."""
    with world(tmp_path, contacts=(ANNA,)) as w:
        w.begin()
        w.grant(ANNA)
        w.wait(-back)
        w.withdraw(ANNA, "newsletter", source=source, t_lo=w.now, t_hi=w.now)
        assert (w.state(ANNA), w.may_send(ANNA)) == ("WITHDRAWN", False)
        w.sync()
        assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED


def test_a_time_that_somebody_gave_stays_as_it_was_given(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA,)) as w:
        w.begin()
        w.wait(-10 * MINUTE)
        w.withdraw(ANNA, "newsletter", source=Source.PHONE, t_lo=w.now - DAY, t_hi=w.now - DAY)
        no = next(event for event in w.log(ANNA) if event.type is EventType.WITHDRAW)
        assert no.t_hi == w.now - DAY
