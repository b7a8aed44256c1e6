"""Was a mail lawful when it left? Every case as a line."""

from dataclasses import replace
from typing import Any

import pytest

from connector.consent.events import ALL_MARKETING, SALE, SUBJECT, Basis, Event, EventType, Grade
from connector.consent.mailed import Wrong, wrong
from mappings.purposes import Purpose

NEWS = Purpose(key="news", subscription_id=101)
OFFERS = Purpose(key="offers", subscription_id=102)
SERVICE = Purpose(key="service", subscription_id=103, marketing=False, basis=Basis.CONTRACT)
ALL = [NEWS, OFFERS, SERVICE]
HOUR, SENT = 3_600_000, 1_781_517_600_000


def event(kind: EventType, at: int, purpose: str = "news", **more: Any) -> Event:
    when = SENT + at
    return Event(
        type=kind, id=f"{kind}{at}{purpose}", recorded_at=when, t_lo=when, t_hi=when, purpose=purpose,
        actor=SUBJECT, address="a", **more,
    )  # fmt: skip


def yes(at: int, purpose: str = "news") -> Event:
    return event(EventType.GRANT, at, purpose, grade=Grade.E3, wording="w" * 64, basis=Basis.CONSENT)


def no(at: int, purpose: str = "news") -> Event:
    return event(EventType.WITHDRAW, at, purpose)


@pytest.mark.parametrize(
    ("events", "asked", "answer"),
    [
        pytest.param([yes(-HOUR)], NEWS, None, id="a consent carried it"),
        pytest.param([], NEWS, ("news", Wrong.NOT_GIVEN), id="nothing carried it"),
        pytest.param([no(-HOUR)], NEWS, ("news", Wrong.AFTER_NO), id="a no stood"),
        pytest.param([yes(-2 * HOUR), no(-HOUR)], NEWS, ("news", Wrong.AFTER_NO), id="changed their mind"),
        pytest.param([yes(-HOUR), no(HOUR)], NEWS, None, id="the no came later"),
        pytest.param([yes(-HOUR), no(-60_000)], NEWS, None, id="too close to call"),
        pytest.param([no(-HOUR), yes(HOUR)], NEWS, ("news", Wrong.AFTER_NO), id="the yes came later"),
        pytest.param([no(-3 * HOUR), yes(-HOUR)], NEWS, None, id="came back before it left"),
        pytest.param(
            [no(-HOUR, ALL_MARKETING)], NEWS, ("news", Wrong.AFTER_NO), id="a no to everything covers it"
        ),
        pytest.param([yes(-HOUR, "offers")], NEWS, ("news", Wrong.NOT_GIVEN), id="a yes to something else"),
        pytest.param([event(EventType.CLAIM, -HOUR)], NEWS, None, id="a claim is told under its own name"),
        pytest.param(
            [event(EventType.SOFT_OPTIN, -HOUR, wording="w" * 64, detail={SALE: "1"}, grade=Grade.E2)],
            NEWS, None, id="an existing customer",
        ),
        pytest.param([no(-HOUR, ALL_MARKETING)], SERVICE, None, id="a service message is no marketing"),
        pytest.param(
            [no(-HOUR, ALL_MARKETING)], None, ("*", Wrong.AFTER_NO), id="whatever it was for, a no stood"
        ),
        pytest.param([no(-HOUR), yes(-HOUR, "offers")], None, None, id="it may have been for the other one"),
        pytest.param([], None, ("*", Wrong.NOT_GIVEN), id="nothing carried anything"),
    ],
)  # fmt: skip
def test_a_mail_is_judged_by_what_held_when_it_left(
    events: list[Event], asked: Purpose | None, answer: tuple[str, Wrong] | None
) -> None:
    assert wrong(events, asked, ALL, {"a"}, SENT) == answer


def test_a_no_that_was_annulled_was_never_said() -> None:
    mistaken = no(-HOUR)
    annul = event(
        EventType.ANNUL, 2 * HOUR, target=mistaken.id, reason="wrong person", approved_by=("staff:bo",)
    )
    given = yes(-2 * HOUR)
    annul = replace(annul, actor="staff:dora")
    assert wrong([given, mistaken], NEWS, ALL, {"a"}, SENT) == ("news", Wrong.AFTER_NO)
    assert wrong([given, mistaken, annul], NEWS, ALL, {"a"}, SENT) is None
