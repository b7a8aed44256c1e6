"""`worker` and `fleet status`: many portals on several processes over PostgreSQL."""

import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from connector import wiring
from connector.acts.desk import Desk
from connector.clock import process_id
from connector.report.figures import iso
from connector.settings import PortalSettings, Settings
from connector.store import fences, queue
from connector.store.due import DueRow
from connector.store.fences import Turn, Watch
from connector.store.locks import worker_lock
from connector.store.mirror import Mirror
from connector.store.pace import open_slate
from jobs import fleet as loop
from jobs import output
from jobs.due import is_turn_due, is_turn_long
from jobs.options import Globals, Outcome, command
from jobs.roster import Roster
from jobs.tick import TurnOver, limited, tick

fleet = typer.Typer(help="Many portals on several workers.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("worker")(worker)
    fleet.command("status")(status)
    app.add_typer(fleet, name="fleet")


@command
def worker(wanted: Globals) -> Outcome:
    """Take turns of portals until SIGTERM; run as many as you like, on as many machines, over one PostgreSQL.

    Example: consent-mirror worker --config fleet.toml
    """
    roster = Roster(wanted.config_path)
    queue.conninfo(roster.settings().mirror.database)  # SQLite is refused before anything starts
    place = _Place(roster, threading.Event())
    with ExitStack() as stack:
        stack.enter_context(worker_lock(place.url))
        place.mirror = stack.enter_context(wiring.mirror_of(place.settings(), place.given))
        stack.callback(place.watch.close)
        crew = loop.Crew(
            name=place.name,
            url=place.url,
            watch=place.watch,
            due=place.due,
            turn=place.turn,
            short_turns=roster.settings().fleet.short_turns,
            long_turns=roster.settings().fleet.long_turns,
            stop=place.stop,
        )
        return Outcome(code=loop.run(crew))


class _Place:
    """One worker: its name, its mirror, and the portals as their files say now."""

    mirror: Mirror

    def __init__(self, roster: Roster, stop: threading.Event) -> None:
        self._roster = roster
        self._desks: dict[int, tuple[Settings, Desk]] = {}
        self.stop = stop
        tools = wiring.tools()
        self.name = f"{fences.WORKER}{socket.gethostname()[:20]} {process_id()} {tools.chance.bytes(2).hex()}"
        self.url = fences.named(roster.settings().mirror.database, self.name)
        self.given = wiring.Tools(
            clock=tools.clock, chance=tools.chance, stop=stop, slate=open_slate(self.url)
        )
        self.watch = Watch(self.url)

    def settings(self) -> Settings:
        """As the files say now; every session carries the worker's name."""
        said = self._roster.settings()
        return said.model_copy(update={"mirror": said.mirror.model_copy(update={"database": self.url})})

    def due(self) -> list[loop.Asked]:
        """Portals that have something to do and that nobody works on."""
        settings, now = self._roster.settings(), self.given.clock.now()
        tables = self.mirror.timetables()
        busy = {turn.portal for turn in self.watch.turns() if turn.worker}
        return asked(settings, tables, busy, now)

    def turn(self, portal_id: int) -> None:
        """Take a portal and run what is due there; nothing where it has left the configuration."""
        settings = self.settings()
        found = next((each for each in settings.portals if each.portal_id == portal_id), None)
        if found is None:
            return
        with self.watch.at(portal_id), fences.taken(self.url, portal_id, self.name) as number:
            desk = replace(self._desk(found), mirror=self.mirror.fenced(portal_id, number))
            try:
                tick(settings, desk, self.stop, limited(desk, _still))
            except TurnOver:
                return

    def _desk(self, portal: PortalSettings) -> Desk:
        """Kept from turn to turn with its connections and what was probed, until a file changes."""
        said = self._roster.settings()
        made_of, desk = self._desks.get(portal.portal_id, (None, None))
        if desk is None or made_of is not said:
            desk = wiring.desk_of(self.settings(), self.mirror, portal.name, self.given)
            self._desks[portal.portal_id] = (said, desk)
        return desk


def _still() -> None:
    """The worker's own beat is apart from its turns."""


def asked(
    settings: Settings, tables: Mapping[int, Mapping[str, DueRow]], busy: set[int], now: int
) -> list[loop.Asked]:
    """Which portals of the configuration a turn is due for, the longest due first."""
    found = []
    for portal in settings.portals:
        rows = tables.get(portal.portal_id, {})
        if portal.portal_id not in busy and is_turn_due(rows, settings.schedule, now):
            is_long = is_turn_long(rows, now)
            found.append((_due_since(rows), loop.Asked(portal=portal.portal_id, is_long=is_long)))
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]


def _due_since(rows: Mapping[str, DueRow]) -> int:
    return min((row.next_at for row in rows.values()), default=0)


@command
def status(wanted: Globals) -> Outcome:
    """Every portal's last turn, who works where, what waits, and which portal files are broken.

    Example: consent-mirror fleet status
    """
    roster = Roster(wanted.config_path)
    settings = roster.settings()
    queue.conninfo(settings.mirror.database)
    watch = Watch(settings.mirror.database)
    try:
        with wiring.mirror_of(settings) as mirror:
            now, tables = wiring.tools().clock.now(), mirror.timetables()
        turns = {turn.portal: turn for turn in watch.turns()}
        workers, waiting = watch.workers(), watch.queue()
    finally:
        watch.close()
    portals = [
        _portal(each, tables.get(each.portal_id, {}), turns.get(each.portal_id), now)
        for each in settings.portals
    ]
    document = {
        "portals": portals,
        "workers": [_worker(name, turns.values()) for name in workers],
        "queue": {"waiting": waiting.get("todo", 0), "doing": waiting.get("doing", 0)},
        "broken": [{"file": each.where, "problem": each.problem} for each in roster.broken],
    }
    return Outcome(document, _told(document))


def _portal(
    portal: PortalSettings, rows: Mapping[str, DueRow], turn: Turn | None, now: int
) -> dict[str, Any]:
    pull = rows.get("pull")
    late = [now - row.next_at for row in rows.values() if 0 < row.next_at < now]
    return {
        "portal": portal.name,
        "portal_id": portal.portal_id,
        "last_turn": iso(pull.done_at) if pull and pull.done_at else None,
        "behind_s": max(late, default=0) // 1000,
        "failing": sorted(row.job for row in rows.values() if row.failures),
        "worker": turn.worker if turn else None,
    }


def _worker(name: str, turns: Any) -> dict[str, Any]:
    mine = [turn for turn in turns if turn.worker == name]
    return {
        "worker": name,
        "portals": [turn.portal for turn in mine],
        "silent_s": max((turn.silent_s or 0 for turn in mine), default=0),
    }


def _told(document: Mapping[str, Any]) -> Group:
    rows: Sequence[Any] = [
        (each["portal"], each["portal_id"], each["last_turn"], each["behind_s"], ", ".join(each["failing"]))
        for each in document["portals"]
    ]
    working = [(each["worker"], len(each["portals"]), each["silent_s"]) for each in document["workers"]]
    queued = document["queue"]
    lines: list[RenderableType] = [
        output.table(("portal", "id", "last turn", "behind s", "failing"), rows),
        output.table(("worker", "portals now", "silent s"), working),
        Text(f"{queued['waiting']} turns wait, {queued['doing']} are under way."),
    ]
    lines += [Text(f"Broken: {each['file']}: {each['problem']}") for each in document["broken"]]
    if not working:
        lines.append(Text("No worker runs. Next step: `consent-mirror worker`."))
    return Group(*lines)
