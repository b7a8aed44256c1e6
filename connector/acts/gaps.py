"""Who is in the register without sufficient proof, by purpose and by what is missing (Art. 7(1))."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from connector.acts.desk import Desk
from connector.acts.facts import facts_of_many
from connector.consent.events import SALE, Event, EventType, Grade, Source, State
from connector.consent.repermission import Verdict, may_ask
from connector.store.people import Person
from connector.store.states import StateRow
from connector.store.work import Work
from mappings.addresses import mask
from mappings.purposes import Purpose
from mappings.terms import MARKETING_BASES
from mappings.times import iso

PAGE = 500
CLAIMS = frozenset({EventType.CLAIM, EventType.GRANT, EventType.CONFIRM})
#: Doors that tell of a status and of no act.
STATUS_ONLY = frozenset({Source.HUBSPOT, Source.IMPORT})
SETTLED = frozenset({State.GRANTED, State.WITHDRAWN, State.DENIED, State.UNKNOWN})


class Missing(StrEnum):
    """What a proof lacks."""

    WHEN = "time"
    WORDING = "wording"
    HOW = "form_or_document"
    WHO = "own_act"
    CONFIRMATION = "confirmation"
    SALE = "sale"
    RENEWAL = "renewal"
    VALID_WORDING = "valid_wording"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One person and purpose. `doubt`: why a form proves less. Times in ms UTC."""

    subject: str
    address: str
    purpose: str
    state: State
    grade: Grade
    since: int | None
    missing: tuple[Missing, ...]
    doubt: str | None = None
    legacy: bool = False
    ask: Verdict | None = None  # in the worklist: may they be asked by mail?

    def document(self) -> dict[str, object]:
        """One entry of `people` in `gaps --json`."""
        asked = {} if self.ask is None else self._asked(self.ask)
        return asked | {
            "subject": self.subject,
            "address": self.address,
            "purpose": self.purpose,
            "state": self.state,
            "grade": str(self.grade),
            "since": iso(self.since),
            "missing": list(self.missing),
            "doubt": self.doubt,
            "legacy": self.legacy,
        }

    def _asked(self, found: Verdict) -> dict[str, object]:
        return {"may_ask": found.may, "ask_in": found.via, "ask_why": found.ask}


@dataclass(slots=True)
class Counts:
    """Of one purpose: people with a proof, without one, and what is missing how often."""

    proved: int = 0
    without: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    asks: Counter[str] = field(default_factory=Counter)  # in the worklist: why they may be asked, or not

    def document(self, purpose: str) -> dict[str, object]:
        """One entry of `purposes` in `gaps --json`."""
        return {
            "purpose": purpose,
            "proved": self.proved,
            "without": self.without,
            "missing": dict(self.missing.most_common()),
            "asks": dict(self.asks.most_common()),
        }


class Gaps:
    """Walks the register once; the counts are whole when the walk is over."""

    def __init__(self, desk: Desk, *, legacy: bool = False) -> None:
        self._desk = desk
        self._legacy = legacy
        self.counts: dict[str, Counts] = {purpose.key: Counts() for purpose in desk.purposes}
        self.coverage = 1.0
        self.not_read = 0

    def walk(self) -> Iterator[Gap]:
        """Everyone without sufficient proof, page by page from one snapshot.

        `legacy`: only those who were in the register before the mirror began, or came by an import.
        """
        with self._desk.mirror.read(self._desk.portal) as work:
            self._cover(work)
            first = next(iter(work.log.headers(0, 1)), None)
            began = first.recorded_at if first else 0
            for purpose in self._desk.purposes:
                for page in _pages(work, purpose.key):
                    yield from self._of_page(work, purpose, page, began)

    def document(self) -> dict[str, object]:
        """The counts, once the walk is over."""
        return {
            "purposes": [counts.document(key) for key, counts in self.counts.items()],
            "coverage": self.coverage,
            "not_read": self.not_read,
        }

    def _cover(self, work: Work) -> None:
        counts = work.contacts.counts()
        known = counts.live - counts.without_person
        self.not_read = max(0, known - counts.read)
        self.coverage = round(counts.read / known, 4) if known > 0 else 1.0

    def _of_page(
        self, work: Work, purpose: Purpose, page: Sequence[tuple[int, StateRow]], began: int
    ) -> Iterator[Gap]:
        counts = self.counts[purpose.key]
        ids = [number for number, row in page if _is_open(purpose, row)]
        counts.proved += sum(row.state is State.GRANTED for _, row in page)
        events, people, held = work.log.events_of(ids), work.people.by_ids(ids), work.people.addresses(ids)
        rows = dict(page)
        asks = self._asks(work, purpose, people) if self._legacy else None
        for number in ids:
            address = mask(held[number][0].original) if held.get(number) else ""
            gap = _gap(purpose, rows[number], events.get(number, ()), people[number].ref, address, began)
            counts.proved += gap is None and rows[number].state is State.SOFT_OPTIN
            if gap is None or (self._legacy and not gap.legacy):
                continue
            gap = gap if asks is None else replace(gap, ask=asks[number])
            counts.without += 1
            counts.missing.update(gap.missing)
            counts.asks.update([gap.ask.ask] if gap.ask else ())
            yield gap

    def _asks(self, work: Work, purpose: Purpose, people: Mapping[int, Person]) -> dict[int, Verdict]:
        """May each of them be asked by mail? By what lets us write to them now."""
        found = facts_of_many(self._desk, work, list(people.values()))
        others = [each for each in self._desk.purposes if each.marketing and each.key != purpose.key]
        return {
            number: may_ask(
                facts.answer(purpose),
                {each.key: facts.answer(each) for each in others},
                pending=facts.standing(purpose).state is State.PENDING,
            )
            for number, facts in found.items()
        }


