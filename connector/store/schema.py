"""Which schema a database has, and the way to the one that this program knows."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from connector.errors import ConfigurationError
from connector.store import triggers
from connector.store.engine import Database, translated
from connector.store.tables import metadata

#: The newest migration; a test compares it with the files. Revisions are numbers: larger is newer.
NEWEST: Final = "0011"
_TABLE: Final = "alembic_version"


def version(connection: Connection, where: str = "") -> str | None:
    """The revision of a database; None where there is no mirror. Raises ConfigurationError where there was
    one: its tables are there and the revision is gone or none of ours."""
    if not inspect(connection).has_table(_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalars().all()  # noqa: S608 - ours
    if len(found) != 1 or not str(found[0]).isdecimal():
        raise _damaged("it does not say which version it has", where)
    return str(found[0])


def check_parts(connection: Connection, where: str, *, guards: bool = True) -> None:
    """Tables and guards are ours, all of them, and nothing acts behind our back. Raises ConfigurationError.

    `guards` False leaves the guards to the caller, who tells of them by `guard_problem`.
    """
    names = inspect(connection).get_table_names()
    lacking = sorted(set(metadata.tables) - set(names))
    if lacking:
        raise _damaged(f"the table {lacking[0]} is missing", where)
    problem = guard_problem(connection) if guards else None
    if problem is not None:
        raise _damaged(problem, where)


def guard_problem(connection: Connection) -> str | None:
    """What is wrong with the triggers that keep tables append-only; None where nothing is.

    A trigger that somebody planted could drop what is queued, and a missing guard lets the log be changed.
    """
    found, ours = triggers.present(connection), triggers.expected(connection)
    strange = sorted(name for name, sql in found.items() if ours.get(name) != sql)
    if strange:
        return f"somebody added or changed the trigger {_word(strange[0])}"
    gone = sorted(ours.keys() - found.keys())
    return f"the trigger {gone[0]} is missing" if gone else None


def _word(name: str) -> str:
    """A name that somebody else chose, fit to be shown."""
    return "".join(each for each in name if each.isalnum() or each == "_")[:60]


def _damaged(problem: str, where: str) -> ConfigurationError:
    return ConfigurationError(
        f"The database is damaged: {problem}.",
        where=where,
        next_step="Find out who changed it, then run `consent-mirror restore` with a backup.",
    )


def upgrade(database: Database) -> None:
    """Bring an older or empty database to NEWEST. Raises ConfigurationError when it is newer than we are."""
    with database.begin(database.reader) as connection:
        found = version(connection, database.place)
    if found is not None and found > NEWEST:
        raise ConfigurationError(
            f"The database was written by a newer version of the program (schema {found}, we know {NEWEST}).",
            where=database.place,
            next_step="Install the newer version again; nothing was touched.",
        )
    if found != NEWEST:
        _migrate(database)


def _migrate(database: Database) -> None:
    from alembic import command  # noqa: PLC0415 - 0.3 s that only a migration has to pay
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with translated(database.place), database.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, NEWEST)
