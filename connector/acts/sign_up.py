"""A yes by a page: asked for, confirmed by mail, and only then a consent (consent-domain 3.1, 8).

The sign-up is a request: PENDING. The confirmation, by POST, is the grant (E3), with its own time. Any no in
between voids it, by whatever door it came. What waits is sealed, and gone after seven days. Somebody who was
erased may sign up too: nothing about them is stored before they confirm (row 35).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from connector.acts.desk import Desk
from connector.acts.doubt import sigma_of
from connector.acts.links import CONFIRM, PAGE, Ticket, bearer, keep_links, look_token, signer_of, url
from connector.acts.mail_out import Letter, Queued, queue
from connector.acts.projection import project
from connector.acts.record import Act, File, record
from connector.acts.when import Moment
from connector.acts.who import users_of
from connector.consent import wordings
from connector.consent.calendar import local_day
from connector.consent.events import ALL_MARKETING, SUBJECT, Event, EventType, Overlay, Source
from connector.consent.letters import LetterKind
from connector.consent.yeses import REQUEST_LIVES_MS
from connector.errors import Refused
from connector.proof.links import LOOK_MS, Scope
from connector.store.signups import Signup
from connector.store.work import Work
from mappings.purposes import Purpose

DAY_MS: Final = 86_400_000
PLACE: Final = "page:choices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asked for at the page. `text`: the exact words beside the box they ticked."""

    ticket: Ticket
    purpose: Purpose
    text: str
    language: str
    at: int  # ms UTC


def ask_yes(desk: Desk, work: Work, asked: Asked) -> None:
    """Write the sign-up down and queue its mail, in the caller's transaction. At most one in 24 hours.

    Nothing happens for an address that nobody has, that several share (a yes is one person's), or that no
    such mail may go to: the page says the same.
    """
    found = bearer(work, asked.ticket)
    people = users_of(work, found.normalised) if found else []
    if found is None or len(people) != 1 or people[0].overlay is Overlay.RESTRICTED:
        return
    last = work.signups.last(found.ref)
    if last is not None and asked.at - last < DAY_MS:
        return
    data = wordings.canonical(asked.text)
    wording = work.blobs.put(wordings.WORDING, data, asked.language)
    work.blobs.used(wording, PLACE, asked.at)
    ends = asked.at + REQUEST_LIVES_MS
    said = {"address": found.original, "wording": wording, "language": asked.language}
    made = work.signups.add(found.ref, asked.purpose.key, said, asked.at, ends)
    person = people[0]
    request = Event(
        type=EventType.REQUEST,
        purpose=asked.purpose.key,
        t_lo=asked.at,
        t_hi=asked.at,
        actor=SUBJECT,
        source=Source.PREFPAGE,
        source_ref=f"signup:{made.id.hex()}",
        address=found.ref,
        wording=wording,
        language=asked.language,
    )
    if _mailed(desk, work, made, asked, person.id):
        work.log.append([(person.id, request)])
        project(desk, work, person.id)
    else:
        work.signups.void(found.ref, asked.purpose.key)


