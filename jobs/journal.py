"""HubSpot's pull journal: which contacts to look at again, for a daemon that no webhook reaches (HA 13.3).

The hints of a file and the place after it are one transaction, so that a file is neither lost nor skipped; it
may come twice, which does no harm. Whatever may have been missed is left to a full sweep.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import structlog

from connector.acts.desk import Desk
from connector.acts.ports import Journal
from connector.meters import METERS
from connector.store.hints import HintKind
from connector.store.work import Work
from jobs.reading import Beat, still
from mappings.journal import JournalEvent, JournalGap, JournalPage, JournalSubscription

CURSOR: Final = "journal"
#: Files a run: other jobs of the portal wait for it.
FILES: Final = 50
CONTACTS: Final = "0-1"
#: HubSpot keeps the journal for three days; a place older than this may have lost its followers, whatever is
#: answered for it.
KEPT_MS: Final = 3 * 86_400_000
NOTED_MS: Final = 3_600_000  # how often "nothing new" is written down
_KINDS: Final[Mapping[str, HintKind]] = {
    "CREATE": HintKind.CHANGED,
    "UPDATE": HintKind.CHANGED,
    "DELETE": HintKind.CHANGED,
    "MERGE": HintKind.CHANGED,
    "RESTORE": HintKind.CHANGED,
    "GDPR_DELETE": HintKind.ERASED,
}

log = structlog.get_logger()


def read_journal(desk: Desk, *, beat: Beat = still) -> int:
    """Read what is new; how many files. Nothing happens where no journal is set up.

    Raises what HubSpot makes it raise: what was read until then is kept.
    """
    if desk.journal is None:
        return 0
    with desk.mirror.read(desk.portal) as work:
        place = work.cursors.get(CURSOR)
    if place is None:
        return _begin(desk, desk.journal)
    files = 0
    while files < FILES:
        beat()
        page, gap = _next(desk, desk.journal, place)
        if page is None and not gap:
            if desk.clock.now() - place["at"] >= NOTED_MS:
                _keep(desk, place["offset"], None, sweep=False)
            break
        place = _keep(desk, None if page is None else page.offset, page, sweep=gap)
        if page is None:
            break
        files += 1
    return files


def _begin(desk: Desk, journal: Journal) -> int:
    """From the newest file on; the sweep asked for in the same transaction sees all that is older."""
    page = journal.latest()
    _keep(desk, None if page is None else page.offset, page, sweep=True)
    log.info("journal_begun", portal=desk.name)
    return 0 if page is None else 1


def _next(desk: Desk, journal: Journal, place: Mapping[str, Any]) -> tuple[JournalPage | None, bool]:
    """The next file, and whether some before it may be lost."""
    offset = place["offset"]
    aged = is_aged(place, desk.clock.now())
    if offset is not None and not aged:
        try:
            return journal.after(offset), False
        except JournalGap:
            aged = True
    page = journal.earliest()
    if aged:
        log.warning("journal_gap", portal=desk.name)
        METERS.count("journal_gap", portal=desk.name)
    return page, aged


def is_aged(place: Mapping[str, Any], now: int) -> bool:
    """Whether HubSpot may have let go of what came after this place."""
    return bool(now - place["at"] >= KEPT_MS)


def missing_actions(portal: int, found: Iterable[JournalSubscription]) -> list[str]:
    """The actions on this portal's contacts that the app is not subscribed to."""
    ours = (each for each in found if (each.portal, each.object_type) == (portal, CONTACTS))
    told = {action for each in ours for action in each.actions}
    return [action for action in _KINDS if action not in told]


def _keep(desk: Desk, offset: str | None, page: JournalPage | None, *, sweep: bool) -> dict[str, Any]:
    """The file's hints, the place after it and the sweep that is owed: all or nothing."""
    now = desk.clock.now()
    place = {"offset": offset, "at": now}
    with desk.mirror.write(desk.portal) as work:
        if page is not None:
            _hint(desk, work, page, now)
        if sweep or (page is not None and page.torn):
            work.due.ask("sweep")
        work.cursors.put(CURSOR, place)
    return place


def _hint(desk: Desk, work: Work, page: JournalPage, now: int) -> None:
    found = [(each, _kind(desk, each)) for each in page.events]
    wanted = [(number, kind) for each, kind in found if kind for number in _numbers(each, kind)]
    work.hints.add(wanted, now)
    for _, kind in found:
        METERS.count("journal_event", result="other" if kind is None else "queued")


def _numbers(event: JournalEvent, kind: HintKind) -> tuple[int, ...]:
    """A merge names several records; that somebody was erased is said of one."""
    return (event.object_id,) if kind is HintKind.ERASED else (event.object_id, *event.others)


def _kind(desk: Desk, event: JournalEvent) -> HintKind | None:
    """None for what is another portal's, no contact's, or a word that we do not know."""
    if event.portal != desk.portal or event.object_type != CONTACTS:
        return None
    return _KINDS.get(event.action)
