"""`audience P`: who may get mailings for a purpose, as a table, a recorded sheet, or a HubSpot list."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import exports, segments
from connector.acts.audience import Audience, Filters, Member, Named
from connector.acts.desk import Desk
from connector.acts.exports import FileKind
from connector.acts.sheet_out import to_csv
from connector.acts.when import ago
from connector.acts.who import purpose_of
from connector.consent.events import Basis, Grade
from connector.errors import ConfigurationError, Refused
from connector.settings import load
from jobs import output, people
from jobs.account import staff
from jobs.options import Globals, Outcome, command

SHOWN = 50  # people that the table shows; all are in --json and --csv
COLUMNS = ("email", "subject", "contacts", "basis", "grade", "since", "wording", "reason", "clause")

PurposeKey = Annotated[str, typer.Argument(metavar="P", help="The purpose's key.", show_default=False)]
ByBasis = Annotated[Basis | None, typer.Option("--basis", help="Only those whom this basis lets.")]
ByGrade = Annotated[
    str | None, typer.Option("--grade", help="Only those with at least this proof: E0, E1, E2, E3.")
]
ByWording = Annotated[
    str | None, typer.Option("--wording", help="Only those who saw the wording whose SHA-256 begins so.")
]
OlderThan = Annotated[
    str | None, typer.Option("--older-than", help='Only those whose yes is older: "12 months", "90 days".')
]
Csv = Annotated[
    Path | None, typer.Option("--csv", help="Write everyone, with addresses, to this file; it is recorded.")
]
PushList = Annotated[
    str | None, typer.Option("--push-list", help="Keep a static HubSpot list of this name in step.")
]
ForgetList = Annotated[str | None, typer.Option("--forget-list", help="Keep this list in step no more.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audience")(audience)


@command
def audience(
    wanted: Globals,
    purpose: PurposeKey,
    basis: ByBasis = None,
    grade: ByGrade = None,
    wording: ByWording = None,
    older_than: OlderThan = None,
    csv_file: Csv = None,
    push_list: PushList = None,
    forget_list: ForgetList = None,
) -> Outcome | None:
    """Who may get mailings for a purpose, and the clause that lets them; everybody else may not.

    Example: consent-mirror audience newsletter --grade E2 --csv newsletter.csv
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        if forget_list is not None:  # also where its purpose left the configuration
            return _forgotten(desk, forget_list)
        asked = purpose_of(desk.purposes, purpose)
        before = None if older_than is None else ago(older_than, desk.clock.now(), desk.zone)
        filters = Filters(basis=basis, grade=_grade(grade), wording=wording, before=before)
        if push_list is not None:
            if before is not None:
                raise ConfigurationError(
                    "A list that is kept in step has no date that stands still.",
                    where="--older-than",
                    next_step="Leave --older-than or --push-list out.",
                )
            return _pushed(segments.push_list(desk, asked, push_list, filters))
        found = Audience(desk, asked, filters)
        everyone = found.walk()
        if csv_file is not None:
            everyone = _to_csv(desk, everyone, csv_file, asked.key)
        if wanted.json:
            people.stream(everyone, found.document)
            return None
        shown = people.first(everyone, SHOWN)
    return Outcome(text=_told(found, shown))


def _to_csv(desk: Desk, everyone: Any, path: Path, purpose: str) -> Any:
    file = exports.Wanted(
        path=path, kind=FileKind.AUDIENCE, by=staff(), purpose=purpose, manifest=True, where="--csv"
    )
    named = to_csv(desk, file, map(Named, everyone), COLUMNS)
    return (each.member for each in named)


def _grade(text: str | None) -> Grade | None:
    if text is None:
        return None
    try:
        return next(each for each in Grade if str(each) == text.upper())
    except StopIteration:
        raise ConfigurationError(
            "There is no such grade.", where="--grade", next_step="Say E0, E1, E2 or E3."
        ) from None


def _told(found: Audience, shown: list[Member]) -> Group:
    document = found.document()
    parts: list[Any] = [Text(f"{found.count} people may be mailed for {found.purpose.key}.")]
    if found.not_read:
        share = f"{document['coverage']:.1%}"
        parts.append(
            Text(f"Statuses of {found.not_read} contacts were not read yet ({share} were): they may not.")
        )
    if shown:
        rows = [
            (
                told["address"],
                each.subject[:8],
                told["basis"],
                told["grade"],
                str(told["since"])[:10],
                told["clause"],
            )
            for each in shown
            for told in (each.document(),)
        ]
        headings = ("person", "subject", "basis", "grade", "since", "clause")
        parts += [Text(""), output.table(headings, rows)]
    if found.count > len(shown):
        parts.append(Text(f"and {found.count - len(shown)} more: see --json or --csv."))
    return Group(*parts)


def _row(each: Member) -> tuple[object, ...]:
    told = each.document()
    since = str(told["since"])[:10]
    return (told["address"], each.subject[:8], told["basis"], told["grade"], since, told["clause"])


def _pushed(done: segments.Synced) -> Outcome:
    lines = [
        f"List {done.list_id} “{done.name}”: {done.wanted} people, "
        f"{done.added} added, {done.removed} removed.",
        "Read back: it holds exactly these."
        if done.confirmed
        else f"Read back: {done.missing} missing, {done.extra} too many, {done.held} held by a breaker.",
    ]
    if done.skipped:
        lines.append(f"{done.skipped} people have several live records and are left out.")
    return Outcome(done.document(), Text("\n".join(lines)), 0 if done.confirmed else 75)


def _forgotten(desk: Desk, name: str) -> Outcome:
    if not segments.forget_list(desk, name):
        raise Refused(
            "No list of this name is kept in step.", where="--forget-list", next_step="Look at its name."
        )
    return Outcome(
        {"forgotten": name}, Text("The list stays in HubSpot as it is; it is kept in step no more.")
    )
