"""A person decides what waits for one: reviews of the table, and the breakers (consent-domain 9).

What needs two people is refused with exit 4 while there are fewer than two (design 4.12).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.acts import (
    archived,
    destroying,
    erase,
    fights,
    invalid_wordings,
    lists_left,
    proofs,
    retain,
    rows_gone,
)
from connector.acts.breakers import KIND as BREAKER
from connector.acts.breakers import close_breaker
from connector.acts.desk import Desk
from connector.acts.projection import project
from connector.acts.reconcile import reconcile
from connector.acts.reviews import APPROVE, REJECT
from connector.acts.tally import Tally
from connector.acts.who import must_decide
from connector.consent.decision import Review as Kind
from connector.consent.events import Event, EventType, State
from connector.errors import Refused, Stopped
from connector.store.reviews import Review
from connector.store.users import Role
from connector.store.work import Work
from mappings.times import iso

ANNUL = "annul"
#: A yes to these erases at once: the caller finishes interrupted imports first, or they outlive the person.
ERASES: Final = frozenset({Kind.ERASURE, archived.KIND})
#: Questions of those who wait to be destroyed.
GATES: Final = {each.kind: each for each in (retain.GATE, proofs.GATE)}
TWO_PEOPLE = frozenset({BREAKER, ANNUL, Kind.ERASURE, *GATES, invalid_wordings.KIND})


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a question; `waiting` for a second person."""

    review: Review
    waiting: bool


def document(review: Review) -> dict[str, Any]:
    """One review as `review list --json` shows it (design 1.1)."""
    return {
        "id": review.id,
        "kind": review.kind,
        "row": review.row,
        "subject": review.subject_ref,
        "purpose": review.purpose or None,
        "opened_at": iso(review.opened_at),
        "question": review.question,
        "options": list(review.options),
        "approvals": [name for name, _ in review.approvals],
        "needs_two": review.kind in TWO_PEOPLE,
    }


def decide(desk: Desk, review_id: int, answer: str, user: str, reason: str | None = None) -> Decided:
    """Approve or reject. Raises Refused for an unknown or closed one, Stopped where a second has to agree."""
    with desk.mirror.write(desk.portal) as work:
        review = work.reviews.get(review_id)
        if review is None:
            raise Refused(
                "There is no such question.",
                where="review",
                kind="no_such_question",
                next_step="See `review list`.",
            )
        if review.kind in TWO_PEOPLE and answer == APPROVE and not _second(work, review, user, desk):
            return Decided(work.reviews.approve(review_id, user, desk.clock.now()), waiting=True)
        decided = work.reviews.decide(review_id, answer, user, desk.clock.now(), reason)
        _log(desk, work, decided, user)
        _follow(desk, work, decided, user)
    if review.kind in ERASES and answer == APPROVE:
        erase.resume_erasures(desk)
    if review.kind == invalid_wordings.KIND and answer == APPROVE:
        invalid_wordings.carry_on(desk, Tally())
    return Decided(decided, waiting=False)


def _second(work: Work, review: Review, user: str, desk: Desk) -> bool:
    """Another person has approved already. Raises Stopped while fewer than two could."""
    if work.users.at_least(Role.DPO) < 2:
        raise Stopped(
            "This needs two people, and fewer than two users may decide it.",
            where="review",
            kind="too_few_deciders",
            next_step="Add them: `consent-mirror users add NAME --role dpo`.",
        )
    must_decide(work, user)
    return any(name != user for name, _ in review.approvals)


def _log(desk: Desk, work: Work, review: Review, user: str) -> None:
    event = Event(
        type=EventType.REVIEW_DECIDED,
        purpose=review.purpose,
        actor=f"staff:{user}",
        source=desk.door,
        reason=review.reason,
        approved_by=tuple(name for name, _ in review.approvals),
        row=review.row,
        detail={"kind": review.kind, "decision": review.decision, "review": review.id},
    )
    work.log.append([(review.person_id, event)])


