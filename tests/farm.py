"""A fleet to test and to measure: many sandbox portals behind one port, one PostgreSQL, real workers."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import uvicorn
from sqlalchemy import create_engine, text

from connector.sandbox import Options, Sandbox
from connector.sandbox.asgi import App

FIRST_PORTAL = 700_001
CONFIG = """
[mirror]
database = "{database}"
keys = "{folder}/mirror.keys"
[controller]
name = "Byrån AB"
contact = "dataskydd@byran.example"
[[portals]]
name = "own"
portal_id = {first}
token_file = "{folder}/own.token"
api = "{api}"
[[purposes]]
key = "newsletter"
subscription_id = 101
[schedule]
pull = "{pull}"
push = "{pull}"
forms = "1h"
[fleet]
portals = "{folder}/portals.d"
short_turns = {short}
long_turns = {long}
"""
ONE = """portal_id = {number}
token_file = "{token}"
api = "{api}"
[[purposes]]
key = "offers"
subscription_id = 102
"""


class Farm:
    """Portals with their HubSpot, and the workers that look after them."""

    def __init__(
        self,
        folder: Path,
        database: str,
        *,
        portals: int,
        people: int = 8,
        pull: str = "2s",
        short: int = 3,
        long: int = 2,
        options: Options | None = None,
    ) -> None:
        self.folder, self.database = folder, database
        self.sandboxes = {
            FIRST_PORTAL + each: Sandbox(people, each + 1, portal_id=FIRST_PORTAL + each, options=options)
            for each in range(portals)
        }
        self.api, self._stop = _served(self.sandboxes.values())
        self.workers: list[subprocess.Popen[bytes]] = []
        (folder / "portals.d").mkdir()
        self.config = folder / "fleet.toml"
        said = {"database": database, "folder": folder, "first": FIRST_PORTAL, "api": self.api, "pull": pull}
        self.config.write_text(CONFIG.format(**said, short=short, long=long), "utf-8")
        self._token(folder / "own.token", FIRST_PORTAL)
        for number in list(self.sandboxes)[1:]:
            self.add(number)
        self.run("init")

    def add(self, number: int) -> Path:
        """Put a portal's file into the folder."""
        token = self.folder / f"{number}.token"
        self._token(token, number)
        path = self.folder / "portals.d" / f"p{number}.toml"
        path.write_text(ONE.format(number=number, token=token, api=self.api), "utf-8")
        return path

    def _token(self, path: Path, number: int) -> None:
        path.touch(0o600)
        path.write_text(self.sandboxes[number].token, "utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command."""
        command = [sys.executable, "-m", "jobs", "--config", str(self.config), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    def start(self) -> subprocess.Popen[bytes]:
        """One more worker."""
        log = (self.folder / f"worker{len(self.workers)}.jsonl").open("wb")
        command = [sys.executable, "-m", "jobs", "--config", str(self.config), "worker"]
        self.workers.append(subprocess.Popen(command, stdout=log, stderr=log))
        return self.workers[-1]

    def rows(self, statement: str) -> list[Any]:
        """From the database, as an onlooker."""
        engine = create_engine(self.database)
        try:
            with engine.connect() as connection:
                return list(connection.execute(text(statement)))
        finally:
            engine.dispose()

    def logged(self) -> str:
        """Everything that the workers said."""
        return "".join(path.read_text("utf-8") for path in sorted(self.folder.glob("worker*.jsonl")))

    def overlaps(self) -> int:
        """Runs that began on a portal while another run of it had not ended (killed ones end at their last
        sign of life)."""
        return int(
            self.rows(
                "SELECT count(*) FROM run a JOIN run b ON a.portal = b.portal AND a.id < b.id "
                "WHERE b.started_at < coalesce(a.ended_at, a.beat_at)"
            )[0][0]
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
                worker.wait()
        self._stop()


def until(condition: Callable[[], bool], seconds: float = 60, every: float = 0.2) -> float:
    """Wait; how long it took. AssertionError when it never came."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "it never came"
        time.sleep(every)
    return time.monotonic() - begun


def _served(sandboxes: Any) -> tuple[str, Callable[[], None]]:
    """All portals on one port, told apart by their tokens."""
    apps = {f"Bearer {sandbox.token}".encode(): App(sandbox.engine) for sandbox in sandboxes}

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        await apps[dict(scope["headers"])[b"authorization"]](scope, receive, send)

    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    server = uvicorn.Server(
        uvicorn.Config(
            dispatch,
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            date_header=False,
        )
    )
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listening])), name="farm", daemon=True
    )
    thread.start()

    def stop() -> None:
        server.should_exit = server.force_exit = True
        thread.join(10)
        listening.close()

    return f"http://127.0.0.1:{listening.getsockname()[1]}", stop


def pid_named() -> str:
    """A database name of this process's own."""
    return f"cm_fleet_{os.getpid()}"
