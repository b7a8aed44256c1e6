"""A backfill against HubSpot's limits: the share of them used, and never above, by the sandbox's record."""

import tempfile
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench import output
from bench.backfill import arguments
from bench.client import measured
from bench.portal import Served, served

LIMIT = {"starter": 100, "professional": 190, "enterprise": 190}
WINDOW_MS, MINUTE_MS = 10_000, 60_000


def main() -> None:
    """The command."""
    parser = arguments(__doc__ or "")
    parser.set_defaults(latency_ms=250)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(dir=asked.folder) as folder,
        served(asked.people, asked.tier, limits=True, latency_ms=asked.latency_ms) as portal,
    ):
        done = measured("backfill", Path(folder), portal, unlimited=False, database=asked.database or "")
        figures, _ = found(portal, asked.tier)
    figures["contacts_s"] = done["contacts"] / done["seconds"]
    about = f"{asked.people:,} people, {asked.latency_ms} ms a call"
    output.show("against the limits", list(figures.items()), about)
    output.append(asked.json, "limit", {"asked": vars(asked), **figures, **done})


def found(portal: Served, tier: str) -> tuple[dict[str, Any], list[int]]:
    """What HubSpot counted of a run that is over, and when its calls came, in ms from the first on."""
    ticks, refused = _record(portal)
    limit = LIMIT[tier]
    figures = {
        "most_in_10_s": densest(ticks, WINDOW_MS),
        "limit": limit,
        "refused_429": refused,
        "best_minute_share": densest(ticks, MINUTE_MS) / (limit * 6),
        "worst_minute_share": sparsest(ticks, MINUTE_MS) / (limit * 6),
        "share": len(ticks) / (limit * max(ticks[-1] - ticks[0], 1) / WINDOW_MS),
    }
    return figures, [tick - ticks[0] for tick in ticks]


def _record(portal: Served) -> tuple[list[int], int]:
    """Times of the calls that HubSpot counted, searches aside, and how many it refused."""
    entries = portal.ask("machine/requests")
    calls = [each for each in entries if each["counted"] and not each["route"].endswith("/search")]
    return sorted(each["ticks"] for each in calls), sum(each["status"] == 429 for each in entries)


def sparsest(ticks: Sequence[int], span_ms: int) -> int:
    """The fewest that any span held which began with a call and lies wholly inside the run."""
    starts = [tick for tick in ticks if tick + span_ms <= ticks[-1]]
    return min((bisect_left(ticks, tick + span_ms) - bisect_left(ticks, tick) for tick in starts), default=0)


def densest(ticks: Sequence[int] | Iterable[int], span_ms: int) -> int:
    """The most of them that any span held."""
    window: deque[int] = deque()
    most = 0
    for tick in ticks:
        window.append(tick)
        while window[0] <= tick - span_ms:
            window.popleft()
        most = max(most, len(window))
    return most


if __name__ == "__main__":
    main()
