"""The limiter as the transport sees it; the shared one lives in the store (design 4.6, RE 2.5)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Budget(StrEnum):
    """Which of HubSpot's limits a call counts against (HA 3)."""

    BURST = "burst"  # calls per 10 s and app, and per day and account
    SEARCH = "search"  # CRM search: calls per second and account, no headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the `X-HubSpot-RateLimit-*` headers of one answer said; None where a header was absent."""

    window_ms: int | None = None
    window_max: int | None = None
    window_remaining: int | None = None
    daily: int | None = None
    daily_remaining: int | None = None


class Pace(Protocol):
    """One portal's shared budget of calls."""

    def acquire(self, budget: Budget, *, urgent: bool) -> float:
        """Ask for one call: 0 grants it, now; more means *not granted*, ask again after so many seconds.

        Bulk callers (`urgent=False`) never get the last calls of a window (design 4.2).
        """

    def feedback(self, limits: Limits) -> None:
        """What HubSpot said about the burst and daily budgets."""

    def penalty(self, budget: Budget, policy: str | None, wait_s: float) -> None:
        """HubSpot answered 429: nobody may call on this budget for `wait_s` seconds.

        `policy` is HubSpot's `policyName` (TEN_SECONDLY_ROLLING, SECONDLY, DAILY) or None.
        """


class Unlimited:
    """No limiter: for portals on loopback that have none."""

    def acquire(self, budget: Budget, *, urgent: bool) -> float:
        return 0.0

    def feedback(self, limits: Limits) -> None: ...

    def penalty(self, budget: Budget, policy: str | None, wait_s: float) -> None: ...
