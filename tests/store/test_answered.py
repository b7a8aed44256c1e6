"""Digests of what HubSpot answered, on both databases."""

import pytest

from connector.store.contacts import ContactRow
from connector.store.observed import ObservedRow
from connector.store.people import NewAddress
from mappings.words import Status

from .conftest import NOW

ANNA = "anna@exempel.se"
PRINT, OTHER = b"12345678", b"87654321"


@pytest.fixture
def anna(work):
    """Her record is 1; 2 to 40 are other people's."""
    news = [[NewAddress(ANNA, ANNA)]] + [
        [NewAddress(f"p{n}@exempel.se", f"p{n}@exempel.se")] for n in range(39)
    ]
    people = work.people.create(news)
    work.contacts.put([ContactRow(number, person.id, b"f") for number, person in enumerate(people, 1)])
    work.answered.keep((number, PRINT) for number in range(1, 41))
    return work.people.address_ref(ANNA)


def kept(work):
    return set(work.answered.of(range(1, 50)))


def test_what_is_kept_comes_back_and_the_last_word_counts(work, anna):
    work.answered.keep([(1, OTHER)])
    assert work.answered.of([1, 2, 99]) == {1: OTHER, 2: PRINT}


def test_a_status_of_an_address_takes_the_digests_of_its_records_with_it(work, anna):
    row = ObservedRow(anna, 101, Status.UNSUBSCRIBED, NOW, first_seen=NOW, read_at=NOW)
    for change in (
        lambda: work.observed.put([row]),
        lambda: work.observed.put_alike([(row, anna, NOW, None, NOW)]),
        lambda: work.observed.forget([(anna, 101)]),
    ):
        work.answered.keep([(1, PRINT)])
        change()
        assert kept(work) == set(range(2, 41))


@pytest.mark.parametrize(
    ("change", "left"),
    [
        pytest.param(lambda work: work.contacts.mark_gone([3, 4], NOW), 38, id="gone"),
        pytest.param(lambda work: work.contacts.put([ContactRow(5, None, b"g")]), 39, id="changed"),
        pytest.param(lambda work: work.contacts.mark_read([6], NOW), 40, id="read"),
        pytest.param(lambda work: work.contacts.forget_statuses(), 0, id="restored"),
        pytest.param(lambda work: work.answered.forget(range(1, 31)), 10, id="many"),
    ],
)
def test_a_record_that_is_not_what_it_was_has_none(work, anna, change, left):
    change(work)
    assert len(kept(work)) == left


def test_erased_people_leave_none(work, anna):
    work.people.shred(work.people.by_address(ANNA)[0].id)
    assert kept(work) == set(range(2, 41))
