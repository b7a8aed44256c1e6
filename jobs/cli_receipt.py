"""`person receipt|why|bundle`: what somebody said yes to, why we have them, and the proof of it."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import exports
from connector.acts.bundle import bundle as bundle_act
from connector.acts.desk import Desk
from connector.acts.exports import FileKind
from connector.acts.looks import Look, is_erased
from connector.acts.receipt import Asked
from connector.acts.receipt import receipt as receipt_act
from connector.acts.why import why as why_act
from connector.consent.events import Overlay
from connector.proof.dpv import records
from connector.proof.page import Page
from connector.proof.paper import html as to_html
from connector.proof.paper import pdf as to_pdf
from connector.proof.receipt import Receipt, document
from connector.proof.receipt_page import receipt_page
from connector.proof.words import WORDS, Words, named
from connector.settings import load
from jobs.account import look_at, staff
from jobs.checkpoint import journal_of
from jobs.cli_people import Address, person
from jobs.languages import Speak, spoken
from jobs.options import Globals, Outcome, command


class Format(StrEnum):
    """What goes to stdout."""

    OURS = "ours"
    DPV = "dpv"


EventId = Annotated[str | None, typer.Option("--event", help="Only this event.")]
Pdf = Annotated[Path | None, typer.Option("--pdf", help="Write PDF/A to this file.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write HTML to this file.")]
As = Annotated[Format, typer.Option("--format", help="dpv: ISO/IEC TS 27560 in DPV terms, JSON-LD.")]
File = Annotated[Path, typer.Argument(help="The bundle's file.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands to the group `person`."""
    del app  # the group is there already
    person.command("receipt")(receipt)
    person.command("why")(why)
    person.command("bundle")(bundle)


@command
def receipt(
    wanted: Globals,
    address: Address,
    event: EventId = None,
    pdf: Pdf = None,
    html: Html = None,
    language: Speak = None,
    form: As = Format.OURS,
) -> Outcome:
    """What exactly did this person say yes to? Wording, time, way, grade, noes since, and what is not known.

    Example: consent-mirror person receipt anna@example.com --pdf anna.pdf --language sv
    """
    settings = load(wanted.config_path)
    speak = spoken(settings, language)
    with wiring.opened(settings, wanted.portal) as desk:
        said = settings.controller
        look = look_at(address)
        asked = Asked(look=look, controller=said.name, contact=said.contact, event=event, language=speak)
        found = receipt_act(desk, asked)
        if found is None:
            return _stranger(desk, look)
        rules = {purpose.key: purpose.retain for purpose in desk.purposes}
        page = receipt_page(found, speak)
        files = _written(desk, found, page, pdf, html)
    if form is Format.DPV:
        made = records(found, rules, speak)
        return Outcome(made, Text(msgspec.json.format(msgspec.json.encode(made)).decode()))
    return Outcome(document(found, WORDS[speak].gaps) | files, _receipt_said(found, page, files))


def _written(desk: Desk, found: Receipt, page: Page, pdf: Path | None, html: Path | None) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if pdf is not None:
        _save(desk, pdf, to_pdf(page), FileKind.RECEIPT, found.subject)
        made["pdf"] = str(pdf)
    if html is not None:
        _save(desk, html, to_html(page).encode(), FileKind.RECEIPT, found.subject)
        made["html"] = str(html)
    return made


def _save(desk: Desk, path: Path, data: bytes, kind: FileKind, subject: str) -> None:
    exports.write(desk, exports.Wanted(path=path, kind=kind, by=staff(), subject=subject), data)


def _receipt_said(found: Receipt, page: Page, files: dict[str, Any]) -> Group:
    """The whole page on a terminal; where it was written to a file, only where."""
    if files:
        return Group(*(Text(f"{kind.upper()}  {path}") for kind, path in files.items()))
    return Group(*(Text(line) for line in lines_of(page)))


