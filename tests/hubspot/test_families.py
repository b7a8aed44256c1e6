"""Paths: one table of versions, and addresses that stay inside their segment."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.hubspot import families
from connector.hubspot.families import Effect
from connector.hubspot.pace import Budget


@pytest.mark.parametrize(
    ("address", "segment"),
    [
        ("anna+tag@exempel.se", "anna%2Btag@exempel.se"),
        ("a/b@exempel.se", "a%2Fb@exempel.se"),
        ("100%@exempel.se", "100%25@exempel.se"),
        ("åsa@köping.se", "%C3%A5sa@k%C3%B6ping.se"),
        ("a?b#c@exempel.se", "a%3Fb%23c@exempel.se"),
    ],
)
def test_an_address_is_one_segment(address: str, segment: str) -> None:
    assert families.statuses(address).path == f"/communication-preferences/2026-03/statuses/{segment}"


@given(st.text(min_size=1).filter(lambda text: text not in {".", ".."}))
def test_no_address_leaves_its_segment(address: str) -> None:
    try:
        segment = families.encoded(address)
    except UnicodeEncodeError:  # a lone surrogate is no text that can be sent
        return
    assert not set("/?#%+ ") & set(segment.replace("%", "", segment.count("%")))
    assert unquote(segment) == address


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_what_names_another_path_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="segment"):
        families.statuses(part)


@pytest.mark.parametrize(
    "route",
    [
        families.statuses("anna@exempel.se"),
        families.set_status("anna@exempel.se"),
        families.wide("anna@exempel.se"),
        families.unsubscribe_all("anna@exempel.se"),
        families.contact("anna@exempel.se"),
    ],
)
def test_a_route_never_shows_the_address(route: families.Route) -> None:
    assert "anna" not in repr(route)
    assert "anna" not in route.template


def test_only_three_calls_write() -> None:
    writes = [families.set_status("a@b.se"), families.unsubscribe_all("a@b.se"), families.gdpr_delete()]
    reads = [families.contacts_batch_read(), families.contacts_search(), families.statuses_batch()]
    assert {route.effect for route in writes} == {Effect.WRITE}
    assert {route.effect for route in [*reads, families.wide_batch(), families.statuses("a@b.se")]} == {
        Effect.READ
    }


def test_search_has_a_budget_of_its_own() -> None:
    assert families.contacts_search().budget is Budget.SEARCH
    assert families.contacts().budget is Budget.BURST
