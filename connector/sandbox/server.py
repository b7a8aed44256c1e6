"""The sandbox as a server: in a thread for tests, or blocking for the command `consent-mirror sandbox`."""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

import uvicorn

from connector.clock import Clock, SystemClock
from connector.sandbox.asgi import App, BreakableProtocol
from connector.sandbox.call import Call
from connector.sandbox.engine import Delivery, Engine
from connector.sandbox.machine import Machine
from connector.sandbox.office import Office
from connector.sandbox.options import Options, Tier
from connector.sandbox.people import People
from connector.sandbox.portal import DEFAULT_PORTAL, Portal
from connector.sandbox.register import Register
from connector.sandbox.replies import Reply
from connector.sandbox.stage import Colleague, Importer, OtherApp, Person
from connector.sandbox.times import DAY, PortalClock
from connector.sandbox.webhooks import Subscriptions

Ready = Callable[[str, str, int], None]
_LOOPBACK = "127.0.0.1"


class Sandbox:
    """A HubSpot portal. Use it directly (`call`, and the actors), or `start` it and talk HTTP.

    `born` (milliseconds UTC) is the moment until which the made-up people lived; by default this day's
    midnight UTC, so that one seed gives the same people all day.
    """

    def __init__(
        self,
        people: int = 1_000,
        seed: int = 1,
        tier: Tier | str = Tier.ENTERPRISE,
        *,
        options: Options | None = None,
        clock: Clock | None = None,
        portal_id: int = DEFAULT_PORTAL,
        born: int | None = None,
        webhooks: Subscriptions | None = None,
    ) -> None:
        self.clock = PortalClock(clock or SystemClock())
        born = self.clock.now() // DAY * DAY if born is None else born
        portal = Portal(People(people, seed, born), self.clock, options or Options(), portal_id, born)
        self.engine = Engine(portal, Tier(tier), seed)
        self.portal_id = portal_id
        self.person = Person(self.engine)
        self.colleague = Colleague(self.engine)
        self.importer = Importer(self.engine)
        self.app = OtherApp(self.engine)
        self.register = Register(self.engine)
        self.machine = Machine(self.engine)
        self.office = Office(self.engine)
        self.engine.postman.subscribe(webhooks)

    @property
    def token(self) -> str:
        """The token that is valid now."""
        return self.engine.rooms.access.token

    def call(
        self, method: str, path: str, query: str = "", body: bytes = b"", *, token: str | None = None
    ) -> Reply:
        """One request without a network; faults of the connection and waiting are not played."""
        return self.deliver(method, path, query, body, token=token).reply

    def deliver(
        self, method: str, path: str, query: str = "", body: bytes = b"", *, token: str | None = None
    ) -> Delivery:
        """The same, with how the answer would have travelled."""
        headers = {"authorization": f"Bearer {self.token if token is None else token}"}
        return self.engine.answer(Call(method, path, query, body, headers))

    def start(self, port: int = 0) -> "Running":
        """Serve on loopback in a thread; port 0 takes a free one."""
        return Running(self, port)


class Running:
    """A started sandbox; a context manager that stops it."""

    def __init__(self, sandbox: Sandbox, port: int = 0) -> None:
        self.sandbox = sandbox
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self.base_url = f"http://{_LOOPBACK}:{self.port}"
        self.portal_id = sandbox.portal_id
        self._server = _server(sandbox)
        self._thread = threading.Thread(target=self._serve, name="sandbox", daemon=True)
        self._thread.start()
        sandbox.engine.postman.open()

    @property
    def token(self) -> str:
        return self.sandbox.token

    def stop(self) -> None:
        """Stop serving and sending; open connections are closed."""
        self.sandbox.engine.postman.close()
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def run(
    port: int,
    people: int,
    seed: int,
    tier: str,
    ready: Ready,
    *,
    options: Options | None = None,
    clock: Clock | None = None,
    webhooks: Subscriptions | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` gets base URL, token and portal id once connections are taken.

    OSError when the port is taken. Must be called from the main thread.
    """
    over = threading.Event()
    before = {number: signal.signal(number, _setter(over)) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        made = Sandbox(people, seed, tier, options=options, clock=clock, webhooks=webhooks)
        with made.start(port) as running:
            ready(running.base_url, running.token, running.portal_id)
            over.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _setter(over: threading.Event) -> Callable[[int, FrameType | None], None]:
    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        over.set()

    return stop


def _listen(port: int) -> socket.socket:
    """A listening socket on loopback: connections wait in its queue even before the server runs."""
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is: 40 ms an answer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_LOOPBACK, port))
    except OSError:
        listening.close()
        raise
    listening.listen(512)
    listening.setblocking(False)
    return listening


def _server(sandbox: Sandbox) -> uvicorn.Server:
    config = uvicorn.Config(
        App(sandbox.engine),
        http=BreakableProtocol,
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,  # the portal's own clock dates its answers
        timeout_keep_alive=60,
    )
    return uvicorn.Server(config)
