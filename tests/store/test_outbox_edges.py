"""The outbox at its edges: each case is a small change that `make mutate` made and that once went unseen."""

import pytest
from sqlalchemy import update

from connector.store.outbox import ECHO_MS, Origin, Urgency, Waiting
from connector.store.people import NewAddress
from connector.store.tables import address

from .conftest import NOW, PORTAL
from .test_outbox import LEASE, NO, WIDE, YES, claim, letter, queue

OTHER = PORTAL + 1


def made(work, name):
    """(person id, address ref)."""
    (person,) = work.people.create([[NewAddress(name, name)]])
    return person.id, work.people.address_ref(name)


@pytest.fixture
def anna(work):
    return made(work, "anna@exempel.se")


@pytest.fixture
def bo(work):
    return made(work, "bo@exempel.se")


def test_a_letter_carries_all_that_was_queued(work, anna):
    asked = letter(anna, 101, YES, Origin.ASKED, resubscribe=True, purpose="newsletter", contact_id=7)
    queue(work, asked)
    (taken,) = claim(work, now=NOW + 5)
    assert (taken.person_id, taken.contact_id, taken.purpose) == (anna[0], 7, "newsletter")
    assert (taken.resubscribe, taken.next_try, taken.urgency) == (True, NOW, Urgency.DERIVED_YES)
    assert not claim_of(work, letter(anna, 102)).resubscribe


def claim_of(work, letter):
    queue(work, letter)
    (taken,) = claim(work)
    return taken


def filled(work, anna):
    """A derived no, a no that was asked for, a derived yes, a parked yes and one that is done."""
    queue(work, letter(anna, 5, YES), letter(anna, 6, NO), now=NOW - 9)
    for each in claim(work):
        work.outbox.attempt(each, NOW - 8)
        if each.status == YES:
            work.outbox.park(each, "rejected")
        else:
            work.outbox.confirm(each, NOW - 7)
    queue(work, letter(anna, 1, NO, Origin.RECONCILE), letter(anna, 2, YES, Origin.RECONCILE), now=NOW)
    queue(work, letter(anna, 3, NO), now=NOW + 1)


TOTALS = Waiting(
    count=3, noes=2, oldest=NOW, oldest_no=NOW, parked=1, gated=2, gated_noes=1, oldest_free_no=NOW + 1
)


def test_the_totals_tell_what_waits_what_is_held_and_since_when(work, anna):
    filled(work, anna)
    assert work.outbox.waiting() == TOTALS


def test_nothing_waits(work):
    assert work.outbox.waiting() == Waiting(0, 0, None, None, 0, 0)


def test_history_and_totals_are_each_portals_own(mirror):
    for portal in (PORTAL, OTHER):
        with mirror.write(portal) as work:
            filled(work, made(work, "anna@exempel.se"))
    with mirror.read(PORTAL) as work:
        assert work.outbox.waiting() == TOTALS
        assert work.outbox.subscribes_since(0) == 1
        assert len(work.outbox.sent_since(0)) == 2


def test_history_is_told_by_time_and_says_what_was_written(work, anna):
    queue(work, letter(anna, 1, YES, Origin.RECONCILE), now=NOW)
    queue(work, letter(anna, 2, NO), letter(anna, 3, NO), now=NOW + 1)
    first, second, third = sorted(claim(work, now=NOW + 2), key=lambda each: -each.subscription)
    for number, each in enumerate((second, third, first)):
        work.outbox.attempt(each, NOW + 10 - number)
    work.outbox.confirm(second, NOW + 20)
    told = work.outbox.sent_since(NOW + 8)
    assert [(each.subscription, each.sent_at) for each in told] == [(3, NOW + 8), (1, NOW + 9), (2, NOW + 10)]
    assert [each.status for each in told] == [NO, YES, NO]
    assert [each.origin for each in told] == [Origin.ASKED, Origin.RECONCILE, Origin.ASKED]
    assert [each.queued_at for each in told] == [NOW + 1, NOW, NOW + 1]
    assert [each.confirmed_at for each in told] == [None, None, NOW + 20]
    assert [each.subscription for each in work.outbox.sent_since(NOW + 9)] == [1, 2]
    assert [work.outbox.subscribes_since(NOW + at) for at in (9, 10)] == [1, 0]


def test_a_damaged_address_keeps_no_other_letter_from_leaving(work, anna, bo):
    queue(work, letter(anna), letter(bo))
    damaged = update(address).where(address.c.person_id == anna[0]).values(sealed=b"damaged" * 9)
    work.outbox._connection.execute(damaged)  # hers is looked at first
    (left,) = claim(work)
    assert left.address is not None
    (parked,) = work.outbox.pending(parked=True)
    assert (parked.parked, {parked.ref, left.ref}) == ("address_gone", {anna[1], bo[1]})


