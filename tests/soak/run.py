"""Turn after turn against a sandbox over real sockets; memory, descriptors and threads are told every 10 s.

    python -m tests.soak.run --seconds 3600

It fails when any of them has grown by more than a tenth between the first fifth and the last.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from connector import wiring
from connector.acts.first_push import confirm_first_push, dry_run_shown
from connector.acts.withdraw import No, withdraw
from connector.sandbox.options import Options
from connector.sandbox.server import Sandbox
from jobs.turn import Plan, turn
from tests.world import TOKEN, _settings, _toml

PEOPLE = 500
EVERY_S = 10.0
GROWTH = 1.10


def soaked(seconds: float) -> list[dict[str, float]]:
    """One sample every ten seconds."""
    samples: list[dict[str, float]] = []
    process = psutil.Process()
    with tempfile.TemporaryDirectory(prefix="soak-") as place:
        sandbox = Sandbox(PEOPLE, 3, options=Options(limits=True))
        with sandbox.start() as server:
            os.environ[TOKEN] = server.token
            extra = "calls_per_10_s = 190\n"
            settings = _settings(
                Path(place), _toml(Path(place), server.portal_id, server.base_url, portal=extra)
            )
            wiring.prepare(settings)
            with wiring.opened(settings, None) as desk:
                turn(desk, Plan())
                dry_run_shown(desk)
                confirm_first_push(desk)
                began = last = time.monotonic()
                rounds = 0
                while time.monotonic() - began < seconds:
                    who = f"soak{rounds % 50}@example.org"
                    if rounds < 50:
                        sandbox.colleague.create({"email": who})
                    sandbox.app.set_status(who, 101, "SUBSCRIBED", source="Zorp")
                    withdraw(desk, who, No())
                    turn(desk, Plan(full=rounds % 10 == 0))
                    rounds += 1
                    if time.monotonic() - last >= EVERY_S:
                        last = time.monotonic()
                        samples.append(
                            {
                                "s": round(last - began), "rounds": rounds, "calls": desk.hubspot.calls_made,
                                "rss_mib": round(process.memory_info().rss / 2**20, 1),
                                "fds": process.num_fds(), "threads": process.num_threads(),
                                "worst_10_s": sandbox.machine.worst_window(),
                            }
                        )  # fmt: skip
                        sandbox.machine.clear_requests()
                        sys.stdout.write(json.dumps(samples[-1]) + "\n")
                        sys.stdout.flush()
    return samples


def grown(samples: Sequence[dict[str, float]]) -> list[str]:
    """What is larger at the end than it was once warm."""
    fifth = max(1, len(samples) // 5)
    found = []
    for name in ("rss_mib", "fds", "threads"):
        early = statistics.median(each[name] for each in samples[fifth : 2 * fifth] or samples[:1])
        late = statistics.median(each[name] for each in samples[-fifth:])
        if late > early * GROWTH + 1:
            found.append(f"{name}: {early} -> {late}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    samples = soaked(parser.parse_args().seconds)
    found = grown(samples)
    sys.stdout.write(f"{len(samples)} samples, {samples[-1]['rounds']} rounds; grown: {found or 'nothing'}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
