"""Copies of the whole database: one made while others write, and one put in the place of what is there.

SQLite: VACUUM INTO makes a snapshot without free pages, so that nothing erased comes along. PostgreSQL: its
own pg_dump and pg_restore, into a database beside that takes the name of the old one at the end.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import URL, create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from connector.errors import ConfigurationError, ConnectorError, DatabaseUnavailable
from connector.store.engine import Database, make_file, parse, sqlite_path, translated
from connector.store.journal import sync_folder
from connector.store.tables import head

_COMPANIONS: Final = ("-wal", "-shm", "-journal")
_BESIDE: Final = "_restoring"


def back_up(url: str, file: Path) -> None:
    """A copy at `file`, mode 0600, whole or not there. Raises ConfigurationError where the file exists."""
    if file.exists():
        raise ConfigurationError(
            "This file exists; a backup never overwrites.", where=str(file), next_step="Name a new file."
        )
    parsed = parse(url)
    source = sqlite_path(parsed)
    made = file.with_name(f"{file.name}.part")
    made.unlink(missing_ok=True)
    make_file(made)
    try:
        if source is not None:
            _vacuum(source, made)
            check_file(made)
        else:
            _run("pg_dump", parsed, ["--format=custom", f"--file={made}"])
        _sync(made)
        made.rename(file)
        sync_folder(file.parent)
    finally:
        made.unlink(missing_ok=True)


def _vacuum(source: Path, made: Path) -> None:
    with translated(str(source)), closing(_connected(source)) as connection:
        connection.execute("VACUUM INTO ?", (str(made),))


def _connected(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise ConfigurationError(
            "There is no mirror here yet.", where=str(path), next_step="Run `consent-mirror init`."
        )
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA busy_timeout=5000")
    return connection


def check_file(path: Path) -> None:
    """SQLite's own check. Raises ConfigurationError for a damaged file, or one that is no database."""
    with translated(str(path)):
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            found = connection.execute("PRAGMA quick_check").fetchone()
    if found != ("ok",):
        raise _damaged(path)


def _damaged(path: Path) -> ConfigurationError:
    return ConfigurationError("This copy is damaged.", where=str(path), next_step="Use another backup.")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def heads(url: str) -> dict[int, int]:
    """Entries of each portal's log; empty where the database is missing or cannot be read."""
    parsed = parse(url)
    path = sqlite_path(parsed)
    if path is not None and not path.exists():
        return {}
    database = Database(parsed)
    try:
        with database.begin(database.reader) as connection:
            return {row.portal: row.size for row in connection.execute(select(head.c.portal, head.c.size))}
    except (ConnectorError, DBAPIError, sqlite3.Error):
        return {}  # damaged or gone: the journal still tells how far the log had come
    finally:
        database.close()


@contextmanager
def staged(url: str, file: Path) -> Iterator[str]:
    """The content of a backup in a database beside the mirror's: its URL. It is gone after the block,
    unless `install` gave it the mirror's name."""
    if not file.exists():
        raise ConfigurationError("There is no such file.", where=str(file), next_step="Name a backup file.")
    parsed = parse(url)
    target = sqlite_path(parsed)
    if target is None:
        with _staged_postgresql(parsed, file) as beside:
            yield beside.render_as_string(hide_password=False)
        return
    made = target.with_name(f"{target.name}.restoring")
    _remove(made)
    try:
        check_file(file)
        make_file(made)
        shutil.copyfile(file, made)
        _sync(made)
        yield f"sqlite:///{made}"
    finally:
        _remove(made)


def _remove(path: Path) -> None:
    for tail in ("", *_COMPANIONS):
        Path(f"{path}{tail}").unlink(missing_ok=True)


def install(url: str, beside: str) -> str | None:
    """Give the staged database the mirror's name; where the former one is kept, None where there was none."""
    parsed, other = parse(url), parse(beside)
    target, made = sqlite_path(parsed), sqlite_path(other)
    if target is None or made is None:
        return _swap_postgresql(parsed, other)
    kept = _keep(target) if target.exists() else None
    _sync(made)
    made.replace(target)
    sync_folder(target.parent)
    return None if kept is None else str(kept)


