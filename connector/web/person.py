"""The person's pages: *Dina val för utskick / Your mailing choices*, and the one-click end of a mailing.

Looking changes nothing: GET and HEAD show, POST acts (mail scanners open every link). A link that only stops
shows nobody's address and nobody's choices, and is answered alike, byte for byte, for somebody known, unknown
or erased. What a page needs to know is read for all three in the same way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from connector.acts.choices import Stop, shown
from connector.acts.desk import Desk
from connector.acts.links import PAGE, Ticket
from connector.acts.receiving import ask_right
from connector.acts.sign_up import Asked, ask_look, ask_yes, confirm, waiting
from connector.consent.calendar import answer_due, local_day
from connector.consent.events import ALL_MARKETING, Source
from connector.store.requests import RequestKind
from connector.store.work import Work
from connector.web.pages import form_of, page, trouble, words_of
from connector.web.site import Site, site_of
from mappings.purposes import Purpose


@dataclass(frozen=True, slots=True)
class Message:
    """What the page answers to a press."""

    text: str
    bad: bool = False


@dataclass(frozen=True, slots=True)
class _Door:
    """A link that we made, and whose portal it is."""

    ticket: Ticket
    desk: Desk


def choices(request: Request) -> Response:
    """GET: the page. POST: one choice, and the page with what came of it."""
    site = site_of(request)
    limiter = site.limiter("presses" if request.method == "POST" else "looks")
    if not limiter.allows(site.caller(request)):
        return trouble(request, 429, **{"Retry-After": "30"})
    door = _door(request)
    if door is None:
        return trouble(request, 404, "link_invalid")
    if request.method != "POST":
        return _page(request, door, None)
    return _page(request, door, _pressed(request, door, form_of(request)))


async def one_click(request: Request) -> Response:
    """RFC 8058: a mail program ends a mailing for its user. GET leads to the page and changes nothing.

    Nothing here waits but for the intake, so that many presses need no thread each.
    """
    site = site_of(request)
    if request.method != "POST":
        return RedirectResponse(f"{PAGE}{request.path_params['token']}", 302)
    if not site.limiter("one_clicks").allows(site.caller(request)):
        return trouble(request, 429, **{"Retry-After": "30"})
    door = _door(request)
    if door is None:
        return trouble(request, 404, "link_invalid")
    form_of(request)  # what is no form at all is no mail program's
    named = door.desk.purposes.get(request.query_params.get("purpose", ""))
    await site.intake(door.desk).take(_stop(site, door, named, Source.ONECLICK, None))
    return PlainTextResponse(words_of(request)("one_click") + "\n")


def _door(request: Request) -> _Door | None:
    """None: a token that we did not make. An unknown portal is nobody's link either."""
    site = site_of(request)
    ticket = site.read_token(request.path_params["token"])
    desk = site.desks.get(ticket.portal) if ticket else None
    return _Door(ticket, desk) if ticket and desk else None


def _pressed(request: Request, door: _Door, form: Mapping[str, list[str]]) -> Message:
    """What a press comes to; anything that is no button of the page changes nothing."""
    say, site = words_of(request), site_of(request)
    stop, wanted = _one(form, "stop"), _marketing(door.desk, _one(form, "yes"))
    purpose = _marketing(door.desk, stop)
    if stop == ALL_MARKETING or purpose is not None:
        pressed = _stop(site, door, purpose, Source.PREFPAGE, say.language)
        site.intake(door.desk).take_now(pressed)
        named = purpose.named(say.language) if purpose else say("done_all")
        return Message(say("done", purpose=named, time=local_time(door.desk, pressed.at)))
    if wanted is not None:
        return _yes(request, door, wanted, ticked=_one(form, "agree") == wanted.key)
    return _asked(request, door, form)


def _asked(request: Request, door: _Door, form: Mapping[str, list[str]]) -> Message:
    say, site = words_of(request), site_of(request)
    match _one(form, "ask"):
        case "look":
            _with(site, door, lambda work: ask_look(door.desk, work, door.ticket, say.language))
            return Message(say("look_done"))
        case "access":
            return _right(request, door, RequestKind.ACCESS)
        case "erase" if _one(form, "sure") == "erase":
            return _right(request, door, RequestKind.ERASURE)
        case "erase":
            return Message(say("unticked"), bad=True)
    return Message(say("error_400", contact=site.settings.controller.contact), bad=True)


