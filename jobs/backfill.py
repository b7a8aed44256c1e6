"""The first full read: resumable after any interruption, never writes to HubSpot.

A page of 100 contacts is one transaction with its cursor, so that a kill costs at most that page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from connector.acts.desk import Desk
from connector.acts.tally import Tally
from connector.hubspot.feeds import all_contacts
from connector.store.work import Work
from jobs.reading import Beat, Reader, still
from jobs.statuses import read_statuses

CURSOR = "backfill"
CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: contacts read in all, API calls of this run, and of how many where HubSpot tells."""

    contacts: int
    total: int | None
    requests: int


Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What it came to; `resumed_from` is the number of contacts that an earlier run had read."""

    contacts: int
    requests: int
    events: int
    resumed_from: int | None


@dataclass(frozen=True, slots=True)
class _Start:
    after: str | None
    contacts: int
    since: int  # when the first run of this backfill began: what changed later is for the pull to find


def backfill(
    desk: Desk, tally: Tally, *, fresh: bool = False, tell: Tell | None = None, beat: Beat = still
) -> Backfilled:
    """Read every contact, from where an interrupted run was; then single statuses as the budget allows."""
    start, calls = _start(desk, fresh=fresh), desk.hubspot.calls_made
    total = desk.hubspot.search_changed(0, 0).total
    reader, done = Reader(desk, tally, beat), start.contacts
    for page in all_contacts(desk.hubspot, start.after):
        done += len(page.contacts)
        reader.bring_in(page.contacts, always=fresh, mark=partial(_mark, page.after, done, start.since))
        if tell is not None:
            tell(Progress(done, total, desk.hubspot.calls_made - calls))
    reader.judge()
    _finish(desk, start.since)
    read_statuses(desk, tally, beat=beat)
    resumed = start.contacts if start.after is not None else None
    return Backfilled(done, desk.hubspot.calls_made - calls, tally.events, resumed)


def is_backfilled(work: Work) -> bool:
    """The register was read in full once."""
    return work.cursors.get(CHANGED) is not None


def _start(desk: Desk, *, fresh: bool) -> _Start:
    with desk.mirror.read(desk.portal) as work:
        found = None if fresh else work.cursors.get(CURSOR)
    if found is None:
        return _Start(None, 0, desk.clock.now())
    return _Start(found["after"], found["contacts"], found["since"])


def _mark(after: str | None, contacts: int, since: int, work: Work) -> None:
    work.cursors.put(CURSOR, {"after": after, "contacts": contacts, "since": since})


def _finish(desk: Desk, since: int) -> None:
    """Read to the end: the pull goes on from when the backfill began, and it counts as a sweep."""
    with desk.mirror.write(desk.portal) as work:
        work.cursors.remove(CURSOR)
        work.cursors.put(CHANGED, {"since": since})
        work.meta.put("last_sweep", since)
