"""From a decision to the events that are appended: who, when, how sure (consent-domain 3.1).

Each event's `source_ref` names its kind and the standing fact it comes from, so that reading the same fact
again appends nothing. A no takes HubSpot's time as it came: the formula itself never lets it count as later
than our record of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from connector.consent.decision import Decision
from connector.consent.events import (
    ALL_MARKETING,
    SUBJECT,
    UNKNOWN_ACTOR,
    Basis,
    Event,
    EventType,
    Grade,
    Source,
)
from connector.consent.grades import hubspot_grade
from connector.consent.situate import Evidence, Reading, wide_times
from mappings import bases
from mappings.sources import SourceKind, kind_of

#: Row 43's no lies between our read and our write: (read_at, written_at) in ms UTC.
Window = tuple[int, int]
Builder = Callable[[Event, Decision, Reading, Window | None], Event]


def entries(decision: Decision, reading: Reading, window: Window | None = None) -> tuple[Event, ...]:
    """The events of `decision.log`, in order, for the log to number and date.

    `window` is needed for row 43. The events of a repeat (`decision.repeated()`) are none.
    """
    return tuple(_entry(kind, decision, reading, window) for kind in decision.log)


def _entry(kind: EventType, decision: Decision, reading: Reading, window: Window | None) -> Event:
    bare = Event(
        type=kind,
        purpose=reading.purpose.key,
        address=reading.address,
        source=Source.HUBSPOT,
        observed_at=None if reading.row is None else reading.row.at,
        observation=reading.id or None,
        row=decision.row,
        source_ref=f"{kind}:{reading.purpose.key}:{decision.row}:{reading.id}" if reading.id else None,
        detail=_what_was_seen(reading),
    )
    build = BUILDERS.get(kind)
    return bare if build is None else build(bare, decision, reading, window)


def _what_was_seen(reading: Reading) -> Mapping[str, str | int | bool | None]:
    """HubSpot's own words, for the receipt. The free explanation stays out: people write names into it."""
    row = reading.row
    if row is None:
        return {}
    return {
        "status": str(row.status),
        "source": row.source,
        "basis": None if row.basis is None else str(row.basis),
    }


def _withdrawn(bare: Event, decision: Decision, reading: Reading, window: Window | None) -> Event:
    at = None if reading.row is None else reading.row.at
    t_lo, t_hi = (window or (None, None)) if decision.incident else (at, at)
    return replace(
        bare, t_lo=t_lo, t_hi=t_hi, actor=_actor(reading), source_ref=_same_no(bare, bare.purpose, reading.id)
    )


def _objected(bare: Event, decision: Decision, reading: Reading, window: Window | None) -> Event:
    times = wide_times(reading)
    if not times or 8 in (decision.row, decision.as_row):  # row 8: the no is to this purpose
        return _withdrawn(bare, decision, reading, window)
    known = [at for at in times if at is not None]
    at = max(known) if len(known) == len(times) else None
    purpose = ALL_MARKETING if decision.wide else bare.purpose
    return replace(
        bare,
        purpose=purpose,
        t_lo=at,
        t_hi=at,
        observed_at=at,
        observation=reading.wide_id or None,
        actor=SUBJECT,
        source_ref=_same_no(bare, purpose, reading.wide_id),
    )


def _claimed(bare: Event, decision: Decision, reading: Reading, window: Window | None) -> Event:
    row = reading.row
    if row is None:
        return bare
    at = None if decision.as_row is not None else row.at  # a date in the future is no date (row 40)
    return replace(
        bare,
        t_lo=at,
        t_hi=at,
        basis=bases.read(row.basis).basis,
        grade=hubspot_grade(row.basis, row.explanation, at),
        actor=_actor(reading),
    )


def _granted(bare: Event, decision: Decision, reading: Reading, window: Window | None) -> Event:
    evidence = reading.evidence or Evidence(grade=Grade.E0)
    return replace(
        bare,
        t_lo=evidence.t_lo,
        t_hi=evidence.t_lo if evidence.t_hi is None else evidence.t_hi,
        grade=evidence.proved(reading.purpose, reading.now),
        basis=Basis.CONSENT,
        actor=SUBJECT if evidence.by_person else UNKNOWN_ACTOR,
        source=evidence.source,
        source_ref=evidence.source_ref,
        wording=evidence.wording,
        notice=evidence.notice,
        language=evidence.language,
        valid_until=evidence.valid_until,
        evidence=evidence.artefacts,
        detail={**bare.detail, **evidence.detail},
    )


def _same_no(bare: Event, purpose: str, fact: str) -> str | None:
    """One sighting of one fact is one no, whichever row it passes through."""
    if bare.row == 43 or not fact:  # the no of row 43 is told by our own write, not by a reading
        return None
    return f"{bare.type}:{purpose}:{fact}"


def _actor(reading: Reading) -> str:
    source = None if reading.row is None else reading.row.source
    return SUBJECT if kind_of(source) is SourceKind.SUBJECT else UNKNOWN_ACTOR


BUILDERS: Final[Mapping[EventType, Builder]] = {
    EventType.WITHDRAW: _withdrawn,
    EventType.OBJECT: _objected,
    EventType.CLAIM: _claimed,
    EventType.GRANT: _granted,
}
