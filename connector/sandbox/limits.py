"""HubSpot's three limits (hubspot-api, section 3): burst per app, day per account, search per account."""

from collections import deque
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connector.sandbox.access import App
from connector.sandbox.options import BURST, DAILY, Options, Tier
from connector.sandbox.replies import Refusal
from connector.sandbox.times import SECOND, PortalClock

WINDOW_MS = 10_000


class Limits:
    """Counts calls and refuses those beyond a limit; a refused call does not count towards it."""

    def __init__(self, clock: PortalClock, tier: Tier, options: Options) -> None:
        self._clock = clock
        self._bursts: dict[str, deque[int]] = {}
        self._searches: deque[int] = deque()
        self._day = ""
        self.used_today = 0
        self.tier = tier
        self.options = options

    @property
    def burst(self) -> int:
        return self.options.burst_limit or BURST[self.tier]

    @property
    def daily(self) -> int:
        return self.options.daily_limit or DAILY[self.tier]

    def admit(self, app: App, *, search: bool) -> dict[str, str]:
        """Count one call and answer the headers that tell what is left. Refusal 429 beyond a limit."""
        self._turn_day()
        if search:
            self._admit_search()
            return {}
        window = self._bursts.setdefault(app.name, deque())
        now = self._ticks()
        _drop_old(window, now - WINDOW_MS)
        if self.options.limits:
            self._refuse_beyond(window, now)
        window.append(now)
        self.used_today += 1
        return self._headers(window)

    def next_midnight(self) -> int:
        """When the daily count starts anew: midnight in the portal's time zone, milliseconds UTC."""
        local = datetime.fromtimestamp(self._clock.now() / SECOND, self._zone)
        tomorrow = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return round(tomorrow.astimezone(UTC).timestamp() * SECOND)

    def _refuse_beyond(self, window: deque[int], now: int) -> None:
        if self.used_today >= self.daily:
            raise self._refusal(
                "DAILY", "daily", self._headers(window), self.next_midnight() - self._clock.now()
            )
        if len(window) >= self.burst:
            wait = window[0] + WINDOW_MS - now
            raise self._refusal("TEN_SECONDLY_ROLLING", "ten_secondly_rolling", self._headers(window), wait)

    def _admit_search(self) -> None:
        now = self._ticks()
        _drop_old(self._searches, now - SECOND)
        if self.options.limits and self.used_today >= self.daily:
            raise self._refusal("DAILY", "daily", {}, self.next_midnight() - self._clock.now())
        if self.options.limits and len(self._searches) >= self.options.search_limit:
            raise self._refusal("SECONDLY", "secondly", {}, SECOND)
        self._searches.append(now)
        self.used_today += 1

    def _refusal(self, policy: str, words: str, headers: dict[str, str], wait_ms: int) -> Refusal:
        if self.options.retry_after:
            headers = {**headers, "Retry-After": str(max(1, -(-wait_ms // SECOND)))}
        return Refusal(
            429,
            "",
            f"You have reached your {words} limit.",
            headers=headers,
            extra={"errorType": "RATE_LIMIT", "policyName": policy},
        )

    def _headers(self, window: deque[int]) -> dict[str, str]:
        return {
            "X-HubSpot-RateLimit-Daily": str(self.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, self.daily - self.used_today)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(WINDOW_MS),
            "X-HubSpot-RateLimit-Max": str(self.burst),
            "X-HubSpot-RateLimit-Remaining": str(max(0, self.burst - len(window))),
        }

    def _turn_day(self) -> None:
        today = datetime.fromtimestamp(self._clock.now() / SECOND, self._zone).date().isoformat()
        if today != self._day:
            self._day, self.used_today = today, 0

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.options.time_zone)

    def _ticks(self) -> int:
        return int(self._clock.monotonic() * SECOND)


def _drop_old(window: deque[int], until: int) -> None:
    while window and window[0] <= until:
        window.popleft()
