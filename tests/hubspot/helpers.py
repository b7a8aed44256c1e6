"""What the tests of the far side share: told time, a limiter that takes notes, servers that misbehave."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from connector.clock import SeededChance
from connector.hubspot.pace import Budget, Limits
from connector.hubspot.portal import Portal
from connector.hubspot.token import TokenSource
from connector.hubspot.transport import Patience, Transport

HUBSPOT = "https://api.hubapi.com"
TOKEN = "pat-eu1-11111111-2222-3333-4444-555555555555"
PATIENCE = Patience()
START = 1_790_000_000_000  # 2026-09-21T14:13:20Z


class ToldClock:
    """Time moves only when somebody sleeps."""

    def __init__(self, now: int = START) -> None:
        self.at = now
        self.slept: list[float] = []

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.at / 1000

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        if wake is not None and wake.is_set():
            return True
        self.slept.append(seconds)
        self.at += round(seconds * 1000)
        return False


class NotingPace:
    """Grants everything and notes what it was told; `waits` are handed out first."""

    def __init__(self, *waits: float) -> None:
        self.waits = list(waits)
        self.asked: list[tuple[Budget, bool]] = []
        self.said: list[Limits] = []
        self.penalties: list[tuple[Budget, str | None, float]] = []

    def acquire(self, budget: Budget, *, urgent: bool) -> float:
        self.asked.append((budget, urgent))
        return self.waits.pop(0) if self.waits else 0.0

    def feedback(self, limits: Limits) -> None:
        self.said.append(limits)

    def penalty(self, budget: Budget, policy: str | None, wait_s: float) -> None:
        self.penalties.append((budget, policy, wait_s))


def transport(
    base_url: str = HUBSPOT,
    *,
    read: Callable[[], str] = lambda: TOKEN,
    clock: Any = None,
    pace: Any = None,
    patience: Patience = PATIENCE,
    stop: threading.Event | None = None,
    pool_size: int = 4,
) -> Transport:
    """A transport on told time."""
    return Transport(
        base_url,
        TokenSource(read),
        pace=pace or NotingPace(),
        clock=clock or ToldClock(),
        chance=SeededChance(1),
        patience=patience,
        stop=stop,
        pool_size=pool_size,
    )


def portal(subscriptions: tuple[int, ...] = (101, 102), **options: Any) -> Portal:
    """A portal on told time."""
    clock = options.setdefault("clock", ToldClock())
    return Portal(transport(**options), clock=clock, subscriptions=subscriptions)


def rate_limited(policy: str = "TEN_SECONDLY_ROLLING") -> dict[str, str]:
    """The body of a 429 (HA 3)."""
    return {"status": "error", "message": "x", "errorType": "RATE_LIMIT", "policyName": policy}


def problem(category: str, **more: Any) -> dict[str, Any]:
    """An error body (HA 4)."""
    return {"status": "error", "message": "about anna@exempel.se", "category": category, **more}


def raw(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """One HTTP answer as bytes."""
    said = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {said}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def raw_json(status: str, value: Any, *headers: str) -> bytes:
    """One HTTP answer with a JSON body."""
    return raw(status, json.dumps(value).encode(), "Content-Type: application/json", *headers)


Answering = bytes | Callable[[socket.socket], None] | None


def silence(connection: socket.socket) -> None:
    """The headers, and then nothing until the other side goes."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
    connection.recv(1)


class Scripted:
    """A server on loopback: sends one scripted answer for each connection, then closes it.

    None resets the connection; a function does with it what it likes. `tls` wraps each connection.
    """

    def __init__(self, *answers: Answering, tls: ssl.SSLContext | None = None) -> None:
        self.answers = list(answers)
        self._tls = tls
        self.requests: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the accept
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                self._answer(self._tls.wrap_socket(connection, server_side=True) if self._tls else connection)

    def _answer(self, connection: socket.socket) -> None:
        self.requests.append(_request(connection))
        answer = self.answers.pop(0) if self.answers else raw("500 Out of script")
        if answer is None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif callable(answer):
            answer(connection)
        else:
            connection.sendall(answer)


@contextmanager
def scripted(*answers: Answering, tls: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    """A scripted server, closed afterwards."""
    server = Scripted(*answers, tls=tls)
    try:
        yield server
    finally:
        server.close()


def _request(connection: socket.socket) -> bytes:
    connection.settimeout(5)
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    ]
    length = int(lengths[0]) if lengths else 0
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
