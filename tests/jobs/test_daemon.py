"""The daemon as a process: it starts, works, stops when told, and survives what it is not told."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.sandbox import Options, Sandbox
from connector.sandbox.server import Running

#: Until a test gives up; what it waits for takes a second or two, but the machine may be busy.
PATIENCE_S = 120.0
CONFIG = """
[mirror]
database = "sqlite:///{folder}/mirror.db"
keys = "{folder}/mirror.keys"
[controller]
name = "Exempel AB"
contact = "dataskydd@exempel.example"
[[portals]]
portal_id = {portal}
token_env = "DAEMON_TEST_TOKEN"
api = "{api}"
[[purposes]]
key = "newsletter"
subscription_id = 101
[[purposes]]
key = "offers"
subscription_id = 102
[schedule]
pull = "1s"
push = "1s"
"""


class Place:
    """A folder with a configuration for a sandbox, and processes that are ended with it."""

    def __init__(self, folder: Path, server: Running) -> None:
        self.folder, self.server = folder, server
        self.running: list[subprocess.Popen[str]] = []
        text = CONFIG.format(folder=folder, portal=server.portal_id, api=server.base_url)
        (folder / "config.toml").write_text(text, "utf-8")
        self.env = {**os.environ, "DAEMON_TEST_TOKEN": server.token}

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        log = (self.folder / f"log{len(self.running)}.jsonl").open("w", encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "jobs", "--config", str(self.folder / "config.toml"), *words],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**self.env, **env},
        )
        self.running.append(process)
        return process

    def run(self, *words: str) -> tuple[int, Any]:
        process = self.start(*words, "--json")
        out, _ = process.communicate(timeout=PATIENCE_S)
        return process.returncode, json.loads(out) if out.strip() else None

    def log(self, number: int) -> list[dict[str, Any]]:
        lines = (self.folder / f"log{number}.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def until(self, number: int, event: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until a process has logged an event so many times."""
        return waited(lambda: len(found := self.events(number, event)) >= count and found)

    def events(self, number: int, event: str) -> list[dict[str, Any]]:
        return [line for line in self.log(number) if line["event"] == event]


def waited(look: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


@pytest.fixture
def sandbox() -> Iterator[Running]:
    with Sandbox(people=120, seed=5, options=Options(limits=False)).start() as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, sandbox: Running) -> Iterator[Place]:
    here = Place(tmp_path, sandbox)
    assert here.run("init")[0] == 0
    yield here
    for process in here.running:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_it_reads_the_register_and_stops_cleanly_when_told(place: Place) -> None:
    daemon = place.start("daemon")
    place.until(1, "job_ended", 2)
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(timeout=PATIENCE_S) == 0
    assert place.log(1)[-1]["event"] == "daemon_stopped"
    code, status = place.run("status")
    assert code == 0
    assert status["portals"][0]["contacts"] == 120


def test_a_second_daemon_on_the_same_mirror_is_refused(place: Place) -> None:
    daemon = place.start("daemon")
    place.until(1, "daemon_started")
    code, document = place.run("daemon")
    assert code == 3
    assert str(daemon.pid) in document["error"]["problem"]
    assert daemon.poll() is None


def test_the_lock_of_a_killed_daemon_is_free(place: Place) -> None:
    daemon = place.start("daemon")
    place.until(1, "daemon_started")
    daemon.kill()
    daemon.wait()
    place.start("daemon")
    assert place.until(2, "daemon_started")


def test_commands_work_beside_a_running_daemon(place: Place) -> None:
    place.start("daemon")
    place.until(1, "job_ended")
    code, document = place.run("withdraw", "stranger@example.org")
    assert code == 0
    assert (document["confirmed"], document["pending"]) == (1, 0)
    row = place.server.sandbox.machine.address("stranger@example.org")
    assert "UNSUBSCRIBED" in json.dumps(row, default=str)


