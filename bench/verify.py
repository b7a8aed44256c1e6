"""How fast a log is verified: headers, and with every payload opened and checked.

    python -m bench.verify [--entries 200000] [--database URL] [--json FILE]

The log is that of a backfill: 1.1 entries a contact, payloads of HubSpot's own words, a key for each person.
What is measured is the act behind `log verify`: reading, hashing, the tree, texts and checkpoints. The
target is compared with CPU time, which other work on the machine does not change; wall time stands beside it.
"""

import argparse
import tempfile
import time
from pathlib import Path

from bench import output
from connector.acts.checkpoint import Journal, sign_checkpoint, verify
from connector.clock import SeededChance, SystemClock
from connector.proof import keys
from connector.store.mirror import Mirror
from tests.store.bulk_path import PORTAL, fill

TARGETS = {False: 300_000, True: 100_000}
ROUNDS = 3


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=200_000)
    parser.add_argument("--database", help="otherwise a SQLite file that is thrown away")
    parser.add_argument("--json", help="append one line to this file")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-verify-") as folder:
        figures = measure(said.database or f"sqlite:///{Path(folder)}/mirror.db", said.entries)
    output.show("log verify", list(figures.items()), f"{said.entries:,} entries")
    output.append(said.json, "verify", figures)


def measure(url: str, entries: int) -> dict[str, int | str]:
    """Entries a second: the median of three rounds, by CPU and by wall."""
    ring = keys.generate(SeededChance("bench"))
    mirror = Mirror.create(url, ring, SystemClock(), SeededChance(1))
    try:
        fill(mirror, entries * 10 // 11)
        journal = Journal(mirror=mirror, portal=PORTAL, name="bench", seed=ring.signing, clock=SystemClock())
        sign_checkpoint(journal)
        figures: dict[str, int | str] = {}
        for payloads, target in TARGETS.items():
            name = "with payloads" if payloads else "headers"
            cpu, wall = _rounds(journal, payloads=payloads)
            figures |= {f"{name}, entries/s of CPU": cpu, f"{name}, entries/s of wall": wall}
            figures[f"{name}, target {target:,}"] = "reached" if cpu >= target else "MISSED"
    finally:
        mirror.close()
    return figures


def _rounds(journal: Journal, *, payloads: bool) -> tuple[int, int]:
    speeds = sorted(_once(journal, payloads=payloads) for _ in range(ROUNDS))
    return speeds[ROUNDS // 2]


def _once(journal: Journal, *, payloads: bool) -> tuple[int, int]:
    cpu, wall = time.process_time(), time.perf_counter()
    verdict = verify(journal, payloads=payloads)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if not verdict.ok:
        raise SystemExit("the log is not sound")
    return int(verdict.entries / cpu), int(verdict.entries / wall)


if __name__ == "__main__":
    main()
