"""Connections whose answers end: status line, headers and body together, however slowly their bytes come.

A socket's own time-out counts from one byte to the next. A middlebox or server that sends a header's byte
every 29 s would hold a thread, and with it a portal's turn, for hours (found with tests/tcp_proxy).
"""

import http.client
import io
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from connector.clock import Clock

#: A whole answer, however slowly it drips.
ANSWER_S: Final = 120.0


class PunctualAdapter(HTTPAdapter):
    """What `requests` speaks through; an answer that takes longer than `seconds` is a read time-out."""

    def __init__(self, clock: Clock, seconds: float, **more: Any) -> None:
        self._kinds = _pools(clock, seconds)
        super().__init__(**more)

    def init_poolmanager(self, *words: Any, **more: Any) -> None:
        """Connections to the host itself."""
        super().init_poolmanager(*words, **more)  # type: ignore[no-untyped-call,unused-ignore]
        self.poolmanager.pool_classes_by_scheme = self._kinds

    def proxy_manager_for(self, *words: Any, **more: Any) -> Any:
        """Connections through a company's proxy."""
        manager = super().proxy_manager_for(*words, **more)  # type: ignore[no-untyped-call,unused-ignore]
        manager.pool_classes_by_scheme = self._kinds
        return manager


class _Until(io.RawIOBase):
    """A connection's bytes, until the answer's time is over."""

    def __init__(self, raw: io.RawIOBase, clock: Clock, seconds: float) -> None:
        self._raw, self._clock = raw, clock
        self._until = clock.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._clock.monotonic() > self._until:
            raise TimeoutError("the answer took too long")
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _pools(clock: Clock, seconds: float) -> dict[str, Any]:
    class Answer(http.client.HTTPResponse):
        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            self.fp = io.BufferedReader(_Until(self.fp.detach(), clock, seconds))

    class Plain(HTTPConnection):
        response_class = Answer

    class Secure(HTTPSConnection):
        response_class = Answer

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
