"""Noes of those who had an address before: whoever gets the address gets them too (rows 32 and 33).

HubSpot ties an opt-out to the address, and we cannot tell a new owner from the same person in a new record.
Between two readings somebody may have subscribed the address again: then the no that we hold is all that is
left of it. In doubt nobody is mailed; the new owner's own later consent lifts it as it lifts any no.
"""

from collections.abc import Iterable, Iterator, Sequence

from connector.acts.desk import Desk
from connector.acts.placing import Placing
from connector.consent.events import ALL_MARKETING, Event, EventType
from connector.consent.history import History
from connector.consent.noes import standing_noes
from connector.store.people import AddressKind
from connector.store.work import Work
from mappings.purposes import Purpose

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
            for other, kind in users.get(ref, ())
            if other != person
            for event in _of(desk.purposes, _while_theirs(events.get(other, ()), ref, kind), ref)
        ]
        yield from ((person, event) for event in _latest(heard))


def _while_theirs(events: Sequence[Event], ref: str, kind: AddressKind) -> list[Event]:
    """Without the noes that came after they had lost the address: those are not about it."""
    lost = [e.recorded_at for e in events if e.type is EventType.IDENTIFIER_REMOVED and e.address == ref]
    if kind is not AddressKind.PAST or not lost:
        return list(events)
    return [event for event in events if not event.is_no or event.recorded_at <= max(lost)]


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
