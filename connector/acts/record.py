"""Record: an act of a person that came in by phone, on paper, by a form or by an API, with its evidence.

What is recorded is graded by its door and its evidence (consent-domain 3.1); the formula decides what it
comes to. The same inputs are the same entry, however often they are recorded.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePath
from typing import Final

from connector.acts.asking import ask, heard
from connector.acts.desk import Desk
from connector.acts.facts import facts_of
from connector.acts.reconcile import reconcile
from connector.acts.tally import Tally
from connector.acts.when import Moment
from connector.acts.who import address_of, people_at, users_of
from connector.acts.withdraw import No, withdraw
from connector.consent import wordings
from connector.consent.events import (
    ALL_MARKETING,
    GUARDIAN,
    SALE,
    SUBJECT,
    Basis,
    Event,
    EventType,
    Grade,
    Source,
)
from connector.consent.grades import recorded_grade
from connector.errors import ConfigurationError, Refused
from connector.store.people import NewAddress, Person
from connector.store.suppression import Suppressed
from connector.store.work import Work
from mappings.purposes import Purpose
from mappings.records import Preferences

#: Evidence that is kept: larger files belong into an archive, their hash into the log.
KEEP_LIMIT: Final = 1_048_576
TEXT_LIMIT: Final = 1_048_576
KEPT: Final = "kept_file"
FRESH_ACT_MS: Final = 86_400_000
NOES: Final = frozenset({EventType.WITHDRAW, EventType.OBJECT, EventType.REFUSE})
SOUND: Final = frozenset({".mp3", ".wav", ".m4a", ".ogg", ".opus", ".flac", ".mp4", ".webm"})
PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".heic", ".tif", ".tiff"})
KINDS: Final[Mapping[Source, str]] = {
    Source.PHONE: "call_note",
    Source.PAPER: "paper_scan",
    Source.FORM: "form_submission",
    Source.API: "api_assertion",
    Source.IMPORT: "import_row",
    Source.MAIL_REPLY: "email_reply",
    Source.PREFPAGE: "doi_confirmation",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file that someone names as evidence."""

    name: str
    data: bytes
    subject: str | None = None  # of whom it was kept

    @property
    def hash(self) -> str:
        """SHA-256, hex."""
        return sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is to be recorded. `purpose` None: all direct marketing, for a no only. `valid_until`: ms UTC."""

    type: EventType
    source: Source
    at: Moment
    purpose: Purpose | None = None
    wording: File | None = None
    notice: File | None = None
    evidence: Sequence[File] = ()
    keep: bool = False
    signed: bool = False
    address_control: bool = False
    actor: str = SUBJECT
    language: str | None = None
    valid_until: int | None = None
    sale: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The entry, its grade and the state of the purpose afterwards. `event` None: nothing may be stored."""

    event: str | None
    grade: Grade
    state: str
    pending: int = 0

    def document(self) -> dict[str, str | int | None]:
        """The `--json` document of `record` (design 1.1)."""
        return {
            "event": self.event,
            "grade": str(self.grade),
            "state": self.state,
            "pending": self.pending,
        }


def record(desk: Desk, address: str, act: Act) -> Recorded:
    """Record one act.

    Raises ConfigurationError for inputs that contradict each other, Refused for a yes of somebody who must
    not be brought back or who cannot be told apart.
    """
    normalised = address_of(address)
    _check(act)
    texts = _canonical(act)
    if act.type in NOES:
        return _record_no(desk, address, normalised, act, texts)
    return _record_yes(desk, address.strip(), normalised, act, texts)


