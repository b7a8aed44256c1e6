"""Times as HubSpot writes them, and where its day ends."""

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UNKNOWN_ZONE_S: Final = 3_600.0  # the portal's zone is not known yet: ask again in an hour
EARLIEST_MS: Final = 1_136_073_600_000  # 2006-01-01, before HubSpot
LATEST_MS: Final = 253_402_300_799_999  # the end of year 9999: later numbers are not times


def milliseconds(value: object) -> int | None:
    """Epoch milliseconds of an ISO time with a zone, or of digits; None for anything else.

    A time without a zone is no time: guessing one could date a yes later than it was. Sources: HQ 12.
    """
    if isinstance(value, str):
        return _from_text(value) if value else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 < value <= LATEST_MS else None
    return None


def acted(value: object) -> int | None:
    """When somebody acted, as `milliseconds`; None for a time before HubSpot was.

    Seconds taken for milliseconds are January 1970: every consent would look newer than such a no (row 5).
    """
    at = milliseconds(value)
    return None if at is None or at < EARLIEST_MS else at


def iso(at: int) -> str:
    """The ISO form that HubSpot's query parameters take."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


def seconds_to_midnight(now: int, zone: str | None) -> float:
    """Until HubSpot's daily counter starts again: midnight in the portal's zone (HA 3)."""
    try:
        local = datetime.fromtimestamp(now / 1000, ZoneInfo(zone or ""))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UNKNOWN_ZONE_S
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)
    return max(1.0, midnight.timestamp() - now / 1000)


def _from_text(value: str) -> int | None:
    if value.isascii() and value.isdigit():
        return milliseconds(int(value)) if len(value) < 16 else None
    try:
        moment = datetime.fromisoformat(value)
        return None if moment.tzinfo is None else _since_epoch(moment)
    except (ValueError, OverflowError):
        return None


def _since_epoch(moment: datetime) -> int | None:
    since = moment - EPOCH  # its parts: dividing a timedelta takes twice as long
    at = since.days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000
    return at if 0 < at <= LATEST_MS else None


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS: Final = 86_400_000
