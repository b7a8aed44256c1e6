"""The desk's requests: who asked for what, until when, and how it ended (Art. 12(3), 15-21).

The address and what the person wrote are sealed with the portal's key, for somebody who is not in the mirror
may ask too; they are wiped once the request is settled, and with the person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, func, insert, select, update

from connector.errors import Refused
from connector.proof import canon
from connector.proof.seal import NONCE_BYTES, seal, unseal
from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import person, request


class RequestKind(StrEnum):
    """Which right somebody uses."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    PORTABILITY = "portability"


class Identity(StrEnum):
    """Is it they who ask? Proof is asked for on reasonable doubt only (Art. 12(6))."""

    NOT_DOUBTED = "not_doubted"
    DOUBTED = "doubted"
    VERIFIED = "verified"


class RequestOutcome(StrEnum):
    """How it ended."""

    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What has come in. Times in ms UTC."""

    kind: RequestKind
    address: str  # as it was written
    received_at: int
    due_at: int
    via: str
    opened_by: str
    identity: Identity = Identity.NOT_DOUBTED
    person_id: int | None = None
    detail: Mapping[str, str | int | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `address` None and `detail` empty once it is settled."""

    id: int
    kind: RequestKind
    via: str
    received_at: int
    due_at: int
    identity: Identity
    opened_at: int
    opened_by: str
    extended_at: int | None = None
    owner: str | None = None
    person_id: int | None = None
    subject_ref: str | None = None
    erasure: str | None = None
    carried_out_at: int | None = None
    settled_at: int | None = None
    outcome: RequestOutcome | None = None
    settled_by: str | None = None
    address: str | None = None
    detail: Mapping[str, str | int | bool | None] = field(default_factory=dict)


class Requests:
    """The requests of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = request.c.portal == scope.portal

    def add(self, new: NewRequest, now: int) -> Request:
        """Write one down."""
        values = {
            "portal": self._scope.portal,
            "kind": new.kind,
            "via": new.via,
            "received_at": new.received_at,
            "due_at": new.due_at,
            "identity": new.identity,
            "person_id": new.person_id,
            "opened_at": now,
            "opened_by": new.opened_by,
        }
        made = insert(request).values(values).returning(request.c.id)
        number = int(self._connection.execute(made).scalar_one())
        self._set(number, {"sealed": self._sealed(number, new.address, new.detail)})
        return self._needed(number)

    def get(self, number: int) -> Request | None:
        """One by its number."""
        row = self._connection.execute(self._select().where(request.c.id == number)).one_or_none()
        return self._request(row) if row else None

    def open(self) -> list[Request]:
        """Those not settled, the soonest due first."""
        return self._many(request.c.settled_at.is_(None))

    def all(self, limit: int = 10_000) -> list[Request]:
        """Every one, settled ones included, the soonest due first."""
        rows = self._connection.execute(self._select().limit(limit))
        return [self._request(row) for row in rows]

    def of_person(self, person_id: int) -> list[Request]:
        """All of one person."""
        return self._many(request.c.person_id == person_id)

    def of_erasure(self, erasure: str) -> list[Request]:
        """Open ones that an erasure answers."""
        return self._many(and_(request.c.erasure == erasure, request.c.settled_at.is_(None)))

    def change(self, number: int, **values: Any) -> Request:
        """Set columns of an open one: owner, identity, due_at, extended_at, erasure, carried_out_at.

        Raises Refused where it is settled or there is none.
        """
        self._opened(number)
        self._set(number, values)
        return self._needed(number)

    def annotate(self, number: int, **more: str | int | bool | None) -> Request:
        """Add to the sealed detail of an open one."""
        found = self._opened(number)
        self._set(number, {"sealed": self._sealed(number, found.address or "", {**found.detail, **more})})
        return self._needed(number)

    def settle(self, number: int, outcome: RequestOutcome, by: str, now: int) -> Request:
        """It is answered: its personal data goes, the header stays. Raises Refused as `change` does."""
        self._opened(number)
        self._set(number, {"outcome": outcome, "settled_by": by, "settled_at": now, "sealed": None})
        return self._needed(number)

    def waiting(self) -> tuple[int, int | None]:
        """How many are open, and when the first of them is due."""
        counted = select(func.count(), func.min(request.c.due_at)).where(
            self._mine, request.c.settled_at.is_(None)
        )
        count, due = self._connection.execute(counted).one()
        return int(count), None if due is None else int(due)

    def _opened(self, number: int) -> Request:
        found = self.get(number)
        if found is None or found.settled_at is not None:
            raise Refused(
                "There is no open request with this number.",
                where="ID",
                next_step="See `consent-mirror requests list`.",
            )
        return found

    def _needed(self, number: int) -> Request:
        found = self.get(number)
        if found is None:
            raise LookupError(number)
        return found

    def _many(self, wanted: Any) -> list[Request]:
        return [self._request(row) for row in self._connection.execute(self._select().where(wanted))]

    def _set(self, number: int, values: Mapping[str, Any]) -> None:
        change = update(request).where(self._mine, request.c.id == number)
        self._connection.execute(change.values(**values))

    def _select(self) -> Select[Any]:
        joined = (person.c.id == request.c.person_id) & (person.c.portal == request.c.portal)
        found = select(request, person.c.ref).outerjoin(person, joined).where(self._mine)
        return found.order_by(request.c.due_at, request.c.id)

    def _place(self, number: int) -> bytes:
        return self._scope.vault.place(b"request", b"%d" % number)

    def _sealed(self, number: int, address: str, detail: Mapping[str, Any]) -> bytes:
        data = canon.canon({"address": address, "detail": dict(detail)})
        nonce = self._scope.chance.bytes(NONCE_BYTES)
        return seal(self._scope.vault.own, nonce, data, self._place(number))

    def _request(self, row: bulk.AnyRow) -> Request:
        inside: dict[str, Any] = {"address": None, "detail": {}}
        if row.sealed is not None:
            inside = canon.decode(unseal(self._scope.vault.own, row.sealed, self._place(row.id)))
        return Request(
            id=row.id,
            kind=RequestKind(row.kind),
            via=row.via,
            received_at=row.received_at,
            due_at=row.due_at,
            identity=Identity(row.identity),
            opened_at=row.opened_at,
            opened_by=row.opened_by,
            extended_at=row.extended_at,
            owner=row.owner,
            person_id=row.person_id,
            subject_ref=row.ref.hex() if row.ref else None,
            erasure=row.erasure,
            carried_out_at=row.carried_out_at,
            settled_at=row.settled_at,
            outcome=RequestOutcome(row.outcome) if row.outcome else None,
            settled_by=row.settled_by,
            address=inside["address"],
            detail=inside["detail"],
        )
