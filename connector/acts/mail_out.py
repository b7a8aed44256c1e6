"""Mail to people: queued with the fact that caused it, screened twice, sent by a job, wiped with the person.

How to send somebody a letter
-----------------------------
Inside the transaction that appends the log entry it belongs to::

    with desk.mirror.write(desk.portal) as work:
        work.log.append([(person.id, asked)])
        queue(desk, work, Letter(
            kind=LetterKind.REQUEST_RECEIVED,
            key=f"request:{request.id}:received",      # one letter, however often this is called; no address
            address="Anna@example.com",                # as the person spelled it
            person_id=person.id,                       # None: of nobody in the mirror
            facts={"right": "access", "received": now, "due": due},
        ))

Both commit or neither does. `connector.report.letters.FACTS` says which facts each kind is told, `RIGHTS`
names the rights; a new kind is a member of `LetterKind` with its line in `STOPS`, `FACTS` and two templates.
The text is written now and sealed: under the person's key, or under the portal's own where `person_id` is
None. So for the confirmation of an erasure: read the address, `work.people.shred(...)`, then `queue` with
kind ERASURE_DONE and without `person_id`; whatever else waited for that person or address is wiped by then.

`queue` answers `Queued`: WAITING, REPEATED (this key was queued before), or the `Stop` because of which
nothing was stored (restricted, erased, objected, complaint; see `connector.consent.letters.STOPS`). The same
screening runs again before the letter leaves. Nothing here ever prints or logs an address.

The job `send_letters` hands them to the mail server of [report] and appends `notice_delivered` or `mail.sent`
with the SHA-256 of the bytes that the server took and the hash of the template. 4xx is tried for 24 hours;
5xx parks the letter for a person (`status`, the nightly report, `notices list`). A server that is away or
refuses us is no letter's fault and holds them all. Without a mail server letters wait, and `status` says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

import msgspec
import structlog

from connector.acts.desk import Desk
from connector.acts.projection import project
from connector.acts.who import users_of
from connector.clock import new_id
from connector.consent.events import Event, EventType, Overlay, Source
from connector.consent.letters import LetterKind, Stop, stopped
from connector.errors import ConfigurationError, ConnectorError, MailUnavailable
from connector.report.letters import Attachment, Written, compose, language_of, write
from connector.report.mail import address
from connector.report.night import TRIED_MS, Tries, put_off
from connector.report.outcome import LetterPutOff, LetterRefused, MailRefused
from connector.report.smtp import DEADLINE_S, MailServer, send, wire
from connector.store.mail import MailRow, MailState, NewMail
from connector.store.people import AddressKind
from connector.store.work import Work
from mappings.addresses import NotAnAddress, normalise
from mappings.times import iso

#: A claim outlives the longest hand-over; a process that dies leaves the letter to the next one after it.
CLAIM_MS: Final = int(DEADLINE_S * 1000) * 3
#: How long a letter of nobody's is remembered by its key once it is over.
STRANGERS_MS: Final = 30 * 86_400_000
#: How long a run of the daemon lasts at most: other jobs of the portal wait for it.
RUN_S: Final = 30.0
TROUBLE: Final = "mail_trouble"  # in meta: what the mail server has against us, and since when
TEMPLATE: Final = "template"  # the kind of the blob

log = structlog.get_logger()


class Queued(StrEnum):
    """What became of a letter that was queued and not stopped."""

    WAITING = "waiting"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter to one person. `language` None: the controller's first. `expires_at`: not sent after that.

    `notice`: hash of the notice it carries; `cause`: id of the event that it belongs to.
    """

    kind: LetterKind
    key: str
    address: str
    facts: Mapping[str, object]
    person_id: int | None = None
    language: str | None = None
    attachments: tuple[Attachment, ...] = ()
    expires_at: int | None = None
    notice: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """How letters go out."""

    server: MailServer
    sender: str


