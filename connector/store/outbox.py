"""What is to be written to HubSpot: absolute targets, noes first, nothing is lost (design 4.2, 4.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import Any, Final

from sqlalchemy import Select, and_, case, delete, func, insert, select, update

from connector.proof.seal import NONCE_BYTES, SealBroken, unseal
from connector.proof.seal import seal as sealed_for
from connector.store import bulk
from connector.store.refs import raw
from connector.store.scope import Scope
from connector.store.tables import address, outbox, sent
from mappings.words import LegalBasis, Status


class Origin(StrEnum):
    """Who wanted a letter. Letters of RECONCILE wait for the first push (design 1.1, `sync`)."""

    ASKED = "asked"  # a person, a page, an erasure
    RECONCILE = "reconcile"
    UNDO = "undo"  # of our own write (row 43)


class Urgency(IntEnum):
    """The order in which letters leave."""

    ASKED = 0
    DERIVED_NO = 1
    DERIVED_YES = 2


class Queued(StrEnum):
    """What became of a letter that was queued."""

    NEW = "new"
    REPLACED = "replaced"
    SAME = "same"  # one with this target was waiting already
    REFUSED = "refused"  # a no waits for this address, and this yes carries no resubscribe intent


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLetter:
    """A status to reach. Exactly one of: `person_id` (the address is read from their rows when it leaves),
    `address` (of someone unknown or suppressed: sealed until confirmed), `contact_id` alone (the address is
    read again from HubSpot when it leaves, design 4.4)."""

    ref: str  # address reference; for a contact_id alone: `outbox.contact_ref(id)`
    subscription: int  # 0: opted out of all
    status: Status
    origin: Origin
    person_id: int | None = None
    address: str | None = None
    contact_id: int | None = None
    basis: LegalBasis | None = None
    explanation: str | None = None
    resubscribe: bool = False  # carries a resubscribe intent (rows 5, 6, 27, 35)
    purpose: str = ""
    row: int | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter in the outbox. `version` counts its targets: an answer to an older one is no answer."""

    ref: str
    subscription: int
    status: Status
    origin: Origin
    urgency: Urgency
    version: int
    person_id: int | None
    contact_id: int | None
    basis: LegalBasis | None
    explanation: str | None
    resubscribe: bool
    purpose: str
    row: int | None
    seq: int | None
    queued_at: int
    next_try: int
    attempts: int
    first_sent_at: int | None = None
    confirmed_at: int | None = None
    parked: str | None = None  # category of the reason
    address: str | None = None  # only after `claim`
    token: str | None = None  # of the claim


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits. Times are None where nothing does.

    `gated`: those of RECONCILE, which leave only once the first push is confirmed; `oldest_free_no` leaves
    them out.
    """

    count: int
    noes: int
    oldest: int | None
    oldest_no: int | None
    parked: int
    gated: int
    gated_noes: int = 0
    oldest_free_no: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """One write as history keeps it: nobody's."""

    subscription: int
    status: Status
    origin: Origin
    queued_at: int
    sent_at: int
    confirmed_at: int | None


#: A write whose end was unknown longer than this leaves no window in which an act counts as our echo.
ECHO_MS: Final = 600_000

_COLUMNS: Final = tuple(column.name for column in outbox.columns)
_NO: Final = Status.UNSUBSCRIBED
_BY_REF: Final = bulk.Lookup(select(outbox).where(outbox.c.portal == bulk.PORTAL), outbox.c.ref)
_LOCKED: Final = bulk.Lookup(
    select(outbox).where(outbox.c.portal == bulk.PORTAL).with_for_update(), outbox.c.ref
)
_Key = tuple[bytes, int]


