"""Retention: who has no reason to be in the register any more, and their erasure (Art. 5(1)(e); K7).

It stops slowly and destroys later: found tonight, held for 24 hours, and above the breaker two people have to
agree. Nobody is restricted or unsubscribed before that, for a wrong rule would otherwise do harm that no
hold undoes. Before anybody leaves, HubSpot's dates of their records are read anew.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from connector.acts import destroying, erase, erasing, proofs
from connector.acts.desk import Desk
from connector.acts.doubt import sigma_of
from connector.acts.erasure import Erasure, Origin, Stage, save
from connector.acts.terms import Stay, stays_of
from connector.consent.events import Overlay
from connector.consent.retention import HOLD_MS, Stays, carrying, properties
from connector.errors import ConfigurationError
from connector.report.discrepancies import Kind as DiscrepancyKind
from connector.report.findings import Sighting, without_person
from connector.store.leaving import WHOLE, Key, Leaver, Leaving
from connector.store.people import Person
from connector.store.work import Work
from mappings.addresses import mask
from mappings.times import iso

PAGE: Final = 500
BATCH: Final = 100  # records of one read by id (HA 5)
STALE_MS: Final = 90 * 86_400_000  # dates older than this are read again where the budget allows
KIND: Final = "retention"  # of the question to two people
FIGURES: Final = "retention"  # the mirror's note of the last run: its counts
ACTOR: Final = "system:retention"

log = structlog.get_logger()
Beat = Callable[[], None]


def _known(work: Work) -> Leaving:
    return work.leaving


GATE: Final = destroying.Gate(
    kind=KIND,
    note=erasing.DONE,
    known=_known,
    question=(
        "The time of {count} people is over: more than the breaker lets pass in 24 h. See `retention plan`. "
        "Approve: they are erased, here and in HubSpot, by the next run. Reject: nobody of them is erased; "
        "it is asked again in 30 days."
    ),
    alarm=("retention_waits", "people"),
)


def still() -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One person whose time is over. `erase_at` None: something keeps them, or two people have to agree."""

    subject: str
    address: str
    due: int
    reasons: tuple[dict[str, object], ...]
    keeps: Stays | None
    found_at: int | None
    erase_at: int | None
    waits: str | None

    def document(self) -> dict[str, object]:
        """One entry of `people` in `retention plan --json`."""
        return {
            "subject": self.subject,
            "address": self.address,
            "due": iso(self.due),
            "reasons": list(self.reasons),
            "keeps": self.keeps,
            "found_at": iso(self.found_at),
            "erase_at": iso(self.erase_at),
            "waits": self.waits,
        }


class Survey:
    """Walks the register once; at its end counts are whole, and `ended`: proofs that have had their time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.counts: Counter[str] = Counter()
        self.ended: list[proofs.Ended] = []

    def over(self, work: Work, beat: Beat = still) -> Iterator[Stay]:
        """Everybody whose time is over, whatever else keeps them."""
        after = 0
        while page := work.people.page(after, PAGE):
            after = page[-1].id
            yield from self._of(work, page)
            beat()

    def _of(self, work: Work, page: Sequence[Person]) -> Iterator[Stay]:
        sigma_ms = sigma_of(self._desk, work)
        for stay in stays_of(self._desk, work, [each for each in page if each.overlay is not Overlay.ERASED]):
            self.ended += proofs.ended_of(self._desk, stay, sigma_ms)
            self.counts[stay.verdict.stays or "over"] += 1
            if stay.verdict.is_over:
                yield stay

    def document(self) -> dict[str, int]:
        """How many leave, and why the others stay."""
        names = ("over", *Stays)
        return {str(name): self.counts[str(name)] for name in names}


# --- the preview -------------------------------------------------------------------------------------------


class Plan:
    """What `retention run` would come to; nothing is written and HubSpot is not asked."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ending: dict[Key, Leaver] = {}
        self.survey = Survey(desk)

    def walk(self) -> Iterator[Planned]:
        """Everybody whose time is over, with the reason, from one snapshot."""
        with self._desk.mirror.read(self._desk.portal) as work:
            known = {each.person_id: each for each in work.leaving.all()}
            self._ending = {each.key: each for each in work.ending.all()}
            for stay in self.survey.over(work):
                yield planned(stay, known.get(stay.person.id))

    def document(self) -> dict[str, Any]:
        """The rest of `retention plan --json`, once the walk is over."""
        rules = [{"purpose": each.key, "retain": each.retain} for each in self._desk.purposes]
        proof = {"after_no": str(self._desk.retention.proof), "motive": self._desk.retention.motive}
        ended = [each.document(self._ending.get(each.key)) for each in self.survey.ended]
        return {"counts": self.survey.document(), "rules": rules, "proof": proof, "proofs": ended}