def _check(act: Act) -> None:
    for wrong, kind, problem, next_step in (
        (
            act.purpose is None and act.type not in NOES,
            "yes_names_one",
            "A yes is a yes to one purpose.",
            "Say --purpose with one of the configured keys.",
        ),
        (
            act.valid_until is not None and act.valid_until <= act.at.hi,
            "ended_before",
            "It would have ended before it was given.",
            "Say a later --valid-until.",
        ),
        (
            act.actor not in {SUBJECT, GUARDIAN} and not act.actor.startswith("staff:"),
            "no_such_actor",
            "Nobody is named by this actor.",
            "Say --actor staff:NAME, or leave it out where it was the person's own act.",
        ),
        (
            act.type is EventType.SOFT_OPTIN and not act.sale,
            "no_sale",
            "A soft opt-in rests on a sale (MFL 19 §).",
            "Say --sale with the order's number.",
        ),
        (
            any(len(f.data) > KEEP_LIMIT for f in act.evidence) and act.keep,
            "file_too_large",
            "A file of more than 1 MiB is not kept here.",
            "Keep it in your archive and record it without --keep: its hash is in the log either way.",
        ),
    ):
        if wrong:
            raise ConfigurationError(problem, where="record", kind=kind, next_step=next_step)


@dataclass(frozen=True, slots=True)
class _Texts:
    """The canonical texts that were shown."""

    wording: bytes | None
    notice: bytes | None
    language: str | None

    @property
    def wording_hash(self) -> str | None:
        return sha256(self.wording).hexdigest() if self.wording else None

    @property
    def notice_hash(self) -> str | None:
        return sha256(self.notice).hexdigest() if self.notice else None

    def store(self, desk: Desk, work: Work, source: Source) -> None:
        """As blobs with the door where they were in use."""
        for kind, data in ((wordings.WORDING, self.wording), (wordings.NOTICE, self.notice)):
            if data:
                hashed = work.blobs.put(kind, data, self.language)
                work.blobs.used(hashed, f"record:{source}", desk.clock.now())


def _canonical(act: Act) -> _Texts:
    wording, notice = _text(act.wording, "--wording"), _text(act.notice, "--notice")
    told = (wording or b"") + (notice or b"")
    return _Texts(wording, notice, act.language or wordings.language_of(told.decode()))


def _text(file: File | None, where: str) -> bytes | None:
    if file is None:
        return None
    try:
        text = file.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if not text.strip() or len(file.data) > TEXT_LIMIT or "\0" in text:
        raise ConfigurationError(
            "The wording is no text.",
            where=where,
            kind="wording_no_text",
            next_step="Name a UTF-8 text file with exactly what the person saw or heard.",
        )
    return wordings.canonical(text)


def _evidence(act: Act) -> tuple[Mapping[str, str | bool], ...]:
    return tuple(
        {"kind": _kind(act.source, file), "sha256": file.hash, "stored": act.keep} for file in act.evidence
    )


def _kind(source: Source, file: File) -> str:
    ending = PurePath(file.name).suffix.casefold()
    if source is Source.PHONE and ending in SOUND:
        return "call_recording"
    return KINDS.get(source, "screenshot" if ending in PICTURES else "api_assertion")


def _reference(normalised: str, act: Act, texts: _Texts) -> str:
    """A hash of all that was said: said twice, it is one entry."""
    told = [
        normalised,
        act.type,
        act.purpose.key if act.purpose else ALL_MARKETING,
        act.source,
        act.at.lo,
        act.at.hi,
        act.actor,
        texts.wording_hash,
        texts.notice_hash,
        [file.hash for file in act.evidence],
        act.signed,
        act.address_control,
        act.valid_until,
        act.sale,
    ]
    return "record:" + sha256(json.dumps(told).encode()).hexdigest()


# --- a no ------------------------------------------------------------------------------------------------


