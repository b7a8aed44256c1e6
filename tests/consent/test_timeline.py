"""Noes that only HubSpot's v1 timeline tells of."""

import pytest

from connector.consent.events import ALL_MARKETING, NO_PURPOSE, SUBJECT, Event, EventType, Source
from connector.consent.timeline import RECIPIENT, TIMELINE, noes_due
from mappings.purposes import Purpose, Purposes

NOON, HOUR = 1_781_517_600_000, 3_600_000
REF = "a" * 32
PURPOSES = Purposes(
    [
        Purpose(key="newsletter", subscription_id=101),
        Purpose(key="offers", subscription_id=102),
        Purpose(key="receipts", subscription_id=103, basis="contract", marketing=False),
    ]
)


def line(purpose: str, *, status: str = "UNSUBSCRIBED", source: str = RECIPIENT) -> Event:
    """As the timeline's lines are kept."""
    return Event(
        type=EventType.OBSERVED,
        purpose=purpose,
        t_lo=NOON,
        t_hi=NOON,
        observed_at=NOON,
        source=Source.HUBSPOT,
        source_ref=f"timeline:1:{status}:{purpose}",
        address=REF,
        detail={"kind": TIMELINE, "status": status, "source": source, "basis": None},
    )


def no(purpose: str, at: int, kind: EventType = EventType.WITHDRAW) -> Event:
    return Event(type=kind, purpose=purpose, t_lo=at, t_hi=at, actor=SUBJECT, source=Source.HUBSPOT)


def due(*events: Event) -> list[tuple[EventType, str, int | None]]:
    return [(event.type, event.purpose, event.t_lo) for event in noes_due(events, PURPOSES)]


def test_an_opt_out_that_no_entry_knows_of_is_the_persons_own_no() -> None:
    assert due(line("newsletter")) == [(EventType.WITHDRAW, "newsletter", NOON)]
    found = next(noes_due([line("newsletter")], PURPOSES))
    assert (found.actor, found.address, found.t_hi) == (SUBJECT, REF, NOON)


def test_an_opt_out_of_everything_is_about_all_marketing() -> None:
    assert due(line(NO_PURPOSE)) == [(EventType.OBJECT, ALL_MARKETING, NOON)]


def test_a_no_from_before_does_not_cover_it() -> None:
    assert due(no("newsletter", NOON - 1), line("newsletter")) == [(EventType.WITHDRAW, "newsletter", NOON)]


@pytest.mark.parametrize(
    "known",
    [
        pytest.param([no("newsletter", NOON)], id="of that moment"),
        pytest.param([no("newsletter", NOON + HOUR)], id="a later one"),
        pytest.param([no(ALL_MARKETING, NOON, EventType.OBJECT)], id="a wider one"),
    ],
)
def test_what_is_known_is_not_said_twice(known: list[Event]) -> None:
    assert due(*known, line("newsletter")) == []


def test_a_no_to_one_purpose_does_not_cover_an_opt_out_of_everything() -> None:
    assert due(no("newsletter", NOON), line(NO_PURPOSE)) == [(EventType.OBJECT, ALL_MARKETING, NOON)]
    both = [no("newsletter", NOON), no("offers", NOON)]
    assert due(*both, line(NO_PURPOSE)) == []


def test_asked_again_it_says_the_same() -> None:
    first = list(noes_due([line("newsletter")], PURPOSES))
    assert [each.source_ref for each in noes_due([line("newsletter"), *first], PURPOSES)] == []
    assert first[0].source_ref == "no:timeline:1:UNSUBSCRIBED:newsletter"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(line("newsletter", status="SUBSCRIBED"), id="a yes"),
        pytest.param(line("newsletter", source="SOURCE_USER"), id="a colleague's"),
    ],
)
def test_nothing_else_on_the_timeline_is_a_persons_no(said: Event) -> None:
    assert due(said) == []
