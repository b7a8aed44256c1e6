"""The discrepancies as the store shows them: who stands where, what the log says since the last report."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from connector.consent.events import NOES, EventType, Overlay, State
from connector.proof.chain import Header
from connector.report.discrepancies import DETAILED, KIND_OF_ROW, Discrepancy, Found, Kind
from connector.store.cases import CaseKind
from connector.store.mailed import MailedWhy
from connector.store.outbox import Letter
from connector.store.states import StateRow
from connector.store.work import Work
from mappings.addresses import mask
from mappings.words import Status

#: Rows read at a time: memory stays flat, whatever the size of the register.
PAGE: Final = 5_000
UNKNOWN_ROW: Final = 45
DAY_MS: Final = 86_400_000
#: When a request of a person becomes an alarm, and a recipient who has not confirmed (consent-domain 10).
ALARM_AFTER_MS: Final = 20 * DAY_MS
ALARM_BEFORE_MS: Final = 10 * DAY_MS
UNTOLD_MS: Final = DAY_MS

#: Entries that tell of a discrepancy, where the entry's table row does not say it more exactly.
KIND_OF_ENTRY: Final[Mapping[str, Kind]] = {
    EventType.RESUBSCRIBE_REJECTED: Kind.RESUBSCRIBED_AGAINST_NO,
    EventType.INCIDENT_OVERWROTE_OPTOUT: Kind.RESUBSCRIBED_AGAINST_NO,
    EventType.INCIDENT_FIGHT: Kind.RESUBSCRIBED_AGAINST_NO,
    EventType.CONFLICT_UNDATED_GRANT: Kind.RESUBSCRIBED_AGAINST_NO,
    EventType.CONFLICT: Kind.RESUBSCRIBED_AGAINST_NO,
    EventType.CONFLICT_TIE: Kind.RESUBSCRIBED_AGAINST_NO,
    EventType.CONFLICT_WEAK_GRANT: Kind.CHANGED_WITHOUT_ACT,
    EventType.DRIFT: Kind.UNKNOWN_VALUE,
    EventType.OPTOUT_REASSERTED: Kind.CLEARED_IN_HUBSPOT,
    EventType.REVIEW_CLEARED: Kind.CLEARED_IN_HUBSPOT,
}
KIND_OF_MAIL: Final[Mapping[MailedWhy, Kind]] = {
    MailedWhy.AFTER_NO: Kind.MAILED_AFTER_NO,
    MailedWhy.NOT_GIVEN: Kind.MAILED_WITHOUT_CONSENT,
}
#: A mail cannot be called back: it stays in the report for so long, and then only in HubSpot.
MAILS_SHOWN_MS: Final = 30 * 86_400_000
#: Rows whose entries are the person's own no, or a no following its person: nothing for anyone to do.
IN_ORDER: Final = frozenset({3, 32, 33})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A finding before its person is looked up."""

    kind: Kind
    since: int
    person_id: int | None = None
    subject_ref: str = ""
    contact_id: int | None = None
    purpose: str = ""
    row: int | None = None
    reference: str = ""

    @property
    def key(self) -> tuple[Kind, object, str, str]:
        """Two sightings of one discrepancy have the same."""
        return self.kind, self.person_id or self.subject_ref or self.contact_id, self.purpose, self.reference


