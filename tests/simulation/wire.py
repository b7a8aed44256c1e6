"""The simulation's network: the product's own transport, limiter and retries speak to a sandbox in memory.

Only the socket is replaced: `requests` gets an adapter that hands each request to the sandbox and plays what
happens to it on the way, in virtual time. Everything above the socket is the product as it ships.
"""

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from connector.hubspot import session
from connector.sandbox.call import Call
from connector.sandbox.engine import Delivery
from connector.sandbox.server import Sandbox

HOST = "127.0.0.1:9"
BASE_URL = f"http://{HOST}"

Watch = Callable[[str, str, Any], None]


class Wire:
    """One sandbox behind one address. `down`: nothing connects. `before`/`after`: moments around a call."""

    def __init__(self, sandbox: Sandbox, clock: Any) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.down: str | None = None  # "refused" or "timeout"
        self.before: Callable[[str, str, bytes], None] = lambda method, path, body: None
        self.after: Callable[[str, str, Delivery], None] = lambda method, path, delivery: None
        self.moment: Callable[[str], None] = lambda what: None
        self.seen: Counter[str] = Counter()

    def exchange(self, request: requests.PreparedRequest, timeout: tuple[float, float]) -> Any:
        """One request and what comes back of it."""
        parts, method = urlsplit(request.url or ""), request.method or ""
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else bytes(body)
        self.moment(f"before {method}")
        if self.down:
            self._unreachable(timeout[0])
        self.before(method, parts.path, raw)
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        delivery = self.sandbox.engine.answer(Call(method, parts.path, parts.query, raw, headers))
        self.after(method, parts.path, delivery)
        self.moment(f"after {method}")
        return self._travelled(delivery, timeout[1])

    def _unreachable(self, patience_s: float) -> None:
        self.seen[f"connection {self.down}"] += 1
        if self.down == "timeout":
            self.clock.sleep(patience_s)
            raise requests.ConnectTimeout()
        nobody = NewConnectionError(None, "refused")  # type: ignore[arg-type]
        raise requests.ConnectionError(MaxRetryError(None, "", nobody))  # type: ignore[arg-type]

    def _travelled(self, delivery: Delivery, patience_s: float) -> Any:
        if delivery.wait_s >= patience_s:
            self.clock.sleep(patience_s)
            raise requests.ReadTimeout()
        if delivery.wait_s:
            self.clock.sleep(delivery.wait_s)
        if delivery.end == "none":
            raise requests.ConnectionError(ProtocolError("Connection aborted."))
        reply = delivery.reply
        headers = {"Date": formatdate(self.sandbox.clock.now() / 1000, usegmt=True), **reply.headers}
        body: Any = io.BytesIO(reply.body)
        if delivery.end == "cut":
            body = _Cut(reply.body[: len(reply.body) // 2])
        elif delivery.drip_s:
            body = _Drip(reply.body, delivery.drip_s, self.clock)
        return urllib3.HTTPResponse(body, headers=headers, status=reply.status, preload_content=False)


class _Cut(io.BytesIO):
    """Half a body, then a reset."""

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        if not chunk:
            raise ConnectionResetError("reset by peer")
        return chunk

    read1 = read


class _Drip(io.BytesIO):
    """A body in twenty pieces."""

    def __init__(self, body: bytes, seconds: float, clock: Any) -> None:
        super().__init__(body)
        self._piece, self._pause, self._clock = max(1, len(body) // 20), seconds / 20, clock

    def read(self, size: int | None = -1) -> bytes:
        self._clock.sleep(self._pause)
        return super().read(self._piece)

    read1 = read


class _Adapter(HTTPAdapter):
    """What `requests` is given instead of sockets."""

    wire: Wire

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def send(self, request: requests.PreparedRequest, **said: Any) -> requests.Response:  # type: ignore[override]
        return self.build_response(request, self.wire.exchange(request, said["timeout"]))


@contextmanager
def connected(wire: Wire) -> Iterator[None]:
    """While this lasts every session of the product leads to this wire."""
    kind = type("WireAdapter", (_Adapter,), {"wire": wire})
    before, session.PunctualAdapter = session.PunctualAdapter, kind  # type: ignore[misc]
    try:
        yield
    finally:
        session.PunctualAdapter = before  # type: ignore[misc]


def written(method: str, path: str, body: bytes) -> tuple[str, int, str] | None:
    """What a request would write: address, subscription, status; None for anything but a status write."""
    parts = path.strip("/").split("/")
    if method == "GET" or "statuses" not in parts or "read" in parts:
        return None
    address = unquote(parts[parts.index("statuses") + 1])
    if "unsubscribe-all" in parts:
        return address, 0, "UNSUBSCRIBED"
    said = json.loads(body or b"{}")
    return address, int(said.get("subscriptionId", 0)), str(said.get("statusState"))
