"""A batch size that nobody documents: halved when refused, remembered when it was the reason."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import HubSpotUnreachable, RequestRejected
from connector.hubspot import complaints, families
from connector.hubspot.batches import in_batches
from connector.hubspot.gateway import Learned
from mappings.records import Answer, BatchAnswers

ROUTE = families.statuses_batch()


class Server:
    """Takes batches up to a size, and refuses any that holds a bad address."""

    def __init__(self, limit: int = 1000, bad: Sequence[str] = (), overload: bool = False) -> None:
        self.limit, self.bad, self.overload = limit, set(bad), overload
        self.sizes: list[int] = []

    def read(self, addresses: Sequence[str]) -> BatchAnswers:
        self.sizes.append(len(addresses))
        if len(addresses) > self.limit and self.overload:
            raise complaints.unreachable(ROUTE, "host", "status_500", 500)
        if len(addresses) > self.limit or self.bad & set(addresses):
            raise complaints.rejected(ROUTE, 400, "VALIDATION_ERROR")
        return BatchAnswers(answered={each: Answer(each, b"[]", b"[]", 0) for each in addresses})


def people(count: int) -> list[str]:
    return [f"p{number}@exempel.se" for number in range(count)]


def test_a_batch_is_a_hundred() -> None:
    server = Server()
    assert len(in_batches(people(250), Learned(), server.read).answered) == 250
    assert server.sizes == [100, 100, 50]


@pytest.mark.parametrize("overload", [False, True], ids=["400", "5xx"])
def test_a_size_that_is_refused_is_halved_and_remembered(overload: bool) -> None:
    server, learned = Server(limit=30, overload=overload), Learned()
    assert len(in_batches(people(300), learned, server.read).answered) == 300
    assert learned.batch_size == 25
    assert server.sizes.count(100) == 1


def test_one_bad_address_fails_alone_and_shrinks_nothing() -> None:
    bad, learned = "p17@exempel.se", Learned()
    found = in_batches(people(100), learned, Server(bad=[bad]).read)
    assert found.failed == {bad: "VALIDATION_ERROR"}
    assert len(found.answered) == 99
    assert learned.batch_size == 100


def test_an_overload_that_stays_is_raised() -> None:
    server = Server(limit=0, overload=True)
    with pytest.raises(HubSpotUnreachable):
        in_batches(people(100), Learned(), server.read)
    assert len(server.sizes) == 8


def test_other_refusals_are_raised_at_once() -> None:
    def gone(addresses: Sequence[str]) -> BatchAnswers:
        raise complaints.rejected(ROUTE, 410, "GONE")

    with pytest.raises(RequestRejected):
        in_batches(people(2), Learned(), gone)


def test_each_spelling_is_asked_once() -> None:
    server = Server()
    found = in_batches(["A@x.se", "a@X.SE", "A@x.se"], Learned(), server.read)
    assert sorted(found.answered) == ["A@x.se", "a@X.SE"]
    assert server.sizes == [2]


@given(st.integers(0, 120), st.integers(1, 120), st.sets(st.integers(0, 119), max_size=4))
def test_no_input_is_lost(count: int, limit: int, bad: set[int]) -> None:
    addresses = people(count)
    server = Server(limit, [f"p{number}@exempel.se" for number in bad])
    found = in_batches(addresses, Learned(), server.read)
    assert sorted([*found.answered, *found.failed]) == sorted(addresses)
    assert set(found.failed) == server.bad & set(addresses)
