"""What becomes of a letter that does not get through: a no is tried for ever, a yes a few times (row 44)."""

from contextlib import suppress
from pathlib import Path

from connector.acts.push import YES_ATTEMPTS, push
from connector.acts.tally import Tally
from connector.errors import ConnectorError
from connector.store.outbox import Letter
from tests.scenarios.ports import Deaf
from tests.world import ANNA, BO, DAY, EVENTS, NEWSLETTER, World, world

TRIES = 2 * YES_ATTEMPTS


def tried_in_vain(w: World, times: int) -> None:
    """HubSpot takes each write, and shows nothing of it."""
    for _ in range(times):
        w.wait(DAY)
        with suppress(ConnectorError):
            push(w.wrapped(Deaf), Tally())


def letter(w: World, address: str) -> Letter:
    with w.mirror.read(w.desk.portal) as work:
        found = work.outbox.get(work.people.address_ref(address), NEWSLETTER)
    assert found is not None
    return found


def test_a_no_is_tried_for_ever(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA, BO)) as w:
        w.begin()
        w.withdraw(ANNA, "newsletter", w.wrapped(Deaf))
        tried_in_vain(w, TRIES)
        waits = letter(w, ANNA)
        assert waits.attempts > YES_ATTEMPTS
        assert (waits.parked, waits.confirmed_at) == (None, None)
        w.wait(DAY)
        push(w.desk, Tally())
        assert w.hubspot(ANNA, NEWSLETTER) == "UNSUBSCRIBED"
        assert letter(w, ANNA).confirmed_at is not None


def test_a_yes_is_tried_a_few_times_and_then_a_person_looks(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA, BO)) as w:
        w.begin()
        w.grant(BO)
        w.sandbox.app.set_status(BO, EVENTS, "SUBSCRIBED")  # so that somebody looks at him
        w.sync(desk=w.wrapped(Deaf))
        tried_in_vain(w, TRIES)
        parked = letter(w, BO)
        assert (parked.attempts, parked.confirmed_at) == (YES_ATTEMPTS, None)
        assert parked.parked is not None
        assert w.hubspot(BO, NEWSLETTER) == "NOT_SPECIFIED"
