"""What of an event is erasable: canonical JSON of the fields that the header does not hold."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from connector.consent.events import UNKNOWN_ACTOR, Basis, Event, EventType, Grade, Source
from connector.proof import canon
from connector.proof.chain import VERSION, Header, event_id

#: In place of a sealed payload: its proof was destroyed while its person stays.
DESTROYED: Final = b""
NOTHING: Final = b"{}"  # a payload that holds nothing
#: `grade` in the table is its number; in the header its name.
GRADES: Final = tuple(str(grade) for grade in Grade)


class Payload(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The fields in alphabetical order, those with their default left out: canonical when encoded."""

    actor: str | None = None  # None: unknown
    address: str | None = None
    approved_by: tuple[str, ...] = ()
    detail: Mapping[str, str | int | bool | None] = {}
    evidence: tuple[Mapping[str, str | bool], ...] = ()
    language: str | None = None
    observation: str | None = None
    observed_at: int | None = None
    reason: str | None = None
    row: int | None = None
    source: str | None = None  # None: system
    source_ref: str | None = None
    t_hi: int | None = None
    t_lo: int | None = None
    target: str | None = None
    valid_until: int | None = None


class Draft(NamedTuple):
    """An entry that is spelled already: what its header holds of it, and its canonical payload.

    For the many alike of a first read; what HubSpot holds too, so that the journal need not wait for it.
    """

    type: EventType
    purpose: str
    basis: Basis
    grade: Grade
    payload: bytes
    source_ref: str | None = None
    wording: str | None = None
    notice: str | None = None


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Payload)


def encode(event: Event) -> bytes:
    """The canonical payload of an event. Raises ValueError for floats in `detail` or `evidence`."""
    detail, evidence = event.detail, event.evidence
    if detail:
        canon.refuse(detail := dict(detail))
    if evidence:
        canon.refuse(evidence := tuple(dict(each) for each in evidence))
    return _encoder.encode(
        Payload(
            None if event.actor == UNKNOWN_ACTOR else event.actor,
            event.address,
            event.approved_by,
            detail,
            evidence,
            event.language,
            event.observation,
            event.observed_at,
            event.reason,
            event.row,
            None if event.source is Source.SYSTEM else event.source,
            event.source_ref,
            event.t_hi,
            event.t_lo,
            event.target,
            event.valid_until,
        )
    )


def header(
    event: Event | Draft, seq: int, recorded_at: int, ref: str | None, commit: str, prev: str
) -> Header:
    """The permanent part of an event."""
    return Header(
        event.basis,
        commit,
        GRADES[event.grade],
        event.notice,
        prev,
        event.purpose,
        recorded_at,
        seq,
        ref,
        event.type,
        VERSION,
        event.wording,
    )


def event(head: Header, data: bytes) -> Event:
    """Header and payload as the event that was appended. Raises ValueError where the payload is none."""
    try:
        rest = _decoder.decode(data)
    except msgspec.MsgspecError:
        raise ValueError("not a payload") from None
    return Event(
        type=EventType(head.type),
        id=event_id(head),
        seq=head.seq,
        recorded_at=head.recorded_at,
        purpose=head.purpose,
        basis=Basis(head.basis),
        grade=Grade(GRADES.index(head.grade)),
        wording=head.wording_hash,
        notice=head.notice_hash,
        actor=rest.actor if rest.actor is not None else UNKNOWN_ACTOR,
        source=Source(rest.source) if rest.source is not None else Source.SYSTEM,
        source_ref=rest.source_ref,
        address=rest.address,
        approved_by=rest.approved_by,
        language=rest.language,
        observation=rest.observation,
        observed_at=rest.observed_at,
        reason=rest.reason,
        row=rest.row,
        t_lo=rest.t_lo,
        t_hi=rest.t_hi,
        target=rest.target,
        valid_until=rest.valid_until,
        evidence=rest.evidence,
        detail=rest.detail,
    )
