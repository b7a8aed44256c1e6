"""What is asked before every page of the dashboard: session, portal, role, and for a form its token."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from connector.errors import ConfigurationError, ConnectorError, Refused, Stopped, Temporary
from connector.store.users import Role
from connector.web import pages
from connector.web.dashboard import entry
from connector.web.dashboard.office import PORTALS, Office, Visit, rendered

Handler = Callable[[Visit], Response]
PORTAL: Final = f"{PORTALS}/{{portal}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One route: who may, and what answers. `post`: it changes something, so that it takes a form's token."""

    path: str
    role: Role
    handler: Handler
    post: bool = False

    @property
    def method(self) -> str:
        """How it is asked."""
        return "POST" if self.post else "GET"


def routes_of(office: Office, all_pages: Iterable[Page]) -> list[BaseRoute]:
    """The routes; those to sign in and out come first."""
    made: list[BaseRoute] = [
        Route(entry.SIGN_IN, lambda request: entry.sign_in_page(request, office), methods=["GET"]),
        Route(entry.SIGN_IN, lambda request: entry.sign_in(request, office), methods=["POST"]),
    ]
    return made + [Route(each.path, _endpoint(office, each), methods=[each.method]) for each in all_pages]


def _endpoint(office: Office, page: Page) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        return _answer(request, office, page)

    return endpoint


def _answer(request: Request, office: Office, page: Page) -> Response:
    there = entry.signed_in(request, office)
    if there is None:
        return _sign_in_first(request, office, page)
    desk = office.desk(request.path_params["portal"]) if "portal" in request.path_params else None
    if desk is None and "portal" in request.path_params:
        return refused(request, office, 404, "no_such_page")
    form = pages.form_of(request) if page.post else {}
    visit = Visit(request, office, there.user, entry.token_of(there.secret), desk, form)
    if page.post and not entry.is_ours(request, there.secret, visit.field("token")):
        return refused(request, office, 403, "form_old")
    if not visit.may(page.role):
        return refused(request, office, 403, "not_your_role")
    try:
        return page.handler(visit)
    except ConnectorError as error:
        return _problem(visit, error)


def _sign_in_first(request: Request, office: Office, page: Page) -> Response:
    if page.post:
        return refused(request, office, 403, "signed_out")
    return RedirectResponse(f"{entry.SIGN_IN}?next={request.url.path}", 303)


def refused(request: Request, office: Office, status: int, problem: str) -> Response:
    """A page that says no in the reader's words; nothing was done."""
    return rendered(request, office, "refused", status=status, problem=problem)


def _problem(visit: Visit, error: ConnectorError) -> Response:
    """What an act says: problem and next step, as the command line shows them."""
    status = {Refused: 404, Stopped: 409, ConfigurationError: 400}.get(type(error), 500)
    if isinstance(error, Temporary):
        status = 503
    return visit.page("problem", status=status, error=error)
