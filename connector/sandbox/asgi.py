"""The sandbox as an ASGI application: reading requests, sending answers, breaking connections on purpose."""

import asyncio
import socket
import struct
from email.utils import formatdate
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from connector.sandbox.call import Call
from connector.sandbox.engine import Delivery, Engine
from connector.sandbox.face_control import PREFIX, Control

#: Connections that are open, so that a fault can break one: uvicorn's ASGI scope does not give them.
_TRANSPORTS: dict[tuple[str, int], asyncio.Transport] = {}


class BreakableProtocol(H11Protocol):
    """uvicorn's HTTP protocol, with its connections known by the client's address."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if self.client is not None:
            _TRANSPORTS[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            _TRANSPORTS.pop(self.client, None)
        super().connection_lost(exc)


class App:
    """One portal behind HTTP."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._control = Control(engine)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            return
        call = _call(scope, body)
        if call.segments[0] == PREFIX:
            await _send(Delivery(self._control.answer(call)), send, self._now())
            return
        delivery = self._engine.answer(call)
        if delivery.wait_s:
            await asyncio.sleep(delivery.wait_s)
        if delivery.end == "none":
            _break(scope)
        elif delivery.end == "cut":
            await _send_half(delivery, scope, send, self._now())
        else:
            await _send(delivery, send, self._now())

    def _now(self) -> int:
        return self._engine.rooms.portal.clock.now()


def _call(scope: Scope, body: bytes) -> Call:
    raw = scope.get("raw_path") or scope["path"].encode()
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    path = raw.decode("ascii", "replace").partition("?")[0]
    return Call(scope["method"], path, scope["query_string"].decode("ascii", "replace"), body, headers)


async def _send(delivery: Delivery, send: Send, now: int) -> None:
    await send(_start(delivery, now))
    body = delivery.reply.body
    if delivery.drip_s and body:
        await _drip(body, delivery.drip_s, send)
    else:
        await send({"type": "http.response.body", "body": body})


def _start(delivery: Delivery, now: int) -> dict[str, Any]:
    """`now`: the portal's clock, ms UTC; clients tell by it how far theirs is off."""
    reply = delivery.reply
    headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers.items()]
    headers.append((b"date", formatdate(now / 1000, usegmt=True).encode()))
    if reply.status != 204:
        headers.append((b"content-type", reply.content_type.encode()))
        headers.append((b"content-length", str(len(reply.body)).encode()))
    return {"type": "http.response.start", "status": reply.status, "headers": headers}


async def _drip(body: bytes, seconds: float, send: Send) -> None:
    """The body in twenty pieces over the given time."""
    size = -(-len(body) // 20)
    for start in range(0, len(body), size):
        more = start + size < len(body)
        await send({"type": "http.response.body", "body": body[start : start + size], "more_body": more})
        await asyncio.sleep(seconds / 20)


async def _send_half(delivery: Delivery, scope: Scope, send: Send, now: int) -> None:
    await send(_start(delivery, now))
    half = delivery.reply.body[: max(1, len(delivery.reply.body) // 2)]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    await asyncio.sleep(0.02)  # let the half leave before the reset
    _break(scope)


def _break(scope: Scope) -> None:
    """Reset the connection: the client sees neither an answer nor a proper end."""
    transport = _TRANSPORTS.get(tuple(scope["client"])) if scope.get("client") else None
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
