"""Erase a person: here and in HubSpot, in the order of consent-domain 7, resumable at every point.

A dry run tells what would happen. With a person's word it begins at once: restricted and unsubscribed within
the minute, destroyed only where nothing stands in the way. What is cut off goes on with the next turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from connector.acts import erasure, take_in
from connector.acts.breakers import may_destroy
from connector.acts.desk import Desk
from connector.acts.erasing import (
    DONE,
    Waiting,
    exceptions,
    looked_up,
    own_addresses,
    step,
    truncate,
)
from connector.acts.erasure import Erasure, Origin, Stage, Waits
from connector.acts.letters import letter_for, queue
from connector.acts.projection import project
from connector.acts.reviews import after_restriction
from connector.acts.tally import Tally
from connector.acts.telling import stages, tell
from connector.acts.who import address_of, users_of
from connector.clock import new_id
from connector.consent.decision import Push
from connector.consent.decision import Review as Kind
from connector.consent.events import Event, EventType, Overlay, Source, State
from connector.errors import ConnectorError, Refused, Stopped, Temporary
from connector.store.cases import CaseKind
from connector.store.errands import ErrandKind
from connector.store.observed import WIDE
from connector.store.outbox import NewLetter
from connector.store.outbox import Origin as LetterOrigin
from connector.store.people import AddressKind, Person
from connector.store.reviews import Review
from connector.store.work import Work
from mappings.addresses import NotAnAddress, normalise
from mappings.records import Contact
from mappings.words import Status

DRY_RUN: Final = "dry run"
PURGE_MS: Final = 3_600_000  # how often HubSpot is asked whether it has purged
LOOKED: Final = "purge_looked"
SYSTEM: Final = "system:erase"
YESES: Final = frozenset({EventType.GRANT, EventType.CONFIRM, EventType.REQUEST})
DOORS: Final = {Origin.OUTSIDE: Source.HUBSPOT, Origin.RETENTION: Source.SYSTEM}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who wants it and why. `reason` is sealed with the person's key, and goes with it."""

    reason: str | None = None
    actor: str = "staff:cli"
    suppress: bool = True
    request: int | None = None  # the desk's number
    told: bool = False  # the person asked, and hears that it is done


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What it came to. `waits`: a person has to settle something; `later`: HubSpot cannot be asked now."""

    subject: str | None
    stage: str
    request: str | None
    suppressed: int
    pending: int  # writes and records that HubSpot has not confirmed
    waits: Waits | None = None
    later: bool = False
    next_step: str | None = None
    recipients: tuple[dict[str, Any], ...] = ()  # who has been told, and who has confirmed (Art. 19)
    would: dict[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """The `--json` document of `erase` (design 1.1)."""
        document: dict[str, Any] = {
            "subject": self.subject,
            "stage": self.stage,
            "request": self.request,
            "suppressed": self.suppressed,
            "pending": self.pending,
            "recipients": list(self.recipients),
            "waits": self.waits,
            "next_step": self.next_step,
        }
        return document if self.would is None else document | {"would": self.would}


# --- the dry run -------------------------------------------------------------------------------------------


def plan(desk: Desk, address: str) -> Outcome:
    """What `--confirm` would do; nothing is written. Raises Refused for a stranger, Stopped in doubt."""
    normalised = address_of(address)
    with desk.mirror.read(desk.portal) as work:
        person = _only(work, normalised)
        if person is not None:
            return _planned(desk, work, person)
    contact = looked_up(desk, address.strip())
    with desk.mirror.read(desk.portal) as work:
        suppressed = work.suppression.is_erased(normalised)
    if contact is None and not suppressed:
        raise _stranger()
    would = {"contacts": [contact.id] if contact else [], "entries": 0, "letters": 1 if contact else 0}
    return Outcome(subject=None, stage=DRY_RUN, request=None, suppressed=1, pending=0, would=would)


def _only(work: Work, normalised: str) -> Person | None:
    """The one person who uses the address. Raises Stopped where several do: nobody is erased by mistake."""
    people = [each for each in users_of(work, normalised) if each.overlay is not Overlay.ERASED]
    if len(people) > 1:
        raise Stopped(
            f"{len(people)} people share this address, and it is not clear who is meant.",
            where="ADDRESS",
            kind="shared",
            next_step="Verify who asks, then name that person by an address that nobody else has.",
        )
    return people[0] if people else None


def _planned(desk: Desk, work: Work, person: Person) -> Outcome:
    known = erasure.of_person(work, person.id)
    each = known or _made(desk, person.id, (), Origin.ASKED, Order())
    own = own_addresses(work, each)
    held = work.people.addresses([person.id]).get(person.id, [])
    events = work.log.events_of([person.id]).get(person.id, [])
    would = {
        "contacts": [row.id for row in work.contacts.of_persons([person.id]).get(person.id, [])],
        "entries": len(events),
        "letters": sum(a.kind is not AddressKind.PAST for a in own),
        "addresses": len(held),
        "shared_addresses": len(held) - len(own),
        "hold": erasure.is_held(events),
        "exceptions": exceptions(desk, work, person.id),
        "within_breaker": may_destroy(desk, work, DONE),
    }
    return Outcome(
        subject=person.ref,
        stage=known.stage if known else DRY_RUN,
        request=known.id if known else None,
        suppressed=len(own),
        pending=_pending(work, each),
        waits=known.waits if known else None,
        would=would,
    )


def _stranger() -> Refused:
    return Refused(
        "Nobody with this address is in the mirror or in HubSpot.",
        where="ADDRESS",
        kind="nobody_anywhere",
        next_step="Ask the person which address they were written to.",
    )


# --- with a person's word ----------------------------------------------------------------------------------


def erase(desk: Desk, address: str, order: Order) -> Outcome:
    """Begin, and go as far as can be gone now. Raises Refused for a stranger, Stopped in doubt, and what
    HubSpot raises where somebody who is not in the mirror cannot be looked up."""
    normalised = address_of(address)
    with desk.mirror.read(desk.portal) as work:
        person = _only(work, normalised)
        suppressed = work.suppression.is_erased(normalised)
    contact = looked_up(desk, address.strip()) if person is None else None
    if person is None and contact is None:
        if not suppressed:
            raise _stranger()
        return Outcome(subject=None, stage=Stage.ERASED, request=None, suppressed=1, pending=0)
    begun = _begun(desk, person, contact, order)
    return carry_out(desk, begun)


def _begun(desk: Desk, person: Person | None, contact: Contact | None, order: Order) -> Erasure:
    tally = Tally()
    with desk.mirror.write(desk.portal) as work:
        if person is None and contact is not None:
            person = _taken_in(desk, work, contact, tally)
        if person is None:
            numbers = () if contact is None else (contact.id,)
            return _begin_again(desk, work, numbers, order)
        return begin(desk, work, person.id, Origin.ASKED, order)


def _taken_in(desk: Desk, work: Work, contact: Contact, tally: Tally) -> Person | None:
    """Somebody whom only HubSpot knows is taken in like any other; None where an address is suppressed."""
    if work.suppression.screen(_names(contact)):
        return None
    take_in.take_in(desk, work, take_in.Group([contact]), tally)
    row = work.contacts.by_ids([contact.id]).get(contact.id)
    if row is None or row.person_id is None:
        return None
    return work.people.by_ids([row.person_id])[row.person_id]


def _names(contact: Contact) -> Sequence[str]:
    names = []
    for address in contact.addresses:
        try:
            names.append(normalise(address))
        except NotAnAddress:
            continue
    return names


def begin(desk: Desk, work: Work, person_id: int, origin: Origin, order: Order) -> Erasure:
    """Restricted, everything to be unsubscribed, and the record of the erasure: one transaction."""
    known = erasure.of_person(work, person_id)
    if known is not None:
        return _said_anew(work, known, order) if origin is Origin.ASKED else known
    each = erasure.save(work, _made(desk, person_id, (), origin, order))
    _answers(work, each, order)
    work.people.set_overlay(person_id, Overlay.RESTRICTED)
    asked = Event(
        type=EventType.ERASE_REQUESTED,
        actor=order.actor,
        source=DOORS.get(origin, desk.door),
        source_ref=f"erase:{each.id}",
        reason=order.reason,
    )
    work.log.append([(person_id, asked)])
    _all_off(desk, work, each)
    project(desk, work, person_id)
    return each


def _answers(work: Work, each: Erasure, order: Order) -> None:
    """The request that this erasure answers is settled with it."""
    if order.request is not None:
        work.requests.change(order.request, erasure=each.id)


def _said_anew(work: Work, known: Erasure, order: Order) -> Erasure:
    """Whoever repeats the command may decide otherwise about the suppression list, while nothing is on it."""
    _answers(work, known, order)
    said = replace(known, told=known.told or order.told or order.request is not None)
    if known.stage is Stage.RESTRICTED:
        said = replace(said, suppress=order.suppress)
    return known if said == known else erasure.save(work, said)


def _all_off(desk: Desk, work: Work, each: Erasure) -> None:
    made = [
        letter_for(Push.UNSUB_ALL, address, purpose, origin=LetterOrigin.ASKED)
        for address in own_addresses(work, each)
        if address.kind is not AddressKind.PAST
        for purpose in list(desk.purposes)[:1]
    ]
    letters = [letter for letter in made if letter is not None]
    queue(work, each.person, letters, desk.clock.now(), Tally())


def _begin_again(desk: Desk, work: Work, contacts: tuple[int, ...], order: Order) -> Erasure:
    """Somebody erased is in HubSpot again: no row of theirs, only the record's id (row 34)."""
    known = [each for each in erasure.under_way(work) if set(contacts) & set(each.contacts)]
    if known:
        return known[0]
    letters = [
        NewLetter(
            ref=work.outbox.contact_ref(number),
            subscription=WIDE,
            status=Status.UNSUBSCRIBED,
            origin=LetterOrigin.ASKED,
            contact_id=number,
        )
        for number in contacts
    ]
    queue(work, None, letters, desk.clock.now(), Tally())
    each = erasure.save(work, _made(desk, None, contacts, Origin.AGAIN, order))
    _answers(work, each, order)
    return each


