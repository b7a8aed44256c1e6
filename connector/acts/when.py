"""When did the person act? From what a user types to an interval (design 1.1, `--at`).

ISO 8601 with a zone is exact; a local time means the controller's zone; a date means that local day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connector.consent import retention
from connector.consent.calendar import bounds, local_day
from connector.errors import ConfigurationError

FUTURE_MS = 300_000  # clocks differ; more than that has not happened yet


@dataclass(frozen=True, slots=True)
class Moment:
    """The person acted between `lo` and `hi`, milliseconds UTC, both included."""

    lo: int
    hi: int


def moment(text: str, zone: ZoneInfo, now: int) -> Moment:
    """The interval that a text names, never after `now`. Raises ConfigurationError."""
    try:
        found = _day(date.fromisoformat(text), zone) if len(text) == 10 else _exact(text, zone)
    except ValueError:
        raise ConfigurationError(
            "That is no time.",
            where="--at",
            kind="no_time",
            next_step="Write 2026-11-24, 2026-11-24T14:30 (local) or 2026-11-24T14:30:00+01:00.",
        ) from None
    if found.lo > now + FUTURE_MS:
        raise ConfigurationError(
            "That time has not come yet.",
            where="--at",
            kind="time_to_come",
            next_step="Record an act once it has happened.",
        )
    return Moment(found.lo, min(found.hi, max(found.lo, now)))


def until(text: str, zone: ZoneInfo, where: str = "--valid-until") -> int:
    """The end of something, in ms UTC: a date means the end of that local day. Raises ConfigurationError."""
    try:
        found = _day(date.fromisoformat(text), zone) if len(text) == 10 else _exact(text, zone)
    except ValueError:
        raise ConfigurationError(
            "That is no time.",
            where=where,
            kind="no_time",
            next_step="Write 2027-11-24 or 2027-11-24T14:30+01:00.",
        ) from None
    return found.hi


def ago(text: str, now: int, zone: ZoneInfo) -> int:
    """The beginning of the local day that lies a time like "12 months" back, ms UTC. ConfigurationError."""
    try:
        length = retention.parse(f"{text} after consent")
        return bounds(length.before(local_day(now, zone)), zone)[0]
    except (ValueError, OverflowError):
        raise ConfigurationError(
            "That is no length of time.",
            where="--older-than",
            kind="no_length",
            next_step='Write "12 months", "90 days" or "2 years".',
        ) from None


def _exact(text: str, zone: ZoneInfo) -> Moment:
    """A local hour that the clock showed twice is both of them: the interval says so."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is not None:
        at = _ms(parsed)
        return Moment(at, at)
    both = [_ms(parsed.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)]
    return Moment(min(both), max(both))


def _day(day: date, zone: ZoneInfo) -> Moment:
    start = datetime.combine(day, time(), tzinfo=zone)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return Moment(_ms(start), _ms(end) - 1)


def _ms(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp() * 1000)


def local_month(at: int, zone: ZoneInfo) -> str:
    """The local month of a moment in ms UTC, as 2026-11."""
    return datetime.fromtimestamp(at / 1000, tz=zone).strftime("%Y-%m")
