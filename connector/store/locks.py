"""One daemon per mirror, one lock per portal and job (design 4.11).

SQLite: `flock` on files beside the database. PostgreSQL: session advisory locks on a connection of their own.
The kernel, or the server, gives both back when a process dies, however it dies.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from connector.clock import process_id
from connector.errors import ConfigurationError, ConnectorError, Refused, Temporary
from connector.store.engine import parse, sqlite_path, translated

#: A machine that lost power answers no more; its locks are free after about 25 s (reliability 2.3).
_KEEPALIVE: Final = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


@contextmanager
def daemon_lock(url: str) -> Iterator[None]:
    """Held while a daemon runs on a mirror. Raises Refused naming the holder's pid."""

    def taken(holder: str) -> ConnectorError:
        return Refused(
            f"A daemon runs on this mirror already ({holder}).",
            next_step="Stop that one first; one is enough for all portals.",
        )

    with held(url, "daemon", taken):
        yield


@contextmanager
def worker_lock(url: str) -> Iterator[None]:
    """Held by each worker of a fleet; a daemon on the same mirror is refused, and refuses them. PostgreSQL
    only. Raises Refused."""

    def taken(holder: str) -> ConnectorError:
        return Refused(
            f"A daemon runs on this mirror ({holder}).",
            next_step="Stop the daemon: workers do its work.",
        )

    with held(url, "daemon", taken, shared=True):
        yield


@contextmanager
def job_lock(url: str, portal: int, job: str) -> Iterator[None]:
    """Held while a job works on a portal. Raises Temporary naming the holder's pid.

    Acts (`withdraw`, `check`, `erase`, the pages) take none and work beside it.
    """

    def taken(holder: str) -> ConnectorError:
        return Temporary(
            f"{job} works on this portal already ({holder}).",
            where=f"portal {portal}",
            next_step="Nothing to do: wait until it has ended, or run this again later.",
        )

    with held(url, f"{portal}.{job}", taken):
        yield


@contextmanager
def held(
    url: str, name: str, taken: Callable[[str], ConnectorError], *, shared: bool = False
) -> Iterator[None]:
    """Held by this name for as long as the process lives and the block lasts; else raises what `taken`
    makes of the holder's name."""
    parsed = parse(url)
    path = sqlite_path(parsed)
    if path is not None:
        with _file_lock(_lock_path(path, name), taken):
            yield
        return
    engine = create_engine(parsed, poolclass=NullPool, connect_args=_KEEPALIVE, hide_parameters=True)
    with translated(str(parsed.database)):
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with translated(str(parsed.database)):
            _advisory_lock(connection, name, taken, shared=shared)
        yield
    finally:
        connection.close()  # the session ends, and its lock with it


def _lock_path(database: Path, name: str) -> Path:
    return Path(f"{database}.lock" if name == "daemon" else f"{database}.{name}.lock")


@contextmanager
def _file_lock(path: Path, taken: Callable[[str], ConnectorError]) -> Iterator[None]:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"The lock file cannot be made: {error.strerror}.",
            where=str(path),
            next_step="Let us write to the folder of the database.",
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise taken(_holder(os.pread(handle, 32, 0))) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, b"%d\n" % process_id(), 0)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)  # the file stays: removing it would let two processes hold two locks


def _holder(data: bytes) -> str:
    text = data.decode("ascii", "replace").strip()
    return f"process {text}" if text.isdigit() else "another process"


def _advisory_lock(
    connection: Connection, name: str, taken: Callable[[str], ConnectorError], *, shared: bool
) -> None:
    key = lock_number(name)
    run: Any = connection.exec_driver_sql
    if not run("SHOW application_name").scalar_one():  # a fleet's worker has named its sessions
        run("SELECT set_config('application_name', %s, false)", (f"consent-mirror {process_id()}",))
    ask = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
    if not run(f"SELECT {ask}(%s)", (key,)).scalar_one():
        raise taken(_advisory_holder(connection, key))


_HOLDER: Final = """
SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.classid = %s AND l.objid = %s AND l.objsubid = 1
"""


def _advisory_holder(connection: Connection, key: int) -> str:
    row = connection.exec_driver_sql(_HOLDER, (key >> 32, key & 0xFFFFFFFF)).first()
    return _holder(str(row[0]).removeprefix("consent-mirror ").encode() if row else b"")


def lock_number(name: str) -> int:
    """A positive 63-bit number; advisory locks belong to the database they are taken in."""
    return int.from_bytes(sha256(b"consent-mirror/lock/" + name.encode()).digest()[:8], "big") >> 1