@dataclass(slots=True)
class Sent:
    """What a run came to. `waiting`: still to be sent; `configured` False: there is no mail server."""

    configured: bool = True
    sent: int = 0
    dropped: int = 0
    parked: int = 0
    put_off: int = 0
    waiting: int = 0
    trouble: str | None = None  # the code of what the mail server as such had against us

    def figures(self) -> dict[str, int | bool | str | None]:
        """For the log and for `sync`."""
        return {name: getattr(self, name) for name in self.__slots__}


class _File(msgspec.Struct, frozen=True):
    name: str
    media: str
    data: bytes


class _Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sealed."""

    address: str
    normalised: str
    language: str
    subject: str
    text: str
    html: str
    template: str
    files: tuple[_File, ...] = ()
    notice: str | None = None
    cause: str | None = None


# --- queueing ----------------------------------------------------------------------------------------------


def queue(desk: Desk, work: Work, letter: Letter) -> Queued | Stop:
    """Keep a letter until it is sent, in the caller's transaction.

    Raises NotAnAddress for what is none, ValueError where the facts are not those of the kind.
    """
    normalised = normalise(letter.address)
    stop = screen(work, letter.kind, normalised, letter.person_id)
    if stop is not None:
        log.info("letter_stopped", kind=letter.kind, reason=stop)
        return stop
    written = _written(desk, letter)
    new = NewMail(
        key=letter.key,
        kind=letter.kind,
        message=f"{letter.kind}.{new_id(desk.clock, desk.chance)}",
        ref=work.people.address_ref(normalised),
        body=msgspec.json.encode(_sealed(work, letter, normalised, written)),
        person_id=letter.person_id,
        expires_at=letter.expires_at,
    )
    return Queued.WAITING if work.mail.queue(new, desk.clock.now()) else Queued.REPEATED


def screen(work: Work, kind: LetterKind, normalised: str, person_id: int | None) -> Stop | None:
    """Why a letter of this kind may not go to this address; None: it may."""
    suppressed = {str(each.kind) for each in work.suppression.screen([normalised]).get(normalised, ())}
    return stopped(kind, _overlay(work, normalised, person_id), suppressed)


def _overlay(work: Work, normalised: str, person_id: int | None) -> Overlay | None:
    """The person's own; of nobody in particular: the strictest of those who use the address."""
    if person_id is not None:
        person = work.people.living(person_id)
        return Overlay.ERASED if person is None else person.overlay
    found = {person.overlay for person in users_of(work, normalised)} - {None}
    return next((each for each in (Overlay.ERASED, Overlay.RESTRICTED) if each in found), None)


def _written(desk: Desk, letter: Letter) -> Written:
    return write(
        letter.kind,
        language_of(letter.language, desk.controller.languages[0]),
        letter.facts,
        controller=desk.controller.name,
        contact=desk.controller.contact,
        zone=desk.zone,
    )


def _sealed(work: Work, letter: Letter, normalised: str, written: Written) -> _Body:
    local = letter.address.strip().rpartition("@")[0]
    return _Body(
        address=f"{local}@{normalised.rpartition('@')[2]}",  # any server knows the domain by its A-label
        normalised=normalised,
        language=written.language,
        subject=written.subject,
        text=written.text,
        html=written.html,
        template=work.blobs.put(TEMPLATE, written.template, written.language),
        files=tuple(_File(each.name, each.media, each.data) for each in letter.attachments),
        notice=letter.notice,
        cause=letter.cause,
    )


# --- sending -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Run:
    desk: Desk
    post: Post
    token: str
    done: Sent = field(default_factory=Sent)


def send_letters(
    desk: Desk, post: Post | None, *, seconds: float | None = RUN_S, beat: Callable[[], None] = lambda: None
) -> Sent:
    """Hand over what is due, and begin no more letters after `seconds` (None: all of them).

    `post` None: no mail server is configured, and everything waits.

    Raises MailUnavailable and MailRefused where the server fails us as such, after it is noted for `status`;
    what one letter meets is settled with that letter.
    """
    if post is None:
        return Sent(configured=False, waiting=totals(desk).waiting)
    run = _Run(desk, post, new_id(desk.clock, desk.chance))
    try:
        end = None if seconds is None else desk.clock.monotonic() + seconds
        while (end is None or desk.clock.monotonic() < end) and _one(run):
            beat()
    except (MailUnavailable, MailRefused) as error:
        _note_trouble(desk, error)
        raise
    finally:
        _tidy(run)
    return run.done


