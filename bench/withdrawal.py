"""A no at the page beside a backfill: time to HubSpot's read-back; then many at once, SIGKILL midway."""

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench import output
from bench.portal import Served, served
from connector import wiring
from connector.acts.desk import Desk
from connector.acts.links import keep_links, stop_token, url
from connector.settings import Settings, load

TOKEN = "CONSENT_MIRROR_BENCH_TOKEN"
CONFIG = """
[mirror]
database = "sqlite:///{folder}/mirror.db"
keys = "{folder}/mirror.keys"
[controller]
name = "Exempel AB"
contact = "dataskydd@exempel.example"
[[portals]]
portal_id = {portal}
token_env = "{token}"
api = "{api}"
[[purposes]]
key = "newsletter"
subscription_id = 101
[[purposes]]
key = "offers"
subscription_id = 102
[web]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
"""


@dataclass
class Place:
    """A folder with a mirror, and the processes that work on it."""

    folder: Path
    portal: Served
    port: int
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        text = CONFIG.format(
            folder=self.folder,
            portal=self.portal.portal_id,
            token=TOKEN,
            api=self.portal.base_url,
            port=self.port,
        )
        (self.folder / "config.toml").write_text(text, "utf-8")
        os.environ[TOKEN] = self.portal.token

    @property
    def settings(self) -> Settings:
        return load(self.folder / "config.toml")

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{words[0]}-{len(self.running)}.log").open("wb")
        command = [sys.executable, "-m", "jobs", "--config", str(self.folder / "config.toml"), *words]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        self.running.append(process)
        return process

    def serve(self) -> subprocess.Popen[bytes]:
        """The web part, once it takes connections."""
        process = self.start("serve")
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as line:
                if line.connect_ex(("127.0.0.1", self.port)) == 0:
                    return process
            time.sleep(0.05)
        raise RuntimeError("the web part does not come up")

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        settings = self.settings
        with wiring.mirror_of(settings) as mirror:
            yield wiring.desk_of(settings, mirror, None)


def links(place: Place, count: int) -> dict[int, str]:
    """Person -> one-click path, of people that the backfill has taken in; waits until there are enough."""
    with place.desk() as desk:
        until = time.monotonic() + 300
        while time.monotonic() < until:
            with desk.mirror.read(desk.portal) as work:
                people = work.people.page(0, count)
                held = work.people.addresses([person.id for person in people])
            mine = {number: addresses[0].ref for number, addresses in held.items()}
            if len(mine) >= count * 9 // 10:
                break
            time.sleep(1)
        with desk.mirror.write(desk.portal) as work:
            ids = keep_links(desk, work, list(mine.values()))
        return {
            number: urlsplit(url(desk, "/u/", stop_token(desk, each))).path
            for number, each in zip(mine, ids, strict=True)
        }


def press(connection: http.client.HTTPConnection, path: str) -> int:
    connection.request(
        "POST", path, b"List-Unsubscribe=One-Click", {"Content-Type": "application/x-www-form-urlencoded"}
    )
    answer = connection.getresponse()
    answer.read()
    return answer.status


def latency(place: Place, paths: dict[int, str], gap_s: float) -> list[float]:
    """Seconds from the press to the read-back, one press after another."""
    pressed: dict[int, float] = {}
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=30)
    for number, path in paths.items():
        pressed[number] = time.time()
        status = press(connection, path)
        if status != 200:
            raise RuntimeError(f"a press was answered {status}")
        time.sleep(gap_s)
    time.sleep(10)
    found = []
    with place.desk() as desk, desk.mirror.read(desk.portal) as work:
        held = work.people.addresses(pressed)
        letters = work.outbox.of_refs({each.ref for addresses in held.values() for each in addresses})
        for number, at in pressed.items():
            done = [
                letter.confirmed_at
                for address in held[number]
                for letter in letters.get(address.ref, [])
                if letter.subscription == 0
            ]
            found.append(
                max((each / 1000 for each in done if each), default=float("inf")) - at
                if all(done) and done
                else float("inf")
            )
    return found


@dataclass
class Flood:
    """Many at once; the people who were told 200."""

    accepted: dict[int, float] = field(default_factory=dict)
    failed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, port: int, items: Sequence[tuple[int, str]]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for number, path in items:
            while not self._one(connection, number, path):
                time.sleep(0.1)

    def _one(self, connection: http.client.HTTPConnection, number: int, path: str) -> bool:
        """False: not answered 200; a mail provider tries again."""
        try:
            status = press(connection, path)
        except (OSError, http.client.HTTPException):
            status = 0
            connection.close()
        with self.lock:
            if status == 200:
                self.accepted[number] = time.monotonic()
            else:
                self.failed += 1
        return status == 200


def flood(
    place: Place, process: subprocess.Popen[bytes], paths: dict[int, str], threads: int
) -> dict[str, float]:
    items = list(paths.items())
    made = Flood()
    workers = [
        threading.Thread(target=made.run, args=(place.port, items[start::threads]))
        for start in range(threads)
    ]
    started = time.monotonic()
    for worker in workers:
        worker.start()
    while len(made.accepted) < len(items) // 2 and any(worker.is_alive() for worker in workers):
        time.sleep(0.01)
    half = time.monotonic()
    before = len(made.accepted)
    process.send_signal(signal.SIGKILL)
    process.wait()
    place.serve()
    for worker in workers:
        worker.join()
    with place.desk() as desk, desk.mirror.read(desk.portal) as work:
        events = work.log.events_of(made.accepted)
    lost = sum(
        not any(event.is_no and event.source == "oneclick" for event in events.get(n, ()))
        for n in made.accepted
    )
    return {
        "people": len(items),
        "answered_200": len(made.accepted),
        "tries_without_200": made.failed,
        "rate_until_the_kill": before / (half - started),
        "lost_of_those_answered": lost,
    }


def share(values: Sequence[float], part: float) -> float:
    """A quantile, by the nearest rank."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(part * len(ranked)))]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=60_000)
    parser.add_argument("--presses", type=int, default=60)
    parser.add_argument("--gap", type=float, default=0.5)
    parser.add_argument("--flood", type=int, default=4_000)
    parser.add_argument("--threads", type=int, default=48)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        served(asked.people, "enterprise", limits=True, latency_ms=250) as portal,
        socket.socket() as free,
    ):
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
        free.close()
        place = Place(Path(folder), portal, port)
        wiring.prepare(place.settings)
        try:
            backfill = place.start("backfill")
            process = place.serve()
            paths = links(place, asked.presses + asked.flood)
            few = dict(list(paths.items())[: asked.presses])
            many = {number: path for number, path in paths.items() if number not in few}
            took = latency(place, few, asked.gap)
            beside = backfill.poll() is None
            found = flood(place, process, many, asked.threads)
            found["backfill_still_running"] = float(backfill.poll() is None)
        finally:
            for each in place.running:
                if each.poll() is None:
                    each.kill()
                    each.wait()
        times = [("p50_s", share(took, 0.5)), ("p95_s", share(took, 0.95)), ("most_s", max(took))]
        about = f"{len(took)} presses beside a backfill" + ("" if beside else " that ended meanwhile")
        output.show("press to read-back", times, about)
        output.show("many at once, SIGKILL midway", list(found.items()), f"{asked.threads} connections")


if __name__ == "__main__":
    main()
