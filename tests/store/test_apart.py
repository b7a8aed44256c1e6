"""Portals share a database and nothing else: every query that the store has is tried from another portal.

The methods are found, not listed: each public method of each repository is called for portal B with what
portal A's own methods answer. It must do what it does where A was never there, and leave A's rows alone.
"""

import dataclasses
import enum
import inspect
import itertools
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import select

from connector.clock import SeededChance
from connector.store.work import Work
from tests.world import ANNA, World, world

B = 99
#: Shared on purpose: the people who work here, and texts that hold no personal data.
SHARED = {"users", "blobs"}
#: What they make takes the next number of a table that portals share; nothing else of it may differ.
NUMBERED = {"start", "create", "open", "record"}
TRIES = 10  # calls of one method


class Over(Exception):
    """Undo what a call wrote."""


class Pool:
    """Values that portal A answers with, by type: what an attacker in portal B could hold in the hand."""

    def __init__(self) -> None:
        self._known: dict[type, dict[str, Any]] = {}

    def add(self, value: Any, depth: int = 0) -> None:
        if depth > 6 or value is None:
            return
        if isinstance(value, str | bytes | int) or _is_record(type(value)):
            self._known.setdefault(type(value), {}).setdefault(repr(value), value)
        for part in _parts(value):
            self.add(part, depth + 1)

    def of(self, kind: Any) -> list[Any]:  # noqa: PLR0911 - one answer a kind of type
        """Values for a parameter of this type; empty where there are none."""
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if kind is bool:
            return [False, True]
        if kind is Any:
            return self.of(str)
        if origin in {typing.Union, types.UnionType}:
            return [found for each in inner for found in self.of(each)]
        if kind in {type(None), None}:
            return [None]
        if origin is tuple:
            return self._tuples(inner)
        if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
            return [dict(zip(self.of(inner[0]), itertools.cycle(self.of(inner[1])), strict=False))]
        if origin is not None and isinstance(origin, type) and issubclass(origin, Iterable):
            return [found] if (found := self.of(inner[0])) else []
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return list(kind)
        if not isinstance(kind, type):
            return []
        known = list(self._known.get(kind, {}).values())[:2000]
        return known or (self._made(kind) if _is_record(kind) else [])

    def _made(self, kind: Any) -> list[Any]:
        """What no method ever answered is put together from values that fit its fields."""
        hints = typing.get_type_hints(kind)
        columns = {name: self.of(hints[name]) for name in _fields(kind)}
        if not all(columns.values()):
            return []
        return [
            kind(**{name: values[(7 * number) % len(values)] for name, values in columns.items()})
            for number in range(TRIES)
        ]

    def _tuples(self, inner: Sequence[Any]) -> list[Any]:
        columns = [self.of(each) for each in inner if each is not ...]
        return list(itertools.islice(zip(*columns, strict=False), 500)) if all(columns) else []


def _is_record(kind: type) -> bool:
    """A dataclass or a named tuple."""
    return dataclasses.is_dataclass(kind) or (issubclass(kind, tuple) and hasattr(kind, "_fields"))


def _fields(kind: Any) -> list[str]:
    if dataclasses.is_dataclass(kind):
        return [each.name for each in dataclasses.fields(kind) if each.init]
    return list(kind._fields)


