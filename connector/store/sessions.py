"""Who is signed in to the dashboard: by the hash of a cookie, so that a copy of the database opens nothing.

They belong to the mirror, not to a portal. Times are ms UTC; when one ends is decided by `IDLE_MS` and
`LONGEST_MS` (ASVS 5.0, 7.3).
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from connector.store.scope import Scope
from connector.store.tables import session

IDLE_MS: Final = 30 * 60_000
LONGEST_MS: Final = 12 * 3_600_000
#: How often a visit is written down: not at every page.
SEEN_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Session:
    """A session that stands."""

    name: str
    created_at: int
    seen_at: int


class Sessions:
    """All sessions of the mirror."""

    def __init__(self, scope: Scope) -> None:
        self._connection = scope.connection

    def begin(self, secret: str, name: str, now: int) -> None:
        """A sign-in; those that are over go with it."""
        over = (session.c.seen_at <= now - IDLE_MS) | (session.c.created_at <= now - LONGEST_MS)
        self._connection.execute(delete(session).where(over))
        values = {"hash": _hashed(secret), "name": name, "created_at": now, "seen_at": now}
        self._connection.execute(insert(session).values(values))

    def get(self, secret: str, now: int) -> Session | None:
        """The session of a cookie's value, unless it is over."""
        row = self._connection.execute(select(session).where(session.c.hash == _hashed(secret))).one_or_none()
        if row is None or row.seen_at <= now - IDLE_MS or row.created_at <= now - LONGEST_MS:
            return None
        return Session(row.name, row.created_at, row.seen_at)

    def seen(self, secret: str, now: int) -> None:
        """Somebody is there: the idle time begins anew."""
        change = update(session).where(session.c.hash == _hashed(secret)).values(seen_at=now)
        self._connection.execute(change)

    def end(self, secret: str) -> None:
        """A sign-out."""
        self._connection.execute(delete(session).where(session.c.hash == _hashed(secret)))

    def end_all_of(self, name: str) -> int:
        """Everywhere; how many."""
        return end_of(self._connection, name)


def end_of(connection: Connection, name: str) -> int:
    """Sign a user out everywhere; how many sessions that ended."""
    return int(connection.execute(delete(session).where(session.c.name == name)).rowcount)


def _hashed(secret: str) -> bytes:
    """The value has 256 bits of its own: it needs neither salt nor stretching."""
    return sha256(b"session/v1|" + secret.encode()).digest()
