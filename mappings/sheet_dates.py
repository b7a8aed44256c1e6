"""Dates as spreadsheets write them, read as intervals: a day is that whole local day, doubt widens it.

ISO 8601, `2026-11-24 14:30`, `24/11/2026`, `24.11.2026`, `24 nov 2026`, `20261124`, Excel's day numbers with
point or comma. Two-digit years are not read. A slash date whose halves could change places covers both days,
unless the mapping says `date_order`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from mappings.sheet_cells import plain

YEARS: Final = range(1970, 2200)
SERIALS: Final = range(25_569, 80_000)  # 1970 to 2119 in Excel's days
EXCEL: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel's day 0; its days have no zone
MAC_DAYS: Final = 1_462  # workbooks that count from 1904
_ISO: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?)?"
    r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_PARTS: Final = re.compile(
    r"(\d{1,2})([/.\-])(\d{1,2})\2(\d{4})(?:[T ,]+(?:kl\.? )?(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?)?",
    re.IGNORECASE,
)
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NAMED: Final = re.compile(r"(?:den )?(\d{1,2})\.? ([a-zåäö]+)\.?,? (\d{4})")
_SERIAL: Final = re.compile(r"(\d{5})(?:[.,](\d+))?")
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "mar", "apr", "maj|may", "jun", "jul", "aug", "sep", "okt|oct", "nov", "dec"), start=1
    )
    for name in names.split("|")
}


@dataclass(frozen=True, slots=True)
class Interval:
    """Between `lo` and `hi`, milliseconds UTC, both included."""

    lo: int
    hi: int


@lru_cache(maxsize=8_192)
def interval(text: str, zone: ZoneInfo, order: str = "", *, mac_days: bool = False) -> Interval | None:
    """The time that a cell names; None where it names none. `order`: dmy or mdy for slash dates."""
    text = plain(text)
    try:
        return (
            _iso(text, zone)
            or _parts(text, zone, order)
            or _compact(text, zone)
            or _named(text, zone)
            or _serial(text, zone, mac_days=mac_days)
        )
    except (ValueError, OverflowError):  # 31 February, hour 25
        return None


def _iso(text: str, zone: ZoneInfo) -> Interval | None:
    found = _ISO.fullmatch(text)
    if not found:
        return None
    day = _day_of(int(found[1]), int(found[2]), int(found[3]))
    if found[4] is None:
        return _day(day, zone)
    at = datetime.combine(day, time(int(found[4]), int(found[5]), int(found[6] or 0)))
    if found[7] is None:
        return _local(at, zone, exact=found[6] is not None)
    offset = "+00:00" if found[7].upper() in {"Z", "UTC"} else found[7]
    ms = _ms(datetime.fromisoformat(at.isoformat() + offset))
    return Interval(ms, ms)


def _parts(text: str, zone: ZoneInfo, order: str) -> Interval | None:
    found = _PARTS.fullmatch(text)
    if not found:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    clock = time(int(found[5]), int(found[6]), int(found[7] or 0)) if found[5] else None
    orders = [order] if order else ["dmy", "mdy"] if found[2] == "/" and second <= 12 else ["dmy"]
    readings = []
    for each in orders:
        day, month = (first, second) if each == "dmy" else (second, first)
        if month <= 12:
            readings.append(_at(_day_of(year, month, day), clock, zone, exact=found[7] is not None))
    return _around(readings)


def _at(day: date, clock: time | None, zone: ZoneInfo, *, exact: bool) -> Interval:
    return _day(day, zone) if clock is None else _local(datetime.combine(day, clock), zone, exact=exact)


def _around(readings: list[Interval]) -> Interval | None:
    if not readings:
        return None
    return Interval(min(each.lo for each in readings), max(each.hi for each in readings))


def _compact(text: str, zone: ZoneInfo) -> Interval | None:
    found = _COMPACT.fullmatch(text)
    return _day(_day_of(int(found[1]), int(found[2]), int(found[3])), zone) if found else None


def _named(text: str, zone: ZoneInfo) -> Interval | None:
    found = _NAMED.fullmatch(text.lower())
    month = _MONTHS.get(found[2][:3]) if found else None
    return _day(_day_of(int(found[3]), month, int(found[1])), zone) if found and month else None


def _serial(text: str, zone: ZoneInfo, *, mac_days: bool) -> Interval | None:
    """A day number of Excel; its fraction is the time of day, to the second."""
    found = _SERIAL.fullmatch(text)
    days = int(found[1]) + (MAC_DAYS if mac_days else 0) if found else 0
    if not found or days not in SERIALS:
        return None
    at = EXCEL + timedelta(days=days)
    if not int(found[2] or 0):
        return _day(at.date(), zone)
    return _local(at + timedelta(seconds=round(float(f"0.{found[2]}") * 86_400)), zone, exact=True)


def _day_of(year: int, month: int, day: int) -> date:
    if year not in YEARS:
        raise ValueError("a year that no consent is from")
    return date(year, month, day)


def _day(day: date, zone: ZoneInfo) -> Interval:
    start = datetime.combine(day, time(), tzinfo=zone)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return Interval(_ms(start), _ms(end) - 1)


def _local(at: datetime, zone: ZoneInfo, *, exact: bool) -> Interval:
    """A local hour that the clock showed twice is both; a time to the minute is that whole minute."""
    both = [_ms(at.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)]
    return Interval(min(both), max(both) + (0 if exact else 59_999))


def _ms(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp() * 1000)
