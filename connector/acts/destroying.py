"""The gate before something is destroyed because its time is over: people who leave, proofs that have aged.

One place says what passes. Nothing does before it has been known for a day; what somebody declined rests for
a month; what is more than the breaker lets pass waits as a whole, until two different people agreed. Each
question is a review and each answer an entry of the log; what destroys writes its own entry (retain, proofs).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import structlog

from connector.acts.breakers import may_destroy
from connector.acts.desk import Desk
from connector.acts.reviews import OPTIONS
from connector.consent.retention import HOLD_MS
from connector.store.leaving import Key, Leaver, Leaving
from connector.store.reviews import NewReview, Review
from connector.store.work import Work

DECLINED_MS: Final = 30 * 86_400_000  # after a no to the question, it is asked again
AT_ONCE: Final = 500  # of one run: the rest follows with the next

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What stands before one kind of destroying."""

    kind: str  # of the question to two people
    note: str  # the mirror's note of when such were destroyed, of the last 24 hours
    known: Callable[[Work], Leaving]  # since when each is known, and what people said about it
    question: str  # with {count}
    alarm: tuple[str, str]  # the log's event where people are asked, and the name of its count


class Stand(Enum):
    """How far one of those is whose time is over."""

    HELD = auto()  # known for less than a day
    DECLINED = auto()
    ASKED = auto()  # waits for two people
    AGREED = auto()  # by two people
    FREE = auto()  # passes where the breaker lets all of these pass


def stand(known: Leaver, now: int) -> Stand:
    """By what is written down about it."""
    if known.found_at + HOLD_MS > now:
        return Stand.HELD
    if (known.declined_until or 0) > now:
        return Stand.DECLINED
    if len(set(names(known))) > 1:
        return Stand.AGREED
    return Stand.FREE if known.review is None else Stand.ASKED


def names(known: Leaver) -> tuple[str, ...]:
    """Who agreed; nobody where nobody was asked."""
    return tuple(known.approved_by.split(",")) if known.approved_by else ()


def waits_for(known: Leaver, now: int) -> str | None:
    """What people have said, or have still to say."""
    if known.review is not None:
        return f"review {known.review}"
    return "declined" if stand(known, now) is Stand.DECLINED else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What a run may destroy now, and how many of the others wait for what."""

    through: Sequence[Leaver]
    held: int
    declined: int
    waiting: int
    left: int  # for the next run
    review: int | None  # the question that was asked


def let_through(desk: Desk, gate: Gate, due: Mapping[Key, int]) -> Passed:
    """`due`: everything whose time is over by what is known now, and since when; what is no longer among it
    is forgotten, so that its hold begins anew should it come back."""
    now = desk.clock.now()
    found = _written_down(desk, gate, due, now)
    by = {each: [one for one in found if stand(one, now) is each] for each in Stand}
    free, review = by[Stand.FREE], None
    if free and not _within(desk, gate, len(free)):
        review = _ask(desk, gate, free)
    ready = by[Stand.AGREED] if review is not None else [*by[Stand.AGREED], *free]
    return Passed(
        through=ready[:AT_ONCE],
        held=len(by[Stand.HELD]),
        declined=len(by[Stand.DECLINED]),
        waiting=len(by[Stand.ASKED]) + (0 if review is None else len(free)),
        left=len(ready[AT_ONCE:]),
        review=review,
    )


def _written_down(desk: Desk, gate: Gate, due: Mapping[Key, int], now: int) -> list[Leaver]:
    """Since when each is known, those known longest first."""
    with desk.mirror.write(desk.portal) as work:
        known = gate.known(work)
        known.remove({each.key for each in known.all()} - due.keys())
        known.put(due.items(), now)
        return known.all()


def _within(desk: Desk, gate: Gate, wanted: int) -> bool:
    """All of them by the count of the last 24 h: a batch that is too large waits as a whole."""
    with desk.mirror.read(desk.portal) as work:
        return may_destroy(desk, work, gate.note, wanted)


def _ask(desk: Desk, gate: Gate, waiting: Sequence[Leaver]) -> int:
    now, count = desk.clock.now(), len(waiting)
    question = NewReview(
        kind=gate.kind,
        key=f"{gate.kind}:{now}",
        question=gate.question.format(count=count),
        options=OPTIONS,
        detail={"people": count},
    )
    with desk.mirror.write(desk.portal) as work:
        (review,) = work.reviews.open([question], now)
        gate.known(work).ask([each.key for each in waiting], review.id)
    event, figure = gate.alarm
    log.error(event, **{figure: count})
    return review.id


def decided(desk: Desk, work: Work, gate: Gate, review: Review, user: str, *, approved: bool) -> None:
    """Two people agreed that everything in the question goes; or one said no."""
    if approved:
        by = dict.fromkeys((*(name for name, _ in review.approvals), user))
        gate.known(work).approve(review.id, ",".join(f"staff:{name}" for name in by))
    else:
        gate.known(work).decline(review.id, desk.clock.now() + DECLINED_MS)