@dataclass(slots=True)
class Pile:
    """All sightings of one kind: counted, the first of them kept."""

    count: int = 0
    oldest: int | None = None
    since_last: int = 0
    kept: dict[tuple[Kind, object, str, str], Sighting] = field(default_factory=dict)

    def add(self, sighting: Sighting, previous_at: int | None) -> None:
        """Count it, unless it is kept already."""
        if sighting.key in self.kept:
            return
        self.count += 1
        self.since_last += previous_at is None or sighting.since > previous_at
        self.oldest = sighting.since if self.oldest is None else min(self.oldest, sighting.since)
        if len(self.kept) < DETAILED:
            self.kept[sighting.key] = sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What the log counts since the last report."""

    withdrawals: int
    erased: int
    log_size: int


class Findings:
    """Reads one portal's discrepancies inside one snapshot."""

    def __init__(self, work: Work, *, after_seq: int, previous_at: int | None, now: int) -> None:
        self._work = work
        self._after_seq = after_seq
        self._previous_at = previous_at
        self._now = now
        self._piles: dict[Kind, Pile] = {}

    def happened(self) -> Happened:
        """Read the log since the last report: counts, and the discrepancies that it tells of."""
        withdrawals = erased = 0
        size = self._after_seq
        for page in self._log_pages():
            withdrawals += sum(header.type in NOES for header in page)
            erased += sum(header.type == EventType.ERASED for header in page)
            self._add(self._told(page))
            size = page[-1].seq
        return Happened(withdrawals=withdrawals, erased=erased, log_size=size)

    def standing(self, purposes: Iterable[str]) -> None:
        """Read what stands: states, writes, questions, cases, missing records."""
        for purpose in purposes:
            for page in self._state_pages(purpose):
                self._add(self._stands(purpose, page))
        self._add(self._unconfirmed())
        self._add(self._questions())
        self._add(self._reappeared())
        self._add(self._missing())
        self._add(self._due())
        self._add(self._untold())
        self._add(self._mails())

    def add(self, items: Iterable[Sighting]) -> None:
        """What others found: an open breaker, a missed night, a flaw in a wording."""
        self._add(items)

    def found(self) -> tuple[Found, ...]:
        """All of it, with the people masked."""
        waiting, reviews = self._work.outbox.waiting(), self._work.reviews
        mails = self._work.mailed.counts(self._now - MAILS_SHOWN_MS)
        totals: dict[Kind, tuple[int, int | None]] = {
            **{KIND_OF_MAIL[why]: found for why, found in mails.items()},
            Kind.OPTOUT_NOT_CONFIRMED: (waiting.noes, waiting.oldest_no),
            Kind.WAITING_FOR_REVIEW: (reviews.count(), reviews.oldest()),
        }
        return tuple(
            _whole(self._kind(kind, self._piles[kind]), *totals.get(kind, (0, None)))
            for kind in Kind
            if kind in self._piles
        )

    def _add(self, items: Iterable[Sighting]) -> None:
        for each in items:
            self._piles.setdefault(each.kind, Pile()).add(each, self._previous_at)

    def _kind(self, kind: Kind, pile: Pile) -> Found:
        sightings = list(pile.kept.values())
        pages = (sightings[start : start + PAGE] for start in range(0, len(sightings), PAGE))
        return Found(
            kind=kind,
            count=pile.count,
            oldest=pile.oldest,
            items=tuple(item for page in pages for item in self._named(page)),
            since_last=pile.since_last,
        )

    def _log_pages(self) -> Iterator[list[Header]]:
        after = self._after_seq
        while page := self._work.log.headers(since=after, limit=PAGE):
            yield page
            after = page[-1].seq

    def _told(self, page: Sequence[Header]) -> Iterator[Sighting]:
        telling = [header for header in page if header.type in KIND_OF_ENTRY]
        people = self._still_here(header.subject_ref for header in telling)
        rows = self._rows_of(people.values())
        for header in telling:
            person_id, row = people.get(header.subject_ref or ""), rows.get(header.seq)
            if person_id is None or row in IN_ORDER:
                continue
            yield Sighting(
                kind=KIND_OF_ROW.get(row or 0, KIND_OF_ENTRY[header.type]),
                since=header.recorded_at,
                person_id=person_id,
                purpose=header.purpose,
                row=row,
            )

    def _still_here(self, refs: Iterable[str | None]) -> dict[str, int]:
        """subject_ref -> id of those who are not erased: about the others nothing is left to do."""
        people = {ref: self._work.people.by_ref(ref) for ref in set(refs) if ref}
        return {
            ref: person.id
            for ref, person in people.items()
            if person is not None and person.overlay is not Overlay.ERASED
        }

    def _rows_of(self, person_ids: Iterable[int]) -> dict[int, int]:
        """seq -> table row, from the payloads."""
        return {
            event.seq: event.row
            for history in self._work.log.events_of(list(person_ids)).values()
            for event in history
            if event.seq is not None and event.row is not None
        }

    def _state_pages(self, purpose: str) -> Iterator[list[tuple[int, StateRow]]]:
        after = 0
        while page := self._work.states.people_in(purpose, None, after, PAGE):
            yield page
            after = page[-1][0]

    def _stands(self, purpose: str, page: Iterable[tuple[int, StateRow]]) -> Iterator[Sighting]:
        for person_id, row in page:
            kind = _standing_kind(row)
            if kind is not None:
                since = self._now if row.since is None else row.since
                yield Sighting(kind=kind, since=since, person_id=person_id, purpose=purpose, row=row.row)

    def _unconfirmed(self) -> Iterator[Sighting]:
        letters = (*self._work.outbox.pending(DETAILED), *self._work.outbox.pending(DETAILED, parked=True))
        for letter in letters:
            if letter.status is Status.UNSUBSCRIBED:
                yield _unconfirmed(letter)

    def _questions(self) -> Iterator[Sighting]:
        for review in self._work.reviews.pending(DETAILED):
            yield Sighting(
                kind=Kind.WAITING_FOR_REVIEW,
                since=review.opened_at,
                person_id=review.person_id,
                subject_ref=review.subject_ref or "",
                purpose=review.purpose,
                row=review.row,
                reference=str(review.id),
            )

    def _due(self) -> Iterator[Sighting]:
        """Requests of people from day 20 on; with two months more, in the last ten days."""
        for each in self._work.requests.open():
            plain = each.received_at + ALARM_AFTER_MS
            since = plain if each.extended_at is None else max(plain, each.due_at - ALARM_BEFORE_MS)
            if since <= self._now:
                yield Sighting(
                    kind=Kind.REQUEST_DUE,
                    since=since,
                    person_id=each.person_id,
                    subject_ref=each.subject_ref or "",
                    reference=str(each.id),
                )

    def _untold(self) -> Iterator[Sighting]:
        """Recipients, HubSpot among them, who have not confirmed an erasure, correction or restriction."""
        for each in self._work.errands.pending():
            if each.queued_at + UNTOLD_MS <= self._now:
                yield Sighting(
                    kind=Kind.RECIPIENT_NOT_TOLD,
                    since=each.queued_at,
                    person_id=each.person_id,
                    reference=str(each.id),
                )

    def _reappeared(self) -> Iterator[Sighting]:
        for case in self._work.cases.pending(CaseKind.REAPPEARED, DETAILED):
            yield Sighting(
                kind=Kind.ERASED_REAPPEARED, since=case.opened_at, contact_id=case.contact_id, row=34
            )

    def _missing(self) -> Iterator[Sighting]:
        """Records that a complete read did not find; the search ends when all that are counted are found."""
        left, after = self._work.contacts.counts().gone, 0
        while left > 0 and (page := self._work.people.page(after, PAGE)):
            after = page[-1].id
            for person_id, records in self._work.contacts.of_persons(each.id for each in page).items():
                gone = [each for each in records if each.gone_at is not None]
                left -= len(gone)
                for record in gone:
                    yield Sighting(
                        kind=Kind.MISSING_IN_HUBSPOT,
                        since=record.gone_at or self._now,
                        person_id=person_id,
                        contact_id=record.id,
                        row=31,
                    )

    def _mails(self) -> Iterator[Sighting]:
        for row in self._work.mailed.since(self._now - MAILS_SHOWN_MS, DETAILED):
            yield Sighting(
                kind=KIND_OF_MAIL[row.reason],
                since=row.sent_at,
                person_id=row.person_id,
                purpose=row.purpose,
                reference=row.name,
            )

    def _named(self, sightings: Sequence[Sighting]) -> Iterator[Discrepancy]:
        ids = {each.person_id for each in sightings if each.person_id is not None}
        people = self._work.people.by_ids(ids)
        addresses = self._work.people.addresses(ids)
        contacts = self._work.contacts.of_persons(ids)
        for each in sightings:
            person = people.get(each.person_id or 0)
            shown = addresses.get(each.person_id or 0, [])
            records = contacts.get(each.person_id or 0, [])
            yield Discrepancy(
                kind=each.kind,
                since=each.since,
                subject_ref=each.subject_ref if person is None else person.ref,
                address=mask(shown[0].original) if shown else "",
                contact_id=each.contact_id or (records[0].id if records else None),
                purpose=each.purpose,
                row=each.row,
                reference=each.reference,
            )


def _standing_kind(row: StateRow) -> Kind | None:
    if row.row == UNKNOWN_ROW:
        return Kind.UNKNOWN_VALUE
    if row.hold:
        return Kind.CLEARED_IN_HUBSPOT
    return Kind.STATUS_WITHOUT_EVIDENCE if row.state is State.CLAIMED else None


def _unconfirmed(letter: Letter) -> Sighting:
    return Sighting(
        kind=Kind.OPTOUT_NOT_CONFIRMED,
        since=letter.queued_at,
        person_id=letter.person_id,
        # Without a person there is a record, or an address that stays sealed: the row's key tells them apart.
        subject_ref="" if letter.person_id or letter.contact_id else letter.ref,
        contact_id=letter.contact_id,
        purpose=letter.purpose,
        row=letter.row,
    )


def without_person(kind: Kind, since: int, reference: str) -> Sighting:
    """A finding about the portal as a whole."""
    return Sighting(kind=kind, since=since, reference=reference)


def _whole(found: Found, count: int, oldest: int | None) -> Found:
    """The store's own totals where more wait than were read."""
    if count <= found.count:
        return found
    return replace(found, count=count, oldest=found.oldest if oldest is None else oldest)
