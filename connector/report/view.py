"""What the pages show, in one language: built once, so that text, HTML and sheet cannot differ. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from connector.report.discrepancies import MAILS, Discrepancy, Group, Kind
from connector.report.figures import HOUR_MS, Coverage, Report, StateCount
from connector.report.words import Words

#: People shown per kind; the attachment has the rest.
SHOWN: Final = 8
RECORD: Final = "https://app.hubspot.com/contacts/{portal}/record/0-1/{contact}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One finding as a person reads it."""

    person: str
    contact: str
    link: str
    purpose: str
    since: str
    new: bool
    command: str
    direct: bool  # the command is the next step itself, not a look at the history


@dataclass(frozen=True, slots=True, kw_only=True)
class KindPart:
    """One kind as a person reads it. `level` is act, look or know."""

    level: str
    urgency: str
    title: str
    means: str
    do: str
    command: str
    count: str
    new: str
    unchanged: str
    resolved: str
    oldest: str
    items: tuple[Item, ...]
    more: str
    gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Labelled figures under one heading."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLine:
    """How many people are in one state for one purpose."""

    purpose: str
    state: str
    basis: str
    grade: str
    count: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole report in one language."""

    language: str
    subject: str
    title: str
    date: str
    portal: str
    lead: tuple[str, ...]
    level: str
    alarms: tuple[str, ...]
    kinds: tuple[KindPart, ...]
    sections: tuple[Section, ...]
    states: tuple[StateLine, ...]
    verify: str
    attachment: str
    everything: str
    footer: str
    texts: dict[str, str]


def page(report: Report, words: Words) -> Page:
    """The report in one language."""
    return Page(
        language=words.language,
        subject=subject(report, words),
        title=words.say("title"),
        date=words.date(*_day(report)),
        portal=f"{report.controller} · {report.portal} ({report.portal_id})",
        lead=tuple(_lead(report, words)),
        level=_level(report),
        alarms=tuple(_alarms(report, words)),
        kinds=tuple(_kind(each, report, words) for each in report.groups),
        sections=(
            _as_of(report, words),
            *_known(report, words),
            _standing(report, words),
            _work(report, words),
            _log(report, words),
        ),
        states=tuple(_state(each, report, words) for each in report.states),
        verify=words.say("verify", command=f"consent-mirror log verify{report.portal_option}"),
        attachment=words.say("attachment", name=sheet_name(report)),
        everything=words.say("everything", command=f"consent-mirror report --json{report.portal_option}"),
        footer=words.say("footer", controller=report.controller),
        texts=dict(words.texts),
    )


def _level(report: Report) -> str:
    worst = min((each.kind.urgency for each in report.groups if each.count), default=None)
    return "calm" if worst is None else worst.name.lower()


def sheet_name(report: Report) -> str:
    """The file name of the attachment."""
    return f"consent-mirror-{report.portal}-{report.date}.csv"


def subject(report: Report, words: Words) -> str:
    """One line for the inbox: what is urgent first, the worst kind by name, all counts, the day."""
    parts = [*_headline(report, words), report.date]
    return f"[{report.portal}] " + " · ".join(parts)


def _headline(report: Report, words: Words) -> Iterator[str]:
    worst = next((each for each in report.groups if each.count), None)
    if worst is None:
        yield words.say("subject_none")
        return
    named = f"{words.kinds[worst.kind].title} ({words.number(worst.count)})"
    key = "subject_urgent" if report.urgent else "subject_calm"
    yield words.say(key, urgent=report.urgent, worst=named)
    single = "subject_counts_one" if report.total == 1 else "subject_counts"
    yield words.say(single, total=report.total, new=report.new)


def _lead(report: Report, words: Words) -> Iterator[str]:
    if report.urgent:
        yield words.say("lead_urgent_one" if report.urgent == 1 else "lead_urgent", urgent=report.urgent)
    else:
        yield words.say("lead_calm" if report.total else "lead_none")
    if report.total or report.resolved:
        yield words.say(
            "lead_counts",
            total=report.total,
            new=report.new,
            unchanged=report.total - report.new,
            resolved=report.resolved,
        )
    if report.previous_at is None and report.total:
        yield words.say("lead_first")


def _alarms(report: Report, words: Words) -> Iterator[str]:
    if report.pending.late(report.made_at) and report.pending.oldest_no is not None:
        yield words.say("late", age=words.age(report.made_at - report.pending.oldest_no))
    if report.last_pull is None:
        yield words.say("nothing_read")
    elif report.made_at - report.last_pull >= HOUR_MS:
        yield words.say("stale", age=words.age(report.made_at - report.last_pull))
    if report.missed_nights:
        yield words.say("missed", nights=", ".join(report.missed_nights))


def _kind(group: Group, report: Report, words: Words) -> KindPart:
    said = words.kinds[group.kind]
    return KindPart(
        level=group.kind.urgency.name.lower(),
        urgency=words.urgency(group.kind.urgency),
        title=said.title,
        means=said.means,
        do=said.do,
        command=said.command + report.portal_option,
        count=words.number(group.count),
        new=words.number(group.new),
        unchanged=words.number(group.unchanged),
        resolved=words.number(group.resolved),
        oldest="–" if group.oldest is None else words.rough_age(report.made_at - group.oldest),
        items=tuple(item_of(each, report, words) for each in group.items[:SHOWN]),
        more=_more(group, words),
        gone=group.count == 0,
    )


def _more(group: Group, words: Words) -> str:
    if group.count == 0:
        return words.say("all_resolved", count=group.resolved)
    hidden = group.count - min(SHOWN, len(group.items))
    if not hidden:
        return ""
    key = "more" if group.complete else "more_cut"
    return words.say(key, count=hidden, limit=len(group.items))


def item_of(item: Discrepancy, report: Report, words: Words) -> Item:
    """One finding as a person reads it."""
    alone = not (item.address or item.subject_ref or item.contact_id)
    link = RECORD.format(portal=report.portal_id, contact=item.contact_id) if item.contact_id else ""
    return Item(
        person=item.reference or words.say("the_portal") if alone else item.address or item.subject_ref[:8],
        contact="" if item.contact_id is None else str(item.contact_id),
        link=link,
        purpose=_purpose_of(item, report, words),
        since=local_time(item.since, report),
        new=item.new,
        command=item.command(report.portal_option),
        direct=item.kind is Kind.WAITING_FOR_REVIEW,
    )


def _purpose_of(item: Discrepancy, report: Report, words: Words) -> str:
    """The purpose; of a mail also its name."""
    title = purpose_title(item.purpose, report, words)
    return f"{title} · {item.reference}" if item.kind in MAILS and item.reference else title


def purpose_title(purpose: str, report: Report, words: Words) -> str:
    """What people call the purpose; `*` is all marketing."""
    if purpose == "*":
        return words.say("all_marketing")
    return report.titles.get(purpose, {}).get(words.language) or purpose


def local_time(at: int | None, report: Report) -> str:
    """Minutes on the controller's wall; a dash for never."""
    if at is None:
        return "–"
    moment = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(report.time_zone))
    return moment.strftime("%Y-%m-%d %H:%M")


