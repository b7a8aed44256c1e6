"""How many calls a portal still allows: a pure rule over a small state (design 4.2, 4.6; HA 3).

Exact sliding window: the times of the grants of the last window are kept, so that no more than the limit lie
in any window. A window here is GUARD_MS longer than HubSpot's: HubSpot counts arrivals, and a call that was
late on its way stands closer to the following ones there than here. As long as two calls differ in their way
by less than the guard, HubSpot never counts more than the limit; the last calls that bulk work leaves free
are a second margin. The guard costs 1.5 % of the throughput.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

WINDOW_MS: Final = 10_000
SECOND_MS: Final = 1_000
GUARD_MS: Final = 150
#: Of the second of a search: HubSpot allows 5 there and we take 4, which is margin enough.
SEARCH_GUARD_MS: Final = 50
#: Calls per window that an account allows as long as no header said more (free and Starter plans, HA 3).
FIRST_LIMIT: Final = 100
#: Calls of a window that bulk work never takes: they are for a person's no.
KEPT_FREE: Final = 3
#: Bulk calls that need not be spaced, and the space between the others in per cent of an even share: a little
#: less, to make up for calls that came late.
UNSPACED: Final = 10
TOGETHER: Final = 5  # so many are spaced as one, so that one that came late holds up nobody
SPACED_OF_100: Final = 90
#: Bulk work leaves one call in so many of the account's day to other apps: 20 %.
OTHERS: Final = 5
#: After DAILY HubSpot refuses every call until the portal's midnight. A no still asks now and then: the
#: account's limit may have been raised.
PROBE_MS: Final = 600_000
#: A clock that went back by more than this was set; less is the difference between two machines.
STEP_MS: Final = 2_000

SEARCH: Final = "search"
DAILY: Final = "DAILY"  # HubSpot's policyName
TEN_SECONDLY: Final = "TEN_SECONDLY_ROLLING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the configuration says; None means "auto"."""

    zone: ZoneInfo
    calls_per_10_s: int | None = None
    search_per_s: int = 4
    calls_per_day: int | None = None
    evenly: bool = False  # bulk calls are spaced once a few of a window are used


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What was granted and what HubSpot said. Times are milliseconds UTC."""

    calls: tuple[int, ...] = ()  # grants of the last window, ascending
    searches: tuple[int, ...] = ()
    limit: int | None = None  # X-HubSpot-RateLimit-Max
    day: str = ""  # the portal's local date that the daily numbers belong to
    used: int = 0  # grants of this day
    daily: int | None = None
    remaining: int | None = None  # HubSpot's last word, less what was granted since
    blocked: int = 0  # until when nobody calls
    search_blocked: int = 0
    day_blocked: int = 0  # DAILY: until when only a no asks
    probed: int = 0  # when it asked last


@dataclass(frozen=True, slots=True)
class Answer:
    """The new state, and how long to wait; 0 is a grant."""

    spent: Spent
    wait_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The portal's day so far. `used`: calls of ours; `account`, `left`: HubSpot's last word about all apps
    of the account; `ours`: what bulk work may use. None: HubSpot never said."""

    used: int
    account: int | None
    left: int | None
    ours: int | None


def day_of(spent: Spent, rules: Rules, now: int) -> Day:
    """The numbers of the day that `now` lies in."""
    spent = _aged(spent, rules, now)
    ours = rules.calls_per_day
    if ours is None and spent.daily is not None:
        ours = spent.daily - spent.daily // OTHERS
    return Day(used=spent.used, account=spent.daily, left=spent.remaining, ours=ours)


def full(rules: Rules, now: int) -> Spent:
    """The state after a loss: what was granted before is unknown, so that a whole window counts as used."""
    return Spent(calls=(now,) * ceiling(Spent(), rules), searches=(now,) * rules.search_per_s)


def ceiling(spent: Spent, rules: Rules) -> int:
    """Calls per 10 s: never more than configured, never more than HubSpot said."""
    if rules.calls_per_10_s is None:
        return spent.limit or FIRST_LIMIT
    return min(rules.calls_per_10_s, spent.limit or rules.calls_per_10_s)


