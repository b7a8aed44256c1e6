"""One worker a portal, also when a worker is paused (reliability 2.4, design 4.11). PostgreSQL only.

An advisory lock keeps turns of a portal apart while sessions live; it stays with a worker that is stopped,
and a lease with a time-out would let two of them write. So every turn gets a number of its own: whoever takes
the portal over raises it, and a write transaction of the turn before finds that it is no longer its turn.
The database's clock decides who is stale, for machines' clocks differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, select, text
from sqlalchemy.pool import NullPool

from connector.errors import Temporary
from connector.meters import METERS
from connector.store import queue
from connector.store.engine import parse, translated
from connector.store.locks import held
from connector.store.tables import fence

STALE_S: Final = 20
#: A portal that a worker no longer works on is given back after so long; less than STALE_S.
LEFT_S: Final = 10
#: How a worker's name begins.
WORKER: Final = "consent-mirror worker "
_NOW: Final = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
#: A worker's sessions carry its name (`named`): those that hold locks, and one stopped within a transaction.
_END_SESSIONS: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = %s"
)


class Fenced(Temporary):
    """Another worker has taken this portal over: nothing more is written here."""

    code = "fenced"

    def __init__(self, portal: int) -> None:
        super().__init__(
            "Another worker has taken this portal over while this one was silent.",
            where=f"portal {portal}",
            next_step="Nothing to do: the other worker goes on from what was committed.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Who has a portal. `worker` None: nobody now. `silent_s`: since the worker's last sign of life."""

    portal: int
    number: int
    worker: str | None
    silent_s: int | None


class Watch:
    """Who works where in a fleet, on connections of its own."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(parse(url), pool_pre_ping=True, pool_size=1, hide_parameters=True)
        self._at: list[int] = []

    @contextmanager
    def at(self, portal: int) -> Iterator[None]:
        """This process works on a portal, from before it is taken until after it is left."""
        self._at.append(portal)
        try:
            yield
        finally:
            self._at.remove(portal)

    def beat(self, worker: str) -> None:
        """See `beat`: for the portals that this process works on."""
        with self._begin() as connection:
            beat(connection, worker, tuple(self._at))

    def turns(self) -> list[Turn]:
        """See `turns`."""
        with self._begin() as connection:
            return turns(connection)

    def workers(self) -> list[str]:
        """See `workers`."""
        with self._begin() as connection:
            return workers(connection)

    def queue(self) -> Mapping[str, int]:
        """See `queue.figures`."""
        with self._begin() as connection:
            return queue.figures(connection)

    def end_stale(self) -> list[str]:
        """See `end_stale`."""
        with self._begin() as connection:
            return end_stale(connection)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with translated(str(self._engine.url.database)), self._engine.begin() as connection:
            yield connection


def named(url: str, worker: str) -> str:
    """The database's URL whose sessions carry the worker's name (at most 63 bytes)."""
    parsed = parse(url).update_query_dict({"application_name": worker})
    return parsed.render_as_string(hide_password=False)


@contextmanager
def taken(url: str, portal: int, worker: str) -> Iterator[int]:
    """The portal for one turn: its fence number. Raises Temporary where another worker has it."""

    def busy(holder: str) -> Temporary:
        return Temporary(
            f"Another worker has this portal ({holder}).",
            where=f"portal {portal}",
            next_step="Nothing to do: its turn ends, or is ended after 20 silent seconds.",
        )

    with held(url, f"{portal}.fleet", busy), _engine(url) as engine:
        number = _raise(engine, portal, worker)
        try:
            yield number
        finally:
            _leave(engine, portal, number)


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = create_engine(parse(url), poolclass=NullPool, hide_parameters=True)
    with translated(str(engine.url.database)):
        yield engine


def _raise(engine: Engine, portal: int, worker: str) -> int:
    statement = f"""
        INSERT INTO fence (portal, number, worker, beat_at) VALUES (:portal, 1, :worker, {_NOW})
        ON CONFLICT (portal) DO UPDATE
        SET number = fence.number + 1, worker = excluded.worker, beat_at = excluded.beat_at
        RETURNING number
    """  # noqa: S608 - made of our own words
    with engine.begin() as connection:
        given = {"portal": portal, "worker": worker}
        return int(connection.execute(text(statement), given).scalar_one())


def _leave(engine: Engine, portal: int, number: int) -> None:
    mine = (fence.c.portal == portal, fence.c.number == number)
    with engine.begin() as connection:
        connection.execute(fence.update().where(*mine).values(worker=None, beat_at=None))


def check(connection: Connection, portal: int, number: int) -> None:
    """In a write transaction: the portal is this turn's, and stays so until the commit. Raises Fenced."""
    statement = select(fence.c.number).where(fence.c.portal == portal).with_for_update(read=True)
    if connection.execute(statement).scalar_one_or_none() != number:
        METERS.count("lease_lost")
        raise Fenced(portal)


def beat(connection: Connection, worker: str, portals: Sequence[int]) -> None:
    """The worker lives: for the portals that it works on.

    One that bears its name and that it does not work on was left while the database was away: with a beat it
    would look busy for as long as the worker lives, and nobody would take a turn of it.
    """
    given = {"worker": worker, "portals": list(portals), "left": LEFT_S * 1000}
    mine = "portal = ANY(CAST(:portals AS bigint[]))"
    connection.execute(
        text(f"UPDATE fence SET beat_at = {_NOW} WHERE worker = :worker AND {mine}"),  # noqa: S608 - our words
        given,
    )
    left = f"worker = :worker AND NOT {mine} AND beat_at < {_NOW} - :left"
    connection.execute(text(f"UPDATE fence SET worker = NULL, beat_at = NULL WHERE {left}"), given)  # noqa: S608


def turns(connection: Connection) -> list[Turn]:
    """Who has which portal."""
    silence = text(f"({_NOW} - beat_at) / 1000")
    statement = select(fence.c.portal, fence.c.number, fence.c.worker, silence).order_by(fence.c.portal)
    rows = connection.execute(statement)
    return [Turn(portal=row[0], number=row[1], worker=row[2], silent_s=row[3]) for row in rows]


def workers(connection: Connection) -> list[str]:
    """The names of the workers that have sessions now."""
    statement = text(
        "SELECT DISTINCT application_name FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name LIKE :mine ORDER BY 1"
    )
    return list(connection.execute(statement, {"mine": f"{WORKER}%"}).scalars())


def end_stale(connection: Connection, stale_s: int = STALE_S) -> list[str]:
    """End all sessions of workers that are silent, so that their locks are free; the workers' names.

    Their process may only be paused: the fence keeps it from writing when it goes on.
    """
    silent = {turn.worker for turn in turns(connection) if turn.worker and (turn.silent_s or 0) > stale_s}
    for worker in sorted(silent):
        connection.exec_driver_sql(_END_SESSIONS, (worker,))
        connection.execute(fence.update().where(fence.c.worker == worker).values(worker=None, beat_at=None))
    return sorted(silent)
