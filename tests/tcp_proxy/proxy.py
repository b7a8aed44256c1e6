"""A TCP proxy that does harm by count: the n-th exchange after `arm` gets the fault, all others pass.

HTTP is cut into exchanges by its heads and Content-Length; any other protocol (SMTP, PostgreSQL) by what the
client sends in one go. The proxy runs in a thread of its own with an event loop of its own.
"""

import asyncio
import socket
import struct
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Self

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
LOOPBACK = "127.0.0.1"
NOTHING: frozenset[int] = frozenset()
LARGEST = 8 * 1024 * 1024


class Broken(Exception):
    """This connection is over."""


class Proxy:
    """In front of one port. `pause_s`: between two bytes of a drip. `silence_s`: how long a hole is quiet."""

    def __init__(
        self, port: int, *, http: bool = True, pause_s: float = 0.002, silence_s: float = 30
    ) -> None:
        self.port = 0
        self.count = 0  # exchanges since `arm`
        self.injected: Counter[str] = Counter()
        self._upstream, self._http = port, http
        self._pause_s, self._silence_s = pause_s, silence_s
        self._fault: str | None = None
        self._at: Collection[int] = NOTHING
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tcp-proxy", daemon=True)

    # What a test says

    def arm(self, fault: str, at: Collection[int]) -> None:
        """From now on the exchanges with these numbers (the next one is 1) get the fault."""
        self.count, self._fault, self._at = 0, fault, frozenset(at)
        if fault == "refused":
            self._wait(self._refuse())

    def disarm(self) -> None:
        """Everything passes, and whoever connects is let in."""
        self._at = NOTHING
        self._wait(self._listen())

    def __enter__(self) -> Self:
        self._thread.start()
        self._wait(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self._refuse())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _wait(self, act: Awaitable[None]) -> None:
        async def done() -> None:
            await act

        asyncio.run_coroutine_threadsafe(done(), self._loop).result(10)

    # Connections

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, LOOPBACK, self.port, limit=LARGEST)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        """Nobody listens here any more, and who was connected is cut off."""
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self, client: Reader, answer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(client, answer)
        finally:
            self._tasks.discard(task)
            answer.close()

    async def _serve(self, client: Reader, answer: Writer) -> None:
        with suppress(OSError):
            server, ask = await asyncio.open_connection(LOOPBACK, self._upstream, limit=LARGEST)
            try:
                with suppress(Broken, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    await (self._exchanges if self._http else self._pieces)(client, answer, server, ask)
            finally:
                ask.close()

    def _due(self) -> str | None:
        self.count += 1
        if self.count not in self._at or self._fault is None:
            return None
        self.injected[self._fault] += 1
        return self._fault

    # HTTP, exchange by exchange

    async def _exchanges(self, client: Reader, answer: Writer, server: Reader, ask: Writer) -> None:
        while True:
            request = await _message(client)
            fault = self._due()
            if fault in {"reset before", "black hole"}:
                await self._ends(fault, answer)
            ask.write(request)
            reply = await _message(server)
            if fault is None:
                answer.write(reply)
                await answer.drain()
            else:
                await FAULTS[fault](self, answer, reply)

    async def _ends(self, fault: str, answer: Writer) -> None:
        if fault == "reset before":
            _reset(answer)
        else:
            await self._silent()
        raise Broken

    async def _silent(self) -> None:
        await asyncio.sleep(self._silence_s)

    async def dripped(self, answer: Writer, data: bytes, pause_s: float) -> None:
        for place in range(len(data)):
            answer.write(data[place : place + 1])
            await answer.drain()
            await asyncio.sleep(pause_s)

    # Other protocols, piece by piece

    async def _pieces(self, client: Reader, answer: Writer, server: Reader, ask: Writer) -> None:
        back = asyncio.create_task(_relay(server, answer))
        try:
            while piece := await client.read(LARGEST):
                fault = self._due()
                if fault in {"reset before", "black hole"}:
                    await self._ends(fault, answer)
                if fault is not None:
                    back.cancel()
                ask.write(piece)
                await ask.drain()
                if fault is not None:
                    await FAULTS[fault](self, answer, await server.read(LARGEST))
        finally:
            back.cancel()


async def _relay(source: Reader, sink: Writer) -> None:
    with suppress(OSError):
        while piece := await source.read(LARGEST):
            sink.write(piece)
            await sink.drain()
        sink.close()


async def _message(source: Reader) -> bytes:
    """Head and body of one request or answer; both of ours name their length."""
    head = await source.readuntil(b"\r\n\r\n")
    return head + await source.readexactly(_length(head))


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    return 0


def _reset(answer: Writer) -> None:
    """RST instead of FIN: what was written and not yet read is lost too."""
    answer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    answer.transport.abort()


def _lied(reply: bytes, difference: int) -> bytes:
    """Another Content-Length than the body has."""
    head, _, body = reply.partition(b"\r\n\r\n")
    told = max(0, len(body) + difference)
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    return b"\r\n".join([*kept, b"content-length: %d" % told]) + b"\r\n\r\n" + body


# --- what happens to an answer; the request has arrived ------------------------------------------------


async def _reset_after(proxy: Proxy, answer: Writer, reply: bytes) -> None:
    _reset(answer)
    raise Broken


async def _reset_mid(proxy: Proxy, answer: Writer, reply: bytes) -> None:
    answer.write(reply[: len(reply) // 2])
    await answer.drain()
    await asyncio.sleep(0.02)  # or the reset takes along what was written
    _reset(answer)
    raise Broken


async def _closed_between(proxy: Proxy, answer: Writer, reply: bytes) -> None:
    """A whole answer that promises to stay, and a connection that does not."""
    answer.write(reply)
    await answer.drain()
    raise Broken


async def _reset_between(proxy: Proxy, answer: Writer, reply: bytes) -> None:
    answer.write(reply)
    await answer.drain()
    await asyncio.sleep(0.05)
    _reset(answer)
    raise Broken


async def _drip(proxy: Proxy, answer: Writer, reply: bytes) -> None:
    """Byte by byte, to the end."""
    await proxy.dripped(answer, reply, proxy._pause_s)


async def _endless(proxy: Proxy, answer: Writer, reply: bytes) -> None:
    """Headers byte by byte, without end: each byte comes before any socket's time-out."""
    await proxy.dripped(answer, reply.partition(b"\r\n")[0] + b"\r\nX-Slow: " + b"x" * 60_000, 0.02)


async def _truncated(proxy: Proxy, answer: Writer, reply: bytes) -> None:
    answer.write(_lied(reply, 0)[: -max(1, len(reply) // 4)])
    await answer.drain()
    raise Broken


async def _too_long(proxy: Proxy, answer: Writer, reply: bytes) -> None:
    answer.write(_lied(reply, 100))
    await answer.drain()
    raise Broken


async def _too_short(proxy: Proxy, answer: Writer, reply: bytes) -> None:
    """The rest of the body lies in the way of the next answer."""
    answer.write(_lied(reply, -(len(reply) // 4)))
    await answer.drain()


async def _hole_after(proxy: Proxy, answer: Writer, reply: bytes) -> None:
    await proxy._silent()
    raise Broken


async def _half_open(proxy: Proxy, answer: Writer, reply: bytes) -> None:
    """Half an answer, then no word and no end: the other side is gone without a FIN."""
    answer.write(reply[: len(reply) // 2])
    await answer.drain()
    await proxy._silent()
    raise Broken


FAULTS: dict[str, Callable[[Proxy, Writer, bytes], Awaitable[None]]] = {
    "reset after": _reset_after,
    "reset mid-answer": _reset_mid,
    "closed between": _closed_between,
    "reset between": _reset_between,
    "drip": _drip,
    "endless headers": _endless,
    "truncated": _truncated,
    "length too long": _too_long,
    "length too short": _too_short,
    "black hole after": _hole_after,
    "half-open": _half_open,
}
#: Every class; the first three need no answer.
KINDS = ("refused", "reset before", "black hole", *FAULTS)
