"""`migrate-database`: the mirror moves from SQLite to PostgreSQL, and nobody goes on with the old one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from connector.sandbox import Options, Sandbox
from connector.sandbox.server import Running
from tests.jobs.test_daemon import Place
from tests.store.conftest import postgresql_database

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(300)]
NO = "no.such@person.example"


@pytest.fixture
def sandbox() -> Iterator[Running]:
    with Sandbox(people=40, seed=5, options=Options(limits=False)).start() as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, sandbox: Running) -> Iterator[Place]:
    """A mirror with people, a log, and a no that only this machine knows."""
    here = Place(tmp_path, sandbox)
    assert here.run("init")[0] == 0
    assert here.run("backfill")[0] == 0
    assert here.run("withdraw", NO)[0] == 0
    yield here
    for process in here.running:
        process.kill()
        process.wait()


@pytest.fixture
def target() -> Iterator[str]:
    with postgresql_database(f"cm_move_{os.getpid()}") as url:
        yield url


def pointed(place: Place, database: str) -> None:
    config = place.folder / "config.toml"
    old = f"sqlite:///{place.folder}/mirror.db"
    config.write_text(config.read_text("utf-8").replace(old, database), "utf-8")


def test_everything_comes_along_and_goes_on(place: Place, target: str) -> None:
    _, before = place.run("log", "verify", "--payloads")
    state = place.run("person", "show", NO)
    code, moved = place.run("migrate-database", "--to", target)
    assert code == 0
    assert moved["verified"]
    pointed(place, target)
    _, after = place.run("log", "verify", "--payloads")
    assert after["ok"]
    assert after["entries"] >= before["entries"]
    assert moved["entries"] >= before["entries"]
    assert place.run("person", "show", NO)[1]["purposes"] == state[1]["purposes"]
    assert place.run("withdraw", NO, "--source", "phone")[0] == 0
    code, turned = place.run("sync", "--full")
    assert code in {0, 4}, turned
    assert place.run("log", "verify", "--payloads")[1]["ok"]


def test_the_old_file_is_refused_by_whoever_opens_it(place: Place, target: str) -> None:
    assert place.run("migrate-database", "--to", target)[0] == 0
    for words in (["check", NO, "--purpose", "newsletter"], ["withdraw", NO], ["sync"], ["status"]):
        code, said = place.run(*words)
        assert code == 2, words
        assert "was moved to" in said["error"]["problem"]
    assert place.run("migrate-database", "--undo")[0] == 0
    assert place.run("status")[0] == 0


def test_a_move_beside_a_daemon_is_refused(place: Place, target: str) -> None:
    daemon = len(place.running)
    place.start("daemon")
    place.until(daemon, "daemon_started")
    assert place.run("migrate-database", "--to", target)[0] == 3
    assert place.run("status")[0] == 0, "nothing was marked"


def test_a_target_that_holds_a_mirror_is_not_written_over(place: Place, target: str) -> None:
    assert place.run("migrate-database", "--to", target)[0] == 0
    code, said = place.run("migrate-database", "--to", target)
    assert code == 3
    assert "holds a mirror already" in said["error"]["problem"]


def test_a_killed_move_is_finished_by_the_same_command(place: Place, target: str) -> None:
    number = len(place.running)
    process = place.start("migrate-database", "--to", target)
    log = place.folder / f"log{number}.jsonl"
    while process.poll() is None and "entry" not in log.read_text("utf-8"):
        pass
    process.kill()
    process.wait()
    engine = create_engine(target)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM entry")).scalar_one() == 0, "nothing by halves"
    engine.dispose()
    assert place.run("status")[0] == 2, "nobody goes on with the old one meanwhile"
    code, moved = place.run("migrate-database", "--to", target)
    assert (code, moved["verified"]) == (0, True)


def test_the_journal_follows_the_name(place: Place, target: str) -> None:
    assert place.run("migrate-database", "--to", target)[0] == 0
    name = target.rsplit("/", 1)[1].partition("?")[0]
    old, new = place.folder / "mirror.db.journal", place.folder / f"{name}.db.journal"
    assert new.read_text("ascii") == old.read_text("ascii")
    assert new.stat().st_mode & 0o077 == 0
