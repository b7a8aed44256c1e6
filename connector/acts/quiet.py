"""Who has nothing new: the same properties and the same statuses as were read before (row 9, I4).

They are told apart before anything of theirs is decrypted: a sweep of a register in which nothing happened
costs a comparison for each contact.
"""

from collections.abc import Mapping, Sequence

from connector.acts import sightings
from connector.acts.sightings import Rows
from connector.store.contacts import ContactRow
from connector.store.people import NewAddress
from connector.store.work import Work
from mappings.records import Contact, Preferences

Statuses = Mapping[str, Preferences]
Spelled = tuple[Contact, Sequence[NewAddress]]


def is_unchanged(contact: Contact, row: ContactRow | None) -> bool:
    """Nothing that we read of the record is different from what we knew."""
    return row is not None and row.gone_at is None and row.fingerprint == contact.fingerprint


def quiet_ones(
    work: Work, spelled: Sequence[Spelled], rows: Mapping[int, ContactRow], read: Statuses, now: int
) -> set[int]:
    """Contact ids with nothing new. Someone whose statuses were not read is quiet when the record is; who is
    read for the first time since the record changed is not: silence says something then (row 33)."""
    same = [each for each in spelled if _is_known(each[0], rows.get(each[0].id))]
    same = [
        each for each in same if rows[each[0].id].statuses_read_at is not None or not _is_read(each[1], read)
    ]
    names = [
        address.normalised for _, addresses in same for address in addresses if address.normalised in read
    ]
    if not names:
        return {contact.id for contact, _ in same}
    refs = work.people.address_refs(names)
    found = work.observed.of_refs(refs.values())
    before = {ref: {row.subscription: row for row in held} for ref, held in found.items()}
    told = {name for name, ref in refs.items() if _says_something(read[name], ref, before.get(ref, {}), now)}
    return {
        contact.id
        for contact, addresses in same
        if not any(address.normalised in told for address in addresses)
    }


def _is_read(addresses: Sequence[NewAddress], read: Statuses) -> bool:
    return bool(addresses) and all(address.normalised in read for address in addresses)


def _is_known(contact: Contact, row: ContactRow | None) -> bool:
    return row is not None and row.person_id is not None and is_unchanged(contact, row)


def _says_something(read: Preferences, ref: str, before: Rows, now: int) -> bool:
    if not before and not read.wide and not any(sightings.is_said(row) for row in read.statuses):
        return False
    said = sightings.said_by_preferences(read, ref, now)
    return bool(sightings.sighting(ref, said, before, full=not read.unreadable).changed)
