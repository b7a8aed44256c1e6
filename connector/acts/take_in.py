"""Takes a group of HubSpot's contacts into the mirror: screened, placed on people, compared, decided.

One transaction for the group and nothing of HubSpot's is asked inside it. What has not changed costs one
look-up; what is silent (no yes, no no) costs one identity entry and no row of status (design 3).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connector.acts import archived, sightings
from connector.acts.desk import Desk
from connector.acts.facts import facts_of_new
from connector.acts.held_before import inherit
from connector.acts.newcomers import newcomer
from connector.acts.placing import Placed, Placing, Spelled, place
from connector.acts.reappearance import reappeared
from connector.acts.reconcile import Circumstances, Familiar, Matter, reconcile_group
from connector.acts.sightings import Rows, Sighting
from connector.acts.tally import Tally
from connector.consent.situation import Identity
from connector.store.contacts import ContactRow
from connector.store.people import Address, AddressKind
from connector.store.work import Work
from mappings.records import Contact, Preferences


@dataclass(frozen=True, slots=True)
class Group:
    """Contacts as HubSpot shows them now. `preferences`: by normalised address; an address that is not
    there was not read in full. `prints`: digests of the answers that those statuses came in, by record."""

    contacts: Sequence[Contact]
    preferences: Mapping[str, Preferences] = field(default_factory=dict)
    prints: Mapping[int, bytes] = field(default_factory=dict)


def take_in(desk: Desk, work: Work, group: Group, tally: Tally) -> None:
    """Store and decide one group; the caller's transaction."""
    placing = place(work, group.contacts, group.preferences, desk.clock.now())
    reappeared(desk, work, placing.reappeared, tally)
    before = _before(work, placing)
    heirs = inherit(desk, work, placing)
    looked_at = [_matter(desk, placed, group.preferences, before, heirs, tally) for placed in placing.placed]
    matters = [matter for matter in looked_at if matter is not None]
    reconcile_group(desk, work, matters, tally, first=placing.events)
    _remember(desk, work, placing, group.preferences)
    work.answered.keep(_told_nothing(placing, group))


def _before(work: Work, placing: Placing) -> Mapping[str, Rows]:
    """What HubSpot said before, for the people who are not new."""
    refs = [a.ref for placed in placing.placed if not placed.is_new for a in placed.addresses]
    found = work.observed.of_refs(refs) if refs else {}
    return {ref: {row.subscription: row for row in rows} for ref, rows in found.items()}


def _matter(
    desk: Desk,
    placed: Placed,
    preferences: Mapping[str, Preferences],
    before: Mapping[str, Rows],
    heirs: Collection[int],
    tally: Tally,
) -> Matter | Familiar | None:
    """What there is to decide. Polling the same again changes nothing (row 9, I4); silence about somebody
    new is row 21. `heirs`: people who got noes with an address."""
    heir = placed.person in heirs
    familiar = None if heir else _familiar(desk, placed, preferences)
    if familiar is not None:
        tally.changed += 1
        return familiar if familiar.newcomer.is_heard else None
    # What others of the group, who share an address, were told a moment ago is nothing known of somebody new.
    stood: Mapping[str, Rows] = {} if placed.is_new else before
    seen = {
        address.ref: _sighting(desk, placed, address, preferences, stood.get(address.ref, {}))
        for address in placed.addresses
    }
    changed = any(each.changed for each in seen.values())
    tally.vanished += any(each.vanished for each in seen.values())
    tally.changed += placed.is_new or placed.moved or changed
    # Below Enterprise an address is known first and read later: only then can silence there be told from a no
    # that has not reached it (row 33).
    heard = placed.unread and not placed.is_new and all(each.full for each in seen.values())
    if not (changed or placed.moved or placed.restored or heir or heard):
        return None
    unknown = placed.is_new and not heir
    facts = facts_of_new(desk, placed.person, placed.addresses) if unknown else None
    return Matter(placed.person, seen, Circumstances(identity=_identity(placed)), facts)


def _familiar(desk: Desk, placed: Placed, preferences: Mapping[str, Preferences]) -> Familiar | None:
    """Somebody new in a situation that has a pattern."""
    if not placed.is_new or not 0 < len(placed.addresses) < 3:
        return None
    found = newcomer(desk, placed.contact, placed.addresses, preferences, desk.clock.now())
    if found is None:
        return None
    return Familiar(found, lambda: _ordinary(desk, placed, preferences))


def _ordinary(desk: Desk, placed: Placed, preferences: Mapping[str, Preferences]) -> Matter:
    seen = {address.ref: _sighting(desk, placed, address, preferences, {}) for address in placed.addresses}
    return Matter(placed.person, seen, facts=facts_of_new(desk, placed.person, placed.addresses))


def _identity(placed: Placed) -> Identity:
    if placed.is_new:
        return Identity.NONE
    if placed.restored:
        return Identity.RESTORED
    return Identity.ADDRESS_CHANGED if placed.moved else Identity.NONE


def _sighting(
    desk: Desk, placed: Placed, address: Address, preferences: Mapping[str, Preferences], before: Rows
) -> Sighting:
    now = desk.clock.now()
    read = preferences.get(address.normalised)
    if read is not None:
        explained = frozenset(row.subscription for row in read.statuses if row.explanation)
        said = sightings.said_by_preferences(read, address.ref, now)
        complete = not read.unreadable
        return sightings.sighting(address.ref, said, before, full=complete, explained=explained)
    said = []
    if address.kind is AddressKind.PRIMARY:
        said = sightings.said_by_properties(placed.contact, address.ref, now)
    return sightings.sighting(address.ref, said, before, full=False)


def _remember(desk: Desk, work: Work, placing: Placing, preferences: Mapping[str, Preferences]) -> None:
    """The contact rows: fingerprints for the next look, and whether full statuses are still to be read."""
    now = desk.clock.now()
    if preferences:
        read = [each.contact.id for each in placing.quiet if _was_read(each, preferences)]
        work.contacts.mark_read(read, now)
    work.contacts.put([_row(placed, preferences, now) for placed in placing.placed])
    back = [each.person for each in placing.placed if each.restored]
    if back:
        archived.restored(desk, work, back)
    dates = {each.contact.id: each.contact.dates for each in placing.placed if each.contact.dates}
    if dates:
        work.moments.put(dates, now)


def _told_nothing(placing: Placing, group: Group) -> Iterator[tuple[int, bytes]]:
    """Records whose answers were compared row by row, whole, and held nothing new: nobody suppressed among
    them, who has to be seen every time."""
    again = set(placing.reappeared)
    for each in placing.quiet:
        number, read = each.contact.id, [group.preferences.get(a.normalised) for a in each.addresses]
        if number in group.prints and number not in again and all(_in_full(one) for one in read):
            yield number, group.prints[number]


def _in_full(preferences: Preferences | None) -> bool:
    """Every row named its subscription type."""
    return preferences is not None and not preferences.unreadable


def _was_read(spelled: Spelled, preferences: Mapping[str, Preferences]) -> bool:
    return all(each.normalised in preferences for each in spelled.addresses)


def _row(placed: Placed, preferences: Mapping[str, Preferences], now: int) -> ContactRow:
    contact = placed.contact
    read = all(address.normalised in preferences for address in placed.addresses)
    return ContactRow(
        id=contact.id,
        person_id=placed.person,
        fingerprint=contact.fingerprint,
        object_source=contact.object_source,
        created_at=contact.created_at,
        modified_at=contact.modified_at,
        first_seen=now,  # that of a known record is kept
        statuses_read_at=now if read else None,
        archived=False,
        gone_at=None,
    )
