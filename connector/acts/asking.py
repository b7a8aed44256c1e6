"""Asks HubSpot about one address that no reading job reaches: somebody who has no contact there.

HubSpot keeps statuses by address, contact or not (HQ 20). A yes that is recorded for such an address is
weighed against what HubSpot holds, and nobody is mailed of whom that was never asked.
"""

from connector.acts.desk import Desk
from connector.acts.pin import check_portal
from connector.acts.sightings import Sighting, said_by_preferences, sighting
from connector.errors import ConfigurationError, HubSpotRefused, RequestRejected, Temporary
from connector.store.observed import WIDE, ObservedRow
from connector.store.work import Work
from mappings.records import Preferences
from mappings.words import Status


def ask(desk: Desk, address: str) -> Preferences | None:
    """What HubSpot holds for an address now; None where it cannot be asked."""
    try:
        check_portal(desk)
        return desk.hubspot.preferences(address)
    except (Temporary, HubSpotRefused, RequestRejected, ConfigurationError):
        return None


def heard(work: Work, ref: str, read: Preferences, now: int) -> Sighting:
    """The answer beside what was known; that nothing is held is remembered too, as an answer."""
    held = {row.subscription: row for row in work.observed.of_refs([ref]).get(ref, [])}
    explained = frozenset(row.subscription for row in read.statuses if row.explanation)
    said = said_by_preferences(read, ref, now)
    if WIDE not in {*held, *(row.subscription for row in said)}:
        work.observed.put([ObservedRow(ref, WIDE, Status.NOT_SPECIFIED, first_seen=now, read_at=now)])
    return sighting(ref, said, held, full=not read.unreadable, explained=explained)
