"""A fleet on a PostgreSQL of its own: one worker killed, one paused, the server restarted.

    python -m bench.fleet [--portals N] [--workers N] [--write]

`--write` puts the table into docs/fleet.md, between its two marks.
"""

import argparse
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from bench import output
from bench.everything import machine
from connector.sandbox import Options
from tests.farm import Farm, until
from tests.published import DOCS, publish

PORT = 54_329
PAUSED_S = 30
LONG_S = 1_800


def arguments() -> argparse.Namespace:
    """What is asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--portals", type=int, default=200)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--people", type=int, default=8, help="in each portal")
    parser.add_argument("--pull", default="120s", help="how often each portal is read")
    parser.add_argument("--json", help="append figures to this file")
    parser.add_argument("--write", action="store_true", help="put the table into docs/fleet.md")
    return parser.parse_args()


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """A PostgreSQL server that may be restarted: URL of an empty database, and the restart."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    data = folder / "cluster"
    data.mkdir(mode=0o700)
    as_whom: dict[str, int] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        owner = pwd.getpwnam("postgres")
        as_whom = {"user": owner.pw_uid, "group": owner.pw_gid}
        os.chown(data, owner.pw_uid, owner.pw_gid)
        folder.chmod(0o755)

    def run(*words: str) -> None:
        subprocess.run([programs / words[0], *words[1:]], check=True, stdout=subprocess.DEVNULL, **as_whom)

    run("initdb", "-D", str(data), "-U", "bench", "--auth=trust", "-E", "UTF8", "--no-sync")
    options = f"-p {PORT} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
    start = ("pg_ctl", "-D", str(data), "-w", "-l", str(data / "log"), "-o", options)
    run(*start, "start")
    try:
        run("createdb", "-h", "127.0.0.1", "-p", str(PORT), "-U", "bench", "fleet")
        url = f"postgresql+psycopg://bench@127.0.0.1:{PORT}/fleet"
        yield url, lambda: run(*start, "-m", "immediate", "restart")
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")


def main() -> None:
    """The command."""
    asked, before = arguments(), machine()
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(Path(folder)) as (url, restart),
        Farm(
            Path(folder), url, portals=asked.portals, people=asked.people, pull=asked.pull, options=Options()
        ) as farm,
    ):
        figures = _measured(farm, asked, restart)
    output.show("A fleet", list(figures.items()), f"{asked.workers} workers, {asked.portals} portals")
    output.append(asked.json, "fleet", {"asked": vars(asked), "machine": before, **figures})
    if asked.write:
        write(figures, asked, before)


def write(figures: Mapping[str, float | int], asked: argparse.Namespace, on: Mapping[str, Any]) -> None:
    """The table, in the place of the last one."""
    rows = [f"| {name} | {_cell(value)} |" for name, value in figures.items()]
    about = (
        f"{asked.workers} workers, {asked.portals} portals of {asked.people} people, each read every "
        f"{asked.pull}; {on['at']} UTC, {on['cpus']} CPUs for workers, PostgreSQL and HubSpot's sandbox "
        f"together, load average {on['load'][0]} at the start. "
        f"`python -m bench.fleet --workers {asked.workers} --portals {asked.portals} "
        f"--people {asked.people} --pull {asked.pull} --write`"
    )
    publish(DOCS / "fleet.md", "measured", "\n".join([about, "", "| what | measured |", "|---|---|", *rows]))


