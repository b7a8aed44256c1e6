"""Where a fleet's queue lives: a PostgreSQL schema of its own beside the mirror's tables.

The queue holds nothing that the timetable could not make again, so that another version of the queue's
library gets a new schema as soon as no worker uses the old one.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from connector.errors import ConfigurationError, Temporary
from connector.store.engine import parse, sqlite_path, translated

SCHEMA: Final = "fleet"
#: Held shared by every worker, and alone by who makes the schema; makers wait for each other.
_USED, _MAKING = 0x636D_666C_6565_74, 0x636D_666C_6565_75
_VERSION: Final = "SELECT obj_description(to_regnamespace('fleet'), 'pg_namespace')"
_STATES: Final = (
    "SELECT status::text AS status, count(*) AS turns FROM fleet.procrastinate_jobs "
    "WHERE queue_name <> 'clock' GROUP BY 1"
)


def conninfo(url: str) -> dict[str, Any]:
    """What the queue's own connections are made of. Raises ConfigurationError for SQLite."""
    parsed = parse(url)
    if sqlite_path(parsed) is not None:
        raise ConfigurationError(
            "A fleet needs PostgreSQL; this mirror is a SQLite file.",
            where="mirror.database",
            next_step="Run `consent-mirror migrate-database`, or `consent-mirror daemon` for one process.",
        )
    known = {"host": parsed.host, "port": parsed.port, "user": parsed.username, "password": parsed.password}
    given = {key: value for key, value in known.items() if value is not None}
    return given | {"dbname": parsed.database, "options": f"-c search_path={SCHEMA},public"}


@contextmanager
def used(url: str, version: str, statements: str) -> Iterator[None]:
    """The queue's schema, of this version of its library, in use for as long as the block lasts.

    `statements` make it where it is missing or another version's. Raises Temporary while workers of another
    version use the old one.
    """
    engine = create_engine(parse(url), poolclass=NullPool, hide_parameters=True)
    with translated(str(engine.url.database)), engine.connect() as connection:
        session = connection.execution_options(isolation_level="AUTOCOMMIT")
        if session.execute(text(_VERSION)).scalar_one() != version:
            _make(session, version, statements)
        session.execute(text("SELECT pg_advisory_lock_shared(:key)"), {"key": _USED})
        yield


def _make(session: Connection, version: str, statements: str) -> None:
    session.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MAKING})
    try:
        if session.execute(text(_VERSION)).scalar_one() == version:
            return  # another worker of our version was first
        if not session.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _USED}).scalar_one():
            raise Temporary(
                "Workers of another version use the queue.",
                where="worker",
                next_step="Stop the old workers first; the queue holds nothing that is lost.",
            )
        raw: Any = session.connection.driver_connection
        raw.execute(
            f"BEGIN; DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}; "
            f"SET LOCAL search_path = {SCHEMA}, public; {statements}; "
            f"COMMENT ON SCHEMA {SCHEMA} IS '{version}'; COMMIT"
        )
        session.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _USED})
    finally:
        session.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MAKING})


def figures(connection: Connection) -> Mapping[str, int]:
    """Turns by their state in the queue: waiting, doing; empty where no worker ever ran."""
    if connection.execute(text("SELECT to_regclass('fleet.procrastinate_jobs')")).scalar_one() is None:
        return {}
    rows = connection.execute(text(_STATES))
    return {row.status: row.turns for row in rows}
