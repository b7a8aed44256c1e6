"""The server of the web part: uvicorn in a thread of a process that minds its own signals."""

import asyncio
import socket
import threading
from typing import Any, Final

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from connector.errors import ConfigurationError

#: Seconds in which the head of a request has to be here: many slow ones would hold every connection.
HEAD_S: Final = 10.0
KEEP_S: Final = 15
#: Connections at once; what comes above it is told 503.
CONNECTIONS: Final = 512
#: How long open requests may take once the process is told to stop.
DRAIN_S: Final = 5


class ImpatientProtocol(H11Protocol):
    """uvicorn's HTTP protocol, which itself waits for the head of a request for ever."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._unwatch()
        elif self._waiting is None:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        self._waiting = self.loop.call_later(HEAD_S, self._slow)

    def _unwatch(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _slow(self) -> None:
        self._waiting = None
        busy = self.cycle is not None and not self.cycle.response_complete
        if not busy:
            self.transport.close()


class WebServer:
    """An application on an address, from `start` to `stop`."""

    def __init__(self, app: ASGIApp, listen: str, *, setting: str = "web.listen") -> None:
        """Takes the address at once. Raises ConfigurationError, naming the setting, where it is not free."""
        self._socket = _listen(listen, setting)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            http=ImpatientProtocol,
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            timeout_keep_alive=KEEP_S,
            timeout_graceful_shutdown=DRAIN_S,
            limit_concurrency=CONNECTIONS,
            h11_max_incomplete_event_size=16_384,
        )
        self._server = uvicorn.Server(config)  # in a thread it leaves signals alone (jobs/daemon.py)
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)

    def start(self) -> "WebServer":
        """Take requests."""
        self._thread.start()
        return self

    @property
    def is_alive(self) -> bool:
        """The thread runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Take no more; what is being answered may end."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout=DRAIN_S + 5)
        self._socket.close()

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def __enter__(self) -> "WebServer":
        return self.start()

    def __exit__(self, *ended: Any) -> None:
        self.stop()


def _listen(address: str, setting: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, int(port)))
    except OSError as error:
        listening.close()
        raise ConfigurationError(
            f"We cannot listen there: {error.strerror or 'no such address'}.",
            where=setting,
            next_step=f"Name a free address of this machine, or leave {setting} empty to run without it.",
        ) from None
    listening.listen(1024)
    listening.setblocking(False)
    return listening
