"""Which schema a database has, and the way to the one that this program knows."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from connector.errors import ConfigurationError
from connector.store.engine import Database, translated

#: The newest migration; a test compares it with the files. Revisions are numbers: larger is newer.
NEWEST: Final = "0009"
_TABLE: Final = "alembic_version"


def version(connection: Connection) -> str | None:
    """The revision of a database; None where there is no mirror."""
    if not inspect(connection).has_table(_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar_one_or_none()  # noqa: S608 - ours


def upgrade(database: Database) -> None:
    """Bring an older or empty database to NEWEST. Raises ConfigurationError when it is newer than we are."""
    with database.begin(database.reader) as connection:
        found = version(connection)
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
