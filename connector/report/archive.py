"""One night as the store keeps it: figures, tomorrow's comparison, the tries to send. Nobody is named."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

import msgspec

from connector.report.charts import NIGHTS
from connector.report.discrepancies import Before
from connector.report.figures import Day, Report
from connector.report.mail import message_id
from connector.report.night import Outcome, Tries, missed_nights
from connector.store.reports import ReportRow
from connector.store.work import Work

VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What lies in a row of `reports`. `wanted`: a mail was configured, so a night without one is missed.

    `refused`: recipients that the mail server did not take, masked, with its reply code.
    """

    report: Report
    log_size: int
    kept: Mapping[str, Before] = field(default_factory=dict)
    tries: Tries = field(default_factory=Tries)
    refused: Mapping[str, int] = field(default_factory=dict)
    wanted: bool = False
    version: int = VERSION


def stored(work: Work, day: date) -> Stored | None:
    """The night of a local day; None where no report was made (or by a later version of the product)."""
    return _read(work.reports.get(day.isoformat()))


def before(work: Work, day: date) -> Stored | None:
    """The last night before a local day."""
    return _read(work.reports.last(before=day.isoformat()))


def keep(work: Work, report: Report, *, sender: str, log_size: int, wanted: bool) -> Stored:
    """Store a night, inside a write transaction. One that exists keeps its tries and its Message-ID."""
    known = stored(work, date.fromisoformat(report.date))
    night = Stored(
        report=report.without_people(),
        log_size=log_size,
        kept=report.kept(),
        tries=Tries() if known is None else known.tries,
        wanted=wanted,
    )
    _put(work, night, message_id(report, sender))
    _thin(work, date.fromisoformat(report.date))
    return night


def note(
    work: Work,
    day: date,
    tries: Tries,
    *,
    error: str | None = None,
    refused: Mapping[str, int] | None = None,
) -> None:
    """Store how the last try to send ended, inside a write transaction. `error` is a code."""
    row = work.reports.get(day.isoformat())
    night = _read(row)
    if row is None or night is None:
        return
    _put(work, replace(night, tries=tries, refused=dict(refused or {})), row.message_id)
    if tries.outcome is Outcome.SENT:
        work.reports.sent(row.date, tries.last or row.made_at)
    elif error is not None:
        work.reports.failed(row.date, error)


def history(work: Work, day: date) -> tuple[Day, ...]:
    """The nights before a local day, for the charts."""
    nights = (_read(row) for row in work.reports.since((day - timedelta(days=NIGHTS)).isoformat()))
    return tuple(
        night.report.today() for night in nights if night is not None and night.report.date < day.isoformat()
    )


def totals(work: Work, day: date, nights: int) -> list[tuple[str, int, int]]:
    """Date, discrepancies and the urgent ones of them, of the nights before a local day."""
    first = (day - timedelta(days=nights)).isoformat()
    found = (_read(row) for row in work.reports.since(first) if row.date < day.isoformat())
    return [(each.report.date, each.report.total, each.report.urgent) for each in found if each is not None]


def missed(work: Work, day: date) -> tuple[str, ...]:
    """The nights since the last mail (at most a quarter of a year) that wanted one and got none."""
    rows = work.reports.since((day - timedelta(days=NIGHTS)).isoformat())
    nights = [night for night in map(_read, rows) if night is not None and night.wanted]
    sent = frozenset(night.report.date for night in nights if night.tries.outcome is Outcome.SENT)
    told = max((date.fromisoformat(each) for each in sent if each < day.isoformat()), default=None)
    if told is not None:
        return missed_nights(sent, told, day)
    first = min((night.report.date for night in nights), default=day.isoformat())
    return missed_nights(sent, date.fromisoformat(first), day)


def _put(work: Work, night: Stored, mail_id: str) -> None:
    document = msgspec.to_builtins(night)
    row = ReportRow(
        date=night.report.date, made_at=night.report.made_at, message_id=mail_id, document=document
    )
    work.reports.put(row)


def _thin(work: Work, day: date) -> None:
    """Only the last night is compared with: the one before it needs its prints no longer."""
    last = work.reports.last(before=day.isoformat())
    older = None if last is None else work.reports.last(before=last.date)
    night = _read(older)
    if older is not None and night is not None and night.kept:
        _put(work, replace(night, kept={}), older.message_id)


def _read(row: ReportRow | None) -> Stored | None:
    if row is None or row.document.get("version") != VERSION:
        return None
    try:
        return msgspec.convert(row.document, type=Stored)
    except msgspec.ValidationError:
        return None