class Outbox:
    """The outbox of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = outbox.c.portal == scope.portal

    def queue(self, letters: Sequence[NewLetter], now: int) -> list[Queued]:
        """Upsert by (ref, subscription), one outcome per letter.

        A waiting no is never replaced by a yes without resubscribe intent, on its own key or as an opt-out of
        everything; a no to everything removes the yeses that wait for its address. What replaces a letter
        that is on its way waits until that one has come back.
        """
        refs = {raw(letter.ref) for letter in letters}
        rows = {(row["ref"], row["subscription"]): row for row in self._rows(refs)}
        changed: dict[_Key, dict[str, Any]] = {}
        gone: set[_Key] = set()
        outcomes = []
        for letter in letters:
            outcome, row = self._merged(letter, rows, now)
            outcomes.append(outcome)
            if row is None:
                continue
            key = (row["ref"], row["subscription"])
            rows[key] = changed[key] = row
            gone.discard(key)
            if letter.status == _NO and letter.subscription == 0:
                overtaken = _waiting_yeses(rows, key[0])
                _hold_back(row, [rows[each] for each in overtaken], now)
                for each in overtaken:
                    gone.add(each)
                    changed.pop(each, None)
                    del rows[each]
        values = [tuple(row[name] for name in _COLUMNS) for row in changed.values()]
        bulk.upsert(self._connection, outbox, _COLUMNS, values)
        self._delete(gone)
        return outcomes

    def claim(
        self,
        limit: int,
        now: int,
        lease_ms: int,
        *,
        urgent_only: bool = False,
        gate_open: bool = True,
        refs: Iterable[str] | None = None,
    ) -> list[Letter]:
        """Take letters that are due and nobody holds, noes first, oldest first, addresses decrypted.

        `urgent_only`: what people asked for. `gate_open` False leaves those of RECONCILE (first-push gate).
        `refs`: only letters of these. A letter whose address is nowhere any more is parked.
        """
        statement = self._due(now, refs).limit(limit)
        if urgent_only:
            statement = statement.where(outbox.c.urgency == Urgency.ASKED)
        if not gate_open:
            statement = statement.where(outbox.c.origin != Origin.RECONCILE)
        rows = self._connection.execute(statement).all()
        tokens = [self._scope.chance.bytes(8).hex() for _ in rows]
        taken = [(now + lease_ms, token, *_key(row)) for token, row in zip(tokens, rows, strict=True)]
        bulk.update(
            self._connection,
            outbox,
            ("claimed_until", "token"),
            ("portal", "ref", "subscription"),
            self._mined(taken),
        )
        return self._addressed(rows, tokens)

    def attempt(self, letter: Letter, now: int) -> Letter | None:
        """The intent transaction before the call: counts the attempt, keeps the first time.

        None: the letter was replaced or the claim is over; do not send.
        """
        row = self._connection.execute(self._current(letter).with_for_update()).one_or_none()
        if row is None or row.token != letter.token or row.claimed_until <= now:
            self._free(letter)
            return None
        values: dict[str, Any] = {"attempts": row.attempts + 1}
        if row.first_sent_at is None:
            values |= {"first_sent_at": now, "sent_id": self._remember(row, now)}
        self._connection.execute(update(outbox).where(*self._is(letter)).values(values))
        return replace(letter, attempts=row.attempts + 1, first_sent_at=row.first_sent_at or now)

    def confirm(self, letter: Letter, now: int) -> bool:
        """HubSpot holds the target. False: a newer target waits, free to leave.

        After a long try nothing tells our write from the person's own act in the meantime: its window is
        forgotten, and what HubSpot shows is somebody's (row 42 wants the time of our write).

        A letter to the address of somebody suppressed or erased goes altogether: its key is the index of that
        address, and no later read needs the window of the write.
        """
        values = {"confirmed_at": now, "parked": None, "sealed": None, "claimed_until": 0, "token": None}
        if letter.first_sent_at is not None and now - letter.first_sent_at > ECHO_MS:
            values["first_sent_at"] = None
        current = update(outbox).where(*self._is(letter), outbox.c.version == letter.version)
        confirmed = self._connection.execute(
            current.where(outbox.c.confirmed_at.is_(None))
            .values(values)
            .returning(outbox.c.sent_id, outbox.c.person_id, outbox.c.contact_id)
        ).one_or_none()
        if confirmed is None:
            self._free(letter)
            return False
        mine = update(sent).where(sent.c.id == confirmed.sent_id)
        self._connection.execute(mine.values(confirmed_at=now))
        if confirmed.person_id is None and confirmed.contact_id is None:
            self._connection.execute(delete(outbox).where(*self._is(letter)))
        return True

    def retry(self, letter: Letter, next_try: int) -> bool:
        """Try again at `next_try` (ms UTC) and free the claim. False: a newer target waits."""
        return self._settle(letter, {"next_try": next_try})

    def release(self, letter: Letter) -> None:
        """Give a claim back without an attempt."""
        self._settle(letter, {})

    def park(self, letter: Letter, reason: str) -> bool:
        """HubSpot will never take this one: kept for a person to look at. `reason` is a category, no text."""
        return self._settle(letter, {"parked": reason})

    def drop(self, keys: Iterable[tuple[str, int]]) -> int:
        """Withdraw yeses that wait (a review refused them). A no is never dropped."""
        done = 0
        for ref, subscription in keys:
            waiting = (outbox.c.status != _NO, outbox.c.confirmed_at.is_(None))
            done += self._connection.execute(
                delete(outbox).where(*self._at(raw(ref), subscription), *waiting)
            ).rowcount
        return done

    def forget(self, refs: Iterable[str]) -> None:
        """Delete the confirmed letters of these references: nobody asks for their window any more."""
        for ref in refs:
            done = (self._mine, outbox.c.ref == raw(ref), outbox.c.confirmed_at.is_not(None))
            self._connection.execute(delete(outbox).where(*done))

    def drop_yeses(self) -> int:
        """Withdraw every yes that waits (after a restore: it may be older than a no). How many there were."""
        waiting = (self._mine, outbox.c.status != _NO, outbox.c.confirmed_at.is_(None))
        return int(self._connection.execute(delete(outbox).where(*waiting)).rowcount)

    def get(self, ref: str, subscription: int) -> Letter | None:
        """The letter of a key, confirmed ones included; address not decrypted."""
        row = self._connection.execute(select(outbox).where(*self._at(raw(ref), subscription))).one_or_none()
        return _letter(row) if row else None

    def of_refs(self, refs: Iterable[str]) -> dict[str, list[Letter]]:
        """All letters of these addresses, confirmed ones included: waiting writes and write windows."""
        found: dict[str, list[Letter]] = {}
        for row in _BY_REF.rows(self._connection, self._scope.portal, map(raw, refs)):
            found.setdefault(row.ref.hex(), []).append(_letter(row))
        return found

    def pending(self, limit: int = 1000, *, parked: bool = False) -> list[Letter]:
        """Letters that wait (or are parked), in the order in which they would leave."""
        held = outbox.c.parked.is_not(None) if parked else outbox.c.parked.is_(None)
        statement = self._ordered().where(held).limit(limit)
        return [_letter(row) for row in self._connection.execute(statement)]

    def waiting(self) -> Waiting:
        """The totals."""
        free = outbox.c.parked.is_(None)
        no = free & (outbox.c.status == _NO)
        gated = outbox.c.origin == Origin.RECONCILE
        statement = select(
            _sum(free),
            _sum(no),
            func.min(case((free, outbox.c.queued_at))),
            func.min(case((no, outbox.c.queued_at))),
            _sum(outbox.c.parked.is_not(None)),
            _sum(free & gated),
            _sum(no & gated),
            func.min(case((no & ~gated, outbox.c.queued_at))),
        ).where(self._mine, outbox.c.confirmed_at.is_(None))
        row = self._connection.execute(statement).one()
        count, noes, parked, held, held_noes = (int(row[each] or 0) for each in (0, 1, 4, 5, 6))
        return Waiting(count, noes, row[2], row[3], parked, held, held_noes, row[7])

    def subscribes_since(self, at: int) -> int:
        """How many SUBSCRIBED writes were first sent since (breaker: rolling 24 h)."""
        statement = (
            select(func.count()).select_from(sent).where(*self._sent(at), sent.c.status == Status.SUBSCRIBED)
        )
        return int(self._connection.execute(statement).scalar_one())

    def sent_since(self, at: int) -> list[Sent]:
        """Writes first sent since `at`, oldest first: latency and counts for the report."""
        statement = select(sent).where(*self._sent(at)).order_by(sent.c.sent_at, sent.c.id)
        return [
            Sent(
                row.subscription,
                Status(row.status),
                Origin(row.origin),
                row.queued_at,
                row.sent_at,
                row.confirmed_at,
            )
            for row in self._connection.execute(statement)
        ]

    def contact_ref(self, contact_id: int) -> str:
        """The key of a letter that has nothing but a HubSpot id. No address looks like it: it has no @."""
        return self._scope.vault.address_ref(f"contact|{contact_id}").hex()

    def _merged(
        self, new: NewLetter, rows: dict[_Key, dict[str, Any]], now: int
    ) -> tuple[Queued, dict[str, Any] | None]:
        ref = raw(new.ref)
        old, wide = rows.get((ref, new.subscription)), rows.get((ref, 0))
        if new.status != _NO and not new.resubscribe and (_waiting_no(old) or _waiting_no(wide)):
            return Queued.REFUSED, None
        made = self._new(new, now)
        if old is None:
            return Queued.NEW, made
        if old["confirmed_at"] is not None:
            return Queued.NEW, made | {"version": old["version"] + 1}
        if old["status"] == new.status == _NO:
            return Queued.SAME, _asked_again(old, made, now)
        made |= {"version": old["version"] + 1}
        _hold_back(made, [old], now)
        return Queued.REPLACED, made

    def _new(self, new: NewLetter, now: int) -> dict[str, Any]:
        ref = raw(new.ref)
        return {
            "portal": self._scope.portal,
            "ref": ref,
            "subscription": new.subscription,
            "status": str(new.status),
            "origin": str(new.origin),
            "urgency": int(_urgency(new)),
            "version": 1,
            "person_id": new.person_id,
            "contact_id": new.contact_id,
            "sealed": self._sealed(ref, new.address),
            "basis": new.basis,
            "explanation": new.explanation,
            "resubscribe": int(new.resubscribe),
            "purpose": new.purpose,
            "row": new.row,
            "seq": new.seq,
            "queued_at": now,
            "next_try": now,
            "attempts": 0,
            "first_sent_at": None,
            "claimed_until": 0,
            "token": None,
            "confirmed_at": None,
            "parked": None,
            "sent_id": None,
        }

    def _sealed(self, ref: bytes, plain: str | None) -> bytes | None:
        if plain is None:
            return None
        vault = self._scope.vault
        nonce = self._scope.chance.bytes(NONCE_BYTES)
        return sealed_for(vault.own, nonce, plain.encode(), vault.place(b"letter", ref))

    def _rows(self, refs: Iterable[bytes]) -> list[dict[str, Any]]:
        rows = _LOCKED.rows(self._connection, self._scope.portal, refs)
        return [dict(row._mapping) for row in rows]

    def _ordered(self, refs: Iterable[str] | None = None) -> Select[Any]:
        """What waits, noes first. `refs`: only of these, found by the key: a sum keeps SQLite from the index
        of all that waits, which it would read for each address after many have said no at once."""
        confirmed = outbox.c.confirmed_at if refs is None else outbox.c.confirmed_at + 0
        waiting = select(outbox).where(self._mine, confirmed.is_(None))
        if refs is not None:
            waiting = waiting.where(outbox.c.ref.in_([raw(ref) for ref in refs]))
        return waiting.order_by(outbox.c.urgency, outbox.c.queued_at, outbox.c.ref, outbox.c.subscription)

    def _due(self, now: int, refs: Iterable[str] | None) -> Select[Any]:
        free = (outbox.c.parked.is_(None), outbox.c.next_try <= now, outbox.c.claimed_until <= now)
        return self._ordered(refs).where(*free).with_for_update(skip_locked=True)

    def _mined(self, rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return [(until, token, self._scope.portal, ref, number) for until, token, ref, number in rows]

    def _addressed(self, rows: Sequence[bulk.AnyRow], tokens: Sequence[str]) -> list[Letter]:
        known = self._of_people(rows)
        found = []
        for row, token in zip(rows, tokens, strict=True):
            plain = known.get((row.person_id, row.ref)) or self._unsealed(row)
            letter = replace(_letter(row), address=plain, token=token)
            if plain is None and row.contact_id is None:
                self.park(letter, "address_gone")
            else:
                found.append(letter)
        return found

    def _of_people(self, rows: Sequence[bulk.AnyRow]) -> dict[tuple[int, bytes], str]:
        ids = {row.person_id for row in rows if row.person_id is not None}
        self._scope.load(ids)
        found: dict[tuple[int, bytes], str] = {}
        statement = select(address.c.person_id, address.c.ref, address.c.sealed)
        for row in bulk.select_in(self._connection, statement, address.c.person_id, ids):
            holder = self._scope.holders[row.person_id]
            try:
                plain = unseal(
                    holder.cipher, row.sealed, self._scope.vault.address_place(holder.ref, row.ref)
                )
            except SealBroken:
                continue  # a damaged row: its own letters are parked, the others leave
            normalised, _, original = plain.decode().partition("\0")
            found[row.person_id, row.ref] = original or normalised
        return found

    def _unsealed(self, row: bulk.AnyRow) -> str | None:
        if row.sealed is None:
            return None
        vault = self._scope.vault
        return unseal(vault.own, row.sealed, vault.place(b"letter", row.ref)).decode()

    def _remember(self, row: bulk.AnyRow, now: int) -> int:
        values = {
            "portal": self._scope.portal,
            "subscription": row.subscription,
            "status": row.status,
            "origin": row.origin,
            "queued_at": row.queued_at,
            "sent_at": now,
        }
        return int(self._connection.execute(insert(sent).values(values).returning(sent.c.id)).scalar_one())

    def _settle(self, letter: Letter, values: dict[str, Any]) -> bool:
        """Free the claim and change the row, where it still is this letter."""
        current = update(outbox).where(
            *self._is(letter), outbox.c.version == letter.version, outbox.c.token == letter.token
        )
        done = self._connection.execute(current.values(claimed_until=0, token=None, **values)).rowcount
        if not done:
            self._free(letter)
        return bool(done)

    def _free(self, letter: Letter) -> None:
        """What waited for this letter to come back may leave now."""
        held = and_(self._mine, outbox.c.ref == raw(letter.ref), outbox.c.token == letter.token)
        self._connection.execute(update(outbox).where(held).values(claimed_until=0, token=None))

    def _current(self, letter: Letter) -> Select[Any]:
        waiting = (outbox.c.version == letter.version, outbox.c.confirmed_at.is_(None))
        return select(outbox).where(*self._is(letter), *waiting)

    def _is(self, letter: Letter) -> tuple[Any, ...]:
        return self._at(raw(letter.ref), letter.subscription)

    def _at(self, ref: bytes, subscription: int) -> tuple[Any, ...]:
        return (self._mine, outbox.c.ref == ref, outbox.c.subscription == subscription)

    def _sent(self, at: int) -> tuple[Any, ...]:
        return (sent.c.portal == self._scope.portal, sent.c.sent_at >= at)

    def _delete(self, keys: Iterable[_Key]) -> None:
        rows = [(self._scope.portal, ref, subscription) for ref, subscription in keys]
        bulk.delete(self._connection, outbox, ("portal", "ref", "subscription"), rows)


def _key(row: bulk.AnyRow) -> _Key:
    return row.ref, row.subscription


def _urgency(new: NewLetter) -> Urgency:
    if new.status != _NO:
        return Urgency.DERIVED_YES
    return Urgency.DERIVED_NO if new.origin is Origin.RECONCILE else Urgency.ASKED


def _waiting_no(row: dict[str, Any] | None) -> bool:
    return row is not None and row["status"] == _NO and row["confirmed_at"] is None


def _waiting_yeses(rows: dict[_Key, dict[str, Any]], ref: bytes) -> list[_Key]:
    return [
        key
        for key, row in rows.items()
        if key[0] == ref and row["status"] != _NO and row["confirmed_at"] is None
    ]


def _asked_again(old: dict[str, Any], made: dict[str, Any], now: int) -> dict[str, Any]:
    """The same no once more: it keeps its place in time, and is tried at once if a person asks."""
    asked = made["urgency"] < old["urgency"]
    kept = {
        "urgency": min(old["urgency"], made["urgency"]),
        "next_try": min(old["next_try"], now),
        "parked": None,
    }
    for name in ("person_id", "contact_id", "sealed"):
        kept[name] = made[name] if made[name] is not None else old[name]
    return old | kept | ({"origin": made["origin"]} if asked else {})


def _hold_back(made: dict[str, Any], replaced: Iterable[dict[str, Any]], now: int) -> None:
    """A letter on its way may still be applied: what replaces it leaves when that one is back."""
    for old in replaced:
        if old["claimed_until"] > max(now, made["claimed_until"]):
            made |= {"claimed_until": old["claimed_until"], "token": old["token"]}


def _letter(row: bulk.AnyRow) -> Letter:
    return Letter(
        ref=row.ref.hex(),
        subscription=row.subscription,
        status=Status(row.status),
        origin=Origin(row.origin),
        urgency=Urgency(row.urgency),
        version=row.version,
        person_id=row.person_id,
        contact_id=row.contact_id,
        basis=LegalBasis(row.basis) if row.basis else None,
        explanation=row.explanation,
        resubscribe=bool(row.resubscribe),
        purpose=row.purpose,
        row=row.row,
        seq=row.seq,
        queued_at=row.queued_at,
        next_try=row.next_try,
        attempts=row.attempts,
        first_sent_at=row.first_sent_at,
        confirmed_at=row.confirmed_at,
        parked=row.parked,
    )


def _sum(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))
