"""The sandbox's own record of requests: what a test reads to know what a client really did."""

from collections import Counter, deque
from collections.abc import Iterable
from typing import NamedTuple


class Entry(NamedTuple):
    """One request. `counted`: HubSpot counted it towards the burst limit (it was not refused by a limit)."""

    seq: int
    at: int  # portal time, milliseconds UTC
    ticks: int  # steady milliseconds, for windows
    method: str
    route: str  # template: holds no address
    status: int  # 0: no answer was sent
    app: str
    counted: bool
    fault: str | None


class Ledger:
    """Requests in order of arrival; the oldest million is let go."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=1_000_000)
        self._count = 0

    def add(
        self,
        *,
        at: int,
        ticks: int,
        method: str,
        route: str,
        status: int,
        app: str,
        counted: bool,
        fault: str | None,
    ) -> None:
        self._count += 1
        self._entries.append(Entry(self._count, at, ticks, method, route, status, app, counted, fault))

    def since(self, seq: int = 0) -> list[Entry]:
        """Requests after a sequence number."""
        return [entry for entry in self._entries if entry.seq > seq]

    def clear(self) -> None:
        self._entries.clear()

    def worst_window(self, span_ms: int = 10_000, *, search: bool = False) -> int:
        """The most counted requests of one app that any `span_ms` held; searches apart from the rest."""
        by_app: dict[str, list[int]] = {}
        for entry in self._entries:
            if entry.counted and entry.route.endswith("/search") == search:
                by_app.setdefault(entry.app, []).append(entry.ticks)
        return max((_densest(ticks, span_ms) for ticks in by_app.values()), default=0)

    def totals(self) -> dict[str, dict[str, int]]:
        """Requests per route and per status."""
        routes = Counter(f"{entry.method} {entry.route}" for entry in self._entries)
        statuses = Counter(str(entry.status) for entry in self._entries)
        return {"routes": dict(routes), "statuses": dict(statuses)}


def _densest(ticks: Iterable[int], span_ms: int) -> int:
    window: deque[int] = deque()
    most = 0
    for tick in sorted(ticks):
        window.append(tick)
        while window[0] <= tick - span_ms:
            window.popleft()
        most = max(most, len(window))
    return most
