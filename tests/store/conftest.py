"""Real databases: a SQLite file and a PostgreSQL database for each test, copied from one made once."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from connector.clock import SeededChance, SystemChance
from connector.proof import keys
from connector.store.mirror import Mirror
from connector.store.tables import metadata

SERVER = os.environ.get("CONSENT_MIRROR_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1/postgres")
KEYS = keys.generate(SeededChance("store"))
PORTAL = 62515
NOW = 1_795_000_000_000
DATABASES = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgresql),
]


class HandClock:
    """A clock that is set by hand; sleeping sets it."""

    def __init__(self, at: int = NOW) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.at / 1000

    def sleep(self, seconds, wake=None) -> bool:
        self.at += -int(-seconds * 1000 // 1)
        return False


@contextmanager
def _server() -> Iterator[Engine]:
    engine = create_engine(SERVER, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    try:
        yield engine
    finally:
        engine.dispose()


def _run(statement: str) -> None:
    with _server() as engine, engine.connect() as connection:
        connection.execute(text(statement))


def _of(name: str) -> list[str]:
    """The database, and what a restore kept of it."""
    asked = text("SELECT datname FROM pg_database WHERE datname = :name OR starts_with(datname, :kept)")
    with _server() as engine, engine.connect() as connection:
        found = connection.execute(asked, {"name": name, "kept": f"{name}_replaced"})
        return [str(row.datname) for row in found]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("template") / "mirror.db"
    mirror = Mirror.create(f"sqlite:///{path}", KEYS, HandClock(), SeededChance(0))
    mirror.truncate_wal()
    mirror.close()
    return path


@contextmanager
def postgresql_database(name: str) -> Iterator[str]:
    """A throw-away database, empty; none of a run that was killed or goes on beside it is in its way."""
    name = f"{name}_{SystemChance().bytes(4).hex()}"
    try:
        _run(f"CREATE DATABASE {name}")
    except OperationalError as error:
        pytest.skip(f"no PostgreSQL server answers at {make_url(SERVER).host}: {type(error.orig).__name__}")
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        for each in _of(name):
            _run(f"DROP DATABASE {each} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """One database for all tests of this process; each finds it empty."""
    with postgresql_database(f"cm_test_{os.getpid()}") as made:
        Mirror.create(made, KEYS, HandClock(), SeededChance(0)).close()
        yield made


def emptied(url: str) -> None:
    """Every row of every portal goes, and numbers begin with 1 again; whose keys the database has stays."""
    with raw(url) as connection:
        for table in metadata.sorted_tables:
            if table.name != "meta":  # it says whose keys the database has
                connection.exec_driver_sql(f"DELETE FROM {table.name}")
        connection.exec_driver_sql("DELETE FROM meta WHERE portal <> 0")
        connection.exec_driver_sql("SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'")


@pytest.fixture(params=DATABASES)
def url(request, tmp_path) -> Iterator[str]:
    """A mirror's database of its own, empty."""
    if request.param == "sqlite":
        path = tmp_path / "mirror.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        made = request.getfixturevalue("postgresql_url")
        yield made
        emptied(made)


@pytest.fixture
def sqlite_url(sqlite_template, tmp_path) -> str:
    path = tmp_path / "mirror.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def mirror(url, clock) -> Iterator[Mirror]:
    opened = Mirror.open(url, KEYS, clock, SeededChance("chance"))
    yield opened
    opened.close()


@pytest.fixture
def work(mirror):
    """A unit of work that is committed at the end of the test."""
    with mirror.write(PORTAL) as opened:
        yield opened


@contextmanager
def raw(url: str):
    """A connection that knows nothing of our rules, with the append-only triggers off: an insider."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET session_replication_role = replica"))
            else:
                for name in (
                    "entry_no_update",
                    "entry_no_delete",
                    "checkpoint_no_update",
                    "checkpoint_no_delete",
                ):
                    connection.execute(text(f"DROP TRIGGER {name}"))
            yield connection
    finally:
        engine.dispose()
