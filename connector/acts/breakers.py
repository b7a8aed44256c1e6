"""The breakers: a machine stops and a person looks; a no is never held (consent-domain 9, threats 5 to 7)."""

import structlog

from connector.acts.desk import Desk
from connector.acts.reviews import OPTIONS
from connector.consent import breaker
from connector.consent.events import Event, EventType
from connector.errors import Refused
from connector.store.reviews import NewReview, Review
from connector.store.work import Work

KIND = "breaker"
OPEN = "breaker"  # the mirror's note of an open one: kind, since, figures
VANISHED = "vanished"  # the kind that a doubtful reading opens
BELIEVED = "vanished_believed"  # so many may be gone: people have looked at them

log = structlog.get_logger()


def is_breaker_open(work: Work) -> bool:
    """A machine stopped and nobody has looked yet."""
    return work.meta.get(OPEN) is not None


def within_breaker(desk: Desk, work: Work) -> bool:
    """One more SUBSCRIBED may leave, by the count of the last 24 h."""
    sent = work.outbox.subscribes_since(desk.clock.now() - breaker.WINDOW_MS)
    return breaker.subscribes_allowed(desk.limits, register=work.people.count(), in_window=sent)


def may_destroy(desk: Desk, work: Work, note: str, wanted: int = 1) -> bool:
    """May so many more be destroyed, by the count of the last 24 h under `note` (threat 6)?"""
    if is_breaker_open(work):
        return False
    register, done = work.people.count(), len(_recent(desk, work, note))
    return breaker.erasures_allowed(desk.limits, register=register, in_window=done, wanted=wanted)


def count_destroyed(desk: Desk, work: Work, note: str) -> None:
    """One more, now."""
    work.meta.put(note, [*_recent(desk, work, note), desk.clock.now()])


def _recent(desk: Desk, work: Work, note: str) -> list[int]:
    since = desk.clock.now() - breaker.WINDOW_MS
    return [at for at in work.meta.get(note) or () if at > since]


def is_believable(desk: Desk, work: Work, *, read: int, vanished: int) -> bool:
    """May a reading be right in which so many turned empty or missing? What people approved once, may."""
    if vanished <= (work.meta.get(BELIEVED) or 0):
        return True
    return breaker.read_is_plausible(desk.limits, read=max(read, 1), vanished=vanished)


def swept(work: Work) -> None:
    """A complete sweep has taken in what people approved: the next surprise is asked about again."""
    if work.meta.get(BELIEVED) is not None:
        work.meta.remove(BELIEVED)


def open_breaker(desk: Desk, work: Work, kind: str, **figures: int) -> None:
    """Suspend subscribes and erasures until a person has looked; the figures say why."""
    if is_breaker_open(work):
        return
    now = desk.clock.now()
    work.meta.put(OPEN, {"kind": kind, "since": now, **figures})
    work.log.append([(None, Event(type=EventType.BREAKER_OPEN, detail={"kind": kind, **figures}))])
    work.reviews.open([_question(kind)], now)
    log.error("breaker_open", kind=kind, **figures)


def close_breaker(work: Work, actor: str) -> None:
    """People have looked and found it right: the reading that opened it is believed when it comes again."""
    found = work.meta.get(OPEN) or {}
    if found.get("kind") == VANISHED:
        work.meta.put(BELIEVED, found.get(VANISHED, 0))
    work.meta.remove(OPEN)
    work.log.append([(None, Event(type=EventType.BREAKER_CLOSED, actor=actor))])


def ask_again(desk: Desk) -> Review:
    """The question whether an open breaker may close: the one that waits, or anew where somebody said no to
    it and the reason is gone by now. Raises Refused where no breaker is open."""
    with desk.mirror.write(desk.portal) as work:
        found = work.meta.get(OPEN)
        if found is None:
            raise Refused(
                "No breaker is open.", where="review", kind="no_breaker", next_step="Nothing to do."
            )
        return work.reviews.open([_question(found["kind"])], desk.clock.now())[0]


def _question(kind: str) -> NewReview:
    return NewReview(
        kind=KIND,
        key=f"{KIND}:{kind}",
        question=(
            f"The breaker {kind} is open: nothing subscribes or erases, opt-outs go on. Look at what changed "
            "in HubSpot. Approve: it is right, close the breaker. Reject: keep it open."
        ),
        options=OPTIONS,
    )
