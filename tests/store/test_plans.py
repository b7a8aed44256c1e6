"""How SQLite finds the rows of our look-ups: by an index, never by reading all rows of a portal."""

import importlib
import pkgutil
import sqlite3

import pytest
from sqlalchemy import make_url
from sqlalchemy.dialects import sqlite

from connector import store
from connector.clock import SeededChance
from connector.store import bulk
from connector.store.mirror import Mirror

from .conftest import KEYS, NOW, PORTAL

LISTS = {"render_postcompile": True}
#: A handful of rows: sign-ups that wait for their mail, gone after seven days.
SMALL = {"signups._WAITING"}
ROOMS = [each.name for each in pkgutil.iter_modules(store.__path__) if not each.ispkg]


class OnSqlite:
    """As much of a connection as the spelling of a look-up asks for."""

    dialect = sqlite.dialect()


def lookups() -> dict[str, bulk.Lookup]:
    rooms = {room: importlib.import_module(f"connector.store.{room}") for room in ROOMS}
    return {
        f"{room}.{name}": value
        for room, module in rooms.items()
        for name, value in vars(module).items()
        if isinstance(value, bulk.Lookup)
    }


@pytest.mark.parametrize("length", bulk._LENGTHS)
@pytest.mark.parametrize("name", sorted(lookups().keys() - SMALL))
def test_a_look_up_is_led_by_what_is_looked_up(sqlite_template, name: str, length: int) -> None:
    spelled = lookups()[name]._text(OnSqlite(), length)  # type: ignore[arg-type]  # it asks for the dialect alone
    with sqlite3.connect(sqlite_template) as connection:
        steps = connection.execute(f"EXPLAIN QUERY PLAN {spelled}", (1,) * spelled.count("?")).fetchall()
    for *_, step in steps:
        assert not step.startswith("SCAN"), step
        assert not step.endswith("(portal=?)"), step


def test_the_letters_of_an_address_are_found_among_many_that_wait(sqlite_url, clock) -> None:
    """Each of ten thousand noes is claimed by its own address: none of them reads all the others."""
    mirror = Mirror.open(sqlite_url, KEYS, clock, SeededChance(0))
    with mirror.read(PORTAL) as work:
        asked = work.outbox._due(NOW, ["ab" * 16]).compile(dialect=sqlite.dialect(), compile_kwargs=LISTS)
    mirror.close()
    with sqlite3.connect(make_url(sqlite_url).database or "") as connection:
        steps = connection.execute(f"EXPLAIN QUERY PLAN {asked}", (1,) * str(asked).count("?")).fetchall()
    assert steps[0][-1] == "SEARCH outbox USING INDEX sqlite_autoindex_outbox_1 (portal=? AND ref=?)"