def _one(run: _Run) -> bool:
    """The next letter; False where none is due."""
    desk = run.desk
    with desk.mirror.write(desk.portal) as work:
        row = work.mail.due(desk.clock.now())
        if row is None:
            return False
        body = None if row.body is None else msgspec.json.decode(row.body, type=_Body)
        against = "unreadable" if body is None else _against(desk, work, row, body)
        if body is None or against is not None:
            work.mail.end(row, None, MailState.DROPPED, desk.clock.now(), against)
            run.done.dropped += 1
            log.info("letter_dropped", kind=row.kind, reason=against)
            return True
        work.mail.claim(row, run.token, desk.clock.now() + CLAIM_MS)
    _hand_over(run, row, body)
    return True


def _against(desk: Desk, work: Work, row: MailRow, body: _Body) -> str | None:
    """Why a letter that waited does not leave any more."""
    if row.expires_at is not None and row.expires_at <= desk.clock.now():
        return "expired"
    stop = screen(work, LetterKind(row.kind), body.normalised, row.person_id)
    if stop is not None or row.person_id is None:
        return stop
    person = work.people.living(row.person_id)
    held = work.people.addresses([person.id]).get(person.id, []) if person is not None else []
    uses = any(a.normalised == body.normalised and a.kind is not AddressKind.PAST for a in held)
    return None if uses else "address_gone"


def _hand_over(run: _Run, row: MailRow, body: _Body) -> None:
    desk = run.desk
    if not _can_be_written_to(body.address):
        _end(run, row, MailState.PARKED, "unwritable_address")
        return
    message = _message(desk, run.post, row, body)
    data = wire(message)
    try:
        send(message, run.post.server, desk.clock)
    except LetterRefused as error:
        _end(run, row, MailState.PARKED, error.code)
    except LetterPutOff as error:
        _put_off(run, row, error)
    except ConnectorError:
        with desk.mirror.write(desk.portal) as work:
            work.mail.release(row, run.token, row.next_try)
        raise
    else:
        _settle(run, row, body, data)


def _can_be_written_to(recipient: str) -> bool:
    """Some addresses that HubSpot has, such as `a..b@`, no mail can carry: this letter's fault alone."""
    try:
        address(recipient, "the recipient")
    except ConfigurationError:
        return False
    return True


def _message(desk: Desk, post: Post, row: MailRow, body: _Body) -> EmailMessage:
    written = Written(language_of(body.language, "sv"), body.subject, body.text, body.html, b"")
    return compose(
        written,
        sender=post.sender,
        name=desk.controller.name,
        reply_to=_reply_to(desk.controller.contact),
        recipient=body.address,
        message=row.message,
        at=row.queued_at,
        attachments=tuple(Attachment(each.name, each.media, each.data) for each in body.files),
    )


def _reply_to(contact: str) -> str | None:
    """The controller's contact where it is an address; people who answer reach a person."""
    try:
        normalise(contact)
    except NotAnAddress:
        return None
    return contact.strip()


def _put_off(run: _Run, row: MailRow, error: ConnectorError) -> None:
    """Later, ever less often, for 24 hours; then a person looks."""
    desk, now = run.desk, run.desk.clock.now()
    if row.first_try is not None and now - row.first_try >= TRIED_MS:
        _end(run, row, MailState.PARKED, "put_off_too_long")
        return
    after = put_off(Tries(count=row.attempts, first=row.first_try), now, desk.chance.jitter())
    with desk.mirror.write(desk.portal) as work:
        work.mail.put_off(
            row, run.token, next_try=after.next or now, attempts=after.count, first_try=after.first
        )
    run.done.put_off += 1
    log.info("letter_put_off", kind=row.kind, error=error.code, attempts=after.count)


