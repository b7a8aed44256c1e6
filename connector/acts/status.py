"""`status`: is the mirror of a portal up to date, and does anything wait?"""

from datetime import date
from typing import Any

from connector.acts import allowed, placed, requests, telling, under_way
from connector.acts.desk import Desk
from connector.acts.mail_out import totals_of
from connector.acts.notices import owed
from connector.acts.staged import Marker, unfinished
from connector.report.archive import missed
from connector.report.gather import coverage_of
from connector.store.coverage import NEVER
from connector.store.runs import Run
from connector.store.work import Work
from mappings.times import iso

READING = ("pull", "sweep", "backfill")


def status(
    desk: Desk, today: date, *, mailed: bool, has_server: bool, places: tuple[str, ...] = ()
) -> dict[str, Any]:
    """One portal's line of `status --json` (design 1.1).

    `mailed`: the nightly report goes out; `has_server`: letters to people can.
    """
    with desk.mirror.read(desk.portal) as work:
        now, waiting, counts, head = (
            desk.clock.now(),
            work.outbox.waiting(),
            work.contacts.counts(),
            work.log.head(),
        )
        return {
            "portal": desk.name,
            "portal_id": desk.portal,
            "contacts": counts.live,
            "statuses_read": counts.read,
            "oldest_read": iso(counts.oldest_read),
            "read_within": dict(work.ages.of_everybody(now).within),
            "coverage": [each.document() for each in coverage_of(work, desk.purposes, now)],
            "statuses": _single_reads(desk, work),
            "reading": under_way.document(work, now),
            "last_pull": iso(_last(work, *READING)),
            "last_sweep": iso(work.meta.get("last_sweep")),
            "outbox_pending": waiting.count,
            "outbox_noes": waiting.noes,
            "outbox_parked": waiting.parked,
            "outbox_oldest_s": None if waiting.oldest is None else max(0, now - waiting.oldest) // 1000,
            "first_push_confirmed": bool(work.meta.get("first_push_confirmed")),
            "reviews": work.reviews.count(),
            "recipients": telling.standing(work, now),
            "requests": requests.standing(work, now),
            "imports": [_import(name, marker) for name, marker in unfinished(work).items()],
            "breaker": _breaker(work),
            "missed_mails": [str(day) for day in missed(work, today)] if mailed else [],
            "checkpoint": placed.document(work, places),
            "notices": owed(desk, work).document(),
            "mail": totals_of(work).document(now, configured=has_server),
            "failing": [run.job for run in _failing(work)],
            "log": {"entries": head.size, "root": head.root},
        }


def _single_reads(desk: Desk, work: Work) -> dict[str, Any]:
    """What is left to read one by one, and how many days that takes; with batches, or not known: no days."""
    left = work.ages.of_everybody(desk.clock.now()).within[NEVER]
    plan = allowed.kept(work)
    singles = plan is not None and not plan.batch_statuses and desk.statuses_per_day > 0
    return {
        "left": left,
        "batches": None if plan is None else plan.batch_statuses,
        "per_day": desk.statuses_per_day,
        "days_left": -(-left // desk.statuses_per_day) if singles else None,
    }


def _import(name: str, marker: Marker) -> dict[str, Any]:
    """One that is decided and not at its end: at work, interrupted, or without its rows (`review` asks)."""
    return {"import": name, "recorded": marker.done, "of": marker.facts}


def _breaker(work: Work) -> dict[str, Any] | None:
    found = work.meta.get("breaker")
    return None if found is None else {**found, "since": iso(found["since"])}


def _last(work: Work, *jobs: str) -> int | None:
    runs = [work.runs.last(job, "ok") for job in jobs]
    return max((run.ended_at for run in runs if run is not None and run.ended_at is not None), default=None)


def _failing(work: Work) -> list[Run]:
    """Jobs whose newest run did not end well."""
    newest: dict[str, Run] = {}
    for run in work.runs.recent():
        newest.setdefault(run.job, run)
    return [run for run in newest.values() if run.outcome in {"failed", "interrupted"}]
