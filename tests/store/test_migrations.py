"""Every step of the schema, on a mirror full of history: it comes out as a new one is made, and goes on."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, select, text

from connector import wiring
from connector.acts.erase import Order, erase
from connector.acts.withdraw import No, withdraw
from connector.store import moving
from connector.store.mirror import Mirror
from connector.store.schema import NEWEST
from connector.store.tables import metadata
from jobs.cli_migrate import _pointed, _verified
from tests import older
from tests.world import ANNA, BO, CARIN, DAVID, DAY, World, world

from .conftest import postgresql_database
from .test_schema import FOLDER, described

STEPS = sorted(each.revision for each in ScriptDirectory(str(FOLDER)).walk_revisions())
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A mirror with people, noes, a yes that was pushed, an erasure, checkpoints and reports."""
    with world(tmp_path_factory.mktemp("lived"), contacts=(ANNA, BO, CARIN, DAVID)) as made:
        made.begin()
        made.grant(ANNA)
        withdraw(made.desk, BO, No())
        made.sync()
        erase(made.desk, CARIN, Order())
        made.wait(DAY)
        made.sandbox.person.unsubscribe(DAVID)
        made.sync(full=True)
        yield made


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/older.db"
    else:
        with postgresql_database(f"cm_older_{os.getpid()}") as made:
            yield made


@cache
def fresh(dialect: str) -> frozenset[tuple[Any, ...]]:
    """What a new mirror of this program looks like."""
    if dialect == "postgresql":
        with postgresql_database(f"cm_fresh_{os.getpid()}") as url:
            return _new(url)
    file = Path(os.environ.get("TMPDIR", "/tmp")) / f"fresh-{os.getpid()}.db"
    try:
        return _new(f"sqlite:///{file}")
    finally:
        for each in file.parent.glob(f"{file.name}*"):
            each.unlink()


def _new(url: str) -> frozenset[tuple[Any, ...]]:
    older.made(url, NEWEST)
    return frozenset(looked_at(url))


def looked_at(url: str) -> set[tuple[Any, ...]]:
    engine = create_engine(url)
    with engine.begin() as connection:
        found = described(connection)
    engine.dispose()
    return found


def names(url: str) -> set[str]:
    engine = create_engine(url)
    found = set(inspect(engine).get_table_names()) - {"alembic_version"}
    engine.dispose()
    return found


def copied(source: Engine, url: str) -> dict[str, list[Any]]:
    """The history into the tables that there are; what each holds then."""
    engine, held = create_engine(url), {}
    there = set(inspect(engine).get_table_names())
    with source.begin() as old, engine.begin() as new:
        for table in metadata.sorted_tables:
            if table.name not in there:
                continue
            kept = [column for column in table.columns if column.name in _columns(new, table.name)]
            rows = [dict(row._mapping) for row in old.execute(select(*kept))]
            if rows:
                new.execute(table.insert(), rows)
            held[table.name] = sorted(map(repr, (tuple(row.values()) for row in rows)))
    engine.dispose()
    return held


def _columns(connection: Connection, table: str) -> set[str]:
    return {each["name"] for each in inspect(connection).get_columns(table)}


def held_now(url: str, before: dict[str, list[Any]]) -> dict[str, list[Any]]:
    engine = create_engine(url)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            moving._set_numbers(connection)
        tables = {name: metadata.tables[name] for name in before}
        found = {
            name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            for name, table in tables.items()
        }
    engine.dispose()
    return found


@pytest.mark.parametrize("step", STEPS[:-1])
def test_an_older_mirror_with_history_comes_out_as_a_new_one(lived: World, empty: str, step: str) -> None:
    older.made(empty, step)
    held = copied(lived.mirror.engine, empty)
    assert held["entry"]
    assert held["suppression"]
    later = _pointed(lived.settings, empty)
    mirror = Mirror.open(empty, wiring.keys_of(later), lived.clock, lived.tools.chance)
    assert looked_at(empty) == fresh(empty.partition(":")[0].partition("+")[0])
    assert held_now(empty, held) == held
    assert _verified(later)
    withdraw(wiring.desk_of(later, mirror, None, lived.tools), ANNA, No())
    mirror.close()
    assert _verified(later)


@pytest.mark.parametrize("step", [each for each in STEPS if each in older.ADDED])
def test_a_step_makes_the_tables_that_undoing_it_takes_away(step: str, tmp_path: Path) -> None:
    before, after = f"sqlite:///{tmp_path}/before.db", f"sqlite:///{tmp_path}/after.db"
    older.made(before, STEPS[STEPS.index(step) - 1])
    older.made(after, step)
    assert names(after) - names(before) == set(older.ADDED[step])
    older.take_back(after, STEPS[STEPS.index(step) - 1])
    assert looked_at(after) == looked_at(before)


def test_every_step_can_be_undone() -> None:
    """A step that changes what was there needs an undoing of its own in tests/older.py."""
    assert set(older.ADDED) == set(STEPS[1:])


def test_a_migration_leaves_the_version_that_it_says(lived: World, empty: str) -> None:
    older.made(empty, STEPS[0])
    copied(lived.mirror.engine, empty)
    Mirror.open(empty, wiring.keys_of(lived.settings), lived.clock, lived.tools.chance).close()
    engine = create_engine(empty)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == NEWEST
    engine.dispose()
