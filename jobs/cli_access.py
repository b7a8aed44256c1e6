"""`person access`: one person's access report (registerutdrag, Art. 15) and portable copy (Art. 20)."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import exports
from connector.acts.desk import Desk
from connector.acts.exports import FileKind
from connector.acts.subject_access import Wanted, access
from connector.errors import ConfigurationError
from connector.proof.paper import html as to_html
from connector.proof.paper import pdf as to_pdf
from connector.proof.subject_access import AccessReport, document, portable
from connector.proof.subject_access_page import access_page
from connector.proof.subject_access_words import ACCESS_WORDS
from connector.proof.words import WORDS
from connector.settings import load
from jobs.account import look_at, staff
from jobs.cli_people import Address, person
from jobs.cli_receipt import Html, Pdf, lines_of
from jobs.languages import Speak, spoken
from jobs.options import Globals, Outcome, command

Out = Annotated[Path | None, typer.Option("--out", help="Write the JSON document to this file.")]
Portable = Annotated[
    bool,
    typer.Option("--portable", help="Only what the person provided, to take elsewhere (Art. 20)."),
]


def register(app: typer.Typer) -> None:
    """Add the command to the group `person`."""
    del app  # the group is there already
    person.command("access")(access_command)


@command
def access_command(
    wanted: Globals,
    address: Address,
    out: Out = None,
    pdf: Pdf = None,
    html: Html = None,
    language: Speak = None,
    only_portable: Portable = False,
) -> Outcome:
    """All that the mirror and HubSpot hold about a person, and who read it; exit 3 where it is nothing.

    Example: consent-mirror person access anna@example.com --pdf anna.pdf --language sv
    """
    if only_portable and (pdf or html):
        raise ConfigurationError(
            "The portable copy is JSON, for another program to read.",
            where="--portable",
            next_step="Write it with --out FILE; without --portable the whole report goes on paper.",
        )
    settings = load(wanted.config_path)
    said, speak = settings.controller, spoken(settings, language)
    with wiring.opened(settings, wanted.portal) as desk:
        asked = Wanted(look=look_at(address), controller=said.name, contact=said.contact, language=speak)
        report = access(desk, asked)
        told = portable(report) if only_portable else told_of(report)
        files = written(desk, report, told, out=out, pdf=pdf, html=html)
    shown = Text(_json(told).decode()) if only_portable and not files else _said(report, files)
    return Outcome(told | files, shown, 0 if report.known else 3)


def told_of(report: AccessReport) -> dict[str, Any]:
    """The JSON document of a report."""
    return document(report, ACCESS_WORDS[report.language].told_to(), WORDS[report.language].gaps)


def written(
    desk: Desk,
    report: AccessReport,
    told: dict[str, Any],
    *,
    out: Path | None = None,
    pdf: Path | None = None,
    html: Path | None = None,
) -> dict[str, Any]:
    """The files that were asked for, each in the ledger of files with personal data."""
    page = access_page(report)
    made: dict[str, Any] = {}
    if out is not None:
        _save(desk, report, out, _json(told))
        made["out"] = str(out)
    if pdf is not None:
        _save(desk, report, pdf, to_pdf(page))
        made["pdf"] = str(pdf)
    if html is not None:
        _save(desk, report, html, to_html(page).encode())
        made["html"] = str(html)
    return {"files": made} if made else {}


def _json(told: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(told))


def _save(desk: Desk, report: AccessReport, path: Path, data: bytes) -> None:
    subject = None if report.receipt is None else report.receipt.subject
    exports.write(desk, exports.Wanted(path=path, kind=FileKind.ACCESS, by=staff(), subject=subject), data)


def _said(report: AccessReport, files: dict[str, Any]) -> Group:
    """The whole page on a terminal; where it was written to a file, only where."""
    if files:
        return Group(*(Text(f"{kind.upper()}  {path}") for kind, path in files["files"].items()))
    return Group(*(Text(line) for line in lines_of(access_page(report))))