def _keep(target: Path) -> Path:
    """The former file under another name; its write-ahead log must not meet the new one."""
    _settle(target)
    kept = next(
        name
        for number in range(1, 10_000)
        if not (name := target.with_name(f"{target.name}.replaced{number}")).exists()
    )
    os.link(target, kept)
    for tail in _COMPANIONS:
        companion = Path(f"{target}{tail}")
        if companion.exists():
            companion.rename(f"{kept}{tail}")
    return kept


def _settle(target: Path) -> None:
    """Move the write-ahead log into the file. Raises DatabaseUnavailable while somebody uses it."""
    try:
        with closing(_connected(target)) as connection:
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.Error:
        return  # damaged: the log goes along with it under its new name
    if busy:
        raise DatabaseUnavailable(
            "Another process uses the mirror.",
            where=str(target),
            next_step="Stop the daemon and all commands, then run this again.",
        )


# --- PostgreSQL --------------------------------------------------------------------------------------------


@contextmanager
def _staged_postgresql(parsed: URL, file: Path) -> Iterator[URL]:
    beside = parsed.set(database=f"{parsed.database}{_BESIDE}")
    _admin(parsed, f'DROP DATABASE IF EXISTS "{beside.database}"', f'CREATE DATABASE "{beside.database}"')
    try:
        _run("pg_restore", beside, ["--no-owner", "--no-acl", "--exit-on-error"], [str(file)])
        yield beside
    finally:
        _admin(parsed, f'DROP DATABASE IF EXISTS "{beside.database}" WITH (FORCE)')


def _swap_postgresql(parsed: URL, beside: URL) -> str:
    names = _admin(parsed, "SELECT datname FROM pg_database")
    kept = next(
        name for number in range(1, 10_000) if (name := f"{parsed.database}_replaced{number}") not in names
    )
    _admin(
        parsed,
        _SESSIONS.format(name=str(parsed.database).replace("'", "''")),
        f'ALTER DATABASE "{parsed.database}" RENAME TO "{kept}"',
        f'ALTER DATABASE "{beside.database}" RENAME TO "{parsed.database}"',
    )
    return kept


_SESSIONS: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"


def _admin(parsed: URL, *statements: str) -> set[str]:
    """Statements outside of the mirror's database; the first column of what the last one answered.

    Raises ConfigurationError where we may not.
    """
    answers: set[str] = set()
    engine = create_engine(
        parsed.set(database="postgres"),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        hide_parameters=True,
    )
    try:
        with translated(str(parsed.database)), engine.connect() as connection:
            for statement in statements:
                found = connection.execute(text(statement))
                answers = {str(row[0]) for row in found} if found.returns_rows else set()
    except DBAPIError as error:
        raise ConfigurationError(
            f"PostgreSQL does not let us make or rename a database ({type(error.orig).__name__}).",
            where=str(parsed.database),
            next_step="Give the mirror's user CREATEDB and ownership of its database, then run this again.",
        ) from None
    finally:
        engine.dispose()
    return answers


def _run(program: str, parsed: URL, options: list[str], files: list[str] | None = None) -> None:
    """One of PostgreSQL's own programs; the password goes by the environment. Raises ConfigurationError."""
    found = shutil.which(program)
    if found is None:
        raise ConfigurationError(
            f"{program} is not installed.",
            where="PostgreSQL",
            next_step="Install PostgreSQL's client programs of the server's version.",
        )
    command = [found, *options, f"--dbname={parsed.database}", *_where(parsed), *(files or [])]
    environment = {**os.environ, **_secret(parsed)}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603 - no shell
    if done.returncode:
        raise ConfigurationError(
            f"{program} ended with {done.returncode}.",
            where=str(parsed.database),
            next_step=f"Run {program} by hand to see why; compare its version with the server's.",
        )


def _where(parsed: URL) -> list[str]:
    told = {"host": parsed.host, "port": parsed.port, "username": parsed.username}
    return [f"--{name}={value}" for name, value in told.items() if value is not None]


def _secret(parsed: URL) -> Mapping[str, str]:
    return {"PGPASSWORD": parsed.password} if parsed.password else {}
