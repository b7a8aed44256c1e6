"""Statuses: unknown words kept, foreign rows refused, each input of a batch accounted for."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.hubspot.wire import preferences as wire
from mappings.records import BatchReading, StatusRow, WideRow
from mappings.words import LegalBasis, Status, WideType, WriteOutcome

ADDRESS = "anna@exempel.se"


def row(**values: Any) -> dict[str, Any]:
    return {"subscriptionId": 101, "status": "SUBSCRIBED", "subscriberIdString": ADDRESS, **values}


def body(*items: Any, **more: Any) -> bytes:
    return json.dumps({"status": "COMPLETE", "results": items, **more}).encode()


def rows(*items: Any) -> tuple[tuple[StatusRow, ...], int]:
    return wire.status_rows(ADDRESS, wire.STATUSES(body(*items)).items)


def test_a_full_row_is_read() -> None:
    item = row(
        timestamp="2026-09-21T14:13:20.001Z",
        source="Public status API",
        legalBasis="CONSENT_WITH_NOTICE",
        legalBasisExplanation="form 7",
        setStatusSuccessReason="RESUBSCRIBE_OCCURRED",
        businessUnitId=0,
        channel="EMAIL",
        subscriptionName="News",
    )
    assert rows(item) == (
        (
            StatusRow(
                address=ADDRESS,
                subscription=101,
                status=Status.SUBSCRIBED,
                at=1_790_000_000_001,
                source="Public status API",
                basis=LegalBasis.CONSENT_WITH_NOTICE,
                explanation="form 7",
                outcome=WriteOutcome.RESUBSCRIBE_OCCURRED,
                business_unit=0,
            ),
        ),
        0,
    )


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("UNSUBSCRIBED", Status.UNSUBSCRIBED),
        ("NOT_SPECIFIED", Status.NOT_SPECIFIED),
        ("PAUSED", "PAUSED"),
        ("subscribed", "subscribed"),
        (None, ""),
        (7, ""),
    ],
)
def test_an_unknown_word_is_kept_and_is_no_status(value: Any, status: str) -> None:
    [found] = rows(row(status=value))[0]
    assert found.status == status
    assert isinstance(found.status, Status) == (status in set(Status))


@pytest.mark.parametrize("value", [101, "101"], ids=["number", "text"])
def test_a_subscription_id_comes_as_number_or_text(value: Any) -> None:
    assert rows(row(subscriptionId=value))[0][0].subscription == 101


def test_a_row_without_a_subscription_is_counted_and_leaves_the_others() -> None:
    found, unreadable = rows(row(), row(subscriptionId=None), row(subscriptionId="x"))
    assert (len(found), unreadable) == (1, 2)


def test_rows_of_other_channels_are_not_ours() -> None:
    assert rows(row(channel="WHATSAPP", subscriberIdString="+46")) == ((), 0)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("anna@exempel.se", "ANNA@EXEMPEL.SE"),
        ("anna@köping.se", "anna@xn--kping-jua.se"),
        ("anna@xn--kping-jua.se", "anna@köping.se"),
        ("åsa@exempel.se", "A\u030asa@exempel.se"),
        ("anna@straße.de", "anna@xn--strae-oqa.de"),
    ],
)
def test_the_same_address_may_come_back_in_another_form(asked: str, answered: str) -> None:
    items = wire.STATUSES(body(row(subscriberIdString=answered))).items
    assert wire.status_rows(asked, items)[0][0].address == asked


@pytest.mark.parametrize("answered", ["anne@exempel.se", "anna@strasse.de", ""])
def test_a_row_of_another_address_spoils_the_answer(answered: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        rows(row(), row(subscriberIdString=answered))


def test_a_wide_row_is_read() -> None:
    item = {
        "status": "UNSUBSCRIBED",
        "wideStatusType": "PORTAL_WIDE",
        "timestamp": "1790000000000",
        "subscriberIdString": ADDRESS,
    }
    odd = {**item, "wideStatusType": "GALAXY_WIDE", "timestamp": None, "businessUnitId": 4}
    assert wire.wide_rows(ADDRESS, wire.WIDES(body(item, odd)).items) == (
        WideRow(address=ADDRESS, kind=WideType.PORTAL_WIDE, status=Status.UNSUBSCRIBED, at=1_790_000_000_000),
        WideRow(address=ADDRESS, kind="GALAXY_WIDE", status=Status.UNSUBSCRIBED, business_unit=4),
    )


@pytest.mark.parametrize("answer", [body(row()), json.dumps(row()).encode()], ids=["framed", "bare"])
def test_a_written_row_comes_framed_or_bare(answer: bytes) -> None:
    item = wire.written_row(answer)
    assert item is not None
    assert item.subscription_id == 101


def reading(addresses: list[str], statuses: bytes, wides: bytes) -> BatchReading:
    said = wire.answers(addresses, wire.STATUSES_BATCH(statuses), wire.WIDES_BATCH(wides), 5)
    return wire.reading(said)


def statuses_of(address: str, *items: Any) -> dict[str, Any]:
    return {"subscriberIdString": address, "statuses": items}


def wides_of(address: str, *items: Any) -> dict[str, Any]:
    return {"subscriberIdString": address, "wideStatuses": items}


def test_a_batch_is_joined_by_address_whatever_its_case() -> None:
    found = reading(
        ["Anna@Exempel.se"],
        body(statuses_of("anna@exempel.se", row())),
        body(wides_of("ANNA@EXEMPEL.SE", {"status": "UNSUBSCRIBED", "wideStatusType": "PORTAL_WIDE"})),
    )
    preferences = found.read["Anna@Exempel.se"]
    assert preferences.statuses[0].status is Status.SUBSCRIBED
    assert preferences.wide[0].kind is WideType.PORTAL_WIDE
    assert preferences.read_at == 5
    assert found.failed == {}


def test_a_status_that_belongs_to_a_spelling_stays_with_it() -> None:
    found = reading(
        ["Anna@exempel.se", "anna@exempel.se"],
        body(
            statuses_of("Anna@exempel.se", row(status="UNSUBSCRIBED")),
            statuses_of("anna@exempel.se", row(status="SUBSCRIBED")),
        ),
        body(wides_of("Anna@exempel.se"), wides_of("anna@exempel.se")),
    )
    assert [each.statuses[0].status for each in found.read.values()] == [
        Status.UNSUBSCRIBED,
        Status.SUBSCRIBED,
    ]


@pytest.mark.parametrize(
    ("statuses", "wides", "failed"),
    [
        pytest.param(body(), body(wides_of(ADDRESS)), "MISSING", id="no statuses"),
        pytest.param(
            body(errors=[{"category": "INVALID_EMAIL", "context": {"ids": [ADDRESS]}}]),
            body(wides_of(ADDRESS)),
            "INVALID_EMAIL",
            id="an error of a 207",
        ),
        pytest.param(
            body(statuses_of(ADDRESS)),
            body(wides_of(ADDRESS), errors=[{"category": "X", "context": {"email": ADDRESS.upper()}}]),
            "X",
            id="a result and an error: the error counts",
        ),
        pytest.param(
            body(statuses_of(ADDRESS), errors=[{"message": "anna", "context": {"ids": [ADDRESS]}}]),
            body(wides_of(ADDRESS)),
            "ERROR",
            id="an error without a category",
        ),
        pytest.param(
            body({"subscriberIdString": ADDRESS}), body(wides_of(ADDRESS)), "MISSING", id="a broken item"
        ),
        pytest.param(
            body(statuses_of(ADDRESS, row(subscriberIdString="other@b.se"))),
            body(wides_of(ADDRESS)),
            "UNREADABLE",
            id="rows of somebody else",
        ),
    ],
)
def test_an_input_that_was_not_answered_whole_has_failed(statuses: bytes, wides: bytes, failed: str) -> None:
    found = reading([ADDRESS], statuses, wides)
    assert found.failed == {ADDRESS: failed}
    assert found.read == {}


def test_no_word_on_opt_outs_of_all_is_kept_apart() -> None:
    found = reading([ADDRESS], body(statuses_of(ADDRESS)), body())
    assert (set(found.without_wide), found.read, found.failed) == ({ADDRESS}, {}, {})


ADDRESSES = [f"p{number}@exempel.se" for number in range(6)]
SOME = st.lists(st.sampled_from(ADDRESSES))


@given(SOME, SOME, SOME)
def test_every_input_ends_once(statuses: list[str], wides: list[str], errors: list[str]) -> None:
    found = reading(
        ADDRESSES,
        body(*map(statuses_of, statuses), errors=[{"context": {"ids": errors}}]),
        body(*map(wides_of, wides)),
    )
    assert sorted([*found.read, *found.without_wide, *found.failed]) == ADDRESSES
    assert set(found.read) == (set(statuses) & set(wides)) - set(errors)


@given(st.recursive(st.one_of(st.none(), st.booleans(), st.integers(), st.text()), st.lists))
def test_no_error_list_breaks_the_reader(errors: Any) -> None:
    wire.refused(errors if isinstance(errors, list) else [errors], ADDRESSES)