def _made(
    desk: Desk, person_id: int | None, contacts: tuple[int, ...], origin: Origin, order: Order
) -> Erasure:
    return Erasure(
        id=new_id(desk.clock, desk.chance),
        stage=Stage.RESTRICTED,
        origin=origin,
        person=person_id,
        contacts=contacts,
        opened_at=desk.clock.now(),
        actor=order.actor,
        suppress=order.suppress,
        told=order.told or order.request is not None,
    )


def carry_out(desk: Desk, begun: Erasure) -> Outcome:
    """Step after step, until it is done, waits for a person, or HubSpot cannot be asked."""
    each: Erasure | None = begun
    last = begun
    try:
        while each is not None:
            last = each
            if _came_back(desk, each):
                break
            step(desk, each)
            with desk.mirror.read(desk.portal) as work:
                each = erasure.find(work, begun.id)
    except Waiting as waiting:
        return _halted(desk, begun.id, last, waits=waiting.waits, next_step=waiting.next_step)
    except Temporary as error:
        return _halted(desk, begun.id, last, later=True, next_step=error.next_step)
    return _halted(desk, begun.id, last) if each is not None else _finished(desk, last)


def _came_back(desk: Desk, each: Erasure) -> bool:
    """Somebody whose time was over has said yes since: there is a reason again, and nothing is destroyed."""
    if each.origin is not Origin.RETENTION or each.stage is not Stage.RESTRICTED or each.person is None:
        return False
    with desk.mirror.write(desk.portal) as work:
        person = erasure.holder(work, each) or each.person
        since = [e for e in work.log.events_of([person]).get(person, ()) if e.recorded_at >= each.opened_at]
        if not any(event.by_person and event.type in YESES for event in since):
            return False
        take_back(work, each)
        lift(desk, work, person, SYSTEM)
    log.info("retention_taken_back", subject=_ref(desk, each))
    return True


