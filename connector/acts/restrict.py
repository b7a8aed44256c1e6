"""Restriction (Art. 18): stored and nothing else. HubSpot is told once to stop all mailings (row 38)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from connector.acts import erasure
from connector.acts.desk import Desk
from connector.acts.erase import lift, take_back, tell_of_restriction
from connector.acts.letters import letter_for, queue
from connector.acts.projection import project
from connector.acts.push import push
from connector.acts.tally import Tally
from connector.acts.telling import deliver
from connector.acts.who import address_of, known_users, the_one
from connector.consent.decision import Push
from connector.consent.events import Event, EventType, Overlay
from connector.errors import ConfigurationError, HubSpotRefused, Refused, Temporary
from connector.store.errands import ErrandKind
from connector.store.outbox import Origin
from connector.store.people import AddressKind, Person
from connector.store.work import Work


@dataclass(frozen=True, slots=True)
class Restricted:
    """Who, and how many writes HubSpot has not confirmed."""

    subjects: tuple[str, ...]
    overlay: str | None
    pending: int = 0


def restrict(desk: Desk, address: str, actor: str, reason: str | None = None) -> Restricted:
    """Everyone who uses the address: nothing is sent to any of them. Raises Refused for a stranger."""
    normalised = address_of(address)
    with desk.mirror.write(desk.portal) as work:
        people = known_users(work, normalised)
        refs = [ref for person in people for ref in _restrict(desk, work, person, actor, reason)]
    pending = _sent(desk, refs)
    deliver(desk)
    return Restricted(tuple(person.ref for person in people), Overlay.RESTRICTED, pending)


def _restrict(desk: Desk, work: Work, person: Person, actor: str, reason: str | None) -> list[str]:
    if person.overlay is not Overlay.RESTRICTED:
        work.people.set_overlay(person.id, Overlay.RESTRICTED)
        word = Event(type=EventType.RESTRICT, actor=actor, source=desk.door, reason=reason)
        (entry,) = work.log.append([(person.id, word)])
        tell_of_restriction(desk, work, ErrandKind.RESTRICTION, entry, person.id)
    held = work.people.addresses([person.id]).get(person.id, [])
    purpose = next(iter(desk.purposes))
    made = [
        letter_for(Push.UNSUB_ALL, address, purpose, origin=Origin.ASKED)
        for address in held
        if address.kind is not AddressKind.PAST
    ]
    letters = [letter for letter in made if letter is not None]
    queue(work, person.id, letters, desk.clock.now(), Tally())
    project(desk, work, person.id)
    return [letter.ref for letter in letters]


def _sent(desk: Desk, refs: Sequence[str]) -> int:
    """Pushed at once; what HubSpot does not take now is repeated by the daemon."""
    with suppress(Temporary, HubSpotRefused, ConfigurationError):  # told by `pending`
        push(desk, Tally(), refs=refs, urgent_only=True)
    with desk.mirror.read(desk.portal) as work:
        letters = [letter for held in work.outbox.of_refs(refs).values() for letter in held]
    return sum(letter.confirmed_at is None for letter in letters)


def unrestrict(desk: Desk, address: str, actor: str) -> Restricted:
    """One person's restriction ends; no mailing starts again by it. Raises Refused for a stranger or where
    none stands, Stopped where it is not clear who is meant or an erasure has gone too far."""
    normalised = address_of(address)
    with desk.mirror.write(desk.portal) as work:
        people = [person for person in known_users(work, normalised) if person.overlay is Overlay.RESTRICTED]
        if not people:
            raise Refused(
                "Nobody here is restricted.",
                where="ADDRESS",
                kind="nobody_restricted",
                next_step="See `person show`.",
            )
        person = the_one(people, "Several restricted people share this address.")
        under_way = erasure.of_person(work, person.id)
        if under_way is not None:
            take_back(work, under_way)
        lift(desk, work, person.id, actor)
    deliver(desk)
    return Restricted((person.ref,), None)
