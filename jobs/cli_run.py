"""`daemon`: the long-running sync of all configured portals."""

import threading
from contextlib import ExitStack
from functools import partial

import typer

from connector import wiring
from connector.settings import Settings, load
from connector.store.locks import daemon_lock
from jobs import daemon as loop
from jobs.cli_import import roll_forward
from jobs.mailing import is_mailed, server_of
from jobs.options import Globals, Outcome, command
from jobs.tick import tick


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("daemon")(daemon)


@command
def daemon(wanted: Globals) -> Outcome:
    """Run the timetable until SIGTERM: pull, push, sweep, report.

    Example: consent-mirror daemon
    """
    settings = load(wanted.config_path)
    loop.block_signals()  # before the database and HubSpot start threads of their own
    check_secrets(settings, wanted.portal)
    stop = threading.Event()
    given = wiring.Tools(clock=wiring.tools().clock, chance=wiring.tools().chance, stop=stop)
    with ExitStack() as stack:
        stack.enter_context(daemon_lock(settings.mirror.database))
        mirror = stack.enter_context(wiring.mirror_of(settings, given))
        names = [wanted.portal] if wanted.portal else [portal.name for portal in settings.portals]
        desks = {name: wiring.desk_of(settings, mirror, name, given) for name in names}
        for desk in desks.values():
            roll_forward(settings, desk)
        ticks = {name: partial(tick, settings, desk) for name, desk in desks.items()}
        return Outcome(code=loop.run(ticks, given.clock, stop))


def check_secrets(settings: Settings, portal: str | None) -> None:
    """A daemon that lacks a secret stops at its start, not in the night. Raises ConfigurationError."""
    for each in [settings.portal(portal)] if portal else settings.portals:
        wiring.token_of(each)
    if any(is_mailed(settings, each.name) for each in settings.portals):
        server_of(settings)
