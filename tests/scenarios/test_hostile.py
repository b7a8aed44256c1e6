"""Configuration, key file and database as an accident or an enemy leaves them: a clear error, nothing lost.

Each damage is done to a mirror that holds a no (design 6). The command then says in one or two lines what is
wrong, where, and what to do, with the exit code of the contract; no address, no token, no traceback. Once the
damage is mended the no is still there and the log verifies.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector.clock import SeededChance
from connector.proof.keys import generate, save
from connector.store import engine
from tests.scenarios.conftest import Make
from tests.world import ANNA, BO, NEWSLETTER, SUBSCRIBED, TOKEN, Ran, World

pytestmark = pytest.mark.sqlite

Damage = Callable[[World], object]
ROOT = os.geteuid() == 0
SECRET = "pat-eu1-kanarie-0000"


@pytest.fixture
def w(make: Make) -> World:
    """Anna said no, Bo is known; the mirror is closed as between two commands."""
    made = make(contacts=(ANNA, BO))
    made.begin()
    made.withdraw(ANNA)
    made.sandbox.app.set_status(BO, NEWSLETTER, SUBSCRIBED)
    made.mirror.close()
    made.__dict__.pop("mirror")
    made.__dict__.pop("desk")
    return made


@pytest.fixture
def kept(w: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the folder; what is put back afterwards has to work again."""
    copy = tmp_path_factory.mktemp("kept") / "folder"
    shutil.copytree(w.folder, copy)
    yield copy
    for path in w.folder.iterdir():
        path.chmod(0o700) if path.is_dir() and not path.is_symlink() else None
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    shutil.copytree(copy, w.folder, dirs_exist_ok=True)
    whole(w)


def whole(w: World) -> None:
    """The no stands and every entry verifies."""
    verified = w.cli("log", "verify", "--payloads", "--json")
    assert (verified.code, verified.json["ok"]) == (0, True), verified.out + verified.err
    assert w.cli("check", ANNA, "--purpose", "newsletter", "--json").code == 3


def refused(w: World, ran: Ran, code: int, *words: str) -> None:
    """What, where and the next step in at most two lines; nothing secret, no traceback."""
    assert ran.code == code, ran.out + ran.err
    error = ran.json["error"]
    told = f"{error['problem']} {error['where']} {error['next_step']}"
    assert error["problem"]
    assert error["where"]
    assert error["next_step"]
    assert "report_id" not in error
    assert "\n" not in error["problem"].strip()
    for word in words:
        assert word in told, told
    for secret in (ANNA, BO, w.server.token, SECRET, "Traceback", 'File "'):
        assert secret not in ran.out + ran.err, ran.err


# --- config.toml -----------------------------------------------------------------------------------------


def text(w: World, change: Callable[[str], str]) -> None:
    w.config.write_text(change(w.config.read_text("utf-8")), "utf-8")


def instead(w: World) -> Path:
    w.config.unlink()
    return w.config


def loop(w: World) -> None:
    instead(w).symlink_to(w.config)


