"""Opening, transactions and what goes wrong."""

import shutil
import sqlite3
import threading

import pytest
from sqlalchemy import create_engine

from connector.clock import SeededChance
from connector.consent.events import Event, EventType
from connector.errors import ConfigurationError, ConnectorError, DatabaseUnavailable
from connector.proof import keys
from connector.store import engine as engines
from connector.store import schema
from connector.store.mirror import Mirror

from .conftest import KEYS, PORTAL, HandClock, raw

DRIFT = (None, Event(type=EventType.DRIFT))


def opened(url, with_keys=KEYS):
    return Mirror.open(url, with_keys, HandClock(), SeededChance(5))


def size(mirror):
    with mirror.read(PORTAL) as work:
        return work.log.size()


def test_a_clean_exit_commits_and_an_exception_undoes(mirror):
    with mirror.write(PORTAL) as work:
        work.log.append([DRIFT])
    with pytest.raises(ZeroDivisionError), mirror.write(PORTAL) as work:
        work.people.create([[]])
        work.log.append([DRIFT])
        raise ZeroDivisionError
    assert size(mirror) == 1
    with mirror.read(PORTAL) as work:
        assert work.people.count() == 0


def test_a_write_while_reading_is_an_error(mirror):
    with (
        pytest.raises(Exception, match=r"readonly|read-only|cannot be read or written"),
        mirror.read(PORTAL) as work,
    ):
        work.meta.put("a", 1)


def test_a_reader_sees_one_moment_and_stops_no_writer(mirror):
    with mirror.read(PORTAL) as reading:
        assert reading.log.size() == 0
        with mirror.write(PORTAL) as work:
            work.log.append([DRIFT])
        assert reading.log.size() == 0
    assert size(mirror) == 1


def test_creating_again_keeps_everything(mirror, url):
    with mirror.write(PORTAL) as work:
        work.log.append([DRIFT])
    again = Mirror.create(url, KEYS, HandClock(), SeededChance(6))
    assert size(again) == 1
    again.close()


def test_the_keys_of_another_database_are_refused(mirror, url):
    other = keys.generate(SeededChance("other"))
    for wrong in (
        other,
        keys.Keys(KEYS.master, other.suppression, KEYS.links, KEYS.signing),
        keys.Keys(other.master, KEYS.suppression, KEYS.links, KEYS.signing),
    ):
        with pytest.raises(ConfigurationError, match="another database"):
            opened(url, wrong)


def test_a_schema_newer_than_the_program_is_refused_and_left_alone(mirror, url):
    with raw(url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    try:
        for way in (Mirror.open, Mirror.create):
            with pytest.raises(ConfigurationError, match="newer"):
                way(url, KEYS, HandClock(), SeededChance(5))
    finally:
        with create_engine(url).begin() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema.NEWEST}'")


def test_where_no_mirror_is_the_next_step_is_init(tmp_path):
    with pytest.raises(ConfigurationError, match="no mirror") as caught:
        opened(f"sqlite:///{tmp_path}/none.db")
    assert "init" in caught.value.next_step
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "empty.db").touch()
    with pytest.raises(ConfigurationError, match="no mirror"):
        opened(f"sqlite:///{tmp_path}/empty.db")


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///:memory:", "mysql://host/db", "nonsense", "", "postgresql+psycopg2://host/db"],
)
def test_what_is_no_database_of_ours_is_refused(url):
    with pytest.raises(ConfigurationError, match="no database that"):
        opened(url)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be made") as caught:
        Mirror.create(f"sqlite:///{tmp_path}/none/mirror.db", KEYS, HandClock(), SeededChance(5))
    assert "none/mirror.db" in caught.value.where


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "mirror.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(ConfigurationError, match="damaged"):
        opened(f"sqlite:///{tmp_path}/mirror.db")


def test_only_its_owner_may_read_the_database(tmp_path):
    made = Mirror.create(f"sqlite:///{tmp_path}/mirror.db", KEYS, HandClock(), SeededChance(5))
    with made.write(PORTAL) as work:
        work.log.append([DRIFT])
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    made.close()


def test_a_locked_database_is_told_as_such(sqlite_url, tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "_PRAGMAS", (*engines._PRAGMAS, "busy_timeout=50"))
    mirror = opened(sqlite_url)
    other = sqlite3.connect(tmp_path / "mirror.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable, match="holds") as caught, mirror.write(PORTAL):
        pytest.fail("two writers")
    assert caught.value.exit_code == 75
    assert size(mirror) == 0, "reading goes on"
    other.execute("ROLLBACK")
    other.close()
    mirror.close()


def test_a_full_disk_undoes_the_change_and_says_so(sqlite_url):
    mirror = opened(sqlite_url)
    with pytest.raises(DatabaseUnavailable, match="full"), mirror.write(PORTAL) as work:
        connection = work.log._connection
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")
        work.log.append([DRIFT] * 1_000)
    mirror.close()
    again = opened(sqlite_url)
    with again.write(PORTAL) as work:
        work.log.append([DRIFT])
    assert size(again) == 1
    again.close()


@pytest.mark.postgresql
def test_a_server_that_does_not_answer_is_temporary():
    with pytest.raises(ConnectorError) as caught:
        opened("postgresql+psycopg://postgres@127.0.0.1:1/none?connect_timeout=2")
    assert caught.value.exit_code == 75


@pytest.mark.postgresql
def test_a_database_that_does_not_exist_is_a_mistake_in_the_configuration(postgresql_url):
    url = postgresql_url.rsplit("/", 1)[0] + "/cm_no_such_database"
    with pytest.raises(ConfigurationError, match="no such database"):
        opened(url)


def test_errors_say_nothing_of_users_passwords_and_values(tmp_path):
    with pytest.raises(ConnectorError) as caught:
        opened("postgresql+psycopg://secretuser:secretword@127.0.0.1:1/none?connect_timeout=2")
    said = f"{caught.value} {caught.value.where} {caught.value.next_step}"
    assert "secret" not in said


def test_threads_share_a_mirror(mirror):
    def add():
        for _ in range(10):
            with mirror.write(PORTAL) as work:
                work.meta.put("count", (work.meta.get("count") or 0) + 1)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with mirror.read(PORTAL) as work:
        assert work.meta.get("count") == 40


def test_a_copied_database_opens_with_its_keys(sqlite_url, tmp_path):
    mirror = opened(sqlite_url)
    with mirror.write(PORTAL) as work:
        work.log.append([DRIFT])
    assert mirror.truncate_wal()
    shutil.copyfile(tmp_path / "mirror.db", tmp_path / "copy.db")
    mirror.close()
    copy = opened(f"sqlite:///{tmp_path}/copy.db")
    assert size(copy) == 1
    copy.close()
