"""Marketing mails that left without consent, as found: the last one for each person and purpose."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, func, select

from connector.proof.seal import NONCE_BYTES, seal, unseal
from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import mailed


class MailedWhy(StrEnum):
    """What was wrong with it."""

    AFTER_NO = "after_no"
    NOT_GIVEN = "not_given"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedRow:
    """One finding. `purpose` `*`: HubSpot does not tell which, or it is none of ours. Times in ms UTC."""

    person_id: int
    purpose: str
    reason: MailedWhy
    sent_at: int
    name: str
    found_at: int = 0


_COLUMNS: Final = ("portal", "person_id", "purpose", "reason", "sent_at", "found_at", "sealed")


class MailedTable:
    """The findings of one portal; a person's go with them."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = mailed.c.portal == scope.portal

    def put(self, rows: Sequence[MailedRow], now: int) -> int:
        """Insert, or replace by a later mail. How many were new or later."""
        known = self._of({row.person_id for row in rows})
        latest: dict[tuple[int, str], MailedRow] = {}
        for row in sorted(rows, key=lambda each: each.sent_at):
            held = known.get((row.person_id, row.purpose))
            if held is None or held < row.sent_at:
                latest[row.person_id, row.purpose] = row
        self._scope.load({row.person_id for row in latest.values()})
        values = [self._values(row, now) for row in latest.values()]
        bulk.upsert(self._connection, mailed, _COLUMNS, values)
        return len(values)

    def since(self, at: int, limit: int) -> list[MailedRow]:
        """Mails that left at `at` or later, oldest first."""
        statement = select(mailed).where(self._mine, mailed.c.sent_at >= at)
        ordered = statement.order_by(mailed.c.sent_at, mailed.c.person_id, mailed.c.purpose).limit(limit)
        rows = self._connection.execute(ordered).all()
        self._scope.load({row.person_id for row in rows})
        return [self._row(row) for row in rows]

    def counts(self, at: int) -> dict[MailedWhy, tuple[int, int]]:
        """Per reason: how many left at `at` or later, and when the first."""
        statement = select(mailed.c.reason, func.count(), func.min(mailed.c.sent_at))
        rows = self._connection.execute(
            statement.where(self._mine, mailed.c.sent_at >= at).group_by(mailed.c.reason)
        )
        return {MailedWhy(reason): (int(count), int(first)) for reason, count, first in rows}

    def forget(self, before: int) -> int:
        """Drop what left before; it has been in the report long enough."""
        gone = delete(mailed).where(self._mine, mailed.c.sent_at < before)
        return int(self._connection.execute(gone).rowcount)

    def _of(self, person_ids: Iterable[int]) -> dict[tuple[int, str], int]:
        statement = select(mailed.c.person_id, mailed.c.purpose, mailed.c.sent_at).where(self._mine)
        rows = bulk.select_in(self._connection, statement, mailed.c.person_id, person_ids)
        return {(row.person_id, row.purpose): row.sent_at for row in rows}

    def _values(self, row: MailedRow, now: int) -> tuple[object, ...]:
        cipher, place = self._scope.holder(row.person_id).cipher, self._place(row.person_id, row.purpose)
        sealed = seal(cipher, self._scope.chance.bytes(NONCE_BYTES), row.name.encode(), place)
        return (self._scope.portal, row.person_id, row.purpose, row.reason, row.sent_at, now, sealed)

    def _row(self, row: bulk.AnyRow) -> MailedRow:
        cipher = self._scope.holder(row.person_id).cipher
        name = unseal(cipher, row.sealed, self._place(row.person_id, row.purpose)).decode()
        return MailedRow(
            person_id=row.person_id,
            purpose=row.purpose,
            reason=MailedWhy(row.reason),
            sent_at=row.sent_at,
            name=name,
            found_at=row.found_at,
        )

    def _place(self, person_id: int, purpose: str) -> bytes:
        return self._scope.vault.place(b"mailed", f"{person_id}|{purpose}".encode())
