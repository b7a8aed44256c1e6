"""Who may get mailings for a purpose, with the clause that lets them (consent-domain 2, N4). Default deny."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.acts.desk import Desk
from connector.acts.facts import Facts, facts_of_many
from connector.consent.events import Basis, Grade
from connector.consent.sendable import Reason
from connector.store.states import StateRow
from connector.store.work import Work
from mappings.addresses import mask
from mappings.purposes import Purpose
from mappings.times import iso

PAGE: Final = 500
#: The law's sentence behind each answer (consent-domain 1).
CLAUSES: Final[Mapping[str, str]] = {
    Basis.CONSENT: "GDPR 6(1)(a), 7; ePrivacy 13(1), MFL 19 §",
    Basis.SOFT_OPTIN: "ePrivacy 13(2), MFL 19 § 2 st",
    Basis.CONTRACT: "GDPR 6(1)(b)",
    Basis.LEGAL_OBLIGATION: "GDPR 6(1)(c)",
    Basis.VITAL: "GDPR 6(1)(d)",
    Basis.PUBLIC_TASK: "GDPR 6(1)(e)",
    Basis.LEGITIMATE_INTEREST: "GDPR 6(1)(f)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Whom of those who may be mailed. `grade`: at least. `wording`: the beginning of its hash.

    `before`: whose yes is older than this (ms UTC).
    """

    basis: Basis | None = None
    grade: Grade | None = None
    wording: str | None = None
    before: int | None = None

    def allow(self, member: "Member") -> bool:
        """Every filter that is given holds."""
        return (
            (self.basis is None or member.basis is self.basis)
            and (self.grade is None or member.grade >= self.grade)
            and (self.wording is None or (member.wording or "").startswith(self.wording))
            and (self.before is None or (member.since is not None and member.since < self.before))
        )


EVERYBODY: Final = Filters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person who may be mailed. `email` in full: only for a file that is recorded."""

    person_id: int
    subject: str
    email: str
    contacts: tuple[int, ...]
    basis: Basis
    grade: Grade
    since: int | None
    wording: str | None
    reason: Reason

    def document(self) -> dict[str, object]:
        """One entry of `people` in `audience --json`."""
        return {
            "subject": self.subject,
            "address": mask(self.email),
            "contacts": list(self.contacts),
            "basis": self.basis,
            "grade": str(self.grade),
            "since": iso(self.since),
            "wording": self.wording,
            "reason": self.reason,
            "clause": CLAUSES.get(self.basis, ""),
        }


@dataclass(frozen=True, slots=True)
class Named:
    """The same with the address in full."""

    member: Member

    def document(self) -> dict[str, object]:
        """One row of `audience --csv`."""
        return self.member.document() | {"email": self.member.email}


class Audience:
    """Walks a purpose once; the counts are whole when the walk is over."""

    def __init__(self, desk: Desk, purpose: Purpose, filters: Filters = EVERYBODY) -> None:
        self._desk = desk
        self.purpose = purpose
        self._filters = filters
        self.count = 0
        self.by_basis: Counter[str] = Counter()
        self.coverage = 1.0
        self.not_read = 0
        self.oldest_read: int | None = None

    def walk(self) -> Iterator[Member]:
        """Everybody who may be mailed now, page by page from one snapshot."""
        with self._desk.mirror.read(self._desk.portal) as work:
            self._cover(work)
            after = 0
            while page := work.states.sendable(self.purpose.key, after, PAGE):
                after = page[-1][0]
                for member in members(self._desk, work, self.purpose, page):
                    if self._filters.allow(member):
                        self.count += 1
                        self.by_basis[member.basis] += 1
                        yield member

    def document(self) -> dict[str, object]:
        """The counts, once the walk is over; they cover the statuses that were read."""
        return {
            "purpose": self.purpose.key,
            "count": self.count,
            "by_basis": dict(self.by_basis),
            "coverage": self.coverage,
            "not_read": self.not_read,
            "oldest_read": iso(self.oldest_read),
        }

    def _cover(self, work: Work) -> None:
        counts = work.contacts.counts()
        known = counts.live - counts.without_person
        self.not_read = max(0, known - counts.read)
        self.coverage = round(counts.read / known, 4) if known > 0 else 1.0
        self.oldest_read = counts.oldest_read


def members(
    desk: Desk, work: Work, purpose: Purpose, page: Sequence[tuple[int, StateRow]]
) -> Iterator[Member]:
    """Those of a page whom the one question lets be mailed: the projection alone is not believed."""
    people = work.people.by_ids([number for number, _ in page])
    found = facts_of_many(desk, work, list(people.values()))
    for number, _ in page:
        facts = found.get(number)
        member = None if facts is None else _member(facts, purpose)
        if member is not None:
            yield member


def _member(facts: Facts, purpose: Purpose) -> Member | None:
    answer = facts.answer(purpose)
    primary = next((each for each in facts.addresses if each.ref in facts.current), None)
    if not answer.allowed or primary is None:
        return None
    standing = facts.standing(purpose)
    return Member(
        person_id=facts.person.id,
        subject=facts.person.ref,
        email=primary.original,
        contacts=tuple(row.id for row in facts.contacts if row.gone_at is None),
        basis=_basis(standing.basis, purpose),
        grade=standing.grade,
        since=standing.since,
        wording=standing.wording,
        reason=answer.reason,
    )


def _basis(found: Basis, purpose: Purpose) -> Basis:
    """A claim under another basis than consent is let by the purpose's own."""
    return purpose.basis if found is Basis.NONE else found
