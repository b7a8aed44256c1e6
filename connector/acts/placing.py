"""Whose contact is this? Places HubSpot's records on people, before any status is looked at.

Noes follow the person, yeses stay with their address (rows 31-33): so a contact that comes back, moves to
another address or is merged must land on the person who holds the noes. In doubt two people stay two.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from connector.acts.quiet import Statuses, quiet_ones
from connector.consent.events import Event, EventType, Source
from connector.store.contacts import ContactRow
from connector.store.payloads import Draft, encode
from connector.store.people import Address, AddressKind, NewAddress
from connector.store.work import Work
from mappings.addresses import NotAnAddress, normalise
from mappings.records import Contact


@dataclass(slots=True)
class Placed:
    """A contact with the person it belongs to; the flags are row 32 and row 33 of the table.

    `had_before`: references of addresses that are new for this person, and that others may have had.
    `unread`: since they are new or changed their statuses have not been read.
    """

    contact: Contact
    person: int
    addresses: tuple[Address, ...]  # current ones, primary first
    is_new: bool = False
    restored: bool = False
    moved: bool = False
    unread: bool = False
    had_before: tuple[str, ...] = ()


@dataclass(slots=True)
class Placing:
    """What placing a group of contacts came to; events are appended by the caller, in one go."""

    placed: list[Placed] = field(default_factory=list)
    reappeared: list[int] = field(default_factory=list)  # contact ids whose address is suppressed
    quiet: list["Spelled"] = field(default_factory=list)  # with nothing new: not placed
    events: list[tuple[int | None, Event | Draft]] = field(default_factory=list)


class Spelled(NamedTuple):
    """A contact's addresses in the form in which addresses are compared; what is none is left out."""

    contact: Contact
    addresses: tuple[NewAddress, ...]


def spell(contact: Contact) -> Spelled:
    """Primary first; doubles and texts that are no address are dropped."""
    if contact.email and not contact.additional:
        try:
            only = NewAddress(normalise(contact.email), contact.email, AddressKind.PRIMARY)
        except NotAnAddress:
            return Spelled(contact, ())
        return Spelled(contact, (only,))
    seen: dict[str, NewAddress] = {}
    for original in contact.addresses:
        kind = AddressKind.PRIMARY if original == contact.email else AddressKind.ADDITIONAL
        try:
            normalised = normalise(original)
        except NotAnAddress:
            continue
        seen.setdefault(normalised, NewAddress(normalised=normalised, original=original, kind=kind))
    return Spelled(contact, tuple(seen.values()))


def place(work: Work, contacts: Sequence[Contact], read: Statuses, now: int) -> Placing:
    """Find or make the person of each contact; the suppressed get no row of any kind (row 34).

    `read`: the statuses read with them, by normalised address. Who has nothing new is left aside.
    """
    placing = Placing()
    every = [spell(contact) for contact in _not_merged(contacts)]
    rows = work.contacts.by_ids(_ids(every))
    spelled = _screened(work, every, rows, placing)
    spelled = _with_news(work, spelled, rows, read, now, placing)
    strangers = [each for each in spelled if each.contact.id not in rows]
    _place_known(work, [each for each in spelled if each.contact.id in rows], rows, placing)
    _place_strangers(work, strangers, rows, placing)
    return placing


def _not_merged(contacts: Sequence[Contact]) -> list[Contact]:
    """Without those that another record of the group was made of: they were read before that merge, and would
    give the person who is gone their addresses back. Two that name each other both stay, and so does one with
    an address that the other has not: a no there would be read by nobody."""
    into = {number: each for each in contacts for number in each.merged_ids}
    if not into:
        return list(contacts)
    return [each for each in contacts if (heir := into.get(each.id)) is None or not _covers(heir, each)]


def _covers(heir: Contact, old: Contact) -> bool:
    return heir.id not in (old.id, *old.merged_ids) and {*old.addresses} <= {*heir.addresses}


def _with_news(
    work: Work,
    spelled: Sequence[Spelled],
    rows: Mapping[int, ContactRow],
    read: Statuses,
    now: int,
    placing: Placing,
) -> list[Spelled]:
    quiet = quiet_ones(work, [(each.contact, each.addresses) for each in spelled], rows, read, now)
    placing.quiet += [each for each in spelled if each.contact.id in quiet]
    return [each for each in spelled if each.contact.id not in quiet]


