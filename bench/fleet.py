"""A fleet on a PostgreSQL of its own: one worker killed, one paused, the server restarted."""

import argparse
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import OperationalError

from bench import output
from connector.sandbox import Options
from tests.farm import Farm, until

PORT = 54_329
PAUSED_S = 30
LONG_S = 1_800


def arguments() -> argparse.Namespace:
    """What is asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portals", type=int, default=200)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--people", type=int, default=8, help="in each portal")
    parser.add_argument("--pull", default="120s", help="how often each portal is read")
    parser.add_argument("--json", help="append figures to this file")
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
    asked = arguments()
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(Path(folder)) as (url, restart),
        Farm(
            Path(folder), url, portals=asked.portals, people=asked.people, pull=asked.pull, options=Options()
        ) as farm,
    ):
        figures = _measured(farm, asked, restart)
    output.show("A fleet", list(figures.items()), f"{asked.workers} workers, {asked.portals} portals")
    output.append(asked.json, "fleet", {"asked": vars(asked), **figures})


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
    until(lambda: _held(farm, 0) > 0, 120, 0.05)
    farm.workers[0].kill()
    killed = _now(farm)
    figures["after kill -9: its portals taken up again, s"] = until(lambda: _taken_up(farm), 120)
    figures["after kill -9: a turn of everybody, s"] = _everybody(farm, killed)
    farm.start()
    until(lambda: _held(farm, 1) > 0, 120, 0.05)
    farm.workers[1].send_signal(signal.SIGSTOP)
    paused = _now(farm)
    time.sleep(PAUSED_S)
    figures["a worker paused 30 s: portals it still held"] = _held(farm, 1)
    farm.workers[1].send_signal(signal.SIGCONT)
    figures["after the pause: a turn of everybody, s"] = _everybody(farm, paused)
    restarted = _now(farm)
    restart()
    figures["after a restart of PostgreSQL: a turn of everybody, s"] = _everybody(farm, restarted)
    figures["workers alive at the end"] = sum(worker.poll() is None for worker in farm.workers)
    figures["turns"] = farm.rows("SELECT count(*) FROM run")[0][0]
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


def _held(farm: Farm, worker: int) -> int:
    name = f" {farm.workers[worker].pid} "
    return int(farm.rows(f"SELECT count(*) FROM fence WHERE worker LIKE '%{name}%'")[0][0])


def _taken_up(farm: Farm) -> bool:
    """No turn is left on the queue that a dead worker had."""
    dead = "worker_id IS NULL OR worker_id IN (SELECT id FROM fleet.procrastinate_workers WHERE "
    dead += "last_heartbeat < now() - interval '5 s')"
    return not farm.rows(f"SELECT 1 FROM fleet.procrastinate_jobs WHERE status = 'doing' AND ({dead})")


if __name__ == "__main__":
    main()
