"""The steps of an erasure, in the order of consent-domain 7; each may be cut off anywhere and begun again.

A step asks HubSpot outside of any transaction and writes down that it is done in one; it begins by looking
whether it is done. What destroys in HubSpot goes by record id, after a read that shows an address of the
person (HA 7): an unknown address would be blocklisted, a stranger's record destroyed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from connector.acts import erasure
from connector.acts.breakers import count_destroyed, may_destroy
from connector.acts.desk import Desk
from connector.acts.erasure import Erasure, Origin, Stage, Waits
from connector.acts.facts import facts_of
from connector.acts.letter_of_request import tell_erased
from connector.acts.push import push
from connector.acts.reviews import OPTIONS
from connector.acts.tally import Tally
from connector.acts.telling import deliver, tell
from connector.consent.decision import Review as Kind
from connector.consent.events import Basis, Event, EventType, Overlay, Source, State
from connector.errors import AmbiguousWrite, HubSpotUnreachable, RequestRejected, Stopped
from connector.store.cases import CaseKind
from connector.store.errands import ErrandKind
from connector.store.outbox import Letter
from connector.store.people import Address, AddressKind
from connector.store.requests import Request, RequestOutcome
from connector.store.reviews import NewReview
from connector.store.suppression import SuppressionKind
from connector.store.work import Work
from mappings.addresses import NotAnAddress, normalise
from mappings.records import Contact

PATIENCE_MS: Final = 10 * 60_000  # the opt-out goes first; a record that is gone cannot be mailed either
FAR_MS: Final = 3_600_000  # a letter that waits longer was rejected, and goes on being tried
ROW: Final = 37
DONE: Final = "erasures"  # when the erasures of the last 24 h passed the breaker
TRUNCATE: Final = "truncate_wal"
#: Art. 17(3)(b): a duty to keep something; and what a contract with the person still needs.
KEEPS: Final = frozenset({Basis.LEGAL_OBLIGATION, Basis.PUBLIC_TASK, Basis.CONTRACT})
RECORDED: Final = frozenset({State.GRANTED, State.SOFT_OPTIN, State.CLAIMED})
NOT_FOUND: Final = 404

NEXT_STEPS: Final = {
    Waits.HOLD: "Take the legal hold off with `hold remove` when its reason has ended.",
    Waits.EXCEPTION: "Something has to be kept: two people decide, see `review list`.",
    Waits.BREAKER: "Too many at once: two people decide, see `review list`.",
    Waits.OTHER_ADDRESS: "HubSpot shows another address on the record now. Run `sync`, look, erase again.",
    Waits.LIVE_CONTACT: "HubSpot still has a live record: two people decide, see `review list`.",
}

log = structlog.get_logger()


class Waiting(Stopped):
    """A person has to settle something first; what was done stays done."""

    def __init__(self, waits: Waits) -> None:
        super().__init__(
            f"The erasure waits ({waits}).",
            where="erase",
            kind=f"erasure_waits_{waits}",
            next_step=NEXT_STEPS[waits],
        )
        self.waits = waits


def step(desk: Desk, each: Erasure) -> None:
    """The next step of an erasure. Raises Waiting; Temporary where HubSpot cannot be asked now."""
    STEPS[each.stage](desk, each)


# --- restricted: everything is unsubscribed, then nothing may stand in the way -----------------------------


def _restricted(desk: Desk, each: Erasure) -> None:
    refs = _refs(desk, each)
    if refs:
        push(desk, Tally(), refs=refs, urgent_only=True)
        with desk.mirror.read(desk.portal) as work:
            letters = [letter for held in work.outbox.of_refs(refs).values() for letter in held]
        _wait_for(desk, each, letters)
    _cleared(desk, each)


def _refs(desk: Desk, each: Erasure) -> list[str]:
    with desk.mirror.read(desk.portal) as work:
        if each.person is None:
            return [work.outbox.contact_ref(number) for number in each.contacts]
        return [a.ref for a in own_addresses(work, each) if a.kind is not AddressKind.PAST]


def _wait_for(desk: Desk, each: Erasure, letters: Iterable[Letter]) -> None:
    now = desk.clock.now()
    if now - each.opened_at >= PATIENCE_MS:
        return
    if any(letter.confirmed_at is None and letter.next_try <= now + FAR_MS for letter in letters):
        raise HubSpotUnreachable(
            "HubSpot does not show the opt-out yet.",
            where="erase",
            next_step="Nothing to do: the erasure goes on by itself.",
        )


def own_addresses(work: Work, each: Erasure) -> list[Address]:
    """The person's addresses that nobody else has: a shared box stays as its other users want it.

    Whoever has left an address is no user of it: it is its holder's own. One that the person has left is
    theirs only as long as nobody else ever had it.
    """
    person = erasure.holder(work, each)
    if person is None:
        return []
    held = work.people.addresses([person]).get(person, [])
    users = work.people.persons_of([address.ref for address in held])
    family = set(work.people.family([person])[person])
    others = {each for found in users.values() for each in found} - family
    theirs = [each for rows in work.people.addresses(sorted(others)).values() for each in rows]
    had = {each.ref for each in theirs}
    used = {each.ref for each in theirs if each.kind is not AddressKind.PAST}
    return [each for each in held if each.ref not in (had if each.kind is AddressKind.PAST else used)]


def _cleared(desk: Desk, each: Erasure) -> None:
    with desk.mirror.write(desk.portal) as work:
        now = erasure.find(work, each.id)
        if now is None or now.stage is not Stage.RESTRICTED:
            return
        waits = obstacle(desk, work, now)
        if waits is None:
            _pass(desk, work, now)
        elif waits is not now.waits:
            erasure.save(work, replace(now, waits=waits))
            _ask(desk, work, now, waits)
    if waits is not None:
        raise Waiting(waits)


def obstacle(desk: Desk, work: Work, each: Erasure) -> Waits | None:
    """What stands in the way. Two people overrule all but a legal hold."""
    person = erasure.holder(work, each)
    if person is not None and erasure.is_held(work.log.events_of([person]).get(person, ())):
        return Waits.HOLD
    if each.approved:
        return None
    if each.waits is Waits.BREAKER:  # time alone does not close it
        return Waits.BREAKER
    if each.origin is not Origin.RETENTION and person is not None and exceptions(desk, work, person):
        return Waits.EXCEPTION  # retention has waited for the end of that purpose too
    if each.origin is Origin.OUTSIDE and person is not None and _lives(work, person):
        return Waits.LIVE_CONTACT
    return None if may_destroy(desk, work, DONE) else Waits.BREAKER


def exceptions(desk: Desk, work: Work, person_id: int) -> list[str]:
    """Purposes for which something recorded about the person has to be kept (Art. 17(3)(b))."""
    kept = [p for p in desk.purposes if not p.marketing and p.basis in KEEPS]
    if not kept:
        return []
    facts = facts_of(desk, work, work.people.by_ids([person_id])[person_id], with_others=False)
    return [purpose.key for purpose in kept if facts.standing(purpose).state in RECORDED]


def _lives(work: Work, person_id: int) -> bool:
    return any(row.gone_at is None for row in work.contacts.of_persons([person_id]).get(person_id, ()))


def _pass(desk: Desk, work: Work, each: Erasure) -> None:
    """From here on the records are being erased: seeing them in HubSpot is no reappearance (design 4.4)."""
    person, now = erasure.holder(work, each), desk.clock.now()
    rows = work.contacts.of_persons([person]).get(person, []) if person is not None else []
    passed = erasure.with_contacts(each, (row.id for row in rows))
    for number in passed.contacts:
        work.cases.open(number, CaseKind.PENDING_ERASURE, now)
    count_destroyed(desk, work, DONE)
    erasure.save(work, replace(passed, stage=Stage.CLEARED, waits=None))


def _ask(desk: Desk, work: Work, each: Erasure, waits: Waits) -> None:
    """Processing has stopped; destroying waits for two people (row 37)."""
    if waits in (Waits.HOLD, Waits.OTHER_ADDRESS):
        return
    question = NewReview(
        kind=Kind.ERASURE,
        key=f"erasure:{each.id}",
        question=(
            f"An erasure waits ({waits}). The person is restricted and everything is unsubscribed. Approve: "
            "erase, in HubSpot and here. Reject: it was a mistake; the restriction is lifted."
        ),
        options=OPTIONS,
        person_id=erasure.holder(work, each),
        row=ROW,
        detail={"erasure": each.id, "waits": str(waits)},
    )
    work.reviews.open([question], desk.clock.now())
    log.error("erasure_waits", waits=str(waits))


# --- cleared: the suppression list, each address in a transaction of its own -------------------------------


def _suppress(desk: Desk, each: Erasure) -> None:
    with desk.mirror.read(desk.portal) as work:
        addresses = own_addresses(work, each) if each.suppress else []
    for address in addresses:
        desk.mirror.suppress(desk.portal, address.normalised, SuppressionKind.ERASED)
    _advance(desk, each, Stage.CLEARED, replace(each, stage=Stage.SUPPRESSED, suppressed=len(addresses)))


def _advance(desk: Desk, each: Erasure, stage: Stage, then: Erasure) -> None:
    """Write down that a step is done, unless another process did."""
    with desk.mirror.write(desk.portal) as work:
        now = erasure.find(work, each.id)
        if now is not None and now.stage is stage:
            erasure.save(work, then)


# --- suppressed: the records in HubSpot, by id -------------------------------------------------------------


def _delete(desk: Desk, each: Erasure) -> None:
    whole = _recreated(desk, each)
    for number in whole.contacts:
        _delete_one(desk, whole, number)
    left = tuple(number for number in whole.contacts if _left(desk, number))
    with desk.mirror.read(desk.portal) as work:
        added = erasure.find(work, each.id) or whole
    _advance(desk, each, Stage.SUPPRESSED, replace(added, stage=Stage.DELETED, purging=left, waits=None))


def _recreated(desk: Desk, each: Erasure) -> Erasure:
    """Records that came to one of the addresses since the last pull are the person's too."""
    with desk.mirror.read(desk.portal) as work:
        present = [a.original for a in own_addresses(work, each) if a.kind is not AddressKind.PAST]
    found = [looked_up(desk, original) for original in present]
    new = {contact.id for contact in found if contact is not None} - set(each.contacts)
    return _joined(desk, each, new) if new else each


