"""What stands before every page: the host, the size and speed of a request, and the headers of every answer.

A request's body is read whole before a page sees it, so that nothing slow or large reaches a thread, and so
that a signature is checked over the bytes as they came (HA 13.2).
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector.logs import get_logger
from connector.web.site import Site

#: Bytes of a request's body; some routes may take more (`LARGER`): HubSpot's events, and a file of evidence
#: of 1 MiB with the texts beside it.
LARGEST_BODY: Final = 65_536
LARGER: Final[Mapping[re.Pattern[str], int]] = {
    re.compile(r"/webhooks/"): 1_048_576,
    re.compile(r"/dashboard/p/[^/]+/(people/[0-9a-f]{32}/)?record/(no|yes)$"): 1_310_720,
}
#: Seconds in which the whole body has to be here.
SLOWEST_S: Final = 10.0
LONGEST_PATH: Final = 2_048

#: No inline script or style anywhere, nothing from elsewhere, never in a frame (ASVS 5.0, 3.4).
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Final[Mapping[bytes, bytes]] = {
    b"content-security-policy": POLICY.encode(),
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
    b"cache-control": b"no-store",
}
SECURE: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

log = get_logger(room="web")


class Guard:
    """The outermost layer. Everything it refuses is refused before any page runs."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site
        self._headers = dict(HEADERS) | ({SECURE[0]: SECURE[1]} if site.is_secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer = _Answer(send, self._headers)
        started = self._site.clock.monotonic()
        refusal = await self._refusal(scope, receive)
        if refusal is not None:
            await _refuse(answer, *refusal)
        else:
            await self._app(scope, _Rest(receive).receive, answer.send)
        log.info(
            "web_request",
            method=scope["method"],
            where=_route(scope),
            status=answer.status,
            took_ms=round((self._site.clock.monotonic() - started) * 1000),
        )

    async def _refusal(self, scope: Scope, receive: Receive) -> tuple[int, str] | None:
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_PATH:
            return 414, "URI too long"
        if _host(scope) not in self._site.hosts:
            return 421, "unknown host"
        largest = next((n for place, n in LARGER.items() if place.match(scope["path"])), LARGEST_BODY)
        try:
            async with asyncio.timeout(SLOWEST_S):
                body = await _body(receive, largest, _said(scope))
        except TimeoutError:
            return 408, "too slow"
        if body is None:
            return 413, "too large"
        scope.setdefault("state", {})["body"] = body
        return None


def _host(scope: Scope) -> str:
    """The name asked for; empty where several are said or none."""
    said = [value for name, value in scope["headers"] if name == b"host"]
    if len(said) != 1:
        return ""
    try:
        return urlsplit(f"//{said[0].decode('ascii')}").hostname or ""
    except (UnicodeDecodeError, ValueError):
        return ""


def _said(scope: Scope) -> int:
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(said) if said.isdigit() else 0


async def _body(receive: Receive, largest: int, said: int) -> bytes | None:
    """All of it; None where it is larger than allowed, or the client has gone."""
    if said > largest:
        return None
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > largest:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


class _Rest:
    """What is left to hear of a request whose body was read: nothing, then that the client has gone.

    An answer that is streamed waits for that; told for ever that the body is over, it would never rest.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._told = False

    async def receive(self) -> Message:
        """Pages find the body in the request's state."""
        if self._told:
            return await self._receive()
        self._told = True
        return {"type": "http.request", "body": b"", "more_body": False}


class _Answer:
    """Sends an answer with the headers that every answer carries; a page's own word comes first."""

    def __init__(self, send: Send, headers: Mapping[bytes, bytes]) -> None:
        self._send = send
        self._headers = headers
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            said = {name.lower() for name, _ in message.get("headers", ())}
            more = [(name, value) for name, value in self._headers.items() if name not in said]
            message["headers"] = [*message.get("headers", ()), *more]
        await self._send(message)


async def _refuse(answer: _Answer, status: int, why: str) -> None:
    body = why.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await answer.send({"type": "http.response.start", "status": status, "headers": headers})
    await answer.send({"type": "http.response.body", "body": body})


def _route(scope: Mapping[str, Any]) -> str:
    """The route's own pattern: what stands in the place of a token never reaches a log."""
    found = scope.get("route")
    return getattr(found, "path", None) or "none"
