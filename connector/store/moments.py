"""What retention counts from: dates of HubSpot's records, by declared property."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from connector.proof import canon
from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import contact, moment

_COLUMNS: Final = ("portal", "contact_id", "dates", "read_at")


@dataclass(frozen=True, slots=True)
class Moment:
    """One record's dates, ms UTC; None: the property was empty. A name that is not there was not read."""

    dates: Mapping[str, int | None]
    read_at: int


class Moments:
    """The dates of one portal's records."""

    def __init__(self, scope: Scope) -> None:
        self._portal = scope.portal
        self._connection = scope.connection

    def put(self, found: Mapping[int, Mapping[str, int | None]], now: int) -> None:
        """As they were read just now."""
        rows = [
            (self._portal, number, canon.canon(dict(dates)).decode(), now) for number, dates in found.items()
        ]
        bulk.upsert(self._connection, moment, _COLUMNS, rows)

    def of(self, contact_ids: Iterable[int]) -> dict[int, Moment]:
        """Of these records; those that were never read are left out."""
        statement = select(moment).where(moment.c.portal == self._portal)
        return {
            row.contact_id: Moment(canon.decode(row.dates.encode()), row.read_at)
            for row in bulk.select_in(self._connection, statement, moment.c.contact_id, contact_ids)
        }

    def stale(self, before: int, limit: int) -> list[int]:
        """Live records that were never read, then those read before a time (ms UTC), oldest first."""
        live = (
            contact.c.portal == self._portal,
            contact.c.gone_at.is_(None),
            contact.c.person_id.is_not(None),
        )
        joined = (moment.c.portal == contact.c.portal) & (moment.c.contact_id == contact.c.id)
        statement = (
            select(contact.c.id)
            .outerjoin(moment, joined)
            .where(*live, moment.c.read_at.is_(None) | (moment.c.read_at < before))
            .order_by(moment.c.read_at.is_not(None), moment.c.read_at, contact.c.id)
            .limit(limit)
        )
        return list(self._connection.execute(statement).scalars())
