"""What the operator's instruments show of one portal: times, counts, ages, nobody (reliability 7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.acts import erasure
from connector.acts.backup import MADE_AT
from connector.acts.checkpoint import VERIFIED
from connector.acts.desk import Desk
from connector.acts.push import first_push_confirmed
from connector.acts.staged import unfinished
from connector.errors import HubSpotRefused
from connector.store.runs import Run
from connector.store.work import Work

#: Which runs bring a stream up to date.
STREAMS: Final[Mapping[str, tuple[str, ...]]] = {
    "changes": ("pull", "sweep", "backfill"),
    "sweep": ("sweep", "backfill"),
    "forms": ("forms",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """One portal at one moment. Times are ms UTC, None where nothing of the kind ever happened or waits."""

    portal: str
    now: int
    last_success: Mapping[str, int | None]
    pending: Mapping[str, int]
    oldest: Mapping[str, int | None]
    parked: int
    imports: int
    reviews: int
    oldest_review: int | None
    breaker: bool
    contacts: int
    entries: int
    verified: bool | None
    verified_at: int | None
    report_sent: int | None
    backup: int | None
    failing: int
    token_refused: bool


def gauges(desk: Desk) -> Gauges:
    """Read them, in one snapshot. Raises DatabaseUnavailable."""
    with desk.mirror.read(desk.portal) as work:
        waiting, verified = work.outbox.waiting(), work.meta.get(VERIFIED)
        erasures, is_open = erasure.under_way(work), first_push_confirmed(work)
        newest = _newest(work)
        return Gauges(
            portal=desk.name,
            now=desk.clock.now(),
            last_success={name: _last(work, jobs) for name, jobs in STREAMS.items()},
            pending={
                "no": waiting.noes if is_open else waiting.noes - waiting.gated_noes,
                "gated": 0 if is_open else waiting.gated,
                "yes": waiting.count - waiting.noes,
                "erasure": sum(each.waits is None for each in erasures),
            },
            oldest={
                "no": waiting.oldest_no if is_open else waiting.oldest_free_no,
                "any": waiting.oldest,
                "erasure": min((each.opened_at for each in erasures if each.waits is None), default=None),
            },
            parked=waiting.parked,
            imports=len(unfinished(work)),
            reviews=work.reviews.count(),
            oldest_review=work.reviews.oldest(),
            breaker=work.meta.get("breaker") is not None,
            contacts=work.contacts.counts().live,
            entries=work.log.size(),
            verified=None if verified is None else bool(verified["ok"]),
            verified_at=_number(verified, "at"),
            report_sent=max(
                (each.sent_at for each in _reports(work) if each.sent_at is not None), default=None
            ),
            backup=work.meta.get(MADE_AT),
            failing=sum(run.outcome in {"failed", "interrupted"} for run in newest.values()),
            token_refused=_token_refused(newest),
        )


def _number(found: Any, key: str) -> int | None:
    return None if found is None else int(found[key])


def _reports(work: Work) -> Any:
    last = work.reports.last()
    return [] if last is None else [last, *filter(None, [work.reports.last(before=last.date)])]


def _last(work: Work, jobs: tuple[str, ...]) -> int | None:
    runs = [work.runs.last(job, "ok") for job in jobs]
    return max((run.ended_at for run in runs if run is not None and run.ended_at is not None), default=None)


def _newest(work: Work) -> dict[str, Run]:
    newest: dict[str, Run] = {}
    for run in work.runs.recent():
        newest.setdefault(run.job, run)
    return newest


def _token_refused(newest: Mapping[str, Run]) -> bool:
    """The reading that ended last was refused by HubSpot: token, scope or portal are wrong."""
    reading = [
        newest[job] for job in STREAMS["changes"] if job in newest and newest[job].ended_at is not None
    ]
    last = max(reading, key=lambda run: run.id, default=None)
    return last is not None and last.error == HubSpotRefused.code
