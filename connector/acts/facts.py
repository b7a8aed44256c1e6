"""What the mirror knows about one person, gathered once and asked the one question: may we send?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from connector.acts.desk import Desk
from connector.acts.doubt import sigma_of
from connector.consent.events import Event, State
from connector.consent.notices import came_from_elsewhere, overdue_before
from connector.consent.sendable import Answer, Reason, sendable
from connector.consent.state import Standing, standing
from connector.store.contacts import ContactRow
from connector.store.observed import WIDE, ObservedRow
from connector.store.people import Address, AddressKind, Person
from connector.store.states import StateRow
from connector.store.work import Work
from mappings.purposes import Purpose
from mappings.words import Status

NOES_STAND = frozenset({State.WITHDRAWN, State.DENIED})


@dataclass(frozen=True)
class Facts:
    """One person as the mirror holds them; `now` is the moment that the answers are for."""

    person: Person
    addresses: Sequence[Address]
    contacts: Sequence[ContactRow]
    events: Sequence[Event]
    observed: Sequence[ObservedRow]
    states: dict[str, StateRow]
    suppressed: bool
    others: Sequence["Facts"]  # people who share the present address
    now: int
    sigma_ms: int
    notice_overdue: bool = False  # only where the policy asks for it

    @cached_property
    def current(self) -> frozenset[str]:
        """References of the addresses that would be mailed: the primary one."""
        return frozenset(a.ref for a in self.addresses if a.kind is AddressKind.PRIMARY)

    @property
    def present(self) -> tuple[Address, ...]:
        """Addresses in use, primary first: those that a no is pushed to."""
        return tuple(address for address in self.addresses if address.kind is not AddressKind.PAST)

    def standing(self, purpose: Purpose) -> Standing:
        """The formula's answer for a purpose."""
        return standing(self.events, purpose, self.current, self.now, self.sigma_ms)

    def seen(self, subscription: int) -> ObservedRow | None:
        """What HubSpot said last about an address that would be mailed."""
        rows = [row for row in self.observed if row.ref in self.current and row.subscription == subscription]
        return rows[0] if rows else None

    @property
    def opted_out_of_all(self) -> bool:
        """HubSpot holds an opt-out of everything for an address that would be mailed."""
        return any(
            row.ref in self.current and row.subscription <= WIDE and row.status != Status.NOT_SPECIFIED
            for row in self.observed
        )

    def hubspot(self, purpose: Purpose) -> Status | str | None:
        """HubSpot's word for a purpose; None where the statuses were never read."""
        row = self.seen(purpose.subscription_id)
        if row is not None:
            return row.status
        was_read = any(contact.statuses_read_at is not None for contact in self.contacts)
        return Status.NOT_SPECIFIED if was_read else None

    @property
    def unread(self) -> bool:
        """Nobody has read yet what HubSpot holds for the present address: in doubt the answer is no."""
        if any(contact.gone_at is None for contact in self.contacts):
            return all(contact.statuses_read_at is None for contact in self.contacts)
        return not any(row.ref in self.current and row.subscription == WIDE for row in self.observed)

    def shared_no(self, purpose: Purpose) -> bool:
        """Another person with the same address said no, and nothing newer of theirs covers it."""
        return any(each.standing(purpose).state in NOES_STAND for each in self.others)

    def answer(self, purpose: Purpose) -> Answer:
        """May this person be mailed for this purpose? Default deny."""
        if self.unread:
            return Answer(False, Reason.NOT_READ)
        row = self.states.get(purpose.key)
        return sendable(
            self.standing(purpose),
            purpose,
            overlay=self.person.overlay,
            suppressed=self.suppressed,
            flagged=row is not None and (row.hold or row.review),
            shared_no=self.shared_no(purpose),
            notice_overdue=self.notice_overdue,
            hubspot=self.hubspot(purpose),
            opted_out_of_all=self.opted_out_of_all,
        )


