"""The outbox: noes first, none lost, none overtaken by a yes (design 4.2, 4.5)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.store.outbox import NewLetter, Origin, Queued, Urgency
from connector.store.people import NewAddress
from mappings.words import LegalBasis, Status

from .conftest import NOW, PORTAL

YES, NO = Status.SUBSCRIBED, Status.UNSUBSCRIBED
LEASE = 30_000
WIDE = 0


@pytest.fixture
def anna(work):
    """(person id, address ref)."""
    (person,) = work.people.create([[NewAddress("anna@exempel.se", "Anna@Exempel.se")]])
    return person.id, work.people.address_ref("anna@exempel.se")


def letter(anna, subscription=101, status=NO, origin=Origin.ASKED, **more):
    return NewLetter(
        ref=anna[1], person_id=anna[0], subscription=subscription, status=status, origin=origin, **more
    )


def queue(work, *letters, now=NOW):
    return work.outbox.queue(letters, now)


def claim(work, now=NOW, **more):
    return work.outbox.claim(100, now, LEASE, **more)


def test_a_letter_leaves_with_the_address_as_it_was_spelled(work, anna):
    assert queue(
        work, letter(anna, basis=LegalBasis.CONSENT_WITH_NOTICE, explanation="evt:1", row=22, seq=5)
    ) == [Queued.NEW]
    (taken,) = claim(work)
    assert (taken.address, taken.basis, taken.explanation) == (
        "Anna@Exempel.se",
        LegalBasis.CONSENT_WITH_NOTICE,
        "evt:1",
    )
    assert (taken.row, taken.seq, taken.queued_at, taken.attempts) == (22, 5, NOW, 0)
    assert claim(work) == [], "nobody else gets it while the claim lasts"
    assert [each.version for each in claim(work, now=NOW + LEASE)] == [1], "a dead process loses its claim"


def test_what_people_asked_for_goes_first_then_noes_then_yeses_each_by_age(work, anna):
    queue(work, letter(anna, 1, YES, Origin.RECONCILE))
    queue(work, letter(anna, 2, NO, Origin.RECONCILE), now=NOW + 1)
    queue(work, letter(anna, 4, NO, Origin.ASKED), now=NOW + 3)
    queue(work, letter(anna, 3, NO, Origin.ASKED), now=NOW + 2)
    assert [each.subscription for each in work.outbox.pending()] == [3, 4, 2, 1]
    assert [each.urgency for each in claim(work, now=NOW + 9)] == [
        Urgency.ASKED,
        Urgency.ASKED,
        Urgency.DERIVED_NO,
        Urgency.DERIVED_YES,
    ]


def test_a_bulk_of_yeses_does_not_stand_before_a_no(work, anna):
    queue(work, *(letter(anna, number, YES, Origin.ASKED) for number in range(1, 50)))
    queue(work, letter(anna, 99, NO, Origin.RECONCILE), now=NOW + 1)
    assert [each.subscription for each in work.outbox.claim(1, NOW + 1, LEASE)] == [99]


@pytest.mark.parametrize(
    ("waiting", "new", "outcome"),
    [
        pytest.param({"status": NO}, {"status": YES}, Queued.REFUSED, id="a yes over a waiting no"),
        pytest.param(
            {"status": NO}, {"status": YES, "resubscribe": True}, Queued.REPLACED, id="with an intent"
        ),
        pytest.param({"status": YES}, {"status": NO}, Queued.REPLACED, id="a no over a waiting yes"),
        pytest.param({"status": NO}, {"status": NO}, Queued.SAME, id="the same no"),
        pytest.param({"status": YES}, {"status": YES}, Queued.REPLACED, id="the same yes, newer evidence"),
        pytest.param(
            {"status": NO, "subscription": WIDE},
            {"status": YES},
            Queued.REFUSED,
            id="a yes over a waiting wide no",
        ),
        pytest.param(
            {"status": NO, "subscription": WIDE},
            {"status": YES, "resubscribe": True},
            Queued.NEW,
            id="a wide no, with an intent",
        ),
        pytest.param(
            {"status": NO, "subscription": 102}, {"status": YES}, Queued.NEW, id="a no for something else"
        ),
    ],
)
@pytest.mark.parametrize("parked", [False, True])
@pytest.mark.parametrize("together", [False, True])
def test_what_may_replace_what(work, anna, waiting, new, outcome, parked, together):
    first, second = letter(anna, **waiting), letter(anna, **new)
    if together:
        assert queue(work, first, second)[1] is outcome
        return
    queue(work, first)
    if parked:
        (taken,) = claim(work)
        work.outbox.park(taken, "rejected")
    assert queue(work, second) == [outcome]


def test_a_no_to_everything_removes_the_yeses_that_wait(work, anna):
    queue(work, letter(anna, 101, YES), letter(anna, 102, NO))
    queue(work, letter(anna, WIDE, NO))
    assert [(each.subscription, each.status) for each in work.outbox.pending()] == [
        (102, NO),
        (WIDE, NO),
    ] or [(each.subscription, each.status) for each in work.outbox.pending()] == [(WIDE, NO), (102, NO)]
    assert queue(work, letter(anna, 103, YES), letter(anna, WIDE, NO)) == [Queued.REFUSED, Queued.SAME]


def test_a_no_waits_for_the_yes_that_is_on_its_way_and_no_longer(work, anna):
    queue(work, letter(anna, 101, YES))
    (yes,) = claim(work)
    yes = work.outbox.attempt(yes, NOW)
    assert queue(work, letter(anna, 101, NO)) == [Queued.REPLACED]
    assert claim(work) == [], "the yes could be applied after it"
    assert not work.outbox.confirm(yes, NOW), "it is no longer what we want"
    (no,) = claim(work)
    assert (no.status, no.version) == (NO, 2)


@pytest.mark.parametrize("end", ["confirm", "retry", "release", "park"])
def test_a_wide_no_waits_for_the_yes_that_is_on_its_way_however_that_ends(work, anna, end):
    queue(work, letter(anna, 101, YES))
    (yes,) = claim(work)
    queue(work, letter(anna, WIDE, NO))
    assert claim(work) == []
    {
        "confirm": lambda: work.outbox.confirm(yes, NOW),
        "retry": lambda: work.outbox.retry(yes, NOW + 99),
        "release": lambda: work.outbox.release(yes),
        "park": lambda: work.outbox.park(yes, "rejected"),
    }[end]()
    assert [(each.subscription, each.status) for each in claim(work)] == [(WIDE, NO)]
    assert work.outbox.get(anna[1], 101) is None


def test_a_dead_process_holds_a_no_for_its_lease_only(work, anna):
    queue(work, letter(anna, 101, YES))
    claim(work)
    queue(work, letter(anna, 101, NO))
    assert claim(work, now=NOW + LEASE - 1) == []
    assert len(claim(work, now=NOW + LEASE)) == 1


def test_the_intent_is_counted_before_the_call_and_the_first_time_is_kept(work, anna):
    queue(work, letter(anna, 101, YES))
    (taken,) = claim(work)
    sent = work.outbox.attempt(taken, NOW + 5)
    assert (sent.attempts, sent.first_sent_at, sent.address) == (1, NOW + 5, "Anna@Exempel.se")
    assert work.outbox.retry(sent, NOW + 60_000)
    assert claim(work, now=NOW + 59_999) == []
    (again,) = claim(work, now=NOW + 60_000)
    again = work.outbox.attempt(again, NOW + 60_001)
    assert (again.attempts, again.first_sent_at) == (2, NOW + 5)
    assert work.outbox.subscribes_since(NOW) == 1, "two attempts are one write"


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param(lambda work, anna, taken: queue(work, letter(anna, 101, NO)), id="replaced"),
        pytest.param(lambda work, anna, taken: claim(work, now=NOW + LEASE), id="taken over"),
        pytest.param(lambda work, anna, taken: work.outbox.confirm(taken, NOW), id="confirmed"),
        pytest.param(lambda work, anna, taken: work.outbox.drop([(anna[1], 101)]), id="dropped"),
    ],
)
def test_a_letter_that_is_no_longer_ours_is_not_sent(work, anna, meanwhile):
    queue(work, letter(anna, 101, YES))
    (taken,) = claim(work)
    meanwhile(work, anna, taken)
    assert work.outbox.attempt(taken, NOW + LEASE) is None


def test_confirmed_is_confirmed_and_keeps_the_window_of_our_write(work, anna):
    queue(work, letter(anna))
    (taken,) = claim(work)
    taken = work.outbox.attempt(taken, NOW + 10)
    assert work.outbox.confirm(taken, NOW + 20)
    assert not work.outbox.confirm(taken, NOW + 30)
    assert claim(work, now=NOW + LEASE * 2) == []
    kept = work.outbox.get(anna[1], 101)
    assert (kept.first_sent_at, kept.confirmed_at) == (NOW + 10, NOW + 20)
    assert work.outbox.of_refs([anna[1], "00" * 16]) == {anna[1]: [kept]}
    (history,) = work.outbox.sent_since(NOW)
    assert (history.queued_at, history.sent_at, history.confirmed_at) == (NOW, NOW + 10, NOW + 20)


def test_a_confirmed_letter_gives_way_to_a_new_one(work, anna):
    queue(work, letter(anna))
    (taken,) = claim(work)
    work.outbox.confirm(taken, NOW)
    assert queue(work, letter(anna, 101, YES)) == [Queued.NEW], (
        "the no is done: the gate decides now, not the outbox"
    )
    assert work.outbox.get(anna[1], 101).version == 2


def test_asking_again_makes_a_derived_no_urgent_and_wakes_it(work, anna):
    queue(work, letter(anna, 101, NO, Origin.RECONCILE))
    (taken,) = claim(work)
    work.outbox.retry(taken, NOW + 3_600_000)
    assert queue(work, letter(anna, 101, NO, Origin.ASKED), now=NOW + 5) == [Queued.SAME]
    (taken,) = claim(work, now=NOW + 5, urgent_only=True, gate_open=False)
    assert (taken.urgency, taken.origin, taken.queued_at) == (Urgency.ASKED, Origin.ASKED, NOW)


def test_reconcile_never_takes_urgency_away(work, anna):
    queue(work, letter(anna, 101, NO, Origin.ASKED))
    queue(work, letter(anna, 101, NO, Origin.RECONCILE))
    assert work.outbox.get(anna[1], 101).origin is Origin.ASKED


def test_the_first_push_gate_holds_what_reconcile_derived_and_nothing_else(work, anna):
    queue(
        work,
        letter(anna, 1, NO, Origin.RECONCILE),
        letter(anna, 2, NO, Origin.ASKED),
        letter(anna, 3, NO, Origin.UNDO),
    )
    assert {each.subscription for each in claim(work, gate_open=False)} == {2, 3}
    assert {each.subscription for each in claim(work, gate_open=True)} == {1}


def test_one_person_s_letters_can_be_claimed_by_whoever_accepted_them(work, anna):
    queue(
        work,
        letter(anna),
        NewLetter(ref="11" * 16, subscription=1, status=NO, origin=Origin.ASKED, address="b@c.se"),
    )
    assert [each.ref for each in claim(work, refs=[anna[1]])] == [anna[1]]
    assert [each.address for each in claim(work)] == ["b@c.se"]


def test_an_address_without_a_person_is_sealed_until_confirmed(work, url):
    ref = work.people.address_ref("unknown@exempel.se")
    queue(
        work, NewLetter(ref=ref, subscription=0, status=NO, origin=Origin.ASKED, address="Unknown@exempel.se")
    )
    (taken,) = claim(work)
    assert taken.address == "Unknown@exempel.se"
    stored = "SELECT sealed FROM outbox"
    connection = work.outbox._connection
    assert b"nknown" not in connection.exec_driver_sql(stored).scalar()
    work.outbox.confirm(taken, NOW)
    assert connection.exec_driver_sql(stored).scalar() is None


def test_a_letter_may_have_nothing_but_a_hubspot_id(work):
    ref = work.outbox.contact_ref(51)
    queue(work, NewLetter(ref=ref, subscription=0, status=NO, origin=Origin.ASKED, contact_id=51))
    (taken,) = claim(work)
    assert (taken.address, taken.contact_id, taken.ref) == (None, 51, ref)


def test_a_corrected_address_takes_no_waiting_no_with_it(work, anna):
    queue(work, letter(anna, 101, NO), letter(anna, 102, YES))
    work.people.remove_addresses([anna])
    assert [(each.status, each.address) for each in claim(work)] == [(NO, "Anna@Exempel.se")]
    assert [each.parked for each in work.outbox.pending(parked=True)] == ["address_gone"]


def test_a_parked_letter_waits_for_a_person(work, anna):
    queue(work, letter(anna))
    (taken,) = claim(work)
    assert work.outbox.park(taken, "invalid_email")
    assert claim(work, now=NOW + LEASE) == []
    assert [each.parked for each in work.outbox.pending(parked=True)] == ["invalid_email"]


def test_a_yes_can_be_dropped_and_a_no_cannot(work, anna):
    queue(work, letter(anna, 1, YES), letter(anna, 2, NO))
    assert work.outbox.drop([(anna[1], 1), (anna[1], 2)]) == 1
    assert [each.subscription for each in work.outbox.pending()] == [2]


def test_the_totals_show_how_long_a_no_has_waited(work, anna):
    assert work.outbox.waiting().count == 0
    queue(work, letter(anna, 1, YES, Origin.RECONCILE))
    queue(work, letter(anna, 2, NO), now=NOW + 5)
    queue(work, letter(anna, 3, NO), now=NOW + 6)
    taken = {each.subscription: each for each in claim(work, now=NOW + 6)}
    work.outbox.park(taken[3], "rejected")
    found = work.outbox.waiting()
    assert (found.count, found.noes, found.oldest, found.oldest_no) == (2, 1, NOW, NOW + 5)
    assert (found.parked, found.gated) == (1, 1)


def test_one_portal_never_sees_anothers_letters(mirror):
    with mirror.write(PORTAL) as work:
        queue(
            work, NewLetter(ref="11" * 16, subscription=1, status=NO, origin=Origin.ASKED, address="a@b.se")
        )
    with mirror.write(PORTAL + 1) as work:
        assert claim(work) == work.outbox.pending() == []
        assert work.outbox.get("11" * 16, 1) is None


ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["yes", "no", "wide", "claim", "attempt", "confirm", "retry", "park", "drop", "late"]
        ),
        st.sampled_from([101, 102]),
    ),
    max_size=25,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(ACTS)
def test_whatever_happens_a_no_ends_confirmed_or_still_waits(mirror, acts):
    """The promise of the outbox: after a no, no yes is sent on that key until the no is confirmed."""
    with mirror.write(PORTAL) as work:
        person = work.people.create([[NewAddress("x@exempel.se", "x@exempel.se")]])[0]
        anna, now = (person.id, person.ref), NOW  # a ref of its own for each run
        held, owed = {}, set()
        for act, subscription in acts:
            now += 1
            mine = held.get(subscription)
            if act in {"yes", "no", "wide"}:
                number = WIDE if act == "wide" else subscription
                status = YES if act == "yes" else NO
                new = NewLetter(
                    ref=anna[1], subscription=number, status=status, origin=Origin.ASKED, address="x@e.se"
                )
                work.outbox.queue([new], now)
                if status is NO:
                    owed.add(number)
            elif act == "late":
                now += LEASE
            elif act == "claim":
                held |= {each.subscription: each for each in claim(work, now=now, refs=[anna[1]])}
            elif act == "drop":
                work.outbox.drop([(anna[1], subscription)])
            elif mine is not None:
                _settle(work, act, mine, now, held, owed)
        waiting = {each.subscription for each in work.outbox.pending() if each.ref == anna[1]}
        waiting |= {each.subscription for each in work.outbox.pending(parked=True) if each.ref == anna[1]}
        assert owed <= waiting


def _settle(work, act, mine, now, held, owed):
    if act == "attempt":
        sent = work.outbox.attempt(mine, now)
        if sent is not None and sent.status is YES:
            assert not owed & {mine.subscription, WIDE}, "a yes left while a no was owed"
        return
    if act == "confirm" and work.outbox.confirm(mine, now) and mine.status is NO:
        owed.discard(mine.subscription)
    elif act == "retry":
        work.outbox.retry(mine, now)
    elif act == "park":
        work.outbox.park(mine, "rejected")
    del held[mine.subscription]
