"""How often somebody may try to sign in: failures per name and per caller, in this process."""

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

from connector.clock import Clock

WINDOW_MS: Final = 15 * 60_000
PER_NAME: Final = 10
PER_CALLER: Final = 30
#: Names and callers remembered; the oldest goes first.
MOST: Final = 10_000


@dataclass(slots=True)
class Throttle:
    """Failures of the last quarter of an hour. argon2 alone makes a guess cost a tenth of a second."""

    clock: Clock
    _failed: OrderedDict[tuple[str, str], deque[int]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_blocked(self, name: str, caller: str) -> bool:
        """Too many failures: nothing is checked any more, right or wrong."""
        with self._lock:
            return (
                len(self._recent(("name", name))) >= PER_NAME
                or len(self._recent(("caller", caller))) >= PER_CALLER
            )

    def failed(self, name: str, caller: str) -> None:
        """Somebody was wrong."""
        with self._lock:
            for key in (("name", name), ("caller", caller)):
                kept = self._recent(key)
                kept.append(self.clock.now())
                self._failed[key] = kept
                self._failed.move_to_end(key)
            while len(self._failed) > MOST:
                self._failed.popitem(last=False)

    def went_well(self, name: str) -> None:
        """The right one: their earlier slips are forgotten; those of the caller stay."""
        with self._lock:
            self._failed.pop(("name", name), None)

    def _recent(self, key: tuple[str, str]) -> deque[int]:
        kept = self._failed.get(key, deque())
        while kept and kept[0] <= self.clock.now() - WINDOW_MS:
            kept.popleft()
        return kept