def _mailed(desk: Desk, work: Work, made: Signup, asked: Asked, person_id: int) -> bool:
    ticket = Ticket(
        scope=Scope.GRANT, portal=desk.portal, id=made.id, made_at=made.asked_at, ends_at=made.ends_at
    )
    letter = Letter(
        kind=LetterKind.DOI,
        key=f"signup:{made.id.hex()}",
        address=made.said["address"],
        person_id=person_id,
        language=asked.language,
        facts={
            "purpose": asked.purpose.named(asked.language),
            "at": made.asked_at,
            "link": url(desk, CONFIRM, signer_of(desk).sign(ticket)),
            "until": made.ends_at,
        },
        expires_at=made.ends_at,
    )
    return queue(desk, work, letter) is Queued.WAITING


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sign-up as its page shows it. `text` is empty once it is confirmed."""

    signup: Signup
    purpose: Purpose
    text: str
    too_soon: bool = False  # so close to a no that it would not count: to be confirmed a little later


def waiting(desk: Desk, ticket: Ticket) -> Waiting | None:
    """What a confirmation link is about; None: over, voided, or no such link. Changes nothing."""
    if ticket.scope is not Scope.GRANT or ticket.is_over(desk.clock.now()):
        return None
    with desk.mirror.read(desk.portal) as work:
        found = work.signups.find(ticket.id)
        purpose = desk.purposes.get(found.purpose) if found else None
        if found is None or purpose is None or (found.done_at is None and _is_voided(work, found)):
            return None
        blobs = work.blobs.get([found.said["wording"]] if found.said else [])
    text = next((blob.data.decode() for blob in blobs.values()), "")
    return Waiting(found, purpose, text)


def _is_voided(work: Work, made: Signup) -> bool:
    """A no, since it was asked for, from whoever uses the address: by any door (consent-domain 3.1)."""
    return any(event.recorded_at >= made.asked_at for event in _noes(work, made))


def _noes(work: Work, made: Signup) -> Iterator[Event]:
    people = work.people.persons_of([made.ref]).get(made.ref, [])
    for events in work.log.events_of(people).values():
        yield from (e for e in events if e.is_no and e.purpose in (made.purpose, ALL_MARKETING))


def _is_too_soon(desk: Desk, made: Signup, at: int) -> bool:
    """Within sigma of a no a yes does not count (consent-domain 3.2): saying "done" would be untrue."""
    with desk.mirror.read(desk.portal) as work:
        said = [event.recorded_at if event.t_hi is None else event.t_hi for event in _noes(work, made)]
        sigma_ms = sigma_of(desk, work)
    return any(at <= no + sigma_ms for no in said)


def confirm(desk: Desk, ticket: Ticket, at: int) -> Waiting | None:
    """The person confirms, by POST: the grant, with this moment's time. Once; again is the same answer."""
    found = waiting(desk, ticket)
    if found is None or found.signup.done_at is not None:
        return found
    made = found.signup
    if _is_too_soon(desk, made, at):
        return replace(found, too_soon=True)
    proof = {
        "asked_at": made.asked_at,
        "confirmed_at": at,
        "purpose": made.purpose,
        "signup": made.id.hex(),
        "wording": made.said["wording"],
    }
    act = Act(
        type=EventType.GRANT,
        source=Source.PREFPAGE,
        at=Moment(at, at),
        purpose=found.purpose,
        wording=File("wording.txt", found.text.encode()),
        evidence=[File("confirmation.json", json.dumps(proof, sort_keys=True).encode())],
        keep=True,
        address_control=True,
        language=made.said["language"],
    )
    try:
        record(desk, made.said["address"], act)
    except Refused:
        return None
    with desk.mirror.write(desk.portal) as work:
        work.signups.done(made.id, at)
    return found


def end_sign_ups(desk: Desk) -> int:
    """Shred what was not confirmed in time, and project whoever waited; how many."""
    now = desk.clock.now()
    with desk.mirror.read(desk.portal) as work:
        over = work.signups.over(now)
    if not over:
        return 0
    with desk.mirror.write(desk.portal) as work:
        for people in work.people.persons_of(over).values():
            for person in people:
                project(desk, work, person)
        return work.signups.shred(now)


def ask_look(desk: Desk, work: Work, ticket: Ticket, language: str) -> None:
    """Mail a link that shows what applies to the address behind a link: once a day."""
    found = bearer(work, ticket)
    people = users_of(work, found.normalised) if found else []
    if found is None or not people:
        return
    now = desk.clock.now()
    number = keep_links(desk, work, [found.ref])[0]
    letter = Letter(
        kind=LetterKind.LINKS,
        key=f"links:{number.hex()}:{local_day(now, desk.zone)}",
        address=found.original,
        person_id=people[0].id,
        language=language,
        facts={"link": url(desk, PAGE, look_token(desk, number)), "until": now + LOOK_MS},
    )
    queue(desk, work, letter)
