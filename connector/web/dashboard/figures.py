"""The figures of the overview: counted beside the pages, kept for a while, and shown with their age.

Counting walks the whole register (about a second of CPU for every 10,000 people): no load of a page does it.
What is shown is the last count of this process, else the last night's; a load that finds it old begins a
new one. Counting takes at most a twentieth of the time, whatever the size.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from connector.acts.desk import Desk
from connector.clock import Clock
from connector.consent.calendar import local_day
from connector.consent.events import Overlay
from connector.logs import get_logger
from connector.report import archive
from connector.report.discrepancies import Group
from connector.report.figures import Pending, Report
from connector.report.gather import About, Outside, gather
from connector.report.view import SHOWN
from connector.web.dashboard.workshop import Workshop, is_done_within

#: A count is new for so long.
FRESH_MS: Final = 5 * 60_000
#: For each second that a count took, so many pass before the next.
REST: Final = 20
#: A page waits so long for a count that has begun: a small register is never shown with old figures.
PATIENCE_S: Final = 1.5
#: Who asks for a new count gets one, but not again and again.
ASKED_MS: Final = 10_000

Told = Callable[[Desk], tuple[About, Outside]]
log = get_logger(room="web")


@dataclass(frozen=True, slots=True)
class Counted:
    """One count. `named`: with the people whom the report shows; a night that was kept names nobody."""

    report: Report
    named: bool
    took_ms: int = 0

    def is_old(self, now: int, fresh_ms: int = FRESH_MS) -> bool:
        """It is time for another one."""
        return now - self.report.made_at > max(fresh_ms, REST * self.took_ms)


@dataclass(frozen=True, slots=True)
class Figures:
    """The last count of each portal, and the counts that are under way."""

    told: Told
    clock: Clock
    workshop: Workshop
    _kept: dict[int, Counted] = field(default_factory=dict)
    _begun: dict[int, "Future[Counted]"] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, desk: Desk, *, anew: bool = False) -> Counted:
        """What to show now. `anew`: somebody asked for a new count.

        Raises what counting raised where nothing at all is there to be shown.
        """
        kept, now = self._kept.get(desk.portal), self.clock.now()
        today = local_day(now, desk.zone).isoformat()
        fresh_ms = ASKED_MS if anew else FRESH_MS
        if kept is None or kept.report.date != today or kept.is_old(now, fresh_ms):
            begun = self._begin(desk)
            if is_done_within(PATIENCE_S, begun) and not begun.exception():
                kept = begun.result()
            else:
                kept = kept or self._of_a_night(desk) or begun.result()
        return self._now(desk, kept)

    def _begin(self, desk: Desk) -> "Future[Counted]":
        """One count of a portal at a time, whoever asks."""
        with self._lock:
            begun = self._begun.get(desk.portal)
            if begun is None:
                begun = self._begun[desk.portal] = self.workshop.begin(lambda: self._count(desk))
            return begun

    def _count(self, desk: Desk) -> Counted:
        started = self.clock.monotonic()
        try:
            about, outside = self.told(desk)
            with desk.mirror.read(desk.portal) as work:
                now = self.clock.now()
                report = gather(work, about, local_day(now, desk.zone), now, outside).report
            took_ms = round((self.clock.monotonic() - started) * 1000)
            counted = Counted(_shortened(report), named=True, took_ms=took_ms)
            with self._lock:
                self._kept[desk.portal] = counted
        except Exception as error:
            log.warning("figures_not_counted", portal=desk.name, kind=type(error).__name__)
            raise
        finally:
            with self._lock:
                self._begun.pop(desk.portal, None)
        return counted

    def _of_a_night(self, desk: Desk) -> Counted | None:
        """The last report that the timetable made; None before the first."""
        tomorrow = local_day(self.clock.now(), desk.zone) + timedelta(days=1)
        with desk.mirror.read(desk.portal) as work:
            night = archive.before(work, tomorrow)
            history = archive.history(work, tomorrow) if night else ()
        return None if night is None else Counted(replace(night.report, history=history), named=False)

    def _now(self, desk: Desk, kept: Counted) -> Counted:
        """What a person changes by a page stands as it is now; whoever is erased since is named no more."""
        with desk.mirror.read(desk.portal) as work:
            waiting, reviews = work.outbox.waiting(), work.reviews.count()
            refs = {item.subject_ref for group in kept.report.groups for item in group.items} - {""}
            people = {ref: work.people.by_ref(ref) for ref in refs}
        gone = {ref for ref, found in people.items() if found is None or found.overlay is Overlay.ERASED}
        pending = Pending(
            count=waiting.count, noes=waiting.noes, oldest=waiting.oldest, oldest_no=waiting.oldest_no
        )
        groups = tuple(_without(group, gone) for group in kept.report.groups)
        return replace(kept, report=replace(kept.report, pending=pending, reviews=reviews, groups=groups))


def _shortened(report: Report) -> Report:
    """Only the people whom a page shows are kept."""
    return replace(report, groups=tuple(replace(each, items=each.items[:SHOWN]) for each in report.groups))


def _without(group: Group, gone: set[str]) -> Group:
    return replace(group, items=tuple(item for item in group.items if item.subject_ref not in gone))
