"""The events that follow from a decision: whose, when, how sure, and folded when read again."""

import pytest

from connector.consent.decision import Decision
from connector.consent.entries import entries
from connector.consent.events import SUBJECT, UNKNOWN_ACTOR, Basis, EventType, Source
from connector.consent.situate import Evidence, Reading
from mappings.records import StatusRow, WideRow
from mappings.words import LegalBasis, Status, WideType
from tests.consent.make import E0, E1, E2, HERE, NEWSLETTER, NOW

T = EventType


def reading(status=Status.UNSUBSCRIBED, at=5_000, source="Import", wides=(), evidence=None, **more):
    row = StatusRow(address="anna@example.se", subscription=101, status=status, at=at, source=source, **more)
    return Reading(
        purpose=NEWSLETTER,
        address=HERE,
        now=NOW,
        row=row,
        wide=wides,
        id="seen-1",
        wide_id="wide-1",
        evidence=evidence,
    )


def wide(at):
    return WideRow(address="x", kind=WideType.PORTAL_WIDE, status=Status.UNSUBSCRIBED, at=at)


def one(decision, told, window=None):
    (event,) = entries(decision, told, window)
    return event


def test_a_no_carries_hubspots_time_and_the_fact_it_is_a_sighting_of():
    event = one(Decision(row=2, log=(T.WITHDRAW,)), reading())
    assert (event.type, event.purpose, event.t_lo, event.t_hi) == (T.WITHDRAW, "newsletter", 5_000, 5_000)
    assert (event.row, event.observation, event.source) == (2, "seen-1", Source.HUBSPOT)
    assert event.actor == UNKNOWN_ACTOR
    assert one(Decision(row=2, log=(T.WITHDRAW,)), reading(source="Recipient")).actor == SUBJECT


def test_the_same_no_has_one_reference_by_whichever_row():
    references = {
        one(Decision(row=row, log=(T.WITHDRAW,)), reading()).source_ref for row in (1, 2, 7, 31, 38)
    }
    assert references == {"withdraw:newsletter:seen-1"}


def test_an_undated_no_stays_undated():
    event = one(Decision(row=4, log=(T.WITHDRAW,)), reading(at=None))
    assert (event.t_lo, event.t_hi, event.observed_at) == (None, None, None)


def test_a_no_to_everything_names_all_marketing_at_the_latest_time():
    event = one(Decision(row=26, log=(T.OBJECT,), wide=True), reading(wides=(wide(7_000), wide(8_000))))
    assert (event.purpose, event.t_hi, event.observation) == ("*", 8_000, "wide-1")
    assert event.source_ref == "object:*:wide-1"
    assert (
        one(Decision(row=26, log=(T.OBJECT,), wide=True), reading(wides=(wide(7_000), wide(None)))).t_hi
        is None
    )


def test_a_no_to_one_unit_names_the_purpose():
    event = one(Decision(row=28, log=(T.OBJECT,)), reading(wides=(wide(7_000),)))
    assert (event.purpose, event.t_hi) == ("newsletter", 7_000)


@pytest.mark.parametrize("row", [{"row": 8}, {"row": 39, "as_row": 8}])
def test_a_customers_objection_is_to_the_purpose(row):
    event = one(Decision(log=(T.OBJECT,), **row), reading(wides=(wide(7_000),)))
    assert (event.type, event.purpose, event.t_hi, event.observation) == (
        T.OBJECT,
        "newsletter",
        5_000,
        "seen-1",
    )


def test_the_no_of_an_incident_lies_between_read_and_write():
    decision = Decision(row=43, log=(T.INCIDENT_OVERWROTE_OPTOUT, T.WITHDRAW), incident=True)
    incident, no = entries(decision, reading(status=Status.SUBSCRIBED), (100, 200))
    assert incident.type is T.INCIDENT_OVERWROTE_OPTOUT
    assert (no.t_lo, no.t_hi, no.source_ref) == (100, 200, None)
    _, undated = entries(decision, reading(status=Status.SUBSCRIBED))
    assert undated.t_hi is None


def test_a_claim_is_graded_by_what_hubspot_can_show():
    told = reading(Status.SUBSCRIBED, basis=LegalBasis.CONSENT_WITH_NOTICE, explanation="Anna told us")
    event = one(Decision(row=11, log=(T.CLAIM,)), told)
    assert (event.grade, event.basis, event.t_lo) == (E1, Basis.CONSENT, 5_000)
    skewed = one(Decision(row=40, as_row=11, log=(T.CLAIM,)), told)
    assert (skewed.grade, skewed.t_lo) == (E0, None)


def test_a_grant_is_its_evidence():
    act = Evidence(
        grade=E2, t_lo=3_000, by_person=True, wording="w", notice="n", language="sv", source_ref="form-1"
    )
    event = one(Decision(row=10, log=(T.GRANT,)), reading(Status.SUBSCRIBED, evidence=act))
    assert (event.grade, event.t_lo, event.t_hi, event.actor) == (E2, 3_000, 3_000, SUBJECT)
    assert (event.wording, event.notice, event.language, event.basis) == ("w", "n", "sv", Basis.CONSENT)
    assert (event.source, event.source_ref) == (Source.FORM, "form-1")
    bare = one(Decision(row=10, log=(T.GRANT,)), reading(Status.SUBSCRIBED))
    assert (bare.grade, bare.actor) == (E0, UNKNOWN_ACTOR)


def test_account_keeping_says_which_row_saw_what():
    event = one(Decision(row=18, log=(T.RESUBSCRIBE_REJECTED,)), reading(Status.SUBSCRIBED))
    assert (event.row, event.purpose, event.t_lo) == (18, "newsletter", None)
    assert event.detail == {"status": "SUBSCRIBED", "source": "Import", "basis": None}


def test_neither_address_nor_free_text_gets_in():
    told = reading(Status.SUBSCRIBED, explanation="Anna told us", basis="CONSENT_WITH_NOTICE")
    for kind in (T.CLAIM, T.WITHDRAW, T.CONFLICT):
        text = repr(one(Decision(row=11, log=(kind,)), told))
        assert "anna@example.se" not in text and "Anna" not in text


def test_a_repeat_writes_nothing():
    assert entries(Decision(row=2, log=(T.WITHDRAW,)).repeated(), reading()) == ()


def test_without_a_row_there_is_nothing_to_tell():
    silent = Reading(purpose=NEWSLETTER, address=HERE, now=NOW)
    event = one(Decision(row=24, log=(T.OPTOUT_REASSERTED,)), silent)
    assert (event.detail, event.source_ref, event.observation) == ({}, None, None)
    assert one(Decision(row=11, log=(T.CLAIM,)), silent).t_lo is None
    assert one(Decision(row=31, log=(T.WITHDRAW,)), silent).t_lo is None