def looked_up(desk: Desk, address: str) -> Contact | None:
    """Who has an address in HubSpot; nobody, where HubSpot takes it for none at all."""
    try:
        return desk.hubspot.contact_by_email(address)
    except RequestRejected:
        return None


def _joined(desk: Desk, each: Erasure, new: Iterable[int]) -> Erasure:
    numbers = list(new)
    with desk.mirror.write(desk.portal) as work:
        now = erasure.find(work, each.id) or each
        for number in numbers:
            work.cases.open(number, CaseKind.PENDING_ERASURE, desk.clock.now())
        return erasure.save(work, erasure.with_contacts(now, numbers))


def _delete_one(desk: Desk, each: Erasure, number: int) -> None:
    """Read, compare, delete. An ambiguous end is told by reading back."""
    contact = desk.hubspot.contact(number) or desk.hubspot.contact(number, archived=True)
    if contact is None or (contact.archived and not contact.addresses):
        return
    if not _is_theirs(desk, each, contact):
        _wait(desk, each, Waits.OTHER_ADDRESS)
    if contact.id != number:
        _joined(desk, each, [contact.id])
    try:
        desk.hubspot.erase(contact.id)
    except AmbiguousWrite:
        log.warning("erase_ambiguous")
    except RequestRejected as error:
        if error.status != NOT_FOUND:
            raise


