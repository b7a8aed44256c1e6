"""A report that has something of everything, and a small one for the golden pages."""

from datetime import UTC, datetime

from connector.report.discrepancies import Discrepancy, Found, Group, Kind, compare, found
from connector.report.figures import (
    HOUR_MS,
    Coverage,
    Day,
    LogHead,
    Pending,
    Report,
    StateCount,
    latency,
)

DAY_MS = 24 * HOUR_MS
NOW = int(datetime(2026, 11, 24, 5, 0, tzinfo=UTC).timestamp()) * 1000
TITLES = {
    "newsletter": {"sv": "Nyhetsbrev", "en": "Newsletter"},
    "events": {"sv": "Inbjudningar", "en": "Invitations"},
}


def ref(number: int) -> str:
    return f"{number:032x}"


def finding(kind: Kind, number: int, *, hours: float = 5, purpose: str = "newsletter", **more) -> Discrepancy:
    return Discrepancy(
        kind=kind,
        since=NOW - int(hours * HOUR_MS),
        subject_ref=ref(number),
        address="a•••@e•••.se",
        contact_id=51_000_000 + number,
        purpose=purpose,
        **more,
    )


RESUBSCRIBED = finding(Kind.RESUBSCRIBED_AGAINST_NO, 71, row=18)
LATE = finding(Kind.OPTOUT_NOT_CONFIRMED, 72, hours=2, purpose="*", row=44)
REVIEW = finding(Kind.WAITING_FOR_REVIEW, 73, hours=72, purpose="events", row=6, reference="17")
UNKNOWN = Discrepancy(kind=Kind.UNKNOWN_VALUE, since=NOW - HOUR_MS, reference="hs_email_optout_101")
MISSING = finding(Kind.MISSING_IN_HUBSPOT, 900, hours=200, purpose="", row=31)
CLAIMS = tuple(
    finding(Kind.STATUS_WITHOUT_EVIDENCE, 100 + each, hours=72 + 24 * each, row=11) for each in range(41)
)


def groups(
    today=(RESUBSCRIBED, LATE, REVIEW, UNKNOWN, *CLAIMS), yesterday=(REVIEW, MISSING, *CLAIMS[:26])
) -> tuple[Group, ...]:
    before = {str(each.kind): each.kept() for each in compare(found(yesterday), {}, None)}
    return compare(found(today), before, NOW - DAY_MS)


def report(**changed) -> Report:
    """A night with something of everything."""
    whole = {
        "portal": "main",
        "portal_id": 62515,
        "date": "2026-11-24",
        "made_at": NOW,
        "time_zone": "Europe/Stockholm",
        "controller": "Exempel AB",
        "previous_at": NOW - DAY_MS,
        "last_pull": NOW - 3 * 60_000,
        "last_sweep": NOW - 3 * HOUR_MS,
        "contacts": 12_345,
        "titles": TITLES,
        "coverage": (
            Coverage(purpose="newsletter", read=12_345, total=12_345, oldest_read=NOW - 4 * DAY_MS),
            Coverage(
                purpose="events",
                read=10_800,
                total=12_345,
                oldest_read=NOW - 12 * DAY_MS,
                within={"day": 5_000, "week": 3_800, "month": 2_000, "older": 0, "never": 1_545},
                noes_only=211,
                mailable=1_203,
                mailable_oldest=NOW - 9 * DAY_MS,
            ),
        ),
        "states": (
            StateCount(purpose="newsletter", state="GRANTED", basis="consent", grade="E3", count=8_336),
            StateCount(purpose="newsletter", state="CLAIMED", basis="none", grade="E0", count=41),
            StateCount(purpose="newsletter", state="WITHDRAWN", basis="none", grade="E0", count=760),
            StateCount(purpose="events", state="SOFT_OPTIN", basis="soft_optin", grade="E2", count=1_203),
        ),
        "sendable": {"newsletter": 8_311, "events": 1_203},
        "pending": Pending(count=3, noes=2, oldest=NOW - 2 * HOUR_MS, oldest_no=NOW - 2 * HOUR_MS),
        "pushed": 14,
        "confirmed": 12,
        "withdrawals": 9,
        "latency": latency([900, 1_400, 1_800, 2_200, 2_500, 61_000, 4_000_000]),
        "erased": 1,
        "reviews": 1,
        "log": LogHead(
            entries=20_412, root="5dc9da79" * 8, checkpoint_size=20_390, checkpoint_at=NOW - 6 * HOUR_MS
        ),
        "missed_nights": ("2026-11-23",),
        "calls": 1_873,
        "groups": groups(),
        "history": history(23),
    }
    return Report(**{**whole, **changed})


def history(nights: int) -> tuple[Day, ...]:
    """The nights before, one of them missing."""
    return tuple(
        Day(
            date=f"2026-11-{night:02d}",
            states={
                "GRANTED": 8_120 + night * 9,
                "SOFT_OPTIN": 1_203,
                "CLAIMED": 230 - night * 8,
                "WITHDRAWN": 640 + night * 5,
            },
        )
        for night in range(1, nights + 1)
        if night != 9
    )


def small(**changed) -> Report:
    """What the golden pages show: three kinds, one purpose, the first night."""
    first = {
        "previous_at": None,
        "history": (),
        "missed_nights": (),
        "coverage": (
            Coverage(
                purpose="newsletter",
                read=3,
                total=4,
                oldest_read=NOW - DAY_MS,
                within={"day": 2, "week": 1, "month": 0, "older": 0, "never": 1},
                noes_only=1,
                mailable=1,
                mailable_oldest=NOW - DAY_MS,
            ),
        ),
        "states": (StateCount(purpose="newsletter", state="GRANTED", basis="consent", grade="E2", count=2),),
        "sendable": {"newsletter": 1},
        "contacts": 4,
        "pending": Pending(count=1, noes=1, oldest=NOW - 2 * HOUR_MS, oldest_no=NOW - 2 * HOUR_MS),
        "latency": latency([1_500, 2_500]),
        "groups": compare(found((LATE, REVIEW, CLAIMS[0])), {}, None),
    }
    return report(**{**first, **changed})


def many(kind: Kind, count: int) -> Found:
    """More of a kind than are kept with details."""
    items = tuple(finding(kind, each, hours=each) for each in range(10))
    return Found(kind=kind, count=count, oldest=NOW - 1_000 * HOUR_MS, items=items)
