"""When the nightly mail goes out: one per portal and local day, tried for 24 hours. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
#: Waits between tries: 1, 2, 4, … minutes, at most an hour (RE 5).
LONGEST_WAIT_MS: Final = 60 * MINUTE_MS
#: How long a mail that the server puts off is tried (RE 5); the next night's report is due then.
TRIED_MS: Final = DAY_MS


class Outcome(StrEnum):
    """How the mail of one night stands, as stored."""

    MADE = "made"  # the report exists, no try has been made
    WAITING = "waiting"  # put off, or ambiguous: tried again at `next_try`
    SENT = "sent"
    FAILED = "failed"  # refused for good, or put off for too long


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """The mail of one night so far. Times are milliseconds UTC."""

    outcome: Outcome = Outcome.MADE
    count: int = 0
    first: int | None = None
    last: int | None = None
    next: int | None = None


class Step(StrEnum):
    """What to do now."""

    NOTHING = "nothing"
    SEND = "send"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do now, for which local day."""

    step: Step
    day: date


def moment(day: date, at: time, zone: ZoneInfo) -> int:
    """When a local day's report is due, in milliseconds UTC.

    A wall time that the spring change skips is due as if the clock had not been moved; one that comes twice
    in autumn is due the first time. Each day has one moment, and the moments of days follow each other.
    """
    local = datetime.combine(day, at, tzinfo=zone).replace(fold=0)
    return int(local.astimezone(UTC).timestamp()) * 1000


def due_day(now: int, at: time, zone: ZoneInfo) -> date:
    """The latest local day whose moment has come."""
    day = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone).date() + timedelta(days=1)
    while moment(day, at, zone) > now:
        day -= timedelta(days=1)
    return day


def decide(now: int, at: time, zone: ZoneInfo, tries: Tries | None, *, since: int = 0) -> Decision:
    """Whether the mail of the day that is due goes out now.

    `tries` is what the store holds for that day (`due_day`), None where it holds nothing; `since` is when
    this mirror began: days that were due before it get no mail.
    """
    day = due_day(now, at, zone)
    if tries is None:
        return Decision(step=Step.SEND if moment(day, at, zone) >= since else Step.NOTHING, day=day)
    return Decision(step=_step(now, tries), day=day)


def _step(now: int, tries: Tries) -> Step:
    if tries.outcome in {Outcome.SENT, Outcome.FAILED}:
        return Step.NOTHING
    if tries.first is not None and now - tries.first >= TRIED_MS:
        return Step.GIVE_UP
    return Step.SEND if tries.next is None or now >= tries.next else Step.NOTHING


def put_off(tries: Tries, now: int, jitter: float) -> Tries:
    """After a try that may work later: when the next one is. `jitter` in [0, 1) spreads the portals."""
    first = now if tries.first is None else tries.first
    wait = min(LONGEST_WAIT_MS, MINUTE_MS << min(tries.count, 10))
    return Tries(
        outcome=Outcome.WAITING,
        count=tries.count + 1,
        first=first,
        last=now,
        next=min(now + wait + int(wait * 0.2 * jitter), first + TRIED_MS),
    )


def settled(tries: Tries, now: int, outcome: Outcome) -> Tries:
    """After the last try: sent, or failed for good."""
    first = now if tries.first is None else tries.first
    return Tries(outcome=outcome, count=tries.count + 1, first=first, last=now)


def missed_nights(sent: frozenset[str], first: date, last: date) -> tuple[str, ...]:
    """The local days from `first` up to and without `last` that got no mail, oldest first."""
    days = ((first + timedelta(days=each)).isoformat() for each in range((last - first).days))
    return tuple(day for day in days if day not in sent)
