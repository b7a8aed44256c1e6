"""`demo`: a day in the life of a register, told with the real commands on a sandbox portal."""

import io
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.panel import Panel

from connector.errors import ConfigurationError, ConnectorError
from connector.sandbox.options import Tier
from connector.sandbox.server import Running, Sandbox
from jobs import output
from jobs.files import save

PEOPLE, SEED = 240, 7
TOKEN = "CONSENT_MIRROR_DEMO_TOKEN"  # noqa: S105 - the name of a variable
NEWSLETTER, OFFERS, EVENTS = 101, 102, 103
LEFT_BEHIND = (
    "config.toml",
    "mirror.db",
    "mirror.keys",
    "report.html",
    "receipt.html",
    "log.json",
    "wording.txt",
    "checkpoints",
)
ANNA, BO, CARIN, DAVID = (
    f"{name}@example.org" for name in ("anna.lindqvist", "bo.ek", "carin.holm", "david.berg")
)
WORDING = """Ja, Exempel AB får skicka nyhetsbrev till mig via e-post.
Jag kan när som helst återkalla mitt samtycke. Läs mer i vår integritetsinformation: https://exempel.example/integritet
"""

CONFIG = """# The demo's configuration: a sandbox portal on this machine.
[mirror]
database = "sqlite:///{folder}/mirror.db"
keys = "{folder}/mirror.keys"
[controller]
name = "Exempel AB"
contact = "dataskydd@exempel.example"
languages = ["en", "sv"]
time_zone = "Europe/Stockholm"
[[portals]]
name = "main"
portal_id = {portal_id}
token_env = "{token}"
api = "{api}"
[[purposes]]
key = "newsletter"
title = {{ sv = "Nyhetsbrev", en = "Newsletter" }}
subscription_id = {newsletter}
[[purposes]]
key = "events"
title = {{ sv = "Inbjudningar", en = "Invitations" }}
subscription_id = {events}
[[purposes]]
key = "offers"
title = {{ sv = "Erbjudanden", en = "Offers" }}
subscription_id = {offers}
"""
MARK = CONFIG.partition("\n")[0]


class DemoFailed(ConnectorError):
    """A command of the demo did not end as the story says."""

    code = "demo"


@dataclass(slots=True)
class Stage:
    """Where the story happens."""

    folder: Path
    sandbox: Sandbox
    console: Console

    def say(self, title: str, text: str) -> None:
        """A chapter of the story."""
        panel = Panel(text, title=title, title_align="left", border_style="cyan")
        self.console.print(panel, soft_wrap=False)  # a console of answers cuts a panel's lines off

    def run(self, *words: str, ends: int = 0, into: Path | None = None) -> None:
        """Run a real command and show what its user sees; `into`: where its answer goes instead."""
        from jobs import cli  # noqa: PLC0415 - the command line knows the demo, the demo calls it back

        line = " ".join((*words, *((">", str(into)) if into else ())))
        self.console.print(f"[bold]$ consent-mirror {line}[/]", highlight=False)
        shown = io.StringIO()
        with redirect_stdout(shown) if into else nullcontext():
            code = cli.run(["--config", str(self.folder / "config.toml"), *words])
        if into is not None:
            save(into, shown.getvalue().encode())
        if code != ends:
            raise DemoFailed(
                f"`{words[0]}` ended with {code} where the story says {ends}.",
                next_step="This is a defect of ours: please report it.",
            )


def tell(folder: Path, *, quiet: bool) -> Mapping[str, Path]:
    """Tell the whole story; the files that it leaves. `quiet`: everything goes to stderr."""
    with _stage(folder, quiet=quiet) as (stage, server):
        _set_up(stage, server)
        _first_reading(stage)
        _people_say_no(stage)
        _others_meddle(stage)
        _a_proved_yes(stage)
        _too_much_at_once(stage)
        return _what_is_left(stage)


def _make(folder: Path) -> None:
    """The folder, new or of an earlier demo: what the last one left is deleted, and nobody else's mirror."""
    config = folder / "config.toml"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = any(any(folder.glob(f"{name}*")) for name in LEFT_BEHIND)
        ours = config.is_file() and config.read_text("utf-8", "replace").startswith(MARK)
    except OSError as error:
        raise ConfigurationError(
            f"The demo's folder cannot be used: {error.strerror}.",
            where=str(folder),
            next_step="Choose a folder that you may write to, with --folder.",
        ) from None
    if taken and not ours:
        raise ConfigurationError(
            "The folder holds files of the demo's names that no demo left: they are kept.",
            where=str(folder),
            next_step="Choose an empty folder with --folder.",
        )


