"""The documents that staff asks for at the dashboard, made by the same functions as the commands'.

Each is a file in the ledger (connector/acts/exports.py) with a manifest and a day to be gone by; what is
about one person is theirs in the log. Nothing here is quick: registers are walked, HubSpot is read.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from connector.acts import access as access_register
from connector.acts import exports, inventory
from connector.acts.audience import Audience, Filters, Named
from connector.acts.bundle import bundle
from connector.acts.checkpoint import Journal
from connector.acts.desk import Desk
from connector.acts.exports import FileKind
from connector.acts.inventory_extras import form_flaws, personal_properties
from connector.acts.looks import Look
from connector.acts.processing import observed
from connector.acts.receipt import Asked
from connector.acts.receipt import receipt as receipt_act
from connector.acts.sheet_out import to_csv
from connector.acts.subject_access import Wanted, access
from connector.consent.calendar import local_day
from connector.errors import ConfigurationError, ConnectorError, Refused
from connector.proof.dpv import records
from connector.proof.page import Page
from connector.proof.paper import html, pdf
from connector.proof.receipt import document as receipt_document
from connector.proof.receipt_page import receipt_page
from connector.proof.subject_access import AccessReport, document, portable
from connector.proof.subject_access_page import access_page
from connector.proof.subject_access_words import ACCESS_WORDS
from connector.proof.words import WORDS
from connector.report import charts, processing
from connector.report.access_page import access_page as register_page
from connector.report.archive import stored
from connector.report.gather import About, Outside, gather
from connector.report.inventory_page import inventory_page, plans
from connector.report.processing_page import processing_page, sheet_of
from connector.report.render import write as write_report
from connector.report.words import Language
from connector.settings import Settings
from mappings.purposes import Purpose
from mappings.times import iso

#: Columns of the audience's sheet.
MEMBERS: Final = ("email", "subject", "contacts", "basis", "grade", "since", "wording", "reason", "clause")
MAILS: Final = ("subject", "purpose", "reason", "sent_at", "mail")
MOST_MAILS: Final = 100_000
#: Without batches a status is a call: an inventory reads so many.
STATUS_READS: Final = 500
SHEETS: Final = ("record", "dpia", "threats")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where a document is put, for whom and in which language. `told`: what the report is about."""

    desk: Desk
    settings: Settings
    journal: Journal
    folder: Path
    user: str
    language: Language
    told: Callable[[Desk], tuple[About, Outside]]
    places: tuple[access_register.Place, ...] = ()

    @property
    def look(self) -> Callable[[str], Look]:
        """This user looks at an address, by the desk's door."""
        return lambda address: Look(address, self.user, self.desk.door)


def folder_of(settings: Settings) -> Path:
    """Beside the keys and the journal, where only the service's own account may look."""
    return settings.mirror.keys.parent / "documents"


def _wanted(shelf: Shelf, kind: FileKind, ending: str, **more: Any) -> exports.Wanted:
    """A name that says what and when, and nothing about whom."""
    shelf.folder.mkdir(mode=0o700, exist_ok=True)
    day = local_day(shelf.desk.clock.now(), shelf.desk.zone)
    name = f"{kind}-{day}-{shelf.desk.chance.bytes(4).hex()}.{ending}"
    return exports.Wanted(
        path=shelf.folder / name, kind=kind, by=f"staff:{shelf.user}", fresh=True, manifest=True, **more
    )


def _put(shelf: Shelf, kind: FileKind, ending: str, data: bytes, *, count: int = 1, **more: Any) -> int:
    return exports.write(shelf.desk, _wanted(shelf, kind, ending, **more), data, count=count)


def _paper(made: Page, ending: str) -> bytes:
    return pdf(made) if ending == "pdf" else html(made).encode()


def _json(told: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(told))


# --- about one person ------------------------------------------------------------------------------------