def test_the_watchdog_is_told_when_it_is_ready_and_that_it_lives(place: Place) -> None:
    path = place.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as letterbox:
        letterbox.bind(str(path))
        letterbox.settimeout(PATIENCE_S)
        daemon = place.start("daemon", NOTIFY_SOCKET=str(path))
        assert letterbox.recv(64) == b"READY=1"
        assert letterbox.recv(64) == b"WATCHDOG=1"
        daemon.send_signal(signal.SIGTERM)
        assert letterbox.recv(64) == b"STOPPING=1"
        assert daemon.wait(timeout=PATIENCE_S) == 0


def test_a_missing_token_stops_it_at_its_start(place: Place) -> None:
    del place.env["DAEMON_TEST_TOKEN"]
    code, document = place.run("daemon")
    assert code == 2
    assert "DAEMON_TEST_TOKEN" in document["error"]["problem"]


def test_a_hung_job_cannot_hold_the_exit() -> None:
    """The drain is 1 s here; the tick would sleep for ever."""
    program = """
        import os, threading, time
        from connector.clock import SystemClock
        from jobs import daemon
        def hang(stop, beat):
            os.kill(os.getpid(), 15)
            time.sleep(3600)
        stop = threading.Event()
        daemon.run({"main": hang}, SystemClock(), stop, drain_s=1)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 75


def test_a_tick_that_raises_does_not_end_the_daemon() -> None:
    program = """
        import os, threading
        from connector.clock import SystemClock
        from jobs import daemon
        daemon.TICK_S = 0.2
        calls = []
        def broken(stop, beat):
            calls.append(1)
            if len(calls) == 3:
                os.kill(os.getpid(), 15)
            raise RuntimeError("broken")
        assert daemon.run({"main": broken}, SystemClock(), threading.Event()) == 0
        assert len(calls) >= 3
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_web_part_that_died_ends_the_process_for_its_supervisor() -> None:
    program = """
        import threading
        from connector.clock import SystemClock
        from jobs import daemon
        daemon.WATCH_S = 0.2
        lives = iter([True, False])
        daemon.run({"main": lambda stop, beat: None}, SystemClock(), threading.Event(),
                   threads={"web": lambda: next(lives)})
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 70
    assert b"thread_died" in done.stdout + done.stderr


def entries(place: Place) -> list[dict[str, Any]]:
    code, headers = place.run("log", "show")
    assert code == 0
    return headers


@pytest.mark.parametrize("pages", [1, 3, 7])
def test_a_backfill_killed_anywhere_goes_on_within_a_page(tmp_path: Path, pages: int) -> None:
    """Nothing lost, nothing doubled: the log has the same entries as one that was never killed."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    options = Options(limits=False, latency_ms=40)
    with Sandbox(people=1_000, seed=5, options=options).start() as server:
        reference, place = Place(whole, server), Place(broken, server)
        for each in (reference, place):
            assert each.run("init")[0] == 0
        assert reference.run("backfill")[0] == 0
        server.sandbox.machine.clear_requests()
        process = place.start("backfill")
        waited(lambda: len(listed(server)) > pages)
        process.kill()
        process.wait()
        server.sandbox.machine.clear_requests()
        code, document = place.run("backfill")
        assert (code, document["contacts"]) == (0, 1_000)
        left = 1_000 - (document["resumed_from"] or 0)
        assert len(listed(server)) <= -(-left // 100) + 1, "what was written is not read again"
        kinds = [(e["type"], e["purpose"], e["grade"]) for e in entries(place)]
        assert sorted(kinds) == sorted((e["type"], e["purpose"], e["grade"]) for e in entries(reference))
        assert place.run("log", "verify", "--payloads")[0] == 0


def listed(server: Running) -> list[Any]:
    """Pages of the contact list that were asked for."""
    return [r for r in server.sandbox.machine.requests() if r["method"] == "GET" and "contacts" in r["route"]]
