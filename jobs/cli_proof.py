"""`record`, `gaps` and `wording`: what proves a yes, who lacks it, and what people saw."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import exports
from connector.acts import record as act
from connector.acts import wording as wordings
from connector.acts.decide import document
from connector.acts.desk import Desk
from connector.acts.exports import FileKind
from connector.acts.gaps import Gap, Gaps
from connector.acts.invalid_wordings import Again, invalid, to_be_asked
from connector.acts.invalidate import invalidate
from connector.acts.sheet_out import to_csv
from connector.acts.when import moment, until
from connector.acts.who import purpose_of
from connector.consent.events import ALL_MARKETING, SUBJECT, EventType, Source
from connector.consent.lint import WORDS
from connector.consent.repermission import Ask
from connector.errors import ConfigurationError, Stopped
from connector.settings import Settings, load
from jobs import output, people
from jobs.account import staff
from jobs.cli_users import proved
from jobs.options import Globals, Outcome, command
from mappings.times import iso

TYPES = ("grant", "withdraw", "object", "refuse", "claim", "soft_optin")
FILE_LIMIT = 64 * 1_048_576
SHOWN = 50  # people that the table shows; all are in --json and --csv

Address = Annotated[str, typer.Argument(help="One e-mail address.", show_default=False)]
PurposeKey = Annotated[
    str, typer.Option("--purpose", help="The purpose's key; * for all marketing, with a no only.")
]
Type = Annotated[str, typer.Option("--type", help=", ".join(TYPES) + ".")]
Door = Annotated[Source, typer.Option("--source", help="By which door it came in.")]
At = Annotated[str, typer.Option("--at", help="When: ISO 8601 with a zone, a local time, or a date.")]
Wording = Annotated[
    Path | None, typer.Option("--wording", help="A text file: exactly what was shown or said.")
]
Notice = Annotated[Path | None, typer.Option("--notice", help="A text file: the privacy notice beside it.")]
Evidence = Annotated[
    list[Path] | None, typer.Option("--evidence", help="A call note, recording or scan; may be repeated.")
]
Keep = Annotated[
    bool, typer.Option("--keep", help="Keep the evidence files encrypted, not their hash alone.")
]
Signed = Annotated[bool, typer.Option("--signed", help="The paper is signed by hand.")]
Control = Annotated[
    bool, typer.Option("--address-control", help="The person proved that the mailbox is theirs.")
]
Actor = Annotated[
    str, typer.Option("--actor", help="staff:NAME or guardian, where it was not the person's own act.")
]
Language = Annotated[str | None, typer.Option("--language", help="sv or en; otherwise told from the text.")]
ValidUntil = Annotated[str | None, typer.Option("--valid-until", help="When the consent ends.")]
Sale = Annotated[str | None, typer.Option("--sale", help="The order that a soft opt-in rests on.")]
Subject = Annotated[
    str | None, typer.Option("--subject", help="Whose act it was, where several use the address.")
]
Out = Annotated[Path, typer.Option("--out", help="Write the file here; it must not exist.")]
Hash = Annotated[str, typer.Argument(help="SHA-256, or the beginning of it.", show_default=False)]
Legacy = Annotated[bool, typer.Option("--legacy", help="Only those from before the mirror, or from a file.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write everyone to this file.")]

Reason = Annotated[str, typer.Option("--reason", help="What is wrong with it, for the log.")]
User = Annotated[str, typer.Option("--user", help="Who says so; another one has to agree.")]

wording = typer.Typer(help="Every wording and notice that people saw.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("record")(record)
    app.command("record-file")(record_file)
    app.command("gaps")(gaps)
    wording.command("list")(list_wordings)
    wording.command("show")(show_wording)
    wording.command("lint")(lint_wordings)
    wording.command("invalidate")(invalidate_wording)
    wording.command("reask")(reask)
    app.add_typer(wording, name="wording")


# --- record ----------------------------------------------------------------------------------------------


@command
def record(
    wanted: Globals,
    address: Address,
    purpose: PurposeKey,
    type_: Type,
    source: Door,
    at: At,
    wording_file: Wording = None,
    notice: Notice = None,
    evidence: Evidence = None,
    keep: Keep = False,
    signed: Signed = False,
    address_control: Control = False,
    actor: Actor = SUBJECT,
    language: Language = None,
    valid_until: ValidUntil = None,
    sale: Sale = None,
    subject: Subject = None,
) -> Outcome:
    """Record what a person said by phone, on paper, by a form or an API, with its evidence.

    Example: consent-mirror record anna@example.com --purpose newsletter --type grant --source paper
    --at 2026-11-24 --wording text.txt --evidence scan.pdf --signed
    """
    kind = _type(type_)
    files = {"wording": _file(wording_file, "--wording"), "notice": _file(notice, "--notice")}
    proofs = [_read(path, "--evidence") for path in evidence or ()]
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        said = act.Act(
            type=kind,
            source=source,
            at=moment(at, desk.zone, desk.clock.now()),
            purpose=None if purpose == ALL_MARKETING else purpose_of(desk.purposes, purpose),
            wording=files["wording"],
            notice=files["notice"],
            evidence=proofs,
            keep=keep,
            signed=signed,
            address_control=address_control,
            actor=actor,
            language=_language(language),
            valid_until=until(valid_until, desk.zone) if valid_until else None,
            sale=sale,
            subject=subject,
        )
        done = act.record(desk, address, said)
    return Outcome(done.document(), _recorded(done))


def _recorded(done: act.Recorded) -> Text:
    if done.event is None:
        return Text("Nothing is stored about this address. HubSpot is told of the no.")
    waiting = f" {done.pending} writes to HubSpot wait." if done.pending else ""
    return Text(f"Entry {done.event}, grade {done.grade}. The state is {done.state}.{waiting}")


def _type(text: str) -> EventType:
    if text not in TYPES:
        raise ConfigurationError(
            "That is nothing that can be recorded.",
            where="--type",
            next_step=f"Say one of: {', '.join(TYPES)}.",
        )
    return EventType(text)


def _language(text: str | None) -> str | None:
    if text not in {None, "sv", "en"}:
        raise ConfigurationError(
            "That language is not known.", where="--language", next_step="Say sv or en, or leave it out."
        )
    return text


def _file(path: Path | None, where: str) -> act.File | None:
    return None if path is None else _read(path, where)


def _read(path: Path, where: str) -> act.File:
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise ConfigurationError(
                "The file is larger than 64 MiB.", where=where, next_step="Name a smaller file."
            )
        return act.File(path.name, path.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"The file cannot be read: {error.strerror}.", where=where, next_step="Name a file that exists."
        ) from None


@command
def record_file(wanted: Globals, address: Address, sha256: Hash, out: Out) -> Outcome:
    """Write an evidence file that was kept with `record --keep` to disk.

    Example: consent-mirror record-file anna@example.com 5f70bf18a086 --out scan.pdf
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        found = act.kept_file(desk, address, sha256.lower())
        wanted_file = exports.Wanted(
            path=out,
            kind=FileKind.EVIDENCE,
            by=staff(),
            subject=found.subject,
            fresh=True,
            where="--out",
        )
        exports.write(desk, wanted_file, found.data)
    document = {"sha256": found.hash, "name": found.name, "bytes": len(found.data), "file": str(out)}
    return Outcome(document, Text(f"Written to {out}."))


