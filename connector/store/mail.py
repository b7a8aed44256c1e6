"""Letters to people, sealed until they have left, wiped with the person (consent-domain 2, T7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, delete, func, insert, or_, select, update

from connector.proof.seal import NONCE_BYTES, Cipher, seal, unseal
from connector.store import bulk
from connector.store.refs import raw
from connector.store.scope import Scope
from connector.store.tables import mail


class MailState(StrEnum):
    """How a letter stands."""

    WAITING = "waiting"
    SENT = "sent"  # the mail server took it
    PARKED = "parked"  # refused for good: a person looks
    DROPPED = "dropped"  # screened away before it left, or too old to mean anything


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMail:
    """A letter to be kept until it is sent. `key`: one letter, however often it is queued; names nobody.

    `person_id` None: of nobody in the mirror, or of somebody whose key is about to be destroyed; sealed with
    the portal's own key. `body` holds the address and all that will be sent.
    """

    key: str
    kind: str
    message: str
    ref: str  # of the address
    body: bytes
    person_id: int | None = None
    expires_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """A letter as it lies there. Times in ms UTC; `body` only where it was asked for and still is there."""

    id: int
    kind: str
    message: str
    person_id: int | None
    ref: str | None
    state: MailState
    reason: str | None
    queued_at: int
    expires_at: int | None
    next_try: int
    attempts: int
    first_try: int | None
    ended_at: int | None
    token: str | None
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class MailTotals:
    """What waits and what a person has to look at; times None where nothing does."""

    waiting: int
    oldest: int | None
    parked: int
    oldest_parked: int | None


_WAITING: Final = mail.c.state == MailState.WAITING
_FREE: Final[dict[str, Any]] = {"claimed_until": 0, "token": None}


class Mail:
    """The letters of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = mail.c.portal == scope.portal

    def queue(self, new: NewMail, now: int) -> bool:
        """Keep a letter; False where one with this key was queued before (one that was dropped aside)."""
        key = self._scope.vault.source_ref(b"mail", new.key)
        same = (self._mine, mail.c.key == key)
        self._connection.execute(delete(mail).where(*same, mail.c.state == MailState.DROPPED))
        if self._connection.execute(select(mail.c.id).where(*same)).first() is not None:
            return False
        cipher = self._cipher(new.person_id)
        place = self._scope.vault.place(b"mail", key)
        values = {
            "portal": self._scope.portal,
            "key": key,
            "kind": new.kind,
            "message": new.message,
            "person_id": new.person_id,
            "ref": raw(new.ref),
            "sealed": seal(cipher, self._scope.chance.bytes(NONCE_BYTES), new.body, place),
            "state": str(MailState.WAITING),
            "queued_at": now,
            "expires_at": new.expires_at,
            "next_try": now,
            "attempts": 0,
            "claimed_until": 0,
        }
        self._connection.execute(insert(mail).values(values))
        return True

    def due(self, now: int) -> MailRow | None:
        """The one that has waited longest among those whose time has come and that nobody sends; opened."""
        free = (_WAITING, mail.c.next_try <= now, mail.c.claimed_until <= now)
        ordered = select(mail).where(self._mine, *free).order_by(mail.c.next_try, mail.c.id).limit(1)
        row = self._connection.execute(ordered.with_for_update(skip_locked=True)).one_or_none()
        return None if row is None else self._row(row, self._body(row))

    def claim(self, row: MailRow, token: str, until: int) -> None:
        """Nobody else sends it before `until`."""
        self._connection.execute(
            update(mail).where(self._mine, mail.c.id == row.id).values(token=token, claimed_until=until)
        )

    def still(self, row: MailRow, token: str) -> bool:
        """It waits and is claimed by us: an erasure may have wiped it meanwhile."""
        return self._connection.execute(select(mail.c.id).where(*self._held(row, token))).first() is not None

    def put_off(
        self, row: MailRow, token: str, *, next_try: int, attempts: int, first_try: int | None
    ) -> None:
        """Try again at `next_try`."""
        values = {"next_try": next_try, "attempts": attempts, "first_try": first_try}
        self._set(row, token, values | _FREE)

    def release(self, row: MailRow, token: str, next_try: int) -> None:
        """Give the claim back: it was not this letter that failed."""
        self._set(row, token, {"next_try": next_try} | _FREE)

    def end(
        self, row: MailRow, token: str | None, state: MailState, now: int, reason: str | None = None
    ) -> None:
        """It is over: what was sealed goes (a parked one keeps it for another try).

        One that is nobody's keeps no trace of the address either, once it was sent.
        """
        values: dict[str, Any] = {"state": str(state), "reason": reason, "ended_at": now}
        if state is not MailState.PARKED:
            values["sealed"] = None
            if row.person_id is None:
                values["ref"] = None
        self._set(row, token, values | _FREE)

    def unpark(self, now: int) -> int:
        """Try every parked letter anew; how many there were."""
        parked = (self._mine, mail.c.state == MailState.PARKED, mail.c.sealed.is_not(None))
        values = {"state": str(MailState.WAITING), "reason": None, "ended_at": None, "next_try": now}
        values |= {"attempts": 0, "first_try": None}
        return int(self._connection.execute(update(mail).where(*parked).values(values)).rowcount)

    def of_people(self, person_ids: Iterable[int]) -> dict[int, list[MailRow]]:
        """Every letter of these people, oldest first, unopened; people without any are left out."""
        found: dict[int, list[MailRow]] = {}
        statement = self._select().order_by(mail.c.id)
        for row in bulk.select_in(self._connection, statement, mail.c.person_id, person_ids):
            found.setdefault(row.person_id, []).append(self._row(row))
        return found

    def parked(self, limit: int = 1000) -> list[MailRow]:
        """Those that a person has to look at, oldest first, unopened."""
        statement = self._select().where(mail.c.state == MailState.PARKED).order_by(mail.c.id).limit(limit)
        return [self._row(row) for row in self._connection.execute(statement)]

    def totals(self) -> MailTotals:
        """The sums."""
        statement = (
            select(mail.c.state, func.count(), func.min(mail.c.queued_at), func.min(mail.c.ended_at))
            .where(self._mine, mail.c.state.in_([MailState.WAITING, MailState.PARKED]))
            .group_by(mail.c.state)
        )
        found = {row[0]: row for row in self._connection.execute(statement)}
        waiting, parked = found.get(MailState.WAITING), found.get(MailState.PARKED)
        return MailTotals(
            waiting=waiting[1] if waiting else 0,
            oldest=waiting[2] if waiting else None,
            parked=parked[1] if parked else 0,
            oldest_parked=parked[3] if parked else None,
        )

    def forget_strangers(self, before: int) -> int:
        """Delete what is over and was nobody's: its key is not needed any more. How many there were."""
        over = (mail.c.person_id.is_(None), mail.c.state.in_([MailState.SENT, MailState.DROPPED]))
        old = (self._mine, *over, mail.c.ended_at < before)
        return int(self._connection.execute(delete(mail).where(*old)).rowcount)

    def _set(self, row: MailRow, token: str | None, values: dict[str, Any]) -> None:
        self._connection.execute(update(mail).where(*self._held(row, token)).values(values))

    def _held(self, row: MailRow, token: str | None) -> tuple[Any, ...]:
        held = (self._mine, mail.c.id == row.id, _WAITING)
        return held if token is None else (*held, mail.c.token == token)

    def _select(self) -> Select[Any]:
        return select(mail).where(self._mine)

    def _cipher(self, person_id: int | None) -> Cipher:
        if person_id is None:
            return self._scope.vault.own
        self._scope.load([person_id])
        return self._scope.holders[person_id].cipher

    def _body(self, row: bulk.AnyRow) -> bytes | None:
        if row.sealed is None:
            return None
        return unseal(self._cipher(row.person_id), row.sealed, self._scope.vault.place(b"mail", row.key))

    def _row(self, row: bulk.AnyRow, body: bytes | None = None) -> MailRow:
        return MailRow(
            id=row.id,
            kind=row.kind,
            message=row.message,
            person_id=row.person_id,
            ref=row.ref.hex() if row.ref else None,
            state=MailState(row.state),
            reason=row.reason,
            queued_at=row.queued_at,
            expires_at=row.expires_at,
            next_try=row.next_try,
            attempts=row.attempts,
            first_try=row.first_try,
            ended_at=row.ended_at,
            token=row.token,
            body=body,
        )


def wipe(scope: Scope, person_id: int, refs: Iterable[bytes]) -> int:
    """An erasure: every letter of a person, and those of nobody to an address that is theirs alone.

    The confirmation of the erasure itself is queued by nobody's name after this, and wiped when it was sent.
    """
    gone = or_(
        mail.c.person_id == person_id,
        mail.c.person_id.is_(None) & mail.c.ref.in_(list(refs)),
    )
    return int(scope.connection.execute(delete(mail).where(mail.c.portal == scope.portal, gone)).rowcount)