def leavers(desk: Desk, limit: int) -> list[Planned]:
    """Those whom a run has found already, the longest known first; cheap, for nobody else is looked at."""
    with desk.mirror.read(desk.portal) as work:
        known = {each.person_id: each for each in work.leaving.all()[:limit]}
        stays = {
            each.person.id: each for each in stays_of(desk, work, list(work.people.by_ids(known).values()))
        }
        return [planned(stays[number], each) for number, each in known.items() if number in stays]


def figures(desk: Desk) -> dict[str, int]:
    """The counts of the last run, `at` in ms UTC; empty before the first."""
    with desk.mirror.read(desk.portal) as work:
        return dict(work.meta.get(FIGURES) or {})


def planned(stay: Stay, known: Leaver | None) -> Planned:
    """One person in the preview."""
    keeps, due = stay.verdict.stays, stay.verdict.due or 0
    waits = None
    erase_at = None
    if keeps is None and known is not None:
        waits = destroying.waits_for(known, stay.facts.now)
        erase_at = None if waits is not None else known.found_at + HOLD_MS
    held = [a.original for a in stay.facts.addresses]
    return Planned(
        subject=stay.person.ref,
        address=mask(held[0]) if held else "",
        due=due,
        reasons=tuple(
            {"purpose": t.purpose, "rule": str(t.rule), "since": iso(t.since), "due": iso(t.due)}
            for t in carrying(stay.terms)
        ),
        keeps=keeps,
        found_at=None if known is None else known.found_at,
        erase_at=erase_at,
        waits=waits,
    )


# --- the run -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Ran:
    """What a run came to."""

    counts: dict[str, int] = field(default_factory=dict)
    read: int = 0  # records whose dates were read anew
    held: int = 0  # found less than 24 hours ago
    waiting: int = 0  # for two people
    declined: int = 0
    erased: int = 0
    under_way: int = 0
    left: int = 0  # for the next run
    review: int | None = None
    ended: proofs.Done = field(default_factory=proofs.Done)

    def document(self) -> dict[str, Any]:
        """The `--json` document of `retention run`."""
        return {
            "counts": self.counts,
            "read": self.read,
            "held": self.held,
            "waiting": self.waiting,
            "declined": self.declined,
            "erased": self.erased,
            "under_way": self.under_way,
            "left": self.left,
            "review": self.review,
            "proofs": self.ended.document(),
        }


def run(desk: Desk, beat: Beat = still) -> Ran:
    """Find who leaves, hold them, erase those whose hold is over.

    Raises ConfigurationError for a property that the portal does not have: it would read as empty for
    everybody, and everybody would look inactive.
    """
    check_properties(desk)
    ran = Ran()
    budget = desk.retention_calls * BATCH
    names = properties((purpose.retain for purpose in desk.purposes), desk.retention)
    if names:
        ran.read += _refresh(desk, _stale(desk, budget), beat)
    found, survey = _found(desk, beat)
    if names:
        ran.read += _refresh(desk, [each for stay in found for each in stay.contacts], beat)
        found = _again(desk, [stay.person.id for stay in found], beat)
    ran.counts = survey.document()
    _erase(desk, found, ran, beat)
    ran.ended = proofs.destroy(desk, survey.ended, beat)
    with desk.mirror.write(desk.portal) as work:
        work.meta.put(FIGURES, {"at": desk.clock.now(), **ran.counts})
    told = {name: value for name, value in ran.document().items() if name not in {"counts", "proofs"}}
    log.info("retention", **told)
    return ran


