"""One portal's report, read from one snapshot of the store."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from connector.report.archive import Stored, before, history, missed
from connector.report.discrepancies import Kind, compare
from connector.report.figures import (
    Coverage,
    Latency,
    LogHead,
    Pending,
    Report,
    StateCount,
    latency,
)
from connector.report.findings import Findings, Sighting, without_person
from connector.store.coverage import NEVER, NOBODY
from connector.store.outbox import Sent
from connector.store.runs import Run
from connector.store.work import Work
from mappings.purposes import ALL, Purposes
from mappings.words import Status

#: Jobs that read changes, and those that read every contact.
PULLS: Final = ("pull", "sweep", "backfill")
SWEEPS: Final = ("sweep", "backfill")
RUNS_LOOKED_AT: Final = 5_000
CALLS: Final = "calls"  # the figure of a run that counts requests to HubSpot


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the report says of the portal beside the store's figures. `mailed`: there are recipients."""

    portal: str
    portal_id: int
    controller: str
    time_zone: str
    purposes: Purposes
    several_portals: bool = False
    mailed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A report, and the log's size that it reaches to: tomorrow's begins there."""

    report: Report
    log_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the store does not know: open breakers (name -> since, ms UTC) and findings of other rooms."""

    breakers: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Sighting, ...] = ()


def gather(work: Work, about: About, day: date, now: int, outside: Outside | None = None) -> Gathered:
    """Read everything for the report of a local day. Writes nothing; `archive.keep` stores it.

    `work` is a read transaction: all figures are of one moment. `now` is milliseconds UTC.
    """
    known, last = outside or Outside(), before(work, day)
    nights = missed(work, day) if about.mailed else ()
    findings = _findings(work, last, now)
    happened = findings.happened()
    findings.standing([*(purpose.key for purpose in about.purposes), ALL])
    findings.add(_portal_findings(known, nights, about))
    report = replace(
        _work_done(work, _standing(work, about.purposes, _begun(about, day, now, last))),
        withdrawals=happened.withdrawals,
        erased=happened.erased,
        breakers=tuple(known.breakers),
        missed_nights=nights,
        groups=compare(findings.found(), {} if last is None else last.kept, _made_at(last)),
        history=history(work, day),
    )
    return Gathered(report=report, log_size=happened.log_size)


def _begun(about: About, day: date, now: int, last: Stored | None) -> Report:
    return Report(
        portal=about.portal,
        portal_id=about.portal_id,
        date=day.isoformat(),
        made_at=now,
        time_zone=about.time_zone,
        controller=about.controller,
        several_portals=about.several_portals,
        previous_at=_made_at(last),
        titles={purpose.key: dict(purpose.title) for purpose in about.purposes},
    )


def _standing(work: Work, purposes: Purposes, report: Report) -> Report:
    """With how things stand now."""
    return replace(
        report,
        last_pull=_ended(work, PULLS),
        last_sweep=_ended(work, SWEEPS),
        contacts=work.contacts.counts().live,
        coverage=coverage_of(work, purposes, report.made_at),
        states=_states(work),
        sendable=_sendable(work, purposes),
        pending=_pending(work),
        reviews=work.reviews.count(),
        log=_log(work),
    )


def _work_done(work: Work, report: Report) -> Report:
    """With what was written and asked since the last report."""
    since = report.previous_at or 0
    sent = work.outbox.sent_since(since)
    return replace(
        report,
        pushed=len(sent),
        confirmed=sum(each.confirmed_at is not None for each in sent),
        latency=_latency(sent),
        calls=_calls(work.runs.recent(RUNS_LOOKED_AT), since),
    )


def _findings(work: Work, last: Stored | None, now: int) -> Findings:
    after = 0 if last is None else last.log_size
    return Findings(work, after_seq=after, previous_at=_made_at(last), now=now)


def _made_at(last: Stored | None) -> int | None:
    return None if last is None else last.report.made_at


def _portal_findings(known: Outside, nights: Iterable[str], about: About) -> Iterable[Sighting]:
    zone = ZoneInfo(about.time_zone)
    yield from known.findings
    for name, since in known.breakers.items():
        yield without_person(Kind.BREAKER_OPEN, since, name)
    for night in nights:
        yield without_person(Kind.NO_MAIL_PATH, _midnight(night, zone), night)


def _midnight(night: str, zone: ZoneInfo) -> int:
    local = datetime.combine(date.fromisoformat(night), time(0), tzinfo=zone)
    return int(local.astimezone(UTC).timestamp()) * 1000


def _ended(work: Work, jobs: Iterable[str]) -> int | None:
    runs = (work.runs.last(job, "ok") for job in jobs)
    return max((run.ended_at for run in runs if run is not None and run.ended_at is not None), default=None)


def coverage_of(work: Work, purposes: Purposes, now: int) -> tuple[Coverage, ...]:
    """How much is known of each purpose and how old it is. Three queries, whatever the size.

    A full read covers every subscription type of a person at once (HA 8.1).
    """
    known, mailable = work.ages.of_everybody(now), work.ages.of_mailable(now)
    noes = work.ages.noes_of_unread({each.key: each.subscription_id for each in purposes})
    return tuple(
        Coverage(
            purpose=each.key,
            read=known.total - known.within[NEVER],
            total=known.total,
            oldest_read=known.oldest,
            within=known.within,
            noes_only=noes[each.key],
            mailable=mailable.get(each.key, NOBODY).total,
            mailable_oldest=mailable.get(each.key, NOBODY).oldest,
        )
        for each in purposes
    )


def _states(work: Work) -> tuple[StateCount, ...]:
    totals: dict[tuple[str, str, str, str], int] = {}
    for each in work.states.counts():
        key = (each.purpose, str(each.state), str(each.basis), str(each.grade))
        totals[key] = totals.get(key, 0) + each.count
    return tuple(
        StateCount(purpose=purpose, state=state, basis=basis, grade=grade, count=count)
        for (purpose, state, basis, grade), count in sorted(totals.items())
    )


def _sendable(work: Work, purposes: Purposes) -> dict[str, int]:
    counts = {purpose.key: 0 for purpose in purposes}
    for each in work.states.counts():
        if each.sendable and each.purpose in counts:
            counts[each.purpose] += each.count
    return counts


def _pending(work: Work) -> Pending:
    waiting = work.outbox.waiting()
    return Pending(count=waiting.count, noes=waiting.noes, oldest=waiting.oldest, oldest_no=waiting.oldest_no)


def _latency(sent: Iterable[Sent]) -> Latency:
    """From the moment a no was queued, which is when the mirror took it, to HubSpot holding it."""
    return latency(
        each.confirmed_at - each.queued_at
        for each in sent
        if each.status is Status.UNSUBSCRIBED and each.confirmed_at is not None
    )


def _log(work: Work) -> LogHead:
    head, signed = work.log.head(), work.checkpoints.last()
    return LogHead(
        entries=head.size,
        root=head.root,
        checkpoint_size=None if signed is None else signed.size,
        checkpoint_at=None if signed is None else signed.at,
    )


def _calls(runs: Iterable[Run], since: int) -> int:
    figures = (run.figures.get(CALLS) for run in runs if run.started_at >= since)
    return sum(each for each in figures if isinstance(each, int))
