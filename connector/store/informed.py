"""Who was told that we hold their data: read from the log's headers, without opening a payload."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from connector.consent.events import EventType, Overlay
from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import contact, entry, payload, person
from mappings.times import iso


@dataclass(frozen=True, slots=True)
class Told:
    """One notice that somebody saw: at a sign-up, or sent to them. Times in ms UTC."""

    notice: str | None
    kind: str  # the type of the entry
    at: int
    seq: int


@dataclass(frozen=True, slots=True)
class Owed:
    """How many wait to be told; `oldest`: since when the data of the longest waiting is here."""

    waiting: int
    alarm: int
    overdue: int
    oldest: int | None

    def document(self) -> dict[str, int | str | None]:
        """Part of `status --json`."""
        return {
            "waiting": self.waiting,
            "alarm": self.alarm,
            "overdue": self.overdue,
            "oldest": iso(self.oldest),
        }


_IS_NOTICE: Final = or_(entry.c.notice.is_not(None), entry.c.type == EventType.NOTICE_DELIVERED)
_OBTAINED: Final = func.coalesce(contact.c.created_at, contact.c.first_seen)


class Informed:
    """What the people of one portal were told."""

    def __init__(self, scope: Scope) -> None:
        self._portal = scope.portal
        self._connection = scope.connection

    def told(self, person_ids: Iterable[int]) -> dict[int, list[Told]]:
        """Notices by person id, oldest first, with those of people merged into them; none: left out."""
        owners = {each: each for each in person_ids}
        merged = select(person.c.merged_into, person.c.id).where(person.c.portal == self._portal)
        for winner, loser in bulk.select_in(self._connection, merged, person.c.merged_into, list(owners)):
            owners.setdefault(loser, winner)
        statement = (
            select(
                payload.c.portal,
                payload.c.person_id,
                entry.c.notice,
                entry.c.type,
                entry.c.recorded_at,
                entry.c.seq,
            )
            .join_from(payload, entry, _same_entry())
            .where(_IS_NOTICE)  # the portal is looked at below: the index by person is the one to use
        )
        found: dict[int, list[Told]] = {}
        for row in bulk.select_in(self._connection, statement, payload.c.person_id, owners):
            if row.portal != self._portal:
                continue
            told = Told(row.notice.hex() if row.notice else None, row.type, row.recorded_at, row.seq)
            found.setdefault(owners[row.person_id], []).append(told)
        for notices in found.values():
            notices.sort(key=lambda each: each.seq)
        return found

    def owed(self, own: Collection[str], *, alarm_before: int, overdue_before: int) -> Owed:
        """How many with a record from elsewhere were told nothing; `own`: sources of people's own making.

        Those whose processing is restricted are left out: nothing is sent to them.
        """
        obtained = func.min(_OBTAINED).label("obtained")
        each = self._waiting(own).with_only_columns(contact.c.person_id, obtained)
        people = each.group_by(contact.c.person_id).subquery()
        at = people.c.obtained
        counted = select(
            func.count(),
            func.count().filter(at < alarm_before, at >= overdue_before),
            func.count().filter(at < overdue_before),
            func.min(at),
        ).select_from(people)
        waiting, alarm, overdue, oldest = self._connection.execute(counted).one()
        return Owed(int(waiting), int(alarm), int(overdue), oldest)

    def longest_waiting(self, own: Collection[str], before: int, limit: int | None) -> list[tuple[int, int]]:
        """(person id, since when we have their data) of those overdue, the longest waiting first."""
        obtained = func.min(_OBTAINED)
        statement = (
            self._waiting(own)
            .with_only_columns(contact.c.person_id, obtained)
            .group_by(contact.c.person_id)
            .having(obtained < before)
            .order_by(obtained, contact.c.person_id)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in self._connection.execute(statement)]

    def _waiting(self, own: Collection[str]) -> Any:
        loser = person.alias("loser")
        told = exists().where(payload.c.person_id == person.c.id, _same_entry(), _IS_NOTICE)
        told_before = exists().where(
            loser.c.merged_into == person.c.id,
            payload.c.person_id == loser.c.id,
            _same_entry(),
            _IS_NOTICE,
        )
        return (
            select(contact.c.person_id)
            .join(person, person.c.id == contact.c.person_id)
            .where(
                contact.c.portal == self._portal,
                contact.c.gone_at.is_(None),
                _elsewhere(own),
                person.c.key.is_not(None),
                or_(person.c.overlay.is_(None), person.c.overlay != Overlay.RESTRICTED),
                ~told,
                ~told_before,
            )
        )


def _elsewhere(own: Collection[str]) -> ColumnElement[bool]:
    return func.upper(func.coalesce(contact.c.object_source, "")).not_in([each.upper() for each in own])


def _same_entry() -> ColumnElement[bool]:
    return and_(payload.c.portal == entry.c.portal, payload.c.seq == entry.c.seq)
