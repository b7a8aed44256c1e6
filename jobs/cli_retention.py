"""`retention plan|run`: who has no reason to be in the register any more (consent-domain 2, K7)."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import exports
from connector.acts import retain as act
from connector.acts.exports import FileKind
from connector.acts.sheet_out import to_csv
from connector.errors import Stopped
from connector.settings import load
from jobs import output, people
from jobs.account import staff
from jobs.options import Globals, Outcome, command
from jobs.retaining import run_retention

SHOWN = 50  # people that the table shows; all are in --json and --csv
COLUMNS = ("subject", "address", "due", "keeps", "found_at", "erase_at", "waits", "reasons")
Csv = Annotated[Path | None, typer.Option("--csv", help="Write everyone to this file.")]

retention = typer.Typer(help="Erasing people whose reason to be here has ended.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    retention.command("plan")(plan)
    retention.command("run")(run)
    app.add_typer(retention, name="retention")


@command
def plan(wanted: Globals, csv_file: Csv = None) -> Outcome | None:
    """Who would be erased, by which rule and date, and when; writes nothing and asks HubSpot nothing.

    Example: consent-mirror retention plan
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        found = act.Plan(desk)
        everyone = found.walk()
        if csv_file is not None:
            file = exports.Wanted(
                path=csv_file, kind=FileKind.RETENTION, by=staff(), manifest=True, where="--csv"
            )
            everyone = to_csv(desk, file, everyone, COLUMNS)
        if wanted.json:
            people.stream(everyone, found.document)
            return None
        shown = people.first(everyone, SHOWN)
    return Outcome(text=_planned(found, shown))


def _planned(found: act.Plan, shown: list[act.Planned]) -> Group:
    document = found.document()
    counts = document["counts"]
    parts: list[Any] = [Text(f"{each['purpose']}: {each['retain']}") for each in document["rules"]]
    parts.append(Text(f"After a no its proof is kept {_kept(document)}: {document['proof']['motive']}"))
    parts += [
        Text(""),
        output.table(("people", "count"), [(name.replace("_", " "), n) for name, n in counts.items()]),
    ]
    if shown:
        rows = [(each.address, each.subject[:8], _reasons(each), _when(each.document())) for each in shown]
        parts += [Text(""), output.table(("person", "subject", "why", "what happens"), rows)]
    known = sum(counts[each] for each in ("over", "legal_hold", "restricted", "open_request"))
    left = known - len(shown)
    if left > 0:
        parts.append(Text(f"and {left} more: see --json or --csv."))
    if document["proofs"]:
        parts += [Text(""), _proofs(document["proofs"])]
    return Group(*parts)


def _proofs(ended: list[dict[str, Any]]) -> Any:
    """Ended consents of people who stay, whose proof has had its time."""
    rows = []
    for each in ended[:SHOWN]:
        when = each["waits"] or each["destroy_at"] or "held for 24 h from the next run"
        rows.append((each["address"], each["purpose"], str(each["ended"])[:10], when))
    return output.table(("person stays", "ended consent", "ended", "proof destroyed from"), rows)


def _kept(document: dict[str, Any]) -> str:
    return str(document["proof"]["after_no"]).removesuffix(" after withdrawn")


def _reasons(each: act.Planned) -> str:
    return "\n".join(
        f"{reason['purpose']}: {reason['rule']} ({str(reason['since'])[:10]}), over {str(reason['due'])[:10]}"
        for reason in each.reasons
    )


def _when(told: dict[str, object]) -> str:
    if told["keeps"] is not None:
        return f"stays: {str(told['keeps']).replace('_', ' ')}"
    if told["waits"] is not None:
        return f"waits: {told['waits']}"
    if told["erase_at"] is not None:
        return f"erased from {str(told['erase_at'])[:16].replace('T', ' ')}Z"
    return "held for 24 h from the next run"


@command
def run(wanted: Globals) -> Outcome:
    """Hold those whose time is over for 24 hours, then erase them; many at once wait for two people.

    Example: consent-mirror retention run
    """
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        done = run_retention(settings, desk)
    waits = done.waiting or done.ended.waiting
    return Outcome(done.document(), _ran(done), Stopped.exit_code if waits else 0)


def _ran(done: act.Ran) -> Group:
    lines = [
        f"{done.counts.get('over', 0)} people whose time is over; {done.held} held for 24 h, "
        f"{done.erased} erased, {done.under_way} under way, {done.declined} declined, "
        f"{done.left} left for the next run.",
        f"Dates of {done.read} records were read.",
    ]
    ended = done.ended
    if any(ended.document().values()):
        lines.append(
            f"Proofs of ended consents of people who stay: {ended.held} held for 24 h, {ended.destroyed} "
            f"destroyed, {ended.declined} declined, {ended.left} left for the next run."
        )
    if done.waiting or ended.waiting:
        lines.append(f"{done.waiting + ended.waiting} wait for two people: see `consent-mirror review list`.")
    return Group(*(Text(line) for line in lines))
