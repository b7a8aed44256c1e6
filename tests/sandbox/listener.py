"""Whoever is told by webhook: a server on this machine that checks signatures with the product's own eyes."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from connector.clock import Clock
from connector.hubspot.signatures import checked
from connector.sandbox.webhooks import client_secret

SECRET = client_secret(1)


@dataclass
class Listener:
    """What arrived with a good signature, delivery by delivery. `replies`: statuses to answer first."""

    clock: Clock
    replies: list[int] = field(default_factory=list)
    slow_s: float = 0.0
    bodies: list[list[dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    url: str = ""
    busy: int = 0
    busiest: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for body in self.bodies for event in body]

    @property
    def kinds(self) -> list[str]:
        return [event["subscriptionType"] for event in self.events]

    def takes(self, headers: dict[str, str], body: bytes) -> int:
        worth = checked(SECRET, "POST", self.url, body, headers, self.clock.now())
        with self.lock:
            self.headers.append(headers)
            if str(worth) != "good":
                self.refused.append(str(worth))
                return 401
            self.bodies.append(json.loads(body))
            return self.replies.pop(0) if self.replies else 200


@contextmanager
def listening(listener: Listener) -> Iterator[Listener]:
    """The server, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with listener.lock:
                listener.busy += 1
                listener.busiest = max(listener.busiest, listener.busy)
            try:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = listener.takes({name.lower(): value for name, value in self.headers.items()}, body)
                time.sleep(listener.slow_s)
            finally:
                with listener.lock:
                    listener.busy -= 1
            try:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                """Whoever asked has gone."""

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