def _cell(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


class _Figures(dict[str, float | int]):
    """Told as they come: the whole takes minutes."""

    def __setitem__(self, name: str, value: float | int) -> None:
        print(f"{name}: {value}", file=sys.stderr)
        super().__setitem__(name, value)


def _measured(farm: Farm, asked: argparse.Namespace, restart: Callable[[], None]) -> dict[str, float | int]:
    for _ in range(asked.workers):
        farm.start()
    figures = _Figures()
    figures["first reading of all, s"] = until(lambda: _read(farm) == asked.portals, LONG_S, 1)
    figures["a turn of everybody, s"] = _everybody(farm)
    victim, mine = _caught(farm)
    killed = _now(farm)
    victim.kill()
    figures["after kill -9: its portals taken up again, s"] = until(lambda: _again(farm, mine, killed), 120)
    figures["after kill -9: a turn of everybody, s"] = _everybody(farm, killed)
    farm.start()
    sleeper, mine = _caught(farm)
    paused, begun = _now(farm), time.monotonic()
    figures["a worker paused: its portals taken up again, s"] = until(lambda: _again(farm, mine, paused), 120)
    time.sleep(max(0.0, PAUSED_S - (time.monotonic() - begun)))
    sleeper.send_signal(signal.SIGCONT)
    figures["after a pause of 30 s: a turn of everybody, s"] = _everybody(farm, paused)
    restarted = _now(farm)
    restart()
    figures["after a restart of PostgreSQL: a turn of everybody, s"] = _everybody(farm, restarted)
    figures["workers alive at the end"] = sum(worker.poll() is None for worker in farm.workers)
    figures["turns"] = farm.rows("SELECT count(*) FROM run")[0][0]
    figures["portals whose turn never came"] = asked.portals - _read_since(farm, restarted)
    figures["turns of one portal that overlapped"] = farm.overlaps()
    figures["most calls of a portal in any 10 s, of 190"] = max(
        sandbox.engine.ledger.worst_window() for sandbox in farm.sandboxes.values()
    )
    figures["answers 429"] = sum(
        sandbox.engine.ledger.totals()["statuses"].get("429", 0) for sandbox in farm.sandboxes.values()
    )
    return figures


def _now(farm: Farm) -> int:
    return int(farm.rows("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")[0][0])


def _read(farm: Farm) -> int:
    return int(farm.rows("SELECT count(*) FROM due WHERE job = 'pull' AND done_at IS NOT NULL")[0][0])


def _read_since(farm: Farm, at: int) -> int:
    return int(farm.rows(f"SELECT count(*) FROM due WHERE job = 'pull' AND done_at > {at}")[0][0])


def _everybody(farm: Farm, since: int | None = None) -> float:
    """Seconds until every portal had a turn that ended after `since` (now)."""
    begun = time.monotonic()
    start = since or _now(farm)

    def all_had_one() -> bool:
        try:
            late = farm.rows(f"SELECT count(*) FROM due WHERE job = 'pull' AND done_at <= {start}")
        except OperationalError:  # the server is restarting
            return False
        return late[0][0] == 0

    until(all_had_one, LONG_S, 0.5)
    return time.monotonic() - begun


def _caught(farm: Farm) -> tuple["subprocess.Popen[bytes]", list[int]]:
    """A worker in the middle of a turn, stopped by SIGSTOP, and the portals that it holds."""
    found: list[tuple[subprocess.Popen[bytes], list[int]]] = []

    def one_is() -> bool:
        for worker in _busy(farm):
            worker.send_signal(signal.SIGSTOP)
            held = _held(farm, worker)
            if held:
                found.append((worker, held))
                return True
            worker.send_signal(signal.SIGCONT)  # its turn was over before the signal came
        return False

    until(one_is, LONG_S, 0.05)
    return found[0]


def _busy(farm: Farm) -> list["subprocess.Popen[bytes]"]:
    held = str(farm.rows("SELECT worker FROM fence WHERE worker IS NOT NULL"))
    return [each for each in farm.workers if each.poll() is None and f" {each.pid} " in held]


def _held(farm: Farm, worker: "subprocess.Popen[bytes]") -> list[int]:
    name = f" {worker.pid} "
    return [row[0] for row in farm.rows(f"SELECT portal FROM fence WHERE worker LIKE '%{name}%'")]


def _again(farm: Farm, portals: list[int], since: int) -> bool:
    """Somebody began a turn of each of these portals after that."""
    named = ", ".join(map(str, portals))
    statement = f"SELECT count(DISTINCT portal) FROM run WHERE started_at > {since} AND portal IN ({named})"
    return bool(farm.rows(statement)[0][0] == len(portals))


if __name__ == "__main__":
    main()
