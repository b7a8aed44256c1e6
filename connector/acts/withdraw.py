"""Withdraw: a no is recorded, queued and pushed at once; nothing holds it (Art. 7(3), 21(2)-(3)).

An unknown address is honoured too. A suppressed one is pushed and gets no row of any kind (row 34).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from connector.acts.desk import Desk
from connector.acts.letters import letter_for, queued_entries
from connector.acts.projection import Projected, project_all
from connector.acts.push import push
from connector.acts.tally import Tally
from connector.acts.who import address_of, users_of_all
from connector.consent.decision import Push
from connector.consent.events import ALL_MARKETING, SUBJECT, Event, EventType, Source, State
from connector.errors import ConfigurationError, HubSpotRefused, Temporary
from connector.store.observed import WIDE
from connector.store.outbox import NewLetter, Origin
from connector.store.people import NewAddress, Person
from connector.store.work import Work
from mappings.purposes import Purpose
from mappings.words import Status

STOPPED = frozenset({State.WITHDRAWN, State.DENIED})
#: Doors of ours where a no is dated as it comes.
_LIVE = frozenset({Source.PREFPAGE, Source.ONECLICK})


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


class Said(NamedTuple):
    """A no and the address that it is about, as it is compared and as it was spelled."""

    normalised: str
    original: str
    no: No


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
    desk = replace(desk, mirror=desk.mirror.first())  # a person waits: bulk work gives way
    tally = Tally()
    with desk.mirror.write(desk.portal) as work:
        refs = record_no(desk, work, Said(normalised, address.strip(), no), tally)
    return sent(desk, refs, tally)


def record_no(desk: Desk, work: Work, said: Said, tally: Tally) -> Sequence[str]:
    """Events and letters, in the caller's transaction; the references of the letters' addresses."""
    return record_noes(desk, work, [said], tally)[0]


def record_noes(desk: Desk, work: Work, said: Sequence[Said], tally: Tally) -> list[Sequence[str]]:
    """The same for many at once, in as many queries as for one; references for each.

    What they come to is what they would one by one: two noes of one person are taken one after the other.
    """
    work.signups.void_all(
        (work.people.address_ref(each.normalised), each.no.purpose.key if each.no.purpose else None)
        for each in said
    )
    suppressed = work.suppression.screen(each.normalised for each in said)
    found: list[Sequence[str]] = []
    while len(found) < len(said):
        left = said[len(found) :]
        users = users_of_all(work, {each.normalised for each in left} - suppressed.keys())
        found += _recorded(desk, work, _apart(left, users), tally)
    return found


class _Heard(NamedTuple):
    """A no with those whom it is from; None for somebody suppressed."""

    said: Said
    people: Sequence[Person] | None


def _apart(said: Sequence[Said], users: Mapping[str, Sequence[Person]]) -> list[_Heard]:
    """The first ones, as far as they share neither address nor person: nothing changes its order."""
    heard: list[_Heard] = []
    taken: set[str | int] = set()
    for each in said:
        people = users.get(each.normalised)
        mine: set[str | int] = {each.normalised, *(person.id for person in people or ())}
        if mine & taken:
            break
        taken |= mine
        heard.append(_Heard(each, people))
    return heard


def _recorded(desk: Desk, work: Work, heard: Sequence[_Heard], tally: Tally) -> list[Sequence[str]]:
    heard = _with_strangers(work, heard, tally)
    now = desk.clock.now()
    last = work.log.head().recorded_at
    noes = [
        (person.id, _not_before(last, _event(each.said.no, now), now))
        for each in heard
        for person in each.people or ()
    ]
    size = work.log.size()
    work.log.append(noes)
    tally.events += work.log.size() - size
    ids = [number for number, _ in noes]
    known = project_all(desk, work, ids)
    letters = [
        [_for_suppressed(work, each.said)]
        if each.people is None
        else [letter for p in each.people for letter in _letters(desk, each.said.no, known[p.id])]
        for each in heard
    ]
    written = queued_entries(work, [letter for each in letters for letter in each], now)
    work.log.append(written)
    tally.events += len(written)
    tally.queued += len(written)
    return [[letter.ref for letter in each] for each in letters]


def _with_strangers(work: Work, heard: Sequence[_Heard], tally: Tally) -> list[_Heard]:
    """Somebody we did not know says no: they are known by it from now on, so that it lasts."""
    new = [each.said for each in heard if each.people is not None and not each.people]
    people = work.people.create([[NewAddress(said.normalised, said.original)] for said in new])
    made = {said.normalised: person for said, person in zip(new, people, strict=True)}
    refs = work.people.address_refs(made)
    work.log.append(
        [
            (person.id, Event(type=EventType.IDENTIFIER_ADDED, source=Source.CLI, address=refs[name]))
            for name, person in made.items()
        ]
    )
    tally.events += len(made)
    return [
        _Heard(each.said, [made[each.said.normalised]]) if each.said.normalised in made else each
        for each in heard
    ]


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


def _not_before(last: int, event: Event, now: int) -> Event:
    """A no that our own clock dates, when that clock was put back: it came after all that the log holds.

    Else a yes from before that would look newer, and lift it. `last`: the time of the log's end, ms UTC.
    """
    by_our_clock = event.source in _LIVE or event.t_lo == event.t_hi == now
    if now >= last or not by_our_clock or event.t_hi is None:
        return event
    return replace(event, t_hi=max(event.t_hi, last))


def _letters(desk: Desk, no: No, known: Projected) -> list[NewLetter]:
    """To every address in use. A consent newer than this no keeps its purpose: then type by type."""
    marketing = list(desk.purposes.marketing)
    meant = [no.purpose] if no.purpose is not None else marketing
    stopped = [purpose for purpose in meant if known.rows[purpose.key].state in STOPPED]
    everything = no.purpose is None and len(stopped) == len(marketing)
    wanted = [(Push.UNSUB, purpose) for purpose in stopped]
    if everything and stopped:
        wanted = [(Push.UNSUB_ALL, stopped[0])]
    made = [
        letter_for(kind, address, purpose, origin=Origin.ASKED)
        for address in known.facts.present
        for kind, purpose in wanted
    ]
    return [letter for letter in made if letter is not None]


def _for_suppressed(work: Work, said: Said) -> NewLetter:
    """Somebody erased says no again: HubSpot is told, and nothing is stored about them."""
    return NewLetter(
        ref=work.people.address_ref(said.normalised),
        subscription=said.no.purpose.subscription_id if said.no.purpose else WIDE,
        status=Status.UNSUBSCRIBED,
        origin=Origin.ASKED,
        address=said.normalised,
    )


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
