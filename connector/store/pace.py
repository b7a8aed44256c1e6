"""The rate limit that all processes share (design 4.6; reliability 2.5).

On SQLite it lives in a file of its own beside the database, so that asking for a call never queues behind a
bulk transaction: one short transaction on a few kilobytes, without fsync, because after a power cut no window
is left to account for. On PostgreSQL it is a row, taken with FOR UPDATE on a connection of its own.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, Protocol
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.pool import QueuePool

from connector.clock import Clock
from connector.meters import METERS
from connector.store import budget, bulk
from connector.store.budget import Rules, Spent
from connector.store.engine import parse, sqlite_path, translated
from connector.store.tables import pace as table

_SUFFIX: Final = ".pace"
_decoder = msgspec.json.Decoder(Spent)

Change = Callable[[Spent], tuple[Spent, float]]


class LimitsSaid(Protocol):
    """What one answer's `X-HubSpot-RateLimit-*` headers said; None where absent."""

    @property
    def window_max(self) -> int | None:
        """Calls per 10 s."""

    @property
    def daily(self) -> int | None:
        """Calls per day of the account."""

    @property
    def daily_remaining(self) -> int | None:
        """What is left of them."""


class Slate(Protocol):
    """Where the state of a portal stands: read and written by one process at a time."""

    def change(self, portal: int, change: Change, lost: Callable[[], Spent]) -> float:
        """Read, change, write in one transaction; `lost` is the state where the old one cannot be read."""

    def close(self) -> None:
        """Give the connection back."""


class Pace:
    """One portal's shared budget of calls."""

    def __init__(self, slate: Slate, portal: int, rules: Rules, clock: Clock) -> None:
        self._slate = slate
        self._portal = portal
        self._rules = self.rules = rules
        self._clock = clock

    def acquire(self, budget_name: str, *, urgent: bool) -> float:
        """Ask for one call ("burst" or "search"): 0 grants it, more is the seconds to wait and ask again.

        Bulk callers never get the last calls of a window (design 4.2).
        """

        def change(spent: Spent) -> tuple[Spent, float]:
            answer = budget.acquire(spent, self._rules, budget_name, self._clock.now(), urgent=urgent)
            return answer.spent, answer.wait_ms / 1000

        wait = self._change(change)
        if wait > 0:
            METERS.count("ratelimit_wait_seconds", wait, portal=self._portal)
        return wait

    def wait(self, budget_name: str, *, urgent: bool) -> float:
        """Sleep until granted; the seconds slept."""
        slept = 0.0
        while (wait := self.acquire(budget_name, urgent=urgent)) > 0:
            self._clock.sleep(wait)
            slept += wait
        return slept

    def feedback(self, limits: LimitsSaid) -> None:
        """What HubSpot said about its limits; an answer without such headers costs nothing."""
        said = (limits.window_max, limits.daily, limits.daily_remaining)
        if said == (None, None, None):
            return
        limit, daily, remaining = said
        if remaining is not None:
            METERS.show("hubspot_quota_remaining", remaining, portal=self._portal)

        def change(spent: Spent) -> tuple[Spent, float]:
            now = self._clock.now()
            changed = budget.feedback(spent, self._rules, now, limit=limit, daily=daily, remaining=remaining)
            return changed, 0.0

        self._change(change)

    def penalty(self, budget_name: str, policy: str | None, wait_s: float) -> None:
        """HubSpot answered 429: nobody calls on this budget for `wait_s`; `policy` DAILY: until midnight."""

        def change(spent: Spent) -> tuple[Spent, float]:
            wait_ms = int(wait_s * 1000)
            now = self._clock.now()
            return budget.penalty(spent, self._rules, budget_name, policy, now, wait_ms), 0.0

        self._change(change)

    def spent(self) -> Spent:
        """The state, for `status` and `doctor`."""
        seen: list[Spent] = []

        def change(spent: Spent) -> tuple[Spent, float]:
            seen.append(spent)
            return spent, 0.0

        self._change(change)
        return seen[0]

    def close(self) -> None:
        """Give the connection back."""
        self._slate.close()

    def _change(self, change: Change) -> float:
        return self._slate.change(self._portal, change, lambda: budget.full(self._rules, self._clock.now()))