def _ids(spelled: Iterable[Spelled]) -> list[int]:
    return [number for each in spelled for number in (each.contact.id, *each.contact.merged_ids)]


def _screened(
    work: Work, spelled: Sequence[Spelled], rows: Mapping[int, ContactRow], placing: Placing
) -> list[Spelled]:
    """Suppression is looked at before anything is stored, at every entrance (consent-domain 0, rule 7).

    Somebody we know whose record got an erased address is still heard, without that address.
    """
    hits = work.suppression.screen([a.normalised for each in spelled for a in each.addresses])
    if not hits:
        return list(spelled)
    kept = []
    for each in spelled:
        left = tuple(address for address in each.addresses if address.normalised not in hits)
        row = rows.get(each.contact.id)
        if len(left) < len(each.addresses):
            placing.reappeared.append(each.contact.id)
            if row is None or row.person_id is None:
                continue
        kept.append(Spelled(each.contact, left))
    return kept


def _place_known(
    work: Work, spelled: Sequence[Spelled], rows: Mapping[int, ContactRow], placing: Placing
) -> None:
    people = {each.contact.id: rows[each.contact.id].person_id for each in spelled}
    held = work.people.addresses([person for person in people.values() if person is not None])
    outdated = _merged_away(work, people)
    for each in spelled:
        person = people[each.contact.id]
        if person is None:  # its person was erased; a live record of it is no reason to bring them back
            placing.reappeared.append(each.contact.id)
            continue
        merged = _merged(work, person, each, rows, placing)
        known = work.people.addresses([person]).get(person, []) if merged else held.get(person, [])
        moved = each.contact.id not in outdated and _moved(work, person, known, each, placing)
        current = _current(work, person, each, known if not moved else None)
        row = rows[each.contact.id]
        placed = Placed(
            each.contact, person, current, restored=row.gone_at is not None, moved=moved or merged
        )
        placed.unread = row.statuses_read_at is None
        placed.had_before = _added(known, current) if moved else ()
        placing.placed.append(placed)


def _merged_away(work: Work, ids: Iterable[int]) -> set[int]:
    """Those that live on as another record: what still comes under their own id was read before the merge.

    Its addresses are not all that the person has now. Taken for all, they would make past ones of the rest,
    and a no would not reach those in HubSpot.
    """
    winners = work.contacts.aliases(ids)
    records = work.contacts.by_ids(set(winners.values())) if winners else {}
    alive = {number for number, row in records.items() if row.gone_at is None}
    return {old for old, winner in winners.items() if winner in alive - {old}}


def _current(
    work: Work, person: int, spelled: Spelled, held: Sequence[Address] | None = None
) -> tuple[Address, ...]:
    """The stored form of a contact's present addresses, primary first."""
    wanted = {address.normalised: number for number, address in enumerate(spelled.addresses)}
    rows = work.people.addresses([person]).get(person, []) if held is None else held
    return tuple(sorted((a for a in rows if a.normalised in wanted), key=lambda a: wanted[a.normalised]))


def _moved(work: Work, person: int, held: Sequence[Address], spelled: Spelled, placing: Placing) -> bool:
    """Bring the address rows in step; True when an address is new for this person (row 33)."""
    wanted = {address.normalised: address for address in spelled.addresses}
    known = {address.normalised: address for address in held}
    added = [address for name, address in wanted.items() if name not in known]
    turned = [a for name, a in known.items() if name in wanted and a.kind is not wanted[name].kind]
    gone = [a for name, a in known.items() if name not in wanted and a.kind is not AddressKind.PAST]
    respelled = [
        address
        for name, address in wanted.items()
        if name in known and known[name].original != address.original
    ]
    if added or respelled:  # HubSpot may compare an address as it is spelled (HQ 24)
        work.people.add_addresses([(person, address) for address in (*added, *respelled)])
    work.people.set_kinds(
        [(person, address.ref, wanted[address.normalised].kind) for address in turned]
        + [(person, address.ref, AddressKind.PAST) for address in gone]
    )
    refs = work.people.address_refs(address.normalised for address in added)
    placing.events += [(person, _identifier(EventType.IDENTIFIER_ADDED, ref)) for ref in refs.values()]
    placing.events += [(person, _identifier(EventType.IDENTIFIER_REMOVED, a.ref)) for a in gone]
    return bool(added or turned or respelled)


def _added(held: Sequence[Address], current: Sequence[Address]) -> tuple[str, ...]:
    """References of those that this person never had."""
    known = {address.ref for address in held}
    return tuple(address.ref for address in current if address.ref not in known)


