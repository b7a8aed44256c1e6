"""What HubSpot said last."""

from dataclasses import replace

import pytest

from connector.store.observed import WIDE, ObservedCount, ObservedRow
from connector.store.people import NewAddress
from mappings.words import LegalBasis, Status

from .conftest import NOW, PORTAL


@pytest.fixture
def anna(work):
    (anna,) = work.people.create([[NewAddress("anna@exempel.se", "anna@exempel.se")]])
    return anna.id, work.people.address_ref("anna@exempel.se")


def row(ref, subscription=101, status=Status.SUBSCRIBED, **more):
    return ObservedRow(
        ref, subscription, status, NOW, "FORM", LegalBasis.CONSENT_WITH_NOTICE, "seen", NOW, NOW, **more
    )


@pytest.mark.parametrize("status", [*Status, "PAUSED", "S", "=S", ""])
@pytest.mark.parametrize("basis", [None, *LegalBasis, "NEW_BASIS", "CN"])
def test_words_come_back_as_hubspot_said_them_known_or_not(work, anna, status, basis):
    said = ObservedRow(anna[1], 101, status, None, None, basis, None, NOW, NOW, dated=False)
    work.observed.put([said])
    (found,) = work.observed.of([anna[0]])[anna[0]]
    assert (found, type(found.status)) == (said, type(status))


def test_a_row_is_replaced_and_its_first_sight_kept(work, anna):
    work.observed.put([row(anna[1])])
    later = replace(row(anna[1], status=Status.UNSUBSCRIBED), first_seen=NOW + 9, read_at=NOW + 9)
    work.observed.put([later, row(anna[1], WIDE)])
    assert work.observed.of_refs([anna[1], "00" * 16]) == {
        anna[1]: [row(anna[1], WIDE), replace(later, first_seen=NOW)]
    }
    work.observed.forget([(anna[1], WIDE)])
    assert len(work.observed.of([anna[0], 99])[anna[0]]) == 1


def test_everyone_who_shares_an_address_has_its_statuses(work, anna):
    (other,) = work.people.create([[NewAddress("anna@exempel.se", "anna@exempel.se")]])
    work.observed.put([row(anna[1])])
    assert set(work.observed.of([anna[0], other.id])) == {anna[0], other.id}


def test_counts_for_the_inventory(work):
    work.observed.put([row(f"{number:032x}") for number in range(30)])
    work.observed.put([row("ff" * 16, status="PAUSED")])
    assert sorted(work.observed.counts(), key=str) == [
        ObservedCount(101, "PAUSED", "CONSENT_WITH_NOTICE", "FORM", 1),
        ObservedCount(101, "SUBSCRIBED", "CONSENT_WITH_NOTICE", "FORM", 30),
    ]


def test_portals_are_apart(mirror):
    with mirror.write(PORTAL) as work:
        work.observed.put([row("11" * 16)])
    with mirror.read(PORTAL + 1) as work:
        assert (work.observed.of_refs(["11" * 16]), work.observed.counts()) == ({}, [])
