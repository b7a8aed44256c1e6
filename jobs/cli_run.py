"""`daemon`: the long-running sync of all portals, with the web part; `serve`: that part alone."""

import threading
from contextlib import ExitStack
from functools import partial

import typer

from connector import wiring, wiring_web
from connector.errors import ConfigurationError
from connector.settings import Settings, load
from connector.store.locks import daemon_lock
from connector.wiring import server_of
from jobs import daemon as loop
from jobs.cli_import import carry_on
from jobs.deadman import dead_man
from jobs.lending import lent_of
from jobs.mailing import is_mailed
from jobs.options import Globals, Outcome, command
from jobs.roster import Roster
from jobs.serving import Front, Portals
from jobs.tick import tick
from jobs.watching import watching


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("daemon")(daemon)
    app.command("serve")(serve)


@command
def daemon(wanted: Globals) -> Outcome:
    """Run the timetable until SIGTERM: pull, push, sweep, report; where `web` is configured also the pages.

    Example: consent-mirror daemon
    """
    settings = load(wanted.config_path)
    loop.block_signals()  # before the database and HubSpot start threads of their own
    check_secrets(settings, wanted.portal)
    stop = threading.Event()
    with ExitStack() as stack:
        given = stack.enter_context(wiring.lasting(settings, stop))
        stack.enter_context(daemon_lock(settings.mirror.database))
        mirror = stack.enter_context(wiring.mirror_of(settings, given))
        names = [wanted.portal] if wanted.portal else [portal.name for portal in settings.portals]
        desks = {name: wiring.desk_of(settings, mirror, name, given) for name in names}
        for desk in desks.values():
            carry_on(settings, desk)
        watcher, pulse = dead_man(settings, desks), loop.Pulse(given.clock)
        server = stack.enter_context(wiring_web.web_of(settings, desks.values(), given, lent_of(settings)))
        threads = {} if server is None else {"web": lambda: server.is_alive}
        stack.enter_context(watching(settings, mirror, desks.values(), tick_age=pulse.age, threads=threads))
        ticks = {name: partial(tick, settings, desk, watcher=watcher) for name, desk in desks.items()}
        return Outcome(code=loop.run(ticks, given.clock, stop, pulse=pulse, threads=threads))


@command
def serve(wanted: Globals) -> Outcome:
    """The web part alone, until SIGTERM: beside a daemon on the same mirror, or on a machine of its own.

    Example: consent-mirror serve
    """
    roster = Roster(wanted.config_path, hold=True)
    settings = roster.settings()
    if not settings.web.listen:
        raise ConfigurationError(
            "There is nothing to serve.",
            where="web.listen",
            next_step='Name an address, such as "127.0.0.1:8080".',
        )
    loop.block_signals()
    stop = threading.Event()
    with ExitStack() as stack:
        given = stack.enter_context(wiring.lasting(settings, stop))
        mirror = stack.enter_context(wiring.mirror_of(settings, given))
        portals = Portals(mirror, wanted.portal, given)
        portals.follow(settings)
        desks = portals.desks.values()
        web = stack.enter_context(wiring_web.web_part_of(settings, desks, given, lent_of(settings)))
        server = stack.enter_context(web.served())
        stack.enter_context(watching(settings, mirror, desks, threads={"web": lambda: server.is_alive}))
        front = Front(roster, settings, portals, web)
        alive = loop.wait_for_stop(lambda: server.is_alive, front.look)
        stop.set()
    return Outcome(code=0 if alive else loop.EX_SOFTWARE)


def check_secrets(settings: Settings, portal: str | None) -> None:
    """A daemon that lacks a secret stops at its start, not in the night. Raises ConfigurationError."""
    for each in [settings.portal(portal)] if portal else settings.portals:
        wiring.token_of(each)
    if any(is_mailed(settings, each.name) for each in settings.portals):
        server_of(settings)