def _day(report: Report) -> tuple[int, int, int]:
    day = date.fromisoformat(report.date)
    return day.year, day.month, day.day


def _as_of(report: Report, words: Words) -> Section:
    rows = [
        (words.say("last_pull"), _read_at(report.last_pull, report, words)),
        (words.say("last_sweep"), _read_at(report.last_sweep, report, words)),
        (words.say("contacts"), words.number(report.contacts)),
    ]
    return Section(title=words.say("as_of"), rows=tuple(rows))


def _read_at(at: int | None, report: Report, words: Words) -> str:
    return words.say("never") if at is None else local_time(at, report)


def _known(report: Report, words: Words) -> Iterator[Section]:
    """How old what we know is, per purpose; nothing where no purpose is configured."""
    if report.coverage:
        rows = tuple(
            (purpose_title(each.purpose, report, words), " ".join(_coverage(each, report, words)))
            for each in report.coverage
        )
        yield Section(title=words.say("coverage"), rows=rows)


def _coverage(coverage: Coverage, report: Report, words: Words) -> Iterator[str]:
    key = "coverage_fresh" if coverage.oldest_read is None else "coverage_value"
    yield words.say(
        key,
        share=words.share(coverage.share),
        read=coverage.read,
        total=coverage.total,
        oldest=local_time(coverage.oldest_read, report),
    )
    if coverage.within:
        yield words.say("coverage_ages", **coverage.within)
    if coverage.noes_only:
        yield words.say(_single("coverage_noes", coverage.noes_only), count=coverage.noes_only)
    if coverage.mailable_oldest is not None:
        oldest = local_time(coverage.mailable_oldest, report)
        yield words.say(
            _single("coverage_mailable", coverage.mailable), count=coverage.mailable, oldest=oldest
        )


