"""Many rows at once, the fastest way that each database has.

SQLAlchemy's own insert spends 5 microseconds a row on values that need no conversion here, the driver's
executemany 2.5; PostgreSQL takes new rows fastest by COPY, and by arrays those that may be there already
(reliability 4). The statements are made from the tables' own names: no value ever becomes part of one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import BigInteger, Column, Connection, Row, Select, Table, bindparam, text

from connector.store.arrays import array_of

#: A row of any statement.
AnyRow: TypeAlias = Row[*tuple[Any, ...]]
T = TypeVar("T")
#: Values in one IN list: far below what either database takes (SQLite: 32,766 parameters).
CHUNK: Final = 500
#: From so many rows on, PostgreSQL takes them in one go.
_MANY: Final = 20
#: Rows in one statement on SQLite: as many as there are, then fewer, and the last ones one by one.
_ROWS: Final = (100, 20)


def insert(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert; a row whose key exists is an error."""
    if not rows:
        return
    if connection.dialect.name == "postgresql" and len(rows) >= _MANY:
        _copy(connection, table, columns, rows)
    else:
        _run(connection, columns, rows, _insert(mark(connection), table.name, columns), "")


def upsert(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    *,
    keep: tuple[str, ...] = (),
    within: str | None = None,
) -> None:
    """Insert, or replace by primary key; columns in `keep` stay as they are in a row that exists.

    `within`: a row whose value in this column differs is another's, and stays as it is.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql" and len(rows) >= _MANY:
        _merge(connection, table, columns, rows, keep, within)
    else:
        end = _or_update(table, columns, keep, within)
        _run(connection, columns, rows, _insert(mark(connection), table.name, columns), end)


def fill(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    by: str,
    *,
    keep: tuple[str, ...] = (),
    within: str | None = None,
) -> None:
    """As `upsert` where hardly any of the rows exists: PostgreSQL copies one at half the cost of a merge.

    `by`: the column of the key by which those that exist are found. Nobody else may write such rows
    meanwhile, as nobody does in a portal's turn.
    """
    if connection.dialect.name != "postgresql" or len(rows) < _MANY:
        upsert(connection, table, columns, rows, keep=keep, within=within)
        return
    place = columns.index(by)
    there = _there(connection, table, by, rows[0][columns.index("portal")], {row[place] for row in rows})
    new = [row for row in rows if row[place] not in there]
    insert(connection, table, columns, _last(table, columns, new))
    known = [row for row in rows if row[place] in there]
    upsert(connection, table, columns, known, keep=keep, within=within)


def delete(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Delete by exact values of these columns."""
    if rows:
        sign = mark(connection)
        where = " AND ".join(f"{name} = {sign}" for name in columns)
        connection.exec_driver_sql(f"DELETE FROM {table.name} WHERE {where}", list(rows))  # noqa: S608 - our names


