"""Every number of the design in one run: `python -m bench all`. Writes docs/performance.json, the table in
docs/performance.md and the plots beside it; some 20 minutes on a quiet machine.

    python -m bench all [--quick] [--most N] [--database URL] [--folder DIR]

`--quick` takes a hundredth of the people and writes nothing. `--database`: an empty PostgreSQL database, else
one is made on 127.0.0.1 as `postgres` and dropped afterwards. `python -m bench table` renders what is stored.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, text

from bench import limit, verify
from bench.client import measured
from bench.portal import served
from bench.report import render

SIZES: Final = (10_000, 100_000, 1_000_000)
USUAL: Final = 20_000
LIMITED: Final = 60_000  # two minutes at 190 calls in 10 s
LATENCY_MS: Final = 250
ENTRIES: Final = 200_000
SERVER: Final = "postgresql+psycopg://postgres@127.0.0.1/postgres"


def main(words: list[str]) -> None:
    """Measure everything and write it down."""
    parser = argparse.ArgumentParser(prog="bench all", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--database", help="an empty PostgreSQL database")
    parser.add_argument("--folder", help="where the mirrors are made")
    parser.add_argument("--most", type=int, default=SIZES[-1], help="leave out larger registers")
    asked = parser.parse_args(words)
    part = 100 if asked.quick else 1
    figures: dict[str, Any] = {"machine": machine(), "runs": []}
    with database(asked.database) as url:
        for figure in _runs(part, asked.most, url, asked.folder):
            figures["runs"].append(figure)
            print(json.dumps(figure), flush=True)
    figures["machine_after"] = machine()
    render(figures, write=not asked.quick)


def machine() -> dict[str, Any]:
    """What the numbers were measured on; a plain loop says how fast it is now."""
    start, total = time.process_time(), 0
    for step in range(5_000_000):
        total += step * step
    return {
        "loop_s": round(time.process_time() - start, 3),
        "load": [round(each, 1) for each in os.getloadavg()],
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "at": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
    }


def _runs(part: int, most: int, url: str, folder: str | None) -> Iterator[dict[str, Any]]:
    yield _ran("backfill", USUAL // part, "professional", folder)
    for size in (each for each in SIZES if each <= most):
        yield _ran("backfill", size // part, "enterprise", folder, after=("quiet", "quiet", "sweep", "sweep"))
    yield _ran("backfill", USUAL // part, "enterprise", folder, url=url)
    yield _ran("sweep by properties", USUAL // part, "professional", folder, after=("sweep",))
    yield _limited(LIMITED // part, folder)
    yield {"name": "verify", **verify.measure(f"sqlite:///{_file(folder)}", ENTRIES // part)}


def _ran(
    name: str, people: int, tier: str, folder: str | None, *, url: str = "", after: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Floor, backfill and what follows it on the same mirror, against a portal without limits."""
    action = "backfill" if tier == "enterprise" else "known"
    with (
        tempfile.TemporaryDirectory(dir=folder) as made,
        served(people, tier, limits=False, latency_ms=0) as portal,
    ):
        where = Path(made)
        floor = measured("floor", where, portal, unlimited=True)
        for file in where.iterdir():
            file.unlink()
        done = measured(action, where, portal, unlimited=True, database=url)
        later = {}
        for number, each in enumerate(after):
            unlimited = each == "sweep"
            later[f"{each}{number}"] = measured(each, where, portal, unlimited=unlimited, database=url)
    about = {"people": people, "tier": tier, "database": "PostgreSQL" if url else "SQLite"}
    return {"name": name, **about, "floor": floor, "first": done, "after": later}


def _limited(people: int, folder: str | None) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(dir=folder) as made,
        served(people, "enterprise", limits=True, latency_ms=LATENCY_MS) as portal,
    ):
        done = measured("backfill", Path(made), portal, unlimited=False)
        found, ticks = limit.found(portal, "enterprise")
    return {"name": "limit", "people": people, "first": done, **found, "ticks": ticks}


def _file(folder: str | None) -> Path:
    return Path(tempfile.mkdtemp(dir=folder)) / "verify.db"


@contextmanager
def database(given: str | None) -> Iterator[str]:
    """The PostgreSQL database of this run."""
    if given:
        yield given
        return
    name = f"bench_{os.getpid()}"
    engine = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield f"{SERVER.rpartition('/')[0]}/{name}"
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        engine.dispose()
