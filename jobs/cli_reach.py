"""`access`: who and what can reach the register, and why."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import access as act
from connector.acts import exports
from connector.acts.desk import Desk
from connector.acts.when import until as until_day
from connector.errors import ConfigurationError, ConnectorError
from connector.proof.paper import html as to_html
from connector.report.access_page import access_page
from connector.settings import Settings, load
from jobs import output
from jobs.account import staff
from jobs.cli_users import password_of
from jobs.files import save
from jobs.languages import Speak, spoken
from jobs.options import Globals, Outcome, command
from jobs.places import access_rules, places_of

Number = Annotated[int, typer.Argument(help="The number that `access` shows.", show_default=False)]
Motive = Annotated[str, typer.Option("--motive", help="Why this access is needed.", show_default=False)]
Review = Annotated[
    str | None,
    typer.Option(
        "--review", help="The day to look again, such as 2027-06-30; else by the setting access.review."
    ),
]
User = Annotated[str, typer.Option("--user", help="Who says so; a user of `users list`.", show_default=False)]
Html = Annotated[Path | None, typer.Option("--html", help="Write the register of access to this file.")]
Names = Annotated[bool, typer.Option("--names", help="Names and addresses in full, to go through the list.")]
Stored = Annotated[bool, typer.Option("--stored", help="What was read last, without asking HubSpot.")]

access = typer.Typer(
    help="Who and what can reach the register, and why.", invoke_without_command=True, no_args_is_help=False
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    access.callback()(show)
    access.command("justify")(justify)
    app.add_typer(access, name="access")


@command
def show(
    wanted: Globals,
    context: typer.Context,
    html: Html = None,
    names: Names = False,
    stored: Stored = False,
    language: Speak = None,
) -> Outcome | None:
    """HubSpot's users, keys and apps, our own users and files, each with motive and review date.

    Example: consent-mirror access
    """
    if context.invoked_subcommand is not None:
        return None
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        problem = None if stored else _read(settings, desk)
        document = act.document(desk, access_rules(settings, desk), named=names)
        document["activity"] = None if stored or problem else act.activity(desk).document()
        document["problem"] = problem
        if html is not None:
            page = access_page(
                document,
                spoken(settings, language),
                controller=settings.controller.name,
                portal=f"{desk.name} ({desk.portal})",
                at=desk.clock.now(),
                zone=settings.controller.time_zone,
            )
            _save(desk, html, to_html(page).encode(), named=names)
            document["html"] = str(html)
    return Outcome(document, _said(document))


def _save(desk: Desk, path: Path, data: bytes, *, named: bool) -> None:
    """With names in it the file goes into the ledger of files with personal data."""
    if named:
        exports.write(desk, exports.Wanted(path=path, kind=exports.FileKind.STAFF, by=staff()), data)
    else:
        save(path, data)


def _read(settings: Settings, desk: Desk) -> str | None:
    """Look now; where HubSpot cannot be asked, the last look stands and says so."""
    try:
        act.read_access(desk, places_of(settings, desk.name))
    except ConnectorError as error:
        return error.problem
    return None


@command
def justify(wanted: Globals, number: Number, motive: Motive, user: User, review: Review = None) -> Outcome:
    """Say why somebody or something has access, and when that is looked at again; an entry in the log.

    Example: consent-mirror access justify 3 --motive "Runs the newsletter" --review 2027-06-30 --user dora
    """
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        with desk.mirror.read(desk.portal) as work:
            known = work.users.check(user, password_of(user))
        if known is None:
            raise ConfigurationError(
                "Name or password is wrong.", where="--user", next_step="See `consent-mirror users list`."
            )
        until = (
            desk.clock.now() + settings.access.review * 1000
            if review is None
            else until_day(review, desk.zone, "--review")
        )
        found = act.justify(desk, number, motive, until, user)
        rows = act.document(desk, access_rules(settings, desk), named=False)["grantees"]
    row = next(each for each in rows if each["id"] == found.id)
    return Outcome(
        row, Text(f"{row['name']}: justified by {user}, to be looked at again {row['review'][:10]}.")
    )


def _said(document: dict[str, Any]) -> Group:
    rows = [
        (
            row["id"],
            row["kind"],
            row["name"] + (f" <{row['address']}>" if row["address"] else ""),
            row["roles"] or row["mode"] or "",
            (row["last_login"] or "")[:10],
            row["motive"] or "",
            (row["review"] or "")[:10],
            ", ".join(row["doubts"]),
        )
        for row in document["grantees"]
    ]
    head = ("id", "what", "who", "role", "last sign-in", "motive", "review", "to look at")
    parts: list[Any] = [output.table(head, rows)]
    parts += [Text(line) for line in _remarks(document)]
    if document["activity"]:
        seen = [(a["type"], a["user"], a["count"], (a["last"] or "")[:10]) for a in document["activity"]]
        parts.append(output.table(("in HubSpot's audit log, 30 days", "user", "times", "last"), seen))
    return Group(*parts)


def _remarks(document: dict[str, Any]) -> list[str]:
    shown = document["shown"]
    said = [f"{document['unjustified']} to justify, {document['dormant']} dormant."]
    if document["problem"]:
        said.append(f"HubSpot could not be asked now ({document['problem']}) This is what was read last.")
    if not shown["users"]:
        said.append("HubSpot's users are not shown to this key (scope settings.users.read).")
    if not shown["logins"]:
        said.append("Sign-ins are not shown by this plan or key (account-info.security.read).")
    if not shown["audit"]:
        said.append("The audit log is not shown by this plan: keys, apps, reads and exports are not known.")
    return said
