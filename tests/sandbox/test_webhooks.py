"""The push webhooks of the sandbox, as HubSpot sends them: which, how signed, when again; and its faults."""

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from connector.sandbox import Sandbox
from connector.sandbox.webhooks import EVENTS, SPACING, Subscriptions
from tests.sandbox.conftest import Portal, StillClock
from tests.sandbox.listener import SECRET, Listener, listening

ANNA, BO = "anna@example.com", "bo@example.com"
MINUTE, DAY = 60_000, 86_400_000


class Told(Portal):
    """A portal with somebody who is told."""

    def __init__(self, listener: Listener, **settings: Any) -> None:
        super().__init__(options=settings.pop("options", {}))
        self.listener = listener
        listener.clock = self.clock
        app = {"url": listener.url, "secret": SECRET, **settings}
        self.sandbox.machine.webhooks(**app)

    def deliver(self) -> list[dict[str, Any]]:
        """Send what is due; the events that arrived."""
        before = len(self.listener.events)
        self.sandbox.machine.deliver()
        return self.listener.events[before:]

    @property
    def waiting(self) -> int:
        return int(self.sandbox.machine.deliveries()["waiting"])


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening(Listener(StillClock())) as made:
        yield made


@pytest.fixture
def told_with(listener: Listener) -> Callable[..., Told]:
    return lambda **settings: Told(listener, **settings)


@pytest.fixture
def told(told_with: Callable[..., Told]) -> Told:
    return told_with()


def test_each_act_is_told_as_hubspot_tells_it(told: Told) -> None:
    anna, bo = int(told.create(email=ANNA)), int(told.create(email=BO))
    (first, _) = told.deliver()
    assert first | {"changeSource": "-"} == {
        "eventId": 1, "subscriptionId": 1_000, "portalId": 62515, "appId": 54_321,
        "occurredAt": told.clock.now(), "subscriptionType": "contact.creation", "attemptNumber": 0,
        "objectId": anna, "changeSource": "-", "sourceId": "consent-mirror", "changeFlag": "NEW",
    }  # fmt: skip
    told.sandbox.colleague.edit_email(bo, "bo.new@example.com")
    (changed,) = told.deliver()
    assert changed["subscriptionType"] == "contact.propertyChange"
    assert (changed["propertyName"], changed["propertyValue"]) == ("email", "bo.new@example.com")
    assert (changed["changeSource"], changed["sourceId"]) == ("CRM_UI", "userId:1002")
    told.sandbox.colleague.merge(anna, bo)
    (merged,) = told.deliver()
    assert merged["subscriptionType"] == "contact.merge"
    assert (merged["primaryObjectId"], merged["mergedObjectIds"], merged["newObjectId"]) == (anna, [bo], anna)
    told.sandbox.colleague.archive(anna)
    told.sandbox.colleague.restore(anna)
    told.sandbox.colleague.privacy_delete(anna)
    assert [each["subscriptionType"] for each in told.deliver()] == [
        "contact.deletion", "contact.restore", "contact.deletion", "contact.privacyDeletion",
    ]  # fmt: skip
    assert told.waiting == 0 and told.listener.refused == []


def test_a_value_that_stays_and_a_property_that_nobody_chose_are_not_told(told: Told) -> None:
    anna = told.create(email=ANNA)
    told.deliver()
    told.sandbox.colleague.edit(anna, {"email": ANNA})
    told.sandbox.colleague.edit(anna, {"firstname": "Anna"})
    assert told.deliver() == []


def test_only_what_is_subscribed_is_told(told_with: Callable[..., Told]) -> None:
    told = told_with(events=["contact.propertyChange"], properties=["firstname"])
    anna = told.create(email=ANNA)
    told.sandbox.colleague.edit(anna, {"firstname": "Anna", "lastname": "A"})
    told.sandbox.colleague.privacy_delete(anna)
    (only,) = told.deliver()
    assert only["propertyName"] == "firstname"


