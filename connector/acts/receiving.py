"""Receiving a request of somebody who uses a right: at the desk, or by the person at their own page.

It is written down whoever asks, in one way: filed, noted in the log, and the person told until when it is
answered. What can only protect is done at once (an objection, a restriction; an erasure begins with one).

A link shows that somebody has a mail, not who they are: a forwarded one must destroy and hand out nothing.
So what is asked for at a page is filed with its identity in doubt, and a person at the desk looks.
"""

from dataclasses import dataclass
from enum import StrEnum

from connector.acts.desk import Desk
from connector.acts.letter_of_request import tell_received
from connector.acts.links import Ticket, bearer
from connector.acts.restrict import restrict
from connector.acts.who import address_of, still_here, users_of
from connector.acts.withdraw import No, withdraw
from connector.consent.calendar import answer_due
from connector.consent.events import SUBJECT, Event, EventType, Source
from connector.store.people import Person
from connector.store.requests import Identity, NewRequest, Request, RequestKind
from connector.store.work import Work
from mappings.times import iso


class Via(StrEnum):
    """By which door a request came in."""

    MAIL = "mail"
    PHONE = "phone"
    LETTER = "letter"
    PAGE = "page"
    VISIT = "visit"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What has come in. `received_at` in ms UTC; `doubted`: it is not clear that it is they who ask."""

    kind: RequestKind
    address: str
    received_at: int
    via: Via = Via.MAIL
    by: str = "staff:cli"
    doubted: bool = False
    note: str | None = None


def receive(desk: Desk, new: Received) -> Request:
    """Write a request down, tell the person until when it is answered, and do at once what only protects."""
    normalised = address_of(new.address)
    with desk.mirror.write(desk.portal) as work:
        made = _filed(desk, work, new, _only(work, normalised))
    _protect(desk, made, new)
    return made


def ask_right(desk: Desk, work: Work, ticket: Ticket, kind: RequestKind, language: str, at: int) -> int:
    """File what a person asks for at their page, in the caller's transaction; when it is answered at the
    latest, in ms UTC. One that is open is not filed twice. For an address that nobody has nothing is filed,
    and the page says the same."""
    found = bearer(work, ticket)
    people = users_of(work, found.normalised) if found else []
    if found is not None and people and not _is_open(work, people[0], kind):
        new = Received(
            kind=kind, address=found.original, received_at=at, via=Via.PAGE, by=SUBJECT, doubted=True
        )
        _filed(desk, work, new, people[0], language)
    return answer_due(at, desk.zone)


def _is_open(work: Work, person: Person, kind: RequestKind) -> bool:
    return any(each.kind is kind and each.settled_at is None for each in work.requests.of_person(person.id))


def _filed(
    desk: Desk, work: Work, new: Received, person: Person | None, language: str | None = None
) -> Request:
    made = work.requests.add(
        NewRequest(
            kind=new.kind,
            address=new.address.strip(),
            received_at=new.received_at,
            due_at=answer_due(new.received_at, desk.zone),
            via=new.via,
            opened_by=new.by,
            identity=Identity.DOUBTED if new.doubted else Identity.NOT_DOUBTED,
            person_id=None if person is None else person.id,
            detail={} if new.note is None else {"note": new.note},
        ),
        desk.clock.now(),
    )
    log_right(desk, work, made, EventType.RIGHT_RECEIVED, new.by, via=str(new.via), due=iso(made.due_at))
    tell_received(desk, work, made, language)
    return made


def _only(work: Work, normalised: str) -> Person | None:
    """Nobody where several use the address: it is not clear who asks."""
    people = users_of(work, normalised)
    return people[0] if len(people) == 1 else None


def _protect(desk: Desk, made: Request, new: Received) -> None:
    """An objection waits for nothing (Art. 21(3)); an erasure begins with a restriction."""
    if new.kind is RequestKind.OBJECTION:
        said = No(source=source_of(new.via), actor=SUBJECT, source_ref=f"right:{made.id}")
        withdraw(desk, new.address, said)
    elif new.kind in (RequestKind.RESTRICTION, RequestKind.ERASURE) and made.person_id is not None:
        restrict(desk, new.address, new.by, f"request {made.id}")


def source_of(via: str) -> Source:
    """The door of the log by which a request came in."""
    doors = {Via.PHONE: Source.PHONE, Via.LETTER: Source.PAPER, Via.PAGE: Source.PREFPAGE}
    return doors.get(Via(via), Source.MAIL_REPLY if via == Via.MAIL else Source.CLI)


def log_right(
    desk: Desk, work: Work, made: Request, kind: EventType, by: str, **more: str | int | bool | None
) -> None:
    """In the log of the person where there is one; of nobody's nothing that names anybody."""
    detail = {"request": made.id, "right": str(made.kind), **more}
    door = Source.PREFPAGE if by == SUBJECT else desk.door
    entry = Event(type=kind, actor=by, source=door, detail=detail)
    work.log.append([(still_here(work, made.person_id), entry)])
