"""People and their addresses: encrypted under each person's own key, found by a keyed index."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, func, or_, select, update

from connector.consent.events import Overlay
from connector.errors import Refused
from connector.proof.seal import NEW_KEY_BYTES, NONCE_BYTES, REF_BYTES, seal, unseal
from connector.store import bulk
from connector.store.refs import raw
from connector.store.scope import Holder, Scope
from connector.store.shredder import Shredded, free_letters, shred
from connector.store.tables import (
    address,
    contact,
    errand,
    mailed,
    outbox,
    person,
    person_number,
    request,
    state,
)


class AddressKind(StrEnum):
    """How an address belongs to a person."""

    PRIMARY = "primary"
    ADDITIONAL = "additional"
    PAST = "past"


class Person(NamedTuple):
    """Somebody, without anything that names them. `merged_into`: HubSpot merged them into another person."""

    id: int
    ref: str  # random 128 bits, 32 hex digits: the subject_ref of the log
    overlay: Overlay | None = None
    created_at: int = 0
    merged_into: int | None = None


class NewAddress(NamedTuple):
    """An address to be stored: `normalised` by mappings, `original` as it was spelled."""

    normalised: str
    original: str
    kind: AddressKind = AddressKind.PRIMARY


class Address(NamedTuple):
    """A stored address, decrypted."""

    person_id: int
    ref: str  # 32 hex digits; opaque, what Event.address holds
    kind: AddressKind
    normalised: str
    original: str


_KINDS: Final = (AddressKind.PRIMARY, AddressKind.ADDITIONAL, AddressKind.PAST)  # codes in the table
_CODES: Final = {kind: code for code, kind in enumerate(_KINDS)}
_PERSON_COLUMNS: Final = ("id", "portal", "ref", "key", "created_at")
_ADDRESS_COLUMNS: Final = ("person_id", "ref", "portal", "kind", "sealed")
_NEW_PERSON_BYTES: Final = REF_BYTES + NEW_KEY_BYTES
_COLUMNS: Final = (person.c.id, person.c.ref, person.c.overlay, person.c.created_at, person.c.merged_into)
_BY_ID: Final = bulk.Lookup(select(*_COLUMNS).where(person.c.portal == bulk.PORTAL), person.c.id)
_USERS: Final = bulk.Lookup(
    select(address.c.ref, address.c.person_id).where(address.c.portal == bulk.PORTAL), address.c.ref
)
_KINDS_OF: Final = bulk.Lookup(
    select(address.c.ref, address.c.person_id, address.c.kind).where(address.c.portal == bulk.PORTAL),
    address.c.ref,
)
_HELD: Final = bulk.Lookup(
    select(address.c.person_id, address.c.ref, address.c.kind, address.c.sealed)
    .where(address.c.portal == bulk.PORTAL)
    .order_by(address.c.person_id, address.c.kind, address.c.ref),
    address.c.person_id,
)


class People:
    """The people of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = person.c.portal == scope.portal

    def create(
        self, addresses: Sequence[Sequence[NewAddress]], refs: Sequence[str] | None = None
    ) -> list[Person]:
        """One new person for each item, with these addresses (none is allowed); in the same order.

        `refs`: of people whom a restored database does not have any more and the journal still names.
        """
        if not addresses:
            return []
        scope, now = self._scope, self._scope.clock.now()
        entropy = scope.chance.bytes(_NEW_PERSON_BYTES * len(addresses))
        people: list[Person] = []
        rows = []
        given: list[tuple[int, NewAddress]] = []
        at = 0
        for number, (person_id, news) in enumerate(
            zip(self._numbers(len(addresses)), addresses, strict=True)
        ):
            drawn = entropy[at : at + _NEW_PERSON_BYTES]
            at += _NEW_PERSON_BYTES
            ref = drawn[:REF_BYTES] if refs is None else raw(refs[number])
            cipher, wrapped = scope.vault.new_key(ref, drawn[REF_BYTES:])
            scope.holders[person_id] = Holder(ref, cipher, person_id)
            rows.append((person_id, scope.portal, ref, wrapped, now))
            people.append(Person(person_id, ref.hex(), None, now))
            ordered = news if len(news) < 2 else sorted(news, key=self._place)
            scope.spelled[person_id] = [(new.normalised, new.original, str(new.kind)) for new in ordered]
            given += [(person_id, new) for new in news]
        bulk.insert(self._connection, person, _PERSON_COLUMNS, rows)
        scope.fresh.update(scope.spelled)
        bulk.insert(self._connection, address, _ADDRESS_COLUMNS, self._sealed(given))
        return people

    def by_ids(self, ids: Iterable[int]) -> dict[int, Person]:
        """Those that exist, tombstones included."""
        rows = _BY_ID.rows(self._connection, self._scope.portal, ids)
        return {row.id: _person(row) for row in rows}

    def by_ref(self, ref: str) -> Person | None:
        """The person of a subject_ref, tombstones included."""
        statement = _person_columns().where(self._mine, person.c.ref == raw(ref))
        row = self._connection.execute(statement).one_or_none()
        return _person(row) if row else None

    def by_address(self, normalised: str) -> list[Person]:
        """Everyone who has or had this address; more than one where it is shared."""
        ref = self.address_ref(normalised)
        ids = self.persons_of([ref]).get(ref, [])
        return [each for _, each in sorted(self.by_ids(ids).items())]

    def address_ref(self, normalised: str) -> str:
        """The opaque reference of an address in this portal, whether known or not."""
        return self._scope.vault.address_ref(normalised).hex()

    def address_refs(self, normalised: Iterable[str]) -> dict[str, str]:
        """The same for many: normalised -> reference."""
        index = self._scope.vault.address_ref
        return {each: index(each).hex() for each in normalised}

    def persons_of(self, refs: Iterable[str]) -> dict[str, list[int]]:
        """Address references -> ids of those who have or had the address; unknown ones are left out."""
        found: dict[str, list[int]] = {}
        for ref, person_id in _USERS.rows(self._connection, self._scope.portal, map(raw, refs)):
            found.setdefault(ref.hex(), []).append(person_id)
        for ids in found.values():
            ids.sort()
        return found

    def users_of(self, refs: Iterable[str]) -> dict[str, list[tuple[int, AddressKind]]]:
        """The same with how each has it; nothing is decrypted."""
        found: dict[str, list[tuple[int, AddressKind]]] = {}
        for ref, person_id, kind in _KINDS_OF.rows(self._connection, self._scope.portal, map(raw, refs)):
            found.setdefault(ref.hex(), []).append((person_id, _KINDS[kind]))
        return found

    def owners(self, normalised: Iterable[str]) -> dict[str, list[int]]:
        """Normalised addresses -> ids of those who have or had them, ascending; unknown ones are left out."""
        index = self._scope.vault.address_ref
        names = {index(each): each for each in normalised}
        found: dict[str, list[int]] = {}
        for ref, person_id in _USERS.rows(self._connection, self._scope.portal, names):
            found.setdefault(names[ref], []).append(person_id)
        for ids in found.values():
            ids.sort()
        return found

    def addresses(self, person_ids: Iterable[int]) -> dict[int, list[Address]]:
        """Decrypted addresses, primary first; a person without any is left out.

        Raises SealBroken where a row was edited or moved.
        """
        ids = list(person_ids)
        self._scope.load(ids)
        found: dict[int, list[Address]] = {}
        for row in _HELD.rows(self._connection, self._scope.portal, ids):
            found.setdefault(row.person_id, []).append(self._opened(row))
        return found

    def add_addresses(self, items: Sequence[tuple[int, NewAddress]]) -> None:
        """(person id, address): adds, or changes kind and spelling of one that is there."""
        self._scope.load(person_id for person_id, _ in items)
        self._respelled(person_id for person_id, _ in items)
        bulk.upsert(self._connection, address, _ADDRESS_COLUMNS, self._sealed(items))

    def set_kinds(self, items: Sequence[tuple[int, str, AddressKind]]) -> None:
        """(person id, address ref, kind): an address became primary, additional or past."""
        self._respelled(person_id for person_id, _, _ in items)
        rows = [(_KINDS.index(kind), person_id, raw(ref)) for person_id, ref, kind in items]
        bulk.update(self._connection, address, ("kind",), ("person_id", "ref"), rows)

    def remove_addresses(self, items: Sequence[tuple[int, str]]) -> None:
        """(person id, address ref): rectification (Art. 16). A no that waits for one still leaves."""
        self._respelled(person_id for person_id, _ in items)
        for person_id, ref in items:
            free_letters(self._scope, person_id, [raw(ref)])
        rows = [(person_id, raw(ref), self._scope.portal) for person_id, ref in items]
        bulk.delete(self._connection, address, ("person_id", "ref", "portal"), rows)

    def set_overlay(self, person_id: int, overlay: Overlay | None) -> None:
        """RESTRICTED or none. Raises Refused for ERASED, which only `shred` sets and nothing takes off."""
        known = self.by_ids([person_id]).get(person_id)
        if overlay is Overlay.ERASED or known is None or known.overlay is Overlay.ERASED:
            raise Refused(
                "An erasure is neither made nor taken back by a restriction.",
                next_step="Use `consent-mirror erase`.",
            )
        self._connection.execute(update(person).where(person.c.id == person_id).values(overlay=overlay))

    def living(self, person_id: int) -> Person | None:
        """Whoever a person is now: HubSpot may have merged them into another. A circle is nobody."""
        passed: set[int] = set()
        found = self.by_ids([person_id]).get(person_id)
        while found is not None and found.merged_into is not None:
            passed.add(found.id)
            after = found.merged_into
            found = None if after in passed else self.by_ids([after]).get(after)
        return found

    def merge(self, loser: int, winner: int) -> None:
        """HubSpot merged two people: addresses, contacts, letters move; the events of both count from now on.

        The loser's states go: the caller projects the winner anew. A restriction of either restricts both.
        Each is taken for whoever they are by now: a row read before another merge may name somebody who is
        merged themselves, and `family` finds the noes of those one step away only.
        """
        loser, winner = (self._now(each) for each in (loser, winner))
        if loser == winner:
            return
        overlays = self.by_ids([loser])
        if loser in overlays and overlays[loser].overlay is Overlay.RESTRICTED:
            self.set_overlay(winner, Overlay.RESTRICTED)
        moved = self.addresses([loser]).get(loser, [])
        have = {each.ref for each in self.addresses([winner]).get(winner, [])}
        kind = AddressKind.ADDITIONAL
        news = [
            (winner, NewAddress(each.normalised, each.original, max(kind, each.kind, key=_KINDS.index)))
            for each in moved
            if each.ref not in have
        ]
        self.add_addresses(news)
        run = self._connection.execute
        for table in (contact, outbox, request, errand):
            mine = (table.c.person_id == loser, table.c.portal == self._scope.portal)
            run(update(table).where(*mine).values(person_id=winner))
        self.remove_addresses([(loser, each.ref) for each in moved])
        for table in (state, mailed):  # the winner's are worked out and found again
            run(delete(table).where(table.c.person_id == loser, table.c.portal == self._scope.portal))
        family = or_(person.c.id == loser, person.c.merged_into == loser)
        run(update(person).where(family, self._mine).values(merged_into=winner))

    def _now(self, person_id: int) -> int:
        found = self.living(person_id)
        return person_id if found is None else found.id

    def family(self, person_ids: Iterable[int]) -> dict[int, list[int]]:
        """Each id with itself and everyone merged into it."""
        found = {each: [each] for each in person_ids}
        statement = select(person.c.merged_into, person.c.id).where(self._mine)
        for winner, loser in bulk.select_in(self._connection, statement, person.c.merged_into, found):
            found[winner].append(loser)
        return found

    def shred(self, person_id: int) -> list[Shredded]:
        """Erase a person and everyone merged into them; tombstones with the refs stay (consent-domain 7).

        Keys, addresses, contacts, observed, states, payloads and review details go; letters with a no keep
        leaving, their address sealed under the portal's key until HubSpot confirmed. The act appends `erased`
        for each ref in the same transaction and calls `Mirror.truncate_wal` after it.
        """
        return [shred(self._scope, each) for each in self.family([person_id])[person_id]]

    def page(self, after_id: int, limit: int) -> list[Person]:
        """People by ascending id, tombstones and merged ones left out."""
        statement = _person_columns().where(self._mine, *_living(), person.c.id > after_id)
        return [
            _person(row) for row in self._connection.execute(statement.order_by(person.c.id).limit(limit))
        ]

    def count(self) -> int:
        """People, tombstones and merged ones left out."""
        statement = select(func.count()).select_from(person).where(self._mine, *_living())
        return int(self._connection.execute(statement).scalar_one())

    def _place(self, new: NewAddress) -> tuple[int, bytes]:
        """The order in which `addresses` answers."""
        return _KINDS.index(new.kind), self._scope.vault.address_ref(new.normalised)

    def _respelled(self, person_ids: Iterable[int]) -> None:
        """Their addresses are no longer those that they were made with."""
        for person_id in person_ids:
            self._scope.spelled.pop(person_id, None)

    def _numbers(self, count: int) -> Iterator[int]:
        """Ids that no one ever had: tombstones stay, and a sequence does not go back."""
        if self._connection.dialect.name == "postgresql":
            series = func.generate_series(1, count).table_valued("n")
            statement = select(person_number.next_value()).select_from(series)
            yield from self._connection.execute(statement).scalars()
        else:
            last = self._connection.execute(select(func.max(person.c.id))).scalar() or 0
            yield from range(last + 1, last + 1 + count)

    def _sealed(self, items: Sequence[tuple[int, NewAddress]]) -> list[tuple[int, bytes, int, int, bytes]]:
        vault, portal, holders = self._scope.vault, self._scope.portal, self._scope.holders
        nonces = self._scope.chance.bytes(NONCE_BYTES * len(items))
        rows = []
        at = 0
        for person_id, new in items:
            normalised, _, kind = new
            holder, ref = holders[person_id], vault.address_ref(normalised)
            nonce = nonces[at : at + NONCE_BYTES]
            at += NONCE_BYTES
            sealed = seal(holder.cipher, nonce, _plain(new), vault.address_place(holder.ref, ref))
            rows.append((person_id, ref, portal, _CODES[kind], sealed))
        return rows

    def _opened(self, row: bulk.AnyRow) -> Address:
        holder = self._scope.holders[row.person_id]
        place = self._scope.vault.address_place(holder.ref, row.ref)
        normalised, _, original = unseal(holder.cipher, row.sealed, place).decode().partition("\0")
        return Address(row.person_id, row.ref.hex(), _KINDS[row.kind], normalised, original or normalised)


def _plain(new: NewAddress) -> bytes:
    spelled = "" if new.original == new.normalised else f"\0{new.original}"
    return f"{new.normalised}{spelled}".encode()


def _living() -> tuple[Any, ...]:
    return (person.c.key.is_not(None), person.c.merged_into.is_(None))


def _person_columns() -> Any:
    return select(*_COLUMNS)


def _person(row: bulk.AnyRow) -> Person:
    overlay = Overlay(row.overlay) if row.overlay else None
    return Person(row.id, row.ref.hex(), overlay, row.created_at, row.merged_into)