def acquire(spent: Spent, rules: Rules, budget: str, now: int, *, urgent: bool) -> Answer:
    """One call, or one search, which is a call as well."""
    spent = _aged(spent, rules, now)
    limit = ceiling(spent, rules)
    most = limit if urgent else limit - min(KEPT_FREE, max(1, limit // 10), limit - 1)
    waits = [
        spent.blocked - now,
        _until_free(spent.calls, most, WINDOW_MS + GUARD_MS) - now,
        _spaced(spent.calls, most) - now if rules.evenly and not urgent else 0,
        _day_until(spent, rules, now, urgent=urgent) - now,
    ]
    if budget == SEARCH:
        free = _until_free(spent.searches, rules.search_per_s, SECOND_MS + SEARCH_GUARD_MS)
        waits += [spent.search_blocked - now, free - now]
    wait = max(waits)
    return Answer(spent, wait) if wait > 0 else Answer(_granted(spent, budget, now))


def feedback(
    spent: Spent, rules: Rules, now: int, *, limit: int | None, daily: int | None, remaining: int | None
) -> Spent:
    """What the headers of an answer said; what they leave out stays as it was."""
    spent = _aged(spent, rules, now)
    return replace(
        spent,
        limit=limit if limit is not None and limit > 0 else spent.limit,
        daily=daily if daily is not None else spent.daily,
        remaining=remaining if remaining is not None else spent.remaining,
    )


def penalty(spent: Spent, rules: Rules, budget: str, policy: str | None, now: int, wait_ms: int) -> Spent:
    """HubSpot answered 429: nobody calls on this budget for `wait_ms`; DAILY: until the portal's midnight."""
    spent = _aged(spent, rules, now)
    if policy == DAILY:
        return replace(spent, remaining=0, day_blocked=_midnight(rules.zone, now), probed=now)
    if budget == SEARCH and policy != TEN_SECONDLY:
        return replace(spent, search_blocked=max(spent.search_blocked, now + max(wait_ms, SECOND_MS)))
    return replace(spent, blocked=max(spent.blocked, now + max(wait_ms, GUARD_MS)))


def _aged(spent: Spent, rules: Rules, now: int) -> Spent:
    """Forget what lies outside of the windows, start a new day, follow a clock that was set back."""
    newest = max([0, *spent.calls[-1:], *spent.searches[-1:]])
    if newest > now + STEP_MS:
        spent = _set_back(spent, now)
    day = datetime.fromtimestamp(now / 1000, rules.zone).date().isoformat()
    if day != spent.day:
        spent = replace(spent, day=day, used=0, remaining=None, day_blocked=0, probed=0)
    return replace(
        spent,
        calls=tuple(at for at in spent.calls if at > now - WINDOW_MS - GUARD_MS),
        searches=tuple(at for at in spent.searches if at > now - SECOND_MS - SEARCH_GUARD_MS),
    )


def _set_back(spent: Spent, now: int) -> Spent:
    """Grants from the future count as made now: waits stay a window long at most."""
    return replace(
        spent,
        calls=tuple(min(at, now) for at in spent.calls),
        searches=tuple(min(at, now) for at in spent.searches),
        blocked=min(spent.blocked, now + WINDOW_MS),
        search_blocked=min(spent.search_blocked, now + WINDOW_MS),
        probed=min(spent.probed, now),
    )


def _until_free(grants: tuple[int, ...], most: int, window_ms: int) -> int:
    """When fewer than `most` grants lie in the window; 0 when they do."""
    return grants[-most] + window_ms if len(grants) >= most else 0


def _spaced(grants: tuple[int, ...], most: int) -> int:
    """When bulk work may call again so that its calls lie evenly in the window; a few may come at once.

    Calls in a bunch leave a hole behind them that comes back with every window: the limit is kept either
    way, but minutes differ in how many calls they hold.
    """
    if len(grants) < UNSPACED:
        return 0
    return grants[-TOGETHER] + TOGETHER * (WINDOW_MS + GUARD_MS) * SPACED_OF_100 // 100 // most


def _day_until(spent: Spent, rules: Rules, now: int, *, urgent: bool) -> int:
    """When the day's budget allows a call. A budget of ours never holds a no; HubSpot's refusal does."""
    if spent.day_blocked > now:
        return min(spent.day_blocked, spent.probed + PROBE_MS) if urgent else spent.day_blocked
    return 0 if urgent or not _day_is_spent(spent, rules) else _midnight(rules.zone, now)


def _day_is_spent(spent: Spent, rules: Rules) -> bool:
    if rules.calls_per_day is not None and spent.used >= rules.calls_per_day:
        return True
    known = rules.calls_per_day is None and spent.daily is not None and spent.remaining is not None
    return known and (spent.remaining or 0) <= (spent.daily or 0) // OTHERS


def _granted(spent: Spent, budget: str, now: int) -> Spent:
    at = max([now, *spent.calls[-1:]])  # two machines: never before the last grant
    return replace(
        spent,
        calls=(*spent.calls, at),
        searches=(*spent.searches, at) if budget == SEARCH else spent.searches,
        used=spent.used + 1,
        remaining=None if spent.remaining is None else max(0, spent.remaining - 1),
        probed=now if spent.day_blocked > now else spent.probed,
    )


def _midnight(zone: ZoneInfo, now: int) -> int:
    """The portal's next midnight, when HubSpot's day begins anew (HA 3)."""
    day = datetime.fromtimestamp(now / 1000, zone).date() + timedelta(days=1)
    return int(datetime.combine(day, time(), tzinfo=zone).astimezone(UTC).timestamp() * 1000)