def _is_theirs(desk: Desk, each: Erasure, contact: Contact) -> bool:
    shown = set(_normalised(contact.addresses))
    with desk.mirror.read(desk.portal) as work:
        if each.person is None:
            return any(work.suppression.is_erased(name) for name in shown)
        person = erasure.holder(work, each) or 0
        return bool(shown & {a.normalised for a in work.people.addresses([person]).get(person, ())})


def _normalised(addresses: Iterable[str]) -> Iterable[str]:
    for address in addresses:
        try:
            yield normalise(address)
        except NotAnAddress:
            continue


def _wait(desk: Desk, each: Erasure, waits: Waits) -> None:
    with desk.mirror.write(desk.portal) as work:
        now = erasure.find(work, each.id)
        if now is not None:
            erasure.save(work, replace(now, waits=waits))
    raise Waiting(waits)


def _left(desk: Desk, number: int) -> bool:
    """Read back: not there, 404. Still in the bin: HubSpot purges within 30 days (HA 7, undecided there)."""
    if desk.hubspot.contact(number) is not None:
        raise HubSpotUnreachable(
            "HubSpot still shows the record.",
            where="erase",
            next_step="Nothing to do: the erasure goes on by itself.",
        )
    return desk.hubspot.contact(number, archived=True) is not None


# --- deleted: the recipients (Art. 17(2), 19) -------------------------------------------------------------


def _tell(desk: Desk, each: Erasure) -> None:
    """Queued before the addresses go; a recipient who is away holds up nothing here."""
    with desk.mirror.write(desk.portal) as work:
        now = erasure.find(work, each.id)
        if now is None or now.stage is not Stage.DELETED:
            return
        person = erasure.holder(work, now)
        if person is not None:
            names = [address.original for address in own_addresses(work, now)]
            tell(desk, work, ErrandKind.ERASURE, now.id, person, names)
        erasure.save(work, replace(now, stage=Stage.TOLD))
    deliver(desk, [each.id])


# --- told: here --------------------------------------------------------------------------------------------


