"""What forms give: every version of their texts, and what people sent through them, as evidence.

A sent form is kept as one `observed` entry with the wording that was in force; the acts it tells of follow
from it, from HubSpot's statuses and from the v1 timeline (connector.consent.pairing), whichever came first.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from urllib.parse import urlsplit

from connector.acts.desk import Desk
from connector.acts.facts import Facts, facts_of_many
from connector.acts.reconcile import Matter, reconcile_group
from connector.acts.tally import Tally
from connector.consent import wordings
from connector.consent.events import NO_PURPOSE, SUBJECT, Basis, Event, EventType, Grade, Source, State
from connector.consent.pairing import (
    SUBMISSION,
    Doubt,
    Known,
    Paired,
    Tick,
    Version,
    acts_due,
    pair,
    recorded,
)
from connector.consent.timeline import TIMELINE, noes_due
from connector.store.people import AddressKind
from connector.store.work import Work
from mappings.addresses import NotAnAddress, normalise
from mappings.purposes import Purpose
from mappings.records import FormDefinition, Submission, TimelineChange
from mappings.words import EMAIL, Status

TICKED = "LEGAL_CONSENT.subscription_type_"  # HubSpot's name for the box of a type, + subscription id
YES = frozenset({"checked", "true", "yes", "on", "1"})
VERSIONS_KEPT = 500
OPEN_REQUESTS = "double_opt_in_open"  # when the last sign-up that waits for its confirmation was recorded
WEEK_MS = 7 * 86_400_000
GROUP = 200
NOES_DUE = "timeline_noes"

Item = tuple[int | None, Event]


# --- definitions -----------------------------------------------------------------------------------------


def see_forms(desk: Desk, work: Work, forms: Iterable[FormDefinition]) -> None:
    """Store the texts of these forms as they are now, and that they were in force at this moment."""
    now = desk.clock.now()
    for form in forms:
        if form.consent_type == "none":
            continue
        hashed = _keep(work, form, now)
        versions = versions_of(work, form.id)
        seen = recorded(Version(hashed, form.updated_at, now, now), versions)[-VERSIONS_KEPT:]
        rows = [[v.definition, v.updated_at, v.first_seen, v.last_seen] for v in seen]
        work.cursors.put(_versions_key(form.id), rows)


def versions_of(work: Work, form_id: str) -> list[Version]:
    """The versions of a form in the order of reading."""
    return [Version(*row) for row in work.cursors.get(_versions_key(form_id)) or ()]


def _versions_key(form_id: str) -> str:
    return f"form_versions:{form_id}"


def _keep(work: Work, form: FormDefinition, now: int) -> str:
    """The definition, the notice and the wording of each box; the definition's hash."""
    hashed = work.blobs.put(wordings.FORM, wordings.definition(form))
    work.blobs.used(hashed, f"form:{form.id}", now)
    notice = wordings.notice_of(form)
    if notice is not None:
        language = wordings.language_of(notice.decode())
        work.blobs.used(work.blobs.put(wordings.NOTICE, notice, language), f"form:{form.id}", now)
    for subscription in wordings.boxes_of(form):
        shown = wordings.shown(form, subscription)
        if shown is not None:
            wording = work.blobs.put(wordings.WORDING, shown.wording, shown.language)
            work.blobs.used(wording, f"form:{form.id}:{subscription}", now)
    return hashed


def has_boxes(desk: Desk, form: FormDefinition) -> bool:
    """Somebody can say yes to one of our purposes on it."""
    return any(desk.purposes.of_subscription(number) for number in wordings.boxes_of(form))


# --- submissions -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """A submission with its address in the form in which addresses are compared."""

    submission: Submission
    normalised: str


def sent_by_somebody(submissions: Iterable[Submission]) -> list[Sent]:
    """Those that name one address; the others prove nothing about anybody."""
    return [Sent(each, name) for each in submissions if (name := _address(each))]


def _address(submission: Submission) -> str:
    for name, value in submission.values:
        if name.rpartition("/")[2].casefold() == EMAIL:
            try:
                return normalise(value)
            except NotAnAddress:
                continue
    return ""


