"""The web part as one application: what is served where, and what happens when something goes wrong."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from connector.acts import links
from connector.clock import new_id
from connector.errors import Temporary
from connector.logs import get_logger
from connector.web import pages, person, webhooks
from connector.web.forms import NotAForm
from connector.web.guard import Guard
from connector.web.site import Site, site_of

log = get_logger(room="web")


def make_app(site: Site, routes: Sequence[BaseRoute] = ()) -> ASGIApp:
    """Every page of a site, behind the guard. `routes`: more pages, tried after the public ones."""
    app = Starlette(
        routes=[*public_routes(), *routes],
        exception_handlers={
            HTTPException: _refused,
            NotAForm: _no_form,
            Temporary: _later,
            Exception: _broken,
        },
    )
    app.state.site = site
    return Guard(app, site)


def public_routes() -> list[BaseRoute]:
    """All that is there without a sign-in (docs/openapi.yaml describes it).

    Pages are plain functions: each runs in a thread, for the mirror waits on its disk. Each request tries the
    routes in order: the one that thousands may ask for at once stands first.
    """
    return [
        Route(links.ONE_CLICK + "{token}", person.one_click, methods=["GET", "POST"]),
        Route("/static/{name}", pages.static, methods=["GET"]),
        Route(links.PAGE + "{token}", person.choices, methods=["GET", "POST"]),
        Route(links.CONFIRM + "{token}", person.confirmation, methods=["GET", "POST"]),
        Route(webhooks.PATH, webhooks.receive, methods=["POST"]),
    ]


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return pages.trouble(request, status, **headers)


def _no_form(request: Request, error: Exception) -> Response:
    del error  # what was sent is nobody's business, not even the log's
    return pages.trouble(request, 400)


def _later(request: Request, error: Exception) -> Response:
    """The database is locked or full: nothing was recorded, and the person is told so."""
    log.warning("web_later", kind=type(error).__name__)
    return pages.trouble(request, 503, **{"Retry-After": "5"})


def _broken(request: Request, error: Exception) -> Response:
    """A defect of ours: an id for the log, no detail for the reader."""
    site = site_of(request)
    report_id = new_id(site.clock, site.chance)
    log.error("web_defect", report_id=report_id, kind=type(error).__name__, exc_info=error)
    return pages.trouble(request, 500)
