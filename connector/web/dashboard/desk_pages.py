"""The desk for the rights of people: what was asked, until when, and how it ended (Art. 12, 15-21)."""

from typing import Final

from starlette.responses import Response

from connector.acts import requests as desk_acts
from connector.errors import ConfigurationError
from connector.store.requests import RequestOutcome
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


def request(visit: Visit) -> Response:
    """One request with what the person wrote; the look is logged."""
    number = visit.request.path_params["number"]
    return visit.page("request", found=desk_acts.shown(visit.desk, number, visit.user.name))


def change_request(visit: Visit) -> Response:
    """Take it on, say that it is they who ask, take two months more, or settle it."""
    number, act, reason = visit.request.path_params["number"], visit.field("act"), visit.field("reason")
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
    return visit.back(f"/requests/{number}", "request_changed")
