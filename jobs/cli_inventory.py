"""`inventory`: the map of the register that comes before everything else."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts.inventory import Inventory, take
from connector.acts.inventory_extras import form_flaws, personal_properties
from connector.acts.ports import HubSpot
from connector.proof.paper import html as to_html
from connector.report.charts import drawn
from connector.report.inventory_page import inventory_page, plans
from connector.report.words import Language
from connector.settings import PortalSettings, Settings, load
from jobs import output
from jobs.files import save
from jobs.languages import Speak, spoken
from jobs.options import Globals, Outcome, command
from jobs.progress import bar

Singles = Annotated[
    int, typer.Option("--status-reads", help="Without batches, a status is a call: at most so many.", min=0)
]
Html = Annotated[Path | None, typer.Option("--html", help="Write the document with its charts to this file.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("inventory")(inventory)


@command
def inventory(
    wanted: Globals, status_reads: Singles = 500, html: Html = None, language: Speak = None
) -> Outcome:
    """What is in the portal: origin, basis, age, properties, forms; reads only and writes nothing.

    Example: consent-mirror inventory --html inventory.html
    """
    settings = load(wanted.config_path)
    portal = settings.portal(wanted.portal)
    with wiring.looking(settings, portal) as hubspot:
        wiring.check_pin(portal, hubspot.details().portal_id)
        found = _taken(settings, portal, hubspot, status_reads)
    document = found.document()
    if html is not None:
        page = _page(settings, portal, document, found.now, spoken(settings, language))
        save(html, page.encode())
        document["html"] = str(html)
    return Outcome(document, _said(document))


def _taken(settings: Settings, portal: PortalSettings, hubspot: HubSpot, singles: int) -> Inventory:
    purposes, controller = wiring.purposes_of(settings, portal), settings.controller
    now = wiring.tools().clock.now()
    with bar("inventory") as tell:
        found = take(hubspot, purposes, hubspot.register_pages(), singles, _counting(tell), now)
    with bar("properties") as tell:
        found.properties = personal_properties(hubspot, settings.uses_of(portal.name), _counting(tell))
    found.forms = form_flaws(hubspot, purposes, controller.name, controller.languages)
    return found


def _counting(tell: Callable[[int, int | None, str], None]) -> Callable[[int], None]:
    return lambda done: tell(done, None, "")


def _page(
    settings: Settings, portal: PortalSettings, document: dict[str, Any], at: int, language: Language
) -> str:
    page = inventory_page(
        document,
        language,
        drawn(plans(document, language)),
        controller=settings.controller.name,
        portal=f"{portal.name} ({portal.portal_id})",
        at=at,
        zone=settings.controller.time_zone,
    )
    return to_html(page)


def _said(document: dict[str, Any]) -> Group:
    rows = [
        (p["purpose"], p["subscription_id"], p["subscribed"], p["unsubscribed"], p["not_specified"])
        for p in document["purposes"]
    ]
    bases = [
        (p["purpose"], basis, count) for p in document["purposes"] for basis, count in p["by_basis"].items()
    ]
    covered = f"{document['coverage']:.0%} of the addresses' statuses were read"
    sources = list(document["by_object_source"].items())
    parts = [
        Text(f"{document['contacts']} contacts, {document['without_email']} without e-mail, "
             f"{document['role_addresses']} role addresses, {document['opted_out_of_all']} opted out of "
             f"all."),
        Text(f"{covered}; {document['not_read']} not read."),
        Text(f"{document['without_reason']} without any basis in HubSpot; of "
             f"{document['without_reason_unknown']} more the status was not read."),
        output.table(("came by", "people"), sources),
        output.table(("purpose", "type", "subscribed", "unsubscribed", "not specified"), rows),
        output.table(("purpose", "HubSpot's basis for SUBSCRIBED", "people"), bases),
        *_properties(document),
        *_forms(document),
        Text("A subscribed status is not a proved consent: `backfill` and `report` tell how many are."),
    ]  # fmt: skip
    if "html" in document:
        parts.append(Text(f"The document is in {document['html']}."))
    return Group(*parts)


def _properties(document: dict[str, Any]) -> list[Any]:
    flagged = [each for each in document["properties"] if each["flagged"] or each["sensitive"]]
    rows = [
        (
            p["name"],
            "not counted" if p["filled"] is None else p["filled"],
            "sensitive" if p["sensitive"] else "",
        )
        for p in flagged
    ]
    head = ("property without a purpose, or sensitive", "filled", "")
    return [output.table(head, rows)] if rows else []


def _forms(document: dict[str, Any]) -> list[Any]:
    if document["forms"] is None:
        return [Text("The forms are not shown to this key: the scope `forms` is missing.")]
    rows = [
        (each["name"], each["purpose"] or each["subscription_id"], lack["en"])
        for each in document["forms"]
        for lack in each["lacks"]
    ]
    return [output.table(("form", "purpose", "its text lacks"), rows)] if rows else []
