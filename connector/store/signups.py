"""Sign-ups that wait for their confirmation by mail: sealed with the portal's key, gone after seven days.

They lie apart from people, for somebody who was erased may sign up anew, and nothing about them may be stored
before they have confirmed it (design 4.4; row 35).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, select, update

from connector.proof import canon
from connector.proof.seal import NONCE_BYTES, seal, unseal
from connector.store import bulk
from connector.store.refs import raw
from connector.store.scope import Scope
from connector.store.tables import signup

ID_BYTES: Final = 16
#: Addresses for which something waits.
_WAITING: Final = bulk.Lookup(
    select(signup.c.ref).where(signup.c.portal == bulk.PORTAL, signup.c.done_at.is_(None)), signup.c.ref
)
_COLUMNS: Final = ("portal", "id", "ref", "purpose", "asked_at", "ends_at", "done_at", "sealed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signup:
    """One sign-up. `said`: address, wording and language; empty once it is confirmed."""

    id: bytes
    ref: str
    purpose: str
    asked_at: int
    ends_at: int
    done_at: int | None = None
    said: Mapping[str, str]


class Signups:
    """The sign-ups of one portal. `ref` is the keyed index of the address: it goes with the row."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = signup.c.portal == scope.portal

    def add(self, ref: str, purpose: str, said: Mapping[str, str], asked_at: int, ends_at: int) -> Signup:
        """Write one down under a new random id."""
        number = self._scope.chance.bytes(ID_BYTES)
        sealed = seal(
            self._scope.vault.own,
            self._scope.chance.bytes(NONCE_BYTES),
            canon.canon(dict(said)),
            self._scope.vault.place(b"signup", number),
        )
        row = (self._scope.portal, number, raw(ref), purpose, asked_at, ends_at, None, sealed)
        bulk.insert(self._connection, signup, _COLUMNS, [row])
        return Signup(id=number, ref=ref, purpose=purpose, asked_at=asked_at, ends_at=ends_at, said=said)

    def find(self, number: bytes) -> Signup | None:
        """One by its id, confirmed ones included."""
        found = select(signup).where(self._mine, signup.c.id == number)
        row = self._connection.execute(found).one_or_none()
        return None if row is None else self._opened(row)

    def last(self, ref: str) -> int | None:
        """When somebody asked last for this address, in ms UTC."""
        newest = select(func.max(signup.c.asked_at)).where(self._mine, signup.c.ref == raw(ref))
        found: int | None = self._connection.execute(newest).scalar_one_or_none()
        return found

    def done(self, number: bytes, now: int) -> None:
        """Confirmed: what was sealed goes, that it is done stays until it would have ended."""
        mine = update(signup).where(self._mine, signup.c.id == number)
        self._connection.execute(mine.values(done_at=now, sealed=None))

    def void(self, ref: str, purpose: str | None = None) -> int:
        """A no ends what waits for an address: for one purpose, or for all (None). How many."""
        waiting = [self._mine, signup.c.ref == raw(ref), signup.c.done_at.is_(None)]
        if purpose is not None:
            waiting.append(signup.c.purpose == purpose)
        return int(self._connection.execute(delete(signup).where(*waiting)).rowcount)

    def void_all(self, said: Iterable[tuple[str, str | None]]) -> int:
        """The same for many (reference, purpose): where nothing waits, as for nearly everybody, one look."""
        asked = list(said)
        refs = (raw(ref) for ref, _ in asked)
        held = {row[0].hex() for row in _WAITING.rows(self._connection, self._scope.portal, refs)}
        return sum(self.void(ref, purpose) for ref, purpose in asked if ref in held)

    def over(self, now: int) -> list[str]:
        """References of the addresses whose sign-ups have had their time."""
        ended = select(signup.c.ref).where(self._mine, signup.c.ends_at <= now).distinct()
        return [ref.hex() for ref in self._connection.execute(ended).scalars()]

    def shred(self, now: int) -> int:
        """Those whose time has passed. How many."""
        return int(
            self._connection.execute(delete(signup).where(self._mine, signup.c.ends_at <= now)).rowcount
        )

    def _opened(self, row: bulk.AnyRow) -> Signup:
        said: Any = {}
        if row.sealed is not None:
            place = self._scope.vault.place(b"signup", row.id)
            said = canon.decode(unseal(self._scope.vault.own, row.sealed, place))
        return Signup(
            id=row.id,
            ref=row.ref.hex(),
            purpose=row.purpose,
            asked_at=row.asked_at,
            ends_at=row.ends_at,
            done_at=row.done_at,
            said=said,
        )
