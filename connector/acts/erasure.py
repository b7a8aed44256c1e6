"""An erasure under way: what is kept of it until it is done, so that it goes on after a crash (design 3).

The record lives in the mirror's small values: ids, counts and words of ours, nothing that names anybody. It
goes with the last step.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from connector.consent.events import Event, EventType
from connector.store.work import Work

PREFIX = "erasure:"


class Stage(StrEnum):
    """How far it is: what has been done last (the order of consent-domain 7)."""

    RESTRICTED = "restricted"  # and everything is being unsubscribed
    CLEARED = "cleared"  # no hold, no exception, within the breaker
    SUPPRESSED = "suppressed"
    DELETED = "deleted"  # in HubSpot, and read back
    TOLD = "recipients told"  # what they have to do is on its way to them; they confirm in their own time
    PURGING = "done here, pending at processor"
    ERASED = "erased"


class Origin(StrEnum):
    """Why it began."""

    ASKED = "asked"
    OUTSIDE = "outside"  # a privacy deletion in HubSpot itself (rows 36, 37)
    RETENTION = "retention"  # every purpose's time is over
    AGAIN = "again"  # somebody erased is in HubSpot again (row 34)


class Waits(StrEnum):
    """What a person has to settle first."""

    HOLD = "legal_hold"
    EXCEPTION = "exception"
    BREAKER = "breaker"
    OTHER_ADDRESS = "other_address"
    LIVE_CONTACT = "live_contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One erasure. `person` None: an address under suppression, whose record HubSpot has again."""

    id: str
    stage: Stage
    origin: Origin
    person: int | None
    contacts: tuple[int, ...]
    opened_at: int
    actor: str
    suppress: bool = True
    told: bool = False  # the person asked, and hears that it is done
    suppressed: int = 0
    approved: bool = False  # by two people, so that neither exception nor breaker stops it
    approvers: tuple[str, ...] = ()
    waits: Waits | None = None
    purging: tuple[int, ...] = ()  # records that HubSpot still shows as archived


def save(work: Work, erasure: Erasure) -> Erasure:
    """Keep it."""
    work.meta.put(PREFIX + erasure.id, asdict(erasure))
    return erasure


def find(work: Work, erasure_id: str) -> Erasure | None:
    """By its id; None once it is done or taken back."""
    found = work.meta.get(PREFIX + erasure_id)
    return None if found is None else _read(found)


def under_way(work: Work) -> list[Erasure]:
    """All of a portal, oldest first."""
    found = [_read(value) for key, value in work.meta.all().items() if key.startswith(PREFIX)]
    return sorted(found, key=lambda each: (each.opened_at, each.id))


def of_person(work: Work, person_id: int) -> Erasure | None:
    """The one of a person; also after HubSpot merged them into somebody else."""
    for each in under_way(work):
        if each.person is not None and person_id in (each.person, holder(work, each)):
            return each
    return None


def holder(work: Work, erasure: Erasure) -> int | None:
    """Whom it is about now: a merge in HubSpot may have moved them."""
    if erasure.person is None:
        return None
    found = work.people.living(erasure.person)
    return erasure.person if found is None else found.id


def remove(work: Work, erasure: Erasure) -> None:
    """It is done, or was taken back."""
    work.meta.remove(PREFIX + erasure.id)


def with_contacts(erasure: Erasure, more: Iterable[int]) -> Erasure:
    """The same with further records of HubSpot's."""
    return replace(erasure, contacts=tuple(dict.fromkeys((*erasure.contacts, *more))))


def is_held(events: Iterable[Event]) -> bool:
    """A legal hold stands: the last word about holds put one on."""
    words = [each.type for each in events if each.type in (EventType.HOLD, EventType.HOLD_REMOVED)]
    return bool(words) and words[-1] is EventType.HOLD


def _read(value: dict[str, Any]) -> Erasure:
    waits = value["waits"]
    return Erasure(
        **value
        | {
            "stage": Stage(value["stage"]),
            "origin": Origin(value["origin"]),
            "contacts": tuple(value["contacts"]),
            "approvers": tuple(value["approvers"]),
            "purging": tuple(value["purging"]),
            "waits": None if waits is None else Waits(waits),
        }
    )