def _parts(value: Any) -> Iterator[Any]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from (getattr(value, each.name) for each in dataclasses.fields(value))
    elif isinstance(value, Mapping):
        yield from itertools.chain(value.keys(), value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value


def methods(work: Work) -> Iterator[tuple[str, str]]:
    for room in sorted(name for name in vars(Work) if not name.startswith("_")):
        repository = getattr(work, room)
        if room in SHARED or room == "portal":
            continue
        for name, _ in inspect.getmembers(type(repository), inspect.isfunction):
            if not name.startswith("_"):
                yield room, name


def calls(method: Any, pool: Pool) -> Iterator[dict[str, Any]]:
    """Ways to call a method with portal A's values; none where a parameter's type was never answered."""
    hints = typing.get_type_hints(method)
    columns: dict[str, list[Any]] = {}
    for name, parameter in inspect.signature(method).parameters.items():
        values = pool.of(hints.get(name, Any))
        if values or parameter.default is inspect.Parameter.empty:
            columns[name] = _spread(values)
    for number in range(TRIES if columns else 1):
        if not all(columns.values()):
            return
        yield {name: values[number % len(values)] for name, values in columns.items()}


def _spread(values: list[Any]) -> list[Any]:
    """Some from everywhere in a long list."""
    return values[:: max(1, len(values) // (TRIES - 1))]


def answer(work: Work, room: str, name: str, given: Mapping[str, Any]) -> Any:
    found = getattr(getattr(work, room), name)(**given)
    return list(found) if isinstance(found, Iterator) else found


def rows_of(work: Work, portal: int) -> dict[str, list[Any]]:
    """What the database holds of a portal."""
    connection = work.people._connection
    return {
        table.name: sorted(
            tuple(row) for row in connection.execute(select(table).where(table.c.portal == portal))
        )
        for table in work_tables()
    }


def _changes(work: Work) -> int:
    """How many rows this connection has changed in its life (SQLite)."""
    return work.people._connection.connection.driver_connection.total_changes


def work_tables() -> list[Any]:
    from connector.store.tables import metadata

    return [table for table in metadata.sorted_tables if "portal" in table.c]


@pytest.fixture(scope="module")
def a(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Portal A with a day behind it: people, statuses, a no, a claim, somebody erased."""
    with world(tmp_path_factory.mktemp("a"), people=30, contacts=[ANNA, "bo@person.example"]) as made:
        made.begin()
        made.withdraw(ANNA)
        made.suppress("gone@person.example")
        made.sync(full=True)
        yield made


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The same program where portal A was never there."""
    with world(tmp_path_factory.mktemp("b"), contacts=[]) as made:
        yield made


def test_no_query_reaches_another_portal(a: World, empty: World) -> None:
    pool = _filled(a)
    tried, crossed = set(), []
    with a.mirror.read(a.desk.portal) as work:
        names = list(methods(work))
        before = rows_of(work, a.desk.portal)
    for room, name in names:
        with a.mirror.read(B) as work:
            ways = list(calls(getattr(getattr(work, room), name), pool))
        for given in ways:
            here, kept = _tried(a, room, name, given, before)
            there, _ = _tried(empty, room, name, given, None)
            tried.add((room, name))
            if not kept:
                crossed.append(f"{room}.{name} changed portal A's rows")
            if here != there and name not in NUMBERED:
                crossed.append(f"{room}.{name}: {_difference(here, there)}")
    assert not crossed, "\n".join(list(dict.fromkeys(crossed))[:20])
    assert len(tried) > 0.9 * len(names), sorted(set(names) - tried)


def _filled(a: World) -> Pool:
    """What A's own methods answer, asked again with what they answered."""
    pool = Pool()
    for value in (ANNA, "newsletter", "*", a.now, 1, 0, 101, b"x", *a.contact_ids.values()):
        pool.add(value)
    for _ in range(3):
        with a.mirror.read(a.desk.portal) as work:
            names = list(methods(work))
        for room, name in names:
            with a.mirror.read(a.desk.portal) as work:
                for given in itertools.islice(calls(getattr(getattr(work, room), name), pool), 6):
                    try:
                        pool.add(answer(work, room, name, given))
                    except Exception:
                        continue
    return pool


def _tried(
    where: World, room: str, name: str, given: Mapping[str, Any], before: Mapping[str, Any] | None
) -> tuple[str, bool]:
    """What a call for portal B answers, and whether A's rows are as before; what it wrote is undone."""
    told, kept = "", True
    where.mirror._chance = SeededChance("each call draws the same")
    try:
        with where.mirror.write(B) as work:
            unchanged = _changes(work)
            try:
                told = repr(answer(work, room, name, given))
            except Exception as error:
                told = type(error).__name__
            if before is not None and _changes(work) != unchanged:
                kept = rows_of(work, where.desk.portal) == before
            raise Over
    except Over:
        return told, kept


def _difference(here: str, there: str) -> str:
    """Around the first place where two answers differ."""
    pairs = zip(here, there, strict=False)
    place = next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(here), len(there)))
    start = max(0, place - 60)
    return f"{here[start : place + 60]} instead of {there[start : place + 60]}"
