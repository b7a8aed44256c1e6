"""The timetable: what is due, worked out from when it last went well. Pure.

APScheduler is only the clock (reliability 1): it loses a run that was killed, restarts intervals at each
start and runs twice when clocks go back. A row that moves on only after success does none of that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connector.settings import ScheduleSettings
from connector.store.due import DueRow

MINUTE_MS = 60_000
RETRY_FIRST_MS = MINUTE_MS
HINTS_S = 5  # what HubSpot told us to look at is looked at with the next tick
RETRY_LAST_MS = 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Timing:
    """When a job runs: `every` seconds, or once a local day `at` "HH:MM"."""

    job: str
    every: int | None = None
    at: str | None = None


def timetable(schedule: ScheduleSettings) -> tuple[Timing, ...]:
    """The jobs in the order in which a turn runs them: what people asked for first, bulk last."""
    return (
        Timing("push", every=schedule.push),
        Timing("journal", every=schedule.journal),
        Timing("hints", every=HINTS_S),
        Timing("mail", every=schedule.mail),
        Timing("forms", every=schedule.forms),
        Timing("pull", every=schedule.pull),
        Timing("sweep", at=schedule.sweep),
        Timing("retention", at=schedule.retention),
        Timing("lists", every=schedule.lists),
        Timing("links", at=schedule.links),
        Timing("watch", at=schedule.watch),
        Timing("report", at=schedule.report),
        Timing("checkpoint", every=schedule.checkpoint),
    )


def next_time(timing: Timing, done_at: int | None, zone: ZoneInfo) -> int:
    """When a job is due next, in ms UTC, given when it last went well; 0 (at once) when it never has."""
    if done_at is None:
        return 0
    if timing.every is not None:
        return done_at + timing.every * 1000
    return next_local(timing.at or "00:00", done_at, zone)


def first_time(timing: Timing, now: int, zone: ZoneInfo) -> int:
    """When a job that never ran is due, in ms UTC: at once, or at its next local time."""
    return 0 if timing.every is not None else next_time(timing, now, zone)


def is_turn_due(rows: Mapping[str, DueRow], schedule: ScheduleSettings, now: int) -> bool:
    """Whether a tick would find anything to do; a job without a row is for the tick to begin."""
    found = [rows.get(timing.job) for timing in timetable(schedule)]
    return any(row is None or row.asked or row.next_at <= now for row in found)


def is_turn_long(rows: Mapping[str, DueRow], now: int) -> bool:
    """Whether a tick may take minutes: a first reading, a sweep, forms."""
    pull = rows.get("pull")
    if pull is None or pull.done_at is None:
        return True
    found = [rows.get(job) for job in ("sweep", "forms", "retention", "links")]
    return any(row is not None and (row.asked or row.next_at <= now) for row in found)


def next_local(at: str, after: int, zone: ZoneInfo) -> int:
    """The first moment after `after` that a local clock shows `at`: once each local day, DST or not.

    Clocks that go back show it twice: the first counts. Clocks that jump over it: the moment of the jump.
    """
    day = local_day(after, zone)
    moment = moment_of(day, at, zone)
    while moment <= after:
        day += timedelta(days=1)
        moment = moment_of(day, at, zone)
    return moment


def moment_of(day: date, at: str, zone: ZoneInfo) -> int:
    """A local day and time as ms UTC (PEP 495, fold 0)."""
    hour, minute = at.split(":")
    local = datetime.combine(day, time(int(hour), int(minute)), tzinfo=zone)
    return int(local.astimezone(UTC).timestamp() * 1000)


def local_day(at: int, zone: ZoneInfo) -> date:
    """The local date of a moment in ms UTC."""
    return datetime.fromtimestamp(at / 1000, tz=zone).date()


def after_failure(failures: int, now: int) -> int:
    """When a job that failed `failures` times in a row is tried again: 1 minute doubling to an hour."""
    return now + min(RETRY_FIRST_MS << min(failures - 1, 10), RETRY_LAST_MS)