def _yes(request: Request, door: _Door, purpose: Purpose, *, ticked: bool) -> Message:
    """A yes is asked for here and confirmed by mail."""
    say, site = words_of(request), site_of(request)
    if not ticked:
        return Message(say("unticked"), bad=True)
    at = site.clock.now()
    text = _wording(request, purpose)
    asked = Asked(ticket=door.ticket, purpose=purpose, text=text, language=say.language, at=at)
    _with(site, door, lambda work: ask_yes(door.desk, work, asked))
    return Message(say("asked", time=local_time(door.desk, at)))


def _right(request: Request, door: _Door, kind: RequestKind) -> Message:
    say, site = words_of(request), site_of(request)
    at = site.clock.now()
    _with(site, door, lambda work: ask_right(door.desk, work, door.ticket, kind, say.language, at))
    due = answer_due(at, door.desk.zone)
    return Message(say("received", date=_day(door.desk, at), due=_day(door.desk, due)))


def _with(site: Site, door: _Door, act: Callable[[Work], object]) -> None:
    def write(work: Work) -> tuple[str, ...]:
        act(work)
        return ()

    site.intake(door.desk).accept(write)


def _wording(request: Request, purpose: Purpose) -> str:
    """What the box says. The words that are kept name no address: they are the same for everybody."""
    say, company = words_of(request), site_of(request).settings.controller.name
    return say("yes", company=company, purpose=purpose.named(say.language), address=say("yes_address"))


def confirmation(request: Request) -> Response:
    """Double opt-in. GET: what was asked for. POST: the person confirms it."""
    site, say = site_of(request), words_of(request)
    limiter = site.limiter("presses" if request.method == "POST" else "looks")
    if not limiter.allows(site.caller(request)):
        return trouble(request, 429, **{"Retry-After": "30"})
    door = _door(request)
    pressed = request.method == "POST" and _one(form_of(request), "confirm") == "yes"
    if door is None:
        return trouble(request, 404, "link_invalid")
    at = site.clock.now()
    found = confirm(door.desk, door.ticket, at) if pressed else waiting(door.desk, door.ticket)
    if found is None:
        return trouble(request, 404, "link_invalid")
    named = found.purpose.named(say.language)
    done_at = found.signup.done_at or (at if pressed and not found.too_soon else None)
    done = say("confirmed", purpose=named, time=local_time(door.desk, done_at)) if done_at else None
    return page(request, "confirm.html.j2", purpose=named, text=found.text, done=done, soon=found.too_soon)


def _stop(site: Site, door: _Door, purpose: Purpose | None, source: Source, language: str | None) -> Stop:
    at = site.clock.now()
    return Stop(ticket=door.ticket, purpose=purpose, source=source, language=language, at=at)


def _page(request: Request, door: _Door, message: Message | None) -> Response:
    say = words_of(request)
    seen = shown(door.desk, door.ticket)
    purposes = [
        {
            "key": purpose.key,
            "title": purpose.named(say.language),
            "yes": _wording(request, purpose),
        }
        for purpose in door.desk.purposes.marketing
    ]
    status = 400 if message is not None and message.bad else 200
    return page(request, "choices.html.j2", status=status, message=message, shown=seen, purposes=purposes)


def _one(form: Mapping[str, list[str]], name: str) -> str | None:
    """A field that is there once."""
    values = form.get(name, [])
    return values[0] if len(values) == 1 else None


def _marketing(desk: Desk, key: str | None) -> Purpose | None:
    found = desk.purposes.get(key) if key else None
    return found if found is not None and found.marketing else None


def _day(desk: Desk, at: int) -> str:
    return str(local_day(at, desk.zone))


def local_time(desk: Desk, at: int) -> str:
    """When something was recorded, as a local clock showed it, with its distance from UTC."""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(desk.zone)
    return f"{local:%Y-%m-%d %H:%M:%S} ({local:%Z})"