def person_access(shelf: Shelf, address: str, ending: str) -> int:
    """The access report (Art. 15); `portable`: what the person provided, to take elsewhere (Art. 20).

    Raises Refused where neither the mirror nor HubSpot holds anything.
    """
    said = shelf.settings.controller
    wanted = Wanted(
        look=shelf.look(address), controller=said.name, contact=said.contact, language=shelf.language
    )
    report = access(shelf.desk, wanted)
    if not report.known:
        raise _nobody()
    subject = None if report.receipt is None else report.receipt.subject
    data = _access_data(report, ending)
    return _put(shelf, FileKind.ACCESS, "json" if ending == "portable" else ending, data, subject=subject)


def _access_data(report: AccessReport, ending: str) -> bytes:
    if ending == "portable":
        return _json(portable(report))
    if ending == "json":
        words = ACCESS_WORDS[report.language].told_to()
        return _json(document(report, words, WORDS[report.language].gaps))
    return _paper(access_page(report), ending)


def person_receipt(shelf: Shelf, address: str, ending: str) -> int:
    """What somebody said yes to; `dpv`: in the terms of ISO/IEC TS 27560. Raises Refused for a stranger."""
    said = shelf.settings.controller
    asked = Asked(
        look=shelf.look(address), controller=said.name, contact=said.contact, language=shelf.language
    )
    found = receipt_act(shelf.desk, asked)
    if found is None:
        raise _nobody()
    if ending == "dpv":
        rules = {purpose.key: purpose.retain for purpose in shelf.desk.purposes}
        data = _json(records(found, rules, shelf.language))
    elif ending == "json":
        data = _json(receipt_document(found, WORDS[shelf.language].gaps))
    else:
        data = _paper(receipt_page(found, shelf.language), ending)
    name = "jsonld" if ending == "dpv" else ending
    return _put(shelf, FileKind.RECEIPT, name, data, subject=found.subject)


def person_bundle(shelf: Shelf, address: str, ending: str) -> int:
    """All that the log holds about a person, provable by anyone. Raises Refused for a stranger."""
    said = shelf.settings.controller
    controller = {"name": said.name, "contact": said.contact}
    made = bundle(shelf.desk, shelf.journal, shelf.look(address), controller)
    if made is None:
        raise _nobody()
    return _put(shelf, FileKind.BUNDLE, ending, made.data, subject=made.subject)


def _nobody() -> Refused:
    return Refused(
        "Nobody with this address is in the mirror or in HubSpot.",
        where="address",
        kind="nobody_anywhere",
        next_step="Check the address.",
    )


# --- about the register ----------------------------------------------------------------------------------


def map_of_register(shelf: Shelf, ending: str) -> int:
    """The inventory: HubSpot is read now, page by page."""
    desk, settings = shelf.desk, shelf.settings
    said, portal = settings.controller, settings.portal(desk.name)
    now = desk.clock.now()
    found = inventory.take(
        desk.hubspot, desk.purposes, desk.hubspot.register_pages(), STATUS_READS, _unheard, now
    )
    found.properties = personal_properties(desk.hubspot, settings.uses_of(portal.name), _unheard)
    found.forms = form_flaws(desk.hubspot, desk.purposes, said.name, said.languages)
    told = found.document()
    if ending == "json":
        return _put(shelf, FileKind.INVENTORY, ending, _json(told), count=0)
    page = inventory_page(
        told,
        shelf.language,
        charts.drawn(plans(told, shelf.language)),
        controller=said.name,
        portal=f"{desk.name} ({desk.portal})",
        at=now,
        zone=said.time_zone,
    )
    return _put(shelf, FileKind.INVENTORY, ending, _paper(page, ending), count=0)


def _unheard(done: int) -> None:
    """Nobody watches the progress."""
    del done


def processing_sheet(shelf: Shelf, sheet: str, ending: str) -> int:
    """The record of processing (Art. 30), the assessment (Art. 35) or the threats."""
    desk, settings = shelf.desk, shelf.settings
    seen = observed(desk, shelf.places)
    found = processing.record(settings, settings.portal(desk.name), seen, shelf.language)
    made = processing_page(
        found, sheet, shelf.language, at=desk.clock.now(), zone=settings.controller.time_zone
    )
    match ending:
        case "json":
            data = _json(found)
        case "csv":
            data = sheet_of(made)
        case _:
            data = _paper(made, ending)
    return _put(shelf, FileKind.PROCESSING, ending, data, count=0)


