"""Months as the law counts them, and local days (Art. 12(3), 14(3); consent-domain 1)."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

REPLY_MONTHS: Final = 1  # Art. 12(3): one month from receipt
EXTENDED_MONTHS: Final = 3  # Art. 12(3): two further months where necessary, told within the first
NOTICE_MONTHS: Final = 1  # Art. 14(3)(a): at the latest one month after the data was obtained


def add_months(day: date, months: int) -> date:
    """The same calendar date that many months on, else that month's last day (31 Jan + 1 = 28 or 29 Feb).

    Raises OverflowError beyond the year 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError("the date lies outside the calendar")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def local_day(at: int, zone: tzinfo) -> date:
    """The local date of a moment in ms UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).date()


def bounds(day: date, zone: tzinfo) -> tuple[int, int]:
    """First and last millisecond of a local day, in ms UTC: 23, 24 or 25 hours apart."""
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone) - 1


def _midnight(day: date, zone: tzinfo) -> int:
    moment = datetime.combine(day, time.min, zone).astimezone(UTC)
    return int(moment.timestamp()) * 1000


def answer_due(received_at: int, zone: tzinfo, *, extended: bool = False) -> int:
    """Until when a request must be answered: the end of the local day, in ms UTC. Weekends extend nothing."""
    return _end_after(received_at, EXTENDED_MONTHS if extended else REPLY_MONTHS, zone)


def notice_due(obtained_at: int, zone: tzinfo) -> int:
    """Until when a person must be told of data that came from elsewhere: the end of the local day, ms UTC.

    First contact or first disclosure, if earlier, is the limit instead; the caller knows of those.
    """
    return _end_after(obtained_at, NOTICE_MONTHS, zone)


def _end_after(at: int, months: int, zone: tzinfo) -> int:
    return bounds(add_months(local_day(at, zone), months), zone)[1]
