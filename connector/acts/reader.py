"""A user looks at one person: every look is logged before anything is shown (consent-domain 9)."""

from dataclasses import dataclass

from connector.acts.desk import Desk
from connector.acts.who import address_of, people_at
from connector.consent.events import Event, EventType, Source
from connector.store.people import Person


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks at whom: the address as it was typed, and the user's name."""

    address: str
    user: str


def looked_up(desk: Desk, look: Look, command: str) -> Person | None:
    """The person who uses the address, the look logged; None for a stranger, of whom nothing is kept.

    Raises ConfigurationError where the text is no address.
    """
    normalised = address_of(look.address)
    with desk.mirror.write(desk.portal) as work:
        people = people_at(work, normalised)
        if not people:
            return None
        work.log.append([(people[0].id, _accessed(look, command))])
        return people[0]


def is_erased(desk: Desk, look: Look) -> bool:
    """The address of somebody who was erased, and is kept from coming back."""
    with desk.mirror.read(desk.portal) as work:
        return work.suppression.is_erased(address_of(look.address))


def _accessed(look: Look, command: str) -> Event:
    return Event(
        type=EventType.ACCESSED,
        actor=f"staff:{look.user}",
        source=Source.CLI,
        detail={"command": command},
    )
