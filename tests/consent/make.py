"""Short ways to say events in the tests of the heart: times in seconds, one person, one address."""

from itertools import count
from typing import Any

from connector.consent.events import SALE, SUBJECT, Basis, Event, EventType, Grade, Source
from mappings.purposes import Purpose

E0, E1, E2, E3 = Grade.E0, Grade.E1, Grade.E2, Grade.E3
HERE, ELSEWHERE = "address-here", "address-elsewhere"
NEWSLETTER = Purpose(key="newsletter", subscription_id=101)
OFFERS = Purpose(key="offers", subscription_id=102, basis=Basis.SOFT_OPTIN, push_soft_optin=True)
SERVICE = Purpose(key="service", subscription_id=103, basis=Basis.CONTRACT, marketing=False)
NOW = 100_000_000
DAY = 86_400_000
_ids = count(1)


def ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000


def event(kind: EventType, at: int | None = None, recorded: int | None = None, **more: Any) -> Event:
    """An event that happened at `at` seconds and was recorded at once, or at `recorded` seconds."""
    told = recorded if recorded is not None else at if at is not None else 0
    fields: dict[str, Any] = {
        "type": kind,
        "id": f"event-{next(_ids):06}",
        "purpose": "newsletter",
        "t_lo": ms(at),
        "t_hi": ms(at),
        "recorded_at": told * 1000,
        "address": HERE,
    }
    return Event(**(fields | more))


def yes(at: int | None, grade: Grade = E2, **more: Any) -> Event:
    fields = {"grade": grade, "basis": Basis.CONSENT, "actor": SUBJECT, "source": Source.FORM, "wording": "w"}
    return event(EventType.GRANT, at, **(fields | more))


def no(at: int | None, **more: Any) -> Event:
    return event(EventType.WITHDRAW, at, **more)


def objection(at: int | None, **more: Any) -> Event:
    return event(EventType.OBJECT, at, **({"purpose": "*"} | more))


def claim(at: int | None, **more: Any) -> Event:
    return event(EventType.CLAIM, at, **more)


def sale(at: int, **more: Any) -> Event:
    fields = {"basis": Basis.SOFT_OPTIN, "wording": "w", "detail": {SALE: "order-1"}, "grade": E2}
    return event(EventType.SOFT_OPTIN, at, **(fields | more))


def request(at: int, **more: Any) -> Event:
    return event(EventType.REQUEST, at, **({"wording": "w", "actor": SUBJECT} | more))


def confirm(at: int, **more: Any) -> Event:
    fields = {"grade": E3, "basis": Basis.CONSENT, "actor": SUBJECT}
    return event(EventType.CONFIRM, at, **(fields | more))


def annul(target: Event, recorded: int, **more: Any) -> Event:
    fields = {
        "actor": "staff:one",
        "reason": "a scanner pressed the link",
        "approved_by": ("staff:two",),
        "target": target.id,
        "purpose": "",
        "address": None,
    }
    return event(EventType.ANNUL, None, recorded, **(fields | more))


def invalidate(recorded: int, **more: Any) -> Event:
    return event(EventType.INVALIDATE, None, recorded, **({"address": None, "reason": "defective"} | more))
