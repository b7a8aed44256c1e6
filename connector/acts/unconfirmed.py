"""Sign-ups that nobody confirmed within seven days: what they wrote is shredded (consent-domain 3.3, 10).

The header stays, and an `expire` that names it says why its payload is gone. A legal hold and a restriction
keep it until they end (Art. 17(3)(e), 18(2)).
"""

from enum import Enum, auto
from typing import Any, Final

import structlog

from connector.acts.desk import Desk
from connector.acts.erasing import TRUNCATE, truncate
from connector.acts.erasure import is_held
from connector.acts.projection import project
from connector.consent.events import Event, EventType, Source
from connector.consent.yeses import REQUEST_LIVES_MS
from connector.store.work import Work

LOOKED: Final = "unconfirmed_looked"  # the mirror's note: up to which entry, and which ones a hold keeps
ANSWERS: Final = frozenset({EventType.GRANT, EventType.CONFIRM})

log = structlog.get_logger()


class _End(Enum):
    """What becomes of a sign-up whose time is over."""

    STAYS = auto()  # confirmed, or gone already
    HELD = auto()
    SHREDDED = auto()


def shred_unconfirmed(desk: Desk) -> int:
    """Look at the entries that have turned seven days old since the last time; how many were shredded."""
    with desk.mirror.read(desk.portal) as work:
        upto, held = _noted(work)
        aged = work.log.aged(EventType.REQUEST, upto, desk.clock.now() - REQUEST_LIVES_MS)
    if aged.upto == upto and not held:
        return 0
    with desk.mirror.write(desk.portal) as work:
        ends = {seq: _ended(desk, work, seq) for seq in (*held, *aged.seqs)}
        still = [seq for seq, end in ends.items() if end is _End.HELD]
        if (aged.upto, still) != (upto, held):
            work.meta.put(LOOKED, {"upto": aged.upto, "held": still})
        done = sum(end is _End.SHREDDED for end in ends.values())
        if done:
            work.meta.put(TRUNCATE, True)
    if done:
        truncate(desk)
        log.info("sign_ups_shredded", count=done)
    return done


def _noted(work: Work) -> tuple[int, list[int]]:
    found: dict[str, Any] = work.meta.get(LOOKED) or {"upto": 0, "held": []}
    return int(found["upto"]), list(found["held"])


def _ended(desk: Desk, work: Work, seq: int) -> _End:
    owner, request = work.log.entry(seq) or (None, None)
    winner = None if owner is None else work.people.living(owner)
    if winner is None or request is None:
        return _End.STAYS
    events = work.log.events_of([winner.id]).get(winner.id, [])
    if any(_answers(event, request) for event in events):
        return _End.STAYS
    if is_held(events) or winner.overlay is not None:
        return _End.HELD
    over = Event(
        type=EventType.EXPIRE,
        purpose=request.purpose,
        source=Source.SYSTEM,
        target=request.id,
        reason="not confirmed within 7 days",
    )
    work.log.append([(owner, over)])
    work.log.shred([seq])
    project(desk, work, winner.id)
    return _End.SHREDDED


def _answers(event: Event, request: Event) -> bool:
    """A yes to the same since then: the sign-up is part of its proof (consent-domain 1, DOI)."""
    return (
        event.type in ANSWERS and event.purpose == request.purpose and (event.seq or 0) > (request.seq or 0)
    )
