"""Many posts at once from one thread, over plain sockets: the client is not what is measured."""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

BODY: Final = b"List-Unsubscribe=One-Click"
#: How long a line waits before it tries again what was not answered 200, as a mail provider does.
AGAIN_S: Final = 0.5


@dataclass
class _Line:
    """One connection, and what it has asked."""

    person: int = 0
    asked_at: float = 0.0
    answer: bytes = b""
    open: socket.socket | None = None
    ready_at: float = 0.0  # when it may ask (again)


@dataclass
class Flood:
    """The people who were told 200 and when, what else was answered how often, and how long answers took."""

    port: int
    paths: Mapping[int, str]
    accepted: dict[int, float] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)

    def run(self, lines: int, half: Callable[[], None]) -> None:
        """Ask for everybody until each was told 200. `half` is called once half of them were."""
        left = iter(self.paths)
        with selectors.DefaultSelector() as waiting:
            idle = [line for line in (_Line() for _ in range(lines)) if self._next(line, left)]
            while idle or waiting.get_map():
                idle = [line for line in idle if not self._asked(line, waiting)]
                for key, _ in waiting.select(timeout=0.02 if idle else None):
                    line: _Line = key.data
                    if self._answered(line, waiting) and self._next(line, left):
                        idle.append(line)
                if half is not _nothing and len(self.accepted) >= len(self.paths) // 2:
                    half, now = _nothing, half
                    now()

    def _next(self, line: _Line, left: Iterator[int]) -> bool:
        """Somebody else; the same person where they were not told 200. False: nobody is left."""
        if line.person and line.person not in self.accepted:
            line.ready_at = time.monotonic() + AGAIN_S
            return True
        line.person, line.ready_at = next(left, 0), 0.0
        if not line.person and line.open is not None:
            line.open.close()
        return bool(line.person)

    def _asked(self, line: _Line, waiting: selectors.BaseSelector) -> bool:
        now = time.monotonic()
        if line.ready_at > now:
            return False
        try:
            if line.open is None:
                line.open = socket.create_connection(("127.0.0.1", self.port), timeout=5)
                line.open.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.open.sendall(self._request(self.paths[line.person]))
        except OSError as error:
            self._lost(line, error)
            line.ready_at = now + AGAIN_S
            return False
        line.asked_at, line.answer = now, b""
        waiting.register(line.open, selectors.EVENT_READ, line)
        return True

    def _request(self, path: str) -> bytes:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(BODY)}\r\n\r\n"
        )
        return head.encode() + BODY

    def _answered(self, line: _Line, waiting: selectors.BaseSelector) -> bool:
        """The answer is whole, or will never be."""
        assert line.open is not None
        try:
            data = line.open.recv(65_536)
            if not data:
                raise ConnectionResetError
        except OSError as error:
            waiting.unregister(line.open)
            self._lost(line, error)
            return True
        line.answer += data
        status = _status(line.answer)
        if status is None:
            return False
        waiting.unregister(line.open)
        now = time.monotonic()
        self.took.append(now - line.asked_at)
        if status == 200:
            self.accepted[line.person] = now
        else:
            self.failed[f"status {status}"] += 1
        return True

    def _lost(self, line: _Line, error: OSError) -> None:
        self.failed[type(error).__name__] += 1
        if line.open is not None:
            line.open.close()
        line.open = None


def _nothing() -> None:
    """What happens at the half that is over."""


def _status(answer: bytes) -> int | None:
    """None: the answer is not whole yet."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return None
    said = next((line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), b":0")
    return int(head.split(b" ", 2)[1]) if len(body) >= int(said.partition(b":")[2]) else None
