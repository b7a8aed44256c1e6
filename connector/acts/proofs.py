"""Destroys the proof of ONE consent that a no has ended, of somebody who stays (Art. 5(1)(e); CD 7).

The same gate as for people who leave (destroying): found tonight, held for 24 hours, above the breaker two
people agree. Only what proves the yes goes; the no stays, the headers stay, and an entry says what went by
which rule.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from connector.acts import destroying
from connector.acts.breakers import count_destroyed
from connector.acts.desk import Desk
from connector.acts.doubt import sigma_of
from connector.acts.erasing import TRUNCATE, truncate
from connector.acts.erasure import is_held
from connector.acts.projection import project
from connector.acts.terms import Stay, stays_of
from connector.consent.events import Event, EventType, Source
from connector.consent.retention import HOLD_MS
from connector.consent.spent import spent
from connector.store.leaving import Key, Leaver, Leaving
from connector.store.people import Person
from connector.store.scope import Destroyed, Why
from connector.store.work import Work
from mappings.addresses import mask
from mappings.times import iso

KIND: Final = "proofs"  # of the question to two people
ACTOR: Final = "system:retention"

log = structlog.get_logger()


def _known(work: Work) -> Leaving:
    return work.ending


GATE: Final = destroying.Gate(
    kind=KIND,
    note="proofs_destroyed",
    known=_known,
    question=(
        "The proof of {count} ended consents has had its time: more than the breaker lets pass in 24 h. "
        "See `retention plan`. Approve: it is destroyed by the next run, and their noes stay. Reject: "
        "nothing of it is destroyed; it is asked again in 30 days."
    ),
    alarm=("proofs_wait", "count"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One ended consent whose proof has had its time. Times in ms UTC."""

    person: Person
    address: str  # masked
    purpose: str
    ended: int
    due: int
    proofs: tuple[Event, ...]

    @property
    def key(self) -> Key:
        """What names it."""
        return self.person.id, self.purpose

    def document(self, known: Leaver | None) -> dict[str, Any]:
        """One entry of `proofs` in `retention plan --json`."""
        held = known is not None and known.review is None
        return {
            "subject": self.person.ref,
            "address": self.address,
            "purpose": self.purpose,
            "ended": iso(self.ended),
            "due": iso(self.due),
            "entries": [each.seq for each in self.proofs],
            "found_at": None if known is None else iso(known.found_at),
            "destroy_at": iso(known.found_at + HOLD_MS) if known is not None and held else None,
            "waits": None if known is None or known.review is None else f"review {known.review}",
        }


def ended_of(desk: Desk, stay: Stay, sigma_ms: int) -> Iterator[Ended]:
    """What may go of somebody who stays: nothing under a hold, a restriction or an open request."""
    facts = stay.facts
    if stay.verdict.is_over or stay.asked or stay.person.overlay is not None or is_held(facts.events):
        return
    rule = desk.retention.proof
    for purpose in desk.purposes:
        found = spent(facts.events, purpose, facts.current, facts.now, sigma_ms)
        due = None if found is None else rule.due({rule.anchor: found.ended}, desk.zone)
        if found is not None and due is not None and due <= facts.now:
            yield Ended(
                person=stay.person,
                address=mask(facts.addresses[0].original) if facts.addresses else "",
                purpose=purpose.key,
                ended=found.ended,
                due=due,
                proofs=found.proofs,
            )


@dataclass(slots=True)
class Done:
    """What a run came to."""

    held: int = 0  # found less than 24 hours ago
    waiting: int = 0  # for two people
    declined: int = 0
    destroyed: int = 0
    left: int = 0  # for the next run

    def document(self) -> dict[str, int]:
        """`proofs` in `retention run --json`."""
        return {
            "held": self.held,
            "waiting": self.waiting,
            "declined": self.declined,
            "destroyed": self.destroyed,
            "left": self.left,
        }


def destroy(desk: Desk, found: Sequence[Ended], beat: Callable[[], None]) -> Done:
    """Hold what was found, destroy what has been held; many at once wait for two people."""
    passed = destroying.let_through(desk, GATE, {each.key: each.due for each in found})
    done = Done(held=passed.held, waiting=passed.waiting, declined=passed.declined, left=passed.left)
    for each in passed.through:
        done.destroyed += _destroyed(desk, each)
        beat()
    if done.destroyed:
        truncate(desk)
        log.info("proofs_destroyed", count=done.destroyed)
    return done


def _destroyed(desk: Desk, known: Leaver) -> bool:
    """In one transaction with the entry that says so. False: something keeps it by now (a yes, a hold)."""
    with desk.mirror.write(desk.portal) as work:
        work.ending.remove([known.key])
        found = _still(desk, work, known)
        if found is None:
            return False
        why = Why(str(desk.retention.proof), found.ended)
        _destroy(work, found.proofs, why, reason=desk.retention.motive, names=destroying.names(known))
        project(desk, work, known.person_id)
        count_destroyed(desk, work, GATE.note)
        work.meta.put(TRUNCATE, True)
        return True


def _still(desk: Desk, work: Work, known: Leaver) -> Ended | None:
    person = work.people.by_ids([known.person_id]).get(known.person_id)
    if person is None or person.merged_into is not None:
        return None
    (stay,) = stays_of(desk, work, [person])
    ended = ended_of(desk, stay, sigma_of(desk, work))
    return next((each for each in ended if each.purpose == known.purpose), None)


def destroy_again(work: Work, told: Destroyed) -> int:
    """After a restore: what the journal says was destroyed, at once, before anybody can see it."""
    events = [found[1] for found in map(work.log.event, told.events) if found is not None]
    _destroy(work, events, told.why, reason="restored", actor="system:restore")
    return len(events)


def _destroy(
    work: Work,
    proofs: Sequence[Event],
    why: Why,
    *,
    reason: str,
    actor: str = ACTOR,
    names: tuple[str, ...] = (),
) -> None:
    """The proofs go, and an entry says which ones, by which rule: one for each person they are logged under
    (those who were merged into one keep their own names in the log)."""
    for person_id, events in _owners(work, proofs).items():
        work.log.destroy_proofs(person_id, events, why)
        entries = ",".join(str(each.seq) for each in events)
        told = Event(
            type=EventType.PROOF_DESTROYED,
            purpose=events[0].purpose,
            actor=actor,
            source=Source.SYSTEM,
            reason=reason or None,
            approved_by=names,
            detail={"rule": why.rule, "ended": why.ended, "entries": entries},
        )
        work.log.append([(person_id, told)])


def _owners(work: Work, proofs: Iterable[Event]) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = {}
    for each in proofs:
        owner, _ = work.log.entry(each.seq or 0) or (None, None)
        if owner is not None:
            found.setdefault(owner, []).append(each)
    return found