def _single(text: str, count: int) -> str:
    return f"{text}_one" if count == 1 else text


def _standing(report: Report, words: Words) -> Section:
    sendable = [
        (f"{words.say('sendable')}: {purpose_title(key, report, words)}", _people(count, words))
        for key, count in report.sendable.items()
    ]
    rows = (
        *sendable,
        (words.say("pending"), _pending(report, words)),
        (words.say("reviews"), words.number(report.reviews)),
        (words.say("breaker"), ", ".join(report.breakers) or words.say("breaker_closed")),
    )
    return Section(title=words.say("standing"), rows=rows)


def _work(report: Report, words: Words) -> Section:
    rows = (
        (words.say("withdrawals"), words.number(report.withdrawals)),
        (words.say("latency"), _latency(report, words)),
        (words.say("pushed"), words.number(report.pushed)),
        (words.say("confirmed"), words.number(report.confirmed)),
        (words.say("erased"), words.number(report.erased)),
        (words.say("calls"), words.number(report.calls)),
    )
    first = report.previous_at is None
    return Section(title=words.say("work_first" if first else "work"), rows=rows)


def _people(count: int, words: Words) -> str:
    return words.say("sendable_one" if count == 1 else "sendable_value", count=count)


def _latency(report: Report, words: Words) -> str:
    waits = report.latency
    if waits.p50 is None or waits.p95 is None:
        return words.say("latency_none")
    return words.say("latency_value", p50=words.age(waits.p50), p95=words.age(waits.p95), over=waits.over_1_h)


def _pending(report: Report, words: Words) -> str:
    pending = report.pending
    if not pending.count or pending.oldest is None:
        return words.number(pending.count)
    age = words.age(report.made_at - pending.oldest)
    return words.say("pending_value", count=pending.count, noes=pending.noes, age=age)


def _log(report: Report, words: Words) -> Section:
    log = report.log
    signed = words.say("never")
    if log.checkpoint_at is not None and log.checkpoint_size is not None:
        at = local_time(log.checkpoint_at, report)
        signed = words.say("checkpoint_value", at=at, size=log.checkpoint_size)
    rows = (
        (words.say("entries"), words.number(log.entries)),
        (words.say("root"), log.root or "–"),
        (words.say("checkpoint"), signed),
    )
    return Section(title=words.say("log"), rows=rows)


def _state(count: StateCount, report: Report, words: Words) -> StateLine:
    return StateLine(
        purpose=purpose_title(count.purpose, report, words),
        state=words.states.get(count.state, count.state),
        basis=words.bases.get(count.basis, count.basis),
        grade=count.grade,
        count=words.number(count.count),
    )