def check_properties(desk: Desk) -> None:
    """Raises ConfigurationError unless the portal has everything that a rule counts from."""
    names = set(properties((purpose.retain for purpose in desk.purposes), desk.retention))
    missing = sorted(names & set(desk.hubspot.missing_properties(desk.purposes.subscription_ids)))
    if missing:
        raise ConfigurationError(
            f"The portal does not have {', '.join(missing)}, which a retention rule counts from.",
            where="purposes.retain and retention.activity",
            kind="retention_property",
            next_step="Correct the name, or leave it out; nobody is erased meanwhile.",
        )


def _stale(desk: Desk, limit: int) -> list[int]:
    with desk.mirror.read(desk.portal) as work:
        return work.moments.stale(desk.clock.now() - STALE_MS, limit)


def _refresh(desk: Desk, contacts: Sequence[int], beat: Beat) -> int:
    """Read the dates of these records; one that HubSpot does not answer keeps what is known of it."""
    for start in range(0, len(contacts), BATCH):
        found, _ = desk.hubspot.contacts_by_id(contacts[start : start + BATCH])
        with desk.mirror.write(desk.portal) as work:
            known = work.contacts.by_ids([each.id for each in found])
            work.moments.put({each.id: each.dates for each in found if each.id in known}, desk.clock.now())
        beat()
    return len(contacts)


def _found(desk: Desk, beat: Beat) -> tuple[list[Stay], Survey]:
    survey = Survey(desk)
    with desk.mirror.read(desk.portal) as work:
        return [each for each in survey.over(work, beat) if each.verdict.stays is None], survey


def _again(desk: Desk, person_ids: Sequence[int], beat: Beat) -> list[Stay]:
    """The same people by what has just been read."""
    kept: list[Stay] = []
    with desk.mirror.read(desk.portal) as work:
        for start in range(0, len(person_ids), PAGE):
            people = work.people.by_ids(person_ids[start : start + PAGE])
            found = stays_of(desk, work, list(people.values()))
            kept += [each for each in found if each.verdict.stays is None]
            beat()
    return kept


def _erase(desk: Desk, found: Sequence[Stay], ran: Ran, beat: Beat) -> None:
    """Those whom the gate lets through. Each erasure is counted where it passes the breaker (erasing)."""
    due = {(stay.person.id, WHOLE): stay.verdict.due or desk.clock.now() for stay in found}
    passed = destroying.let_through(desk, GATE, due)
    ran.held, ran.declined, ran.waiting = passed.held, passed.declined, passed.waiting
    ran.left, ran.review = passed.left, passed.review
    for each in passed.through:
        begun = _begin(desk, each)
        if begun is None:
            continue
        done = erase.carry_out(desk, begun)
        over = done.stage in {Stage.ERASED, Stage.PURGING}
        ran.erased += over
        ran.under_way += not over
        beat()


def _begin(desk: Desk, each: Leaver) -> Erasure | None:
    """None: a run takes its time, and something may keep them by now (a yes, a hold, a request)."""
    names = destroying.names(each)
    order = erase.Order(reason="retention", actor=ACTOR)
    with desk.mirror.write(desk.portal) as work:
        work.leaving.remove([each.key])
        if not _still_leaves(desk, work, each.person_id):
            return None
        begun = erase.begin(desk, work, each.person_id, Origin.RETENTION, order)
        if names:
            begun = save(work, erase.agreed(begun, names))
        return begun


def _still_leaves(desk: Desk, work: Work, person_id: int) -> bool:
    person = work.people.by_ids([person_id]).get(person_id)
    if person is None or person.merged_into is not None or person.overlay is not None:
        return False
    return all(each.verdict.stays is None for each in stays_of(desk, work, [person]))


# --- the report --------------------------------------------------------------------------------------------


def for_the_report(desk: Desk) -> tuple[Sighting, ...]:
    """People whom no rule can let go, for what it counts from is not known (never erased, but told)."""
    with desk.mirror.read(desk.portal) as work:
        last = work.meta.get(FIGURES)
    if not last:
        return ()
    return tuple(_unknown(last, name) for name in (Stays.NO_DATE, Stays.NOT_READ) if last.get(name))


def _unknown(last: dict[str, int], name: Stays) -> Sighting:
    return without_person(DiscrepancyKind.RETENTION_UNKNOWN, last["at"], f"{name}:{last[name]}")
