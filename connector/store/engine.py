"""The two databases behind one face: connections, transactions and errors (reliability 4)."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from connector.errors import ConfigurationError, ConnectorError, DatabaseUnavailable
from connector.meters import METERS

#: FULL: an acknowledged commit survives a power cut (0 of 201 cuts lost one; NORMAL lost 863 of 2,000).
_PRAGMAS: Final = (
    "journal_mode=wal",
    "synchronous=full",
    "busy_timeout=5000",
    "foreign_keys=on",
    "trusted_schema=off",
    "secure_delete=on",  # what is erased is overwritten, not just unlinked
    "recursive_triggers=on",  # so that INSERT OR REPLACE meets the append-only triggers
    "wal_autocheckpoint=4000",
    "cache_size=-16384",
    "temp_store=memory",
)


def parse(url: str) -> URL:
    """The database's URL. Raises ConfigurationError unless it is a SQLite file or PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    file = (
        parsed is not None and parsed.drivername == "sqlite" and parsed.database not in {None, "", ":memory:"}
    )
    if parsed is None or not (file or parsed.drivername in {"postgresql", "postgresql+psycopg"}):
        raise ConfigurationError(
            "This is no database that the mirror can live in.",
            where="mirror.database",
            next_step="Use sqlite:///mirror.db or postgresql+psycopg://user@host/db.",
        )
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def sqlite_path(url: URL) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    return Path(url.database or "") if url.drivername == "sqlite" else None


def place(url: URL) -> str:
    """How errors name the database: without user and password."""
    path = sqlite_path(url)
    return str(path) if path else f"{url.host or 'local'}/{url.database}"


class Database:
    """Engines for writing and reading one database."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.path = sqlite_path(url)
        self.place = place(url)
        self.writer = _sqlite(url, readonly=False) if self.path else _postgresql(url)
        self.reader = _sqlite(url, readonly=True) if self.path else _snapshots(self.writer)

    @contextmanager
    def begin(self, engine: Engine) -> Iterator[Connection]:
        """One transaction; database errors come out as ours."""
        with translated(self.place), engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give the connections back."""
        self.reader.dispose()
        self.writer.dispose()


def _sqlite(url: URL, *, readonly: bool) -> Engine:
    engine = create_engine(url, hide_parameters=True, pool_size=8, max_overflow=24)
    begin = "BEGIN DEFERRED" if readonly else "BEGIN IMMEDIATE"
    extra = ("query_only=on", "cache_size=-4096") if readonly else ()

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver's own way loses updates
        for pragma in (*_PRAGMAS, *extra):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.execute(begin)  # past SQLAlchemy: making a result of nothing costs more than the BEGIN

    return engine


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=8, max_overflow=24)
    except (NoSuchModuleError, ImportError):
        raise ConfigurationError(
            "PostgreSQL needs the package psycopg.",
            where="mirror.database",
            next_step="Install consent-mirror[postgresql].",
        ) from None


def _snapshots(engine: Engine) -> Engine:
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Database errors as ours; the driver's text, which may hold values, stays out."""
    try:
        yield
    except DBAPIError as error:
        raise _ours(error.orig, where) from error
    except sqlite3.Error as error:
        raise _ours(error, where) from error


def _ours(error: BaseException | None, where: str) -> BaseException:
    known = _of_sqlite(error, where) if isinstance(error, sqlite3.Error) else _of_postgresql(error, where)
    return (
        known
        or error
        or DatabaseUnavailable("The database failed.", where=where, next_step="Look at its log.")
    )


#: SQLite says it in words alone, in a driver's message that names nobody.
_LACKS: Final = ("no such table", "no such column", "has no column")


def _of_sqlite(error: sqlite3.Error, where: str) -> ConnectorError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        METERS.count("db_busy")
        return DatabaseUnavailable(
            "Another process holds the database.",
            where=where,
            next_step="Nothing to do: try again in a moment.",
        )
    if code == sqlite3.SQLITE_FULL:
        return DatabaseUnavailable(
            "The disk is full. Nothing was lost: the change was undone.",
            where=where,
            next_step="Make room on the disk and run this again.",
        )
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR}:
        return DatabaseUnavailable(
            "The database file cannot be read or written.",
            where=where,
            next_step="Check that the folder exists, who owns the file, and the disk.",
        )
    if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return ConfigurationError(
            "The file is damaged or no database.", where=where, next_step="Run `consent-mirror restore`."
        )
    if code == sqlite3.SQLITE_ERROR and any(each in str(error) for each in _LACKS):
        return _changed(where)
    return None


def _changed(where: str) -> ConfigurationError:
    """A table or column that every version of ours has is not there."""
    return ConfigurationError(
        "The database is damaged: a table or column is missing.",
        where=where,
        next_step="Find out who changed it, then run `consent-mirror restore` with a backup.",
    )


#: SQLSTATE classes: connection, resources (disk full, too many), operator intervention, system, lock.
_TEMPORARY: Final = ("08", "53", "57", "58", "55P03", "40")


def _of_postgresql(error: BaseException | None, where: str) -> ConnectorError | None:
    state = getattr(error, "sqlstate", None)
    if state in {"42P01", "42703"}:
        return _changed(where)
    lost = state is None and type(error).__name__ in {"OperationalError", "InterfaceError"}
    if state == "53100":
        return DatabaseUnavailable(
            "The database's disk is full. Nothing was lost: the change was undone.",
            where=where,
            next_step="Make room on the database's disk and run this again.",
        )
    if state in {"3D000", "28000", "28P01"} or (lost and _is_refusal(str(error))):
        return ConfigurationError(
            "PostgreSQL has no such database, or does not let us in.",
            where=where,
            next_step="Create the database, or correct mirror.database.",
        )
    if lost or (state or "").startswith(_TEMPORARY):
        return DatabaseUnavailable(
            "The database cannot be reached now.", where=where, next_step="Start PostgreSQL, or try again."
        )
    return None


def _is_refusal(text: str) -> bool:
    """Whether a server answered with a no: a failed connection has no SQLSTATE, only words."""
    return "FATAL" in text and any(words in text for words in ("does not exist", "authentication failed"))


def make_file(path: Path) -> None:
    """An empty database file that only its owner may read; SQLite gives its companions the same mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigurationError(
            f"The database file cannot be made: {error.strerror}.",
            where=str(path),
            next_step="Make the folder, or name another place under [mirror] database.",
        ) from None
