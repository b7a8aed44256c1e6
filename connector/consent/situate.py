"""From what was read to a cell of the table: which of two times is compared with which."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from connector.consent.events import Grade, Overlay, Source, State
from connector.consent.situation import SOMEONES, Identity, Privacy, Seen, Situation, Time, Wide, Write
from connector.consent.state import SIGMA_MS, Standing
from connector.consent.times import relation
from connector.consent.yeses import Yes
from mappings import bases
from mappings.purposes import Purpose
from mappings.records import StatusRow, WideRow
from mappings.sources import SourceKind, kind_of
from mappings.words import Status, WideType

SEEN = {
    Status.SUBSCRIBED: Seen.SUBSCRIBED,
    Status.UNSUBSCRIBED: Seen.UNSUBSCRIBED,
    Status.NOT_SPECIFIED: Seen.NOT_SPECIFIED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What proves HubSpot's yes, where it was found: a form submission with the wording then in force.

    Times are ms UTC. It counts as E2 or E3 only with wording and time, and while it lasts (`proved`).
    `artefacts` and `detail` go into the entry as they are: hashes, the form and its page.
    """

    grade: Grade
    t_lo: int | None = None
    t_hi: int | None = None
    by_person: bool = False
    wording: str | None = None
    notice: str | None = None
    language: str | None = None
    source: Source = Source.FORM
    source_ref: str | None = None
    valid_until: int | None = None
    artefacts: tuple[Mapping[str, str | bool], ...] = ()
    detail: Mapping[str, str | int | bool | None] = field(default_factory=dict)

    def proved(self, purpose: Purpose, now: int, defective: Collection[str] = frozenset()) -> Grade:
        """Its grade; E1 at most where wording, time or the purpose's double opt-in is missing, or it is over.

        `defective`: wordings found invalid (Standing).
        """
        known = self.wording is not None and self.wording not in defective and self.t_lo is not None
        lasts = self.valid_until is None or self.valid_until > now
        # a sign-up that nobody confirmed is a request, not a consent
        confirmed = self.grade >= Grade.E3 or not purpose.double_opt_in
        return self.grade if known and lasts and confirmed else min(self.grade, Grade.E1)

    @property
    def latest(self) -> int | None:
        """The latest moment at which the person can have acted."""
        return self.t_lo if self.t_lo is None or self.t_hi is None else max(self.t_lo, self.t_hi)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of HubSpot for one address and purpose.

    `address` is the opaque reference. `row` None: HubSpot holds none. `wide`: every opt-out of everything
    found for the address. `now`: our clock. `id`, `wide_id`: the standing facts that the row and the wide
    opt-out are sightings of; they stay the same as long as HubSpot's answer does.
    """

    purpose: Purpose
    address: str
    now: int
    row: StatusRow | None = None
    wide: Sequence[WideRow] = ()
    id: str = ""
    wide_id: str = ""
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What surrounds a reading. `own_*`: echo.is_echo said so, or two people annulled that sighting.

    `units`: the business units that purposes belong to. `subject_sources`: as made by
    mappings.sources.subject_texts. The rest as in Situation.
    """

    overlay: Overlay | None = None
    write: Write = Write.NONE
    identity: Identity = Identity.NONE
    privacy: Privacy = Privacy.NONE
    signup: bool = False
    own_status: bool = False
    own_wide: bool = False
    wide_stands: bool = False
    confirmed: bool = False
    units: frozenset[int] = frozenset({0})
    subject_sources: frozenset[str] = frozenset()
    sigma_ms: int = SIGMA_MS


NOTHING_SPECIAL = Context()


def sighting(address: str, subscription: int, status: Status | str, at: int | None, first_seen: int) -> str:
    """The id of a standing fact in HubSpot: the same for every read until HubSpot's answer changes.

    Its own date names it; an undated answer (a property) is named by when we first saw it without a break.
    `subscription` 0 is the opt-out of everything. All times are ms UTC.
    """
    when = f"~{first_seen}" if at is None else str(at)
    return f"{address}/{subscription}/{status}/{when}"


def situate(reading: Reading, standing: Standing, context: Context = NOTHING_SPECIAL) -> Situation:
    """The cell of the table for one reading. Never raises: what is not understood fails closed (row 45)."""
    purpose, row = reading.purpose, reading.row
    status, wide, proof = seen(row), wide_of(reading, context), _proof(reading, standing)
    own = status is Seen.UNSUBSCRIBED and (context.own_status or context.write is Write.ECHO)
    no_at, is_no = _no_time(reading, status, context, own=own)
    yes = standing.grant
    if is_no:
        yes, time = _against_no(no_at, standing, context.sigma_ms, reading.now)
    else:
        time = _against_yes(reading, standing, proof, context.sigma_ms)
    return Situation(
        status=status,
        wide=wide,
        state=standing.state,
        overlay=context.overlay,
        time=time,
        source=_source(reading, context),
        evidence=proof,
        grade=Grade.E0 if yes is None else yes.grade,
        by_person=yes is not None and yes.by_person,
        write=context.write,
        identity=context.identity,
        privacy=context.privacy,
        signup=context.signup,
        own=own,
        wide_no=standing.wide_no,
        wide_stands=context.wide_stands,
        has_no=standing.last_no is not None,
        no_dated=standing.last_no_dated,
        confirmed=context.confirmed,
        marketing=purpose.marketing,
        policy=purpose.push_soft_optin,
        drift=_drifts(row, standing, purpose),
    )


