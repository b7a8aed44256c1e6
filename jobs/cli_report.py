"""`report` and `status`: what differs, and whether everything is up to date."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import exports
from connector.acts.desk import Desk
from connector.acts.exports import FileKind
from connector.acts.status import status as status_act
from connector.errors import ConfigurationError
from connector.report.archive import stored
from connector.report.figures import Report
from connector.report.gather import gather
from connector.report.render import write
from connector.settings import Settings, load
from connector.store.coverage import AGES
from jobs import output
from jobs.account import staff
from jobs.due import local_day
from jobs.mailing import about_of, has_server, is_mailed, nightly_of, outside_of, place_names
from jobs.options import Globals, Outcome, command
from jobs.progress import spoken

Day = Annotated[str | None, typer.Option("--date", help="A past local day, 2026-11-24: its figures.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write the report to this file.")]
Send = Annotated[bool, typer.Option("--send", help="Send today's report by mail now.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("report")(report)
    app.command("status")(status)


@command
def report(wanted: Globals, day: Day = None, html: Html = None, send: Send = False) -> Outcome:
    """The discrepancy report: what differs, since when, and what to do about it.

    Example: consent-mirror report --html report.html
    """
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        found = _report(settings, desk, day)
        rendered = write(found, settings.controller.languages[0])
        if html is not None:
            _save(desk, html, rendered.standalone(), found)
        if send:
            _send(settings, desk)
    return Outcome(found.document(), Text(rendered.console()))


def _report(settings: Settings, desk: Desk, day: str | None) -> Report:
    now = desk.clock.now()
    today = local_day(now, desk.zone)
    wanted = _day(day) or today
    outside = outside_of(settings, desk)
    with desk.mirror.read(desk.portal) as work:
        if wanted == today:
            return gather(work, about_of(settings, desk), today, now, outside).report
        kept = stored(work, wanted)
    if kept is None:
        raise ConfigurationError(
            f"No report of {wanted} is stored.", where="--date", next_step="The daemon makes one every night."
        )
    return kept.report


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            "That is no date.", where="--date", next_step="Write it as 2026-11-24."
        ) from None


def _save(desk: Desk, path: Path, text: str, found: Report) -> None:
    """It names people by reference, record and masked address: a file with personal data all the same."""
    people = {item.subject_ref or item.contact_id for group in found.groups for item in group.items}
    wanted = exports.Wanted(path=path, kind=FileKind.REPORT, by=staff(), where="--html")
    exports.write(desk, wanted, text.encode(), count=len(people - {None}))


def _send(settings: Settings, desk: Desk) -> None:
    if not is_mailed(settings, desk.name):
        raise ConfigurationError(
            "No mail is configured.",
            where="report",
            next_step="Set to, from and smtp_host in [report], then run `consent-mirror doctor`.",
        )
    nightly_of(settings, desk).send_now()


@command
def status(wanted: Globals) -> Outcome:
    """The state of each portal: last reading, what waits, reviews, breaker, log.

    Example: consent-mirror status --json
    """
    settings = load(wanted.config_path)
    portals = [settings.portal(wanted.portal)] if wanted.portal else list(settings.portals)
    with wiring.mirror_of(settings) as mirror:
        found = [_status(settings, wiring.desk_of(settings, mirror, portal.name)) for portal in portals]
    return Outcome({"portals": found}, _states(found))


def _status(settings: Settings, desk: Desk) -> dict[str, Any]:
    today = local_day(desk.clock.now(), desk.zone)
    found = status_act(
        desk,
        today,
        mailed=is_mailed(settings, desk.name),
        has_server=has_server(settings),
        places=place_names(settings),
    )
    day = wiring.calls_of(settings, settings.portal(desk.name))
    calls = {"today": day.used, "ours": day.ours, "account": day.account, "left": day.left}
    return found | {"calls": calls}


def _states(found: list[dict[str, Any]]) -> Group:
    rows = [
        (
            each["portal"],
            each["contacts"],
            each["last_pull"] or "never",
            each["last_sweep"] or "never",
            each["outbox_pending"],
            each["reviews"],
            each["breaker"]["kind"] if each["breaker"] else "closed",
            each["log"]["entries"],
        )
        for each in found
    ]
    headings = ("portal", "contacts", "last pull", "last sweep", "pending", "reviews", "breaker", "entries")
    lines = [line for each in found for line in _lines(each)]
    return Group(output.table(headings, rows), *map(Text, lines))


def _lines(each: dict[str, Any]) -> Iterator[str]:
    yield from _under_way(each)
    yield _known(each)
    yield from _covered(each)
    yield from _imports(each)
    yield from _letters(each)


def _known(each: dict[str, Any]) -> str:
    """How old what we know is, and what the day has cost."""
    within, calls = each["read_within"], each["calls"]
    people = sum(within.values())
    told = [f"within a {name}: {count:,}" for name, count in within.items() if name in AGES]
    ages = ", ".join([*told, f"older: {within['older']:,}", f"never: {within['never']:,}"])
    share = f" of {calls['ours']:,} ({calls['today'] / calls['ours']:.0%})" if calls["ours"] else ""
    spent = f"Calls today: {calls['today']:,}{share}."
    single = each["statuses"]
    days = f" At {single['per_day']:,} a day: {single['days_left']:,} days." if single["days_left"] else ""
    return f"{each['portal']}: statuses of {people:,} people read {ages}.{days} {spent}"


def _under_way(each: dict[str, Any]) -> Iterator[str]:
    """The reading that runs now: how far, how fast, how long still, calls; the day's share stands below."""
    found = each["reading"]
    if found is None:
        return
    of = f" of {max(found['of'], found['contacts']):,}" if found["of"] is not None else ""
    parts = [f"{found['contacts']:,}{of} contacts", f"{found['a_second']:,.0f} a second"]
    if found["seconds_left"] is not None:
        parts.append(f"{spoken(found['seconds_left'])} left")
    yield f"{each['portal']}: {found['stage']} under way, {', '.join(parts)}, {found['calls']:,} calls."