CONFIGURATIONS: dict[str, tuple[Damage, tuple[str, ...]]] = {
    "not UTF-8": (lambda w: w.config.write_bytes(w.config.read_bytes() + b"\n# caf\xe9\n"), ("UTF-8",)),
    "UTF-16": (lambda w: w.config.write_text(w.config.read_text("utf-8"), "utf-16"), ("UTF-8",)),
    "NUL bytes": (lambda w: w.config.write_bytes(b"\0" * 4096), ("TOML",)),
    "huge": (lambda w: w.config.write_bytes(b"# nothing\n" * 400_000), ("large",)),
    "empty": (lambda w: w.config.write_bytes(b""), ("controller", "portals")),
    "folder": (lambda w: instead(w).mkdir(), ("file",)),
    "link to itself": (loop, ("read",)),
    "link to nothing": (lambda w: instead(w).symlink_to("/nowhere/config.toml"), ("init",)),
    "FIFO": (lambda w: os.mkfifo(instead(w)), ("file",)),
    "device": (lambda w: instead(w).symlink_to("/dev/zero"), ("file",)),
    "key twice": (lambda w: text(w, lambda t: t.replace("[mirror]", "[mirror]\nkeys = 'a'\n")), ("TOML",)),
    "table as number": (
        lambda w: text(w, lambda t: t.replace("[controller]", "schedule = 7\n[controller]")),
        ("schedule",),
    ),
    "deep nesting": (lambda w: text(w, lambda t: t + "\nx = " + "[" * 5_000 + "]" * 5_000), ("TOML",)),
    "number for text": (
        lambda w: text(w, lambda t: t.replace('name = "Exempel AB"', "name = 7")),
        ("controller.name",),
    ),
    "list for table": (
        lambda w: text(w, lambda t: t.replace("[controller]", "[[controller]]")),
        ("controller",),
    ),
    "token inline": (
        lambda w: text(w, lambda t: t.replace("token_env", f'token = "{SECRET}"\ntoken_env')),
        ("token",),
    ),
    "token as variable name": (lambda w: text(w, lambda t: t.replace(TOKEN, SECRET)), ("token_env",)),
    "password in the URL": (
        lambda w: text(w, lambda t: t.replace("sqlite:///", f"postgresql+psycopg://a:{SECRET}@127.0.0.1:9/")),
        ("database",),
    ),
    "unknown database": (lambda w: text(w, lambda t: t.replace("sqlite:///", "mysql://h/")), ("database",)),
    "database without a name": (
        lambda w: text(w, lambda t: t.replace(f"sqlite:///{w.folder}/mirror.db", "sqlite://")),
        ("database",),
    ),
    "huge number": (
        lambda w: text(w, lambda t: t.replace("subscription_id = 101", "subscription_id = " + "9" * 400)),
        ("subscription_id",),
    ),
    "control characters": (
        lambda w: text(w, lambda t: t.replace("Exempel AB", "a\\u0000b\\u001b[2J")),
        ("controller.name",),
    ),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_hostile_configuration_is_2_and_loses_nothing(w: World, kept: Path, name: str) -> None:
    damage, words = CONFIGURATIONS[name]
    damage(w)
    for command in (("status",), ("withdraw", BO)):
        refused(w, w.cli(*command, "--json"), 2, *words)


@pytest.mark.skipif(ROOT, reason="root reads everything")
def test_a_configuration_that_may_not_be_read_is_2(w: World, kept: Path) -> None:
    w.config.chmod(0)
    refused(w, w.cli("status", "--json"), 2, "read")


def test_a_secret_file_that_others_may_read_is_2(w: World, kept: Path) -> None:
    secret = w.folder / "token"
    secret.write_text(SECRET)
    secret.chmod(0o644)
    text(w, lambda t: t.replace(f'token_env = "{TOKEN}"', f'token_file = "{secret}"'))
    refused(w, w.cli("sync", "--json"), 2, "chmod 600")


# --- the key file ----------------------------------------------------------------------------------------


def keys(w: World) -> Path:
    return w.folder / "mirror.keys"


def lines(w: World, change: Callable[[list[str]], list[str]]) -> None:
    path = keys(w)
    path.write_text("\n".join(change(path.read_text("ascii").splitlines())) + "\n", "ascii")


def folder_for_keys(w: World) -> None:
    keys(w).unlink()
    keys(w).mkdir()


def fifo_for_keys(w: World) -> None:
    keys(w).unlink()
    os.mkfifo(keys(w), 0o600)


def device_for_keys(w: World) -> None:
    keys(w).unlink()
    keys(w).symlink_to("/dev/zero")


def another_mirrors_keys(w: World) -> None:
    keys(w).unlink()
    save(keys(w), generate(SeededChance("another")))


KEYS: dict[str, tuple[Damage, tuple[str, ...]]] = {
    "missing": (lambda w: keys(w).unlink(), ("key file",)),
    "empty": (lambda w: keys(w).write_bytes(b""), ("damaged",)),
    "cut": (lambda w: keys(w).write_bytes(keys(w).read_bytes()[:-20]), ("damaged",)),
    "first line only": (lambda w: lines(w, lambda found: found[:1]), ("damaged",)),
    "a key missing": (lambda w: lines(w, lambda found: found[:-1]), ("damaged",)),
    "binary": (lambda w: keys(w).write_bytes(bytes(range(256)) * 16), ("damaged",)),
    "NUL bytes": (lambda w: keys(w).write_bytes(b"\0" * 400), ("damaged",)),
    "huge": (lambda w: keys(w).write_bytes(b"A" * 3_000_000), ("large",)),
    "open to the group": (lambda w: keys(w).chmod(0o640), ("chmod 600",)),
    "open to all": (lambda w: keys(w).chmod(0o606), ("chmod 600",)),
    "folder": (folder_for_keys, ("key file",)),
    "FIFO": (fifo_for_keys, ("key file",)),
    "device": (device_for_keys, ("key file",)),
    "a key twice": (lambda w: lines(w, lambda found: [*found, found[1]]), ("damaged",)),
    "of another mirror": (another_mirrors_keys, ("key",)),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_hostile_key_file_is_2_and_nothing_is_touched(w: World, kept: Path, name: str) -> None:
    damage, words = KEYS[name]
    damage(w)
    before = (w.folder / "mirror.db").read_bytes()
    w.sandbox.machine.clear_requests()
    for command in (
        ("sync",),
        ("withdraw", BO),
        ("person", "show", ANNA),
        ("check", ANNA, "--purpose", "newsletter"),
    ):
        refused(w, w.cli(*command, "--json"), 2, *words)
    assert not w.sandbox.machine.requests(), "HubSpot was called with keys that are not ours"
    assert (w.folder / "mirror.db").read_bytes() == before


# --- the database ----------------------------------------------------------------------------------------


def database(w: World) -> Path:
    return w.folder / "mirror.db"


def bare(w: World) -> None:
    """The file alone, its write-ahead log written into it."""
    with sqlite3.connect(database(w)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def sql(w: World, *statements: str) -> None:
    connection = sqlite3.connect(database(w))
    for each in statements:
        connection.execute(each)
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def bytes_of(w: World, change: Callable[[bytes], bytes]) -> None:
    bare(w)
    database(w).write_bytes(change(database(w).read_bytes()))


def folder_for_database(w: World) -> None:
    for path in w.folder.glob("mirror.db*"):
        path.unlink()
    database(w).mkdir()


def page_of_the_log(w: World) -> None:
    bare(w)
    with sqlite3.connect(database(w)) as connection:
        number = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'entry'").fetchone()[0]
    connection.close()
    size = 4096
    data = bytearray(database(w).read_bytes())
    data[(number - 1) * size : number * size] = b"\xa5" * size
    database(w).write_bytes(bytes(data))


DATABASES: dict[str, tuple[Damage, tuple[str, ...]]] = {
    "no SQLite": (lambda w: bytes_of(w, lambda _: b"no database at all" * 1_000), ("damaged",)),
    "empty file": (lambda w: bytes_of(w, lambda _: b""), ("init",)),
    "header cut": (lambda w: bytes_of(w, lambda data: data[:50]), ("damaged",)),
    "half": (lambda w: bytes_of(w, lambda data: data[: len(data) // 2 // 4096 * 4096]), ("damaged",)),
    "folder": (folder_for_database, ("database",)),
    "newer schema": (lambda w: sql(w, "UPDATE alembic_version SET version_num = '9999'"), ("newer",)),
    "no version": (lambda w: sql(w, "DELETE FROM alembic_version"), ("version",)),
    "version is nonsense": (
        lambda w: sql(w, "UPDATE alembic_version SET version_num = 'x; DROP TABLE entry'"),
        ("version",),
    ),
    "table gone": (lambda w: sql(w, "PRAGMA foreign_keys=off", "DROP TABLE outbox"), ("damaged",)),
    "log gone": (lambda w: sql(w, "PRAGMA foreign_keys=off", "DROP TABLE entry"), ("damaged",)),
    "column gone": (lambda w: sql(w, "ALTER TABLE outbox RENAME COLUMN attempts TO tried"), ("damaged",)),
    "page of the log": (page_of_the_log, ("damaged",)),
    "trigger planted": (
        lambda w: sql(w, "CREATE TRIGGER quiet AFTER INSERT ON outbox BEGIN DELETE FROM outbox; END"),
        ("trigger", "quiet"),
    ),
    "view planted": (
        lambda w: sql(
            w, "ALTER TABLE outbox RENAME TO real_outbox", "CREATE VIEW outbox AS SELECT * FROM real_outbox"
        ),
        ("outbox",),
    ),
    "guard removed": (lambda w: sql(w, *_guards(w)), ("trigger",)),
}


def _guards(w: World) -> list[str]:
    connection = sqlite3.connect(database(w))
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    connection.close()
    return [f'DROP TRIGGER "{names[0]}"']


@pytest.mark.parametrize("name", DATABASES)
def test_a_hostile_database_is_2_and_nothing_is_sent(w: World, kept: Path, name: str) -> None:
    damage, words = DATABASES[name]
    damage(w)
    w.sandbox.machine.clear_requests()
    for command in (("sync",), ("withdraw", BO)):
        refused(w, w.cli(*command, "--json"), 2, *words)
    assert w.cli("check", ANNA, "--purpose", "newsletter", "--json").code in {2, 3}, "fails closed (I14)"
    assert not w.writes()


@pytest.mark.skipif(ROOT, reason="root writes everywhere")
def test_a_folder_that_may_not_be_written_is_75(w: World, kept: Path) -> None:
    """The same command works once somebody gives the folder back."""
    bare(w)
    for path in w.folder.glob("mirror.db*"):
        path.chmod(0o400)
    w.folder.chmod(0o500)
    try:
        refused(w, w.cli("withdraw", BO, "--json"), 75, "mirror")
    finally:
        w.folder.chmod(0o700)


def test_a_full_disk_is_75_and_the_change_is_undone(
    w: World, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`max_page_count` is SQLite's own word for a disk that ends: every page beyond it is SQLITE_FULL."""
    bare(w)
    with sqlite3.connect(database(w)) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.close()
    monkeypatch.setattr(engine, "_PRAGMAS", (*engine._PRAGMAS, f"max_page_count={pages}"))
    paper = w.folder / "paper.txt"
    paper.write_bytes(b"Yes, Exempel AB may mail me this. " * 3_000)
    act = (
        "record",
        BO,
        "--purpose",
        "newsletter",
        "--type",
        "grant",
        "--source",
        "paper",
        "--at",
        "2026-06-15",
    )
    refused(w, w.cli(*act, "--wording", str(paper), "--json"), 75, "disk is full")
    monkeypatch.undo()
    assert w.cli("log", "verify", "--payloads", "--json").json["ok"]
    assert w.cli("check", BO, "--purpose", "newsletter", "--json").code == 3


def test_another_portals_mirror_does_not_serve_this_one(w: World, kept: Path) -> None:
    """The portal is part of every row: what one said is nothing for the other, and nothing is sent."""
    text(w, lambda t: t.replace(f"portal_id = {w.server.portal_id}", "portal_id = 4711"))
    w.sandbox.machine.clear_requests()
    refused(w, w.cli("sync", "--json"), 2, "portal")
    assert w.cli("check", ANNA, "--purpose", "newsletter", "--json").code == 3
    assert w.cli("person", "show", ANNA, "--json").code == 3
    assert not w.writes()
