"""Pairs a sent form with the wording that was in force, and tells what it proves. Pure.

HubSpot keeps no history of texts and its submissions carry none (HA 11): what the form said then is
known only where its present version is older than the submission and was read after it. Whether the box
was ticked is told by the submission itself, else by HubSpot's own status of that very moment. Every doubt
makes it a claim.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from connector.consent.events import SUBJECT, Basis, Event, EventType, Grade, Source, State
from connector.consent.situate import Evidence
from connector.consent.timeline import RECIPIENT
from connector.consent.yeses import REQUEST_LIVES_MS
from mappings.purposes import Purpose, Purposes
from mappings.sources import SourceKind, kind_of, plain
from mappings.words import LegalBasis, Status

SUBMISSION: Final = "form_submission"
#: HubSpot's texts for the person's own act at another door than a form.
CONFIRMED: Final = plain("Double opt-in confirmation")
FORM_TEXTS: Final = frozenset(map(plain, ("Form submission", "Recipient", RECIPIENT)))
#: Bases of a status that a ticked box can have led to; legitimate interest is never a consent.
CONSENTING: Final = (None, LegalBasis.CONSENT_WITH_NOTICE, LegalBasis.PROCESS_AND_STORE)
#: Where the table itself turns a proved SUBSCRIBED into a consent (rows 10, 17, 19).
BY_THE_TABLE: Final = frozenset(
    {State.UNKNOWN, State.CLAIMED, State.WITHDRAWN, State.DENIED, State.EXPIRED, State.INVALIDATED}
)


class Doubt(StrEnum):
    """Why a sent form proves less than a consent."""

    CHANGED = "wording_may_have_changed"
    NEVER_SEEN = "wording_never_seen"
    UNDATED = "submission_or_form_undated"
    NO_WORDING = "box_without_wording"
    NO_PAGE = "page_unknown"
    REQUIRED = "box_was_required"
    SHARED = "address_is_shared"
    NOT_SUBSCRIBED = "hubspot_never_showed_it"


class Tick(StrEnum):
    """What the submission itself says about a box."""

    YES = "yes"
    NO = "no"
    UNTOLD = "untold"


class Door(StrEnum):
    """By which act of the person HubSpot's status came."""

    FORM = "form"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a form: HubSpot's `updatedAt`, and when we saw it first and last. Times in ms UTC."""

    definition: str  # hash of the stored definition
    updated_at: int | None
    first_seen: int
    last_seen: int


@dataclass(frozen=True, slots=True)
class Paired:
    """The version in force when a form was sent; `doubt` None: for certain."""

    version: Version | None
    doubt: Doubt | None = None


class Row(Protocol):
    """What HubSpot holds for one type, as the store keeps it."""

    @property
    def status(self) -> Status | str: ...
    @property
    def at(self) -> int | None: ...
    @property
    def source(self) -> str | None: ...
    @property
    def basis(self) -> LegalBasis | str | None: ...


def pair(versions: Sequence[Version], at: int | None, sigma_ms: int) -> Paired:
    """The version in force at a moment. `versions` in the order of reading; the last one was read after the
    submission was listed, so that its own `updatedAt` decides, whatever our clock says."""
    dated = [each for each in versions if each.updated_at is not None]
    if at is None or not dated or len(dated) < len(versions):
        return Paired(versions[-1] if versions else None, Doubt.UNDATED)
    older = [each for each in dated if each.updated_at is not None and each.updated_at <= at]
    if not older:
        return Paired(None, Doubt.NEVER_SEEN)
    best = older[-1]
    if best is versions[-1] or best.last_seen - sigma_ms >= at:
        return Paired(best)
    return Paired(best, Doubt.CHANGED)


def recorded(version: Version, versions: Sequence[Version]) -> list[Version]:
    """The versions with one more reading of the form."""
    if versions and _same(versions[-1], version):
        last = versions[-1]
        seen = Version(last.definition, last.updated_at, last.first_seen, version.last_seen)
        return [*versions[:-1], seen]
    return [*versions, version]


def _same(one: Version, other: Version) -> bool:
    return (one.definition, one.updated_at) == (other.definition, other.updated_at)


# --- the entry that a submission is kept as --------------------------------------------------------------


def is_submission(event: Event) -> bool:
    """A form that somebody sent, as it was read: no act by itself."""
    return (
        event.type is EventType.OBSERVED
        and event.source is Source.FORM
        and event.detail.get("kind") == SUBMISSION
    )


