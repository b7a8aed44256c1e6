"""HubSpot's contact records as last read: ids, fingerprints, times; nothing readable about anyone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Select, bindparam, case, func, select, update

from connector.store import bulk, codes
from connector.store.answered import Answered
from connector.store.scope import Scope
from connector.store.tables import address, alias, contact, observed
from mappings.words import Status


class ContactRow(NamedTuple):
    """One contact record. Times are milliseconds UTC."""

    id: int
    person_id: int | None
    fingerprint: bytes = b""
    object_source: str | None = None
    created_at: int | None = None
    modified_at: int | None = None
    first_seen: int = 0
    statuses_read_at: int | None = None  # when the full statuses were read last
    archived: bool = False
    gone_at: int | None = None  # when a read found it missing; None: live


@dataclass(frozen=True, slots=True)
class ContactCounts:
    """How many records there are; `read` have had their full statuses read at least once."""

    live: int
    without_person: int
    archived: int
    gone: int
    read: int
    oldest_read: int | None


_FIELDS: Final = ContactRow._fields
_ARCHIVED: Final = _FIELDS.index("archived")
_OURS: Final = select(*(contact.c[name] for name in _FIELDS)).where(contact.c.portal == bulk.PORTAL)
_BY_ID: Final = bulk.Lookup(_OURS, contact.c.id)
_BY_PERSON: Final = bulk.Lookup(_OURS.order_by(contact.c.id), contact.c.person_id, indexed=True)
_LAST: Final = 2**63 - 1
_KNOWN: Final = bulk.Spelled(
    select(contact.c.id, contact.c.fingerprint, contact.c.person_id)
    .where(contact.c.portal == bulk.PORTAL, contact.c.gone_at.is_(None))
    .where(contact.c.id > bindparam("after", type_=BigInteger()))
    .where(contact.c.id <= bindparam("upto", type_=BigInteger()))
)
_OPTED_OUT: Final = bulk.Spelled(
    select(contact.c.id)
    .join(
        address,
        (address.c.person_id == contact.c.person_id)
        & (address.c.kind == bindparam("kind", type_=address.c.kind.type)),
    )
    .join(
        observed,
        (observed.c.ref == address.c.ref)
        & (observed.c.subscription == bindparam("subscription", type_=BigInteger())),
    )
    .where(contact.c.portal == bulk.PORTAL, contact.c.gone_at.is_(None))
    .where(observed.c.status == bindparam("status", type_=observed.c.status.type))
)


class Contacts:
    """The contact records of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._portal = scope.portal
        self._connection = scope.connection
        self._answered = Answered(scope)
        self._mine = contact.c.portal == scope.portal
        self._live = contact.c.gone_at.is_(None)

    def by_ids(self, ids: Iterable[int]) -> dict[int, ContactRow]:
        """Those that are known."""
        rows = _BY_ID.rows(self._connection, self._portal, ids)
        return {row.id: _contact(row) for row in rows}

    def put(self, rows: Sequence[ContactRow]) -> None:
        """Insert or replace by id; `first_seen` of a known one is kept."""
        values = [(self._portal, *row[:_ARCHIVED], int(row.archived), row.gone_at) for row in rows]
        self._answered.forget(row.id for row in rows)
        bulk.fill(self._connection, contact, ("portal", *_FIELDS), values, "id", keep=("first_seen",))

    def ids_between(self, after: int, upto: int | None) -> list[int]:
        """Ids of live records with after < id <= upto (None: to the end), ascending."""
        statement = self._between(select(contact.c.id), after, upto)
        return list(self._connection.execute(statement).scalars())

    def known_between(self, after: int, upto: int | None) -> dict[int, tuple[bytes, int | None]]:
        """The same with (fingerprint, person id): what a sweep compares a page with."""
        end = _LAST if upto is None else upto
        rows = _KNOWN.rows(self._connection, portal=self._portal, after=after, upto=end)
        return {key: (print_, person) for key, print_, person in rows}

    def opted_out(self, subscription: int) -> set[int]:
        """Live records whose primary address HubSpot showed as opted out of a type (0: of all e-mail)."""
        rows = _OPTED_OUT.rows(
            self._connection,
            portal=self._portal,
            kind=codes.PRIMARY,
            subscription=subscription,
            status=codes.STATUSES.code(Status.UNSUBSCRIBED),
        )
        return {row.id for row in rows}

    def of_persons(self, person_ids: Iterable[int]) -> dict[int, list[ContactRow]]:
        """The records of these people by ascending id, gone ones included."""
        found: dict[int, list[ContactRow]] = {}
        for row in _BY_PERSON.rows(self._connection, self._portal, person_ids):
            found.setdefault(row.person_id, []).append(_contact(row))
        return found

    def aliases(self, ids: Iterable[int]) -> dict[int, int]:
        """Merged-away id -> the id that won."""
        statement = select(alias.c.id, alias.c.winner).where(alias.c.portal == self._portal)
        return {row.id: row.winner for row in bulk.select_in(self._connection, statement, alias.c.id, ids)}

    def add_aliases(self, pairs: Sequence[tuple[int, int]]) -> None:
        """(merged-away id, winner)."""
        rows = [(self._portal, old, winner) for old, winner in pairs]
        bulk.upsert(self._connection, alias, ("portal", "id", "winner"), rows)

    def mark_read(self, ids: Iterable[int], at: int) -> None:
        """The full statuses of these were read."""
        self._set("statuses_read_at", ids, at)

    def forget_statuses(self) -> None:
        """All full statuses are to be read again (after a restore)."""
        self._connection.execute(update(contact).where(self._mine).values(statuses_read_at=None))
        self._answered.forget_all()

    def mark_gone(self, ids: Iterable[int], at: int) -> None:
        """A complete read did not find these."""
        gone = list(ids)
        self._answered.forget(gone)
        self._set("gone_at", gone, at)

    def due_for_statuses(self, limit: int, read_before: int) -> list[ContactRow]:
        """Live records with a person, statuses not read since `read_before`; never read ones first."""
        found: list[ContactRow] = []
        for old in (contact.c.statuses_read_at.is_(None), contact.c.statuses_read_at < read_before):
            statement = self._select().where(self._live, contact.c.person_id.is_not(None), old)
            ordered = statement.order_by(contact.c.statuses_read_at, contact.c.id).limit(limit - len(found))
            found += map(_contact, self._connection.execute(ordered))
        return found

    def counts(self) -> ContactCounts:
        """The totals."""
        live = self._live
        statement = select(
            _sum(live),
            _sum(live & contact.c.person_id.is_(None)),
            _sum(live & (contact.c.archived == 1)),
            _sum(contact.c.gone_at.is_not(None)),
            _sum(live & contact.c.statuses_read_at.is_not(None)),
            func.min(case((live, contact.c.statuses_read_at))),
        ).where(self._mine)
        *sums, oldest = self._connection.execute(statement).one()
        live_, without, archived, gone, read = (int(each or 0) for each in sums)
        return ContactCounts(live_, without, archived, gone, read, oldest)

    def _select(self) -> Select[Any]:
        return select(*(contact.c[name] for name in _FIELDS)).where(self._mine)

    def _between(self, statement: Select[Any], after: int, upto: int | None) -> Select[Any]:
        within = statement.where(self._mine, self._live, contact.c.id > after).order_by(contact.c.id)
        return within if upto is None else within.where(contact.c.id <= upto)

    def _set(self, column: str, ids: Iterable[int], at: int) -> None:
        bulk.assign(self._connection, self._portal, contact.c[column], at, contact.c.id, ids)


def _contact(row: bulk.AnyRow) -> ContactRow:
    return ContactRow._make((*row[:_ARCHIVED], bool(row.archived), row.gone_at))


def _sum(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))
