"""Who has to be told that we hold their data, and by when (Art. 13, 14; consent-domain 1, 10). Pure.

Of data that the person gave (a form, a booked meeting, a chat) they are told where they give it. Data from
anywhere else starts the clock of Art. 14: at the latest one calendar month after it was obtained. In doubt it
came from elsewhere: a notice too many harms nobody.
"""

from collections.abc import Collection
from datetime import timedelta, tzinfo
from enum import StrEnum
from typing import Final

from connector.consent.calendar import bounds, local_day, notice_due

ALARM_DAYS: Final = 20
#: HubSpot's `hs_object_source` of records that the person made themselves.
OWN: Final = frozenset({"FORM", "FORMS", "MEETINGS", "CONVERSATIONS"})


class Clock(StrEnum):
    """How the clock of one person stands."""

    TOLD = "told"
    OPEN = "open"
    ALARM = "alarm"  # day 20 has come
    OVERDUE = "overdue"


def came_from_elsewhere(object_source: str | None, also_own: Collection[str] = ()) -> bool:
    """The record was not made by the person. `also_own`: sources of which the operator says that it was."""
    source = (object_source or "").upper()
    return source not in OWN and source not in {each.upper() for each in also_own}


def alarm_at(obtained_at: int, zone: tzinfo) -> int:
    """The beginning of the twentieth day after the data was obtained, ms UTC."""
    return bounds(local_day(obtained_at, zone) + timedelta(days=ALARM_DAYS), zone)[0]


def clock(obtained_at: int, now: int, zone: tzinfo) -> Clock:
    """How it stands with somebody who has not been told."""
    if now > notice_due(obtained_at, zone):
        return Clock.OVERDUE
    return Clock.ALARM if now >= alarm_at(obtained_at, zone) else Clock.OPEN


def overdue_before(now: int, zone: tzinfo) -> int:
    """Whoever's data was obtained before this moment (ms UTC) and has not been told is overdue.

    The exact turn of the calendar's rule, so that a database can count with one comparison.
    """
    day = local_day(now, zone)
    while notice_due(bounds(day, zone)[0], zone) >= now:
        day -= timedelta(days=1)
    return bounds(day, zone)[1] + 1


def alarm_before(now: int, zone: tzinfo) -> int:
    """The same for the alarm of day 20."""
    return bounds(local_day(now, zone) - timedelta(days=ALARM_DAYS), zone)[1] + 1