@dataclass(frozen=True, slots=True)
class Box:
    """One box of one submission."""

    event: Event
    purpose: str

    @property
    def ref(self) -> str:
        """What names it: form, submission, purpose."""
        return f"form:{(self.event.source_ref or '').removeprefix('seen:')}:{self.purpose}"

    @property
    def tick(self) -> str:
        """What the submission itself said."""
        return str(self.event.detail.get(f"ticked:{self.purpose}"))

    @property
    def wording(self) -> str | None:
        """Hash of what stood beside the box, where that is certain."""
        return _text(self.event.detail.get(f"wording:{self.purpose}"))

    @property
    def doubt(self) -> str | None:
        """Why it proves less than a consent; None: it does not."""
        if self.event.reason:
            return self.event.reason
        if self.event.detail.get(f"required:{self.purpose}"):
            return Doubt.REQUIRED
        return Doubt.NO_WORDING if self.wording is None else None

    @property
    def grade(self) -> Grade:
        """E2 with who, when, how and the exact wording; else E1."""
        return Grade.E1 if self.doubt else Grade.E2

    @property
    def at(self) -> int | None:
        """When it was sent, ms UTC."""
        return self.event.t_lo


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def boxes(events: Iterable[Event], purpose: str, address: str | None = None) -> Iterator[Box]:
    """The boxes for one purpose that may have been ticked, by one address or by any."""
    for event in events:
        if not is_submission(event) or f"ticked:{purpose}" not in event.detail:
            continue
        box = Box(event, purpose)
        if box.tick != Tick.NO and (address is None or event.address == address):
            yield box


# --- what HubSpot's status of that moment tells ----------------------------------------------------------


def door_of(
    source: str | None, basis: LegalBasis | str | None, also_subject: Collection[str] = frozenset()
) -> Door | None:
    """The act behind a SUBSCRIBED: a form, its confirmation, or something that a form cannot prove."""
    if source is None or basis not in CONSENTING or kind_of(source, also_subject) is not SourceKind.SUBJECT:
        return None
    text = plain(source)
    if text == CONFIRMED:
        return Door.CONFIRMATION
    return Door.FORM if text in FORM_TEXTS or text in also_subject else None


def evidence_of(
    events: Iterable[Event],
    address: str,
    purpose: Purpose,
    row: Row | None,
    sigma_ms: int,
    also_subject: Collection[str] = frozenset(),
) -> Evidence | None:
    """What proves a SUBSCRIBED that stands in HubSpot: the form sent at that moment (rows 10, 17, 19)."""
    if row is None or row.status != Status.SUBSCRIBED or row.at is None:
        return None
    door = door_of(row.source, row.basis, also_subject)
    if door is None:
        return None
    told = _Told(row.at, door)
    fitting = [box for box in boxes(events, purpose.key, address) if told.fits(box, sigma_ms)]
    best = max(fitting, key=lambda box: (box.grade, box.at or 0), default=None)
    return None if best is None else _evidence(best, told)


@dataclass(frozen=True, slots=True)
class _Told:
    """HubSpot told of a SUBSCRIBED at this moment, by this act."""

    at: int
    door: Door

    def fits(self, box: Box, sigma_ms: int) -> bool:
        if box.at is None:
            return False
        if self.door is Door.CONFIRMATION:
            return -sigma_ms <= self.at - box.at <= REQUEST_LIVES_MS
        return abs(self.at - box.at) <= sigma_ms


def _evidence(box: Box, told: _Told) -> Evidence:
    confirmed = told.door is Door.CONFIRMATION
    at = told.at if confirmed else box.at
    proved = Grade.E3 if confirmed else Grade.E2
    return Evidence(
        grade=proved if box.doubt is None else Grade.E1,
        t_lo=at,
        t_hi=at,
        by_person=True,
        wording=box.wording,
        notice=box.event.notice,
        language=box.event.language,
        source=Source.FORM,
        source_ref=f"doi:{box.ref}" if confirmed else box.ref,
        artefacts=box.event.evidence,
        detail=_where(box),
    )


def _where(box: Box) -> dict[str, str | int | bool | None]:
    """How it was given: the form, its page, and the definition that was in force."""
    return {name: box.event.detail.get(name) for name in ("form", "page", "submission", "definition")}


# --- what follows from the submissions of one person ----------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known about one person. `rows`: HubSpot's last word by (address reference, type)."""

    events: Sequence[Event]
    rows: Mapping[tuple[str, int], Row]
    purposes: Purposes
    state: Callable[[Purpose], State]
    now: int
    sigma_ms: int
    also_subject: Collection[str] = frozenset()


def acts_due(known: Known) -> list[Event]:
    """The acts that a person's submissions tell of, beside those that the table takes from HubSpot's status.

    Asked again it answers the same, with the same references: what is there already is not appended twice.
    """
    return [
        event
        for purpose in known.purposes
        for box in boxes(known.events, purpose.key)
        for event in (_signed_up if purpose.double_opt_in else _said)(known, purpose, box)
    ]


