"""One tick of the daemon for one portal: run what the timetable says is due, one job after another.

A job's row moves on only after it went well; a failure is tried again after a minute, ever later up to an
hour. A person's no never waits for a tick: the process that accepted it pushes it.
"""

import threading
from collections.abc import Callable, Mapping

import structlog

from connector.acts import segments
from connector.acts.desk import Desk
from connector.acts.link_property import write_links
from connector.acts.push import first_push_confirmed, push
from connector.acts.rectify import amend
from connector.acts.tally import Tally
from connector.acts.telling import deliver
from connector.errors import ConnectorError, Stopped
from connector.meters import METERS
from connector.settings import Settings
from connector.store.due import DueRow
from jobs.backfill import is_backfilled
from jobs.checkpoint import checkpoint_after_sync, run_checkpoint
from jobs.cli_import import carry_on
from jobs.deadman import DeadMan
from jobs.due import Timing, after_failure, first_time, next_time, timetable
from jobs.forms import read_forms
from jobs.hints import look_again
from jobs.journal import read_journal
from jobs.mailing import nightly_of
from jobs.post import run_post
from jobs.reading import Beat
from jobs.retaining import run_retention
from jobs.runner import forget_old_runs, running
from jobs.turn import Plan, turn
from jobs.watch import watch

log = structlog.get_logger()

#: A first reading in a fleet makes room for other portals after so long, and goes on next turn.
FIRST_READING_S = 30


class TurnOver(Stopped):
    """A first reading has had its time; what it read is kept."""

    code = "turn_over"

    def __init__(self) -> None:
        super().__init__("The first reading goes on in the next turn.", next_step="Nothing to do.")


Job = Callable[[Settings, Desk, Beat], None]


def tick(
    settings: Settings, desk: Desk, stop: threading.Event, beat: Beat, *, watcher: DeadMan | None = None
) -> None:
    """Run every due job of a portal; one that fails does not keep the others from running."""
    for timing in timetable(settings.schedule):
        if stop.is_set():
            return
        beat()
        row = _row(desk, timing)
        if row.asked or row.next_at <= desk.clock.now():
            well = _run(settings, desk, timing, row, beat)
            if watcher is not None:
                (watcher.went_well if well else watcher.went_wrong)(desk.name, timing.job)


def _row(desk: Desk, timing: Timing) -> DueRow:
    """The job's row; a new one is kept, or a nightly job's first time would move on with the clock."""
    with desk.mirror.read(desk.portal) as work:
        found = work.due.get(timing.job)
    if found is not None:
        return found
    row = DueRow(job=timing.job, next_at=first_time(timing, desk.clock.now(), desk.zone))
    _put(desk, row)
    return row


def _run(settings: Settings, desk: Desk, timing: Timing, row: DueRow, beat: Beat) -> bool:
    """True: it went well."""
    try:
        JOBS[timing.job](settings, desk, beat)
    except TurnOver:
        _put(desk, DueRow(job=timing.job, done_at=row.done_at))
        raise
    except ConnectorError as error:
        _failed(desk, timing, row, error.code)
    except Exception as error:
        log.error("job_broke", job=timing.job, portal=desk.name, exc_info=error)
        _failed(desk, timing, row, type(error).__name__)
    else:
        done = desk.clock.now()
        _put(desk, DueRow(job=timing.job, next_at=next_time(timing, done, desk.zone), done_at=done))
        return True
    return False


def _failed(desk: Desk, timing: Timing, row: DueRow, code: str) -> None:
    failures = row.failures + 1
    log.warning("job_failed", job=timing.job, portal=desk.name, error=code, failures=failures)
    again = after_failure(failures, desk.clock.now())
    _put(desk, DueRow(job=timing.job, next_at=again, done_at=row.done_at, failures=failures))


def limited(desk: Desk, beat: Beat, limit_s: float = FIRST_READING_S) -> Beat:
    """A beat that raises TurnOver after so long where the first reading has not ended; else as it is.

    A sweep cannot go on in the middle and runs to its end; a first reading can.
    """
    with desk.mirror.read(desk.portal) as work:
        pull = work.due.get("pull")
    if pull is not None and pull.done_at is not None:
        return beat
    end = desk.clock.monotonic() + limit_s

    def beats() -> None:
        beat()
        if desk.clock.monotonic() > end:
            raise TurnOver

    return beats


