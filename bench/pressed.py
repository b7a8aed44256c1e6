"""Several processes press one portal's limit over one PostgreSQL: the share used, and never above, by the
sandbox's own record.

    python -m bench.pressed [--processes 3] [--seconds 90] [--database URL]

Each process is wired as a worker is and asks for pages of the list by eight threads, as fast as it may.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import limit, output
from bench.client import CONFIG, Asked
from bench.everything import database
from bench.portal import Served, served
from connector import wiring
from connector.settings import load

THREADS = 8  # of each process: at 250 ms a call, 32 calls a second, where all may make 19


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--database", help="an empty PostgreSQL database; else one is made and dropped")
    parser.add_argument("--json", help="append the figures to this file")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        database(asked.database) as url,
        served(1_000, "enterprise", limits=True, latency_ms=250) as portal,
    ):
        made = pressed(Path(folder), url, portal, asked.processes, asked.seconds)
        figures, _ = limit.found(portal, "enterprise")
    shares = {f"calls of process {number}": calls for number, calls in enumerate(made, start=1)}
    output.show("one limit for all", list((figures | shares).items()), f"{asked.processes} processes")
    output.append(asked.json, "pressed", {"asked": vars(asked), "calls": made, **figures})


def pressed(folder: Path, url: str, portal: Served, processes: int, seconds: float) -> list[int]:
    """How many calls each process made."""
    asked = Asked("pressed", str(folder), portal.base_url, portal.portal_id, unlimited=False, database=url)
    (folder / "config.toml").write_text(CONFIG.format_map(asdict(asked)))
    environment = os.environ | {"HUBSPOT_TOKEN": portal.token}
    os.environ["HUBSPOT_TOKEN"] = portal.token
    wiring.prepare(load(folder / "config.toml"))
    command = [sys.executable, "-m", "bench.pressed", "--child", str(folder), str(seconds)]
    children = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    return [json.loads(child.communicate()[0])["calls"] for child in children]


def child(folder: Path, seconds: float) -> dict[str, Any]:
    """One process: pages, until the time is over."""
    with wiring.opened(load(folder / "config.toml"), None) as desk:
        until = time.monotonic() + seconds

        def ask(_: int) -> None:
            while time.monotonic() < until:
                desk.hubspot.contacts_page(None)

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(ask, range(THREADS)))
        return {"calls": desk.hubspot.calls_made}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(child(Path(sys.argv[2]), float(sys.argv[3]))))
    else:
        main()
