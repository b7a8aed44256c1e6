"""`sandbox` and `demo`: try the product without a HubSpot account."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from connector.errors import ConfigurationError
from connector.sandbox.options import Tier
from connector.sandbox.server import run
from connector.sandbox.webhooks import EVENTS, Subscriptions, WebhookSignature, client_secret
from jobs import output
from jobs.demo import tell
from jobs.options import Globals, Outcome, command

Port = Annotated[int, typer.Option("--port", help="0 takes a free one.", min=0, max=65_535)]
People = Annotated[int, typer.Option("--people", help="How many people the portal has.", min=0)]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same people.")]
Plan = Annotated[Tier, typer.Option("--tier", help="The account's plan: limits and scopes.")]
Webhooks = Annotated[
    str, typer.Option("--webhooks", help="Where it sends push webhooks, on this machine.", metavar="URL")
]
Signed = Annotated[WebhookSignature, typer.Option("--webhook-signature", help="HubSpot sends both.")]
Told = Annotated[
    list[str] | None,
    typer.Option("--webhook-event", help="Only these, such as contact.merge; may be repeated."),
]
Folder = Annotated[Path, typer.Option("--folder", help="Where the demo leaves its files.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sandbox")(sandbox)
    app.command("demo")(demo)


@command
def sandbox(
    wanted: Globals,
    port: Port = 0,
    people: People = 1_000,
    seed: Seed = 1,
    tier: Plan = Tier.ENTERPRISE,
    webhooks: Webhooks = "",
    webhook_signature: Signed = WebhookSignature.BOTH,
    webhook_event: Told = None,
) -> None:
    """A HubSpot portal on this machine that follows HubSpot's rules; runs until SIGTERM.

    Example: consent-mirror sandbox --port 8090 --people 1000 --webhooks http://127.0.0.1:8080/webhooks/hubspot
    """
    told = _subscriptions(webhooks, webhook_signature, webhook_event, seed)

    def ready(base_url: str, token: str, portal_id: int) -> None:
        document = {"base_url": base_url, "token": token, "portal_id": portal_id}
        if told is not None:
            document |= {"webhooks": told.url, "client_secret": told.secret}
        lines = "\n".join(f"{name} {value}" for name, value in document.items())
        output.show(document, Text(lines), as_json=wanted.json)

    try:
        run(port, people, seed, tier, ready, webhooks=told)
    except OSError as error:
        raise ConfigurationError(
            f"The port cannot be used: {error.strerror}.", where="--port", next_step="Choose another, or 0."
        ) from None


def _subscriptions(
    url: str, signature: WebhookSignature, events: list[str] | None, seed: int
) -> Subscriptions | None:
    if not url:
        return None
    try:
        return Subscriptions(
            url=url, secret=client_secret(seed), signature=signature, events=events or EVENTS
        )
    except ValueError as error:
        raise ConfigurationError(
            f"The webhooks cannot be sent: {error}.",
            where="--webhooks",
            next_step="Name the web part's own address, such as http://127.0.0.1:8080/webhooks/hubspot.",
        ) from None


@command
def demo(wanted: Globals, folder: Folder = Path("demo")) -> Outcome:
    """The whole product on a sandbox portal in under a minute; leaves files to look at.

    Example: consent-mirror demo
    """
    files = tell(folder, quiet=wanted.json)
    return Outcome({name: str(path) for name, path in files.items()})
