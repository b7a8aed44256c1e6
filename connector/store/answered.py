"""What HubSpot answered about a record's addresses when nothing in it was new: a keyed digest a record.

An answer with the same digest need not be taken apart: the sweep of a register in which nothing happened
costs a look-up for each contact. A digest is kept only where the answer was compared row by row and said
nothing new, and it goes with whatever it rested on: the statuses of an address, the record, the person. Its
key is derived from the master key, so that it is no fingerprint of anybody's data without that.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Final

from sqlalchemy import delete, select

from connector.store import bulk
from connector.store.refs import raw
from connector.store.scope import Scope
from connector.store.tables import address, answered, contact
from mappings.records import Answer

#: Part of every digest: a larger one makes all kept ones differ from now on.
FORMAT: Final = b"1|"
SIZE: Final = 8
_COLUMNS: Final = ("portal", "contact_id", "print")
_KEPT: Final = bulk.Lookup(
    select(answered.c.contact_id, answered.c.print).where(answered.c.portal == bulk.PORTAL),
    answered.c.contact_id,
)


class Printer:
    """Digests of the answers about one record's addresses, in the record's order, under one key.

    `about`: what the answers are read with; a digest that was made with another one differs.
    """

    def __init__(self, key: bytes, about: bytes) -> None:
        self._base = blake2b(FORMAT + blake2b(about).digest(), digest_size=SIZE, key=key)

    def __call__(self, answers: Sequence[Answer]) -> bytes:
        found = self._base.copy()
        for each in answers:
            wide = b"\0none\0" if each.wide is None else each.wide
            found.update(b"%b\0%b%b" % (each.address.encode(), each.statuses, wide))
        return found.digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Printer) and self._base.digest() == other._base.digest()

    def __hash__(self) -> int:
        return hash(self._base.digest())

    def __repr__(self) -> str:
        return f"Printer({self([]).hex()})"  # keyed like any other: tells two apart, and nothing else


class Answered:
    """The digests of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._portal = scope.portal
        self._connection = scope.connection
        self._mine = answered.c.portal == scope.portal

    def printer(self, about: bytes) -> Printer:
        """Digests under the portal's key."""
        return Printer(self._scope.vault.answers(), about)

    def of(self, contact_ids: Iterable[int]) -> dict[int, bytes]:
        """The digests that are kept, by record."""
        return dict(map(tuple, _KEPT.rows(self._connection, self._portal, contact_ids)))

    def keep(self, prints: Iterable[tuple[int, bytes]]) -> None:
        """(record, digest) of answers that said nothing new."""
        rows = [(self._portal, number, made) for number, made in prints]
        bulk.upsert(self._connection, answered, _COLUMNS, rows)
        self._scope.has_digests = None

    def forget(self, contact_ids: Iterable[int]) -> None:
        """These records are not what they were."""
        rows = [(self._portal, each) for each in contact_ids]
        if rows and self._any():
            bulk.delete(self._connection, answered, ("portal", "contact_id"), rows)

    def forget_all(self) -> None:
        """Nothing is known to be as it was."""
        self._connection.execute(delete(answered).where(self._mine))

    def forget_addresses(self, refs: Iterable[str]) -> None:
        """What is known about these addresses changed: the digests of all records that have or had one go."""
        wanted = list(dict.fromkeys(map(raw, refs)))
        if not wanted or not self._any():
            return
        for chunk in bulk.batched(wanted, bulk.CHUNK):
            holders = select(address.c.person_id).where(address.c.ref.in_(chunk))
            records = select(contact.c.id).where(
                contact.c.portal == self._portal, contact.c.person_id.in_(holders)
            )
            self._connection.execute(delete(answered).where(self._mine, answered.c.contact_id.in_(records)))

    def _any(self) -> bool:
        """None are kept before the first sweep: a first reading asks once a transaction, no more."""
        if self._scope.has_digests is None:
            statement = select(answered.c.contact_id).where(self._mine).limit(1)
            self._scope.has_digests = self._connection.execute(statement).first() is not None
        return self._scope.has_digests
