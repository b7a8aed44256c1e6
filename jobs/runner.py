"""Runs a job: one at a time for a portal, a run id in every log line, and a row that says how it ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from structlog.contextvars import bound_contextvars

from connector.acts.desk import Desk
from connector.acts.under_way import UnderWay, next_of
from connector.clock import new_id
from connector.errors import ConnectorError, Stopped
from connector.store.locks import job_lock
from jobs.reading import Progress, Tell, untold

log = structlog.get_logger()

#: So long a run's row is kept: as far back as the report's charts go. The last good one of each job stays.
RUNS_KEPT_MS = 90 * 86_400_000
TOLD_EVERY_S = 5.0  # how far a reading is goes into the run's row so often at most
LOCK = "turn"  # reading jobs of a portal exclude each other; acts take no lock (design 4.11)


@dataclass(slots=True)
class Running:
    """A run that is under way."""

    desk: Desk
    id: int
    figures: dict[str, int | str | None] = field(default_factory=dict)
    listener: Tell = untold  # who else is to hear how far it is
    _under_way: UnderWay | None = None
    _beaten: float = 0.0

    def tell(self, reached: Progress) -> None:
        """How far a long reading is: for `status` and the dashboard, and whoever listens."""
        self._under_way = next_of(
            self._under_way,
            reached.what,
            done=reached.contacts,
            total=reached.total,
            calls=reached.requests,
            now=self.desk.clock.now(),
        )
        self.listener(reached)
        if self.desk.clock.monotonic() - self._beaten >= TOLD_EVERY_S:
            self.beat()

    def beat(self) -> None:
        """It lives and got this far."""
        self._beaten = self.desk.clock.monotonic()
        shown = {} if self._under_way is None else self._under_way.figures()
        with self.desk.mirror.write(self.desk.portal) as work:
            work.runs.beat(self.id, self.desk.clock.now(), self.figures | shown)


@contextmanager
def running(desk: Desk, url: str, job: str, listener: Tell = untold) -> Iterator[Running]:
    """The lock, the run's row and the log's context around a job; errors are recorded and go on."""
    run_ref = new_id(desk.clock, desk.chance)
    with job_lock(url, desk.portal, LOCK), bound_contextvars(job=job, run=run_ref, portal=desk.name):
        with desk.mirror.write(desk.portal) as work:
            started = work.runs.start(job, run_ref, desk.clock.now())
        run = Running(desk, started.id, listener=listener)
        log.info("job_started")
        calls = desk.hubspot.calls_made
        try:
            yield run
        except BaseException as error:
            run.figures["calls"] = desk.hubspot.calls_made - calls
            _end(run, _outcome(error), _code(error))
            raise
        run.figures["calls"] = desk.hubspot.calls_made - calls
        _end(run, "ok", None)


def forget_old_runs(desk: Desk) -> int:
    """Rows of runs that nobody looks at any more; how many."""
    with desk.mirror.write(desk.portal) as work:
        return work.runs.prune(desk.clock.now() - RUNS_KEPT_MS)


def _outcome(error: BaseException) -> str:
    return "stopped" if isinstance(error, Stopped) or not isinstance(error, Exception) else "failed"


def _code(error: BaseException) -> str:
    return error.code if isinstance(error, ConnectorError) else type(error).__name__


def _end(run: Running, outcome: str, error: str | None) -> None:
    desk = run.desk
    with desk.mirror.write(desk.portal) as work:
        work.runs.finish(run.id, outcome, desk.clock.now(), run.figures, error)
    log.info("job_ended", outcome=outcome, error=error, **run.figures)
