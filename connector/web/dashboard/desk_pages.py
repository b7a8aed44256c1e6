"""The desk for the rights of people: what was asked, until when, and how it ended (Art. 12, 15-21)."""

from typing import Any, Final

from starlette.responses import Response

from connector.acts import requests as desk_acts
from connector.acts.in_words import access_in_words
from connector.acts.receiving import Received, Via, receive
from connector.acts.requests import Means, Ran
from connector.acts.when import moment
from connector.errors import ConfigurationError
from connector.store.requests import Identity, RequestKind, RequestOutcome
from connector.web.dashboard.correcting import correction
from connector.web.dashboard.office import Visit

#: What a form may do, and the word that tells that it is done.
ENDINGS: Final = {"granted": RequestOutcome.GRANTED, "refused": RequestOutcome.REFUSED}


def requests(visit: Visit) -> Response:
    """The open ones by their due date, then those that are settled; nobody is named."""
    rows = desk_acts.listed(visit.desk)
    waiting = sorted((row for row in rows if row["settled_at"] is None), key=lambda row: str(row["due_at"]))
    return visit.page(
        "requests", waiting=waiting, settled=[row for row in rows if row["settled_at"] is not None]
    )


def new_form(visit: Visit) -> Response:
    """What somebody asks for by phone, by letter or in person."""
    return visit.page("request_new", kinds=list(RequestKind), doors=list(Via))


def add(visit: Visit) -> Response:
    """Write it down: the person is told until when it is answered, and what only protects is done at once."""
    desk, at = visit.desk, visit.field("at")
    now = desk.clock.now()
    new = Received(
        kind=RequestKind(visit.one_of("kind", list(RequestKind))),
        address=visit.field("address"),
        received_at=moment(at, desk.zone, now).lo if at else now,
        via=Via(visit.one_of("via", list(Via))),
        by=visit.actor,
        doubted=visit.field("doubted") == "yes",
        note=visit.field("note") or None,
    )
    made = receive(desk, new)
    visit.office.lent.post(desk)
    return visit.back(f"/requests/{made.id}", "request_received")


def request(visit: Visit) -> Response:
    """One request with what the person wrote; the look is logged."""
    return visit.page("request", found=_shown(visit))


def change_request(visit: Visit) -> Response:
    """Take it on, say that it is they who ask, take two months more, or settle it."""
    number, act, reason = _number(visit), visit.field("act"), visit.field("reason")
    match act:
        case "take":
            desk_acts.take(visit.desk, number, visit.user.name)
        case "verify":
            desk_acts.verify_identity(visit.desk, number, visit.actor)
        case "extend":
            desk_acts.extend(visit.desk, number, reason, visit.actor)
        case "granted" | "refused":
            desk_acts.finish(visit.desk, number, ENDINGS[act], reason or None, visit.actor)
        case _:
            raise ConfigurationError(
                "There is no such act.", kind="no_such_choice", next_step="Use the buttons."
            )
    visit.office.lent.post(visit.desk)
    return visit.back(f"/requests/{number}", "request_changed")


def run_form(visit: Visit) -> Response:
    """What carrying it out would do. Nothing is done: an erasure's dry run reads and no more."""
    found, would = _shown(visit), {}
    doubted = found["identity"] == Identity.DOUBTED and found["kind"] in desk_acts.GUARDED
    if found["kind"] == RequestKind.ERASURE and not doubted and visit.problem is None:
        would = desk_acts.run(visit.desk, found["id"], _means(visit, confirm=False)).detail.get("would", {})
    return visit.page("request_run", found=found, would=would, doubted=doubted)


def run(visit: Visit) -> Response:
    """Carry it out, with the act of its right. The box has to be ticked; a report is shown to hand over."""
    visit.must_be_ticked()
    visit.office.lent.before_erasing(visit.desk)
    ran = desk_acts.run(visit.desk, _number(visit), _means(visit, confirm=True))
    visit.office.lent.post(visit.desk)
    if ran.report is not None:
        return visit.page("report", asked=ran.request, document=access_in_words(ran.report))
    return visit.back(f"/requests/{_number(visit)}", _word(ran))


def _word(ran: Ran) -> str:
    return "run_done" if ran.done else "run_waits" if ran.waits else "run_later"


def _means(visit: Visit, *, confirm: bool) -> Means:
    said, what = visit.office.site.settings.controller, correction(visit)
    return Means(
        by=visit.actor,
        controller=said.name,
        contact=said.contact,
        language=visit.say.language,
        user=visit.user.name,
        confirm=confirm,
        property=what.property,
        value=what.value,
        email=what.email,
    )


def _shown(visit: Visit) -> dict[str, Any]:
    return desk_acts.shown(visit.desk, _number(visit), visit.user.name)


def _number(visit: Visit) -> int:
    number: int = visit.request.path_params["number"]
    return number
