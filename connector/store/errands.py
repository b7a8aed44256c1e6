"""What others have to be told, or have to change, until they confirm it: a durable outbox of its own.

Recipients are told of each erasure, rectification and restriction (Art. 17(2), 19); HubSpot's record takes a
corrected datum (Art. 16). What is to be said is sealed with the portal's key, for an erased person's
recipients are told after that person's own key is gone; it is wiped with the confirmation.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, and_, func, insert, select, update

from connector.proof import canon
from connector.proof.seal import NONCE_BYTES, seal, unseal
from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import errand

HUBSPOT: Final = "hubspot"  # the target of an amendment; a recipient is `to:<name>`
TO: Final = "to:"


class ErrandKind(StrEnum):
    """What it is about."""

    ERASURE = "erasure"
    RECTIFICATION = "rectification"
    RESTRICTION = "restriction"
    RESTRICTION_LIFTED = "restriction_lifted"
    AMENDMENT = "amendment"  # HubSpot's own record


@dataclass(frozen=True, slots=True, kw_only=True)
class NewErrand:
    """Something to be told or changed. A second one with the same target, kind and cause is the same."""

    target: str
    kind: ErrandKind
    cause: str
    person_id: int | None
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One errand; `said` is empty once it is confirmed. Times in ms UTC."""

    id: int
    target: str
    kind: ErrandKind
    cause: str
    person_id: int | None
    queued_at: int
    next_try: int
    attempts: int
    confirmed_at: int | None = None
    parked: str | None = None
    token: str | None = None
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def recipient(self) -> str | None:
        """The recipient's name; None for HubSpot."""
        return self.target.removeprefix(TO) if self.target.startswith(TO) else None


class Errands:
    """The errands of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = errand.c.portal == scope.portal

    def queue(self, items: Iterable[NewErrand], now: int) -> list[int]:
        """Put them in; the numbers of those that are new."""
        made = []
        for new in items:
            known = and_(
                errand.c.cause == new.cause, errand.c.kind == new.kind, errand.c.target == new.target
            )
            if self._connection.execute(select(errand.c.id).where(self._mine, known)).first() is None:
                made.append(self._add(new, now))
        return made

    def claim(
        self, now: int, lease_ms: int, *, hubspot: bool, causes: Iterable[str] | None = None, limit: int = 50
    ) -> list[Errand]:
        """Take what is due and nobody holds, oldest first: HubSpot's amendments, or what recipients get."""
        free = (errand.c.parked.is_(None), errand.c.next_try <= now, errand.c.claimed_until <= now)
        side = errand.c.target == HUBSPOT if hubspot else errand.c.target != HUBSPOT
        statement = self._select().where(errand.c.confirmed_at.is_(None), *free, side).limit(limit)
        if causes is not None:
            statement = statement.where(errand.c.cause.in_(list(causes)))
        rows = self._connection.execute(statement.with_for_update(skip_locked=True)).all()
        found = []
        for row in rows:
            token = self._scope.chance.bytes(8).hex()
            values = {"claimed_until": now + lease_ms, "token": token, "attempts": row.attempts + 1}
            self._connection.execute(update(errand).where(self._mine, errand.c.id == row.id).values(values))
            found.append(self._errand(row, token=token, attempts=row.attempts + 1))
        return found

    def confirm(self, done: Errand, now: int) -> bool:
        """The other side has it: what was said goes. False: somebody else settled it meanwhile."""
        return self._settle(done, {"confirmed_at": now, "sealed": None})

    def retry(self, failed: Errand, next_try: int) -> bool:
        """Once more at `next_try`."""
        return self._settle(failed, {"next_try": next_try})

    def park(self, failed: Errand, reason: str) -> bool:
        """It will never be taken as it is: a person has to look."""
        return self._settle(failed, {"parked": reason})

    def unpark(self, now: int) -> int:
        """Try all parked ones again; how many."""
        waiting = (errand.c.confirmed_at.is_(None), errand.c.parked.is_not(None))
        change = update(errand).where(self._mine, *waiting).values(parked=None, next_try=now)
        return int(self._connection.execute(change).rowcount)

    def of_cause(self, cause: str) -> list[Errand]:
        """All that one cause led to."""
        return self._many(errand.c.cause == cause)

    def of_kind(self, kind: ErrandKind, cause: str) -> list[Errand]:
        """Those of one kind whose cause begins so."""
        return self._many((errand.c.kind == kind) & errand.c.cause.startswith(cause, autoescape=True))

    def of_person(self, person_id: int) -> list[Errand]:
        """What waits about one person."""
        return self._many(errand.c.person_id == person_id)

    def pending(self) -> list[Errand]:
        """What is not confirmed, oldest first."""
        return self._many(errand.c.confirmed_at.is_(None))

    def waiting(self) -> tuple[int, int | None]:
        """How many are not confirmed, and since when the oldest waits."""
        counted = select(func.count(), func.min(errand.c.queued_at)).where(
            self._mine, errand.c.confirmed_at.is_(None)
        )
        count, oldest = self._connection.execute(counted).one()
        return int(count), None if oldest is None else int(oldest)

    def _add(self, new: NewErrand, now: int) -> int:
        values = {
            "portal": self._scope.portal,
            "target": new.target,
            "kind": new.kind,
            "cause": new.cause,
            "person_id": new.person_id,
            "queued_at": now,
            "next_try": now,
            "attempts": 0,
            "claimed_until": 0,
        }
        made = insert(errand).values(values).returning(errand.c.id)
        number = int(self._connection.execute(made).scalar_one())
        nonce = self._scope.chance.bytes(NONCE_BYTES)
        sealed = seal(self._scope.vault.own, nonce, canon.canon(dict(new.said)), self._place(number))
        self._connection.execute(
            update(errand).where(self._mine, errand.c.id == number).values(sealed=sealed)
        )
        return number

    def _settle(self, each: Errand, values: dict[str, Any]) -> bool:
        mine = (self._mine, errand.c.id == each.id, errand.c.token == each.token)
        change = update(errand).where(*mine).values(claimed_until=0, token=None, **values)
        return bool(self._connection.execute(change).rowcount)

    def _many(self, wanted: Any) -> list[Errand]:
        return [self._errand(row) for row in self._connection.execute(self._select().where(wanted))]

    def _select(self) -> Select[Any]:
        return select(errand).where(self._mine).order_by(errand.c.queued_at, errand.c.id)

    def _place(self, number: int) -> bytes:
        return self._scope.vault.place(b"errand", b"%d" % number)

    def _errand(self, row: bulk.AnyRow, *, token: str | None = None, attempts: int | None = None) -> Errand:
        said = {}
        if row.sealed is not None:
            said = canon.decode(unseal(self._scope.vault.own, row.sealed, self._place(row.id)))
        return Errand(
            id=row.id,
            target=row.target,
            kind=ErrandKind(row.kind),
            cause=row.cause,
            person_id=row.person_id,
            queued_at=row.queued_at,
            next_try=row.next_try,
            attempts=row.attempts if attempts is None else attempts,
            confirmed_at=row.confirmed_at,
            parked=row.parked,
            token=token,
            said=said,
        )