def _halted(
    desk: Desk,
    erasure_id: str,
    last: Erasure,
    *,
    waits: Waits | None = None,
    later: bool = False,
    next_step: str | None = None,
) -> Outcome:
    with desk.mirror.read(desk.portal) as work:
        each = erasure.find(work, erasure_id) or last
        return Outcome(
            subject=_subject(work, each),
            stage=each.stage,
            request=each.id,
            suppressed=each.suppressed,
            pending=_pending(work, each),
            waits=waits,
            later=later,
            next_step=next_step,
            recipients=tuple(stages(work.errands.of_cause(each.id))),
        )


def _finished(desk: Desk, last: Erasure) -> Outcome:
    with desk.mirror.read(desk.portal) as work:
        cases = work.cases.of(last.contacts)
        left = sum(c.kind is CaseKind.PENDING_ERASURE for found in cases.values() for c in found)
        subject = _subject(work, last)
        told = tuple(stages(work.errands.of_cause(last.id)))
    return Outcome(
        subject=subject,
        stage=Stage.PURGING if left else Stage.ERASED,
        request=last.id,
        suppressed=last.suppressed,
        pending=left,
        recipients=told,
    )


def _subject(work: Work, each: Erasure) -> str | None:
    if each.person is None:
        return None
    found = work.people.by_ids([each.person]).get(each.person)
    return None if found is None else found.ref


