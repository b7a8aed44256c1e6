"""`migrate-database`: from SQLite to PostgreSQL, with the log intact and verified."""

from contextlib import ExitStack
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import checkpoint as acts
from connector.errors import Refused
from connector.settings import Settings, load
from connector.store import moving
from connector.store.engine import parse, place
from connector.store.locks import daemon_lock, job_lock
from jobs import output
from jobs.checkpoint import journals
from jobs.options import Globals, Outcome, command
from jobs.runner import LOCK

Target = Annotated[
    str | None,
    typer.Option(
        "--to", help="The new database: postgresql+psycopg://user@host/db, empty.", show_default=False
    ),
]
Undo = Annotated[bool, typer.Option("--undo", help="Give a move up: the old file may be used again.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate-database")(migrate_database)


@command
def migrate_database(wanted: Globals, to: Target = None, undo: Undo = False) -> Outcome:
    """Move the mirror from SQLite to PostgreSQL; the old file is kept and refuses to be used.

    Example: consent-mirror migrate-database --to postgresql+psycopg://consent@db/consent
    """
    settings = load(wanted.config_path)
    if undo:
        moving.unmark(settings.mirror.database)
        return Outcome({"undone": True}, Text("The old database may be used again."))
    if to is None:
        raise Refused("Where to?", where="--to", next_step="Say --to postgresql+psycopg://user@host/db.")
    later = _pointed(settings, to)
    with ExitStack() as stack:
        stack.enter_context(daemon_lock(settings.mirror.database))
        for portal in settings.portals:
            stack.enter_context(job_lock(settings.mirror.database, portal.portal_id, LOCK))
        moved = moving.move(settings.mirror.database, to, _tell)
        _carry_journal(settings, later)
    checked = _verified(later)
    document = {
        "database": place(parse(to)),
        "rows": moved.rows,
        "entries": sum(moved.entries.values()),
        "verified": checked,
    }
    return Outcome(document, _told(document), 0 if checked else 3)


def _pointed(settings: Settings, database: str) -> Settings:
    mirror = settings.mirror.model_copy(update={"database": database})
    return settings.model_copy(update={"mirror": mirror})


def _tell(table: str, rows: int) -> None:
    output.stderr().print(f"{table}: {rows} rows", markup=False)


def _carry_journal(settings: Settings, later: Settings) -> None:
    """Noes and erasures beside the keys go by the database's name."""
    keys, chance = wiring.keys_of(settings), wiring.tools().chance
    wiring.journal_of(settings, keys, chance).copy_to(wiring.journal_of(later, keys, chance))


def _verified(later: Settings) -> bool:
    with journals(later, None) as logs:
        return all(acts.verify(each, payloads=True, outside=()).ok for each in logs)


def _told(document: dict[str, object]) -> Group:
    sound = "every entry and text verified" if document["verified"] else "THE LOG DOES NOT VERIFY"
    return Group(
        Text(f"Moved to {document['database']}: {document['entries']} entries, {sound}."),
        Text("Next step: name the new database under [mirror] database, then `consent-mirror doctor`."),
        Text("The old file is kept and refuses to be used; delete it when all is well, erasures miss it."),
    )
