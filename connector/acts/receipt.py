"""`person receipt`: what somebody said yes to, when and how, and what is not known (consent-domain 2, N3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from connector.acts.desk import Desk
from connector.acts.facts import Facts, facts_of
from connector.acts.looks import Kind, Look, looked_up
from connector.consent.events import ALL_MARKETING, Event
from connector.errors import Refused
from connector.proof.chain import entry_hash
from connector.proof.receipt import YESES, Act, Matter, Receipt, Shown, gaps_of, gone_of, since
from connector.store.blobs import Blob, BlobUse
from connector.store.people import Person
from connector.store.work import Work
from mappings.purposes import Purpose
from mappings.times import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a receipt is asked for. `event`: only this one. `controller`, `contact`: who answers for it."""

    look: Look
    controller: str
    contact: str
    event: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class _Known:
    """What the acts of one person are told with."""

    blobs: Mapping[str, Blob]
    uses: Mapping[str, Sequence[BlobUse]]
    addresses: Mapping[str, str]
    hashes: Mapping[int, str]


def receipt(desk: Desk, asked: Asked) -> Receipt | None:
    """The receipt of one person; None for a stranger. The look is logged first (consent-domain 9).

    Raises Refused (exit 3) where `event` is no yes of this person.
    """
    person = looked_up(desk, asked.look, Kind.RECEIPT)
    return None if person is None else receipt_of(desk, person, asked)


def receipt_of(desk: Desk, person: Person, asked: Asked) -> Receipt:
    """The same for somebody whom the caller has looked up and noted. Raises as `receipt` does."""
    with desk.mirror.read(desk.portal) as work:
        facts = facts_of(desk, work, person)
        known = _known(work, facts)
        return Receipt(
            controller=asked.controller,
            contact=asked.contact,
            portal=desk.portal,
            zone=desk.zone.key,
            made_at=facts.now,
            made_by=asked.look.user,
            subject=person.ref,
            overlay=person.overlay,
            addresses=tuple((each.original, str(each.kind)) for each in facts.addresses),
            matters=_matters(desk, facts, known, asked),
            log=_log(work),
        )


def _known(work: Work, facts: Facts) -> _Known:
    named = {name for event in facts.events for name in (event.wording, event.notice) if name}
    uses: dict[str, list[BlobUse]] = {}
    for use in work.blobs.uses():
        uses.setdefault(use.hash, []).append(use)
    seqs = [event.seq for event in facts.events if event.seq is not None and event.type in YESES]
    return _Known(
        blobs=work.blobs.get(sorted(named)),
        uses=uses,
        addresses={each.ref: each.original for each in facts.addresses},
        hashes={seq: entry_hash(header).hex() for seq in seqs for header in work.log.headers(seq - 1, 1)},
    )


def _matters(desk: Desk, facts: Facts, known: _Known, asked: Asked) -> tuple[Matter, ...]:
    if asked.event is None:
        return tuple(_matter(facts, known, purpose, asked) for purpose in desk.purposes)
    wanted = next((each for each in facts.events if each.id == asked.event and each.type in YESES), None)
    purpose = None if wanted is None else desk.purposes.get(wanted.purpose)
    if purpose is None:
        raise Refused(
            "That event is no consent of this person.",
            where="--event",
            next_step="Leave --event out: the receipt then names every one.",
        )
    return (_matter(facts, known, purpose, asked),)


def _matter(facts: Facts, known: _Known, purpose: Purpose, asked: Asked) -> Matter:
    standing, answer = facts.standing(purpose), facts.answer(purpose)
    yeses = [
        event
        for event in facts.events
        if event.type in YESES and event.purpose == purpose.key and asked.event in {None, event.id}
    ]
    names = {purpose.key, ALL_MARKETING} if purpose.marketing else {purpose.key}
    return Matter(
        purpose=purpose.key,
        title=purpose.named(asked.language),
        state=standing.state,
        allowed=answer.allowed,
        reason=answer.reason,
        basis=standing.basis,
        marketing=purpose.marketing,
        acts=tuple(_act(event, facts, known, decides=event.id == standing.event) for event in yeses),
        noes=tuple(event for event in facts.events if event.is_no and event.purpose in names),
        gone=gone_of(facts.events, purpose.key),
    )


def _act(event: Event, facts: Facts, known: _Known, *, decides: bool) -> Act:
    wording, notice = _shown(event.wording, known), _shown(event.notice, known)
    made = Act(
        event=event,
        entry_hash=known.hashes.get(event.seq or 0, ""),
        decides=decides,
        address=None if event.address is None else known.addresses.get(event.address),
        wording=wording,
        notice=notice,
        gaps=gaps_of(event, wording, notice),
    )
    return replace(made, since=since(event, facts.events))


def _shown(name: str | None, known: _Known) -> Shown | None:
    """A text, only where its bytes still are the ones that were named."""
    if name is None:
        return None
    blob = known.blobs.get(name)
    sound = blob is not None and sha256(blob.data).hexdigest() == name
    return Shown(
        hash=name,
        text=blob.data.decode("utf-8", "replace") if blob is not None and sound else None,
        language=None if blob is None else blob.language,
        seen=tuple((use.place, use.first_seen, use.last_seen) for use in known.uses.get(name, ())),
    )


def _log(work: Work) -> dict[str, Any]:
    head, signed = work.log.head(), work.checkpoints.last()
    checkpoint = signed and {
        "size": signed.size,
        "at": iso(signed.at),
        "at_ms": signed.at,
        "root": signed.root,
    }
    return {"entries": head.size, "root": head.root, "checkpoint": checkpoint}