def strangers(work: Work, sent: Sequence[Sent], since: int) -> list[str]:
    """Addresses of recent submissions that nobody in the mirror has or had and that are not suppressed."""
    recent = {s.normalised for s in sent if (s.submission.submitted_at or 0) >= since}
    refs = work.people.address_refs(recent)
    known = work.people.persons_of(refs.values())
    unknown = [name for name, ref in refs.items() if ref not in known]
    suppressed = work.suppression.screen(unknown)
    return [name for name in unknown if name not in suppressed]


@dataclass(frozen=True, slots=True)
class Noted:
    """Whom a page of submissions is about: person id -> when they sent last; and for whom it was new."""

    people: Mapping[int, int]
    fresh: Sequence[int]


def note_submissions(
    desk: Desk, work: Work, form: FormDefinition, sent: Sequence[Sent], tally: Tally
) -> Noted:
    """Keep what these people sent; nothing is decided yet.

    Suppressed and unknown addresses leave no row of any kind (consent-domain 0, rule 7).
    """
    suppressed = work.suppression.screen([each.normalised for each in sent])
    kept = [each for each in sent if each.normalised not in suppressed]
    entries = _entries(desk, work, form, kept)
    people: dict[int, int] = {}
    for person, event in entries:
        if person is not None:
            people[person] = max(people.get(person, 0), event.t_lo or 0)
    return Noted(people, _append(work, entries, tally))


def not_read_since(work: Work, people: Mapping[int, int]) -> list[int]:
    """HubSpot ids of those whose statuses were read before they sent the form: it may have changed them."""
    records = work.contacts.of_persons(people)
    return [
        row.id
        for person, rows in records.items()
        for row in rows
        if row.gone_at is None and (row.statuses_read_at or 0) <= people[person]
    ]


def _entries(desk: Desk, work: Work, form: FormDefinition, sent: Sequence[Sent]) -> list[Item]:
    refs = work.people.address_refs(each.normalised for each in sent)
    users = _users(work, refs.values())
    versions = versions_of(work, form.id)
    told = _Told(desk, form.id, _definitions(work, versions), {})
    items: list[Item] = []
    for each in reversed(sent):  # oldest first, as it happened
        people = users.get(refs[each.normalised], ())
        paired = pair(versions, each.submission.submitted_at, desk.sigma_ms)
        entry = told.entry(each.submission, refs[each.normalised], paired, shared=len(people) > 1)
        if entry is not None:
            items += [(person, entry) for person in people]
    return items


def _users(work: Work, refs: Iterable[str]) -> dict[str, list[int]]:
    """Who uses each address now; who used it once, only where nobody does."""
    everyone = work.people.persons_of(refs)
    held = work.people.addresses({person for people in everyone.values() for person in people})
    found = {}
    for ref, people in everyone.items():
        now = [p for p in people if any(a.ref == ref and _in_use(a.kind) for a in held.get(p, ()))]
        found[ref] = now or people
    return found


def _in_use(kind: AddressKind) -> bool:
    return kind is not AddressKind.PAST


def _definitions(work: Work, versions: Sequence[Version]) -> dict[str, FormDefinition]:
    stored = work.blobs.get({version.definition for version in versions})
    return {hashed: wordings.form_of(blob.data) for hashed, blob in stored.items()}