def lines_of(page: Page) -> list[str]:
    """A page on a terminal."""
    lines: list[str] = []
    for block in page.blocks:
        if block.kind in {"title", "heading", "subheading"}:
            lines += ["", block.text.upper() if block.kind != "subheading" else block.text]
        elif block.kind == "facts":
            lines += [f"  {label:<28} {value}" for label, value in block.facts]
        elif block.kind == "para":
            lines.append(f"  {block.text}")
        elif block.kind == "verbatim":
            lines += [f"  {block.caption}", *(f"  | {line}" for line in block.text.split("\n"))]
        else:
            lines += [f"  {block.caption}", *(f"  - {item}" for item in block.items)]
    return lines[1:]


@command
def why(wanted: Globals, address: Address, language: Speak = None) -> Outcome:
    """Why is this person in the register: reason, basis, origin, deciding rule, and when they are erased.

    Example: consent-mirror person why anna@example.com --language sv
    """
    settings = load(wanted.config_path)
    speak, look = spoken(settings, language), look_at(address)
    with wiring.opened(settings, wanted.portal) as desk:
        found = why_act(desk, look, speak)
        if found is None:
            return _stranger(desk, look)
    return Outcome(found, _why_said(found, WORDS[speak], settings.controller.time_zone))


def _why_said(found: dict[str, Any], words: Words, zone: str) -> Group:
    say, erased = words.texts, found["erase"]

    def local(at: str | None) -> str:
        return "-" if at is None else words.local(at, zone)

    lines = [Text(say["why_title"], style="bold"), Text(f"{say['subject']}  {found['subject']}")]
    origin = found["origin"]
    came = ", ".join(each["object_source"] or "?" for each in origin["contacts"])
    lines.append(Text(f"{say['origin']}  {local(origin['first_seen'])}  {came}"))
    for each in found["purposes"]:
        lines += [Text(""), Text(each["title"], style="bold"), *_why_lines(each, words, local)]
    lines += [Text(""), Text(f"{say['erase']}  {local(erased['at'])}: {erased['means']}")]
    return Group(*lines)


def _why_lines(each: dict[str, Any], words: Words, local: Callable[[str | None], str]) -> list[Text]:
    say, origin = words.texts, each["origin"]
    rows = [
        (say["state"], f"{each['state_means']} ({each['state']})"),
        (say["may"], words.say("yes" if each["sendable"] else "no", reason=each["reason_means"])),
        (say["basis"], each["basis_means"]),
        (say["grade"], named(words.grades, each["grade"])),
        (say["origin"], f"{origin['source_means']}, {local(origin['recorded_at'])}" if origin else None),
        (say["row"], f"{each['row']}: {each['row_means']}" if each["row_means"] else None),
        (say["erase"], each["retention"]["means"]),
        *((say["gone"], gone["means"]) for gone in each["proof_destroyed"]),
    ]
    return [Text(f"  {label:<24} {value}") for label, value in rows if value is not None]


@command
def bundle(wanted: Globals, address: Address, file: File) -> Outcome:
    """One file with all that the log holds about a person, provable by anyone, offline (docs/verify.md).

    Example: consent-mirror person bundle anna@example.com anna.json
    """
    settings, look = load(wanted.config_path), look_at(address)
    with wiring.opened(settings, wanted.portal) as desk:
        said = settings.controller
        journal = journal_of(settings, desk.mirror, desk.name)
        made = bundle_act(desk, journal, look, {"name": said.name, "contact": said.contact})
        if made is None:
            return _stranger(desk, look)
        _save(desk, file, made.data, FileKind.BUNDLE, made.subject)
    document = {
        "file": str(file),
        "subject": made.subject,
        "entries": made.entries,
        "texts": made.texts,
        "size": made.checkpoint.size,
        "root": made.checkpoint.root,
        "key": made.checkpoint.key,
    }
    said_lines = (
        f"{file}: {made.entries} entries, {made.texts} texts, signed at entry {made.checkpoint.size}."
    )
    return Outcome(document, Text(f"{said_lines}\nPublic key {made.checkpoint.key}"))


def _stranger(desk: Desk, look: Look) -> Outcome:
    erased = is_erased(desk, look.address)
    told = " They were erased, and are kept from coming back." if erased else ""
    return Outcome(
        {"known": False} | ({"overlay": Overlay.ERASED} if erased else {}),
        Text(f"Nobody with this address is in the mirror.{told}"),
        3,
    )
