"""Which address a link is about: gone with the person, so that an old link leads nowhere."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import select

from connector.store import bulk
from connector.store.refs import raw
from connector.store.scope import Scope
from connector.store.tables import address, link

_BY_ID: Final = bulk.Lookup(select(link.c.id, link.c.ref).where(link.c.portal == bulk.PORTAL), link.c.id)


class Links:
    """The links of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection

    def keep(self, ids: Mapping[str, bytes]) -> None:
        """Address reference -> id of its link; one that is kept already stays."""
        rows = [(self._scope.portal, number, raw(ref)) for ref, number in ids.items()]
        bulk.upsert(self._connection, link, ("portal", "id", "ref"), rows)

    def unkept(self, limit: int) -> list[str]:
        """References of addresses that no link leads to."""
        same = (link.c.portal == address.c.portal) & (link.c.ref == address.c.ref)
        mine = (address.c.portal == self._scope.portal, link.c.id.is_(None))
        statement = select(address.c.ref).distinct().outerjoin(link, same).where(*mine).limit(limit)
        return [ref.hex() for ref in self._connection.execute(statement).scalars()]

    def find(self, number: bytes) -> str | None:
        """The address reference of a link; None for one that was never made, or whose person is erased."""
        return self.find_all([number]).get(number)

    def find_all(self, numbers: Iterable[bytes]) -> dict[bytes, str]:
        """The same for many: id -> address reference, the others left out."""
        rows = _BY_ID.rows(self._connection, self._scope.portal, numbers)
        return {bytes(number): ref.hex() for number, ref in rows}