@pytest.mark.parametrize(
    ("version", "there"),
    [
        ("v1", {"x-hubspot-signature"}),
        ("v3", {"x-hubspot-signature-v3"}),
        ("both", {"x-hubspot-signature", "x-hubspot-signature-v3"}),
    ],
)
def test_a_delivery_carries_the_signature_that_was_asked_for(
    told_with: Callable[..., Told], version: str, there: set[str]
) -> None:
    told = told_with(signature=version)
    told.create(email=ANNA)
    assert len(told.deliver()) == 1  # the listener checked it
    (headers,) = told.listener.headers
    assert {"x-hubspot-signature", "x-hubspot-signature-v3"} & headers.keys() == there


def test_a_body_holds_a_hundred_events_at_most(told: Told) -> None:
    for number in range(250):
        told.sandbox.colleague.create({"email": f"p{number}@example.com"})
    told.deliver()
    assert [len(body) for body in told.listener.bodies] == [100, 100, 50]


def test_an_event_is_sent_eleven_times_within_a_day_and_then_given_up(told: Told) -> None:
    told.create(email=ANNA)
    told.listener.replies = [500, 404, 301, 429] * 3
    began, times = told.clock.now(), []
    while told.waiting:
        if told.deliver():
            times.append(told.clock.now() - began)
        told.clock.move(MINUTE // 4)
    assert [each["attemptNumber"] for each in told.listener.events] == list(range(11))
    assert {each["eventId"] for each in told.listener.events} == {1}
    assert len(SPACING) == 10 and times[-1] < DAY
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert gaps == sorted(gaps) and gaps[0] < 2 * MINUTE
    assert told.sandbox.machine.deliveries()["given_up"] == 1


def test_a_hundred_that_failed_together_come_again_apart(told: Told) -> None:
    """HubSpot spreads them by chance, so that a server that was down is not overrun."""
    for number in range(100):
        told.create(email=f"p{number}@example.com")
    told.listener.replies = [503]
    told.deliver()
    told.clock.move(57_000)
    told.deliver()
    assert 0 < told.waiting < 100
    told.clock.move(MINUTE)
    told.deliver()
    assert told.waiting == 0
    assert {each["attemptNumber"] for body in told.listener.bodies[1:] for each in body} == {1}


def test_who_is_too_slow_or_away_is_told_again(told_with: Callable[..., Told]) -> None:
    told = told_with(patience_s=0.1)
    told.create(email=ANNA)
    told.listener.slow_s = 0.4
    told.deliver()
    assert told.sandbox.machine.deliveries()["sent"][-1]["statuses"] == [0]
    told.listener.slow_s = 0
    told.clock.move(2 * MINUTE)
    assert [each["attemptNumber"] for each in told.deliver()] == [1]
    told.sandbox.machine.webhooks(url="http://127.0.0.1:9/nobody", secret=SECRET)
    told.create(email=BO)
    told.deliver()
    assert told.sandbox.machine.deliveries()["sent"][-1]["statuses"] == [0]
    assert told.waiting == 1


def test_no_more_are_under_way_than_the_app_allows(listener: Listener) -> None:
    listener.slow_s = 0.05
    app = Subscriptions(url=listener.url, secret=SECRET, batch=1, at_once=6)
    made = Sandbox(0, clock=listener.clock, webhooks=app)
    for number in range(60):
        made.colleague.create({"email": f"p{number}@example.com"})
    with made.start():
        end = time.monotonic() + 60
        while len(listener.bodies) < 60 and time.monotonic() < end:
            time.sleep(0.01)
    assert len(listener.bodies) == 60
    assert 1 < listener.busiest <= 6


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"url": "https://www.example.com/x"}, "this machine"),
        ({"url": "http://192.0.2.1/x"}, "this machine"),
        ({"events": ["contact.unsubscribed"]}, "contact.unsubscribed"),
        ({"batch": 101}, "batch"),
        ({"at_once": 5}, "at_once"),
    ],
)
def test_what_hubspot_would_not_take_is_refused(settings: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Subscriptions(**{"url": "http://127.0.0.1:9/x", "secret": SECRET, **settings})
    assert Subscriptions(url="http://127.0.0.1:9/x", secret=SECRET).events == EVENTS


# --- opt-outs ----------------------------------------------------------------------------------------------


def opted_out(told: Told) -> list[tuple[str, str]]:
    anna = told.create(email=ANNA)
    told.deliver()
    told.sandbox.colleague.unsubscribe(ANNA, 101)
    told.sandbox.colleague.unsubscribe(ANNA, 101)  # once more changes nothing
    found = told.deliver()
    assert {each["objectId"] for each in found} == {int(anna)}
    return sorted((each["propertyName"], each["propertyValue"]) for each in found)


def test_an_opt_out_is_told_by_its_properties(told: Told) -> None:
    assert opted_out(told) == [("hs_email_optout", "false"), ("hs_email_optout_101", "true")]


def test_or_by_a_property_that_a_workflow_writes(told_with: Callable[..., Told]) -> None:
    switches = {"webhook_opt_outs": False, "opt_out_workflow": "consent_changed"}
    told = told_with(options=switches, properties=["consent_*"])
    ((name, _),) = opted_out(told)
    assert name == "consent_changed"


def test_or_not_at_all(told_with: Callable[..., Told]) -> None:
    told = told_with(options={"webhook_opt_outs": False})
    told.create(email=ANNA)
    told.deliver()
    told.sandbox.colleague.unsubscribe(ANNA)
    assert told.deliver() == []


def test_the_journal_tells_of_opt_outs_where_the_switch_says_so(portal_with: Callable[..., Portal]) -> None:
    for says in (False, True):
        portal = portal_with(options={"journal_opt_outs": says})
        portal.create(email=ANNA)
        portal.sandbox.person.unsubscribe(ANNA, 101)
        entries = portal.sandbox.engine.rooms.portal.journal.kept(portal.clock.now())
        found = [each.document(62515)["journalEvents"] for each in entries]
        assert len(found) == (2 if says else 1)
        if says:
            assert "hs_email_optout_101" in str(found[-1])


# --- faults ------------------------------------------------------------------------------------------------


def faulty(told: Told, effect: str, **more: Any) -> list[int]:
    """Three events under a fault that comes once; the record ids in the order of their arrival."""
    told.sandbox.machine.fault(effect=effect, count=1, **more)
    for number in range(3):
        told.create(email=f"p{number}@example.com")
    return [each["objectId"] for each in told.deliver()]


def test_twice(told: Told) -> None:
    ids = faulty(told, "webhook_twice")
    assert len(ids) == 6 and ids[:3] == ids[3:]
    assert told.listener.bodies[0] == told.listener.bodies[1]
    assert told.waiting == 0


def test_shuffled(told: Told) -> None:
    ids = faulty(told, "webhook_shuffled")
    assert len(ids) == 3 and ids != sorted(ids)


def test_lost(told: Told) -> None:
    assert faulty(told, "webhook_lost") == []
    assert told.waiting == 0
    told.create(email=ANNA)
    assert len(told.deliver()) == 1, "the fault came once"


def test_late_and_overtaken(told: Told) -> None:
    assert faulty(told, "webhook_late", seconds=90) == []
    told.clock.move(MINUTE)
    told.create(email=ANNA)
    assert len(told.deliver()) == 1
    told.clock.move(MINUTE)
    late = told.deliver()
    assert [each["attemptNumber"] for each in late] == [0, 0, 0]
    assert late[0]["eventId"] < told.listener.events[0]["eventId"]


@pytest.mark.parametrize("effect", ["webhook_forged", "webhook_altered"])
@pytest.mark.parametrize("version", ["v1", "v3", "both"])
def test_forged_or_altered_is_refused_and_comes_again_right(
    told_with: Callable[..., Told], effect: str, version: str
) -> None:
    told = told_with(signature=version)
    assert faulty(told, effect) == []
    assert told.listener.refused == ["wrong_signature"]
    told.clock.move(2 * MINUTE)
    assert len(told.deliver()) == 3


def test_faults_of_answers_and_of_webhooks_keep_apart(told: Told) -> None:
    told.sandbox.machine.fault(effect="webhook_lost", path="/hook", count=1)
    told.sandbox.machine.fault(effect="status", status=503, skip=1)
    told.create(email=ANNA)
    assert told.deliver() == []
    told.listener.refused.clear()
    assert [each["fired"] for each in told.sandbox.machine.faults()] == [1, 0]