@contextmanager
def _stage(folder: Path, *, quiet: bool) -> Iterator[tuple[Stage, Running]]:
    """A clean folder and a sandbox portal; the token stays in this process."""
    _make(folder)
    for name in LEFT_BEHIND:
        for path in folder.glob(f"{name}*"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    console = output.stderr() if quiet else output.stdout()
    sandbox = Sandbox(people=PEOPLE, seed=SEED, tier=Tier.ENTERPRISE)
    with sandbox.start() as server:
        os.environ[TOKEN] = server.token
        try:
            with redirect_stdout(console.file):
                yield Stage(folder, sandbox, console), server
        finally:
            del os.environ[TOKEN]


def _set_up(stage: Stage, server: Running) -> None:
    for address in (ANNA, BO, CARIN, DAVID):
        stage.sandbox.colleague.create({"email": address, "firstname": address.split(".")[0].title()})
    for address in (ANNA, BO):
        stage.sandbox.colleague.resubscribe(address, NEWSLETTER)
    text = CONFIG.format(
        folder=stage.folder.resolve(),
        portal_id=server.portal_id,
        token=TOKEN,
        api=server.base_url,
        newsletter=NEWSLETTER,
        events=EVENTS,
        offers=OFFERS,
    )
    save(stage.folder / "config.toml", text.encode())
    stage.say(
        "1. A portal", f"A HubSpot portal with {PEOPLE} people runs on this machine. First: is all in place?"
    )
    stage.run("init")
    stage.run("doctor")


def _first_reading(stage: Stage) -> None:
    stage.say("2. Look first", "What is in the portal? Reading only; nothing is written anywhere.")
    stage.run("inventory")
    stage.say(
        "3. Read it all", "Every contact and status goes into the local mirror. Nothing goes to HubSpot."
    )
    stage.run("backfill")
    stage.say(
        "4. See before you write", "Some noes are not everywhere in HubSpot where they should be. A dry run:"
    )
    stage.run("sync", "--dry-run")
    stage.say("5. A person says go", "Only now anything is written, and each write is read back.")
    stage.run("sync", "--confirm-first-push")


def _people_say_no(stage: Stage) -> None:
    stage.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
    stage.say(
        "6. Someone opts out in HubSpot",
        "A person clicks unsubscribe in a newsletter. The next sync sees it.",
    )
    stage.run("sync")
    stage.run("person", "show", ANNA)
    stage.say(
        "7. Someone calls us",
        "Another phones and wants no more mail. One command: recorded, pushed, read back.",
    )
    stage.run("withdraw", BO, "--source", "phone")
    stage.sandbox.colleague.resubscribe(ANNA, NEWSLETTER)
    stage.say(
        "8. A colleague resubscribes a no",
        "Somebody subscribes the first person again in HubSpot. It is undone.",
    )
    stage.run("sync")
    stage.run("person", "show", ANNA)


def _others_meddle(stage: Stage) -> None:
    stage.sandbox.app.set_status(CARIN, OFFERS, "SUBSCRIBED")
    stage.say(
        "9. An app writes a status",
        "Another app says SUBSCRIBED, without evidence. That stays a claim, not a consent.",
    )
    stage.run("sync")
    stage.run("check", CARIN, "--purpose", "offers", ends=3)


def _a_proved_yes(stage: Stage) -> None:
    wording = stage.folder / "wording.txt"
    save(wording, WORDING.encode())
    stage.say(
        "10. A yes that can be proved", "A signed form on paper, with the exact words. Now we may send."
    )
    words = ("--purpose", "newsletter", "--type", "grant", "--source", "paper", "--signed")
    stage.run("record", DAVID, *words, "--at", "2026-11-02", "--wording", str(wording), "--language", "sv")
    stage.run("check", DAVID, "--purpose", "newsletter")
    stage.say(
        "11. A signature, and a receipt",
        "The log is verified from its first entry on, and its end is signed. Kept elsewhere, this note finds "
        "out a log that was cut off or written anew. The receipt shows what this person said yes to.",
    )
    stage.run("log", "checkpoint", "--to", str(stage.folder / "checkpoints"))
    stage.run("person", "receipt", DAVID, "--html", str(stage.folder / "receipt.html"))


def _too_much_at_once(stage: Stage) -> None:
    stage.sandbox.register.mass(0.3, "not_specified", NEWSLETTER)
    stage.say(
        "12. A mass change",
        "A broken integration clears the status of three people in ten. A machine stops, a person looks.",
    )
    stage.run("sync", "--full", ends=4)
    stage.run("review", "list")


def _what_is_left(stage: Stage) -> Mapping[str, Path]:
    files = {name: stage.folder / f"{name}.html" for name in ("report", "receipt")}
    files["log"] = stage.folder / "log.json"
    stage.say(
        "13. The nightly report, and the log",
        "What the data protection lead gets by mail; and: has anyone touched the log?",
    )
    stage.run("report", "--html", str(files["report"]))
    stage.run("log", "verify", "--payloads")
    stage.run("log", "show", "--json", into=files["log"])
    stage.say("Look at", "\n".join(f"{name:8} {path}" for name, path in files.items()))
    return files