def _end(run: _Run, row: MailRow, state: MailState, reason: str) -> None:
    with run.desk.mirror.write(run.desk.portal) as work:
        work.mail.end(row, run.token, state, run.desk.clock.now(), reason)
    run.done.parked += 1
    log.warning("letter_parked", kind=row.kind, reason=reason)


def _settle(run: _Run, row: MailRow, body: _Body, data: bytes) -> None:
    """The server has it: the entry and the end of the row in one transaction."""
    desk = run.desk
    with desk.mirror.write(desk.portal) as work:
        person = None if row.person_id is None else work.people.living(row.person_id)
        is_theirs = person is not None and work.mail.still(row, run.token)
        event = _event(row, body, data, theirs=is_theirs)
        work.log.append([(person.id if person is not None and is_theirs else None, event)])
        work.mail.end(row, run.token, MailState.SENT, desk.clock.now())
        if desk.block_overdue and person is not None and is_theirs and row.kind == LetterKind.NOTICE:
            project(desk, work, person.id)  # nothing is overdue any more
        if work.meta.get(TROUBLE) is not None:
            work.meta.remove(TROUBLE)
    run.done.sent += 1
    log.info("letter_sent", kind=row.kind, tries=row.attempts + 1)


def _event(row: MailRow, body: _Body, data: bytes, *, theirs: bool) -> Event:
    """What was sent, when, made from which template; where it is nobody's, nothing that finds an address."""
    is_notice = row.kind == LetterKind.NOTICE
    detail: dict[str, str | int | bool | None] = {
        "kind": row.kind,
        "sha256": sha256(data).hexdigest(),
        "template": body.template,
        "message": row.message,
    }
    if body.cause is not None and theirs:
        detail["cause"] = body.cause
    return Event(
        type=EventType.NOTICE_DELIVERED if is_notice else EventType.MAIL_SENT,
        actor="system:mail",
        source=Source.SYSTEM,
        source_ref=f"mail:{row.message}",
        address=row.ref if theirs else None,
        notice=body.notice,
        language=body.language,
        detail=detail,
    )


def _tidy(run: _Run) -> None:
    desk = run.desk
    with desk.mirror.read(desk.portal) as work:
        run.done.waiting = work.mail.totals().waiting
    if run.done.sent or run.done.dropped:
        with desk.mirror.write(desk.portal) as work:
            work.mail.forget_strangers(desk.clock.now() - STRANGERS_MS)


# --- how it stands -----------------------------------------------------------------------------------------


def _note_trouble(desk: Desk, error: ConnectorError) -> None:
    with desk.mirror.write(desk.portal) as work:
        known = work.meta.get(TROUBLE) or {}
        since = known.get("since", desk.clock.now())
        work.meta.put(TROUBLE, {"code": error.code, "problem": error.problem, "since": since})


@dataclass(frozen=True, slots=True)
class Totals:
    """The letters of a portal: how many wait, since when, and what a person has to look at."""

    waiting: int
    oldest: int | None
    parked: int
    oldest_parked: int | None
    trouble: dict[str, Any] | None

    def document(self, now: int, *, configured: bool) -> dict[str, object]:
        """Part of `status --json`."""
        trouble = None if self.trouble is None else self.trouble | {"since": iso(self.trouble["since"])}
        return {
            "configured": configured,
            "waiting": self.waiting,
            "oldest_s": None if self.oldest is None else max(0, now - self.oldest) // 1000,
            "parked": self.parked,
            "trouble": trouble,
        }


def totals(desk: Desk) -> Totals:
    """How the letters stand."""
    with desk.mirror.read(desk.portal) as work:
        return totals_of(work)


def totals_of(work: Work) -> Totals:
    """The same in the caller's transaction."""
    found = work.mail.totals()
    return Totals(found.waiting, found.oldest, found.parked, found.oldest_parked, work.meta.get(TROUBLE))


def retry_parked(desk: Desk) -> int:
    """Try every parked letter anew; how many there were."""
    with desk.mirror.write(desk.portal) as work:
        return work.mail.unpark(desk.clock.now())