def _follow(desk: Desk, work: Work, review: Review, user: str) -> None:
    """What the decision leads to."""
    if review.kind == BREAKER:
        if review.decision == APPROVE:
            close_breaker(work, f"staff:{user}")
        return
    if review.kind in OWN_WAYS:
        OWN_WAYS[review.kind](desk, work, review, user)
        return
    if review.person_id is None:
        return
    if review.kind == ANNUL:
        _annul(desk, work, review, user)
        return
    if review.decision == REJECT:
        work.log.append([(review.person_id, event) for event in _rejection(desk, work, review, user)])
    project(desk, work, review.person_id, flags={review.purpose: (False, False)})
    reconcile(desk, work, review.person_id, {}, Tally())


def _begin_invalidation(desk: Desk, work: Work, review: Review, user: str) -> None:
    if review.decision == APPROVE:
        invalid_wordings.begin(desk, work, review, user)


def _erasure(desk: Desk, work: Work, review: Review, user: str) -> None:
    erase.decided(desk, work, review, user, approved=review.decision == APPROVE)


def _gated(desk: Desk, work: Work, review: Review, user: str) -> None:
    gate, approved = GATES[review.kind], review.decision == APPROVE
    destroying.decided(desk, work, gate, review, user, approved=approved)


#: Questions that lead to something of their own.
OWN_WAYS: Final[Mapping[str, Callable[[Desk, Work, Review, str], None]]] = {
    invalid_wordings.KIND: _begin_invalidation,
    Kind.ERASURE: _erasure,
    **dict.fromkeys(GATES, _gated),
    archived.KIND: archived.decided,
    fights.KIND: fights.decided,
    lists_left.KIND: lists_left.decided,
    rows_gone.KIND: rows_gone.decided,
}


def _annul(desk: Desk, work: Work, review: Review, user: str) -> None:
    """Two people found that a no was recorded by mistake: it is undone, and stays in the log."""
    if review.decision != APPROVE or review.person_id is None:
        return
    others = tuple(f"staff:{name}" for name, _ in review.approvals if name != user)
    event = Event(
        type=EventType.ANNUL,
        purpose=review.purpose,
        actor=f"staff:{user}",
        source=desk.door,
        target=str(review.detail["target"]),
        reason=str(review.detail["reason"]),
        approved_by=others,
    )
    work.log.append([(review.person_id, event)])
    project(desk, work, review.person_id)
    reconcile(desk, work, review.person_id, {}, Tally())


def _rejection(desk: Desk, work: Work, review: Review, user: str) -> list[Event]:
    """A cleared status was a no; a doubtful consent is set aside. Either way the answer is no."""
    now = desk.clock.now()
    if review.kind == Kind.CLEARED:
        return [
            Event(
                type=EventType.WITHDRAW,
                purpose=review.purpose,
                t_lo=now,
                t_hi=now,
                actor=f"staff:{user}",
                source=desk.door,
                reason=review.reason or "review: a cleared status was a no",
                row=review.row,
            )
        ]
    if review.kind == Kind.EVIDENCE or review.person_id is None:
        return []
    rows = work.states.of([review.person_id])
    state = rows.get((review.person_id, review.purpose))
    event = _deciding(desk, work, review) if state is not None and state.state is State.GRANTED else None
    return [] if event is None else [event]


def _deciding(desk: Desk, work: Work, review: Review) -> Event | None:
    """Invalidates the consents to this purpose: the person may give a new one."""
    assert review.person_id is not None  # noqa: S101 - the caller asked
    grants = [
        event
        for event in work.log.events_of([review.person_id]).get(review.person_id, [])
        if event.purpose == review.purpose and event.type in (EventType.GRANT, EventType.CONFIRM)
    ]
    if not grants:
        return None
    return Event(
        type=EventType.INVALIDATE,
        purpose=review.purpose,
        target=grants[-1].id,
        source=desk.door,
        reason=review.reason or "review: the older no stands",
        row=review.row,
    )