@pytest.mark.parametrize(("after", "kept"), [(ECHO_MS, True), (ECHO_MS + 1, False)])
def test_after_a_long_try_the_window_of_our_write_is_forgotten(work, anna, after, kept):
    taken = work.outbox.attempt(claim_of(work, letter(anna)), NOW)
    work.outbox.confirm(taken, NOW + after)
    found = work.outbox.get(anna[1], 101)
    assert found.confirmed_at == NOW + after
    assert found.first_sent_at == (NOW if kept else None)


@pytest.mark.parametrize("end", ["retry", "park", "release", "attempt"])
def test_a_claim_that_is_over_takes_nothing_from_the_next(work, anna, end):
    late = claim_of(work, letter(anna))
    (taken,) = claim(work, now=NOW + LEASE)
    if end == "retry":
        assert not work.outbox.retry(late, NOW + 1)
    elif end == "park":
        assert not work.outbox.park(late, "rejected")
    elif end == "release":
        work.outbox.release(late)
    else:
        assert work.outbox.attempt(late, NOW + LEASE) is None
    assert claim(work, now=NOW + LEASE + 1) == [], "the second one still holds it"
    assert work.outbox.attempt(taken, NOW + LEASE + 1) is not None


def test_a_claim_is_over_in_its_last_millisecond(work, anna):
    taken = claim_of(work, letter(anna))
    assert work.outbox.attempt(taken, NOW + LEASE) is None
    taken = claim(work, now=NOW + LEASE)[0]
    assert work.outbox.attempt(taken, NOW + 2 * LEASE - 1) is not None


def test_an_answer_about_an_older_target_settles_nothing(work, anna):
    old = claim_of(work, letter(anna, status=YES))
    queue(work, letter(anna, status=NO))
    assert not work.outbox.park(old, "rejected")
    (taken,) = claim(work, now=NOW + 1)
    assert (taken.status, taken.version, taken.parked) == (NO, old.version + 1, None)


def test_only_the_yes_that_was_refused_is_dropped(work, anna, bo):
    queue(work, letter(anna, 101, YES), letter(anna, 102, YES), letter(bo, 101, YES), letter(anna, 103, NO))
    assert work.outbox.drop([(anna[1], 101), (anna[1], 103)]) == 1
    assert {(each.ref, each.subscription) for each in work.outbox.pending()} == {
        (anna[1], 102),
        (bo[1], 101),
        (anna[1], 103),
    }


def test_every_yes_that_waits_can_be_withdrawn_and_no_no(work, anna, bo):
    queue(work, letter(anna, 101, YES), letter(bo, 102, YES), letter(anna, 103, NO))
    assert work.outbox.drop_yeses() == 2
    assert [each.subscription for each in work.outbox.pending()] == [103]


def test_what_is_forgotten_is_what_was_confirmed_for_that_address(work, anna, bo):
    queue(work, letter(anna, 101), letter(anna, 102), letter(bo, 101))
    for each in claim(work):
        if each.subscription == 101:
            work.outbox.confirm(work.outbox.attempt(each, NOW), NOW)
    work.outbox.forget([anna[1]])
    assert [each.subscription for each in work.outbox.of_refs([anna[1]])[anna[1]]] == [102]
    assert [each.subscription for each in work.outbox.of_refs([bo[1]])[bo[1]]] == [101]


def test_asking_again_frees_a_parked_no_and_forgets_nothing_about_it(work, anna):
    work.outbox.park(claim_of(work, letter(anna, contact_id=7)), "rejected")
    stranger = (None, anna[1])
    queue(work, letter(stranger, address="Anna@Exempel.se"))
    (taken,) = claim(work)
    assert (taken.person_id, taken.contact_id, taken.parked) == (anna[0], 7, None)


def test_asking_again_adds_what_was_not_known(work, anna):
    queue(work, letter((None, anna[1]), address="Anna@Exempel.se"))
    queue(work, letter(anna, contact_id=7))
    (taken,) = claim(work)
    assert (taken.person_id, taken.contact_id) == (anna[0], 7)


def test_a_yes_with_an_intent_outlives_the_wide_no_before_it_in_one_call(work, anna):
    queue(work, letter(anna, 101, YES))
    queue(work, letter(anna, WIDE, NO), letter(anna, 101, YES, resubscribe=True))
    assert [(each.subscription, each.status) for each in work.outbox.pending()] == [(WIDE, NO), (101, YES)]


def test_what_waits_is_told_in_the_order_in_which_it_leaves_up_to_a_limit(work, anna, bo):
    queue(work, letter(bo, 102), letter(anna, 102), letter(bo, 101), now=NOW)
    queue(work, letter(anna, 101), now=NOW - 1)
    wanted = [(anna[1], 101), *sorted([(bo[1], 102), (anna[1], 102), (bo[1], 101)])]
    assert [(each.ref, each.subscription) for each in work.outbox.pending()] == wanted
    assert len(work.outbox.pending(2)) == 2