def _signed_up(known: Known, purpose: Purpose, box: Box) -> Iterator[Event]:
    """A double opt-in: the sign-up is a request, its confirmation makes the consent (CD 3.1)."""
    confirmed = next((t for t in _tellings(known, purpose, box) if t.door is Door.CONFIRMATION), None)
    open_still = box.at is not None and known.now - box.at < REQUEST_LIVES_MS
    if confirmed is None and not open_still:
        return  # its time is over: nothing is kept of it, or made of it anew (CD 3.3)
    yield _act(EventType.REQUEST, box, f"request:{box.ref}", grade=box.grade)
    if confirmed is not None:
        grade = Grade.E3 if box.doubt is None else Grade.E1
        yield _act(EventType.CONFIRM, box, f"confirm:{box.ref}", grade=grade, at=confirmed.at)


def _said(known: Known, purpose: Purpose, box: Box) -> Iterator[Event]:
    """A ticked box. A tick that nobody tells of is no act."""
    told = _tellings(known, purpose, box)
    if not told and box.tick != Tick.YES:
        return
    if box.doubt is not None:
        yield _act(EventType.CLAIM, box, f"claim:{box.ref}", grade=Grade.E1, reason=box.doubt)
    elif not told and not _went_through(known, purpose, box):
        reason = Doubt.NOT_SUBSCRIBED  # a confirmation may be waited for: nothing is passed on
        yield _act(EventType.CLAIM, box, f"claim:{box.ref}", grade=Grade.E1, reason=reason)
    elif not _left_to_the_table(known, purpose, box):
        yield _grant(box, next((t for t in told if t.door is Door.CONFIRMATION), None))


def _grant(box: Box, confirmed: _Told | None) -> Event:
    """Confirmed by the person's own mailbox it is E3, at the confirmation's time."""
    if confirmed is None:
        return _act(EventType.GRANT, box, box.ref, grade=Grade.E2)
    return _act(EventType.GRANT, box, f"doi:{box.ref}", grade=Grade.E3, at=confirmed.at)


def _left_to_the_table(known: Known, purpose: Purpose, box: Box) -> bool:
    """HubSpot still shows it: rows 10, 17 and 19 make the consent of it."""
    row = known.rows.get((box.event.address or "", purpose.subscription_id))
    found = evidence_of(
        (box.event,), box.event.address or "", purpose, row, known.sigma_ms, known.also_subject
    )
    return found is not None and known.state(purpose) in BY_THE_TABLE


def _went_through(known: Known, purpose: Purpose, box: Box) -> bool:
    """HubSpot holds a yes or a later no for it: the sign-up did not stop half-way."""
    row = known.rows.get((box.event.address or "", purpose.subscription_id))
    if row is None or row.status not in (Status.SUBSCRIBED, Status.UNSUBSCRIBED):
        return False
    return row.at is None or box.at is None or row.at + known.sigma_ms >= box.at


def _tellings(known: Known, purpose: Purpose, box: Box) -> list[_Told]:
    """Every telling of HubSpot that fits: its status now, statuses that the log kept, the v1 timeline."""
    row = known.rows.get((box.event.address or "", purpose.subscription_id))
    found = [] if row is None else [_told(row.status, row.source, row.basis, row.at, known)]
    found += [
        _logged(event, known)
        for event in known.events
        if event.purpose == purpose.key and event.address == box.event.address and _is_hubspots(event)
    ]
    return [told for told in found if told is not None and told.fits(box, known.sigma_ms)]


def _is_hubspots(event: Event) -> bool:
    return event.source is Source.HUBSPOT and event.detail.get("status") == Status.SUBSCRIBED


def _logged(event: Event, known: Known) -> _Told | None:
    source, basis = _text(event.detail.get("source")), _text(event.detail.get("basis"))
    return _told(Status.SUBSCRIBED, source, basis, event.observed_at, known)


def _told(
    status: Status | str,
    source: str | None,
    basis: LegalBasis | str | None,
    at: int | None,
    known: Known,
) -> _Told | None:
    door = door_of(source, basis, known.also_subject)
    if status != Status.SUBSCRIBED or at is None or door is None:
        return None
    return _Told(at, door)


def _act(
    kind: EventType, box: Box, ref: str, *, grade: Grade, at: int | None = None, reason: str | None = None
) -> Event:
    when = box.at if at is None else at
    return Event(
        type=kind,
        purpose=box.purpose,
        basis=Basis.CONSENT,
        t_lo=when,
        t_hi=when,
        observed_at=when,
        actor=SUBJECT,
        source=Source.FORM,
        source_ref=ref,
        grade=grade,
        address=box.event.address,
        wording=box.wording if grade >= Grade.E2 else None,
        notice=box.event.notice if grade >= Grade.E2 else None,
        language=box.event.language,
        reason=reason,
        evidence=box.event.evidence,
        detail=_where(box),
    )
