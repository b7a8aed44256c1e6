"""Limits per caller, in this process: a bucket that fills again with time (ASVS 5.0, 2.4.1)."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connector.clock import Clock

#: Callers remembered at once; the one not seen longest is forgotten first.
CALLERS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and so many more each second."""

    burst: int
    per_s: float


#: A mail provider ends many subscriptions from few addresses; a person presses a button a few times.
RATES: Final[Mapping[str, Rate]] = {
    "one_clicks": Rate(burst=3_000, per_s=1_000),
    "presses": Rate(burst=30, per_s=1),
    "looks": Rate(burst=120, per_s=5),
}


class Limiter:
    """One limit for many callers."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, caller: str) -> bool:
        """One more of this caller."""
        now = self._clock.monotonic()
        with self._lock:
            left, at = self._left.pop(caller, (float(self._rate.burst), now))
            left = min(float(self._rate.burst), left + (now - at) * self._rate.per_s)
            allowed = left >= 1
            self._left[caller] = (left - 1 if allowed else left, now)
            if len(self._left) > CALLERS:
                self._left.pop(next(iter(self._left)))
        return allowed