def _pending(work: Work, each: Erasure) -> int:
    refs = [address.ref for address in own_addresses(work, each)]
    refs += [work.outbox.contact_ref(number) for number in each.contacts]
    letters = [letter for held in work.outbox.of_refs(refs).values() for letter in held]
    return sum(letter.confirmed_at is None for letter in letters) + len(each.contacts)


# --- the turn ----------------------------------------------------------------------------------------------


def resume_erasures(desk: Desk) -> None:
    """Go on with what was cut off, begin what its time has come for, and look what HubSpot has purged.

    One that fails does not keep the others: it is told in the log and goes on with the next turn.
    """
    truncate(desk)
    _begin_due(desk)
    with desk.mirror.read(desk.portal) as work:
        waiting = erasure.under_way(work)
    for each in waiting:
        try:
            done = carry_out(desk, each)
        except ConnectorError as error:
            log.error("erasure_failed", error=error.code, subject=_ref(desk, each))
        else:
            log.info("erasure_went_on", stage=done.stage, waits=done.waits, subject=done.subject)
            if done.later:
                return
    _look_for_purged(desk)


def _ref(desk: Desk, each: Erasure) -> str | None:
    with desk.mirror.read(desk.portal) as work:
        return _subject(work, each)


def _begin_due(desk: Desk) -> None:
    """Deletions seen from outside whose 24 h are over (row 36); reappearances where configured (row 34)."""
    now = desk.clock.now()
    with desk.mirror.read(desk.portal) as work:
        deleted = work.cases.pending(CaseKind.DELETED_OUTSIDE)
        again = work.cases.pending(CaseKind.REAPPEARED) if desk.erase_again else []
    due = [case for case in deleted if (case.hold_until or 0) <= now]
    if not due and not again:
        return
    with desk.mirror.write(desk.portal) as work:
        for case in due:
            _begin_outside(desk, work, case.contact_id)
        for case in again:
            _begin_again(desk, work, (case.contact_id,), Order(actor=SYSTEM))


def _begin_outside(desk: Desk, work: Work, contact_id: int) -> None:
    row = work.contacts.by_ids([contact_id]).get(contact_id)
    person = None if row is None or row.person_id is None else work.people.by_ids([row.person_id])
    if row is None or row.person_id is None or not person:
        work.cases.settle(contact_id, CaseKind.DELETED_OUTSIDE)
        return
    if person[row.person_id].overlay is Overlay.RESTRICTED and not _asked(work, row.person_id):
        begin(desk, work, row.person_id, Origin.OUTSIDE, Order(actor=SYSTEM))


def _asked(work: Work, person_id: int) -> bool:
    """Two people are still to say whether the deletion was meant (row 37)."""
    return any(
        each.kind == Kind.ERASURE and each.decided_at is None for each in work.reviews.of_person(person_id)
    )


def _look_for_purged(desk: Desk) -> None:
    """Records that HubSpot still showed as archived: the case ends with a 404, by both reads."""
    now = desk.clock.now()
    with desk.mirror.read(desk.portal) as work:
        busy = {number for each in erasure.under_way(work) for number in each.contacts}
        cases = [c for c in work.cases.pending(CaseKind.PENDING_ERASURE) if c.contact_id not in busy]
        looked = work.meta.get(LOOKED) or 0
    if not cases or looked + PURGE_MS > now:
        return
    for case in cases:
        contact = desk.hubspot.contact(case.contact_id)
        gone = contact is None and desk.hubspot.contact(case.contact_id, archived=True) is None
        if gone or contact is not None:  # alive again: the next read finds it as a reappearance
            with desk.mirror.write(desk.portal) as work:
                work.cases.settle(case.contact_id, CaseKind.PENDING_ERASURE)
    with desk.mirror.write(desk.portal) as work:
        work.meta.put(LOOKED, now)