def update(
    connection: Connection,
    table: Table,
    set_columns: tuple[str, ...],
    key_columns: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    """Update by key; each row holds the new values, then the key."""
    if rows:
        sign = mark(connection)
        change = ", ".join(f"{name} = {sign}" for name in set_columns)
        where = " AND ".join(f"{name} = {sign}" for name in key_columns)
        statement = f"UPDATE {table.name} SET {change} WHERE {where}"  # noqa: S608 - our own names
        connection.exec_driver_sql(statement, list(rows))


def assign(
    connection: Connection, portal: int, column: Column[Any], value: Any, of: Column[T], values: Iterable[T]
) -> None:
    """Give one column of one portal's rows the same value, where `of` is one of `values`: a statement for
    each chunk of them, not for each row."""
    table, sign = column.table.name, mark(connection)
    start = f"UPDATE {table} SET {column.name} = {sign} WHERE portal = {sign} AND {of.name}"  # noqa: S608 - our names
    for chunk in batched(dict.fromkeys(values), CHUNK):
        if connection.dialect.name == "postgresql":
            array = array_of(of)
            within = f"IN (SELECT unnest(%s::{array.type}[]))"
            connection.exec_driver_sql(f"{start} {within}", (value, portal, array.spelled(chunk)))
        else:
            filled = _filled(chunk)
            within = f"IN ({', '.join('?' * len(filled))})"
            connection.exec_driver_sql(f"{start} {within}", (value, portal, *filled))


def select_in(
    connection: Connection, statement: Select[Any], column: Column[T], values: Iterable[T]
) -> Iterator[AnyRow]:
    """The rows of `statement` whose `column` is one of `values`, in chunks."""
    for chunk in batched(dict.fromkeys(values), CHUNK):
        yield from connection.execute(statement.where(column.in_(chunk)))


class Lookup:
    """A SELECT of one portal's rows by a list of values, spelled once and not anew for each list.

    `statement` compares a column with PORTAL and has no other parameter; `column` is what the values are of.
    SQLAlchemy's own IN list costs 4 microseconds a value, more than SQLite takes to find it. SQLite gets
    lists in a few lengths, filled up with their last value, so that it knows each statement already;
    PostgreSQL an array, unnested: of one that is not, a planner without statistics compares each row of the
    table with each value.

    `indexed`: the column begins an index of its own, and SQLite must take that. It keeps no statistics here,
    holds `portal = ?` for the rarest of finds, and would read every row of the portal by the primary key.
    """

    def __init__(self, statement: Select[Any], column: Column[Any], *, indexed: bool = False) -> None:
        self._statement = statement
        self._column = f"{column.table.name}.{column.name}"
        self._array = array_of(column)
        self._of_portal = f"{column.table.name}.portal = ?" if indexed else None
        self._spelled: dict[tuple[str, int], str] = {}

    def rows(self, connection: Connection, portal: int, values: Iterable[Any]) -> Iterator[AnyRow]:
        """The rows whose column is one of `values`, in the statement's order within each chunk."""
        for chunk in batched(dict.fromkeys(values), CHUNK):
            if connection.dialect.name == "postgresql":
                given = {"portal": portal, "chunk": self._array.spelled(chunk)}
                yield from connection.exec_driver_sql(self._text(connection, 0), given).all()
            else:
                filled = _filled(chunk)
                statement = self._text(connection, len(filled))
                yield from connection.exec_driver_sql(statement, (portal, *filled)).all()

    def _text(self, connection: Connection, length: int) -> str:
        key = (connection.dialect.name, length)
        found = self._spelled.get(key)
        if found is None:
            asked = f"IN (SELECT unnest(%(chunk)s::{self._array.type}[]))"
            within = f"IN ({', '.join('?' * length)})" if length else asked
            marked = self._statement.where(text(f"{self._column} {_CHUNK_MARK}"))
            spelled = str(marked.compile(dialect=connection.dialect))
            if self._of_portal is not None:  # a term that is worked out is looked up in no index
                spelled = spelled.replace(self._of_portal, f"+{self._of_portal}")
            found = self._spelled[key] = spelled.replace(_CHUNK_MARK, within)
        return found


class Spelled:
    """A SELECT with named parameters, spelled once: putting one together anew costs more than its rows."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._spelled: dict[str, tuple[str, tuple[str, ...] | None]] = {}

    def rows(self, connection: Connection, **given: Any) -> Sequence[AnyRow]:
        """All of its rows."""
        text_, order = self._text(connection)
        values: Any = given if order is None else tuple(given[name] for name in order)
        return connection.exec_driver_sql(text_, values).all()

    def _text(self, connection: Connection) -> tuple[str, tuple[str, ...] | None]:
        name = connection.dialect.name
        if name not in self._spelled:
            made = self._statement.compile(dialect=connection.dialect)
            order = tuple(getattr(made, "positiontup", None) or ()) or None
            self._spelled[name] = (str(made), order)
        return self._spelled[name]


#: The parameter for a lookup's portal.
PORTAL: Final = bindparam("portal", type_=BigInteger())
_CHUNK_MARK: Final = "= 'the values'"
_LENGTHS: Final = (1, 4, 16, 64, 128, 256, CHUNK)


def _filled(chunk: list[T]) -> list[T]:
    """Up to the next of a few lengths, with its last value again."""
    length = next(each for each in _LENGTHS if each >= len(chunk))
    return [*chunk, *[chunk[-1]] * (length - len(chunk))]


def batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of up to `size` values."""
    source = iter(values)
    while chunk := list(islice(source, size)):
        yield chunk


def mark(connection: Connection) -> str:
    """How a statement of ours marks a value."""
    return "%s" if connection.dialect.name == "postgresql" else "?"


@lru_cache(maxsize=64)
def _insert(sign: str, table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join([sign] * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our own names


@lru_cache(maxsize=64)
def _or_update(table: Table, columns: tuple[str, ...], keep: tuple[str, ...], within: str | None) -> str:
    key = _key(table)
    change = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in {*key, *keep})
    ours = f" WHERE {table.name}.{within} = excluded.{within}" if within else ""
    return f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {change}{ours}"


def _run(
    connection: Connection, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], start: str, end: str
) -> None:
    """Many rows a statement on SQLite: between two statements Python lets another thread run, and waits for
    its turn to come back."""
    place = 0
    for size in _ROWS if connection.dialect.name == "sqlite" else ():
        while len(rows) - place >= size:
            values = tuple(chain.from_iterable(rows[place : place + size]))
            connection.exec_driver_sql(_many(start, size, len(columns), end), values)
            place += size
    if place < len(rows):
        connection.exec_driver_sql(start + end, list(rows[place:]))


@lru_cache(maxsize=256)
def _many(start: str, size: int, width: int, end: str) -> str:
    """One text for each statement, by which the driver finds the one that it prepared."""
    row = f", ({', '.join('?' * width)})"
    return start + row * (size - 1) + end


def _key(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key)


def _merge(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    keep: tuple[str, ...],
    within: str | None,
) -> None:
    """One statement over arrays: twice as fast as one per row, and no temporary table is needed."""
    values = zip(columns, zip(*_last(table, columns, rows), strict=True), strict=True)
    arrays = tuple(array_of(table.c[name]).spelled(each) for name, each in values)
    connection.exec_driver_sql(_unnested(table, columns) + _or_update(table, columns, keep, within), arrays)


def _last(
    table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> Sequence[tuple[Any, ...]]:
    """Of several rows with one key the last: a statement may touch a key once only."""
    key = itemgetter(*(columns.index(name) for name in _key(table)))
    return list({key(row): row for row in rows}.values())


def _there(connection: Connection, table: Table, by: str, portal: int, values: Iterable[Any]) -> set[Any]:
    """Those values that a row has."""
    given: tuple[Any, ...] = (array_of(table.c[by]).spelled(values),)
    if "portal" in _key(table):
        given = (portal, *given)
    return set(connection.exec_driver_sql(_present(table, by), given).scalars())


@lru_cache(maxsize=64)
def _present(table: Table, by: str) -> str:
    ours = "portal = %s AND " if "portal" in _key(table) else ""
    asked = f"{ours}{by} IN (SELECT unnest(%s::{array_of(table.c[by]).type}[]))"
    return f"SELECT {by} FROM {table.name} WHERE {asked}"  # noqa: S608 - our own names


@lru_cache(maxsize=64)
def _unnested(table: Table, columns: tuple[str, ...]) -> str:
    arrays = ", ".join(f"%s::{array_of(table.c[name]).type}[]" for name in columns)
    names = ", ".join(columns)
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - our own names


def _copy(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        write: Callable[[tuple[Any, ...]], None] = copy.write_row
        for row in rows:
            write(row)
