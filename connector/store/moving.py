"""From SQLite to PostgreSQL: every table as it is, so that chain, checkpoints and seals hold on.

The old file is marked before the first row is copied: whoever opens it, or has it open, is refused, so that
no no can be recorded where nobody will look. The copy is one transaction; a digest over the rows of both
sides is compared before it is committed. A move that was interrupted is begun again with the same command.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, Table, func, select, text

from connector.errors import ConfigurationError, Refused
from connector.store import bulk, schema
from connector.store.engine import Database, parse, place
from connector.store.tables import head, meta, metadata, pace, person, person_number

MOVED_TO: Final = "moved_to"
_MIRROR: Final = 0
_ROWS: Final = 5_000
#: Asked at the start of every transaction: as text it costs a sixth of what building the statement does.
_WHERE_TO: Final = "SELECT value FROM meta WHERE portal = ? AND key = ?"
#: Kept in a file beside SQLite and in a row on PostgreSQL: a limit's state is of no use elsewhere.
_LEFT: Final = frozenset({pace.name})

Tell = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Moved:
    """What was copied: rows by table, and how many entries each portal's log has."""

    rows: dict[str, int]
    entries: dict[int, int]


def move(source_url: str, target_url: str, tell: Tell) -> Moved:
    """Copy the mirror. `tell` hears each table and its rows.

    Raises ConfigurationError: no SQLite source, no PostgreSQL target; Refused: the target holds another
    mirror, or the copy differs. The caller holds the locks of daemon and jobs.
    """
    source, target = _two(source_url, target_url)
    try:
        schema.upgrade(source)
        schema.upgrade(target)
        mark(source, target.place)
        with source.begin(source.reader) as old, target.begin(target.writer) as new:
            _check_empty(old, new, target.place)
            rows = {table.name: _copied(old, new, table, tell) for table in _tables()}
            _set_numbers(new)
            entries = {row.portal: row.size for row in new.execute(select(head.c.portal, head.c.size))}
        return Moved(rows, entries)
    finally:
        source.close()
        target.close()


def _two(source_url: str, target_url: str) -> tuple[Database, Database]:
    old, new = parse(source_url), parse(target_url)
    if old.drivername != "sqlite" or new.drivername == "sqlite":
        raise ConfigurationError(
            "A mirror moves from SQLite to PostgreSQL and no other way.",
            where="--to",
            next_step="Use --to postgresql+psycopg://user@host/db, and a configuration that names SQLite.",
        )
    source = Database(old)
    if source.path is None or not source.path.exists():
        raise ConfigurationError(
            "There is no mirror here to move.", where=place(old), next_step="Run `consent-mirror init`."
        )
    return source, Database(new)


def mark(source: Database, where: str | None) -> None:
    """Say in the old file that it moved; None takes it back."""
    with source.begin(source.writer) as connection:
        if where is None:
            connection.execute(meta.delete().where(*_mine()))
        else:
            row = (_MIRROR, MOVED_TO, where)
            bulk.upsert(connection, meta, ("portal", "key", "value"), [row])


def unmark(url: str) -> None:
    """The move is given up: the old file may be used again."""
    source = Database(parse(url))
    try:
        mark(source, None)
    finally:
        source.close()


def check_here(connection: Connection, where: str) -> None:
    """On SQLite: the mirror is still in this file. Raises ConfigurationError with the place it went to."""
    if connection.dialect.name != "sqlite":
        return
    driver: Any = connection.connection.driver_connection  # past SQLAlchemy: every transaction asks this
    moved = driver.execute(_WHERE_TO, (_MIRROR, MOVED_TO)).fetchone()
    if moved is not None:
        raise ConfigurationError(
            f"This mirror was moved to {moved[0]}.",
            where=where,
            next_step="Name the new database under [mirror]; `migrate-database` again finishes a move that "
            "was interrupted, and `migrate-database --undo` gives it up.",
        )


def _mine() -> tuple[Any, Any]:
    return meta.c.portal == _MIRROR, meta.c.key == MOVED_TO


def _tables() -> list[Table]:
    return [table for table in metadata.sorted_tables if table.name not in _LEFT]


def _check_empty(old: Connection, new: Connection, where: str) -> None:
    """A target with people or entries is somebody's mirror; one that we filled before is ours again."""
    if not any(new.execute(select(table).limit(1)).first() for table in (head, person, meta)):
        return
    raise Refused(
        "The PostgreSQL database holds a mirror already.",
        where=where,
        next_step="Create an empty database; or, if this mirror was moved there, name it under [mirror].",
    )


def _copied(old: Connection, new: Connection, table: Table, tell: Tell) -> int:
    """One table, and the proof that both sides are equal whatever their order."""
    columns = tuple(column.name for column in table.columns)
    count, digest = 0, 0
    for rows in _streamed(old, table):
        bulk.insert(new, table, columns, rows)
        count, digest = count + len(rows), _added(digest, rows)
        tell(table.name, count)
    arrived = 0
    for rows in _streamed(new, table):
        arrived = _added(arrived, rows)
    if arrived != digest:
        raise Refused(
            f"The copy of the table {table.name} differs; nothing was moved.",
            where=table.name,
            next_step="Report this: nothing was committed, and `migrate-database --undo` opens the old one.",
        )
    return count


def _streamed(connection: Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    without_mark = select(table).where(table.c.key != MOVED_TO) if table is meta else select(table)
    result = connection.execute(without_mark.execution_options(yield_per=_ROWS))
    for part in result.partitions():
        yield [tuple(row) for row in part]


def _added(digest: int, rows: list[tuple[Any, ...]]) -> int:
    """A sum of hashes: the same for the same rows in any order."""
    hashes = (sha256(repr(row).encode()).digest() for row in rows)
    return (digest + sum(int.from_bytes(each, "big") for each in hashes)) % (1 << 256)


def _set_numbers(new: Connection) -> None:
    """The next numbers follow the largest that came along."""
    highest = new.execute(select(func.max(person.c.id))).scalar_one() or 0
    new.execute(select(func.setval(person_number.name, highest + 1, False)))
    for table in _tables():
        column = table.c.get("id")
        if column is None or column.identity is None:
            continue
        top = new.execute(select(func.max(column))).scalar_one() or 0
        sequence = select(func.pg_get_serial_sequence(table.name, "id")).scalar_subquery()
        new.execute(select(func.setval(sequence, top + 1, text("false"))))
