"""What may count as a consent (consent-domain 3.1 and 3.2, `yeses`). Every doubt takes one away."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from connector.consent.events import Event, EventType, Grade
from connector.consent.history import History
from mappings.terms import Basis

#: An unconfirmed sign-up ends here: PENDING becomes UNKNOWN and its payload is shredded (consent-domain 3.3).
REQUEST_LIVES_MS: Final = 7 * 86_400_000


@dataclass(frozen=True, slots=True)
class Yes:
    """One proved consent. `t_lo` is the earliest moment at which the person can have given it."""

    event: str
    t_lo: int
    grade: Grade
    by_person: bool
    basis: Basis
    wording: str | None
    valid_until: int | None
    expired: bool

    @property
    def strength(self) -> tuple[bool, bool, Grade, int, str]:
        """Orders yeses: the one that decides is unexpired, the person's own, best proved and newest."""
        return (not self.expired, self.by_person, self.grade, self.t_lo, self.event)


def grants_of(history: History, last_no: int | None, sigma_ms: int) -> list[Event]:
    """Recorded grants, and those that a confirmation by POST makes of a sign-up (double opt-in)."""
    return [*history.of(EventType.GRANT), *_confirmed(history, last_no, sigma_ms)]


def yeses_among(
    grants: list[Event], history: History, last_no: int | None, sigma_ms: int, now: int
) -> list[Yes]:
    """The proved ones that no no stands above. Only the person, provably and clearly later, lifts a no."""
    return [
        _yes(grant, history.is_expired(grant, now))
        for grant in grants
        if is_proved(grant, sigma_ms) and not history.is_invalid(grant) and _lifts(grant, last_no, sigma_ms)
    ]


def is_proved(grant: Event, sigma_ms: int) -> bool:
    """E2 or better, with the wording that E2 asks for, at a known time that has come."""
    if grant.grade < Grade.E2 or grant.wording is None or grant.t_lo is None:
        return False
    latest = grant.t_lo if grant.t_hi is None else max(grant.t_lo, grant.t_hi)
    return latest <= grant.recorded_at + sigma_ms


def _lifts(grant: Event, last_no: int | None, sigma_ms: int) -> bool:
    if last_no is None:
        return True
    return grant.by_person and grant.t_lo is not None and grant.t_lo > last_no + sigma_ms


def _yes(grant: Event, expired: bool) -> Yes:
    assert grant.t_lo is not None  # noqa: S101 - is_proved has asked; this tells the type checker
    return Yes(
        event=grant.id,
        t_lo=grant.t_lo,
        grade=grant.grade,
        by_person=grant.by_person,
        basis=grant.basis,
        wording=grant.wording,
        valid_until=grant.valid_until,
        expired=expired,
    )


def _confirmed(history: History, last_no: int | None, sigma_ms: int) -> Iterator[Event]:
    """A confirmation is a grant at its own time; without its sign-up it is nothing (OLG München)."""
    requests = [each for each in history.of(EventType.REQUEST) if _survives(each, last_no, sigma_ms)]
    for confirm in history.of(EventType.CONFIRM):
        request = next((each for each in requests if _answers(confirm, each)), None)
        if request is not None and not history.is_invalid(request):
            yield replace(confirm, wording=confirm.wording or request.wording)


def _survives(request: Event, last_no: int | None, sigma_ms: int) -> bool:
    """Any no voids an open double opt-in; one that cannot be dated is voided by any no at all."""
    return last_no is None or (request.t_lo is not None and request.t_lo > last_no + sigma_ms)


def _answers(confirm: Event, request: Event) -> bool:
    if confirm.target not in {None, request.id} or confirm.address != request.address:
        return False
    if confirm.t_lo is None or not confirm.by_person:
        return False
    return 0 <= confirm.t_lo - asked_at(request) <= REQUEST_LIVES_MS


def asked_at(request: Event) -> int:
    """When the person signed up; our record's time where that is not known."""
    return request.recorded_at if request.t_lo is None else request.t_lo