@dataclass(frozen=True, slots=True)
class _Told:
    """Makes the entries of one form's submissions."""

    desk: Desk
    form: str
    definitions: Mapping[str, FormDefinition]
    shown: dict[tuple[int, int], wordings.Shown | None]  # worked out once for each version and box

    def entry(self, submission: Submission, ref: str, paired: Paired, *, shared: bool) -> Event | None:
        """None where no box of the form belongs to one of our purposes."""
        version = paired.version
        seen = self.definitions.get(version.definition) if version else None
        latest = seen or next(iter(self.definitions.values()), None)
        if latest is None:
            return None
        doubt = paired.doubt or _doubt(submission, shared=shared)
        certain = version.definition if version is not None and paired.doubt is None else None
        boxes = self._boxes(latest, submission, certain)
        if not boxes:
            return None
        notice = None if certain is None or seen is None else wordings.notice_of(seen)
        return Event(
            type=EventType.OBSERVED,
            purpose=NO_PURPOSE,
            basis=Basis.NONE,
            t_lo=submission.submitted_at,
            t_hi=submission.submitted_at,
            observed_at=submission.submitted_at,
            actor=SUBJECT,
            source=Source.FORM,
            source_ref=f"seen:{self.form}:{_name(submission, ref)}",
            grade=Grade.E1 if doubt else Grade.E2,
            address=ref,
            notice=sha256(notice).hexdigest() if notice else None,
            language=self._language(latest),
            reason=doubt,
            evidence=({"kind": SUBMISSION, "sha256": _fingerprint(submission), "stored": False},),
            detail={
                "kind": SUBMISSION,
                "form": self.form,
                "page": _page(submission.page_url),
                "submission": submission.conversion_id,
                "definition": certain,
                **boxes,
            },
        )

    def _boxes(
        self, form: FormDefinition, submission: Submission, certain: str | None
    ) -> dict[str, str | bool | None]:
        found: dict[str, str | bool | None] = {}
        for number in wordings.boxes_of(form):
            purpose = self.desk.purposes.of_subscription(number)
            if purpose is None:
                continue
            found[f"ticked:{purpose.key}"] = _ticked(submission, number)
            shown = self._shown(form, number)
            if shown is not None and certain is not None:
                found[f"wording:{purpose.key}"] = sha256(shown.wording).hexdigest()
            if shown is not None and shown.required:
                found[f"required:{purpose.key}"] = True
        return found

    def _shown(self, form: FormDefinition, number: int) -> wordings.Shown | None:
        key = (id(form), number)  # `definitions` holds the forms as long as this lives
        if key not in self.shown:
            self.shown[key] = wordings.shown(form, number)
        return self.shown[key]

    def _language(self, form: FormDefinition) -> str | None:
        shown = (self._shown(form, number) for number in wordings.boxes_of(form))
        return next((each.language for each in shown if each is not None and each.language), None)


def _doubt(submission: Submission, *, shared: bool) -> Doubt | None:
    if shared:
        return Doubt.SHARED
    return None if submission.page_url else Doubt.NO_PAGE


def _ticked(submission: Submission, number: int) -> Tick:
    name = f"{TICKED}{number}".casefold()
    for field, value in submission.values:
        if field.casefold() == name:
            return Tick.YES if value.strip().casefold() in YES else Tick.NO
    return Tick.UNTOLD


def _name(submission: Submission, ref: str) -> str:
    """HubSpot's own id of the submission, else its moment and address."""
    return submission.conversion_id or f"{submission.submitted_at}.{ref[:16]}"


def _page(url: str | None) -> str | None:
    """Where it was sent from; query and fragment stay out, as addresses stand in them."""
    if not url:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"[:500]


def _fingerprint(submission: Submission) -> str:
    """SHA-256 of the submission as HubSpot answered it, so that it can be compared with HubSpot's later."""
    lines = [submission.form, submission.conversion_id or "", str(submission.submitted_at)]
    lines += [f"{name}={value}" for name, value in submission.values]
    return sha256("\n".join(lines).encode()).hexdigest()


# --- the v1 timeline -------------------------------------------------------------------------------------

OUR_OWN = frozenset({"SOURCE_API"})  # writes by programs, ours among them: no act of a person


def take_in_timeline(desk: Desk, work: Work, changes: Sequence[TimelineChange], tally: Tally) -> list[int]:
    """Keep whose act a change was, and when, of people we know; the ids of those for whom it was new."""
    told = [each for each in changes if each.source not in OUR_OWN and each.change in (*Status,)]
    refs = {each.address: ref for each in told if (ref := _ref_of(work, each.address))}
    users = work.people.persons_of(refs.values())
    entries = [
        (person, event)
        for each in reversed(told)
        for event in _observed(desk, each, refs.get(each.address, ""))
        for person in users.get(refs.get(each.address, ""), ())
    ]
    fresh = _append(work, entries, tally)
    if fresh:
        work.cursors.put(NOES_DUE, sorted({*noes_asked(work), *fresh}))
    return fresh


def noes_asked(work: Work) -> list[int]:
    """People of whom the timeline told since their noes were derived from it last."""
    return work.cursors.get(NOES_DUE) or []


