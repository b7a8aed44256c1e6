"""A long reading while it runs: how far, how fast, how long still. Its run's row keeps it for others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from connector.store.runs import Run
from connector.store.work import Work
from mappings.times import iso

SOON_MS: Final = 500  # before that a rate says nothing
#: A run that has not been heard of for so long has been killed: nobody closes its row before the next begins.
SILENT_MS: Final = 120_000
LOOKED_AT: Final = 20  # runs: those that have not ended are among the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """One stage of a reading. `first`: what an earlier run had read of it, which says nothing of the pace."""

    what: str
    began: int
    first: int
    done: int
    total: int | None
    calls: int
    at: int  # when it was this far, ms UTC

    @property
    def a_second(self) -> float:
        """Contacts."""
        took_ms = self.at - self.began
        return (self.done - self.first) * 1000 / took_ms if took_ms > SOON_MS else 0.0

    @property
    def seconds_left(self) -> float | None:
        """None: nobody knows how many there are, or how fast it goes."""
        if self.total is None or not self.a_second:
            return None
        return max(0, self.total - self.done) / self.a_second

    def figures(self) -> dict[str, int | str | None]:
        """As the run's row keeps it."""
        return {
            "reading": self.what,
            "began": self.began,
            "first": self.first,
            "done": self.done,
            "of": self.total,
            "calls": self.calls,
        }


def next_of(
    before: UnderWay | None, what: str, *, done: int, total: int | None, calls: int, now: int
) -> UnderWay:
    """The same stage further on, or another one that begins."""
    if before is None or before.what != what:
        return UnderWay(what=what, began=now, first=done, done=done, total=total, calls=calls, at=now)
    return replace(before, done=done, total=total, calls=calls, at=now)


def document(work: Work, now: int) -> dict[str, Any] | None:
    """The reading that runs now, for `status`; None where none does."""
    runs = (run for run in work.runs.recent(LOOKED_AT) if run.outcome is None)
    found = next((run for run in runs if "reading" in run.figures and now - run.beat_at < SILENT_MS), None)
    if found is None:
        return None
    reached = _of(found.figures, found)
    left = reached.seconds_left
    return {
        "job": found.job,
        "stage": reached.what,
        "contacts": reached.done,
        "of": reached.total,
        "a_second": round(reached.a_second, 1),
        "seconds_left": None if left is None else round(left),
        "calls": reached.calls,
        "since": iso(found.started_at),
        "heard_at": iso(found.beat_at),
    }


def _of(figures: Mapping[str, Any], run: Run) -> UnderWay:
    return UnderWay(
        what=str(figures["reading"]),
        began=int(figures["began"]),
        first=int(figures["first"]),
        done=int(figures["done"]),
        total=figures["of"],
        calls=int(figures["calls"]),
        at=run.beat_at,
    )