def _shred(desk: Desk, each: Erasure) -> None:
    with desk.mirror.write(desk.portal) as work:
        now = erasure.find(work, each.id)
        if now is None or now.stage is not Stage.TOLD:
            return
        asked = _asked(work, now)
        work.log.append(_shredded(work, now))
        _answered(desk, work, now, asked)
        settle(work, now.contacts, now.purging)
        erasure.remove(work, now)
        work.meta.put(TRUNCATE, True)
    truncate(desk)
    log.info("erased", contacts=len(each.contacts), suppressed=each.suppressed, purging=len(each.purging))


def _of_erased(work: Work, erasure: str, person_id: int, names: Sequence[str]) -> list[Request]:
    """Open requests that an erasure answers or leaves without anybody: its own, the person's, and those of
    somebody unknown who wrote from one of these addresses."""
    found = {each.id: each for each in work.requests.of_erasure(erasure)}
    wanted = {normalise(name) for name in names}
    for each in work.requests.open():
        theirs = each.person_id == person_id
        unknown = each.person_id is None and each.address is not None and normalise(each.address) in wanted
        if theirs or unknown:
            found[each.id] = each
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is to hear that it is done, and which requests end with it; read before the person is shredded."""

    address: str | None
    requests: tuple[Request, ...]


def _asked(work: Work, each: Erasure) -> _Asked:
    person = erasure.holder(work, each)
    own = own_addresses(work, each)
    present = [address.original for address in own if address.kind is not AddressKind.PAST]
    names = [address.original for address in own]
    found = _of_erased(work, each.id, person or 0, names)
    mine = next((r.address for r in found if r.erasure == each.id and r.address), None)
    return _Asked(mine or (present[0] if present else None), tuple(found))


def _answered(desk: Desk, work: Work, each: Erasure, asked: _Asked) -> None:
    """Requests keep their header; whoever asked to be erased is told once, by a letter that is nobody's."""
    for found in asked.requests:
        done = Event(
            type=EventType.RIGHT_SETTLED,
            actor=each.actor,
            source=Source.SYSTEM,
            detail={"request": found.id, "right": str(found.kind), "outcome": str(RequestOutcome.GRANTED)},
        )
        work.log.append([(None, done)])
        work.requests.settle(found.id, RequestOutcome.GRANTED, each.actor, desk.clock.now())
    if each.told and asked.address is not None:
        purging, key = bool(each.purging), f"erased:{each.id}"
        tell_erased(desk, work, key, asked.address, suppressed=each.suppress, purging=purging)


def _shredded(work: Work, each: Erasure) -> list[tuple[int | None, Event]]:
    """The tombstones' last entries: counts, reason and who approved; never what would find the person."""
    person = erasure.holder(work, each)
    if person is None or work.people.by_ids([person])[person].overlay is Overlay.ERASED:
        return [(person, _erased(each, 0))]
    family = work.people.family([person])[person]
    counts = {done.ref: done.payloads for done in work.people.shred(person)}
    tombstones = work.people.by_ids(family)
    return [(number, _erased(each, counts.get(tombstones[number].ref, 0))) for number in family]


def _erased(each: Erasure, count: int) -> Event:
    return Event(
        type=EventType.ERASED,
        actor=each.actor,
        source=Source.SYSTEM,
        reason=str(each.origin),
        approved_by=each.approvers,
        detail={
            "count": count,
            "contacts": len(each.contacts),
            "purging": len(each.purging),
            "suppressed": each.suppress,
        },
    )


def settle(work: Work, contacts: Iterable[int], purging: Iterable[int]) -> None:
    """The cases of these records are over; those that HubSpot still purges stay pending."""
    waiting = set(purging)
    for number in contacts:
        work.cases.settle(number, CaseKind.DELETED_OUTSIDE)
        work.cases.settle(number, CaseKind.REAPPEARED)
        work.outbox.forget([work.outbox.contact_ref(number)])
        if number not in waiting:
            work.cases.settle(number, CaseKind.PENDING_ERASURE)


def truncate(desk: Desk) -> None:
    """What was erased leaves SQLite's write-ahead log too; where a reader holds it, at the next turn."""
    with desk.mirror.read(desk.portal) as work:
        wanted = work.meta.get(TRUNCATE)
    if wanted and desk.mirror.truncate_wal():
        with desk.mirror.write(desk.portal) as work:
            work.meta.remove(TRUNCATE)


STEPS: Final[Mapping[Stage, Callable[[Desk, Erasure], None]]] = {
    Stage.RESTRICTED: _restricted,
    Stage.CLEARED: _suppress,
    Stage.SUPPRESSED: _delete,
    Stage.DELETED: _tell,
    Stage.TOLD: _shred,
}
