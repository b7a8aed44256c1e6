"""`import FILE`: a spreadsheet, shown first, recorded only with --confirm."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import msgspec
import structlog
import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import exports
from connector.acts.bring_in import Imported, Room, Wanted, bring_in, finish, is_unfinished
from connector.acts.desk import Desk
from connector.acts.exports import FileKind
from connector.acts.sheets import quarantine
from connector.acts.sheets.opening import shipped_mappings
from connector.errors import ConfigurationError, Temporary
from connector.proof.seal import Vault
from connector.settings import Settings, load
from connector.store.locks import job_lock
from jobs import output
from jobs.account import staff
from jobs.options import Globals, command

log = structlog.get_logger()

SHOWN = 20
File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX.", show_default=False)]
PurposeKey = Annotated[
    str | None, typer.Option("--purpose", help="The purpose of rows and columns that name none.")
]
Mapping = Annotated[
    str | None,
    typer.Option("--mapping", help=f"A TOML file, or one that is shipped: {', '.join(shipped_mappings())}."),
]
SheetName = Annotated[str | None, typer.Option("--sheet", help="Which sheet of a workbook.")]
Quarantine = Annotated[
    Path | None, typer.Option("--quarantine", help="Write rows that were not taken, with the reason, here.")
]
Evidence = Annotated[
    Path | None,
    typer.Option("--evidence", help="The folder with the file that the evidence column names for each row."),
]
Confirm = Annotated[bool, typer.Option("--confirm", help="Record it. Without: only show what would happen.")]

HEADINGS = {
    "refuse": "no, said when asked",
    "withdraw": "no, unsubscribed",
    "object": "no, to all marketing",
    "claim": "yes, a claim without proof",
    "grant": "yes, proved (E2)",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_file)


@command
def import_file(
    wanted: Globals,
    file: File,
    purpose: PurposeKey = None,
    mapping: Mapping = None,
    sheet: SheetName = None,
    evidence: Evidence = None,
    quarantine_file: Quarantine = None,
    confirm: Confirm = False,
) -> None:
    """Bring in a spreadsheet: noes are honoured, a yes becomes a claim, nothing is guessed.

    Example: consent-mirror import customers.xlsx --purpose newsletter --quarantine rejected.csv
    """
    settings = load(wanted.config_path)
    rejects = _rejects(quarantine_file, purpose)
    if rejects is not None:
        exports.can_be_made(rejects)
    asked = Wanted(
        path=file, purpose=purpose, mapping=mapping, sheet=sheet, evidence=evidence, confirm=confirm
    )
    with (
        wiring.opened(settings, wanted.portal) as desk,
        job_lock(settings.mirror.database, desk.portal, "import"),
    ):
        room = room_of(settings, desk.portal)
        with bring_in(desk, room, asked) as done:
            if rejects is not None:
                with exports.written(desk, rejects) as sink, sink.text() as out:
                    sink.count = quarantine.write(out, done.opened, done.spool.rejected())
            _shown(done, as_json=wanted.json)


def _rejects(path: Path | None, purpose: str | None) -> exports.Wanted | None:
    """The file of what was not taken; one that exists is not overwritten."""
    if path is None:
        return None
    return exports.Wanted(
        path=path,
        kind=FileKind.QUARANTINE,
        by=staff(),
        purpose=purpose or "",
        fresh=True,
        where="--quarantine",
    )


def room_of(settings: Settings, portal: int) -> Room:
    """Spools lie beside the keys, a folder for each portal."""
    vault = Vault(wiring.keys_of(settings).master, portal)
    folder = settings.mirror.keys.absolute().parent / f"imports-{portal}"
    return Room(folder=folder, vault=vault)


def roll_forward(settings: Settings, desk: Desk) -> None:
    """An import that was decided and interrupted is finished before anything else rests on it.

    Raises Temporary while another process is at such an import: that it works is no promise that it ends.
    Raises ConfigurationError where the rows are gone or damaged, and what the database makes it raise.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(job_lock(settings.mirror.database, desk.portal, "import"))
        except Temporary:
            if is_unfinished(desk):
                raise
            return  # a file that is still being read: nothing of it is decided
        finish(desk, room_of(settings, desk.portal))


