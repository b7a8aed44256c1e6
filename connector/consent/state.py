"""What a person's events for one purpose add up to (consent-domain 3.2).

A formula over the set, never a walk through it: the order of arrival and repeats cannot change the answer.
Every doubt resolves to no.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from connector.consent.events import SALE, Basis, Event, EventType, Grade, State
from connector.consent.history import History
from connector.consent.noes import No, standing_noes
from connector.consent.yeses import REQUEST_LIVES_MS, Yes, asked_at, grants_of, yeses_among
from mappings.purposes import Purpose

SIGMA_MS: Final = 300_000  # clocks of two systems may differ by this much before "later" means later
SIGMA_LIMIT_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The answer of the formula for (person, purpose), and what it rests on. Times are ms UTC.

    `event` is the one that decided. `yeses` hold the consents that no no stands above, the strongest first,
    expired ones too. `wide_no`: an opt-out of everything stands and is not lifted for this purpose.
    `defective`: wordings found invalid for the purpose, whose next reading proves nothing either.
    `complete` tells of a soft opt-in whether sale and opt-out wording are recorded.
    """

    purpose: str
    state: State = State.UNKNOWN
    since: int | None = None
    event: str = ""
    grade: Grade = Grade.E0
    basis: Basis = Basis.NONE
    wording: str | None = None
    valid_until: int | None = None
    last_no: int | None = None
    last_no_dated: bool = True
    wide_no: bool = False
    yeses: tuple[Yes, ...] = ()
    complete: bool = True
    defective: frozenset[str] = frozenset()
    basis_recorded: bool = False  # for purposes that rest on neither consent nor soft opt-in (design 4.13)

    @property
    def grant(self) -> Yes | None:
        """The consent that makes it GRANTED, or that has expired."""
        return self.yeses[0] if self.yeses else None


def standing(
    events: Iterable[Event],
    purpose: Purpose,
    current: Collection[str],
    now: int,
    sigma_ms: int = SIGMA_MS,
) -> Standing:
    """What the events of one person say about one purpose, for the addresses in `current`, at `now`.

    `current` holds the references of the addresses that would be mailed: noes follow the person from any
    address, yeses stay with theirs. Raises ValueError when sigma is outside 0..3 600 000 ms.
    """
    if not 0 <= sigma_ms <= SIGMA_LIMIT_MS:
        raise ValueError(f"sigma is 0 to {SIGMA_LIMIT_MS} ms")
    events = tuple(events)
    if not events:
        return Standing(purpose=purpose.key)
    history = History(events, purpose, current)
    answer = _answer(history, now, sigma_ms)
    defective = history.defective_wordings
    return replace(answer, defective=defective) if defective else answer


def standings(
    events: Iterable[Event],
    purposes: Iterable[Purpose],
    current: Collection[str],
    now: int,
    sigma_ms: int = SIGMA_MS,
) -> dict[str, Standing]:
    """The same for each purpose, by key."""
    events = tuple(events)
    return {purpose.key: standing(events, purpose, current, now, sigma_ms) for purpose in purposes}


def wide_no_stands(standings: Iterable[Standing]) -> bool:
    """The mirror holds WITHDRAWN(`*`): opted out of everything, and no purpose granted since (row 29).

    Takes the standings of the marketing purposes. Where one is granted again, the others are kept off one
    by one (I13): an opt-out of everything in HubSpot would take the new consent with it.
    """
    flags = [each.wide_no for each in standings]
    return bool(flags) and all(flags)


def _answer(history: History, now: int, sigma_ms: int) -> Standing:
    noes = standing_noes(history)
    last = max(noes, key=lambda no: (no.at, not no.dated, no.event), default=None)
    last_no = None if last is None else last.at
    grants = grants_of(history, last_no, sigma_ms)
    yeses = sorted(
        yeses_among(grants, history, last_no, sigma_ms, now), key=lambda yes: yes.strength, reverse=True
    )
    if yeses:
        return _given(history.purpose, tuple(yeses), last, wide=any(no.wide for no in noes))
    if last is not None:
        return _refused(history.purpose, noes, last)
    if grants and all(history.is_invalid(grant) for grant in grants):
        return _of_event(history, State.INVALIDATED, max(grants, key=_order))
    return _unanswered(history, grants, now)