def open_pace(
    url: str,
    portal: int,
    clock: Clock,
    *,
    zone: ZoneInfo,
    calls_per_10_s: int | Literal["auto"] = "auto",
    search_per_s: int = 4,
    calls_per_day: int | Literal["auto"] = "auto",
    slate: Slate | None = None,
    evenly: bool = False,
) -> Pace:
    """The pace of a portal beside its database. `zone`: the portal's time zone, whose midnight ends a day.

    `slate`: one that many portals share, so that a fleet's worker has one pool of connections for all.
    `evenly`: bulk calls lie evenly in the windows, so that every minute holds as many.
    """
    rules = Rules(
        zone=zone,
        calls_per_10_s=None if calls_per_10_s == "auto" else calls_per_10_s,
        search_per_s=search_per_s,
        calls_per_day=None if calls_per_day == "auto" else calls_per_day,
        evenly=evenly,
    )
    return Pace(slate or open_slate(url), portal, rules, clock)


def open_slate(url: str) -> Slate:
    """Where the limits of a database's portals stand."""
    parsed = parse(url)
    path = sqlite_path(parsed)
    if path is not None:
        return FileSlate(Path(f"{path}{_SUFFIX}"))
    return RowSlate(
        create_engine(
            parsed,
            hide_parameters=True,
            pool_pre_ping=True,
            poolclass=QueuePool,
            pool_size=2,
            max_overflow=14,
        )
    )


class FileSlate:
    """A SQLite file of its own. Damaged or gone while in use: made anew, a whole window counted as used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._forgotten = False  # there was a state, and it is lost: a row that is not there says nothing

    def change(self, portal: int, change: Change, lost: Callable[[], Spent]) -> float:
        """See Slate."""
        with self._lock, translated(str(self._path)):
            try:
                return self._attempt(portal, change, lost)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._remove()
                self._forgotten = True
                return self._attempt(portal, change, lost)

    def close(self) -> None:
        """See Slate."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _attempt(self, portal: int, change: Change, lost: Callable[[], Spent]) -> float:
        self._reopen()
        connection = self._connection
        assert connection is not None  # noqa: S101 - `_reopen` has just made it
        with _immediate(connection):
            row = connection.execute("SELECT state FROM pace WHERE portal = ?", (portal,)).fetchone()
            before = _state(row[0] if row else None, lost, known=not self._forgotten)
            after, answer = change(before)
            written = msgspec.json.encode(after).decode()
            connection.execute("INSERT OR REPLACE INTO pace VALUES (?, ?)", (portal, written))
        return answer

    def _reopen(self) -> None:
        """Open where it is not, or where somebody removed the file under us."""
        try:
            inode = self._path.stat().st_ino
        except FileNotFoundError:
            inode = 0
        if self._connection is not None and inode == self._inode:
            return
        self._forgotten = self._forgotten or self._connection is not None
        self.close()
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        for pragma in ("busy_timeout=5000", "journal_mode=wal", "synchronous=off", "trusted_schema=off"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS pace (portal INTEGER PRIMARY KEY, state TEXT NOT NULL) STRICT"
        )
        self._connection, self._inode = connection, self._path.stat().st_ino

    def _remove(self) -> None:
        self.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)


class RowSlate:
    """A row of the mirror's PostgreSQL database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def change(self, portal: int, change: Change, lost: Callable[[], Spent]) -> float:
        """See Slate."""
        mine = table.c.portal == portal
        with translated(str(self._engine.url.database)), self._engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            empty = "INSERT INTO pace (portal, state) VALUES (%s, '') ON CONFLICT DO NOTHING"
            row = connection.execute(select(table.c.state).where(mine).with_for_update()).one_or_none()
            if row is None:
                connection.exec_driver_sql(empty, (portal,))
                row = connection.execute(select(table.c.state).where(mine).with_for_update()).one()
            after, answer = change(_state(row.state or None, lost, known=True))
            bulk.upsert(
                connection, table, ("portal", "state"), [(portal, msgspec.json.encode(after).decode())]
            )
        return answer

    def close(self) -> None:
        """See Slate."""
        self._engine.dispose()


def _state(text: str | None, lost: Callable[[], Spent], *, known: bool) -> Spent:
    """The state as stored; none yet: nothing was granted, unless we know that there was one."""
    if text is None:
        return Spent() if known else lost()
    try:
        return _decoder.decode(text)
    except msgspec.MsgspecError:
        return lost()


def _is_damage(error: sqlite3.Error) -> bool:
    code: Any = getattr(error, "sqlite_errorcode", 0)
    return (code & 0xFF) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


@contextmanager
def _immediate(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
