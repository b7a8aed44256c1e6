"""From a reading to a cell: which time is compared with which, and whose act it was."""

from dataclasses import replace

import pytest

from connector.consent.echo import CLOCKS_MS, OwnWrite, is_echo
from connector.consent.events import Grade, Overlay, State
from connector.consent.situate import Context, Evidence, Reading, sighting, situate
from connector.consent.situation import Identity, Privacy, Seen, Time, Wide, Write
from connector.consent.state import standing
from connector.consent.times import relation
from mappings.records import StatusRow, WideRow
from mappings.sources import SourceKind, subject_texts
from mappings.words import LegalBasis, Status, WideType
from tests.consent.make import (
    E1,
    E2,
    E3,
    HERE,
    NEWSLETTER,
    NOW,
    OFFERS,
    SERVICE,
    invalidate,
    no,
    objection,
    yes,
)

SUB, UNSUB, SILENT = Status.SUBSCRIBED, Status.UNSUBSCRIBED, Status.NOT_SPECIFIED
LATER, TIE, EARLIER, UNDATED, FUTURE = Time.LATER, Time.TIE, Time.EARLIER, Time.NONE, Time.FUTURE


def said(status, at=None, source=None, basis=None):
    seconds = None if at is None else at * 1000
    return StatusRow(address="x", subscription=101, status=status, at=seconds, source=source, basis=basis)


def wide(at=None, kind=WideType.PORTAL_WIDE, unit=None, status=UNSUB):
    seconds = None if at is None else at * 1000
    return WideRow(address="x", kind=kind, status=status, at=seconds, business_unit=unit)


def cell(row, *events, wides=(), evidence=None, purpose=NEWSLETTER, **context):
    reading = Reading(purpose=purpose, address=HERE, now=NOW, row=row, wide=wides, evidence=evidence)
    return situate(reading, standing(events, purpose, (HERE,), NOW), Context(**context))


@pytest.mark.parametrize(
    ("th", "reference", "expected"),
    [
        (None, 1_000_000, UNDATED),
        (1_300_000, 1_000_000, TIE),
        (1_300_001, 1_000_000, LATER),
        (700_000, 1_000_000, TIE),
        (699_999, 1_000_000, EARLIER),
        (5_000_000, None, LATER),
        (9_300_000, 1_000_000, LATER),
        (9_300_001, 1_000_000, FUTURE),
        (9_300_001, None, FUTURE),
    ],
)
def test_later_and_earlier_mean_clearly(th, reference, expected):
    assert relation(th, reference, 300_000, 9_000_000) is expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (None, Seen.ABSENT),
        (said(SUB), Seen.SUBSCRIBED),
        (said("UNSUBSCRIBED"), Seen.UNSUBSCRIBED),
        (said(SILENT), Seen.NOT_SPECIFIED),
        (said("PAUSED"), Seen.UNKNOWN_VALUE),
        (said(""), Seen.UNKNOWN_VALUE),
    ],
)
def test_hubspots_word_is_known_or_kept_apart(row, expected):
    assert cell(row).status is expected


UNIT = WideType.BUSINESS_UNIT_WIDE


@pytest.mark.parametrize(
    ("wides", "expected"),
    [
        ((), Wide.NONE),
        ((wide(),), Wide.PORTAL),
        ((wide(status=SUB),), Wide.NONE),
        ((wide(status=SILENT),), Wide.NONE),
        ((wide(status="PAUSED"),), Wide.UNKNOWN_VALUE),
        ((wide(kind="GALAXY_WIDE"),), Wide.UNKNOWN_VALUE),
        ((wide(kind=UNIT, unit=0),), Wide.UNIT),
        ((wide(kind=UNIT, unit=5),), Wide.NONE),
        ((wide(kind=UNIT, unit=6),), Wide.UNMAPPED_UNIT),
        ((wide(kind=UNIT, unit=None),), Wide.UNMAPPED_UNIT),
        ((wide(kind=UNIT, unit=0), wide()), Wide.PORTAL),
        ((wide(), wide(kind="?")), Wide.UNKNOWN_VALUE),
    ],
)
def test_the_widest_opt_out_that_reaches_the_purpose(wides, expected):
    assert cell(None, wides=wides, units=frozenset({0, 5})).wide is expected


def test_our_own_opt_out_of_everything_is_no_ones_act():
    assert cell(None, wides=(wide(100),), own_wide=True).wide is Wide.OWN
    beside = (wide(100), wide(200, kind=UNIT, unit=0))
    assert cell(None, wides=beside, own_wide=True).wide is Wide.UNIT