# --- what two people decided -------------------------------------------------------------------------------


def decided(desk: Desk, work: Work, review: Review, user: str, *, approved: bool) -> None:
    """Row 37 and the breaker: erase, or it was a mistake and the restriction is lifted."""
    each = _of_review(work, review)
    if approved:
        if each is None and review.person_id is not None:
            each = begin(desk, work, review.person_id, Origin.OUTSIDE, Order(actor=f"staff:{user}"))
        if each is not None:
            said = (*(f"staff:{name}" for name, _ in review.approvals), f"staff:{user}")
            erasure.save(work, agreed(each, tuple(dict.fromkeys(said))))
        return
    if each is not None:
        take_back(work, each)
    if review.person_id is not None:
        lift(desk, work, review.person_id, f"staff:{user}")
        _close_siblings(desk, work, review, user)


def agreed(each: Erasure, approvers: tuple[str, ...]) -> Erasure:
    """Two people have agreed: neither exception nor breaker stops it."""
    return replace(each, approved=True, approvers=approvers, waits=None)


def _of_review(work: Work, review: Review) -> Erasure | None:
    named = review.detail.get("erasure")
    if isinstance(named, str):
        return erasure.find(work, named)
    return None if review.person_id is None else erasure.of_person(work, review.person_id)


def take_back(work: Work, each: Erasure) -> None:
    """It was a mistake. Raises Stopped where destroying has begun."""
    if each.stage is not Stage.RESTRICTED:
        raise Stopped(
            "The erasure has gone too far to be taken back.",
            where="erase",
            kind="erasure_too_far",
            next_step="Nothing to do: it goes on by itself.",
        )
    erasure.remove(work, each)


def lift(desk: Desk, work: Work, person_id: int, actor: str) -> None:
    """No restriction any more, and a deletion seen from outside is no reason to erase."""
    rows = work.contacts.of_persons([person_id]).get(person_id, [])
    for row in rows:
        work.cases.settle(row.id, CaseKind.DELETED_OUTSIDE)
    work.people.set_overlay(person_id, None)
    word = Event(type=EventType.UNRESTRICT, actor=actor, source=desk.door)
    (entry,) = work.log.append([(person_id, word)])
    tell_of_restriction(desk, work, ErrandKind.RESTRICTION_LIFTED, entry, person_id)
    _hold_yeses(desk, work, person_id)


def tell_of_restriction(desk: Desk, work: Work, kind: ErrandKind, entry: Event, person_id: int) -> None:
    """Recipients hear of a restriction, and of its end where they heard of its beginning (Art. 18(3), 19)."""
    told = {each.kind for each in work.errands.of_person(person_id)}
    if kind is ErrandKind.RESTRICTION or ErrandKind.RESTRICTION in told:
        held = work.people.addresses([person_id]).get(person_id, [])
        names = [each.original for each in held if each.kind is not AddressKind.PAST]
        tell(desk, work, kind, f"restriction:{entry.id}", person_id, names)


def _hold_yeses(desk: Desk, work: Work, person_id: int) -> None:
    """After a restriction a SUBSCRIBED needs a review (consent-domain 3.3): no yes leaves by itself."""
    rows, now = project(desk, work, person_id), desk.clock.now()
    granted = [key for key, row in rows.items() if row.state in (State.GRANTED, State.SOFT_OPTIN)]
    if granted:
        work.reviews.open([after_restriction(person_id, key, now) for key in granted], now)
        project(desk, work, person_id, flags=dict.fromkeys(granted, (True, True)))


def _close_siblings(desk: Desk, work: Work, review: Review, user: str) -> None:
    """The same question was asked for each purpose: one answer is enough."""
    for other in work.reviews.of_person(review.person_id or 0):
        if other.kind == Kind.ERASURE and other.decided_at is None:
            work.reviews.decide(other.id, "reject", user, desk.clock.now(), review.reason)
