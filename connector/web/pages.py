"""Pages: templates, words and what all of them share; request bodies as forms."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from connector.web import forms
from connector.web.languages import chosen
from connector.web.site import site_of
from connector.web.words import WORDS, Say

STATIC: Final = "site.css"


def language_of(request: Request) -> str:
    """The language of the answer."""
    asked = request.query_params.get("lang")
    return chosen(asked, request.headers.get("accept-language"), site_of(request).languages)


def words_of(request: Request) -> Say:
    """The words of that language."""
    return WORDS[language_of(request)]


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """Render a template of this room; every page knows its words, its controller and its languages."""
    site, say = site_of(request), words_of(request)
    shared = {
        "say": say,
        "controller": site.settings.controller,
        "languages": [(each, WORDS[each].name) for each in site.languages],
        "style": f"/static/{style_name()}",
    }
    text = environment().get_template(template).render(shared | values)
    said = {"Content-Language": say.language, "Vary": "Accept-Language"}
    return HTMLResponse(text, status, said | dict(headers or {}))


def trouble(request: Request, status: int, problem: str | None = None, **more: str) -> HTMLResponse:
    """A page that says what went wrong, what to do and whom to ask; `problem` is a key of the words."""
    key = problem or (f"error_{status}" if f"error_{status}" in words_of(request).texts else "error")
    return page(request, "error.html.j2", status=status, headers=more, problem=key)


def form_of(request: Request) -> Mapping[str, list[str]]:
    """The fields of a form, urlencoded or multipart. Raises forms.NotAForm."""
    return forms.fields(request.headers.get("content-type", ""), body_of(request))


def form_with_files(request: Request) -> tuple[Mapping[str, list[str]], Mapping[str, forms.Upload]]:
    """The same for a page that takes files. Raises forms.NotAForm."""
    return forms.fields_and_files(request.headers.get("content-type", ""), body_of(request))


def body_of(request: Request) -> bytes:
    """The body as it came; the guard has read it."""
    found: bytes = request.state.body
    return found


@cache
def environment() -> Environment:
    """Everything is escaped; a name that a template asks for and nobody gives is an error."""
    return Environment(
        loader=PackageLoader("connector.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def style() -> bytes:
    """Our one stylesheet."""
    return files("connector.web").joinpath("static", STATIC).read_bytes()


@cache
def style_name() -> str:
    """Named by its content, so that browsers may keep it."""
    return f"{sha256(style()).hexdigest()[:16]}.css"


def static(request: Request) -> Response:
    """The stylesheet: the only thing that a browser may keep."""
    if request.path_params["name"] != style_name():
        return Response("not found", 404, media_type="text/plain")
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(style(), media_type="text/css", headers=kept)
