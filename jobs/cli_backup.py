"""`backup` and `restore`: a copy while the daemon runs, and back again without losing a no."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts.backup import back_up, remember_backup
from connector.acts.restore import Place, Restored
from connector.acts.restore import restore as restore_act
from connector.settings import load
from connector.store.locks import daemon_lock, job_lock
from jobs.options import Globals, Outcome, command
from jobs.runner import LOCK

NewFile = Annotated[Path, typer.Argument(help="A file that does not exist yet.", show_default=False)]
OldFile = Annotated[Path, typer.Argument(help="A file that `backup` made.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)


@command
def backup(wanted: Globals, file: NewFile) -> Outcome:
    """Copy the mirror; the daemon may run. Keys and journal are kept apart.

    Example: consent-mirror backup mirror-2026-11-24.db
    """
    settings = load(wanted.config_path)
    made = back_up(settings.mirror.database, file)
    with wiring.mirror_of(settings) as mirror:
        for portal in settings.portals:
            remember_backup(mirror, portal.portal_id, wiring.tools().clock.now())
    entries = sum(made.entries.values())
    return Outcome(made.document(), Text(f"{file}: {made.size} bytes, {entries} entries, checked."))


@command
def restore(wanted: Globals, file: OldFile) -> Outcome:
    """Put a copy in the mirror's place; noes and erasures since are kept, the first-push gate closes.

    Example: consent-mirror restore mirror-2026-11-24.db
    """
    settings = load(wanted.config_path)
    given = wiring.tools()
    keys = wiring.keys_of(settings)
    place = Place(
        url=settings.mirror.database,
        keys=keys,
        journal=wiring.journal_of(settings, keys, given.chance),
        clock=given.clock,
        chance=given.chance,
    )
    with ExitStack() as stack:
        stack.enter_context(daemon_lock(settings.mirror.database))
        for portal in settings.portals:
            stack.enter_context(job_lock(settings.mirror.database, portal.portal_id, LOCK))
        done = restore_act(
            place,
            file,
            lambda mirror: [wiring.desk_of(settings, mirror, each.name, given) for each in settings.portals],
        )
    return Outcome(done.document(), _told(done))


def _told(done: Restored) -> Group:
    lines = []
    for each in done.logs:
        lost = f"entries {each.lost[0]} to {each.lost[1]} are lost" if each.lost else "no entry is known lost"
        again = f"{each.noes} noes and restrictions kept, {each.erasures} erased again"
        lines.append(f"Portal {each.portal}: the copy has {each.entries} entries; {lost}; {again}.")
    if done.kept:
        lines.append(f"The former database is {done.kept}: delete it when all is well, erasures miss it.")
    lines.append("Next step: `sync --dry-run`, then `sync --confirm-first-push`.")
    return Group(*(Text(line) for line in lines))
