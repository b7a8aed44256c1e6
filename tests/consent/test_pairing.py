"""Which wording a sent form stood beside, and what the form proves."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.consent.events import SUBJECT, Event, EventType, Grade, Source, State
from connector.consent.pairing import (
    SUBMISSION,
    Doubt,
    Known,
    Tick,
    Version,
    acts_due,
    door_of,
    evidence_of,
    pair,
    recorded,
)
from connector.store.observed import ObservedRow
from mappings.purposes import Purpose, Purposes
from mappings.words import LegalBasis, Status

SIGMA, MINUTE, DAY = 300_000, 60_000, 86_400_000
NOON = 1_781_517_600_000
REF, WORDING = "a" * 32, "b" * 64
NEWS = Purpose(key="newsletter", subscription_id=101)
DOUBLE = Purpose(key="newsletter", subscription_id=101, double_opt_in=True)
CONSENT = LegalBasis.CONSENT_WITH_NOTICE


def version(name: str, updated: int | None, first: int, last: int) -> Version:
    return Version(name, updated, first, last)


OLD = version("old", NOON - 10 * DAY, NOON - DAY, NOON)
NEW = version("new", NOON + DAY, NOON + 2 * DAY, NOON + 3 * DAY)


@pytest.mark.parametrize(
    ("versions", "at", "expected"),
    [
        pytest.param([OLD], NOON + 5 * DAY, ("old", None), id="the present version, older than the form"),
        pytest.param([OLD, NEW], NOON + 2 * DAY, ("new", None), id="sent after the edit"),
        pytest.param([OLD, NEW], NOON - MINUTE * 6, ("old", None), id="seen before and after"),
        pytest.param(
            [OLD, NEW], NOON + MINUTE, ("old", Doubt.CHANGED), id="between the last look and the edit"
        ),
        pytest.param([OLD, NEW], NOON - MINUTE, ("old", Doubt.CHANGED), id="within the clocks' difference"),
        pytest.param([NEW], NOON, (None, Doubt.NEVER_SEEN), id="edited before we ever looked"),
        pytest.param(
            [replace(OLD, updated_at=None)], NOON, ("old", Doubt.UNDATED), id="a form without a date"
        ),
        pytest.param([OLD], None, ("old", Doubt.UNDATED), id="a submission without a date"),
        pytest.param([], NOON, (None, Doubt.UNDATED), id="a form that was never read"),
    ],
)
def test_the_wording_is_certain_or_the_doubt_is_named(
    versions: list[Version], at: int | None, expected: tuple[str | None, Doubt | None]
) -> None:
    found = pair(versions, at, SIGMA)
    assert (found.version.definition if found.version else None, found.doubt) == expected


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(0, 60))
def test_a_certain_version_is_never_one_that_was_made_later(edits: list[int], at: int) -> None:
    versions: list[Version] = []
    for number, edit in enumerate(sorted(edits)):
        versions = recorded(version(f"v{number}", edit * DAY, edit * DAY + 1, edit * DAY + 1), versions)
    found = pair(versions, at * DAY, SIGMA)
    if found.doubt is None:
        assert found.version is not None
        assert (found.version.updated_at or 0) <= at * DAY
        assert not any(found.version.updated_at < (v.updated_at or 0) <= at * DAY for v in versions)  # type: ignore[operator]


def test_the_same_version_read_again_only_lasts_longer() -> None:
    again = recorded(version("old", OLD.updated_at, NOON + DAY, NOON + DAY), [OLD])
    assert again == [replace(OLD, last_seen=NOON + DAY)]


@pytest.mark.parametrize(
    ("source", "basis", "door"),
    [
        ("Form submission", CONSENT, "form"),
        ("form  SUBMISSION", None, "form"),
        ("SOURCE_RECIPIENT", None, "form"),
        ("Double opt-in confirmation", CONSENT, "confirmation"),
        ("Our own widget", CONSENT, "form"),
        ("Form submission", LegalBasis.LEGITIMATE_INTEREST_PQL, None),
        ("Self Service Resubscription", CONSENT, None),
        ("Updated by user in HubSpot", CONSENT, None),
        ("Import", CONSENT, None),
        ("Public status API", CONSENT, None),
        ("Nobody knows", CONSENT, None),
        (None, CONSENT, None),
    ],
)
def test_only_the_persons_own_form_opens_the_door(
    source: str | None, basis: LegalBasis | None, door: str
) -> None:
    assert door_of(source, basis, {"our own widget"}) == door


def sent(at: int = NOON, tick: Tick = Tick.UNTOLD, doubt: Doubt | None = None, **more: object) -> Event:
    detail = {"kind": SUBMISSION, "form": "f", "page": "https://x.example/a", "ticked:newsletter": str(tick)}
    return Event(
        type=EventType.OBSERVED,
        source=Source.FORM,
        source_ref="seen:f:1",
        t_lo=at,
        t_hi=at,
        address=REF,
        actor=SUBJECT,
        reason=doubt,
        detail={**detail, "wording:newsletter": WORDING, **more},  # type: ignore[dict-item]
    )


def row(
    at: int | None = NOON, source: str = "Form submission", status: Status = Status.SUBSCRIBED
) -> ObservedRow:
    return ObservedRow(REF, 101, status, at, source, CONSENT)


CONFIRMED = "Double opt-in confirmation"


@pytest.mark.parametrize(
    ("event", "told", "grade"),
    [
        pytest.param(sent(), row(), Grade.E2, id="sent at the moment of the status"),
        pytest.param(sent(), row(NOON + 2 * MINUTE), Grade.E2, id="some minutes apart"),
        pytest.param(sent(doubt=Doubt.CHANGED), row(), Grade.E1, id="the wording may have changed"),
        pytest.param(sent(**{"required:newsletter": True}), row(), Grade.E1, id="the box was required"),
        pytest.param(sent(**{"wording:newsletter": None}), row(), Grade.E1, id="no wording"),
        pytest.param(sent(), row(NOON + DAY, CONFIRMED), Grade.E3, id="confirmed the day after"),
        pytest.param(sent(), row(NOON + 8 * DAY, CONFIRMED), None, id="confirmed too late"),
        pytest.param(sent(), row(NOON - DAY, CONFIRMED), None, id="confirmed before it was sent"),
        pytest.param(sent(tick=Tick.NO), row(), None, id="not ticked"),
        pytest.param(sent(), row(NOON + 10 * MINUTE), None, id="another moment"),
        pytest.param(sent(), row(None), None, id="undated"),
        pytest.param(sent(), row(source="Import"), None, id="an import of that moment"),
        pytest.param(sent(), row(status=Status.UNSUBSCRIBED), None, id="no yes"),
        pytest.param(replace(sent(), address="c" * 32), row(), None, id="another address"),
    ],
)
def test_what_proves_hubspots_yes(event: Event, told: ObservedRow, grade: Grade | None) -> None:
    found = evidence_of([event], REF, NEWS, told, SIGMA)
    assert (found.grade if found else None) == grade


def due(
    *events: Event,
    now: int = NOON + MINUTE,
    told: ObservedRow | None = None,
    state: State = State.UNKNOWN,
    purpose: Purpose = NEWS,
) -> list[tuple[str, Grade, str | None]]:
    known = Known(
        events=events,
        rows={} if told is None else {(REF, 101): told},
        purposes=Purposes([purpose]),
        state=lambda _: state,
        now=now,
        sigma_ms=SIGMA,
    )
    return [(str(event.type), event.grade, event.reason) for event in acts_due(known)]


RECIPIENTS = Event(
    type=EventType.OBSERVED,
    source=Source.HUBSPOT,
    purpose="newsletter",
    address=REF,
    observed_at=NOON,
    detail={"status": "SUBSCRIBED", "source": "SOURCE_RECIPIENT", "basis": None},
)


def test_a_tick_that_nobody_tells_of_is_no_act() -> None:
    assert due(sent()) == []
    assert due(sent(tick=Tick.NO), told=row()) == []


def test_a_status_that_stands_is_left_to_the_table_unless_the_table_makes_nothing_of_it() -> None:
    assert due(sent(), told=row()) == []
    assert due(sent(), told=row(), state=State.SOFT_OPTIN) == [("grant", Grade.E2, None)]


def test_a_yes_that_a_later_no_covered_is_still_history() -> None:
    later_no = row(NOON + DAY, "Email preferences page", Status.UNSUBSCRIBED)
    assert due(sent(tick=Tick.YES), told=later_no) == [("grant", Grade.E2, None)]
    assert due(sent(), RECIPIENTS, told=later_no) == [("grant", Grade.E2, None)]


def test_a_ticked_box_that_hubspot_made_nothing_of_is_a_claim() -> None:
    assert due(sent(tick=Tick.YES)) == [("claim", Grade.E1, Doubt.NOT_SUBSCRIBED)]


def test_a_doubt_makes_a_claim_that_names_it() -> None:
    assert due(sent(doubt=Doubt.CHANGED), told=row()) == [("claim", Grade.E1, Doubt.CHANGED)]
    assert due(sent(**{"required:newsletter": True}), told=row()) == [("claim", Grade.E1, Doubt.REQUIRED)]


def test_a_double_opt_in_is_a_request_until_its_confirmation() -> None:
    assert due(sent(), purpose=DOUBLE) == [("request", Grade.E2, None)]
    confirmed = row(NOON + 20 * MINUTE, CONFIRMED)
    assert due(sent(), purpose=DOUBLE, told=confirmed) == [
        ("request", Grade.E2, None),
        ("confirm", Grade.E3, None),
    ]
    assert due(sent(), purpose=DOUBLE, now=NOON + 8 * DAY) == []
    assert due(sent(), purpose=DOUBLE, told=row()) == [("request", Grade.E2, None)]