def seen(row: StatusRow | None) -> Seen:
    """HubSpot's word for one type; a word that we do not know is kept apart."""
    if row is None:
        return Seen.ABSENT
    try:
        return SEEN[Status(row.status)]
    except ValueError:
        return Seen.UNKNOWN_VALUE


def wide_of(reading: Reading, context: Context) -> Wide:
    """The widest opt-out of everything that reaches the purpose; unknown words before all else."""
    reaches = {_reach(row, reading.purpose, context) for row in reading.wide}
    for widest in (Wide.UNKNOWN_VALUE, Wide.PORTAL, Wide.UNMAPPED_UNIT, Wide.UNIT, Wide.OWN):
        if widest in reaches:
            return widest
    return Wide.NONE


def wide_rows(reading: Reading, context: Context) -> list[WideRow]:
    """Someone's opt-outs of everything that reach this purpose; none where it is no marketing."""
    reached = SOMEONES if reading.purpose.marketing else ()
    return [row for row in reading.wide if _reach(row, reading.purpose, context) in reached]


def wide_times(reading: Reading) -> list[int | None]:
    """When HubSpot says that someone opted out of everything, for each such answer; empty without one."""
    return [row.at for row in reading.wide if row.status == Status.UNSUBSCRIBED]


def _reach(row: WideRow, purpose: Purpose, context: Context) -> Wide:
    if row.status in (Status.SUBSCRIBED, Status.NOT_SPECIFIED):
        return Wide.NONE
    if row.status != Status.UNSUBSCRIBED or row.kind not in (*WideType,):
        return Wide.UNKNOWN_VALUE
    if row.kind == WideType.PORTAL_WIDE:
        return Wide.OWN if context.own_wide else Wide.PORTAL
    if row.business_unit is None or row.business_unit not in context.units:
        return Wide.UNMAPPED_UNIT
    return Wide.UNIT if row.business_unit == purpose.business_unit else Wide.NONE


def _no_time(reading: Reading, status: Seen, context: Context, *, own: bool) -> tuple[int | None, bool]:
    """When HubSpot says that the person said no: the latest of its answers, unknown if one is undated."""
    times = [row.at for row in wide_rows(reading, context)]
    if status is Seen.UNSUBSCRIBED and not own and reading.row is not None:
        times.append(reading.row.at)
    known = [at for at in times if at is not None]
    return (max(known) if known and len(known) == len(times) else None), bool(times)


def _against_no(at: int | None, standing: Standing, sigma_ms: int, now: int) -> tuple[Yes | None, Time]:
    """The consent to weigh against a no: the best of those that the formula would let stand above it."""
    yeses = [yes for yes in standing.yeses if not yes.expired] or standing.yeses
    if not yeses:
        return None, relation(at, None, sigma_ms, now)
    newer = [yes for yes in yeses if at is not None and at + sigma_ms < yes.t_lo]
    best = max(newer, key=lambda yes: yes.strength, default=None)
    if best is None:  # none is clearly newer: the newest one tells tie from later
        best = max(yeses, key=lambda yes: yes.t_lo)
    return best, relation(at, best.t_lo, sigma_ms, now)


def _proof(reading: Reading, standing: Standing) -> Grade:
    if reading.evidence is None:
        return Grade.E0
    return reading.evidence.proved(reading.purpose, reading.now, standing.defective)


def _against_yes(reading: Reading, standing: Standing, proof: Grade, sigma_ms: int) -> Time:
    """A yes is weighed by the act that proves it, if one does, else by the date of the status."""
    at = None if reading.row is None else reading.row.at
    act = reading.evidence if proof >= Grade.E2 else None
    for told in (at, None if act is None else act.latest):
        if relation(told, None, sigma_ms, reading.now) is Time.FUTURE:
            return Time.FUTURE
    return relation(at if act is None else act.t_lo, _yes_reference(standing), sigma_ms, reading.now)


def _yes_reference(standing: Standing) -> int | None:
    """The last no; for a consent that has ended also that consent: reading it again is no new act."""
    ended = standing.since if standing.state in (State.EXPIRED, State.INVALIDATED) else None
    return max((at for at in (standing.last_no, ended) if at is not None), default=None)


def _source(reading: Reading, context: Context) -> SourceKind:
    if reading.row is None:
        return SourceKind.UNKNOWN
    kind = kind_of(reading.row.source, context.subject_sources)
    if kind is SourceKind.SUBJECT and reading.evidence is not None and not reading.evidence.by_person:
        return SourceKind.UNKNOWN  # the evidence tells of someone else's act
    return kind


def _drifts(row: StatusRow | None, standing: Standing, purpose: Purpose) -> bool:
    if row is None or standing.state is not State.GRANTED:
        return False
    return bases.drifts(row.basis, standing.basis, marketing=purpose.marketing)
