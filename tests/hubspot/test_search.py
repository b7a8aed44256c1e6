"""Search by change time: nobody is missed, whatever the ties, strays and caps; and it always ends."""

import itertools
import json

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import HubSpotUnreachable
from connector.hubspot import families
from connector.hubspot.days import EARLIEST_MS
from connector.hubspot.feeds import changed_since, opted_out
from connector.hubspot.search import Cursor
from tests.hubspot.helpers import HUBSPOT, portal
from tests.hubspot.search_index import Index, Row, at, searching

ROWS = st.lists(
    st.tuples(st.integers(0, 6).map(at), st.integers(1, 2_000)), max_size=700, unique_by=lambda r: r[1]
)


def changed(index: Index, since: int, until: int | None = None) -> list[Row]:
    with searching(index):
        pages = changed_since(portal(), since, overlap_ms=0, until=until)
        return [(each.modified_at or 0, each.id) for page in pages for each in page.contacts]


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(0, 6).map(at), st.one_of(st.none(), st.integers(0, 6).map(at)))
def test_each_contact_changed_in_the_window_comes(rows: list[Row], since: int, until: int | None) -> None:
    expected = {row for row in rows if row[0] >= since and (until is None or row[0] <= until)}
    assert set(changed(Index(rows), since, until)) == expected


@settings(max_examples=30, deadline=None)
@given(ROWS)
def test_pages_come_in_the_order_of_time_and_id(rows: list[Row]) -> None:
    found = changed(Index(rows), at(0))
    assert found == sorted(set(found))


def test_one_millisecond_may_hold_more_than_a_query_may_return() -> None:
    rows = [(at(5), number) for number in range(1, 10_451)] + [(at(4), 20_000), (at(6), 20_001)]
    index = Index(rows)
    found = changed(index, at(0))
    assert set(found) == set(rows)
    assert len(index.queries) < 60


def test_rows_outside_the_window_are_dropped() -> None:
    index = Index([(at(3), 1)], strays=[(at(0), 8), (at(9), 9)])
    assert changed(index, at(2), at(4)) == [(at(3), 1)]


def test_an_overlap_reads_the_last_minutes_again() -> None:
    index = Index([(at(0), 1), (at(300_000), 2)])
    with searching(index):
        pages = list(changed_since(portal(), at(300_000)))
    assert [each.id for page in pages for each in page.contacts] == [1, 2]


def test_the_beginning_of_time_is_never_asked_for() -> None:
    index = Index([])
    with searching(index):
        list(changed_since(portal(), 0))
        portal().search_changed(0, 0)
    values = {query["filterGroups"][0]["filters"][0]["value"] for query in index.queries}
    assert values == {str(EARLIEST_MS)}


@given(st.integers(1, 30))
@settings(max_examples=10, deadline=None)
def test_a_run_goes_on_from_any_cursor(pages: int) -> None:
    rows = [(at(number // 90), number) for number in range(1, 3_000)]
    index = Index(rows)
    with searching(index):
        first = list(itertools.islice(changed_since(portal(), at(0), overlap_ms=0), pages))
        rest = changed_since(portal(), at(0), overlap_ms=0, cursor=first[-1].after) if first[-1].after else []
        found = {each.id for page in [*first, *rest] for each in page.contacts}
    assert found == {row[1] for row in rows}


def test_a_quiet_portal_costs_one_call() -> None:
    index = Index([(at(0), 1)])
    changed(index, at(5))
    assert len(index.queries) == 1


def test_pages_of_strays_alone_end_with_an_error() -> None:
    class Strange(Index):
        """Says that there is more, and shows only what was not asked for."""

        def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
            status, headers, text = super().answer(request)
            return status, headers, json.dumps({**json.loads(text), "paging": {"next": {"after": "9"}}})

    with pytest.raises(HubSpotUnreachable, match="come forward"):
        changed(Strange([], strays=[(at(0), 1)]), at(5))


def test_who_is_opted_out_is_listed_by_id() -> None:
    index = Index([(at(0), number) for number in range(1, 501)], strays=[(at(0), 1)])
    with searching(index):
        pages = list(opted_out(portal(), 101))
    assert sorted({each.id for page in pages for each in page.contacts}) == list(range(1, 501))
    assert len(pages) == 3
    [query_filter, _] = index.queries[0]["filterGroups"][0]["filters"]
    assert query_filter == {"propertyName": "hs_email_optout_101", "operator": "EQ", "value": "true"}


def test_who_is_opted_out_of_all_is_counted_with_one_small_call() -> None:
    index = Index([(at(0), number) for number in range(1, 501)])
    with searching(index):
        assert portal().count_opted_out(None) == 500
    [query] = index.queries
    assert query["limit"] == 1
    assert query["filterGroups"][0]["filters"][0]["propertyName"] == "hs_email_optout"


def test_a_count_without_a_total_is_unreadable() -> None:
    with searching(Index([])) as mock:
        mock.replace("POST", HUBSPOT + families.contacts_search().path, json={"results": []})
        with pytest.raises(HubSpotUnreachable):
            portal().count_opted_out(101)


def test_many_purposes_are_read_by_id_because_a_search_has_no_room() -> None:
    subscriptions = tuple(range(100_000, 100_200))
    asked: list[list[str]] = []

    def batch(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        body = json.loads(request.body or b"{}")
        asked.append(body["properties"])
        rows = [
            {"id": each["id"], "properties": {"hs_email_optout_100007": "true", "lastmodifieddate": "1"}}
            for each in body["inputs"]
        ]
        return 200, {}, json.dumps({"status": "COMPLETE", "results": rows})

    index = Index([(at(number), number) for number in range(1, 251)])
    with searching(index) as mock:
        mock.add_callback("POST", HUBSPOT + families.contacts_batch_read().path, callback=batch)
        pages = list(changed_since(portal(subscriptions), at(0), overlap_ms=0))
    contacts = [each for page in pages for each in page.contacts]
    assert {each.id for each in contacts} == set(range(1, 251))
    assert all(each.opted_out_of == {100_007} for each in contacts)
    assert all(len(names) > 200 for names in asked)


def test_a_cursor_is_text_outside() -> None:
    assert Cursor.parse(str(Cursor(5, 7))) == Cursor(5, 7)
    assert Cursor.parse("5") == Cursor(5, 0)