def _put(desk: Desk, row: DueRow) -> None:
    with desk.mirror.write(desk.portal) as work:
        work.due.put(row)


def _push(settings: Settings, desk: Desk, beat: Beat) -> None:
    push(desk, Tally())
    beat()
    amend(desk)
    deliver(desk)


def _mail(settings: Settings, desk: Desk, beat: Beat) -> None:
    run_post(settings, desk, beat)


def _pull(settings: Settings, desk: Desk, beat: Beat) -> None:
    _turn(settings, desk, beat, full=False)


def _sweep(settings: Settings, desk: Desk, beat: Beat) -> None:
    _turn(settings, desk, beat, full=True)
    forget_old_runs(desk)


def _turn(settings: Settings, desk: Desk, beat: Beat, *, full: bool) -> None:
    carry_on(settings, desk)  # the noes in it, and what an erasure of this turn must not leave behind
    with running(desk, settings.mirror.database, "sweep" if full else "pull") as run:
        turned = turn(desk, Plan(full=full, forms=False), beat=_both(run.beat, beat), tell=run.tell)
        run.figures |= turned.figures()
    METERS.count("reconcile_drift", turned.tally.queued, portal=desk.name)
    checkpoint_after_sync(settings, desk)


def _journal(settings: Settings, desk: Desk, beat: Beat) -> None:
    del settings
    with desk.mirror.read(desk.portal) as work:
        known = is_backfilled(work)
    if known:
        read_journal(desk, beat=beat)


def _hints(settings: Settings, desk: Desk, beat: Beat) -> None:
    del settings
    with desk.mirror.read(desk.portal) as work:
        known = is_backfilled(work)
    if known:  # the first reading sees everybody anyway
        look_again(desk, Tally(), beat=beat)


def _forms(settings: Settings, desk: Desk, beat: Beat) -> None:
    tally = Tally()
    with running(desk, settings.mirror.database, "forms") as run:
        read_forms(desk, tally, beat=_both(run.beat, beat))
        run.figures |= {"events": tally.events, "decided": tally.decided}


def _retention(settings: Settings, desk: Desk, beat: Beat) -> None:
    if not _is_first_push_confirmed(desk):
        return  # nothing that we derive leaves before a person has seen what it would be
    run_retention(settings, desk, beat)


def _lists(settings: Settings, desk: Desk, beat: Beat) -> None:
    with desk.mirror.read(desk.portal) as work:
        if not segments.kept_lists(work):
            return
    with running(desk, settings.mirror.database, "lists") as run:
        done = segments.sync_lists(desk, _both(run.beat, beat))
        run.figures |= {
            "lists": len(done),
            "added": sum(each.added for each in done),
            "removed": sum(each.removed for each in done),
        }


def _links(settings: Settings, desk: Desk, beat: Beat) -> None:
    name = settings.web.link_property
    if name is None or desk.public_url is None:
        return  # opt-in, and a link needs somewhere to lead
    with running(desk, settings.mirror.database, "links") as run:
        run.figures |= write_links(desk, name, _both(run.beat, beat)).figures()


def _is_first_push_confirmed(desk: Desk) -> bool:
    with desk.mirror.read(desk.portal) as work:
        return first_push_confirmed(work)


def _both(one: Beat, other: Beat) -> Beat:
    def beats() -> None:
        one()
        other()

    return beats


def _watch(settings: Settings, desk: Desk, beat: Beat) -> None:
    with running(desk, settings.mirror.database, "watch") as run:
        run.figures |= watch(desk, settings, _both(run.beat, beat))


def _report(settings: Settings, desk: Desk, beat: Beat) -> None:
    nightly_of(settings, desk).run()


def _checkpoint(settings: Settings, desk: Desk, beat: Beat) -> None:
    run_checkpoint(settings, desk)


JOBS: Mapping[str, Job] = {
    "push": _push,
    "journal": _journal,
    "hints": _hints,
    "mail": _mail,
    "forms": _forms,
    "pull": _pull,
    "sweep": _sweep,
    "retention": _retention,
    "lists": _lists,
    "links": _links,
    "watch": _watch,
    "report": _report,
    "checkpoint": _checkpoint,
}
