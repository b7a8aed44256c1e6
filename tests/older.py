"""A database as an older version of the program left it.

Most steps of the schema added tables and changed nothing that was there: they are undone by taking the tables
away; what they held an older program never wrote. What changed a table has an undoing of its own in CHANGED.
tests/store/test_migrations.py holds that.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from connector.store import migrations
from connector.store.engine import Database, parse
from connector.store.migrations.versions import v0008_retention

#: The tables that a step made, in the order in which they can go.
ADDED: Final[Mapping[str, Sequence[str]]] = {
    "0002": ("request", "errand"),
    "0003": ("fence",),
    "0004": ("export",),
    "0005": ("link", "signup", "hint"),
    "0006": ("session",),
    "0007": ("mail",),
    "0008": ("moment", "leaving"),
    "0009": ("grantee", "mailed"),
    "0010": ("answered",),
    "0011": (),
}


def made(url: str, revision: str) -> None:
    """Bring an empty database to this step, and no further."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    database = Database(parse(url))
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    database.close()


def take_back(url: str, revision: str) -> None:
    """Undo every step after this one."""
    engine = create_engine(url)
    with engine.begin() as connection:
        now = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        for step in sorted(ADDED, reverse=True):
            if revision < step <= now:
                _undo(connection, step)
        connection.execute(text("UPDATE alembic_version SET version_num = :now"), {"now": revision})
    engine.dispose()


def _without_proofs(connection: Connection) -> None:
    """`leaving` as 0008 made it: an older program knew people only, and no proof of one consent."""
    kept = "portal, person_id, found_at, due_at, review, approved_by, declined_until"
    found = connection.execute(text(f"SELECT {kept} FROM leaving WHERE purpose = ''")).mappings()
    rows = [dict(row) for row in found]
    connection.exec_driver_sql("DROP TABLE leaving")
    v0008_retention.leaving.create(connection)
    if rows:
        connection.execute(v0008_retention.leaving.insert(), rows)


CHANGED: Final[Mapping[str, Callable[[Connection], None]]] = {"0011": _without_proofs}


def _undo(connection: Connection, step: str) -> None:
    if step in CHANGED:
        CHANGED[step](connection)
    for table in ADDED[step]:
        connection.exec_driver_sql(f'DROP TABLE "{table}"')
