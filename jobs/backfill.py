"""The first full read: resumable after any interruption, never writes to HubSpot.

A few pages of 100 contacts are one transaction with their cursor, so that a kill costs at most those pages.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from connector.acts.desk import Desk
from connector.acts.tally import Tally
from connector.errors import RequestRejected
from connector.store.observed import WIDE
from connector.store.work import Work
from jobs.reading import Beat, Progress, Reader, Tell, still, untold
from jobs.statuses import read_statuses
from jobs.stretches import WHOLE, Piece, Reach, Stretch, pieces
from mappings.records import Contact

CURSOR = "backfill"
CHANGED = "changed"
#: The share of calls that read the list, where each page's statuses take two batches and a bit.
BESIDE_BATCHES = 0.33
BESIDE = 4  # calls of the start on their way at once: HubSpot allows as many searches a second
TOTALS = "opted_out"  # how many HubSpot counted when both sides were compared last


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What it came to; `resumed_from` is the number of contacts that an earlier run had read."""

    contacts: int
    requests: int
    events: int
    resumed_from: int | None


@dataclass(frozen=True, slots=True)
class _Start:
    stretches: tuple[Stretch, ...]
    contacts: int
    since: int  # when the first run of this backfill began: what changed later is for the pull to find
    is_first: bool  # nothing was read before this backfill
    resumed: bool = False


def backfill(
    desk: Desk, tally: Tally, *, fresh: bool = False, tell: Tell = untold, beat: Beat = still
) -> Backfilled:
    """Read every contact, from where an interrupted run was; then single statuses as the budget allows."""
    calls = desk.hubspot.calls_made
    with ThreadPoolExecutor(BESIDE, thread_name_prefix="beside") as beside:
        probed = beside.submit(desk.hubspot.capabilities)  # four calls, while searches wait for their pace
        start = _start(desk, beside, fresh=fresh)
        counted = beside.submit(lambda: desk.hubspot.search_changed(0, 0).total)
        probed.result()
        reader, done = Reader(desk, tally, beat), start.contacts
        choose = _everybody if fresh or start.is_first else partial(_changed, reader)
        with reader.ahead(
            pieces(desk.hubspot, start.stretches, reach(desk, partial(_known, counted))), choose
        ) as pages:
            for group in pages.together(reader.at_once):
                done += sum(len(ready.page.contacts) for ready in group)
                reader.take(group, partial(_mark, group[-1].page.left, done, start.since))
                tell(Progress("backfill", done, counted.result(), desk.hubspot.calls_made - calls))
    reader.judge()
    _finish(desk, start.since)
    read_statuses(desk, tally, beat=beat, tell=tell)
    resumed = start.contacts if start.resumed else None
    return Backfilled(done, desk.hubspot.calls_made - calls, tally.events, resumed)


def _known(counted: Future[int | None]) -> int | None:
    """What came of a question; None while it is on its way. Raises what it raised."""
    return counted.result() if counted.done() else None


def reach(desk: Desk, total: Callable[[], int | None]) -> Reach:
    """How the list of contacts is read side by side."""
    batches = desk.hubspot.capabilities().batch_statuses
    return Reach(total, desk.clock, BESIDE_BATCHES if batches else 1.0)


def _start(desk: Desk, beside: Executor, *, fresh: bool) -> _Start:
    with desk.mirror.read(desk.portal) as work:
        found = None if fresh else work.cursors.get(CURSOR)
        is_first = not is_backfilled(work)
    if found is None:
        since = desk.clock.now()
        _count(desk, beside)
        return _Start(WHOLE, 0, since, is_first)
    stretches = tuple(Stretch(after, until) for after, until in found["stretches"])
    return _Start(stretches, found["contacts"], found["since"], is_first, resumed=True)


def _mark(stretches: tuple[Stretch, ...], contacts: int, since: int, work: Work) -> None:
    left = [[each.after, each.until] for each in stretches]
    work.cursors.put(CURSOR, {"stretches": left, "contacts": contacts, "since": since})


def _count(desk: Desk, beside: Executor) -> None:
    """How many opted out before the first page is read: who does so later moves a total, and the first pull
    looks for them (design 4.4); otherwise it need not read again what this backfill reads."""
    asked = (None, *desk.purposes.subscription_ids)
    counted = beside.map(partial(_opted_out, desk), asked)
    totals = {
        str(each or WIDE): total for each, total in zip(asked, counted, strict=True) if total is not None
    }
    with desk.mirror.write(desk.portal) as work:
        work.cursors.put(TOTALS, totals)


def _opted_out(desk: Desk, subscription: int | None) -> int | None:
    """None: a portal without this property."""
    with suppress(RequestRejected):
        return desk.hubspot.count_opted_out(subscription)
    return None


def _everybody(piece: Piece) -> Sequence[Contact]:
    """Nobody is known beyond the cursors; a fresh one reads everybody's statuses again."""
    return piece.contacts


def _changed(reader: Reader, piece: Piece) -> Sequence[Contact]:
    """The mirror has been filled before: the others are as they were."""
    return reader.changed(piece.contacts)


def is_backfilled(work: Work) -> bool:
    """The register was read in full once."""
    return work.cursors.get(CHANGED) is not None


def _finish(desk: Desk, since: int) -> None:
    """Read to the end: the pull goes on from when the backfill began, and it counts as a sweep."""
    with desk.mirror.write(desk.portal) as work:
        work.cursors.remove(CURSOR)
        work.cursors.put(CHANGED, {"since": since - ahead_ms(desk)})
        work.meta.put("last_sweep", since)


def ahead_ms(desk: Desk) -> int:
    """By how much our clock is ahead, in ms: the search for changes goes by HubSpot's, and begins there."""
    return max(0, desk.hubspot.clock_skew_ms() or 0)
