"""Where the CPU time of the main thread goes: its stack, looked at every few milliseconds of CPU.

Unlike a tracing profile this slows next to nothing down, so that shares are those of an ordinary run. Each
look counts for the CPU that the main thread used since the last one: the signal comes by the CPU of all
threads. A look costs a few microseconds as long as it makes no objects for the frames of the stack.
"""

import signal
import time
from collections import defaultdict
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

EVERY_S: Final = 0.005
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
        self._seen: dict[str, float] = defaultdict(float)
        self._all_s = self._last_s = 0.0
        self._part_of: dict[int, str | None] = {}  # by id: a code object takes long to hash

    def __enter__(self) -> "Sampler":
        self._last_s = time.thread_time()
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def shares(self) -> dict[str, float]:
        """Part -> share of the main thread's CPU; parts lie within one another."""
        return {part: round(self._seen[part] / (self._all_s or 1.0), 3) for part in PARTS.values()}

    def _look(self, _: int, frame: FrameType | None) -> None:
        now_s = time.thread_time()
        used_s, self._last_s = now_s - self._last_s, now_s
        self._all_s += used_s
        within = set()
        while frame is not None:
            part = self._part(frame.f_code)
            if part is not None:
                within.add(part)
            frame = frame.f_back
        for part in within:
            self._seen[part] += used_s

    def _part(self, code: CodeType) -> str | None:
        if id(code) not in self._part_of:
            self._part_of[id(code)] = PARTS.get((Path(code.co_filename).name, code.co_name))
        return self._part_of[id(code)]
