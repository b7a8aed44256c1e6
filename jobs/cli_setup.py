"""`init` and `doctor`: from nothing to a mirror that is ready."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import setup
from connector.acts.doctor import examine
from connector.errors import ConnectorError
from connector.report.decisions import decisions
from connector.settings import Settings, load
from jobs import output
from jobs.examining import Patient, probes
from jobs.languages import Speak, Tongue, spoken
from jobs.options import Globals, Outcome, command

PortalId = Annotated[
    int | None,
    typer.Option("--portal-id", help="The portal to pin; without it the token's own is asked for."),
]
TokenEnv = Annotated[str, typer.Option("--token-env", help="The variable that holds the token.")]
Explain = Annotated[
    bool, typer.Option("--explain", help="Each safe default: value, motive, risk, article; checks nothing.")
]
EXAMPLES_OWN = " is the example's, for no token is set: put your own as portal_id into the file"
Api = Annotated[str | None, typer.Option("--api", help="HubSpot's host; http only on this machine.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init")(init)
    app.command("doctor")(doctor)


@command
def init(
    wanted: Globals,
    portal_id: PortalId = None,
    token_env: TokenEnv = "HUBSPOT_TOKEN",  # noqa: S107 - the name of a variable, not a token
    api: Api = None,
) -> Outcome:
    """Write config.toml, make the keys and the mirror; what exists is checked and kept.

    Example: consent-mirror init --portal-id 62515
    """
    path = wanted.config_path
    wrote = setup.write_config(path, portal_id=portal_id, token_env=token_env, api=api)
    settings, named = load(path), portal_id is not None or not wrote
    if not wrote:
        setup.agree(path, settings, portal_id=portal_id, api=api)
    elif not named:
        settings, named = _of_its_token(path, settings)
    made = wiring.prepare(settings)
    pinned = wiring.pin(settings, wanted.portal)
    document = {
        "config": str(path),
        "keys": str(settings.mirror.keys),
        "database": settings.mirror.database,
        "portal_id": pinned,
    }
    whose = f"{pinned}{'' if named else EXAMPLES_OWN}"
    return Outcome(document, _made(path, wrote, whose, made, settings.mirror.keys))


def _of_its_token(path: Path, settings: Settings) -> tuple[Settings, bool]:
    """The new file with the portal that the token opens, and whether one could be asked.

    A token that opens nothing leaves no file behind that names a portal nobody meant.
    """
    try:
        found = wiring.portal_of_token(settings, settings.portals[0])
    except ConnectorError:
        path.unlink()
        raise
    if found is None:
        return settings, False
    setup.name_portal(path, found)
    return load(path), True


def _made(path: Path, wrote: bool, whose: str, made: wiring.Prepared, keys: Path) -> Group:
    lines = [
        f"Configuration  {path} ({'written' if wrote else 'checked and kept'})",
        f"Portal         {whose}",
        f"Keys           {keys} ({'made: keep a copy apart' if made.keys else 'checked and kept'})",
        f"Mirror         {'made' if made.database else 'checked and kept'}",
        "Next step: edit the configuration, then run `consent-mirror doctor`.",
    ]
    return Group(*(Text(line) for line in lines))


@command
def doctor(wanted: Globals, explain: Explain = False, language: Speak = None) -> Outcome:
    """Check configuration, keys, database, token, scopes, portal, clock, webhooks, journal, mail; read-only.

    Example: consent-mirror doctor --json
    """
    if explain:
        return _explained(load(wanted.config_path), language)
    with ExitStack() as stack:
        checks = examine(probes(Patient(wanted.config_path, wanted.portal, stack)))
    ready = all(check.ok for check in checks)
    document = {"ready": ready, "checks": [check.document() for check in checks]}
    rows = [(("ok" if each.ok else "NO"), each.name, each.problem, each.next_step) for each in checks]
    text = output.table(("", "check", "problem", "next step"), rows)
    return Outcome(document, text, 0 if ready else 3)


def _explained(settings: Settings, language: Tongue | None) -> Outcome:
    """Each safe default: setting, value, motive, risk, article; nothing is asked of anybody."""
    made = decisions(settings, "en" if language is None else spoken(settings, language))
    rows = [
        ("ok" if each.safe else "LOOK", each.setting, each.value, each.motive, each.risk, each.article)
        for each in made
    ]
    head = ("", "setting", "value", "motive", "risk without it", "article")
    return Outcome({"decisions": [each.document() for each in made]}, output.table(head, rows))