def noes_settled(work: Work, person_ids: Collection[int]) -> None:
    """Their noes are entries now; in the transaction that made them so."""
    work.cursors.put(NOES_DUE, [each for each in noes_asked(work) if each not in person_ids])


def _ref_of(work: Work, address: str) -> str | None:
    try:
        return work.people.address_ref(normalise(address))
    except NotAnAddress:
        return None


def _observed(desk: Desk, change: TimelineChange, ref: str) -> Iterator[Event]:
    purpose = desk.purposes.of_subscription(change.subscription) if change.subscription else None
    if purpose is None and change.subscription is not None:
        return
    yield Event(
        type=EventType.OBSERVED,
        purpose=purpose.key if purpose else NO_PURPOSE,
        t_lo=change.at,
        t_hi=change.at,
        observed_at=change.at,
        source=Source.HUBSPOT,
        source_ref=f"timeline:{change.cause or change.at}:{change.change}:{change.subscription}",
        address=ref,
        detail={"kind": TIMELINE, "status": change.change, "source": change.source, "basis": None},
    )


# --- what follows from it --------------------------------------------------------------------------------


def settle(
    desk: Desk,
    work: Work,
    person_ids: Iterable[int],
    tally: Tally,
    *,
    always: bool = False,
    noes: bool = False,
) -> list[int]:
    """Append the acts that these people's submissions tell of, and decide those for whom there were any.

    `always`: decide all of them, since what proves HubSpot's status may be new. `noes`: also those that only
    the timeline tells of, once the statuses have been read: what they tell is theirs to tell (rows 1 to 3).
    The ids that were decided.
    """
    wanted = sorted(set(person_ids))
    if not wanted:
        return []
    people = work.people.by_ids(wanted)
    facts = facts_of_many(desk, work, [people[each] for each in wanted if each in people], with_others=False)
    due = [(number, event) for number, each in facts.items() for event in _due(desk, each, noes=noes)]
    fresh = set(_append(work, due, tally))
    _remember_requests(desk, work, due)
    decided = sorted(set(facts) if always else fresh)
    reconcile_group(desk, work, [Matter(number, {}) for number in decided], tally)
    return decided


def _due(desk: Desk, facts: Facts, *, noes: bool) -> list[Event]:
    """Yeses and requests that forms prove, and noes that only the timeline tells of."""
    alone = noes_due(facts.events, desk.purposes) if noes else ()
    return [*acts_due(_known(desk, facts)), *alone]


def _known(desk: Desk, facts: Facts) -> Known:
    return Known(
        events=facts.events,
        rows={(row.ref, row.subscription): row for row in facts.observed},
        purposes=desk.purposes,
        state=partial(_state, facts),
        now=facts.now,
        sigma_ms=desk.sigma_ms,
        also_subject=desk.subject_sources,
    )


def _state(facts: Facts, purpose: Purpose) -> State:
    return facts.standing(purpose).state


def _append(work: Work, entries: Sequence[Item], tally: Tally) -> list[int]:
    """The people whose entries were not there yet."""
    if not entries:
        return []
    size = work.log.size()
    written = work.log.append(entries)
    tally.events += work.log.size() - size
    fresh = {person for (person, _), event in zip(entries, written, strict=True) if (event.seq or 0) > size}
    return sorted(number for number in fresh if number is not None)


def _remember_requests(desk: Desk, work: Work, due: Sequence[Item]) -> None:
    if any(event.type is EventType.REQUEST for _, event in due):
        work.meta.put(OPEN_REQUESTS, desk.clock.now())


def waiting_for_confirmation(desk: Desk, work: Work) -> list[int]:
    """People whose sign-up waits for its confirmation; nobody is looked for once a week has passed."""
    last = work.meta.get(OPEN_REQUESTS)
    if last is None or desk.clock.now() - last > WEEK_MS:
        return []
    found: set[int] = set()
    for purpose in desk.purposes:
        if purpose.double_opt_in:
            found.update(_pending(work, purpose.key))
    return sorted(found)


def _pending(work: Work, purpose: str) -> Iterator[int]:
    after = 0
    while page := work.states.people_in(purpose, State.PENDING, after, GROUP):
        yield from (number for number, _ in page)
        after = page[-1][0]
