"""The client under test, in a process of its own: its CPU and its peak memory are then those of one job."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

import jobs.cli_portal  # noqa: F401 - so that the memory is that of the command and not of its parts
from bench.phases import phases
from bench.sampling import Sampler
from connector import wiring
from connector.acts.desk import Desk
from connector.acts.tally import Tally
from connector.hubspot.feeds import all_contacts
from connector.hubspot.pace import Unlimited
from connector.hubspot.portal import Portal
from connector.hubspot.token import TokenSource
from connector.hubspot.transport import Transport
from connector.settings import load
from connector.store import tables
from jobs.backfill import backfill
from jobs.sweep import sweep
from jobs.turn import Plan, turn

if TYPE_CHECKING:  # the sandbox is the parent's
    from bench.portal import Served

CONFIG = """
[mirror]
database = "{database}"
keys = "{folder}/mirror.keys"
[controller]
name = "Exempel AB"
contact = "dataskydd@exempel.se"
[[portals]]
portal_id = {portal_id}
token_env = "HUBSPOT_TOKEN"
api = "{base_url}"
[[purposes]]
key = "newsletter"
subscription_id = 101
[[purposes]]
key = "events"
subscription_id = 102
[[purposes]]
key = "offers"
subscription_id = 103
"""
COUNTED = ("person", "address", "contact", "observed", "entry", "payload", "state", "outbox")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the child shall do, where, and against which portal."""

    action: str
    folder: str
    base_url: str
    portal_id: int
    unlimited: bool
    database: str = ""


def measured(
    action: str, folder: Path, portal: "Served", *, unlimited: bool, database: str = ""
) -> dict[str, Any]:
    """Run one action in a child; its figures, with the sandbox's CPU beside them."""
    asked = Asked(action, str(folder), portal.base_url, portal.portal_id, unlimited, database)
    _child(replace(asked, action="prepare"), portal.token)
    before = portal.cpu()
    figures = _child(asked, portal.token)
    return figures | {"sandbox_cpu_s": round(portal.cpu() - before, 2)}


def _child(asked: Asked, token: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.client", json.dumps(asdict(asked))],
        env=os.environ | {"HUBSPOT_TOKEN": token},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def floor(desk: Desk) -> dict[str, Any]:
    """Pages only fetched and decoded: what no mirror can be faster than with one connection."""
    return {"contacts": sum(len(page.contacts) for page in all_contacts(desk.hubspot))}


def first_read(desk: Desk) -> dict[str, Any]:
    """The backfill into an empty mirror."""
    tally = Tally()
    done = backfill(desk, tally)
    return {"contacts": done.contacts, "events": done.events, "statuses_read": tally.read}


def known(desk: Desk) -> dict[str, Any]:
    """The same without single status reads, where the plan has no batches: what a sweep starts from."""
    return first_read(replace(desk, statuses_per_day=0))


def quiet(desk: Desk) -> dict[str, Any]:
    """Turns when nothing changed: of a new process, which probes the portal, and of one that goes on.

    Forms have a timetable of their own; what a first reading of them costs is another matter.
    """
    return {"cold": _turned(desk), "warm": _turned(desk)}


def _turned(desk: Desk) -> dict[str, Any]:
    calls, cpu, start = desk.hubspot.calls_made, time.process_time(), time.perf_counter()
    turned = turn(desk, Plan(push=False, forms=False))
    return {
        "calls": desk.hubspot.calls_made - calls,
        "cpu_s": round(time.process_time() - cpu, 3),
        "seconds": round(time.perf_counter() - start, 3),
        "pulled": turned.tally.pulled,
        "events": turned.tally.events,
    }


def swept(desk: Desk) -> dict[str, Any]:
    """The full sweep."""
    tally = Tally()
    sweep(desk, tally)
    return {"contacts": tally.pulled, "changed": tally.changed, "events": tally.events}


ACTIONS: dict[str, Callable[[Desk], dict[str, Any]]] = {
    "floor": floor,
    "backfill": first_read,
    "known": known,
    "quiet": quiet,
    "sweep": swept,
    "phases": phases,
}


def main() -> None:
    """The child."""
    asked = Asked(**json.loads(sys.argv[1]))
    folder = Path(asked.folder)
    database = asked.database or f"sqlite:///{folder}/mirror.db"
    config = folder / "config.toml"
    config.write_text(CONFIG.format_map(asdict(asked) | {"database": database}))
    settings = load(config)
    if asked.action == "prepare":  # apart, as `init` is: it loads Alembic, which no job needs
        wiring.prepare(settings)
        print("{}")
        return
    with wiring.opened(settings, None) as wired:
        desk = _unlimited(wired, asked) if asked.unlimited else wired
        figures = _timed(desk, ACTIONS[asked.action])
        figures |= _rows(desk)
    print(json.dumps(figures | _bytes(folder)))


def _timed(desk: Desk, action: Callable[[Desk], dict[str, Any]]) -> dict[str, Any]:
    calls, cpu, start = desk.hubspot.calls_made, time.process_time(), time.perf_counter()
    with Sampler() as sampler:
        figures = action(desk)
    return figures | {
        "shares": sampler.shares(),
        "seconds": round(time.perf_counter() - start, 3),
        "cpu_s": round(time.process_time() - cpu, 3),
        "calls": desk.hubspot.calls_made - calls,
        "rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _unlimited(desk: Desk, asked: Asked) -> Desk:
    """The same portal without our own limiter, which would keep to HubSpot's numbers."""
    transport = Transport(
        asked.base_url,
        TokenSource(lambda: os.environ["HUBSPOT_TOKEN"]),
        pace=Unlimited(),
        clock=desk.clock,
        chance=desk.chance,
        pool_size=wiring.POOL,
    )
    ids = desk.purposes.subscription_ids
    return replace(desk, hubspot=Portal(transport, clock=desk.clock, subscriptions=ids))


def _rows(desk: Desk) -> dict[str, Any]:
    with desk.mirror.engine.connect() as connection:
        counted = {
            name: connection.execute(
                select(func.count()).select_from(tables.metadata.tables[name])
            ).scalar_one()
            for name in COUNTED
        }
    return {"rows": counted}


def _bytes(folder: Path) -> dict[str, int]:
    """The mirror's files after it was closed, the write-ahead log among them; the journal apart."""
    sizes = {file.name: file.stat().st_size for file in folder.glob("mirror.db*")}
    mirror = sum(sizes.get(name, 0) for name in ("mirror.db", "mirror.db-wal", "mirror.db-shm"))
    return {"bytes": mirror, "journal_bytes": sizes.get("mirror.db.journal", 0)}


if __name__ == "__main__":
    main()
