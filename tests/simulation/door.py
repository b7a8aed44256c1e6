"""The product's own web door without a socket: its guard, routes, signature check and queue on disk.

Noes and notices are written where they are taken, by no thread of their own, so that one seed is one history.
"""

import asyncio
import queue
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any

from connector import wiring, wiring_web
from connector.acts.desk import Desk
from connector.settings import Settings
from connector.web import doors
from connector.web.app import make_app
from connector.web.intake import WAITING, Intake, Refs, _Item

PUBLIC = "https://consent.example"
HOST = b"consent.example"


class _Inline(Intake):
    """The product's intake, one item at a time in the caller's thread."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._refs: queue.Queue[str | None] = queue.Queue(WAITING)

    def _put(self, asked: Any) -> "Future[Refs]":
        done: Future[Refs] = Future()
        self._write([_Item(asked, done)])
        return done

    def stop(self) -> None:
        """There is nothing that runs."""


class Door:
    """Open from the start of a process to its end."""

    def __init__(self, settings: Settings, desk: Desk, tools: wiring.Tools) -> None:
        self._stack = ExitStack()
        before, doors.Intake = doors.Intake, _Inline  # type: ignore[misc]
        try:
            site = self._stack.enter_context(wiring_web.site_of(settings, [desk], tools))
        finally:
            doors.Intake = before  # type: ignore[misc]
        self._app = make_app(site)

    def close(self) -> None:
        """The process ends."""
        self._stack.close()

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        """One delivery; the status of its answer. Raises Killed where the process dies in it."""
        return asyncio.run(self._posted(path, body, headers))

    async def _posted(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        named = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", HOST), (b"content-length", str(len(body)).encode()), *named],
            "client": ("192.0.2.1", 4_711),
            "server": ("127.0.0.1", 80),
        }
        status: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                status.append(int(message["status"]))

        await self._app(scope, receive, send)
        return status[0]
