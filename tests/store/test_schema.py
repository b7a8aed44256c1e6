"""Migrations and tables say the same, on both databases."""

import os
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from connector.clock import SeededChance
from connector.errors import ConfigurationError
from connector.store import engine as engines
from connector.store import migrations, schema, triggers
from connector.store.mirror import Mirror
from connector.store.tables import APPEND_ONLY, metadata

from .conftest import KEYS, HandClock, postgresql_database

FOLDER = Path(migrations.__file__).parent

CATALOG = """
SELECT 'column', table_name, column_name, data_type || is_nullable || coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text, contype::text, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'sequence', sequencename, '', data_type::text FROM pg_sequences WHERE schemaname = 'public'
UNION ALL SELECT 'function', proname, '', prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
MASTER = "SELECT type, tbl_name, name, sql FROM sqlite_master"


def described(connection):
    statement = CATALOG if connection.dialect.name == "postgresql" else MASTER
    rows = {tuple(row) for row in connection.execute(text(statement))}
    return {row for row in rows if "alembic_version" not in row[1]}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def two_empty(request, tmp_path):
    """Two new databases."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/one.db", f"sqlite:///{tmp_path}/two.db"
    else:
        with (
            postgresql_database(f"cm_schema_one_{os.getpid()}") as one,
            postgresql_database(f"cm_schema_two_{os.getpid()}") as two,
        ):
            yield one, two


@pytest.fixture
def postgresql_empty():
    with postgresql_database(f"cm_guards_{os.getpid()}") as url:
        yield url


def test_a_migrated_database_is_what_the_tables_say_triggers_included(two_empty):
    migrated, made = two_empty
    Mirror.create(migrated, KEYS, HandClock(), SeededChance(0)).close()
    engine = create_engine(made)
    with engine.begin() as connection:
        metadata.create_all(connection)
        triggers.recreate(connection)
        expected = described(connection)
    engine.dispose()
    engine = create_engine(migrated)
    with engine.begin() as connection:
        found = described(connection)
    engine.dispose()
    assert found == expected
    assert {row[1] for row in found if row[0] == "trigger"} == set(APPEND_ONLY)


def test_the_newest_migration_is_the_one_the_program_knows():
    script = ScriptDirectory(str(FOLDER))
    assert script.get_heads() == [schema.NEWEST]
    revisions = [each.revision for each in script.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True), "a larger number is a newer schema"


def test_a_migration_that_fails_leaves_nothing_behind(two_empty, monkeypatch):
    def fail(connection):
        raise ZeroDivisionError

    monkeypatch.setattr(triggers, "recreate", fail)
    with pytest.raises(ZeroDivisionError):
        Mirror.create(two_empty[0], KEYS, HandClock(), SeededChance(0))
    engine = create_engine(two_empty[0])
    with engine.begin() as connection:
        assert described(connection) == set()
    engine.dispose()


def test_every_table_of_sqlite_is_strict(sqlite_url):
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        for name in metadata.tables:
            sql = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name})
            assert "STRICT" in sql.scalar_one()
    engine.dispose()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("busy_timeout", 5000),
        ("foreign_keys", 1),
        ("trusted_schema", 0),
        ("secure_delete", 1),
    ],
)
@pytest.mark.parametrize("which", ["writer", "reader"])
def test_every_connection_is_set_up_for_durability(sqlite_url, pragma, value, which):
    database = engines.Database(engines.parse(sqlite_url))
    with database.begin(getattr(database, which)) as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    database.close()


ENTRY_GUARD = (
    "CREATE TRIGGER entry_append_only BEFORE {} ON entry FOR EACH {} "
    "EXECUTE FUNCTION consent_mirror_append_only()"
)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(
            (
                "CREATE OR REPLACE FUNCTION consent_mirror_append_only() RETURNS trigger LANGUAGE plpgsql "
                "AS $$ BEGIN RETURN OLD; END $$",
            ),
            id="the function lets everything through",
        ),
        pytest.param(
            (
                "DROP TRIGGER entry_append_only ON entry",
                ENTRY_GUARD.format("UPDATE OR TRUNCATE", "STATEMENT"),
            ),
            id="deletes are free",
        ),
        pytest.param(
            (
                "DROP TRIGGER entry_append_only ON entry",
                ENTRY_GUARD.format("UPDATE OR DELETE", "ROW WHEN (false)"),
            ),
            id="a condition that never holds",
        ),
        pytest.param(
            ("ALTER TABLE entry ENABLE REPLICA TRIGGER entry_append_only",), id="for replicas alone"
        ),
    ],
)
def test_a_guard_of_the_same_name_that_guards_less_is_found(postgresql_empty, statements):
    Mirror.create(postgresql_empty, KEYS, HandClock(), SeededChance(0)).close()
    Mirror.open(postgresql_empty, KEYS, HandClock(), SeededChance(0)).close()
    engine = create_engine(postgresql_empty)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()
    with pytest.raises(ConfigurationError, match="append_only"):
        Mirror.open(postgresql_empty, KEYS, HandClock(), SeededChance(0))