def _identifier(kind: EventType, ref: str) -> Event:
    return Event(type=kind, source=Source.HUBSPOT, address=ref)


def _merged(
    work: Work, winner: int, spelled: Spelled, rows: Mapping[int, ContactRow], placing: Placing
) -> bool:
    """A merge in HubSpot: the losers' noes count for the winner; a yes stays with its address (HQ 18)."""
    contact = spelled.contact
    losers = {rows[n].person_id for n in contact.merged_ids if n in rows} - {winner, None}
    for loser in losers:
        if loser is not None:
            work.people.merge(loser, winner)
            placing.events.append((winner, Event(type=EventType.MERGE, source=Source.HUBSPOT)))
    if losers:
        work.contacts.add_aliases([(number, contact.id) for number in contact.merged_ids])
    return bool(losers)


def _place_strangers(
    work: Work, strangers: Sequence[Spelled], rows: Mapping[int, ContactRow], placing: Placing
) -> None:
    owners = _owners(work, strangers)
    returning: list[tuple[Spelled, int]] = []
    new: list[Spelled] = []
    for each in strangers:
        person = _winner_of(each, rows) or _returning(work, each, owners)
        if person is None:
            new.append(each)
        else:
            returning.append((each, person))
    for each, person in returning:
        _merged(work, person, each, rows, placing)
        known = work.people.addresses([person]).get(person, [])
        _moved(work, person, known, each, placing)
        current = _current(work, person, each)
        added = _added(known, current)
        placing.placed.append(Placed(each.contact, person, current, restored=True, had_before=added))
    _make(work, new, owners, placing)


def _winner_of(spelled: Spelled, rows: Mapping[int, ContactRow]) -> int | None:
    """A merge sometimes makes a third, new record (HQ 16): it goes on as its first loser's person."""
    people = (rows[number].person_id for number in spelled.contact.merged_ids if number in rows)
    return next((person for person in people if person is not None), None)


def _owners(work: Work, strangers: Sequence[Spelled]) -> Mapping[str, Sequence[int]]:
    """By normalised address."""
    return work.people.owners(address.normalised for each in strangers for address in each.addresses)


def _returning(work: Work, spelled: Spelled, owners: Mapping[str, Sequence[int]]) -> int | None:
    """The person who held this primary address and has no live contact any more: re-created (row 32).

    A person who still has a live contact is somebody else who shares or shared the address.
    """
    if not owners or not spelled.addresses:
        return None
    people = owners.get(spelled.addresses[0].normalised)
    if people is None:
        return None
    records = work.contacts.of_persons(people)
    return next((p for p in people if all(row.gone_at is not None for row in records.get(p, []))), None)


def _make(
    work: Work, spelled: Sequence[Spelled], owners: Mapping[str, Sequence[int]], placing: Placing
) -> None:
    """New people, one identity entry each (design 3: nothing is written for silence)."""
    people = work.people.create([each.addresses for each in spelled])
    refs = work.people.address_refs(a.normalised for each in spelled for a in each.addresses)
    for each, person in zip(spelled, people, strict=True):
        held = tuple(
            Address(person.id, refs[a.normalised], a.kind, a.normalised, a.original) for a in each.addresses
        )
        first = held[0].ref if held else None
        placing.events.append((person.id, identified(first)))
        had = tuple(address.ref for address in held if address.normalised in owners) if owners else ()
        placing.placed.append(Placed(each.contact, person.id, held, is_new=True, had_before=had))


def identified(ref: str | None) -> Draft:
    """The entry that says who is new, by the reference of their first address."""
    if ref is None:
        return _WITHOUT_ADDRESS
    kind, purpose, basis, grade, *_ = _WITH_ADDRESS
    return Draft(kind, purpose, basis, grade, b"%b%b%b" % (_BEFORE, ref.encode(), _AFTER))


def _identity(ref: str | None) -> Draft:
    event = Event(type=EventType.IDENTIFIER_ADDED, source=Source.HUBSPOT, address=ref)
    return Draft(event.type, event.purpose, event.basis, event.grade, encode(event))


#: Spelled once: the reference is all that differs between two people.
_WITHOUT_ADDRESS: Final = _identity(None)
_WITH_ADDRESS: Final = _identity("{}")
_BEFORE, _AFTER = _WITH_ADDRESS.payload.split(b"{}")
