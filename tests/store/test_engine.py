"""What each connection to SQLite is told: what was acknowledged survives a power cut, what is erased goes."""

from pathlib import Path

import pytest

from connector.store.engine import Database, parse

ASKED = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL
    "secure_delete": 1,
    "foreign_keys": 1,
    "trusted_schema": 0,
    "recursive_triggers": 1,
    "busy_timeout": 5000,
}


@pytest.mark.parametrize("readonly", [False, True], ids=["writes", "reads"])
def test_each_connection_is_told_how_to_keep_data(tmp_path: Path, readonly: bool) -> None:
    database = Database(parse(f"sqlite:///{tmp_path}/mirror.db"))
    with database.begin(database.writer):
        pass  # makes the file
    try:
        with database.begin(database.reader if readonly else database.writer) as connection:
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ASKED}
            query_only = connection.exec_driver_sql("PRAGMA query_only").scalar()
    finally:
        database.close()
    assert found == ASKED
    assert bool(query_only) is readonly
