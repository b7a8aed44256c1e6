"""Which person a link belongs to: random ids, one for each person and address, gone with the person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from connector.store import bulk
from connector.store.refs import raw
from connector.store.scope import Scope
from connector.store.tables import link

ID_BYTES: Final = 16
_COLUMNS: Final = ("portal", "id", "person_id", "ref")


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link: whose it is and which address it was made for."""

    id: bytes
    person_id: int
    ref: str


class Links:
    """The links of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection

    def of(self, items: Sequence[tuple[int, str]]) -> dict[tuple[int, str], bytes]:
        """(person, address reference) -> link id; those that have none yet get one."""
        found = self.known({person for person, _ in items})
        missing = [each for each in dict.fromkeys(items) if each not in found]
        entropy = self._scope.chance.bytes(ID_BYTES * len(missing))
        for number, key in enumerate(missing):
            found[key] = entropy[number * ID_BYTES : (number + 1) * ID_BYTES]
        rows = [(self._scope.portal, found[key], key[0], raw(key[1])) for key in missing]
        bulk.insert(self._connection, link, _COLUMNS, rows)
        return {key: found[key] for key in items}

    def known(self, person_ids: Iterable[int]) -> dict[tuple[int, str], bytes]:
        """(person, address reference) -> link id, of those that have one."""
        statement = select(link.c.person_id, link.c.ref, link.c.id).where(link.c.portal == self._scope.portal)
        rows = bulk.select_in(self._connection, statement, link.c.person_id, person_ids)
        return {(row.person_id, row.ref.hex()): row.id for row in rows}

    def find(self, number: bytes) -> LinkRow | None:
        """Whose link it is; None for one that was never made, or whose person is erased."""
        mine = (link.c.portal == self._scope.portal, link.c.id == number)
        row = self._connection.execute(select(link.c.person_id, link.c.ref).where(*mine)).one_or_none()
        return None if row is None else LinkRow(number, row.person_id, row.ref.hex())
