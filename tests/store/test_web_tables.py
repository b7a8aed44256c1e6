"""Links, sign-ups and hints: whose they are, how long they live, and that they go with the person."""

import pytest

from connector.store.hints import HintKind
from connector.store.people import NewAddress
from tests.store.conftest import NOW, PORTAL

ANNA = "anna@example.org"


@pytest.fixture
def anna(mirror):
    with mirror.write(PORTAL) as work:
        return work.people.create([[NewAddress(ANNA, ANNA)]])[0]


LINK = bytes(range(16))


def test_links_and_signups_go_with_the_person(mirror, anna) -> None:
    with mirror.write(PORTAL) as work:
        ref = work.people.address_ref(ANNA)
        work.links.keep({ref: LINK})
        work.links.keep({ref: LINK})
        assert work.links.find(LINK) == ref
        waiting = work.signups.add(ref, "news", {"address": ANNA}, NOW, NOW + 10)
        work.people.shred(anna.id)
        assert work.links.find(LINK) is None
        assert work.signups.find(waiting.id) is None


def test_the_link_of_a_shared_box_stays_for_the_others(mirror, anna) -> None:
    with mirror.write(PORTAL) as work:
        work.people.create([[NewAddress(ANNA, ANNA)]])
        work.links.keep({work.people.address_ref(ANNA): LINK})
        work.people.shred(anna.id)
        assert work.links.find(LINK) is not None


def test_a_signup_is_sealed_until_it_is_done_or_over(mirror) -> None:
    with mirror.write(PORTAL) as work:
        ref = work.people.address_ref(ANNA)
        made = work.signups.add(ref, "news", {"address": ANNA}, NOW, NOW + 10)
        assert work.signups.find(made.id) == made
        assert work.signups.last(ref) == NOW
        work.signups.done(made.id, NOW + 1)
        done = work.signups.find(made.id)
        assert done is not None and (done.done_at, done.said) == (NOW + 1, {})
        assert work.signups.void(ref) == 0  # what is done is no longer open
        assert work.signups.shred(NOW + 10) == 1


def test_a_no_voids_what_waits(mirror) -> None:
    with mirror.write(PORTAL) as work:
        ref = work.people.address_ref(ANNA)
        for purpose in ("news", "offers"):
            work.signups.add(ref, purpose, {}, NOW, NOW + 10)
        assert work.signups.void(ref, "news") == 1
        assert work.signups.void(ref) == 1


def test_a_hint_is_there_once_and_what_is_heard_meanwhile_stays(mirror) -> None:
    with mirror.write(PORTAL) as work:
        assert work.hints.add([(7, HintKind.CHANGED)] * 3, NOW) == 1
        (seen,) = work.hints.due(NOW, 10)
        work.hints.add([(7, HintKind.CHANGED)], NOW + 1)
        work.hints.settle([seen])
        assert work.hints.count() == (1, NOW)
        (again,) = work.hints.due(NOW + 1, 10)
        work.hints.later(again, NOW + 100)
        assert work.hints.due(NOW + 50, 10) == []
        assert work.hints.due(NOW + 100, 10)[0].attempts == 1
