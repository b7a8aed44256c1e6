"""What HubSpot says about one address now, beside what it said before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from connector.store.observed import WIDE, ObservedRow
from mappings.purposes import Purpose
from mappings.records import Contact, Preferences, StatusRow, WideRow
from mappings.words import Status, WideType

Rows = Mapping[int, ObservedRow]


@dataclass(frozen=True)
class Sighting:
    """One address: the rows as they stand now, those that changed, and whether all of it was read.

    `undated`: an opt-out seen as a property only; HubSpot's own time is still to be read (design 4.4).
    """

    ref: str
    rows: Rows
    changed: tuple[ObservedRow, ...]
    full: bool
    dates: tuple[ObservedRow, ...] = ()  # rows whose undated sighting got its date now
    vanished: bool = False
    explained: frozenset[int] = frozenset()  # types whose status came with an explanation

    def row(self, purpose: Purpose) -> ObservedRow | None:
        """What stands for a purpose."""
        return self.rows.get(purpose.subscription_id)

    @cached_property
    def wide(self) -> tuple[ObservedRow, ...]:
        """Opt-outs of everything that stand; a business unit's lies under its negative number."""
        return tuple(
            row for row in self.rows.values() if row.subscription <= WIDE and row.status not in NOT_OUT
        )


def sighting(
    ref: str,
    said: Sequence[ObservedRow],
    before: Rows,
    *,
    full: bool,
    explained: frozenset[int] = frozenset(),
) -> Sighting:
    """Compare what HubSpot says with what it said. A full reading also tells what is gone."""
    rows = dict(before)
    changed: list[ObservedRow] = []
    dates: list[ObservedRow] = []
    for new in said:
        old = before.get(new.subscription)
        row = _tied(new, old)
        if row is old:
            continue
        if old is not None and old.at is None and row.at is not None and row.observation == old.observation:
            dates.append(row)
        rows[row.subscription] = row
        changed.append(row)
    gone = _gone(before, {row.subscription for row in said}, said) if full else []
    for row in gone:
        rows[row.subscription] = row
    vanished = any(row.subscription > WIDE for row in gone)
    return Sighting(ref, rows, (*changed, *gone), full, tuple(dates), vanished, explained)


def _gone(before: Rows, said: set[int], rows: Sequence[ObservedRow]) -> list[ObservedRow]:
    """Statuses that HubSpot held and holds no more: NOT_SPECIFIED now."""
    read_at = rows[0].read_at if rows else None
    return [
        replace(
            old, status=Status.NOT_SPECIFIED, at=None, source=None, basis=None, observation=None,
            read_at=read_at or old.read_at, dated=True,
        )
        for number, old in before.items()
        if number not in said and old.status != Status.NOT_SPECIFIED
    ]  # fmt: skip


def _tied(new: ObservedRow, old: ObservedRow | None) -> ObservedRow:
    """The old row where nothing changed; the same standing fact where only its date was filled in."""
    fact = f"{new.ref[:16]}.{new.subscription}.{new.at if new.at is not None else new.read_at}"
    if old is None or old.status != new.status:
        return replace(new, observation=fact)
    if not new.dated:
        return old  # a property says nothing new about a status that stands
    if old.at is None and new.at is not None:
        return replace(new, observation=old.observation)
    if (old.at, old.source, old.basis) == (new.at, new.source, new.basis):
        return old
    return replace(new, observation=fact)


def said_by_properties(contact: Contact, ref: str, now: int) -> list[ObservedRow]:
    """The noes that the contact's properties show for its primary address (HA 8.4): undated."""
    numbers = ((WIDE,) if contact.opted_out_of_all else ()) + tuple(sorted(contact.opted_out_of))
    return [
        ObservedRow(ref, number, Status.UNSUBSCRIBED, first_seen=now, read_at=now, dated=False)
        for number in numbers
    ]


def said_by_preferences(preferences: Preferences, ref: str, now: int) -> list[ObservedRow]:
    """Every status and every wide opt-out of a full reading."""
    rows = [_of_status(row, ref, now) for row in preferences.statuses if is_said(row)]
    return rows + [_of_wide(row, ref, now) for row in preferences.wide if row.status not in NOT_OUT]


def is_said(row: StatusRow) -> bool:
    """Somebody said something about this type: NOT_SPECIFIED is what HubSpot answers to silence."""
    return row.status != Status.NOT_SPECIFIED


EXPLAINED = "given"  # that there was one grades a claim (E1); its text is HubSpot's to keep
NOT_OUT = (Status.SUBSCRIBED, Status.NOT_SPECIFIED)


def _of_status(row: StatusRow, ref: str, now: int) -> ObservedRow:
    return ObservedRow(
        ref, row.subscription, row.status, row.at, row.source, row.basis, first_seen=now, read_at=now
    )


def _of_wide(row: WideRow, ref: str, now: int) -> ObservedRow:
    unit = row.business_unit or 0
    number = -unit if row.kind == WideType.BUSINESS_UNIT_WIDE else WIDE
    return ObservedRow(ref, number, row.status, row.at, str(row.kind), first_seen=now, read_at=now)


def status_row(row: ObservedRow | None, address: str, *, explained: bool = False) -> StatusRow | None:
    """The stored form back in HubSpot's words, for the table."""
    if row is None or row.status == Status.NOT_SPECIFIED:
        return None
    return StatusRow(
        address=address,
        subscription=row.subscription,
        status=row.status,
        at=row.at,
        source=row.source,
        basis=row.basis,
        explanation=EXPLAINED if explained else None,
    )


def wide_row(row: ObservedRow, address: str) -> WideRow:
    """The same for an opt-out of everything; a property shows only that of the whole portal."""
    return WideRow(
        address=address,
        kind=row.source or WideType.PORTAL_WIDE,
        status=row.status,
        at=row.at,
        business_unit=-row.subscription or None,
    )
