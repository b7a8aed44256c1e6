"""The desk's tables: requests and errands, on both databases."""

import pytest

from connector.errors import Refused
from connector.store.errands import HUBSPOT, ErrandKind, NewErrand
from connector.store.people import NewAddress
from connector.store.requests import Identity, NewRequest, RequestKind, RequestOutcome

from .conftest import NOW, PORTAL, raw

WHO = "fraga.anna@hemlig-exempel.se"
LEASE = 60_000


def new(kind=RequestKind.ACCESS, due=NOW + 1, person=None):
    return NewRequest(
        kind=kind,
        address=WHO,
        received_at=NOW,
        due_at=due,
        via="mail",
        opened_by="staff:dora",
        person_id=person,
        detail={"note": "ring mig"},
    )


def test_a_request_is_kept_sealed_until_it_is_settled(mirror, url):
    with mirror.write(PORTAL) as work:
        made = work.requests.add(new(), NOW)
        work.requests.annotate(made.id, reason="complex")
    with mirror.read(PORTAL) as work:
        (found,) = work.requests.open()
        assert (found.address, found.detail) == (WHO, {"note": "ring mig", "reason": "complex"})
    with mirror.write(PORTAL) as work:
        done = work.requests.settle(made.id, RequestOutcome.REFUSED, "staff:dora", NOW + 5)
        assert (done.address, done.detail, done.outcome) == (None, {}, RequestOutcome.REFUSED)
        with pytest.raises(Refused):
            work.requests.settle(made.id, RequestOutcome.GRANTED, "staff:dora", NOW + 6)
        with pytest.raises(Refused):
            work.requests.change(made.id + 9, owner="bo")
    with raw(url) as connection:
        assert connection.exec_driver_sql("SELECT sealed FROM request").scalar() is None


def test_the_soonest_due_comes_first_and_only_open_ones_wait(mirror):
    with mirror.write(PORTAL) as work:
        late, soon = (work.requests.add(new(due=NOW + each), NOW) for each in (9, 3))
        work.requests.change(soon.id, owner="bo", identity=Identity.VERIFIED)
        assert [each.id for each in work.requests.open()] == [soon.id, late.id]
        assert work.requests.waiting() == (2, NOW + 3)
        work.requests.settle(soon.id, RequestOutcome.GRANTED, "staff:bo", NOW)
        assert work.requests.waiting() == (1, NOW + 9)
        assert [each.owner for each in work.requests.all()] == ["bo", None]
    with mirror.read(PORTAL + 1) as work:
        assert work.requests.all() == []


def test_a_merge_moves_requests_and_errands(mirror):
    with mirror.write(PORTAL) as work:
        loser, winner = work.people.create([[NewAddress(WHO, WHO)], []])
        work.requests.add(new(person=loser.id), NOW)
        work.errands.queue([errand(person=loser.id)], NOW)
        work.people.merge(loser.id, winner.id)
        assert len(work.requests.of_person(winner.id)) == len(work.errands.of_person(winner.id)) == 1


def errand(cause="1", target="to:agency", kind=ErrandKind.RESTRICTION, person=None):
    return NewErrand(target=target, kind=kind, cause=cause, person_id=person, said={"addresses": [WHO]})


def test_one_errand_for_each_cause_kind_and_target(mirror):
    with mirror.write(PORTAL) as work:
        assert len(work.errands.queue([errand(), errand(), errand(target=HUBSPOT)], NOW)) == 2
        assert work.errands.queue([errand()], NOW) == []
        assert len(work.errands.of_cause("1")) == 2


def test_a_claimed_errand_is_nobody_elses_until_its_time_is_over(mirror):
    with mirror.write(PORTAL) as work:
        work.errands.queue([errand()], NOW)
        (held,) = work.errands.claim(NOW, LEASE, hubspot=False)
        assert (held.recipient, held.attempts, held.said) == ("agency", 1, {"addresses": [WHO]})
        assert work.errands.claim(NOW, LEASE, hubspot=False) == []
        assert work.errands.claim(NOW, LEASE, hubspot=True) == []
        (again,) = work.errands.claim(NOW + LEASE, LEASE, hubspot=False)
        assert not work.errands.confirm(held, NOW), "the claim is another's now"
        assert work.errands.retry(again, NOW + 2 * LEASE)
        assert work.errands.claim(NOW + LEASE, LEASE, hubspot=False) == []
        assert work.errands.waiting() == (1, NOW)


def test_a_parked_errand_waits_for_a_person(mirror):
    with mirror.write(PORTAL) as work:
        work.errands.queue([errand()], NOW)
        (held,) = work.errands.claim(NOW, LEASE, hubspot=False)
        assert work.errands.park(held, "unknown_recipient")
        assert work.errands.claim(NOW + 9 * LEASE, LEASE, hubspot=False) == []
        assert work.errands.unpark(NOW) == 1
        assert len(work.errands.claim(NOW, LEASE, hubspot=False)) == 1
