"""Withdraw: a no is recorded, queued and pushed at once; nothing holds it (Art. 7(3), 21(2)-(3)).

An unknown address is honoured too. A suppressed one is pushed and gets no row of any kind (row 34).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.acts.desk import Desk
from connector.acts.letters import letter_for, queue
from connector.acts.projection import project
from connector.acts.push import push
from connector.acts.tally import Tally
from connector.acts.who import address_of, users_of
from connector.consent.decision import Push
from connector.consent.events import ALL_MARKETING, SUBJECT, Event, EventType, Source, State
from connector.errors import ConfigurationError, HubSpotRefused, Temporary
from connector.store.observed import WIDE
from connector.store.outbox import NewLetter, Origin
from connector.store.people import AddressKind, NewAddress, Person
from connector.store.work import Work
from mappings.purposes import Purpose
from mappings.words import Status

STOPPED = frozenset({State.WITHDRAWN, State.DENIED})


@dataclass(frozen=True, slots=True, kw_only=True)
class No:
    """What the person said: to which purpose (None: to all marketing), when, and by which door.

    `kind` None: a withdrawal from one purpose, an objection to all marketing.
    """

    purpose: Purpose | None = None
    source: Source = Source.CLI
    actor: str = SUBJECT
    t_lo: int | None = None
    t_hi: int | None = None
    source_ref: str | None = None
    reason: str | None = None
    kind: EventType | None = None
    wording: str | None = None
    notice: str | None = None
    language: str | None = None
    evidence: tuple[Mapping[str, str | bool], ...] = ()


@dataclass(slots=True)
class Withdrawn:
    """What it came to. `pending` writes are repeated until HubSpot shows them."""

    events: int = 0
    pushed: int = 0
    confirmed: int = 0
    pending: int = 0

    def document(self) -> dict[str, int]:
        """The `--json` document of `withdraw`."""
        return {
            "events": self.events,
            "pushed": self.pushed,
            "confirmed": self.confirmed,
            "pending": self.pending,
        }


def withdraw(desk: Desk, address: str, no: No) -> Withdrawn:
    """Record a no for everyone who uses the address, and push it while HubSpot answers."""
    normalised = address_of(address)
    tally = Tally()
    with desk.mirror.write(desk.portal) as work:
        refs = record_no(desk, work, normalised, address.strip(), no, tally)
    return sent(desk, refs, tally)


def record_no(desk: Desk, work: Work, normalised: str, original: str, no: No, tally: Tally) -> Sequence[str]:
    """Events and letters, in the caller's transaction; the references of the letters' addresses."""
    work.signups.void(work.people.address_ref(normalised), no.purpose.key if no.purpose else None)
    if work.suppression.screen([normalised]):
        return _for_suppressed(desk, work, normalised, no, tally)
    people = users_of(work, normalised) or [_stranger(work, normalised, original, tally)]
    return [ref for person in people for ref in _record(desk, work, person, no, tally)]


def _stranger(work: Work, normalised: str, original: str, tally: Tally) -> Person:
    """Somebody we did not know says no: they are known by it from now on, so that it lasts."""
    person = work.people.create([[NewAddress(normalised, original)]])[0]
    ref = work.people.address_ref(normalised)
    work.log.append([(person.id, Event(type=EventType.IDENTIFIER_ADDED, source=Source.CLI, address=ref))])
    tally.events += 1
    return person


def _record(desk: Desk, work: Work, person: Person, no: No, tally: Tally) -> list[str]:
    now = desk.clock.now()
    size = work.log.size()
    work.log.append([(person.id, _event(no, now))])
    tally.events += work.log.size() - size
    rows = project(desk, work, person.id)
    if no.purpose is not None:
        stopped = [no.purpose] if rows[no.purpose.key].state in STOPPED else []
    else:
        stopped = [p for p in desk.purposes.marketing if rows[p.key].state in STOPPED]
    return _queue(desk, work, person, no, stopped, tally)


def _event(no: No, now: int) -> Event:
    return Event(
        type=no.kind or (EventType.WITHDRAW if no.purpose else EventType.OBJECT),
        purpose=no.purpose.key if no.purpose else ALL_MARKETING,
        t_lo=now if no.t_lo is None and no.t_hi is None else no.t_lo,
        t_hi=now if no.t_lo is None and no.t_hi is None else no.t_hi,
        actor=no.actor,
        source=no.source,
        source_ref=no.source_ref,
        reason=no.reason,
        wording=no.wording,
        notice=no.notice,
        language=no.language,
        evidence=no.evidence,
    )


def _queue(
    desk: Desk, work: Work, person: Person, no: No, stopped: Sequence[Purpose], tally: Tally
) -> list[str]:
    """To every address in use. A consent newer than this no keeps its purpose: then type by type."""
    held = work.people.addresses([person.id]).get(person.id, [])
    present = [address for address in held if address.kind is not AddressKind.PAST]
    everything = no.purpose is None and len(stopped) == len(desk.purposes.marketing)
    letters = []
    for address in present:
        wanted = [(Push.UNSUB, purpose) for purpose in stopped]
        if everything and stopped:
            wanted = [(Push.UNSUB_ALL, stopped[0])]
        made = [letter_for(kind, address, purpose, origin=Origin.ASKED) for kind, purpose in wanted]
        letters += [letter for letter in made if letter is not None]
    queue(work, person.id, letters, desk.clock.now(), tally)
    return [letter.ref for letter in letters]


def _for_suppressed(desk: Desk, work: Work, normalised: str, no: No, tally: Tally) -> list[str]:
    """Somebody erased says no again: HubSpot is told, and nothing is stored about them."""
    ref = work.people.address_ref(normalised)
    letter = NewLetter(
        ref=ref,
        subscription=no.purpose.subscription_id if no.purpose else WIDE,
        status=Status.UNSUBSCRIBED,
        origin=Origin.ASKED,
        address=normalised,
    )
    queue(work, None, [letter], desk.clock.now(), tally)
    return [ref]


def sent(desk: Desk, refs: Sequence[str], tally: Tally, *, pinned: bool = False) -> Withdrawn:
    """Push at once; when HubSpot cannot be asked, it waits and is repeated: the no is recorded either way."""
    try:
        if refs:
            push(desk, tally, refs=refs, urgent_only=True, pinned=pinned)
    except (Temporary, HubSpotRefused, ConfigurationError):
        tally.failed += 1  # told by `pending`; the daemon and `sync` go on with it
    with desk.mirror.read(desk.portal) as work:
        letters = work.outbox.of_refs(refs)
    pending = sum(1 for each in letters.values() for letter in each if letter.confirmed_at is None)
    return Withdrawn(tally.events, tally.pushed, tally.confirmed, pending)
