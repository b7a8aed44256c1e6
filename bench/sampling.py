"""Where the CPU time of the main thread goes: its stack, looked at every few milliseconds of CPU.

Unlike a tracing profile this slows nothing down, so that shares are those of an ordinary run.
"""

import signal
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Final

EVERY_S: Final = 0.002
#: Parts of the hot path, by the function that holds them.
PARTS: Final = {
    ("take_in.py", "take_in"): "take in",
    ("placing.py", "place"): "who it is: screening, people, addresses",
    ("take_in.py", "_matter"): "situations and patterns",
    ("weighing.py", "weigh"): "table and formula, the ordinary way",
    ("log.py", "append_all"): "log entries",
    ("packing.py", "pack"): "of these: packing payloads",
    ("seal.py", "seal"): "of all: AES-GCM",
    ("bulk.py", "insert"): "inserting rows",
    ("bulk.py", "upsert"): "replacing rows",
    ("bulk.py", "rows"): "look-ups",
    ("projection.py", "project_cases"): "states",
    ("mirror.py", "_write_journal"): "journal",
    ("ahead.py", "next"): "waiting for pages",
    ("ahead.py", "statuses"): "waiting for statuses",
}


class Sampler:
    """Counts in which parts the main thread was."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._samples = 0

    def __enter__(self) -> "Sampler":
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def shares(self) -> dict[str, float]:
        """Part -> share of the samples; parts lie within one another."""
        return {part: round(self._seen[part] / max(self._samples, 1), 3) for part in PARTS.values()}

    def _look(self, _: int, frame: FrameType | None) -> None:
        self._samples += 1
        within = set()
        while frame is not None:
            code = frame.f_code
            part = PARTS.get((Path(code.co_filename).name, code.co_name))
            if part is not None:
                within.add(part)
            frame = frame.f_back
        self._seen.update(within)
