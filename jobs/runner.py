"""Runs a job: one at a time for a portal, a run id in every log line, and a row that says how it ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from structlog.contextvars import bound_contextvars

from connector.acts.desk import Desk
from connector.clock import new_id
from connector.errors import ConnectorError, Stopped
from connector.store.locks import job_lock

log = structlog.get_logger()

LOCK = "turn"  # reading jobs of a portal exclude each other; acts take no lock (design 4.11)


@dataclass(slots=True)
class Running:
    """A run that is under way."""

    desk: Desk
    id: int
    figures: dict[str, int | str | None] = field(default_factory=dict)

    def beat(self) -> None:
        """It lives and got this far."""
        with self.desk.mirror.write(self.desk.portal) as work:
            work.runs.beat(self.id, self.desk.clock.now(), self.figures)


@contextmanager
def running(desk: Desk, url: str, job: str) -> Iterator[Running]:
    """The lock, the run's row and the log's context around a job; errors are recorded and go on."""
    run_ref = new_id(desk.clock, desk.chance)
    with job_lock(url, desk.portal, LOCK), bound_contextvars(job=job, run=run_ref, portal=desk.name):
        with desk.mirror.write(desk.portal) as work:
            started = work.runs.start(job, run_ref, desk.clock.now())
        run = Running(desk, started.id)
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


def _outcome(error: BaseException) -> str:
    return "stopped" if isinstance(error, Stopped) or not isinstance(error, Exception) else "failed"


def _code(error: BaseException) -> str:
    return error.code if isinstance(error, ConnectorError) else type(error).__name__


def _end(run: Running, outcome: str, error: str | None) -> None:
    desk = run.desk
    with desk.mirror.write(desk.portal) as work:
        work.runs.finish(run.id, outcome, desk.clock.now(), run.figures, error)
    log.info("job_ended", outcome=outcome, error=error, **run.figures)
