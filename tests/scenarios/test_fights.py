"""An app that subscribes again whoever says no: no ping-pong, no lost no, a person is asked (threat 4)."""

import pytest

from connector.acts.fights import KIND, WRITES_A_DAY
from connector.consent.events import EventType
from tests.scenarios.conftest import Make
from tests.world import ANNA, BO, DAY, HOUR, MINUTE, NEWSLETTER, OFFERS, SUBSCRIBED, UNSUBSCRIBED, World


@pytest.fixture
def w(make: Make) -> World:
    made = make(contacts=(ANNA, BO))
    made.begin()
    made.withdraw(ANNA, "newsletter")
    made.wait(HOUR)
    return made


def noes_written(w: World, since: int = 0) -> int:
    return len(w.writes(since))


def fight(w: World, times: int, gap: int = 20 * MINUTE) -> None:
    """The app writes SUBSCRIBED, we have our turn; so many times."""
    for _ in range(times):
        w.sandbox.app.set_status(ANNA, NEWSLETTER, SUBSCRIBED)
        w.wait(gap)
        w.sync(full=True)


def test_after_three_writes_of_a_day_a_person_is_asked_and_the_no_stays_pending(w: World) -> None:
    w.sandbox.machine.clear_requests()
    fight(w, 12)
    # one of the day's writes was the withdrawal itself; the app's own writes are no requests
    assert noes_written(w) == WRITES_A_DAY - 1
    assert w.state(ANNA) == "WITHDRAWN"
    assert not w.may_send(ANNA)
    assert w.hubspot(ANNA, NEWSLETTER) == SUBSCRIBED, "the app has had the last word for today"
    asked = [each for each in w.reviews() if each.kind == KIND]
    assert len(asked) == 1, "asked once"
    assert asked[0].purpose == "newsletter"
    assert w.types(ANNA).count(EventType.INCIDENT_FIGHT) == 1
    with w.mirror.read(w.desk.portal) as work:
        waiting = work.outbox.waiting()
    assert (waiting.noes, waiting.parked) == (1, 0)
    ran = w.cli("status", "--json")
    assert ran.json["portals"][0]["outbox_pending"] == 1
    report = w.cli("report", "--json").json
    kinds = {each["kind"] for each in report["discrepancies"]}
    assert {"resubscribed_against_no", "optout_not_confirmed", "waiting_for_review"} <= kinds


def test_the_next_day_it_is_written_again_and_when_the_app_has_stopped_it_stays(w: World) -> None:
    fight(w, 6)
    w.wait(DAY + HOUR)
    w.sync()
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED
    with w.mirror.read(w.desk.portal) as work:
        assert work.outbox.waiting().count == 0


def test_no_day_has_more_than_three_and_no_day_has_none(w: World) -> None:
    """A week of a fight: the no is written three times in any 24 hours, neither more nor less."""
    sent: list[int] = []
    w.sandbox.machine.clear_requests()
    seen = 0
    for _ in range(7 * 12):
        fight(w, 1, gap=2 * HOUR)
        count = noes_written(w)
        sent += [w.now] * (count - seen)
        seen = count
    assert len(sent) >= 7 * WRITES_A_DAY - 1
    for at in sent:
        assert sum(at <= each < at + DAY - HOUR for each in sent) <= WRITES_A_DAY


def test_the_persons_own_no_passes_at_once(w: World) -> None:
    fight(w, 6)
    w.withdraw(ANNA, "newsletter")
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED


def test_an_answer_writes_at_once(w: World) -> None:
    fight(w, 6)
    number = next(each.id for each in w.reviews() if each.kind == KIND)
    assert w.cli("review", "approve", str(number), "--json").code == 0
    w.sync()
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED
    fight(w, 1)
    assert [each.kind for each in w.reviews()].count(KIND) == 1, "the app was not stopped: asked again"


def test_a_rejected_question_loses_no_no(w: World) -> None:
    fight(w, 6)
    number = next(each.id for each in w.reviews() if each.kind == KIND)
    w.cli("review", "reject", str(number), "--reason", "we know it", "--json")
    w.wait(DAY + HOUR)
    w.sync()
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED


def test_another_purpose_and_another_person_are_not_held(w: World) -> None:
    fight(w, 6)
    for address, purpose, number in ((ANNA, "offers", OFFERS), (BO, "newsletter", NEWSLETTER)):
        w.withdraw(address, purpose)
        w.sandbox.app.set_status(address, number, SUBSCRIBED)
        w.wait(HOUR)
        w.sync(full=True)
        assert w.hubspot(address, number) == UNSUBSCRIBED
