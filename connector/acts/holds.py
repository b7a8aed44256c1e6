"""Legal hold (Art. 17(3)(e)): what is needed for a claim is neither erased nor let go by retention."""

from dataclasses import dataclass

from connector.acts.desk import Desk
from connector.acts.erasure import is_held
from connector.acts.who import address_of, one_user
from connector.consent.events import Event, EventType
from connector.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Held:
    """Who, and whether a hold stands now."""

    subject: str
    held: bool


def add_hold(desk: Desk, address: str, reason: str, actor: str) -> Held:
    """Put a hold on one person; twice is once. Raises Refused for a stranger, Stopped where it is shared."""
    return _hold(desk, address, EventType.HOLD, reason, actor)


def remove_hold(desk: Desk, address: str, reason: str, actor: str) -> Held:
    """Its reason has ended; an erasure that waited for this goes on with the next turn."""
    return _hold(desk, address, EventType.HOLD_REMOVED, reason, actor)


def _hold(desk: Desk, address: str, kind: EventType, reason: str, actor: str) -> Held:
    if not reason.strip():
        raise ConfigurationError(
            "A reason is needed.", where="--reason", kind="reason_needed", next_step="Name claim or case."
        )
    normalised, wanted = address_of(address), kind is EventType.HOLD
    with desk.mirror.write(desk.portal) as work:
        person = one_user(work, normalised)
        if is_held(work.log.events_of([person.id]).get(person.id, ())) is not wanted:
            word = Event(type=kind, actor=actor, source=desk.door, reason=reason.strip())
            work.log.append([(person.id, word)])
    return Held(person.ref, wanted)
