"""A recipient's own server on this machine: it checks signatures as docs/requests.md says, and misbehaves."""

import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "delad-hemlighet-0123456789"


class Receiver:
    """What arrived. `replies`: statuses to answer first; then 204. `hang_up`: close without an answer."""

    def __init__(self, replies: list[int] | None = None) -> None:
        self.replies = list(replies or [])
        self.hang_up = 0
        self.messages: list[dict[str, Any]] = []
        self.bad: list[str] = []
        self.url = ""

    @property
    def numbers(self) -> list[str]:
        """The message numbers in the order of arrival, repeats included."""
        return [each["message"] for each in self.messages]

    def takes(self, headers: Any, body: bytes) -> int:
        """The status to answer."""
        parts = dict(each.split("=", 1) for each in headers["Consent-Mirror-Signature"].split(","))
        number = headers["Consent-Mirror-Message"]
        signed = f"{parts['t']}.{number}.".encode() + body
        right = hmac.new(SECRET.encode(), signed, sha256).hexdigest()
        if not hmac.compare_digest(right, parts["v1"]):
            self.bad.append(number)
            return 401
        message = json.loads(body)
        assert message["message"] == number
        self.messages.append(message)
        return self.replies.pop(0) if self.replies else 204


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """The server, on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = receiver.takes(self.headers, self.rfile.read(int(self.headers["Content-Length"])))
            if receiver.hang_up:
                receiver.hang_up -= 1
                self.connection.close()
                return
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", receiver.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/gdpr"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
