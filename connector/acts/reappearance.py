"""Row 34: somebody erased is in HubSpot again. No row of theirs is made; a case holds HubSpot's id alone."""

from collections.abc import Sequence

from connector.acts.desk import Desk
from connector.acts.letters import queue
from connector.acts.tally import Tally
from connector.consent.events import Event, EventType, Source
from connector.store.cases import CaseKind
from connector.store.observed import WIDE
from connector.store.outbox import NewLetter, Origin
from connector.store.work import Work
from mappings.words import Status

ROW = 34
DAY_MS = 86_400_000


def reappeared(desk: Desk, work: Work, contact_ids: Sequence[int], tally: Tally) -> None:
    """Open a case for each and unsubscribe it from all; its address is read again when the write leaves."""
    now = desk.clock.now()
    open_cases = work.cases.of(contact_ids)
    for contact_id in contact_ids:
        known = {case.kind for case in open_cases.get(contact_id, ())}
        if CaseKind.PENDING_ERASURE in known:
            continue  # our own erasure, which HubSpot still purges: no reappearance (design 4.4)
        tally.reappeared += 1
        tally.rows[ROW] += 1
        if CaseKind.REAPPEARED in known:
            _look_again(work, contact_id, now)
            continue
        work.cases.open(contact_id, CaseKind.REAPPEARED, now)
        work.log.append([(None, Event(type=EventType.ERASURE_REAPPEARED, source=Source.HUBSPOT, row=ROW))])
        tally.events += 1
        queue(work, None, [_everything_off(work, contact_id)], now, tally)


def _look_again(work: Work, contact_id: int, now: int) -> None:
    """A day after the opt-out was seen it is read again, and written where somebody lifted it since.

    No entry is made for looking: the push reads first, and writes only where the opt-out is gone.
    """
    letter = work.outbox.get(work.outbox.contact_ref(contact_id), WIDE)
    if letter is not None and letter.confirmed_at is not None and letter.confirmed_at + DAY_MS <= now:
        work.outbox.queue([_everything_off(work, contact_id)], now)


def _everything_off(work: Work, contact_id: int) -> NewLetter:
    return NewLetter(
        ref=work.outbox.contact_ref(contact_id),
        subscription=WIDE,
        status=Status.UNSUBSCRIBED,
        origin=Origin.RECONCILE,
        contact_id=contact_id,
        row=ROW,
    )
