"""The product in a folder: opened, ticking, killed, opened again from what is on the disk.

Jobs run through `jobs.tick.tick`, as the daemon runs them; acts are the functions behind the commands. Pages
are read ahead in threads by the product; here those run at once, so that one seed is one history.
"""

import io
import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from connector import wiring
from connector.acts.desk import Desk
from connector.acts.first_push import confirm_first_push, dry_run_shown
from connector.clock import SeededChance
from connector.errors import ConnectorError, DatabaseUnavailable
from connector.sandbox.options import Options, Tier
from connector.sandbox.server import Sandbox
from connector.store.mirror import Mirror
from jobs import ahead
from jobs.tick import tick
from jobs.turn import Plan, turn
from tests.simulation.door import Door
from tests.simulation.misfortunes import Post, delivered
from tests.simulation.mortal import Death, Disk, Killed, mortal
from tests.simulation.wire import BASE_URL, Wire, connected
from tests.world import START, TOKEN, WorldClock, _settings, _template, _toml, logging_to

SCHEDULE = '[schedule]\npull = "3h"\npush = "1h"\nforms = "6h"\ncheckpoint = "24h"\n'


class OurClock:
    """Our side's clock: the world's, plus what it is wrong by."""

    def __init__(self, world: WorldClock) -> None:
        self._world = world
        self.skew_ms = 0

    def now(self) -> int:
        return self._world.now() + self.skew_ms

    def monotonic(self) -> float:
        return self._world.monotonic()

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        return self._world.sleep(seconds, wake)


class _Inline(threading.Thread):
    """A thread that is over when it has started."""

    def start(self) -> None:
        self.run()

    def join(self, timeout: float | None = None) -> None:
        del timeout


class _InlinePool:
    """An executor that does the work where it is asked for."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def submit(self, function: Callable[..., Any], *args: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(function(*args))
        except BaseException as error:
            done.set_exception(error)
        return done

    def shutdown(self, **_: Any) -> None: ...


class _Threading:
    """`threading` with threads that run at once."""

    Thread = _Inline

    def __getattr__(self, name: str) -> Any:
        return getattr(threading, name)


@contextmanager
def in_order() -> Iterator[None]:
    """Reading ahead happens in the order of asking."""
    before = ahead.threading, ahead.ThreadPoolExecutor
    ahead.threading, ahead.ThreadPoolExecutor = _Threading(), _InlinePool  # type: ignore[assignment, misc]
    try:
        yield
    finally:
        ahead.threading, ahead.ThreadPoolExecutor = before  # type: ignore[misc]


class Product:
    """One mirror beside one sandbox; close it with `end`."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int,
        people: int = 0,
        tier: Tier = Tier.ENTERPRISE,
        options: dict[str, Any] | None = None,
        extra: str = "",
        portal: str = "",
    ) -> None:
        self.folder = folder
        self._stack = ExitStack()
        self.world = self._time()
        self.clock = OurClock(self.world)
        self.tools = wiring.Tools(clock=self.clock, chance=SeededChance(f"simulation/{seed}"))
        switches = Options(limits=True).changed(**(options or {}))
        self.sandbox = Sandbox(people, seed, tier, options=switches, clock=self.world)
        self.death, self.disk = Death(), Disk()
        address = self._line()
        self.logs = io.StringIO()
        self.failed: Counter[str] = Counter()
        for name in ("mirror.db", "mirror.keys"):
            shutil.copy(_template() / name, folder / name)
        text = _toml(folder, self.sandbox.portal_id, address, extra=SCHEDULE + extra, portal=portal)
        self.settings = _settings(folder, text)
        self._stack.enter_context(mortal(self.death, self.disk))
        self._stack.enter_context(in_order())
        self._stack.enter_context(logging_to(self.logs))
        self._stack.enter_context(_tools(self.tools))
        self._mail()
        self.set_token(self.sandbox.token)
        self.mirror: Mirror = None  # type: ignore[assignment]
        self.desk: Desk = None  # type: ignore[assignment]
        self.door: Door = None  # type: ignore[assignment]

    def _time(self) -> Any:
        """The world's clock."""
        return WorldClock(START)

    def _line(self) -> str:
        """Between product and sandbox; where the product finds HubSpot."""
        self.wire = Wire(self.sandbox, self.world)
        self.wire.moment = self.death.moment
        self._stack.enter_context(connected(self.wire))
        return BASE_URL

    def _mail(self) -> None:
        """Who takes the letters."""
        self.post: Any = Post()
        self._stack.enter_context(delivered(self.post))

    def set_token(self, token: str) -> None:
        """The secret that the environment holds."""
        os.environ[TOKEN] = token

    def open(self) -> None:
        """Start: everything is read from the disk."""
        url = self.settings.mirror.database
        self.mirror = Mirror.open(url, self.keys(), self.clock, self.tools.chance, self.journal())
        self.desk = self.desk_at(self.mirror)
        if self.settings.web.public_url is not None:
            self.door = Door(self.settings, self.desk, self.tools)

    def keys(self) -> Any:
        """From their file."""
        return wiring.keys_of(self.settings)

    def journal(self) -> Any:
        """Beside the keys."""
        return wiring.journal_of(self.settings, self.keys(), self.tools.chance)

    def desk_at(self, mirror: Mirror) -> Desk:
        """The one portal's."""
        return wiring.desk_of(self.settings, mirror, None, self.tools)

    def close(self) -> None:
        """Stop, or be gone: connections are dropped and what was not committed is lost."""
        if self.door is not None:
            self.door.close()
        if self.mirror is not None:
            self.mirror.close()
        self.mirror = self.desk = self.door = None  # type: ignore[assignment]

    def again(self) -> None:
        """A new process; where it cannot start (disk full, database locked), the supervisor tries again."""
        self.close()
        self.death.expect(0)
        while self.desk is None:
            try:
                self.open()
            except DatabaseUnavailable:
                self.close()
                self.world.advance(5_000)

    def end(self) -> None:
        self.close()
        self._stack.close()

    def alive(self, act: Callable[[], Any]) -> Any:
        """Do something; when the process dies in it, it is started again. The answer, None after a death."""
        try:
            return act()
        except Killed:
            self.again()
            return None

    def tick(self) -> None:
        """What the daemon does when it wakes up: an error never ends it (`jobs.daemon`)."""
        try:
            tick(self.settings, self.desk, threading.Event(), lambda: None)
        except ConnectorError as error:
            self.failed[error.code] += 1

    def turn(self, *, full: bool = False) -> Any:
        return turn(self.desk, Plan(full=full))

    def begin(self) -> None:
        """First reading, dry run shown, first push confirmed."""
        self.open()
        self.turn()
        dry_run_shown(self.desk)
        confirm_first_push(self.desk)
        self.world.advance(60_000)


@contextmanager
def _tools(tools: wiring.Tools) -> Iterator[None]:
    before, wiring.tools = wiring.tools, lambda: tools
    try:
        yield
    finally:
        wiring.tools = before
