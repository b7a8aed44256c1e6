"""`processing`: the record of processing (Art. 30), the assessment (Art. 35) and the threat model."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts.processing import observed
from connector.proof.page import Page
from connector.proof.paper import html as to_html
from connector.proof.paper import pdf as to_pdf
from connector.report.processing import record
from connector.report.processing_page import processing_page, sheet_of
from connector.settings import load
from jobs import output
from jobs.files import save
from jobs.languages import Speak, spoken
from jobs.options import Globals, Outcome, command
from jobs.places import places_of


class Sheet(StrEnum):
    """Which document."""

    RECORD = "record"
    DPIA = "dpia"
    THREATS = "threats"


Which = Annotated[Sheet, typer.Option("--sheet", help="record: Art. 30; dpia: Art. 35; threats: the model.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write HTML to this file.")]
Pdf = Annotated[Path | None, typer.Option("--pdf", help="Write PDF/A to this file.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write CSV to this file.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("processing")(processing)


@command
def processing(
    wanted: Globals,
    sheet: Which = Sheet.RECORD,
    html: Html = None,
    pdf: Pdf = None,
    csv: Csv = None,
    language: Speak = None,
) -> Outcome:
    """The record of processing from the configuration and the portal; what is missing is marked.

    Example: consent-mirror processing --pdf record.pdf --language sv
    """
    settings = load(wanted.config_path)
    speak = spoken(settings, language)
    with wiring.opened(settings, wanted.portal) as desk:
        seen = observed(desk, places_of(settings, desk.name))
        found = record(settings, settings.portal(wanted.portal), seen, speak)
        at, zone = desk.clock.now(), settings.controller.time_zone
    made = processing_page(found, sheet.value, speak, at=at, zone=zone)
    files = _written(made, html, pdf, csv)
    return Outcome(found | files, _said(found, sheet, files))


def _written(made: Page, html: Path | None, pdf: Path | None, csv: Path | None) -> dict[str, Any]:
    """The files that were asked for; nobody's data are in them."""
    files: dict[str, str] = {}
    if html is not None:
        save(html, to_html(made).encode())
        files["html"] = str(html)
    if pdf is not None:
        save(pdf, to_pdf(made))
        files["pdf"] = str(pdf)
    if csv is not None:
        save(csv, sheet_of(made))
        files["csv"] = str(csv)
    return {"files": files} if files else {}


def _said(found: dict[str, Any], sheet: Sheet, files: dict[str, Any]) -> Group:
    parts: list[Any] = [Text(f"{kind.upper()}  {path}") for kind, path in files.get("files", {}).items()]
    if sheet is Sheet.RECORD:
        rows = [(p["title"], p["basis"], p["people"], p["retain_means"]) for p in found["purposes"]]
        parts.append(output.table(("purpose", "basis", "people", "erased"), rows))
    else:
        told = [
            (t["number"], "TO DO" if t["open"] else "ok", t["title"], t["here"]) for t in found["threats"]
        ]
        parts.append(output.table(("", "", "threat", "here"), told))
    lacking = [(each["setting"], each["whose"], each["what"]) for each in found["missing"]]
    if lacking:
        parts.append(output.table(("missing", "of", "fill in"), lacking))
    return Group(*parts)
