"""`exports`: every file with personal data that we wrote, and its end (consent-domain 2, T4)."""

from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import exports as act
from connector.acts.exports import Destroyed, Standing
from connector.errors import ConfigurationError, Refused
from connector.settings import load
from jobs import output
from jobs.account import staff
from jobs.options import Globals, Outcome, command, remember

Overdue = Annotated[bool, typer.Option("--overdue", help="Only files that should be gone by now.")]
Late = Annotated[bool, typer.Option("--overdue", help="Every file that should be gone by now.")]
Number = Annotated[int | None, typer.Argument(metavar="ID", help="The file's number.", show_default=False)]
Gone = Annotated[
    bool,
    typer.Option(
        "--gone",
        help="You have dealt with every copy of a file that was moved, changed or cut off. Deletes nothing.",
    ),
]

#: What to do about a file that could not be destroyed.
ADVICE = {
    Standing.MISSING: "was deleted or moved: find every copy, destroy them, then say --gone",
    Standing.CHANGED: "is not the file that was written: look at it, destroy it yourself, then say --gone",
    Standing.CUT_OFF: "was never finished: look at it, destroy it yourself, then say --gone",
}

exports = typer.Typer(
    help="Files with personal data that were written from here.", invoke_without_command=True
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    exports.callback()(overview)
    exports.command("list")(list_files)
    exports.command("destroy")(destroy)
    app.add_typer(exports, name="exports")


@command
def overview(wanted: Globals, context: typer.Context, overdue: Overdue = False) -> Outcome | None:
    """Who wrote which file, when, why, about how many people, and when it has to be gone.

    Example: consent-mirror exports --overdue
    """
    if context.invoked_subcommand is not None:
        remember(wanted)
        return None
    return _listed(wanted, overdue)


@command
def list_files(wanted: Globals, overdue: Overdue = False) -> Outcome:
    """The same: every file, or those that should be gone.

    Example: consent-mirror exports list --overdue
    """
    return _listed(wanted, overdue)


def _listed(wanted: Globals, overdue: bool) -> Outcome:
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        now = desk.clock.now()
        found = [act.document(each, now) for each in act.listed(desk, overdue=overdue)]
    rows = [
        (
            each["id"],
            each["kind"],
            each["purpose"],
            each["made_by"].removeprefix("staff:"),
            each["made_at"][:10],
            each["count"],
            each["destroy_by"][:10],
            "OVERDUE" if each["overdue"] else each["outcome"] or "",
            each["standing"],
            each["path"],
        )
        for each in found
    ]
    headings = ("id", "kind", "purpose", "by", "made", "people", "destroy by", "", "file", "path")
    text = (
        output.table(headings, rows) if rows else Text("No files." if not overdue else "Nothing is overdue.")
    )
    return Outcome({"exports": found, "overdue": sum(each["overdue"] for each in found)}, text)


@command
def destroy(wanted: Globals, number: Number = None, overdue: Late = False, gone: Gone = False) -> Outcome:
    """Delete a file if it is the one that was written; exit 3 where one is left that a person has to see to.

    Example: consent-mirror exports destroy --overdue
    """
    if (number is None) is not overdue or (gone and number is None):
        raise ConfigurationError(
            "Say one file's number, or --overdue.",
            where="exports destroy",
            next_step="See `consent-mirror exports list`.",
        )
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        if number is None:
            done = act.destroy_overdue(desk, staff())
        else:
            done = [act.destroy(desk, number, staff(), gone=gone)]
    left = [each for each in done if not each.done]
    document = {
        "destroyed": len(done) - len(left),
        "left": len(left),
        "exports": [e.document() for e in done],
    }
    return Outcome(document, _told(done), Refused.exit_code if left else 0)


def _told(done: list[Destroyed]) -> Group:
    lines = [_line(each) for each in done] or ["Nothing is overdue."]
    return Group(*(Text(line) for line in lines))


def _line(each: Destroyed) -> str:
    place = f" {each.path}" if each.path else ""
    return f"{each.id}{place}: {'gone' if each.done else ADVICE[each.standing]}."