def _covered(each: dict[str, Any]) -> Iterator[str]:
    """What differs from purpose to purpose: noes known without a full read, the age of a mailing's ground."""
    for known in each["coverage"]:
        told = [f"{known['share']:.1%} read in full"]
        if known["noes_only"]:
            told.append(f"{known['noes_only']:,} never read are known to have said no")
        if known["sendable_oldest_read"]:
            told.append(
                f"{known['sendable']:,} may be mailed, the oldest read {known['sendable_oldest_read']}"
            )
        yield f"  {known['purpose']}: {', '.join(told)}."


def _imports(each: dict[str, Any]) -> Iterator[str]:
    for left in each["imports"]:
        yield (
            f"{each['portal']}: an import is not at its end ({left['recorded']} of {left['of']}). If none "
            "runs now it was interrupted: the next turn finishes it, or `consent-mirror review list` asks."
        )


def _letters(each: dict[str, Any]) -> Iterator[str]:
    """What the letters to people wait for; nothing where all is well."""
    portal, mail = each["portal"], each["mail"]
    if mail["waiting"] and not mail["configured"]:
        yield f"{portal}: {mail['waiting']} letters to people wait: there is no mail server ([report])."
    if mail["trouble"]:
        yield f"{portal}: letters to people wait. {mail['trouble']['problem']}"
    for place in each["checkpoint"]["places"]:
        if place["since"]:
            yield f"{portal}: no checkpoint reaches its {place['place']}. {place['problem']}"
    if mail["parked"]:
        yield f"{portal}: letters to people refused: {mail['parked']}, see `consent-mirror notices list`."
    if each["notices"]["overdue"]:
        late = each["notices"]["overdue"]
        yield f"{portal}: not told in time that we hold data of them: {late}, see `notices --due`."
