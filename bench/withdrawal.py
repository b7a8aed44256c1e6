"""A no at the page beside a backfill: time to HubSpot's read-back; then many at once, SIGKILL midway."""

import argparse
import http.client
import json
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import output
from bench.flood import Flood
from bench.portal import Served, cpu_of, served
from connector import wiring
from connector.acts.desk import Desk
from connector.acts.links import keep_links, stop_token, url
from connector.settings import Settings, load
from connector.store.outbox import Letter

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

    def warnings(self) -> list[tuple[str, int]]:
        """Events of the web part's logs above `info`, and how often."""
        lines = (line for log in self.folder.glob("serve-*.log") for line in log.read_text().splitlines())
        told = [json.loads(line) for line in lines if line.startswith("{")]
        return Counter(each["event"] for each in told if each["level"] != "info").most_common()

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


@dataclass
class Pressed:
    """Where the seconds of one press went; infinite where HubSpot did not show it in time."""

    recorded: float = math.inf  # from the press to the letter in the outbox
    read: float = math.inf  # then until it is about to be written: claimed, HubSpot read
    shown: float = math.inf  # then until it was read back

    @property
    def whole(self) -> float:
        """From the press to the read-back."""
        return self.recorded + self.read + self.shown


def latency(place: Place, paths: dict[int, str], gap_s: float) -> list[Pressed]:
    """One press after another; their times once HubSpot has had ten seconds more."""
    at: dict[int, float] = {}
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=30)
    for number, path in paths.items():
        at[number] = time.time()
        status = press(connection, path)
        if status != 200:
            raise RuntimeError(f"a press was answered {status}")
        time.sleep(gap_s)
    time.sleep(10)
    with place.desk() as desk, desk.mirror.read(desk.portal) as work:
        held = work.people.addresses(at)
        letters = work.outbox.of_refs({each.ref for addresses in held.values() for each in addresses})
    return [
        max(
            (
                _times(letter, at[number])
                for a in held[number]
                for letter in letters.get(a.ref, ())
                if not letter.subscription
            ),
            key=lambda each: each.whole,
            default=Pressed(),
        )
        for number in at
    ]


def _times(letter: Letter, at: float) -> Pressed:
    if letter.confirmed_at is None:
        return Pressed()
    sent_at = letter.first_sent_at or letter.confirmed_at  # HubSpot showed it already: nothing was written
    queued, sent, shown = (each / 1000 for each in (letter.queued_at, sent_at, letter.confirmed_at))
    recorded = max(queued, at)  # the same no may have waited already, from a reading
    return Pressed(recorded - at, sent - recorded, shown - sent)


def flood(
    place: Place,
    process: subprocess.Popen[bytes],
    backfill: subprocess.Popen[bytes],
    paths: dict[int, str],
    lines: int,
) -> list[tuple[str, Any]]:
    """As many posts as the door takes; SIGKILL once half of the people were told 200."""
    made, half = Flood(place.port, paths), _Half()
    started, used = time.monotonic(), _cpu(place, process, backfill)

    def kill() -> None:
        half.seconds, half.answered, half.took = (
            time.monotonic() - started,
            len(made.accepted),
            list(made.took),
        )
        half.used = [now - before for now, before in zip(_cpu(place, process, backfill), used, strict=True)]
        process.send_signal(signal.SIGKILL)
        process.wait()
        place.start("serve")

    made.run(lines, kill)
    with place.desk() as desk, desk.mirror.read(desk.portal) as work:
        events = work.log.events_of(made.accepted)
    lost = sum(
        not any(event.is_no and event.source == "oneclick" for event in events.get(n, ()))
        for n in made.accepted
    )
    each = max(half.answered, 1) / 1000
    return [
        ("people", len(paths)),
        ("answered 200", len(made.accepted)),
        ("lost of those answered", lost),
        ("answered a second until the kill", half.answered / half.seconds),
        ("answer p50 s", share(half.took, 0.5)),
        ("answer p95 s", share(half.took, 0.95)),
        *((f"CPU ms a post: {name}", used / each) for name, used in zip(_WHO, half.used, strict=True)),
        ("tries without 200", dict(made.failed)),
        ("backfill still running", backfill.poll() is None),
    ]


_WHO = ("web part, pushing included", "backfill", "sandbox", "this client")


@dataclass
class _Half:
    """What was so when the process was killed."""

    seconds: float = math.inf
    answered: int = 0
    took: list[float] = field(default_factory=lambda: [math.inf])
    used: list[float] = field(default_factory=lambda: [math.nan] * len(_WHO))


def _cpu(place: Place, *processes: subprocess.Popen[bytes]) -> list[float]:
    """CPU seconds used so far, in the order of _WHO."""
    return [*(cpu_of(each.pid) for each in processes), place.portal.cpu(), time.process_time()]


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
    parser.add_argument("--lines", type=int, default=100, help="connections")
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
            warned = place.warnings()
            beside = backfill.poll() is None
            found = flood(place, process, backfill, many, asked.lines)
        finally:
            for each in place.running:
                if each.poll() is None:
                    each.kill()
                    each.wait()
        about = f"{len(took)} presses beside a backfill" + ("" if beside else " that ended meanwhile")
        for name, part in (
            ("press to read-back", [each.whole for each in took]),
            ("of it: press to record", [each.recorded for each in took]),
            ("of it: record to write", [each.read for each in took]),
            ("of it: write to read-back", [each.shown for each in took]),
        ):
            times = [("p50_s", share(part, 0.5)), ("p95_s", share(part, 0.95)), ("most_s", max(part))]
            output.show(name, times, about)
        worst = sorted(took, key=lambda each: each.whole)[-5:]
        rows = [
            (f"{each.whole:.2f} s", f"{each.recorded:.2f} + {each.read:.2f} + {each.shown:.2f}")
            for each in worst
        ]
        output.show("the slowest, by the same parts", rows)
        output.show("what the web part warned of", warned or [("nothing", 0)])
        output.show("many at once, SIGKILL midway", found, f"{asked.lines} connections")


if __name__ == "__main__":
    main()
