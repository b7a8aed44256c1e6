"""`notices list|send|text|retry`: who has been told what, whose month is running out, and the letters."""

import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import mail_out, notices
from connector.acts.desk import Desk
from connector.acts.notices import Informed, Notices, Queueing
from connector.acts.own_receipt import send_receipt
from connector.consent.letters import Stop
from connector.consent.notice_text import LACKS, lacks
from connector.errors import ConfigurationError, Refused
from connector.settings import Settings, load
from connector.store.mail import MailRow
from jobs import output
from jobs.account import look_at
from jobs.languages import Speak, spoken
from jobs.options import Globals, Outcome, command, remember
from jobs.post import post_of

SHOWN = 50  # people that the table shows; all are in --json
TEXT_LIMIT = 1_048_576

Due = Annotated[bool, typer.Option("--due", help="Only those who have to be told yet.")]
Confirm = Annotated[bool, typer.Option("--confirm", help="Send; without it nothing is sent.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many people.")]
Alarm = Annotated[bool, typer.Option("--from-day-20", help="Only those whose alarm has rung.")]
Receipt = Annotated[
    str | None, typer.Option("--receipt", help="Send this person their own consent receipt instead.")
]

group = typer.Typer(help="Who has been told that we hold their data.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group.callback()(overview)
    group.command("list")(list_)
    group.command("send")(send)
    group.command("text")(text)
    group.command("retry")(retry)
    app.add_typer(group, name="notices")


@command
def overview(wanted: Globals, context: typer.Context, due: Due = False) -> Outcome | None:
    """Who has been told what and when; the month of Art. 14. The same as `notices list`.

    Example: consent-mirror notices --due
    """
    if context.invoked_subcommand is not None:
        remember(wanted)
        return None
    return _listed(wanted, due=due)


@command
def list_(wanted: Globals, due: Due = False) -> Outcome | None:
    """Who has been told what and when, by which day the others have to be, and what stands in the way.

    Example: consent-mirror notices list --due --json
    """
    return _listed(wanted, due=due)


def _listed(wanted: Globals, *, due: bool) -> Outcome | None:
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        found = Notices(desk)
        people = found.walk(due=due)
        if wanted.json:
            _stream(desk, found, people)
            return None
        shown = list(islice(people, SHOWN))
        more = sum(1 for _ in people)
        parked = _parked(desk)
    return Outcome(text=_table(found, shown, more, parked))


def _stream(desk: Desk, found: Notices, people: Iterator[Informed]) -> None:
    """One document; the people are written as they are found, the counts when all have been."""
    write = sys.stdout.write
    write('{"people":[')
    for number, each in enumerate(people):
        write((",\n" if number else "\n") + msgspec.json.encode(each.document()).decode())
    rest = found.document() | {"refused_letters": _parked(desk)}
    write("\n]," + msgspec.json.encode(rest).decode()[1:] + "\n")
    sys.stdout.flush()


def _parked(desk: Desk) -> list[dict[str, Any]]:
    with desk.mirror.read(desk.portal) as work:
        return [_letter(row) for row in work.mail.parked()]


def _letter(row: MailRow) -> dict[str, Any]:
    return {"letter": row.id, "kind": row.kind, "reason": row.reason, "tries": row.attempts + 1}


def _table(found: Notices, shown: list[Informed], more: int, parked: list[dict[str, Any]]) -> Group:
    documents = [each.document() for each in shown]
    rows = [
        (
            told["address"] or "-",
            told["subject"][:8],
            told["object_source"] or "-",
            told["obtained_at"],
            told["told"][-1]["at"] if told["told"] else (told["due_at"] or "-"),
            told["clock"] + (f" ({told['stop']})" if told["stop"] else ""),
        )
        for told in documents
    ]
    counts = found.counts
    parts: list[Any] = [
        Text(
            f"{counts['told']} told; still to be told: {counts['overdue']} overdue, {counts['alarm']} from "
            f"day 20 on, {counts['open']} in time. Cannot be written to: {counts['stopped']}."
        )
    ]
    if rows:
        headings = ("person", "subject", "source", "since", "told or due", "clock")
        parts.append(output.table(headings, rows))
    if more:
        parts.append(Text(f"and {more} more: see --json."))
    parts += [Text(f"Letter {p['letter']} ({p['kind']}) was refused: {p['reason']}.") for p in parked]
    return Group(*parts)


@command
def send(
    wanted: Globals,
    confirm: Confirm = False,
    limit: Limit = None,
    from_day_20: Alarm = False,
    receipt: Receipt = None,
    language: Speak = None,
) -> Outcome:
    """Send the notice to everyone who has to be told yet, and whatever else waits; a dry run first.

    Example: consent-mirror notices send --confirm
    """
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        if receipt is not None:
            return _receipt(settings, desk, receipt, spoken(settings, language), confirm=confirm)
        texts = notices.checked(desk, texts_of(settings))
        done = notices.send(desk, texts, confirm=confirm, limit=limit, only_alarm=from_day_20)
        sent = _sent(settings, desk) if confirm else None
    document = done.document() | {"sent": None if sent is None else sent.figures(), "dry_run": not confirm}
    return Outcome(document, Text(_said(done, sent)))


def _receipt(settings: Settings, desk: Desk, address: str, language: str, *, confirm: bool) -> Outcome:
    made = send_receipt(desk, look_at(address), language, confirm=confirm)
    if isinstance(made, Stop):
        raise Refused(
            f"Nothing is sent to this person ({made}).",
            where="--receipt",
            next_step="Hand it over in another way: `person receipt --pdf FILE`.",
        )
    sent = _sent(settings, desk) if confirm else None
    document = {"letter": made, "sent": None if sent is None else sent.figures(), "dry_run": not confirm}
    text = "Nothing was sent: --confirm sends it." if sent is None else _post(sent)
    return Outcome(document, Text(text))


def _sent(settings: Settings, desk: Desk) -> mail_out.Sent:
    return mail_out.send_letters(desk, post_of(settings), seconds=None)


def _said(done: Queueing, sent: mail_out.Sent | None) -> str:
    stopped = ", ".join(f"{count} {reason}" for reason, count in done.stopped.most_common())
    lines = [
        f"{'To be written to' if sent is None else 'Written to'}: {done.queued} people. Letters that wait "
        f"already: {done.waiting}; that the mail server refused: {done.parked}."
    ]
    if stopped:
        lines.append(f"Not written to: {stopped}. Tell them in another way.")
    lines.append("Nothing was sent: --confirm sends." if sent is None else _post(sent))
    return "\n".join(lines)


def _post(sent: mail_out.Sent) -> str:
    if not sent.configured:
        return f"Letters: {sent.waiting} waiting, as there is no mail server in [report]."
    return f"Letters: {sent.sent} handed over, {sent.waiting} waiting, {sent.parked} refused."


@command
def text(wanted: Globals) -> Outcome:
    """Check your notice texts: what they lack, and that they sell nothing. Exit 3 where something is wrong.

    Example: consent-mirror notices text
    """
    settings = load(wanted.config_path)
    portal = settings.portal(wanted.portal)
    controller, purposes = settings.controller, wiring.purposes_of(settings, portal)
    found = {
        language: lacks(
            said, language, controller=controller.name, contact=controller.contact, purposes=purposes
        )
        for language, said in texts_of(settings).items()
    }
    speak = controller.languages[0]
    rows = [(language, LACKS[each][speak]) for language, each_of in found.items() for each in each_of]
    ok = bool(found) and not rows
    nothing = Text("No text is named under [notices]." if not found else "Nothing is missing.")
    shown = output.table(("language", "lacks"), rows) if rows else nothing
    return Outcome({"ok": ok, "lacks": found}, shown, 0 if ok else Refused.exit_code)


def texts_of(settings: Settings) -> Mapping[str, str]:
    """The notice texts that the configuration names, by language. Raises ConfigurationError."""
    said = settings.notices
    return {lang: _read(path, lang) for lang, path in (("sv", said.sv), ("en", said.en)) if path is not None}


def _read(path: Path, language: str) -> str:
    try:
        if path.stat().st_size > TEXT_LIMIT:
            raise ConfigurationError(
                "The notice is larger than 1 MiB.", where=f"notices.{language}", next_step="Name a text file."
            )
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            f"The notice {path.name} cannot be read.",
            where=f"notices.{language}",
            next_step="Name a text file in UTF-8.",
        ) from None


@command
def retry(wanted: Globals) -> Outcome:
    """Try every letter anew that the mail server refused.

    Example: consent-mirror notices retry
    """
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        freed = mail_out.retry_parked(desk)
        sent = _sent(settings, desk)
    return Outcome({"retried": freed, "sent": sent.figures()}, Text(_post(sent)))
