"""Times as HubSpot writes them, and the portal's own clock."""

import re
import threading
from datetime import UTC, datetime
from functools import lru_cache

from connector.clock import Clock

DAY = 86_400_000
HOUR = 3_600_000
MINUTE = 60_000
SECOND = 1_000

_EPOCH_MS = re.compile(r"-?\d{1,15}")


class PortalClock:
    """The portal's time: the injected clock plus an offset that the control API may move.

    HubSpot's clock and ours are two clocks; moving this one plays a skew, a night or a year.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.offset_ms = 0

    def now(self) -> int:
        return self._clock.now() + self.offset_ms

    def monotonic(self) -> float:
        return self._clock.monotonic() + self.offset_ms / SECOND

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        return self._clock.sleep(seconds, wake)


@lru_cache(maxsize=8192)
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * 86_400, UTC).strftime("%Y-%m-%dT")


def iso(ms: int) -> str:
    """`2026-03-01T12:00:00.123Z`, as HubSpot writes every time in a reply."""
    day, rest = divmod(ms, DAY)
    seconds, milli = divmod(rest, SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_day(day)}{hour:02}:{minute:02}:{second:02}.{milli:03}Z"


def parse(text: str) -> int | None:
    """Milliseconds of an epoch number or an ISO date or time (UTC without a zone); None for neither."""
    text = text.strip()
    if _EPOCH_MS.fullmatch(text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * SECOND)