# --- gaps ------------------------------------------------------------------------------------------------


@command
def gaps(wanted: Globals, legacy: Legacy = False, csv_file: Csv = None) -> Outcome | None:
    """Who is in the register without sufficient proof, by purpose and by what is missing.

    With --legacy a worklist: whom one may lawfully ask again, in which mailing, whom not, and why.

    Example: consent-mirror gaps --csv gaps.csv
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        found = Gaps(desk, legacy=legacy)
        everyone = found.walk()
        if csv_file is not None:
            file = exports.Wanted(path=csv_file, kind=FileKind.GAPS, by=staff(), manifest=True, where="--csv")
            everyone = to_csv(desk, file, everyone, (*COLUMNS, *(WORKLIST if legacy else ())))
        if wanted.json:
            people.stream(everyone, found.document)
            return None
        shown = people.first(everyone, SHOWN)
    return Outcome(text=_gaps(found, shown))


WORKLIST = ("may_ask", "ask_in", "ask_why")
COLUMNS = ("subject", "address", "purpose", "state", "grade", "since", "missing", "doubt", "legacy")


def _gaps(found: Gaps, shown: list[Gap]) -> Group:
    counts = [
        (key, each.proved, each.without, ", ".join(f"{name} {n}" for name, n in each.missing.most_common()))
        for key, each in found.counts.items()
    ]
    asks = any(gap.ask is not None for gap in shown)
    rows = [_gap_row(gap) for gap in shown]
    headings = (
        "person",
        "subject",
        "purpose",
        "state",
        "grade",
        "missing",
        *(("ask by mail?",) if asks else ()),
    )
    left = sum(each.without for each in found.counts.values()) - len(shown)
    parts: list[Any] = [output.table(("purpose", "proved", "without", "missing"), counts)]
    if rows:
        parts += [Text(""), output.table(headings, rows)]
        parts += [Text(f"{line}") for line in _asked(found)] if asks else []
    if left > 0:
        parts.append(Text(f"and {left} more: see --json or --csv."))
    if found.not_read:
        parts.append(Text(f"Statuses of {found.not_read} contacts were not read yet."))
    return Group(*parts)


def _gap_row(gap: Gap) -> tuple[object, ...]:
    row = (gap.address, gap.subject[:8], gap.purpose, gap.state, gap.grade, ", ".join(gap.missing))
    if gap.ask is None:
        return row
    return (*row, f"yes, in {gap.ask.via}" if gap.ask.may else ASKS[gap.ask.ask])


def _asked(found: Gaps) -> list[str]:
    """How many may be asked by mail; and what can be done about the others."""
    asks = sum((each.asks for each in found.counts.values()), Counter[str]())
    may = asks[Ask.IN_LAWFUL_MAILING]
    return [
        "",
        f"{may} may be asked by mail, inside a mailing that they get already; {asks.total() - may} may not: "
        "a mail that asks is itself marketing.",
        "Ask those when they come by themselves: on a form, the preference page, by phone, at a purchase.",
    ]


ASKS = {
    Ask.SAID_NO: "no: they said no",
    Ask.RESTRICTED: "no: restricted",
    Ask.NOT_READ: "no: status not known",
    Ask.WAITING: "no: waits for review",
    Ask.CONFIRMATION_SENT: "no: asked once already",
    Ask.ASKING_IS_MARKETING: "no",  # said once, below the table
}


# --- wording ---------------------------------------------------------------------------------------------


@command
def list_wordings(wanted: Globals) -> Outcome:
    """Every wording and notice ever seen, where, when, and by how many people.

    Example: consent-mirror wording list --json
    """
    with (
        wiring.opened(load(wanted.config_path), wanted.portal) as desk,
        desk.mirror.read(desk.portal) as work,
    ):
        found = wordings.every(work)
    rows = [
        (
            seen.blob.hash[:12],
            seen.blob.kind,
            seen.blob.language,
            ", ".join(use.place for use in seen.uses),
            seen.document()["first_seen"],
            seen.document()["last_seen"],
            seen.people,
        )
        for seen in found
    ]
    headings = ("hash", "kind", "language", "places", "first seen", "last seen", "people")
    return Outcome([seen.document() for seen in found], output.table(headings, rows))


@command
def show_wording(wanted: Globals, sha256: Hash) -> Outcome:
    """One wording or notice, byte for byte as people saw it.

    Example: consent-mirror wording show 5f70bf18a086
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        seen = wordings.one(desk, sha256)
    text = seen.blob.data.decode()
    return Outcome(seen.document() | {"text": text}, Text(text.rstrip("\n")))