def test_a_no_is_weighed_against_the_grant():
    assert cell(said(UNSUB, 2_000), yes(1_000)).time is LATER
    assert cell(said(UNSUB, 1_100), yes(1_000)).time is TIE
    assert cell(said(UNSUB), yes(1_000)).time is UNDATED
    earlier = cell(said(UNSUB, 500), yes(1_000, E3))
    assert (earlier.time, earlier.grade, earlier.by_person) == (EARLIER, E3, True)


def test_the_grant_weighed_is_the_best_of_those_that_are_newer():
    """A later word of a colleague does not hide the person's own, nor an old E3 a new E2."""
    staff = yes(3_000, E3, actor="staff:x")
    own = cell(said(UNSUB, 500), yes(1_000, E2), staff)
    assert (own.time, own.grade, own.by_person) == (EARLIER, E2, True)
    only_staff = cell(said(UNSUB, 2_000), yes(1_000, E3), staff)
    assert (only_staff.time, only_staff.by_person) == (EARLIER, False)
    renewed = cell(said(UNSUB, 2_000), yes(1_000, E3), yes(3_000, E2))
    assert (renewed.time, renewed.grade) == (EARLIER, E2)


def test_a_consent_that_is_over_is_not_weighed_while_another_lives():
    over = yes(3_000, E3, valid_until=NOW)
    assert cell(said(UNSUB, 2_000), yes(1_000, E3), over).time is LATER


def test_a_no_without_a_consent_has_nothing_to_be_earlier_than():
    assert cell(said(UNSUB, 1)).time is LATER
    assert cell(said(UNSUB)).time is UNDATED


def test_two_noes_of_hubspot_count_as_the_later_one():
    """An old opt-out of everything must not hide a fresh no to this very purpose (row 27)."""
    newer = yes(1_000, E3)
    assert cell(None, newer, wides=(wide(500),)).time is EARLIER
    assert cell(said(UNSUB, 2_000), newer, wides=(wide(500),)).time is LATER
    assert cell(said(UNSUB), newer, wides=(wide(500),)).time is UNDATED
    assert cell(said(UNSUB, 2_000), newer, wides=(wide(500),), own_status=True).time is EARLIER


def test_a_yes_is_weighed_against_the_last_no():
    assert cell(said(SUB, 2_000), no(1_000)).time is LATER
    assert cell(said(SUB, 1_300), no(1_000)).time is TIE
    assert cell(said(SUB, 699), no(1_000)).time is EARLIER
    assert cell(said(SUB), no(1_000)).time is UNDATED


def test_a_yes_with_evidence_is_weighed_by_the_act_itself():
    act = Evidence(grade=E2, t_lo=500_000, by_person=True, wording="w")
    assert cell(said(SUB, 2_000), no(1_000), evidence=act).time is EARLIER
    assert cell(said(SUB, 2_000), no(1_000), evidence=replace(act, wording=None)).time is LATER


def test_reading_an_ended_consent_again_is_no_new_act():
    assert cell(said(SUB, 1_000), yes(1_000, valid_until=NOW)).time is TIE
    assert cell(said(SUB, 2_000), yes(1_000, valid_until=NOW)).time is LATER
    assert cell(said(SUB, 1_000), yes(1_000), invalidate(2_000, wording="w")).time is TIE


def test_the_future_is_seen_on_either_side():
    ahead = NOW // 1000 + 301
    assert cell(said(UNSUB, ahead), yes(1_000)).time is FUTURE
    act = Evidence(grade=E2, t_lo=500_000, by_person=True, wording="w")
    assert cell(said(SUB, ahead), no(1_000), evidence=act).time is FUTURE
    assert cell(None, wides=(wide(ahead),)).time is FUTURE
    stretched = replace(act, t_hi=ahead * 1_000)
    assert cell(said(SUB, 2_000), no(1_000), evidence=stretched).time is FUTURE