def _pages(work: Work, purpose: str) -> Iterator[list[tuple[int, StateRow]]]:
    after = 0
    while page := work.states.people_in(purpose, None, after, PAGE):
        yield page
        after = page[-1][0]


def _is_open(purpose: Purpose, row: StateRow) -> bool:
    """A no needs no proof, and a proved yes has one."""
    if row.state in SETTLED:
        return False
    if row.state is State.CLAIMED and purpose.basis not in MARKETING_BASES:
        return row.basis is not purpose.basis or row.grade < Grade.E1
    return True


def _gap(
    purpose: Purpose, row: StateRow, events: Sequence[Event], subject: str, address: str, began: int
) -> Gap | None:
    event = next((each for each in events if each.seq == row.seq), None)
    missing = _missing(row, event)
    if not missing:
        return None
    return Gap(
        subject=subject,
        address=address,
        purpose=purpose.key,
        state=row.state,
        grade=row.grade,
        since=row.since,
        missing=missing,
        doubt=_doubt(events, purpose),
        legacy=event is not None and _is_legacy(event, began),
    )


def _missing(row: StateRow, event: Event | None) -> tuple[Missing, ...]:
    by_state = {
        State.PENDING: (Missing.CONFIRMATION,),
        State.EXPIRED: (Missing.RENEWAL,),
        State.INVALIDATED: (Missing.VALID_WORDING,),
    }
    if row.state in by_state:
        return by_state[row.state]
    if event is None:
        return (Missing.HOW, Missing.WORDING)
    lacks: tuple[tuple[Missing, bool], ...]
    if row.state is State.SOFT_OPTIN:
        lacks = ((Missing.SALE, not event.detail.get(SALE)), (Missing.WORDING, event.wording is None))
    else:
        lacks = _lacks_of_claim(event)
    return tuple(what for what, is_missing in lacks if is_missing)


def _lacks_of_claim(event: Event) -> tuple[tuple[Missing, bool], ...]:
    # with wording and a date, and a claim all the same: the date had not come yet when it was recorded
    not_yet = event.grade >= Grade.E2 and event.wording is not None
    return (
        (Missing.WHEN, event.t_lo is None or not_yet),
        (Missing.WORDING, event.wording is None),
        (Missing.HOW, event.source in STATUS_ONLY or (not event.evidence and event.grade < Grade.E2)),
        (Missing.WHO, not event.by_person and event.source in STATUS_ONLY),
    )


def _doubt(events: Sequence[Event], purpose: Purpose) -> str | None:
    """Why the last form that this person sent proves less than a consent."""
    sent = [event for event in events if event.source is Source.FORM and event.purpose in ("", purpose.key)]
    told = [event.reason for event in sent if event.reason]
    return told[-1] if told else None


def _is_legacy(event: Event, began: int) -> bool:
    """It was there before the mirror began, or was brought in by a file: nobody saw it happen."""
    if event.source is Source.IMPORT:
        return True
    return event.source is Source.HUBSPOT and (event.t_lo is None or event.t_lo < began)
