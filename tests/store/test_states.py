"""The projection."""

from connector.consent.events import Basis, Grade, State
from connector.store.states import StateCount, StateRow

from .conftest import NOW, PORTAL

FULL = StateRow(
    state=State.GRANTED,
    since=NOW,
    last_no=NOW - 5,
    grade=Grade.E3,
    basis=Basis.CONSENT,
    hold=True,
    review=True,
    sendable=True,
    expires_at=NOW + 9,
    seq=3,
    row=10,
)
NO = StateRow(state=State.WITHDRAWN)


def test_every_field_comes_back_and_the_last_one_counts(work):
    work.states.put({(1, "news"): NO, (1, "*"): NO})
    work.states.put({(1, "news"): FULL})
    assert work.states.of([1, 2]) == {(1, "news"): FULL, (1, "*"): NO}


def test_unknown_is_no_row_unless_something_holds_it(work):
    held = StateRow(state=State.UNKNOWN, hold=True)
    work.states.put({(1, "news"): FULL, (1, "offers"): FULL})
    work.states.put({(1, "news"): StateRow(state=State.UNKNOWN), (1, "offers"): held})
    assert work.states.of([1]) == {(1, "offers"): held}


def test_counts_by_everything_that_a_report_shows(work):
    work.states.put({(number, "news"): FULL for number in range(3)} | {(9, "news"): NO})
    assert sorted(work.states.counts(), key=str) == [
        StateCount("news", State.GRANTED, Basis.CONSENT, Grade.E3, True, 3),
        StateCount("news", State.WITHDRAWN, Basis.NONE, Grade.E0, False, 1),
    ]


def test_pages_of_people_by_state_and_of_those_who_may_be_mailed(work):
    work.states.put({(number, "news"): FULL if number % 2 else NO for number in range(1, 8)})
    work.states.put({(1, "offers"): FULL})
    assert [person for person, _ in work.states.sendable("news", 1, 2)] == [3, 5]
    assert [person for person, _ in work.states.people_in("news", State.WITHDRAWN, 0, 9)] == [2, 4, 6]
    assert len(work.states.people_in("news", None, 0, 99)) == 7


def test_who_runs_out_is_found_once(work):
    work.states.put({(1, "news"): FULL, (2, "news"): NO})
    assert work.states.expiring(NOW, 9) == []
    assert work.states.expiring(NOW + 9, 9) == [(1, "news")]
    work.states.put({(1, "news"): StateRow(state=State.EXPIRED, expires_at=NOW + 9)})
    assert work.states.expiring(NOW + 9, 9) == []


def test_portals_are_apart(mirror):
    with mirror.write(PORTAL) as work:
        work.states.put({(1, "news"): FULL})
    with mirror.read(PORTAL + 1) as work:
        assert (work.states.of([1]), work.states.counts()) == ({}, [])
