"""Job runs: what ran, how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from connector.clock import process_id
from connector.proof import canon
from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import run


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a job. `outcome`: None while it runs, else ok, failed, stopped, interrupted."""

    id: int
    job: str
    run_ref: str
    started_at: int
    beat_at: int
    ended_at: int | None
    outcome: str | None
    figures: Mapping[str, int | str | None]
    error: str | None
    pid: int


Figures = Mapping[str, int | str | None]


class Runs:
    """The runs of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._connection = scope.connection
        self._portal = scope.portal
        self._mine = run.c.portal == scope.portal

    def start(self, job: str, run_ref: str, now: int) -> Run:
        """A run begins; unfinished older ones of the job were interrupted (the caller holds its lock)."""
        unfinished = update(run).where(self._mine, run.c.job == job, run.c.ended_at.is_(None))
        self._connection.execute(unfinished.values(ended_at=run.c.beat_at, outcome="interrupted"))
        row = {
            "portal": self._portal,
            "job": job,
            "run_ref": run_ref,
            "started_at": now,
            "beat_at": now,
            "figures": "{}",
            "pid": process_id(),
        }
        made = self._connection.execute(insert(run).values(row).returning(*run.c)).one()
        return _run(made)

    def beat(self, run_id: int, now: int, figures: Figures | None = None) -> None:
        """It lives, and got this far."""
        self._set(run_id, {"beat_at": now}, figures)

    def finish(
        self, run_id: int, outcome: str, now: int, figures: Figures | None = None, error: str | None = None
    ) -> None:
        """It ended: ok, failed or stopped. `error` is a code, never a text from outside."""
        self._set(run_id, {"beat_at": now, "ended_at": now, "outcome": outcome, "error": error}, figures)

    def last(self, job: str, outcome: str | None = None) -> Run | None:
        """The newest run of a job (with this outcome)."""
        statement = select(run).where(self._mine, run.c.job == job).order_by(run.c.id.desc()).limit(1)
        wanted = statement if outcome is None else statement.where(run.c.outcome == outcome)
        row = self._connection.execute(wanted).one_or_none()
        return _run(row) if row else None

    def recent(self, limit: int = 50) -> list[Run]:
        """Newest first."""
        statement = select(run).where(self._mine).order_by(run.c.id.desc()).limit(limit)
        return [_run(row) for row in self._connection.execute(statement)]

    def first_start(self) -> int | None:
        """When the oldest run that is kept began; None before any."""
        found = self._connection.execute(select(func.min(run.c.started_at)).where(self._mine)).scalar()
        return None if found is None else int(found)

    def prune(self, before: int) -> int:
        """Forget ended runs that started before; the newest ok one of each job stays."""
        newest = select(func.max(run.c.id)).where(self._mine, run.c.outcome == "ok").group_by(run.c.job)
        old = delete(run).where(self._mine, run.c.started_at < before, run.c.ended_at.is_not(None))
        return int(self._connection.execute(old.where(run.c.id.not_in(newest))).rowcount)

    def _set(self, run_id: int, values: dict[str, Any], figures: Figures | None) -> None:
        if figures is not None:
            values["figures"] = canon.canon(dict(figures)).decode()
        self._connection.execute(update(run).where(self._mine, run.c.id == run_id).values(values))


def _run(row: bulk.AnyRow) -> Run:
    return Run(
        id=row.id,
        job=row.job,
        run_ref=row.run_ref,
        started_at=row.started_at,
        beat_at=row.beat_at,
        ended_at=row.ended_at,
        outcome=row.outcome,
        figures=canon.decode(row.figures.encode()),
        error=row.error,
        pid=row.pid,
    )
