"""Signing in and out, and who a request comes from (ASVS 5.0, chapters 6 and 7).

A session is a random value in a cookie and its hash in the database. The token of its forms is worked out
from that value, which no page can read; a visitor who is not signed in has such a value too, so that nobody
can be signed in as somebody else by a page of a third party.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from connector.acts.looks import named
from connector.logs import get_logger
from connector.meters import METERS
from connector.store.sessions import SEEN_MS
from connector.store.users import User
from connector.web import pages
from connector.web.dashboard.office import HOME, Office, rendered

SIGN_IN: Final = f"{HOME}/sign-in"
NEXT: Final = re.compile(rf"^{HOME}(/[A-Za-z0-9_-]{{1,64}}){{0,4}}$")
SECRET_BYTES: Final = 32
log = get_logger(room="web")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who it is, and the session's value."""

    user: User
    secret: str


def cookie_name(office: Office) -> str:
    """`__Host-` binds a cookie to this host, this path and TLS (RFC 6265bis, 4.1.3.2); it needs TLS."""
    return "__Host-cm_session" if office.site.is_secure else "cm_session"


def token_of(secret: str) -> str:
    """The token of a session's forms."""
    return urlsafe_b64encode(sha256(b"form/v1|" + secret.encode()).digest()).decode().rstrip("=")


def is_ours(request: Request, secret: str, said: str) -> bool:
    """A form of ours, sent from a page of ours: the token, and the browser's own word where it gives one."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    return hmac.compare_digest(token_of(secret).encode(), said.encode("utf-8", "replace"))


def signed_in(request: Request, office: Office) -> SignedIn | None:
    """Who sends this request. Being there prolongs the session, written down at most once a minute."""
    secret = request.cookies.get(cookie_name(office), "")
    if not secret:
        return None
    desk, now = office.any_desk, office.site.clock.now()
    with desk.mirror.read(desk.portal) as work:
        found = work.sessions.get(secret, now)
        user = work.users.get(found.name) if found else None
    if found is None or user is None or not _still_vouched_for(request, office, user):
        return None
    if now - found.seen_at >= SEEN_MS:
        with desk.mirror.write(desk.portal) as work:
            work.sessions.seen(secret, now)
    return SignedIn(user, secret)


def _still_vouched_for(request: Request, office: Office, user: User) -> bool:
    """With single sign-on each request has to name the same user."""
    return office.site.settings.web.sign_in_header is None or vouched(request, office) == user.name


def vouched(request: Request, office: Office) -> str | None:
    """The user whom the proxy names. Only from its own address: anybody else could write the header too."""
    said = office.site.settings.web
    if said.sign_in_header is None or request.client is None:
        return None
    try:
        peer = ip_address(request.client.host)
    except ValueError:
        return None
    values = request.headers.getlist(said.sign_in_header)
    if peer not in said.sign_in_peers or len(values) != 1:
        return None
    return named(values[0]) if values[0].strip() else None


def sign_in_page(request: Request, office: Office, *, problem: str = "", status: int = 200) -> Response:
    """The form; with single sign-on, the way in without one."""
    if office.site.settings.web.sign_in_header is not None:
        return _by_proxy(request, office)
    secret = request.cookies.get(cookie_name(office)) or _secret(office)
    answer = rendered(
        request,
        office,
        "sign_in",
        status=status,
        problem=problem,
        token=token_of(secret),
        next=_next(request.query_params.get("next", "")),
    )
    _put_cookie(answer, office, secret)
    return answer


def sign_in(request: Request, office: Office) -> Response:
    """Name and password. The answer to a wrong name is that to a wrong password, and takes as long."""
    form = pages.form_of(request)
    name, password, said, wanted = (
        next(iter(form.get(key, [])), "") for key in ("name", "password", "token", "next")
    )
    if office.site.settings.web.sign_in_header is not None:
        return sign_in_page(request, office)
    before = request.cookies.get(cookie_name(office), "")
    if not before or not is_ours(request, before, said):
        return sign_in_page(request, office, problem="form_old", status=403)
    caller = office.site.caller(request)
    if office.throttle.is_blocked(name, caller):
        METERS.count("sign_in", result="blocked")
        return sign_in_page(request, office, problem="too_many", status=429)
    user = _checked(office, name, password)
    if user is None:
        office.throttle.failed(name, caller)
        METERS.count("sign_in", result="wrong")
        log.warning("sign_in_failed")
        return sign_in_page(request, office, problem="sign_in_wrong", status=403)
    office.throttle.went_well(name)
    return _begun(request, office, user, before, _next(wanted))


def sign_out(request: Request, office: Office, secret: str) -> Response:
    """End the session here and in the browser."""
    desk = office.any_desk
    with desk.mirror.write(desk.portal) as work:
        work.sessions.end(secret)
    answer = RedirectResponse(f"{SIGN_IN}?done=signed_out", 303, {"Clear-Site-Data": '"cache"'})
    answer.delete_cookie(cookie_name(office), path="/", secure=office.site.is_secure, httponly=True)
    return answer


def _checked(office: Office, name: str, password: str) -> User | None:
    desk = office.any_desk
    with office.checking, desk.mirror.read(desk.portal) as work:
        return work.users.check(name, password)


def _begun(request: Request, office: Office, user: User, before: str, to: str) -> Response:
    """A new value at each sign-in: one that somebody planted earlier is worth nothing."""
    secret, desk = _secret(office), office.any_desk
    with desk.mirror.write(desk.portal) as work:
        if before:
            work.sessions.end(before)
        work.sessions.begin(secret, user.name, office.site.clock.now())
    METERS.count("sign_in", result="ok")
    log.info("signed_in", user=user.name, role=str(user.role))
    answer = RedirectResponse(to or HOME, 303)
    _put_cookie(answer, office, secret)
    return answer


def _by_proxy(request: Request, office: Office) -> Response:
    name, desk = vouched(request, office), office.any_desk
    with desk.mirror.read(desk.portal) as work:
        user = None if name is None else work.users.get(name)
    if user is None:
        METERS.count("sign_in", result="not_vouched")
        problem = "not_vouched" if name is None else "no_such_user"
        return rendered(request, office, "refused", status=403, problem=problem)
    before = request.cookies.get(cookie_name(office), "")
    return _begun(request, office, user, before, _next(request.query_params.get("next", "")))


def _next(said: str) -> str:
    """Where to go afterwards: a page of ours and nothing else."""
    return said if NEXT.match(said) and not said.startswith(SIGN_IN) else ""


def _secret(office: Office) -> str:
    return urlsafe_b64encode(office.site.chance.bytes(SECRET_BYTES)).decode().rstrip("=")


def _put_cookie(answer: Response, office: Office, secret: str) -> None:
    """For as long as the browser runs; the server ends it earlier."""
    secure = office.site.is_secure
    answer.set_cookie(cookie_name(office), secret, path="/", secure=secure, httponly=True, samesite="lax")
