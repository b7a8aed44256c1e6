"""Noes of those who had an address before: whoever has the address now gets them too (rows 32 and 33).

HubSpot ties an opt-out to the address, and we cannot tell a new owner from the same person in a new record:
an old list brings an address back that its person has left. So a no counts for every address that the person
ever had, also one said after they had left it, and before or after somebody else got it. In doubt nobody is
mailed; the new owner's own later consent lifts it as it lifts any no.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from connector.acts.desk import Desk
from connector.acts.placing import Placing
from connector.consent.events import ALL_MARKETING, Event, EventType
from connector.consent.history import History
from connector.consent.noes import standing_noes
from connector.store.people import AddressKind
from connector.store.work import Work
from mappings.purposes import Purpose

Users = Mapping[str, Sequence[tuple[int, AddressKind]]]  # by reference of the address
Heard = Mapping[int, Sequence[Event]]  # by person

REASON = "said at this address by those who had it before"


def inherit(desk: Desk, work: Work, placing: Placing) -> frozenset[int]:
    """Write down what each person gets with an address that is new for them; answers who got any."""
    new = [(placed.person, ref) for placed in placing.placed for ref in placed.had_before]
    if not new:
        return frozenset()
    noes = list(_noes(desk, work, new))
    heirs = frozenset(person for person, _ in noes)
    first = [item for item in placing.events if item[0] in heirs]
    placing.events = [item for item in placing.events if item[0] not in heirs]
    work.log.append_all([*first, *noes])
    return heirs


def _noes(desk: Desk, work: Work, new: Sequence[tuple[int, str]]) -> Iterator[tuple[int, Event]]:
    users = work.people.users_of({ref for _, ref in new})
    events = work.log.events_of({person for held in users.values() for person, _ in held})
    for person, ref in new:
        heard = [
            event
            for other, _ in users.get(ref, ())
            if other != person
            for event in _of(desk.purposes, events.get(other, ()), ref)
        ]
        yield from ((person, event) for event in _latest(heard))


def pass_on(desk: Desk, work: Work, users: Users, speakers: Mapping[int, Sequence[str]]) -> Heard:
    """Write down what somebody's no means for those who have an address now that the speaker has left.

    `users`: who has or had each address, and how. `speakers`: people with the references of all their
    addresses. Answers what is new, by person. A no is passed on once, and by its speaker only: what they
    got with an address is about that address, and not about the others that they had.
    """
    left = [
        (speaker, ref, holder)
        for speaker, refs in speakers.items()
        for ref in refs
        if (speaker, AddressKind.PAST) in users.get(ref, ())
        for holder, kind in users[ref]
        if kind is not AddressKind.PAST
    ]
    if not left:
        return {}
    events = work.log.events_of({number for speaker, _, holder in left for number in (speaker, holder)})
    known = {(holder, _said(event)) for _, _, holder in left for event in events.get(holder, ())}
    heard: dict[int, list[Event]] = defaultdict(list)
    for speaker, ref, holder in left:
        own = [event for event in events.get(speaker, ()) if event.reason != REASON]
        for no in _latest(_of(desk.purposes, own, ref)):
            if (holder, _said(no)) not in known:
                known.add((holder, _said(no)))
                heard[holder].append(no)
    work.log.append([(holder, no) for holder, noes in heard.items() for no in noes])
    return heard


def _said(no: Event) -> tuple[object, ...]:
    return no.type, no.purpose, no.t_hi, no.address, no.reason


def _of(purposes: Iterable[Purpose], events: Sequence[Event], ref: str) -> Iterator[Event]:
    """Their standing noes, as facts about the address: nothing in them tells who said it."""
    for purpose in purposes:
        for no in standing_noes(History(events, purpose, ())):
            yield Event(
                type=EventType.OBJECT if no.wide else EventType.WITHDRAW,
                purpose=ALL_MARKETING if no.wide else purpose.key,
                t_hi=no.at,
                address=ref,
                reason=REASON,
            )


def _latest(noes: Iterable[Event]) -> list[Event]:
    """One for each purpose: the last that was said."""
    by_purpose: dict[str, Event] = {}
    for no in noes:
        other = by_purpose.get(no.purpose)
        if other is None or (no.t_hi or 0) > (other.t_hi or 0):
            by_purpose[no.purpose] = no
    return list(by_purpose.values())