def _given(purpose: Purpose, yeses: tuple[Yes, ...], last: No | None, *, wide: bool) -> Standing:
    best = yeses[0]
    return Standing(
        purpose=purpose.key,
        state=State.EXPIRED if best.expired else State.GRANTED,
        since=best.t_lo,
        event=best.event,
        grade=best.grade,
        basis=best.basis,
        wording=best.wording,
        valid_until=best.valid_until,
        last_no=None if last is None else last.at,
        last_no_dated=last is None or last.dated,
        wide_no=wide and best.expired,
        yeses=yeses,
        basis_recorded=_carries(purpose, best.basis, best.grade),
    )


def _refused(purpose: Purpose, noes: list[No], last: No) -> Standing:
    return Standing(
        purpose=purpose.key,
        state=State.DENIED if all(no.refusal for no in noes) else State.WITHDRAWN,
        since=last.at,
        event=last.event,
        last_no=last.at,
        last_no_dated=last.dated,
        wide_no=any(no.wide for no in noes),
    )


def _unanswered(history: History, grants: list[Event], now: int) -> Standing:
    """Nobody said no and no consent is proved: soft opt-in, open request, claim or nothing."""
    sales = [each for each in history.of(EventType.SOFT_OPTIN) if _lives(history, each, now)]
    if sales:
        return _of_event(history, State.SOFT_OPTIN, max(sales, key=_sale_order))
    requests = [
        each
        for each in history.of(EventType.REQUEST)
        if now < asked_at(each) + REQUEST_LIVES_MS and _lives(history, each, now)
    ]
    if requests:
        return _of_event(history, State.PENDING, max(requests, key=_order))
    claims = [*history.of(EventType.CLAIM, unbound=True), *grants]
    claims = [each for each in claims if _lives(history, each, now)]
    if claims:
        return _of_event(history, State.CLAIMED, max(claims, key=_order))
    return Standing(purpose=history.purpose.key)


def _lives(history: History, event: Event, now: int) -> bool:
    return not history.is_invalid(event) and not history.is_expired(event, now)


def _of_event(history: History, state: State, event: Event) -> Standing:
    proved = Grade.E1 if state is State.CLAIMED else event.grade
    return Standing(
        purpose=history.purpose.key,
        state=state,
        since=event.recorded_at if event.t_lo is None else event.t_lo,
        event=event.id,
        grade=min(event.grade, proved),
        basis=event.basis,
        wording=event.wording,
        valid_until=event.valid_until,
        complete=state is not State.SOFT_OPTIN or is_complete_sale(event),
        basis_recorded=_basis_recorded(history),
    )


def is_complete_sale(event: Event) -> bool:
    """A soft opt-in with its sale and the wording of the free opt-out shown at it (MFL 19 § second part)."""
    return bool(event.wording) and bool(event.detail.get(SALE))


def _basis_recorded(history: History) -> bool:
    if history.purpose.marketing:
        return False
    kinds = (EventType.GRANT, EventType.CLAIM)
    return any(
        _carries(history.purpose, event.basis, event.grade) and not history.is_invalid(event)
        for kind in kinds
        for event in history.of(kind, unbound=True)
    )


def _carries(purpose: Purpose, basis: Basis, grade: Grade) -> bool:
    """The purpose's own basis, asserted with a date and a reason (E1); never for marketing."""
    return not purpose.marketing and basis is purpose.basis and grade >= Grade.E1


def _order(event: Event) -> tuple[Grade, int, str]:
    return (event.grade, event.recorded_at, event.id)


def _sale_order(event: Event) -> tuple[bool, Grade, int, str]:
    return (is_complete_sale(event), *_order(event))