def who_has_access(shelf: Shelf, ending: str) -> int:
    """Who and what can reach the register; HubSpot is asked now; where it is silent the last look stands."""
    desk, settings = shelf.desk, shelf.settings
    problem = None
    try:
        access_register.read_access(desk, shelf.places)
    except ConnectorError as error:
        problem = error.problem
    rules = access_register.Rules(dormant_ms=settings.access.dormant * 1000, now=desk.clock.now())
    told = access_register.document(desk, rules, named=True)
    told["activity"] = None if problem else access_register.activity(desk).document()
    told["problem"] = problem
    if ending == "json":
        return _put(shelf, FileKind.STAFF, ending, _json(told), count=len(told["grantees"]))
    page = register_page(
        told,
        shelf.language,
        controller=settings.controller.name,
        portal=f"{desk.name} ({desk.portal})",
        at=desk.clock.now(),
        zone=settings.controller.time_zone,
    )
    return _put(shelf, FileKind.STAFF, ending, _paper(page, ending), count=len(told["grantees"]))


def nightly_report(shelf: Shelf, day: date) -> int:
    """The report of a night that was kept, or of today until now. Raises ConfigurationError for another."""
    desk = shelf.desk
    now = desk.clock.now()
    about, outside = shelf.told(desk)
    with desk.mirror.read(desk.portal) as work:
        kept = stored(work, day)
        if day == local_day(now, desk.zone):
            report = gather(work, about, day, now, outside).report
        elif kept is not None:
            report = kept.report
        else:
            raise ConfigurationError(
                f"No report of {day} is stored.",
                where="night",
                kind="no_report",
                next_step="The daemon makes one every night.",
            )
    people = {item.subject_ref or item.contact_id for group in report.groups for item in group.items}
    data = write_report(report, shelf.language).standalone().encode()
    return _put(shelf, FileKind.REPORT, "html", data, count=len(people - {None, ""}))


# --- lists of people -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mail:
    told: Mapping[str, object]

    def document(self) -> dict[str, object]:
        return dict(self.told)


def wrong_mails(shelf: Shelf) -> int:
    """The purpose check: marketing mails that left after a no or without consent, by person and mail."""
    desk = shelf.desk
    with desk.mirror.read(desk.portal) as work:
        rows = work.mailed.since(0, MOST_MAILS)
        people = work.people.by_ids({row.person_id for row in rows})

    def told() -> Iterator[_Mail]:
        for row in rows:
            if row.person_id in people:
                yield _Mail(
                    {
                        "subject": people[row.person_id].ref,
                        "purpose": row.purpose,
                        "reason": str(row.reason),
                        "sent_at": iso(row.sent_at),
                        "mail": row.name,
                    }
                )

    return _sheet(shelf, _wanted(shelf, FileKind.MAILED, "csv"), told(), MAILS)


def audience_sheet(shelf: Shelf, purpose: Purpose, filters: Filters) -> int:
    """Everybody who may be mailed for a purpose, with addresses."""
    people = map(Named, Audience(shelf.desk, purpose, filters).walk())
    return _sheet(shelf, _wanted(shelf, FileKind.AUDIENCE, "csv", purpose=purpose.key), people, MEMBERS)


def _sheet(shelf: Shelf, wanted: exports.Wanted, people: Iterator[Any], columns: tuple[str, ...]) -> int:
    for _ in to_csv(shelf.desk, wanted, people, columns):
        pass
    with shelf.desk.mirror.read(shelf.desk.portal) as work:
        return next(each.id for each in work.exports.standing() if each.path == str(_real(wanted.path)))


def _real(path: Path) -> Path:
    return path.parent.resolve() / path.name
