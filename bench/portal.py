"""A sandbox portal in a process of its own, so that its CPU is told apart from the client's."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.sandbox.options import Options
from connector.sandbox.server import run

#: No limits, and none in the headers either: the client would keep to those.
UNLIMITED = Options(limits=False, burst_limit=10_000_000, daily_limit=1_000_000_000, search_limit=100_000)
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Served:
    """A running sandbox."""

    base_url: str
    token: str
    portal_id: int
    pid: int

    def cpu(self) -> float:
        """CPU seconds that its process has used so far."""
        return cpu_of(self.pid)

    def ask(self, act: str, **arguments: Any) -> Any:
        """One call of the control API."""
        request = urllib.request.Request(
            f"{self.base_url}/_sandbox/{act}", json.dumps(arguments).encode(), method="POST"
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["result"]


def cpu_of(pid: int) -> float:
    """CPU seconds that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def served(people: int, tier: str, *, limits: bool, latency_ms: int, seed: int = 1) -> Iterator[Served]:
    """Start one, and stop it at the end."""
    words = (people, seed, tier, int(limits), latency_ms)
    command = [sys.executable, "-m", "bench.portal", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        try:
            yield Served(**said, pid=process.pid)
        finally:
            process.send_signal(signal.SIGTERM)


def main() -> None:
    """The child: serve until SIGTERM."""
    people, seed, tier, limits, latency_ms = sys.argv[1:]
    options = Options() if limits == "1" else UNLIMITED

    def ready(base_url: str, token: str, portal_id: int) -> None:
        print(json.dumps({"base_url": base_url, "token": token, "portal_id": portal_id}), flush=True)

    run(0, int(people), int(seed), tier, ready, options=options.changed(latency_ms=int(latency_ms)))


if __name__ == "__main__":
    main()
