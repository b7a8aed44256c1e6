"""Who and what can reach the register, as last seen, with the motive that a person set (CD 2, K5).

Names and addresses of staff are sealed: they are personal data as anybody's. What a row is known by (a user's
number, a file's path) stands there as a keyed index.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, insert, select, update

from connector.errors import Refused
from connector.proof import canon
from connector.proof.seal import NONCE_BYTES, seal, unseal
from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import grantee


class GranteeKind(StrEnum):
    """What kind of access it is."""

    HUBSPOT_USER = "hubspot_user"
    KEY = "key"  # a token, a service key
    APP = "app"
    USER = "user"  # one of our own
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spotted:
    """Something that can reach the register, as it is now. `identity` tells it apart among its kind.

    `address`: a user's normalised address. `told` is what a reader is shown: name, roles, owner, mode.
    """

    kind: GranteeKind
    identity: str
    address: str = ""
    told: Mapping[str, str | bool | None] = field(default_factory=dict)
    last_login: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grantee:
    """The same as kept. Times in ms UTC; `told` is empty for somebody whose data were erased."""

    id: int
    kind: GranteeKind
    told: Mapping[str, Any]
    first_seen: int
    last_seen: int
    last_login: int | None
    gone_at: int | None
    motive: str | None
    justified_at: int | None
    justified_by: str | None
    review_at: int | None


_NOT_KEPT: Final = {"motive": None, "justified_at": None, "justified_by": None, "review_at": None}


class Grantees:
    """The access register of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = grantee.c.portal == scope.portal

    def see(self, kinds: Collection[GranteeKind], spotted: Sequence[Spotted], now: int) -> None:
        """All of these kinds as they are now: new ones are added, missing ones are gone.

        One that comes back has to be justified again: what it was good for then may no longer hold.
        """
        known = {(row.kind, row.ref): row for row in self._connection.execute(self._select())}
        seen = {(each.kind, self._ref(each)): each for each in spotted}
        for key, each in seen.items():
            self._keep(known.get(key), each, now)
        for key, row in known.items():
            if row.kind in kinds and key not in seen and row.gone_at is None:
                self._set(row.id, {"gone_at": now})

    def leave(self, kind: GranteeKind, identity: str, now: int) -> None:
        """One that is known to be over: a key that was revoked."""
        ref = self._ref(Spotted(kind=kind, identity=identity))
        mine = (self._mine, grantee.c.kind == kind, grantee.c.ref == ref, grantee.c.gone_at.is_(None))
        self._connection.execute(update(grantee).where(*mine).values(gone_at=now))

    def all(self, *, gone: bool = False) -> list[Grantee]:
        """Those that can reach the register now; `gone`: the former ones too."""
        rows = self._connection.execute(self._select())
        return [self._grantee(row) for row in rows if gone or row.gone_at is None]

    def get(self, number: int) -> Grantee | None:
        """One."""
        row = self._connection.execute(self._select().where(grantee.c.id == number)).one_or_none()
        return self._grantee(row) if row else None

    def justify(self, number: int, motive: str, review_at: int, user: str, now: int) -> Grantee:
        """A person says why it has access, and until when that is looked at again. Raises Refused."""
        found = self.get(number)
        if found is None or found.gone_at is not None:
            raise Refused(
                "Nothing that can reach the register now has this number.",
                where="ID",
                next_step="See `consent-mirror access`.",
            )
        sealed = self._sealed(b"motive", self._ref_of(number), motive.encode())
        self._set(
            number,
            {"motive": sealed, "justified_at": now, "justified_by": user, "review_at": review_at},
        )
        return self.get(number) or found

    def _keep(self, row: bulk.AnyRow | None, each: Spotted, now: int) -> None:
        ref = self._ref(each)
        values = {
            "address": self._scope.vault.address_ref(each.address) if each.address else None,
            "sealed": self._sealed(b"grantee", ref, canon.canon(dict(each.told))),
            "last_seen": now,
            "last_login": each.last_login,
            "gone_at": None,
        }
        if row is None:
            base = {"portal": self._scope.portal, "kind": each.kind, "ref": ref, "first_seen": now}
            self._connection.execute(insert(grantee).values(base | values))
            return
        if row.gone_at is not None:
            values |= _NOT_KEPT
        if values["last_login"] is None:
            values["last_login"] = row.last_login
        self._set(row.id, values)

    def _ref(self, each: Spotted) -> bytes:
        return self._scope.vault.source_ref(each.kind.encode(), each.identity)

    def _ref_of(self, number: int) -> bytes:
        which = select(grantee.c.ref).where(self._mine, grantee.c.id == number)
        return bytes(self._connection.execute(which).scalar_one())

    def _sealed(self, what: bytes, ref: bytes, plain: bytes) -> bytes:
        place = self._scope.vault.place(what, ref)
        return seal(self._scope.vault.own, self._scope.chance.bytes(NONCE_BYTES), plain, place)

    def _opened(self, what: bytes, ref: bytes, sealed: bytes | None) -> bytes | None:
        if sealed is None:
            return None
        return unseal(self._scope.vault.own, sealed, self._scope.vault.place(what, ref))

    def _set(self, number: int, values: Mapping[str, Any]) -> None:
        self._connection.execute(update(grantee).where(self._mine, grantee.c.id == number).values(**values))

    def _select(self) -> Select[Any]:
        return select(grantee).where(self._mine).order_by(grantee.c.kind, grantee.c.id)

    def _grantee(self, row: bulk.AnyRow) -> Grantee:
        told, motive = (
            self._opened(b"grantee", row.ref, row.sealed),
            self._opened(b"motive", row.ref, row.motive),
        )
        return Grantee(
            id=row.id,
            kind=GranteeKind(row.kind),
            told=canon.decode(told) if told else {},
            first_seen=row.first_seen,
            last_seen=row.last_seen,
            last_login=row.last_login,
            gone_at=row.gone_at,
            motive=motive.decode() if motive is not None else None,
            justified_at=row.justified_at,
            justified_by=row.justified_by,
            review_at=row.review_at,
        )
