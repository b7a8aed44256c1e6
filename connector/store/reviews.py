"""What waits for a person, and what they decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, insert, select, update

from connector.errors import Refused
from connector.proof import canon
from connector.proof.seal import NONCE_BYTES, seal, unseal
from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import person, review


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReview:
    """A question to a person. `key` makes it one: a second one with the same key while open is the same."""

    kind: str
    key: str
    question: str
    options: tuple[str, ...]
    person_id: int | None = None
    purpose: str = ""
    row: int | None = None
    detail: Mapping[str, str | int | bool | None] = field(
        default_factory=dict
    )  # sealed; erased with the person


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A question, and its answer once there is one."""

    id: int
    kind: str
    key: str
    question: str
    options: tuple[str, ...]
    person_id: int | None
    subject_ref: str | None
    purpose: str
    row: int | None
    opened_at: int
    detail: Mapping[str, str | int | bool | None]
    approvals: tuple[tuple[str, int], ...] = ()  # (user, when)
    decided_at: int | None = None
    decision: str | None = None
    decided_by: str | None = None
    reason: str | None = None


class Reviews:
    """The reviews of one portal. What a person wrote or what names somebody is sealed and goes with them."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = review.c.portal == scope.portal

    def open(self, reviews: Sequence[NewReview], now: int) -> list[Review]:
        """Ask, or return the open one with the same key."""
        return [self._open(new, now) for new in reviews]

    def get(self, review_id: int) -> Review | None:
        """One by its id."""
        row = self._connection.execute(self._select().where(review.c.id == review_id)).one_or_none()
        return self._review(row) if row else None

    def pending(self, limit: int = 1000) -> list[Review]:
        """Open ones, oldest first."""
        statement = self._select().where(review.c.decided_at.is_(None)).limit(limit)
        return [self._review(row) for row in self._connection.execute(statement)]

    def of_person(self, person_id: int) -> list[Review]:
        """All of a person, decided ones included, oldest first."""
        statement = self._select().where(review.c.person_id == person_id)
        return [self._review(row) for row in self._connection.execute(statement)]

    def of_people(self, person_ids: Iterable[int]) -> dict[int, list[Review]]:
        """The same for many; people without any are left out."""
        found: dict[int, list[Review]] = {}
        for row in bulk.select_in(self._connection, self._select(), review.c.person_id, person_ids):
            found.setdefault(row.person_id, []).append(self._review(row))
        return found

    def approve(self, review_id: int, user: str, now: int) -> Review:
        """One of several approvals; the same user counts once. Raises Refused when it is not open."""
        found = self._opened(review_id)
        if user not in {name for name, _ in found.approvals}:
            approvals = canon.canon([*found.approvals, (user, now)]).decode()
            self._set(review_id, {"approvals": approvals})
        return self._opened(review_id)

    def decide(self, review_id: int, decision: str, user: str, now: int, reason: str | None = None) -> Review:
        """Close it. Raises Refused when it is closed or the decision is none of its options."""
        found = self._opened(review_id)
        if decision not in found.options:
            options = ", ".join(found.options)
            raise Refused("That is no answer to this review.", next_step=f"Answer with one of: {options}.")
        sealed = self._sealed(found.kind, found.key, found.detail, reason)
        answer = {"decided_at": now, "decision": decision, "decided_by": user, "sealed": sealed}
        self._set(review_id, answer)
        return found if (done := self.get(review_id)) is None else done

    def count(self) -> int:
        """How many are open."""
        return int(self._of_open(func.count()) or 0)

    def oldest(self) -> int | None:
        """When the oldest open one was asked."""
        return self._of_open(func.min(review.c.opened_at))

    def _open(self, new: NewReview, now: int) -> Review:
        known = self._select().where(review.c.key == new.key, review.c.decided_at.is_(None))
        row = self._connection.execute(known).one_or_none()
        if row is None:
            self._connection.execute(insert(review).values(self._values(new, now)))
            row = self._connection.execute(known).one()
        return self._review(row)

    def _values(self, new: NewReview, now: int) -> dict[str, Any]:
        return {
            "portal": self._scope.portal,
            "kind": new.kind,
            "key": new.key,
            "question": new.question,
            "options": canon.canon(new.options).decode(),
            "person_id": new.person_id,
            "purpose": new.purpose,
            "row": new.row,
            "opened_at": now,
            "sealed": self._sealed(new.kind, new.key, new.detail, None),
            "approvals": "[]",
        }

    def _opened(self, review_id: int) -> Review:
        found = self.get(review_id)
        if found is None or found.decided_at is not None:
            raise Refused(
                "There is no open review with this number.", next_step="See `consent-mirror review list`."
            )
        return found

    def _set(self, review_id: int, values: dict[str, Any]) -> None:
        self._connection.execute(update(review).where(self._mine, review.c.id == review_id).values(values))

    def _of_open(self, what: Any) -> int | None:
        statement = select(what).select_from(review).where(self._mine, review.c.decided_at.is_(None))
        return self._connection.execute(statement).scalar()

    def _select(self) -> Select[Any]:
        joined = (person.c.id == review.c.person_id) & (person.c.portal == review.c.portal)
        return select(review, person.c.ref).outerjoin(person, joined).where(self._mine).order_by(review.c.id)

    def _sealed(self, kind: str, key: str, detail: Mapping[str, Any], reason: str | None) -> bytes:
        data = canon.canon({"detail": dict(detail), "reason": reason})
        place = self._scope.vault.place(b"review", f"{kind}|{key}".encode())
        return seal(self._scope.vault.own, self._scope.chance.bytes(NONCE_BYTES), data, place)

    def _review(self, row: bulk.AnyRow) -> Review:
        inside: dict[str, Any] = {"detail": {}, "reason": None}
        if row.sealed is not None:
            place = self._scope.vault.place(b"review", f"{row.kind}|{row.key}".encode())
            inside = canon.decode(unseal(self._scope.vault.own, row.sealed, place))
        return Review(
            id=row.id,
            kind=row.kind,
            key=row.key,
            question=row.question,
            options=tuple(canon.decode(row.options.encode())),
            person_id=row.person_id,
            subject_ref=row.ref.hex() if row.ref else None,
            purpose=row.purpose,
            row=row.row,
            opened_at=row.opened_at,
            detail=inside["detail"],
            approvals=tuple((name, at) for name, at in canon.decode(row.approvals.encode())),
            decided_at=row.decided_at,
            decision=row.decision,
            decided_by=row.decided_by,
            reason=inside["reason"],
        )