def facts_of(desk: Desk, work: Work, person: Person, *, with_others: bool = True) -> Facts:
    """Gather what the mirror holds about one person."""
    return facts_of_many(desk, work, [person], with_others=with_others)[person.id]


def facts_of_many(
    desk: Desk, work: Work, people: Sequence[Person], *, with_others: bool = True
) -> dict[int, Facts]:
    """The same for many, in as many queries as for one; by person id."""
    ids = [person.id for person in people]
    addresses = work.people.addresses(ids)
    shared = _sharing(work, people, addresses) if with_others else {}
    others = facts_of_many(desk, work, _each_once(shared), with_others=False) if shared else {}
    contacts, events = work.contacts.of_persons(ids), work.log.events_of(ids)
    observed, states = work.observed.of(ids), _by_person(work.states.of(ids))
    suppressed = work.suppression.screen([a.normalised for held in addresses.values() for a in held])
    now, sigma_ms = desk.clock.now(), sigma_of(desk, work)
    late = _late(desk, work, contacts) if desk.block_overdue else frozenset()
    return {
        person.id: Facts(
            person=person,
            addresses=addresses.get(person.id, ()),
            contacts=contacts.get(person.id, ()),
            events=events.get(person.id, ()),
            observed=observed.get(person.id, ()),
            states=states.get(person.id, {}),
            suppressed=any(a.normalised in suppressed for a in addresses.get(person.id, ())),
            others=[others[other.id] for other in shared.get(person.id, ())],
            now=now,
            sigma_ms=sigma_ms,
            notice_overdue=person.id in late,
        )
        for person in people
    }


def _late(desk: Desk, work: Work, contacts: Mapping[int, Sequence[ContactRow]]) -> frozenset[int]:
    """Those whose data came from elsewhere over a month ago, and who have not been told (Art. 14)."""
    before = overdue_before(desk.clock.now(), desk.zone)
    found = {
        number
        for number, rows in contacts.items()
        for row in rows
        if row.gone_at is None
        and came_from_elsewhere(row.object_source, desk.own_sources)
        and (row.first_seen if row.created_at is None else row.created_at) < before
    }
    return frozenset(found - set(work.informed.told(found)))


def facts_of_new(desk: Desk, person_id: int, addresses: Sequence[Address]) -> Facts:
    """Of somebody made in this transaction: an identity and nothing else, so that nothing is asked."""
    return Facts(
        person=Person(person_id, ""),
        addresses=sorted(addresses, key=_as_stored),
        contacts=(),
        events=(),
        observed=(),
        states={},
        suppressed=False,
        others=(),
        now=desk.clock.now(),
        sigma_ms=desk.sigma_ms,
    )


def _as_stored(address: Address) -> tuple[bool, str]:
    """The order in which the store answers current addresses: primary first, then by reference."""
    return (address.kind is not AddressKind.PRIMARY, address.ref)


def _sharing(
    work: Work, people: Sequence[Person], addresses: Mapping[int, Sequence[Address]]
) -> dict[int, list[Person]]:
    """Per person: the others who have or had their present address; people without such are left out."""
    primary = {
        person.id: [a.ref for a in addresses.get(person.id, ()) if a.kind is AddressKind.PRIMARY]
        for person in people
    }
    users = work.people.persons_of(ref for refs in primary.values() for ref in refs)
    found = {
        number: sorted({other for ref in refs for other in users.get(ref, ())} - {number})
        for number, refs in primary.items()
    }
    known = work.people.by_ids({other for others in found.values() for other in others})
    return {number: [known[other] for other in others] for number, others in found.items() if others}


def _each_once(shared: Mapping[int, Sequence[Person]]) -> list[Person]:
    return list({person.id: person for people in shared.values() for person in people}.values())


def _by_person(rows: Mapping[tuple[int, str], StateRow]) -> dict[int, dict[str, StateRow]]:
    found: dict[int, dict[str, StateRow]] = {}
    for (person_id, purpose), row in rows.items():
        found.setdefault(person_id, {})[purpose] = row
    return found