def _record_no(desk: Desk, address: str, normalised: str, act: Act, texts: _Texts) -> Recorded:
    """As `withdraw` does: for everyone who uses the address, pushed at once."""
    no = No(
        purpose=act.purpose,
        source=act.source,
        actor=act.actor,
        t_lo=act.at.lo,
        t_hi=act.at.hi,
        source_ref=_reference(normalised, act, texts),
        kind=act.type,
        wording=texts.wording_hash,
        notice=texts.notice_hash,
        language=texts.language,
        evidence=_evidence(act),
    )
    done = withdraw(desk, address, no)
    with desk.mirror.write(desk.portal) as work:
        people = [] if work.suppression.screen([normalised]) else users_of(work, normalised)
        if not people:
            return Recorded(None, Grade.E0, "UNKNOWN", done.pending)
        texts.store(desk, work, act.source)
        found = [_found(work, person, no.source_ref) for person in people]
        for person, event in zip(people, found, strict=True):
            _keep_files(work, person, event, act)
        return Recorded(found[0].id, found[0].grade, _state_of(desk, work, people[0], act), done.pending)


def _found(work: Work, person: Person, source_ref: str | None) -> Event:
    events = work.log.events_of([person.id]).get(person.id, [])
    return next(event for event in events if event.source_ref == source_ref)


def _state_of(desk: Desk, work: Work, person: Person, act: Act) -> str:
    """Of the purpose; of the first marketing purpose where the act is about all of them."""
    purpose = act.purpose or next(iter(desk.purposes.marketing), None)
    row = work.states.of([person.id]).get((person.id, purpose.key)) if purpose else None
    return str(row.state) if row else "UNKNOWN"


# --- a yes -----------------------------------------------------------------------------------------------


def _record_yes(desk: Desk, original: str, normalised: str, act: Act, texts: _Texts) -> Recorded:
    grade = _grade(act)
    tally = Tally()
    read = _unread(desk, normalised, original)
    with desk.mirror.write(desk.portal) as work:
        suppressed = work.suppression.screen([normalised]).get(normalised, ())
        if suppressed:
            _screen(desk, act, grade, suppressed)
        person = _one_person(work, normalised, original, act, lift=suppressed)
        texts.store(desk, work, act.source)
        event = work.log.append([(person.id, _yes(work, normalised, act, texts, grade))])[0]
        _keep_files(work, person, event, act)
        ref = work.people.address_ref(normalised)
        seen = {ref: heard(work, ref, read, desk.clock.now())} if read is not None else {}
        reconcile(desk, work, person.id, seen, tally)
        state = _state_of(desk, work, person, act)
    return Recorded(event.id, event.grade, state)


def _unread(desk: Desk, normalised: str, original: str) -> Preferences | None:
    """HubSpot's answer about somebody whose statuses were never read; None for the others."""
    with desk.mirror.read(desk.portal) as work:
        people = users_of(work, normalised)
        if people and not all(facts_of(desk, work, person).unread for person in people):
            return None
    return ask(desk, original)


def _grade(act: Act) -> Grade:
    grade = recorded_grade(
        act.source,
        wording=act.wording is not None,
        signed=act.signed and act.source is Source.PAPER,
        address_control=act.address_control,
        call_evidence=bool(act.evidence),
    )
    return min(grade, Grade.E1) if act.type is EventType.CLAIM else grade


def _yes(work: Work, normalised: str, act: Act, texts: _Texts, grade: Grade) -> Event:
    assert act.purpose is not None  # noqa: S101 - _check has refused it
    return Event(
        type=act.type,
        purpose=act.purpose.key,
        basis=_basis(act, act.purpose),
        t_lo=act.at.lo,
        t_hi=act.at.hi,
        actor=act.actor,
        source=act.source,
        source_ref=_reference(normalised, act, texts),
        grade=grade,
        address=work.people.address_ref(normalised),
        wording=texts.wording_hash,
        notice=texts.notice_hash,
        language=texts.language,
        valid_until=act.valid_until,
        evidence=_evidence(act),
        detail={SALE: act.sale} if act.sale else {},
    )


def _basis(act: Act, purpose: Purpose) -> Basis:
    if act.type is EventType.SOFT_OPTIN:
        return Basis.SOFT_OPTIN
    return Basis.CONSENT if purpose.marketing else purpose.basis


