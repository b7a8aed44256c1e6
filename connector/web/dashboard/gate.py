"""What is asked before every page of the dashboard: session, portal, role, and for a form its token."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from connector.errors import ConnectorError, Temporary
from connector.logs import get_logger
from connector.store.users import Role
from connector.web import pages
from connector.web.dashboard import entry
from connector.web.dashboard.office import PORTALS, Office, Visit, rendered
from connector.web.forms import Upload

Handler = Callable[[Visit], Response]
PORTAL: Final = f"{PORTALS}/{{portal}}"
log = get_logger(room="web")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One route: who may, and what answers. `post`: it changes something, so that it takes a form's token.

    `again`: the page with the form, which shows what is wrong beside the field; `files`: the form has some.
    """

    path: str
    role: Role
    handler: Handler
    post: bool = False
    again: Handler | None = None
    files: bool = False

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
    form, files = _sent(request, page)
    visit = Visit(request, office, there.user, entry.token_of(there.secret), desk, form, files)
    if page.post and not entry.is_ours(request, there.secret, visit.field("token")):
        return refused(request, office, 403, "form_old")
    if not visit.may(page.role):
        return refused(request, office, 403, "not_your_role")
    try:
        return page.handler(visit)
    except ConnectorError as error:
        return _told(visit, page, error)


def _sent(request: Request, page: Page) -> tuple[Mapping[str, list[str]], Mapping[str, Upload]]:
    if not page.post:
        return {}, {}
    return pages.form_with_files(request) if page.files else (pages.form_of(request), {})


def _told(visit: Visit, page: Page, error: ConnectorError) -> Response:
    """The form again with what is wrong; a page of its own where there is none or it cannot be shown."""
    wrong = replace(visit, problem=error)
    if page.again is not None and not isinstance(error, Temporary):
        try:
            return page.again(wrong)
        except ConnectorError:
            log.info("form_not_shown_again", error=error.code)
    return wrong.page("problem", error=error)


def _sign_in_first(request: Request, office: Office, page: Page) -> Response:
    if page.post:
        return refused(request, office, 403, "signed_out")
    return RedirectResponse(f"{entry.SIGN_IN}?next={request.url.path}", 303)


def refused(request: Request, office: Office, status: int, problem: str) -> Response:
    """A page that says no in the reader's words; nothing was done."""
    return rendered(request, office, "refused", status=status, problem=problem)