@command
def lint_wordings(wanted: Globals) -> Outcome:
    """What each wording lacks: controller, purpose, right to withdraw, link to the notice, language.

    Example: consent-mirror wording lint
    """
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        found = _findings(settings, desk)
    language = settings.controller.languages[0]
    rows = [
        (each.hash[:12], each.purpose, each.place, WORDS[flaw][language])
        for each in found
        for flaw in each.flaws
    ]
    text = output.table(("hash", "purpose", "place", "lacks"), rows) if rows else Text("Nothing is missing.")
    return Outcome({"ok": not found, "findings": [each.document() for each in found]}, text)


@command
def invalidate_wording(wanted: Globals, sha256: Hash, reason: Reason, user: User) -> Outcome:
    """End every yes that stands on a defective wording; takes two people (exit 4 until the second agrees).

    Example: consent-mirror wording invalidate 5f70bf18a086 --reason "does not name us" --user dora
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        proved(desk, user)
        done = invalidate(desk, sha256, reason, user)
    shown = document(done.review) | {"decision": done.review.decision, "waiting_for_second": done.waiting}
    told = "Approved by one; a second person has to agree." if done.waiting else "Every yes on it has ended."
    return Outcome(shown, Text(told), Stopped.exit_code if done.waiting else 0)


@command
def reask(wanted: Globals) -> Outcome:
    """Whose yes has expired or was invalidated: to be asked again, by mail only where that is lawful now.

    Example: consent-mirror wording reask
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        found = list(to_be_asked(desk))
        with desk.mirror.read(desk.portal) as work:
            ended = invalid(work)
    counts = Counter(each.purpose for each in found)
    told = {
        "purposes": [{"purpose": key, "people": count} for key, count in counts.most_common()],
        "invalid_wordings": [
            {"hash": name, "reason": each["reason"], "at": iso(each["at"])} for name, each in ended.items()
        ],
        "people": [each.document() for each in found],
    }
    return Outcome(told, _asked_again(found))


def _asked_again(found: list[Again]) -> Group:
    if not found:
        return Group(Text("Nobody has to be asked again."))
    rows = [
        (each.address, each.subject[:8], each.purpose, each.state, each.by_mail or "(when they come)")
        for each in found[:SHOWN]
    ]
    table = output.table(("person", "subject", "purpose", "state", "ask in a mailing for"), rows)
    more = len(found) - len(rows)
    return Group(table, *([Text(f"and {more} more: see --json.")] if more else []))


def _findings(settings: Settings, desk: Desk) -> list[wordings.Finding]:
    controller = settings.controller
    with desk.mirror.read(desk.portal) as work:
        return wordings.findings(desk, work, controller.name, controller.languages)
