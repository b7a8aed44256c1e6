"""Pages read ahead: in order, each with all its statuses, never too many, and errors where they belong."""

import threading
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.ahead import BATCH, DEPTH, Plan, Ready, ahead
from mappings.records import Contact, ContactPage, Preferences


def page(number: int, addresses: int) -> ContactPage:
    found = tuple(
        Contact(id=1_000 * number + place, email=f"{number}.{place}@example.com")
        for place in range(addresses)
    )
    return ContactPage(contacts=found, after=str(number))


def everybody(one: ContactPage) -> Sequence[Contact]:
    return one.contacts


def spelled(contacts: Sequence[Contact]) -> dict[str, str]:
    return {each.email: each.email for each in contacts if each.email}


class Statuses:
    """Answers batches and keeps their sizes."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self._lock = threading.Lock()

    def read(self, names: dict[str, str]) -> dict[str, Preferences]:
        with self._lock:
            self.sizes.append(len(names))
        return {name: Preferences(address=address) for name, address in names.items()}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 130), max_size=12))
def test_pages_keep_their_order_and_have_all_their_statuses(sizes: list[int]) -> None:
    statuses = Statuses()
    pages = [page(number, size) for number, size in enumerate(sizes, 1)]
    with ahead(iter(pages), Plan(everybody, spelled, statuses.read)) as found:
        taken = [(each.page, each.statuses().keys()) for each in found]
    assert [each for each, _ in taken] == pages
    for one, names in taken:
        assert names == spelled(one.contacts).keys()
    assert sum(statuses.sizes) == sum(sizes)
    assert max(statuses.sizes, default=0) <= BATCH


def test_addresses_fill_batches_across_pages() -> None:
    """Ten pages of 104 addresses are 1,040: eleven batches, not twenty."""
    statuses = Statuses()
    pages = [page(number, 104) for number in range(10)]
    with ahead(iter(pages), Plan(everybody, spelled, statuses.read)) as found:
        for each in found:
            each.statuses()
    assert len(statuses.sizes) == 11


def test_a_page_waits_for_no_more_than_the_one_after_it() -> None:
    """Pages in which nobody is wanted fill no batch: the one before must not wait for them for ever."""
    statuses = Statuses()
    pages = [page(1, 3), *(page(number, 0) for number in range(2, 30))]
    with ahead(iter(pages), Plan(everybody, spelled, statuses.read)) as found:
        assert len(next(found).statuses()) == 3


def test_without_batches_no_status_is_read() -> None:
    with ahead(iter([page(1, 5)]), Plan(everybody, spelled)) as found:
        assert [each.statuses() for each in found] == [{}]


def test_no_more_pages_wait_than_the_depth_says() -> None:
    handed_out = threading.Semaphore(0)
    count = 0

    def pages() -> Iterator[ContactPage]:
        nonlocal count
        for number in range(50):
            count += 1
            handed_out.release()
            yield page(number, 1)

    with ahead(pages(), Plan(everybody, spelled)) as found:
        next(found)
        for _ in range(DEPTH + 1):
            handed_out.acquire()
        assert count <= DEPTH + 2  # those that wait, the one in hand and the one just read


class Broken(Exception):
    """Something that a read raises."""


def test_an_error_comes_at_its_place() -> None:
    def pages() -> Iterator[ContactPage]:
        yield page(1, 2)
        yield page(2, 2)
        raise Broken

    taken: list[Ready] = []
    with (
        pytest.raises(Broken),
        ahead(pages(), Plan(everybody, spelled, Statuses().read)) as found,
    ):
        for each in found:
            each.statuses()
            taken.append(each)
    assert [each.page.after for each in taken] == ["1", "2"]


def test_an_error_of_a_batch_comes_with_the_first_page_that_needs_it() -> None:
    def read(names: dict[str, str]) -> dict[str, Preferences]:
        raise Broken

    with ahead(iter([page(1, 2)]), Plan(everybody, spelled, read)) as found:
        first = next(found)
        with pytest.raises(Broken):
            first.statuses()


def test_who_leaves_early_waits_for_nothing() -> None:
    with ahead((page(number, 1) for number in range(1_000)), Plan(everybody, spelled)) as found:
        next(found)
    assert not [each for each in threading.enumerate() if each.name == "pages"]