def test_evidence_counts_with_wording_time_and_the_purposes_double_opt_in():
    act = Evidence(grade=E2, t_lo=1, by_person=True, wording="w")
    doi = replace(NEWSLETTER, double_opt_in=True)
    assert cell(said(SUB), evidence=act).evidence is E2
    assert cell(said(SUB), evidence=replace(act, wording=None)).evidence is E1
    assert cell(said(SUB), evidence=replace(act, t_lo=None)).evidence is E1
    assert cell(said(SUB), evidence=act, purpose=doi).evidence is E1
    assert cell(said(SUB), evidence=replace(act, grade=E3), purpose=doi).evidence is E3
    assert cell(said(SUB), evidence=replace(act, valid_until=NOW)).evidence is E1
    assert cell(said(SUB), evidence=replace(act, valid_until=NOW + 1)).evidence is E2
    assert cell(said(SUB), invalidate(5, wording="w"), evidence=act).evidence is E1
    assert cell(said(SUB), invalidate(5, wording="v"), evidence=act).evidence is E2
    assert cell(said(SUB)).evidence is Grade.E0


def test_only_the_persons_source_and_act_are_the_person():
    page, odd = said(SUB, 1, "Email preferences page"), said(SUB, 1, "Our own page")
    theirs = Evidence(grade=E2, t_lo=1, by_person=False, wording="w")
    assert cell(page).source is SourceKind.SUBJECT
    assert cell(odd).source is SourceKind.UNKNOWN
    assert cell(odd, subject_sources=subject_texts(["our own  PAGE"])).source is SourceKind.SUBJECT
    assert cell(page, evidence=theirs).source is SourceKind.UNKNOWN
    assert cell(None).source is SourceKind.UNKNOWN


def test_an_own_no_is_ours_when_matched_or_known():
    assert cell(said(UNSUB, 1), own_status=True).own
    assert cell(said(UNSUB, 1), write=Write.ECHO).own
    assert not cell(said(UNSUB, 1)).own
    assert not cell(said(SUB, 1), own_status=True).own


def test_what_surrounds_a_reading_is_carried_over():
    told = cell(
        said(SILENT),
        objection(100),
        overlay=Overlay.RESTRICTED,
        identity=Identity.RESTORED,
        privacy=Privacy.DOUBTFUL,
        signup=True,
        wide_stands=True,
        confirmed=True,
    )
    assert (told.overlay, told.identity, told.privacy) == (
        Overlay.RESTRICTED,
        Identity.RESTORED,
        Privacy.DOUBTFUL,
    )
    assert told.signup and told.wide_stands and told.confirmed and told.wide_no and told.has_no
    assert told.no_dated and not cell(None, no(None, recorded=5)).no_dated
    assert told.state is State.WITHDRAWN and told.marketing
    assert cell(None, purpose=OFFERS).policy and not cell(None, purpose=SERVICE).marketing


def test_a_drifted_basis_is_seen_on_a_grant_only():
    listed = said(SUB, 1, basis=LegalBasis.NON_GDPR)
    assert cell(listed, yes(1_000)).drift
    assert not cell(said(SUB, 1, basis=LegalBasis.CONSENT_WITH_NOTICE), yes(1_000)).drift
    assert not cell(listed).drift


def test_a_sighting_is_named_by_hubspots_date_or_by_our_first_sight():
    assert sighting("a", 101, UNSUB, 5, 9) == sighting("a", 101, "UNSUBSCRIBED", 5, 77)
    names = {
        sighting("a", 101, UNSUB, None, 5),
        sighting("a", 101, UNSUB, 5, 5),
        sighting("a", 0, UNSUB, 5, 5),
    }
    assert len(names) == 3


SENT = OwnWrite(UNSUB, 10_000, 11_000)


@pytest.mark.parametrize(
    ("status", "at", "source", "echo"),
    [
        (UNSUB, 10_500, SourceKind.API, True),
        ("UNSUBSCRIBED", 10_000 - CLOCKS_MS, SourceKind.API, True),
        (UNSUB, 11_000 + CLOCKS_MS, SourceKind.API, True),
        (UNSUB, 11_001 + CLOCKS_MS, SourceKind.API, False),
        (UNSUB, 9_999 - CLOCKS_MS, SourceKind.API, False),
        (UNSUB, None, SourceKind.API, False),
        (UNSUB, 10_500, SourceKind.SUBJECT, False),
        (UNSUB, 10_500, SourceKind.UNKNOWN, False),
        (SUB, 10_500, SourceKind.API, False),
    ],
)
def test_an_echo_is_our_status_our_source_and_inside_the_window(status, at, source, echo):
    assert is_echo(status, at, source, (SENT,)) is echo


def test_without_a_write_there_is_no_echo():
    assert not is_echo(UNSUB, 10_500, SourceKind.API, ())
