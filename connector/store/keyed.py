"""Small values by name: cursors of readers, and what the mirror knows about its portal."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Table, delete, select

from connector.proof import canon
from connector.store import bulk
from connector.store.scope import Scope


class Keyed:
    """JSON values by key, without floats; one instance for cursors, one for meta. Nobody's data in either."""

    def __init__(self, scope: Scope, table: Table) -> None:
        self._scope = scope
        self._table = table

    def get(self, key: str) -> Any:
        """The value, None when unknown."""
        connection = self._scope.connection
        value = connection.exec_driver_sql(
            _value(self._table.name, bulk.mark(connection)), (self._scope.portal, key)
        ).scalar_one_or_none()
        return None if value is None else canon.decode(value.encode())

    def put(self, key: str, value: Any) -> None:
        """Insert or replace. Raises ValueError for floats and what JSON lacks."""
        self.put_all({key: value})

    def put_all(self, values: Mapping[str, Any]) -> None:
        """Several at once."""
        rows = [(self._scope.portal, key, canon.canon(value).decode()) for key, value in values.items()]
        bulk.upsert(self._scope.connection, self._table, ("portal", "key", "value"), rows)

    def remove(self, key: str) -> None:
        """Forget it; nothing happens when unknown."""
        self._scope.connection.execute(delete(self._table).where(*self._is(key)))

    def all(self) -> dict[str, Any]:
        """Every key."""
        statement = select(self._table.c.key, self._table.c.value).where(
            self._table.c.portal == self._scope.portal
        )
        rows = self._scope.connection.execute(statement.order_by(self._table.c.key))
        return {key: canon.decode(value.encode()) for key, value in rows}

    def _is(self, key: str) -> tuple[Any, ...]:
        return (self._table.c.portal == self._scope.portal, self._table.c.key == key)


@lru_cache(maxsize=8)
def _value(table: str, sign: str) -> str:
    """Spelled once: every job asks some of them in every transaction."""
    return f"SELECT value FROM {table} WHERE portal = {sign} AND key = {sign}"  # noqa: S608 - our own names
