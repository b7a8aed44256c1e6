"""Documents: what the commands write, made at the press of a button, kept in the ledger, and taken away."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from io import BufferedReader
from typing import Final

import msgspec
from starlette.responses import Response, StreamingResponse

from connector.acts import exports, papers, segments
from connector.acts.audience import Filters
from connector.acts.papers import Shelf
from connector.acts.when import ago
from connector.acts.who import purpose_of
from connector.consent.calendar import local_day
from connector.consent.events import Basis, Grade
from connector.errors import ConfigurationError
from connector.report.words import Language
from connector.store.exports import Export
from connector.web.dashboard.office import Visit
from connector.web.dashboard.people import address_in_use, living

#: Kind -> the forms it may have, in the order of the page.
OF_A_PERSON: Final[Mapping[str, tuple[str, ...]]] = {
    "access": ("pdf", "html", "json", "portable"),
    "receipt": ("pdf", "html", "json", "dpv"),
    "bundle": ("json",),
}
OF_THE_REGISTER: Final[Mapping[str, tuple[str, ...]]] = {
    "inventory": ("html", "json"),
    "record": ("pdf", "html", "csv", "json"),
    "dpia": ("pdf", "html", "csv"),
    "threats": ("pdf", "html", "csv"),
    "reach": ("html", "json"),
    "mailed": ("csv",),
}
MAKERS: Final[Mapping[str, Callable[[Shelf, str, str], int]]] = {
    "access": papers.person_access,
    "receipt": papers.person_receipt,
    "bundle": papers.person_bundle,
}
MEDIA: Final[Mapping[str, str]] = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "jsonld": "application/ld+json",
    "csv": "text/csv; charset=utf-8",
}
#: A document is shown by nothing of ours: were it opened in the browser, it could do nothing there either.
LOCKED: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
NIGHTS: Final = 400
BLOCK: Final = 1 << 16


def documents(visit: Visit) -> Response:
    """What can be made, what is being made, and the lists that are kept in step."""
    with visit.desk.mirror.read(visit.desk.portal) as work:
        nights = [row.date for row in work.reports.since("")][-NIGHTS:]
        lists = segments.kept_lists(work)
    today = local_day(visit.desk.clock.now(), visit.desk.zone).isoformat()
    return visit.page(
        "documents",
        of_a_person=OF_A_PERSON,
        of_the_register=OF_THE_REGISTER,
        nights=[today, *(each for each in reversed(nights) if each != today)],
        purposes=list(visit.desk.purposes),
        bases=list(Basis),
        grades=[str(each) for each in Grade],
        lists=lists,
        makings=visit.office.makings.of(visit.desk.portal, visit.user.name),
    )


def make(visit: Visit) -> Response:
    """One document of the register, or of whoever uses an address; the address travels in the body."""
    kind, ending = _chosen(visit, {**OF_A_PERSON, **OF_THE_REGISTER})
    if kind in OF_A_PERSON:
        return _of_person(visit, kind, ending, visit.field("address"))
    shelf = _shelf(visit)
    ways: Mapping[str, Callable[[], int]] = {
        "inventory": lambda: papers.map_of_register(shelf, ending),
        "reach": lambda: papers.who_has_access(shelf, ending),
        "mailed": lambda: papers.wrong_mails(shelf),
    }
    return _made(visit, kind, ways.get(kind) or (lambda: papers.processing_sheet(shelf, kind, ending)))


def for_person(visit: Visit) -> Response:
    """What can be made about one person; from their page."""
    return visit.page("person_documents", person=living(visit), of_a_person=OF_A_PERSON)


def make_for_person(visit: Visit) -> Response:
    """The same by the reference in the path."""
    found = living(visit)
    kind, ending = _chosen(visit, OF_A_PERSON)
    return _of_person(visit, kind, ending, address_in_use(visit, found))


def _of_person(visit: Visit, kind: str, ending: str, address: str) -> Response:
    shelf = _shelf(visit)
    return _made(visit, kind, lambda: MAKERS[kind](shelf, address, ending))


def report(visit: Visit) -> Response:
    """The nightly report of a night that is chosen."""
    try:
        night = date.fromisoformat(visit.field("night"))
    except ValueError:
        raise _no_choice("night") from None
    shelf = _shelf(visit)
    return _made(visit, "report", lambda: papers.nightly_report(shelf, night))


def audience(visit: Visit) -> Response:
    """Everybody who may be mailed, as a sheet."""
    purpose, filters, shelf = (
        purpose_of(visit.desk.purposes, visit.field("purpose")),
        _filters(visit),
        _shelf(visit),
    )
    return _made(visit, "audience", lambda: papers.audience_sheet(shelf, purpose, filters))


def push_list(visit: Visit) -> Response:
    """A HubSpot list of the same people, kept in step from now on."""
    purpose, filters, name = (
        purpose_of(visit.desk.purposes, visit.field("purpose")),
        _filters(visit),
        visit.field("list"),
    )
    if not name:
        raise _no_choice("list")
    if filters.before is not None:
        raise ConfigurationError(
            "A list that is kept in step has no date that stands still.",
            where="older_than",
            kind="list_with_date",
            next_step="Leave the age empty.",
        )
    desk = visit.desk

    def push() -> int:
        return int(segments.push_list(desk, purpose, name, filters).confirmed)

    done = visit.office.makings.make(desk.portal, visit.user.name, "list", push)
    return visit.back("/documents", "being_made" if done is None else "list" if done else "list_waits")


def forget_list(visit: Visit) -> Response:
    """It is kept in step no more; what it holds stays in HubSpot."""
    segments.forget_list(visit.desk, visit.field("list"))
    return visit.back("/documents", "list_forgotten")


def file(visit: Visit) -> Response:
    """One file of the ledger: what it is, its manifest, and the way to take a copy."""
    each = _export(visit)
    told = exports.document(each, visit.desk.clock.now())
    here = told["standing"] == "written" and exports.is_in(each, papers.folder_of(visit.office.site.settings))
    return visit.page("file", file=told, here=here and not told["overdue"])


def download(visit: Visit) -> Response:
    """The file itself; the copy is an entry in the log."""
    folder = papers.folder_of(visit.office.site.settings)
    each, opened = exports.fetch(visit.desk, _number(visit), visit.user.name, folder)
    name = str(each.path).rpartition("/")[2]
    media = MEDIA.get(name.rpartition(".")[2], "application/octet-stream")
    return StreamingResponse(_blocks(opened), media_type=media, headers=_headers(name))


def manifest(visit: Visit) -> Response:
    """What the file is, for whoever keeps the copy."""
    told = exports.manifest(visit.desk, _number(visit))
    data = msgspec.json.format(msgspec.json.encode(told))
    return Response(data, media_type="application/json", headers=_headers(f"{told['file']}.manifest.json"))


def _headers(name: str) -> dict[str, str]:
    """Our own names: letters, digits, dots and dashes, so that nothing in them needs quoting."""
    return {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": LOCKED}


def _blocks(opened: BufferedReader) -> Iterator[bytes]:
    with opened:
        while block := opened.read(BLOCK):
            yield block


def _made(visit: Visit, what: str, how: Callable[[], int]) -> Response:
    number = visit.office.makings.make(visit.desk.portal, visit.user.name, what, how)
    if number is None:
        return visit.back("/documents", "being_made")
    return visit.back(f"/exports/{number}", "made")


def _shelf(visit: Visit) -> Shelf:
    said: Language = "sv" if (visit.field("language") or visit.say.language) == "sv" else "en"
    settings = visit.office.site.settings
    return Shelf(
        desk=visit.desk,
        settings=settings,
        journal=visit.office.journals[visit.desk.portal],
        folder=papers.folder_of(settings),
        user=visit.user.name,
        language=said,
        told=visit.office.lent.told,
        places=tuple(visit.office.lent.places(visit.desk)),
    )


def _chosen(visit: Visit, allowed: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    kind, _, ending = visit.field("make").partition(".")
    if ending not in allowed.get(kind, ()):
        raise _no_choice("make")
    return kind, ending


def _filters(visit: Visit) -> Filters:
    basis, grade, wording = visit.field("basis"), visit.field("grade").upper(), visit.field("wording")
    older = visit.field("older_than")
    if (basis and basis not in set(Basis)) or (grade and grade not in {str(each) for each in Grade}):
        raise _no_choice("basis")
    return Filters(
        basis=Basis(basis) if basis else None,
        grade=next((each for each in Grade if str(each) == grade), None),
        wording=wording.casefold() or None,
        before=ago(older, visit.desk.clock.now(), visit.desk.zone) if older else None,
    )


def _no_choice(where: str) -> ConfigurationError:
    return ConfigurationError(
        "There is no such choice.", where=where, kind="no_such_choice", next_step="Choose one of the page's."
    )


def _number(visit: Visit) -> int:
    number: int = visit.request.path_params["number"]
    return number


def _export(visit: Visit) -> Export:
    with visit.desk.mirror.read(visit.desk.portal) as work:
        found = work.exports.get(_number(visit))
    if found is None:
        raise exports.no_file()
    return found
