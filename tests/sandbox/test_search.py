"""Search: operators, order, the cap, the lag; and arithmetic over made-up people equal to looking at each."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.sandbox.filters import parsed
from connector.sandbox.view import value_of
from tests.sandbox.conftest import NOON, Portal

SEARCH = "/crm/objects/2026-03/contacts/search"
BIG = Portal(people=2_500, options={"limits": False})


def truth(portal: Portal, filters: list[dict[str, Any]]) -> list[int]:
    """What a search must find: each record looked at on its own."""
    inside = portal.sandbox.engine.rooms.portal
    asked = [parsed(entry, inside.definitions) for entry in filters]
    found = []
    for number in inside.ids_from(0):
        contact = inside.live(number)
        if contact is None:
            continue
        flags = inside.flags(contact)
        if all(f.test()(value_of(contact, flags, f.name)) for f in asked):
            found.append(number)
    return found


def everything(portal: Portal, filters: list[dict[str, Any]], **more: Any) -> tuple[int, list[int]]:
    ids: list[int] = []
    after = "0"
    while True:
        body = {"filterGroups": [{"filters": filters}], "limit": 200, "after": after, **more}
        status, found = portal.ask("POST", SEARCH, body)
        assert status == 200, found
        ids += [int(row["id"]) for row in found["results"]]
        if "paging" not in found:
            return found["total"], ids
        after = found["paging"]["next"]["after"]


def stirred() -> Portal:
    """A register in which things have happened."""
    sandbox = BIG.sandbox
    for number in (51, 551, 1051):
        sandbox.colleague.archive(number)
    sandbox.colleague.privacy_delete(2051)
    sandbox.colleague.merge(3051, 4051)
    sandbox.register.mass(0.02, "opted_out_of_all")
    sandbox.register.mass(0.01, "empty")
    BIG.create(email="late@example.com", lastname="Sent")
    return BIG


PORTAL = stirred()
MODIFIED = PORTAL.sandbox.engine.rooms.portal.people.modified(1_000)

flags = st.sampled_from(["hs_email_optout", "hs_email_optout_101", "hs_email_optout_103"]).flatmap(
    lambda name: st.sampled_from(
        [
            {"propertyName": name, "operator": "EQ", "value": "true"},
            {"propertyName": name, "operator": "NEQ", "value": "true"},
            {"propertyName": name, "operator": "HAS_PROPERTY"},
            {"propertyName": name, "operator": "NOT_HAS_PROPERTY"},
        ]
    )
)
ranges = st.sampled_from(["GT", "GTE", "LT", "LTE"]).flatmap(
    lambda operator: st.one_of(
        st.integers(0, 140_000).map(
            lambda bound: {"propertyName": "hs_object_id", "operator": operator, "value": str(bound)}
        ),
        st.integers(MODIFIED - 10**10, NOON + 10**6).map(
            lambda bound: {"propertyName": "lastmodifieddate", "operator": operator, "value": str(bound)}
        ),
        st.integers(NOON - 10**11, NOON + 10**6).map(
            lambda bound: {"propertyName": "createdate", "operator": operator, "value": str(bound)}
        ),
    )
)
others = st.sampled_from(
    [
        {"propertyName": "email", "operator": "NOT_HAS_PROPERTY"},
        {"propertyName": "hs_additional_emails", "operator": "HAS_PROPERTY"},
        {"propertyName": "city", "operator": "EQ", "value": "malmö"},
        {"propertyName": "city", "operator": "IN", "values": ["lyon", "porto"]},
        {"propertyName": "lastname", "operator": "CONTAINS_TOKEN", "value": "*son"},
        {"propertyName": "hs_legal_basis", "operator": "NOT_HAS_PROPERTY"},
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(flags, ranges, others), min_size=1, max_size=4),
    st.sampled_from(["createdate", "lastmodifieddate", "hs_object_id", "email"]),
    st.booleans(),
)
def test_arithmetic_finds_what_looking_at_each_would_find(
    filters: list[dict[str, Any]], sort: str, newest_first: bool
) -> None:
    direction = "DESCENDING" if newest_first else "ASCENDING"
    total, ids = everything(PORTAL, filters, sorts=[{"propertyName": sort, "direction": direction}])
    assert sorted(ids) == truth(PORTAL, filters)
    assert total == len(ids)


@pytest.mark.parametrize("sort", ["createdate", "lastmodifieddate", "hs_object_id"])
@pytest.mark.parametrize("direction", ["ASCENDING", "DESCENDING"])
def test_results_come_in_the_asked_order(sort: str, direction: str) -> None:
    body = {"limit": 200, "sorts": [{"propertyName": sort, "direction": direction}]}
    rows = [row["properties"] for row in PORTAL.ask("POST", SEARCH, body)[1]["results"]]
    keys = [int(row[sort]) if sort == "hs_object_id" else row[sort] for row in rows]
    assert keys == sorted(keys, reverse=direction == "DESCENDING")


def test_groups_are_joined_by_or() -> None:
    one = [{"propertyName": "hs_email_optout", "operator": "EQ", "value": "true"}]
    two = [{"propertyName": "city", "operator": "EQ", "value": "Umeå"}]
    _, found = PORTAL.ask("POST", SEARCH, {"filterGroups": [{"filters": one}, {"filters": two}], "limit": 1})
    assert found["total"] == len({*truth(PORTAL, one), *truth(PORTAL, two)})


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param(("email", "EQ", "A.B@Example.COM"), 1, id="equal whatever the case"),
        pytest.param(("email", "NEQ", "a.b@example.com"), 0, id="not equal"),
        pytest.param(("email", "CONTAINS_TOKEN", "*@example.com"), 1, id="token with a star"),
        pytest.param(("email", "CONTAINS_TOKEN", "example"), 1, id="a word of it"),
        pytest.param(("email", "NOT_CONTAINS_TOKEN", "example"), 0, id="not a word of it"),
        pytest.param(("phone", "NOT_HAS_PROPERTY"), 1, id="no value"),
        pytest.param(("phone", "EQ", "1"), 0, id="no value equals nothing"),
        pytest.param(("createdate", "GTE", str(NOON)), 1, id="from this millisecond"),
        pytest.param(("createdate", "GT", str(NOON)), 0, id="after this millisecond"),
        pytest.param(("createdate", "LTE", "2026-05-29T12:00:00Z"), 1, id="a time as text"),
        pytest.param(("hs_object_id", "LT", "52"), 1, id="numbers compare as numbers"),
    ],
)
def test_operators(portal_with: Callable[..., Portal], asked: tuple[str, ...], found: int) -> None:
    portal = portal_with(people=0)
    portal.create(email="a.b@example.com", city="Umeå")
    assert portal.search(asked)["total"] == found


def test_in_wants_lower_case_and_between_takes_both_ends(portal_with: Callable[..., Portal]) -> None:
    portal = portal_with(people=0)
    portal.create(email="A@example.com")
    for values, count in ((["a@example.com"], 1), (["A@example.com"], 0)):
        rule = {"propertyName": "email", "operator": "IN", "values": values}
        assert portal.search(filterGroups=[{"filters": [rule]}])["total"] == count
    rule = {"propertyName": "createdate", "operator": "BETWEEN", "value": str(NOON), "highValue": str(NOON)}
    assert portal.search(filterGroups=[{"filters": [rule]}])["total"] == 1


EQ = {"propertyName": "city", "operator": "EQ", "value": "x"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"limit": 201}, id="limit"),
        pytest.param({"limit": 100, "after": "9901"}, id="page past 10,000"),
        pytest.param({"after": "x"}, id="after is no number"),
        pytest.param({"filterGroups": [{"filters": [EQ]}] * 6}, id="six groups"),
        pytest.param({"filterGroups": [{"filters": [EQ] * 7}]}, id="seven filters"),
        pytest.param({"filterGroups": [{"filters": [EQ] * 5}] * 4}, id="twenty filters"),
        pytest.param({"filterGroups": [{"filters": [{**EQ, "operator": "LIKE"}]}]}, id="unknown operator"),
        pytest.param({"filterGroups": [{"filters": [{**EQ, "propertyName": "x"}]}]}, id="unknown property"),
        pytest.param({"filterGroups": [{"filters": [{**EQ, "value": None}]}]}, id="no value"),
        pytest.param({"filterGroups": [{"filters": [{**EQ, "operator": "IN"}]}]}, id="no values"),
        pytest.param({"sorts": ["city", "email"]}, id="two sorts"),
        pytest.param({"query": "x" * 3_000}, id="body too long"),
        pytest.param([], id="no object"),
    ],
)
def test_what_search_refuses(portal: Portal, body: Any) -> None:
    status, found = portal.ask("POST", SEARCH, body)
    assert (status, found["category"]) == (400, "VALIDATION_ERROR")


def test_ten_thousand_results_are_the_end_of_paging(portal_with: Callable[..., Portal]) -> None:
    portal = portal_with(people=12_000)
    status, found = portal.ask("POST", SEARCH, {"limit": 200, "after": "9800"})
    assert (status, found["total"], found["paging"]["next"]["after"]) == (200, 12_000, "10000")
    assert portal.ask("POST", SEARCH, {"limit": 200, "after": "10000"})[0] == 400


def test_search_lags_behind_a_change(portal_with: Callable[..., Portal]) -> None:
    portal = portal_with(options={"search_lag_ms": 10_000})
    out = ("hs_email_optout_101", "EQ", "true")
    before = portal.search(out)["total"]
    number = portal.create(email="new@example.com")
    assert portal.search(("email", "EQ", "new@example.com"))["total"] == 0
    assert portal.contact(number)[0] == 200
    portal.clock.move(10_000)
    assert portal.search(("email", "EQ", "new@example.com"))["total"] == 1
    portal.set("new@example.com", 101, "UNSUBSCRIBED")
    assert portal.search(out)["total"] == before
    portal.clock.move(10_000)
    assert portal.search(out)["total"] == before + 1


def test_a_single_millisecond_can_hold_more_than_a_search_can_page(
    portal_with: Callable[..., Portal],
) -> None:
    portal = portal_with(people=10_500)
    same = portal.sandbox.register.stamp(10_200)
    assert portal.search(("lastmodifieddate", "EQ", str(same)), limit=1)["total"] == 10_200


def test_free_text_looks_into_names_and_addresses(portal: Portal) -> None:
    portal.create(email="zorro@example.com", firstname="Diego")
    assert portal.search(query="zorro diego")["total"] == 1
    assert portal.search(query="zorro xyz")["total"] == 0