def carry_on(settings: Settings, desk: Desk) -> None:
    """The same where nothing may stand still: rows that are gone wait for a person, and a no does not wait
    for them. In a fleet they lie on the machine where the import began."""
    if not is_unfinished(desk):
        return
    try:
        roll_forward(settings, desk)
    except Temporary:
        log.info("import_at_work", portal=desk.name)
    except ConfigurationError as error:
        log.error("import_waits", portal=desk.name, where=error.where, problem=error.problem)


def _shown(done: Imported, *, as_json: bool) -> None:
    if as_json:
        _write_json(done)
    else:
        output.stdout().print(_text(done))


def _write_json(done: Imported) -> None:
    """One document; the quarantine is streamed, as it can be as long as the file."""
    head = msgspec.json.encode(_document(done)).decode()
    sys.stdout.write(head[:-1] + ',"quarantined":[')
    for number, (row, problem) in enumerate(done.spool.rejected()):
        sys.stdout.write(
            ("," if number else "") + msgspec.json.encode({"row": row, "problem": problem}).decode()
        )
    sys.stdout.write("]}\n")
    sys.stdout.flush()


def _document(done: Imported) -> dict[str, Any]:
    counts = done.counts
    return {
        "import": done.name,
        "confirmed": done.done is not None,
        "rows": counts.rows,
        "events": done.events,
        "suppressed": counts.suppressed,
        "silent": counts.silent,
        "duplicates": counts.duplicates,
        "already": counts.already,
        "people": done.done.people if done.done else done.spool.strangers(),
        "queued": done.done.queued if done.done else None,
        "ignored_columns": _ignored(done),
        "outcomes": [
            {"type": g.type, "purpose": g.purpose, "known": g.known, "count": g.count, "rows": list(g.lines)}
            for g in done.spool.groups()
        ],
    }


def _ignored(done: Imported) -> list[str]:
    """Headings that are not read, so that a column of noes among them is noticed."""
    return [heading.strip()[:40] for heading in done.opened.layout.ignored[:SHOWN]]


def _text(done: Imported) -> Group:
    return Group(*_parts(done))


def _parts(done: Imported) -> Iterator[Any]:
    counts = done.counts
    layout = done.opened.layout
    read = ", ".join(
        f"{c.letter} {c.field}" + (f" ({c.purpose})" if c.purpose else "") for c in layout.columns
    )
    yield Text(f"Columns read: {read}. Not read: {', '.join(_ignored(done)) or 'none'}.")
    groups = [
        (HEADINGS[g.type], g.purpose, "known" if g.known else "new", g.count, _rows(g.lines))
        for g in done.spool.groups()
    ]
    yield output.table(
        ("outcome", "purpose", "person", "count", "first rows"), groups, title="What the file says"
    )
    yield Text(
        f"{counts.rows} rows; {counts.silent} say nothing, {counts.duplicates} repeat another, "
        f"{counts.already} recorded before, {counts.suppressed} of people who must not come back."
    )
    problems = [(problem, count, _rows(lines)) for problem, count, lines in done.spool.problems()]
    if problems:
        yield output.table(
            ("problem", "count", "first rows"), problems[:SHOWN], title="For a person to look at"
        )
    yield Text(_end(done))


def _rows(lines: tuple[int, ...]) -> str:
    return ", ".join(map(str, lines))


def _end(done: Imported) -> str:
    if done.done is None:
        return "Nothing was recorded. Run it again with --confirm to record this."
    return (
        f"Recorded: {done.done.events} statements, {done.done.people} new people; "
        f"with the next push to HubSpot: {output.many(done.done.queued, 'write')}."
    )
