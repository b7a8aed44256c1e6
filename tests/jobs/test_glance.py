"""What HubSpot tells of in a long reading is looked at between two of its pages, and once more after it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector.acts.tally import Tally
from connector.store.hints import HintKind
from jobs.hints import Glance, look_again
from jobs.turn import ASKED_EVERY_MS, Plan, turn
from tests.world import ANNA, BO, CARIN, NEWSLETTER, SECOND, World, world


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    """Several pages of people, and those who matter on the last one."""
    with world(tmp_path, people=450, contacts=(ANNA, BO)) as made:
        made.begin()
        made.grant(ANNA)
        made.wait()
        yield made


def told(w: World, address: str, kind: HintKind = HintKind.CHANGED) -> None:
    """A webhook came."""
    with w.mirror.write(w.desk.portal) as work:
        work.hints.add([(w.contact_ids[address], kind)], w.now)


def waiting(w: World) -> int:
    with w.mirror.read(w.desk.portal) as work:
        return int(work.hints.count()[0])


def swept(w: World, *acts: Callable[[], None]) -> list[str]:
    """A sweep, with these acts a page and half a minute apart; Anna's states page by page."""
    left, states = list(acts), []

    def page() -> None:
        states.append(w.state(ANNA))
        if left:
            left.pop(0)()
        w.wait(ASKED_EVERY_MS + SECOND)

    turn(w.desk, Plan(full=True, forms=False), beat=page)
    assert not left, "the reading has as many pages"
    return states


def test_an_opt_out_that_is_told_in_a_sweep_does_not_wait_for_its_end(w: World) -> None:
    def out() -> None:
        w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
        told(w, ANNA)

    states = swept(w, out)
    assert states[0] == "GRANTED"
    assert "WITHDRAWN" in states[1:3], "with the next pages, and not with her own at the end"
    assert waiting(w) == 1, "her page was read before: she is looked at again"
    assert look_again(w.desk, Tally()) == 1
    assert (w.state(ANNA), waiting(w)) == ("WITHDRAWN", 0)
    assert w.types(ANNA).count("withdraw") == 1
    assert w.hubspot(ANNA, NEWSLETTER) == "UNSUBSCRIBED"


def test_once_for_each_time_that_it_is_told(w: World) -> None:
    glance = Glance()
    told(w, BO)
    assert [glance.take(w.desk, Tally()) for _ in range(2)] == [1, 0]
    w.wait(SECOND)
    told(w, BO)
    told(w, ANNA)
    assert [glance.take(w.desk, Tally()) for _ in range(2)] == [2, 0]
    assert waiting(w) == 2, "a glance settles nothing"


def test_who_is_gone_waits_for_the_look_after_the_reading(w: World) -> None:
    def gone() -> None:
        w.sandbox.colleague.privacy_delete(str(w.contact_ids[BO]))
        told(w, BO)
        told(w, BO, HintKind.ERASED)

    swept(w, gone, lambda: None)
    assert waiting(w) == 2
    look_again(w.desk, Tally())
    person = w.person(BO)
    assert person is not None and str(person.overlay) == "RESTRICTED"
    assert waiting(w) == 0


def test_a_glance_that_fails_does_not_end_the_reading(w: World) -> None:
    def odd() -> None:
        told(w, BO)
        w.sandbox.machine.fault(effect="status", status=400, path="*/contacts/batch/read", count=1)

    swept(w, odd)
    assert waiting(w) == 1


def test_a_first_reading_glances_at_nobody(tmp_path: Path) -> None:
    with world(tmp_path, people=150, contacts=(CARIN,)) as made:
        told(made, CARIN)
        turn(made.desk, Plan(forms=False), beat=lambda: made.wait(ASKED_EVERY_MS + SECOND))
        asked = [each["route"] for each in made.sandbox.machine.requests()]
        assert not [each for each in asked if each.endswith("contacts/batch/read")]
        assert waiting(made) == 1
