"""`backfill` and `sync`: the first full read, and one turn."""

from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts.desk import Desk
from connector.acts.first_push import confirm_first_push, dry_run_shown
from connector.acts.mail_out import Sent
from connector.acts.pin import check_portal
from connector.acts.preview import Preview, preview
from connector.acts.tally import Tally
from connector.consent.reasons import why
from connector.errors import ConfigurationError, Stopped
from connector.settings import Settings, load
from jobs import output
from jobs.backfill import backfill as run_backfill
from jobs.checkpoint import checkpoint_after_sync
from jobs.cli_import import carry_on
from jobs.forms import read_forms
from jobs.options import Globals, Outcome, command
from jobs.post import try_post
from jobs.progress import told
from jobs.runner import running
from jobs.turn import Plan, Turned, check_properties, turn

#: Rows that somebody at the terminal wants to hear of: a no that had to be defended, a doubtful word.
TOLD_ROWS = frozenset({3, 5, 6, 7, 14, 15, 16, 18, 19, 23, 27, 34, 36, 37, 39, 40, 41, 43, 44, 45})

Fresh = Annotated[bool, typer.Option("--fresh", help="Begin anew, and read every status again.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be written to HubSpot; write nothing.")
]
Full = Annotated[bool, typer.Option("--full", help="Compare every contact, not only what changed.")]
ConfirmFirst = Annotated[
    bool, typer.Option("--confirm-first-push", help="The dry run was looked at: from now on, write.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("backfill")(backfill)
    app.command("sync")(sync)


@command
def backfill(wanted: Globals, fresh: Fresh = False) -> Outcome:
    """The first full read into the mirror; resumes where it was; never writes to HubSpot.

    Example: consent-mirror backfill
    """
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        started, tally = desk.clock.monotonic(), Tally()
        check_portal(desk)
        check_properties(desk)
        day = partial(wiring.calls_of, settings, settings.portal(wanted.portal))
        with (
            told(desk.clock, day, silent=wanted.json) as listener,
            running(desk, settings.mirror.database, "backfill", listener) as run,
        ):
            done = run_backfill(desk, tally, fresh=fresh, tell=run.tell, beat=run.beat)
            read_forms(desk, tally, beat=run.beat)
            run.figures |= {"contacts": done.contacts, "events": tally.events}
        seconds = desk.clock.monotonic() - started
    document = {
        "contacts": done.contacts,
        "requests": done.requests,
        "seconds": round(seconds, 3),
        "events": tally.events,
        "resumed_from": done.resumed_from,
    }
    rate = done.contacts / seconds if seconds else 0
    return Outcome(document, Text(
        f"{output.many(done.contacts, 'contact')} read with {output.many(done.requests, 'call')} in "
        f"{seconds:.1f} s ({rate:.0f} a second), "
        f"{output.many(tally.events, 'entry', 'entries')} in the log. Nothing was written to HubSpot."
    ))  # fmt: skip


@command
def sync(
    wanted: Globals, dry_run: DryRun = False, full: Full = False, confirm_first_push: ConfirmFirst = False
) -> Outcome:
    """One turn: pull changes, reconcile, push, read back.

    Example: consent-mirror sync --dry-run
    """
    settings = load(wanted.config_path)
    if dry_run and confirm_first_push:
        raise ConfigurationError(
            "A dry run writes nothing.", where="sync", next_step="Say one of the two options."
        )
    with wiring.opened(settings, wanted.portal) as desk:
        return _synced(desk, settings, wanted, dry_run=dry_run, full=full, confirmed=confirm_first_push)


def _synced(
    desk: Desk, settings: Settings, wanted: Globals, *, dry_run: bool, full: bool, confirmed: bool
) -> Outcome:
    day, job = partial(wiring.calls_of, settings, settings.portal(desk.name)), "sweep" if full else "pull"
    with (
        told(desk.clock, day, silent=wanted.json) as listener,
        running(desk, settings.mirror.database, job, listener) as run,
    ):
        if confirmed:
            confirm_first_push(desk)
        if not dry_run:
            carry_on(settings, desk)
        turned = turn(desk, Plan(full=full, push=not dry_run), beat=run.beat, tell=run.tell)
        run.figures |= turned.figures()
    mailed = Sent() if dry_run else try_post(settings, desk)
    checkpoint = None if dry_run else checkpoint_after_sync(settings, desk)
    shown = preview(desk) if dry_run or not turned.first_push_confirmed else None
    if dry_run:
        dry_run_shown(desk)
    document = (
        _document(turned)
        | {"mail": mailed.figures(), "checkpoint_trouble": checkpoint}
        | ({"would_push": shown.items} if shown is not None else {})
    )
    code = 0 if dry_run or (turned.first_push_confirmed and turned.breaker is None) else Stopped.exit_code
    return Outcome(document, _told(turned, shown, dry_run=dry_run), code)


def _document(turned: Turned) -> dict[str, Any]:
    tally = turned.tally
    return {
        "pulled": tally.pulled,
        "changed": tally.changed,
        "events": tally.events,
        "decided": tally.decided,
        "rows": {str(row): count for row, count in sorted(tally.rows.items())},
        "pushed": tally.pushed,
        "confirmed": tally.confirmed,
        "pending": turned.pending,
        "reviews": turned.reviews,
        "breaker": turned.breaker,
        "incidents": tally.incidents,
        "reappeared": tally.reappeared,
        "first_push_confirmed": turned.first_push_confirmed,
    }


def _told(turned: Turned, shown: Preview | None, *, dry_run: bool) -> Group:
    tally = turned.tally
    lines = [
        f"{output.many(tally.pulled, 'record')} read from HubSpot, {tally.changed:,} changed, "
        f"{output.many(tally.events, 'entry', 'entries')}; {output.many(tally.pushed, 'write')} sent, "
        f"{tally.confirmed:,} confirmed by reading back, {turned.pending:,} pending."
    ]
    lines += [
        f"{count} × row {row}: {why(row)}" for row, count in sorted(tally.rows.items()) if row in TOLD_ROWS
    ]
    if turned.reviews:
        lines.append(f"{output.many(turned.reviews, 'question')} for a person: `consent-mirror review list`.")
    if turned.breaker:
        lines.append(
            f"The breaker {turned.breaker['kind']} is open: nothing subscribes or erases until somebody has "
            "looked (`consent-mirror review list`). Opt-outs go on."
        )
    parts: list[Any] = [Text(line) for line in lines]
    if shown is not None:
        rows = [(p, status, count, row, reason) for p, status, row, count, reason in shown.grouped]
        headings = ("purpose", "would be written", "people", "row", "because")
        parts.append(output.table(headings, rows) if rows else Text("Nothing waits to be written."))
        parts.append(Text(_next(turned, dry_run=dry_run)))
    return Group(*parts)


def _next(turned: Turned, *, dry_run: bool) -> str:
    if turned.first_push_confirmed:
        return "Nothing was written. `consent-mirror sync` writes it."
    if dry_run:
        return "Nothing was written. When this is right: `consent-mirror sync --confirm-first-push`."
    return (
        "Nothing was written: the first push waits for a person. Look at `consent-mirror sync --dry-run`, "
        "then `consent-mirror sync --confirm-first-push`."
    )
