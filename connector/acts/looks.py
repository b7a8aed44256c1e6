"""Who looked at whom: every read of one person is an entry in the log (consent-domain 9).

The look is noted before anything is shown. Where the log cannot be written now (another process holds the
database, the disk is full) it is kept in a file beside the journal and goes into the log with the next look
or turn. Where not even that file can be written, nothing is shown; only `check`, which tells a program
whether to send, answers all the same.

The state formula reads none of these entries, and no job takes them for a change.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog

from connector.acts.desk import Desk
from connector.acts.who import address_of, people_at, users_of
from connector.clock import new_id
from connector.consent.calendar import local_day
from connector.consent.events import Event, EventType, Source
from connector.errors import DatabaseUnavailable
from connector.store.late import LateLook
from connector.store.people import Person
from connector.store.work import Work
from mappings.times import iso

UNKNOWN_USER: Final = "unknown"
log = structlog.get_logger()


class Kind(StrEnum):
    """What somebody looked at, as the access report tells it."""

    SHOW = "show"
    WHY = "why"
    RECEIPT = "receipt"
    ACCESS = "access"  # the access report (Art. 15)
    BUNDLE = "bundle"
    LINKS = "links"
    CHECK = "check"  # once a day for each user and purpose: a program asks it before every mailing
    REQUEST = "request"  # a request to the desk
    REVIEW = "review"
    PAGE = "page"  # the dashboard's page about the person
    DOWNLOAD = "download"  # a copy of a file about them
    SEARCH = "search"  # somebody was found by address


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks at whom: the address as it was typed, the user's name, and the door they came by."""

    address: str
    user: str
    door: Source = Source.CLI


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a person, as the access report lists it. Times in ms UTC."""

    at: int
    user: str
    kind: str

    def document(self) -> dict[str, str | None]:
        """One line of `looks`."""
        return {"at": iso(self.at), "who": self.user, "what": self.kind}


def is_erased(desk: Desk, address: str) -> bool:
    """The address of somebody who was erased, and is kept from coming back."""
    with desk.mirror.read(desk.portal) as work:
        return work.suppression.is_erased(address_of(address))


def looked_up(desk: Desk, look: Look, kind: Kind) -> Person | None:
    """The person who uses the address, the look noted; None for a stranger, of whom nothing is kept.

    Raises ConfigurationError where the text is no address, DatabaseUnavailable where the look cannot be
    noted anywhere.
    """
    normalised = address_of(look.address)
    with desk.mirror.read(desk.portal) as work:
        people = people_at(work, normalised)
    if not people:
        return None
    note(desk, people[0], look.user, kind, door=look.door)
    return people[0]


def noted_check(desk: Desk, look: Look, purpose: str) -> bool:
    """Note that somebody asked whether this address may be written to; False: it could not be noted."""
    normalised, day = address_of(look.address), local_day(desk.clock.now(), desk.zone)
    once = f"{Kind.CHECK}:{look.door}:{named(look.user)}:{purpose}:{day}"
    with desk.mirror.read(desk.portal) as work:
        people = users_of(work, normalised)
        events = work.log.events_of([person.id for person in people])
    new = [p for p in people if all(each.source_ref != once for each in events.get(p.id, ()))]
    try:
        for person in new:
            note(desk, person, look.user, Kind.CHECK, door=look.door, once=once)
    except DatabaseUnavailable:
        log.warning("look_not_noted", what=Kind.CHECK)
        return False
    return True


def note(
    desk: Desk, person: Person, user: str, kind: Kind, *, door: Source | None = None, once: str | None = None
) -> None:
    """Log a look at a person, by the desk's own door where none is said; the same `once` is the same look.

    Raises DatabaseUnavailable where neither the log nor the file beside it can be written.
    """
    made = LateLook(
        ref=person.ref,
        user=named(user),
        door=door or desk.door,
        kind=kind,
        at=desk.clock.now(),
        once=once or f"look:{new_id(desk.clock, desk.chance)}",
    )
    try:
        with desk.mirror.write(desk.portal) as work:
            work.log.append([(person.id, _event(made))])
    except DatabaseUnavailable:
        late = desk.mirror.late_looks(desk.portal)
        if late is None:
            raise
        late.keep(made)
        log.warning("look_noted_later", what=kind)
    else:
        catch_up(desk)


def catch_up(desk: Desk) -> int:
    """Move what waits beside the journal into the log; how many. What was moved already is not doubled."""
    late = desk.mirror.late_looks(desk.portal)
    if late is None:
        return 0
    with late.taken() as waiting:
        if not waiting:
            return 0
        with desk.mirror.write(desk.portal) as work:
            people = [(work.people.by_ref(each.ref), each) for each in waiting]
            work.log.append([(person.id, _event(each)) for person, each in people if person is not None])
    log.info("looks_caught_up", count=len(waiting))
    return len(waiting)


def seen(work: Work, person_id: int) -> list[Seen]:
    """Everybody who looked at a person, in order."""
    return looks_in(work.log.events_of([person_id]).get(person_id, ()))


def looks_in(events: Iterable[Event]) -> list[Seen]:
    """The looks among a person's events."""
    return [
        Seen(
            at=event.observed_at if event.observed_at is not None else event.recorded_at,
            user=event.actor.partition(":")[2] or event.actor,
            kind=str(event.detail.get("command", "")),
        )
        for event in events
        if event.type is EventType.ACCESSED
    ]


def named(user: str) -> str:
    """A user's name as the log keeps it: one word and never an address, whatever the machine calls them."""
    word = "-".join(user.partition("@")[0].split())
    return word or UNKNOWN_USER


def _event(look: LateLook) -> Event:
    return Event(
        type=EventType.ACCESSED,
        actor=f"staff:{look.user}",
        source=Source(look.door),
        source_ref=look.once,
        observed_at=look.at,
        detail={"command": look.kind},
    )