def _screen(desk: Desk, act: Act, grade: Grade, suppressed: Sequence[Suppressed]) -> None:
    """Rows 34 and 35: only a new act of the person, proved and of today, begins anew. Raises Refused.

    The list keeps the month of an entry and no day (design 3): an older act may have come before it.
    """
    fresh = act.at.lo >= desk.clock.now() - FRESH_ACT_MS
    own = act.type is EventType.GRANT and act.actor in {SUBJECT, GUARDIAN}
    if suppressed and not (own and fresh and grade >= Grade.E3):
        raise Refused(
            "This address is on the suppression list.",
            where="record",
            kind="suppressed",
            next_step="Only a new act of the person, of the last 24 hours and with verified address (E3), "
            "begins anew.",
        )


def _one_person(
    work: Work, normalised: str, original: str, act: Act, *, lift: Sequence[Suppressed]
) -> Person:
    """A yes is one person's. Raises Refused where several use the address and none is named."""
    if lift:
        return _anew(work, normalised, original, act, lift)
    people = users_of(work, normalised)
    if act.subject is not None:
        people = [person for person in people if person.ref == act.subject]
    if len(people) > 1 or (act.subject is not None and not people):
        raise Refused(
            "Several people use this address, and a yes is one person's.",
            where="record",
            kind="shared_yes",
            next_step="Say --subject with the reference of the one who said it (`person show`).",
        )
    return people[0] if people else _stranger(work, normalised, original, act)


def _stranger(work: Work, normalised: str, original: str, act: Act) -> Person:
    person = work.people.create([[NewAddress(normalised, original)]])[0]
    ref = work.people.address_ref(normalised)
    added = Event(type=EventType.IDENTIFIER_ADDED, source=act.source, address=ref)
    work.log.append([(person.id, added)])
    return person


def _anew(work: Work, normalised: str, original: str, act: Act, lift: Sequence[Suppressed]) -> Person:
    """A new relationship that the person began (row 35): a new reference, nothing of the old one."""
    for kind in {each.kind for each in lift}:
        work.suppression.lift(normalised, kind)
    person = _stranger(work, normalised, original, act)
    assert act.purpose is not None  # noqa: S101 - _check has refused it
    lifted = Event(
        type=EventType.SUPPRESSION_LIFTED,
        purpose=act.purpose.key,
        actor=act.actor,
        source=act.source,
        reason="new_sign_up",
        row=35,
    )
    work.log.append([(person.id, lifted)])
    return person


# --- files that are kept ---------------------------------------------------------------------------------


def _keep_files(work: Work, person: Person, event: Event, act: Act) -> None:
    """Each file as an entry of its own: sealed with the person's key, gone with the person."""
    if not act.keep:
        return
    items = [
        Event(
            type=EventType.OBSERVED,
            source=act.source,
            source_ref=f"file:{event.source_ref}:{file.hash}",
            target=event.id,
            detail={
                "kind": KEPT,
                "name": PurePath(file.name).name[:200],
                "sha256": file.hash,
                "content": base64.b64encode(file.data).decode(),
            },
        )
        for file in act.evidence
    ]
    work.log.append([(person.id, item) for item in items])


def kept_file(desk: Desk, address: str, prefix: str) -> File:
    """A file that was kept, by the beginning of its SHA-256. Raises Refused where there is none."""
    normalised = address_of(address)
    with desk.mirror.read(desk.portal) as work:
        people = people_at(work, normalised)
        held = work.log.events_of([person.id for person in people])
    refs = {person.id: person.ref for person in people}
    for number, event in ((number, each) for number, events in held.items() for each in events):
        told = event.detail
        if told.get("kind") == KEPT and str(told.get("sha256")).startswith(prefix) and len(prefix) >= 8:
            return File(str(told.get("name")), base64.b64decode(str(told.get("content"))), refs[number])
    raise Refused(
        "No such file is kept for this person.",
        where="record",
        kind="no_such_evidence",
        next_step="Say the first 8 or more digits of its SHA-256, as `person receipt` shows it.",
    )
