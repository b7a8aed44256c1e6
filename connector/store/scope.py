"""What every repository of one unit of work shares: connection, portal, time, chance and secrets."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from connector.clock import Chance, Clock
from connector.proof.chain import Header
from connector.proof.seal import Cipher, SuppressionKeys, Vault
from connector.store import bulk
from connector.store.tables import person

NOBODY = 0  # person_id of what belongs to nobody
_KEYS: Final = bulk.Lookup(
    select(person.c.id, person.c.ref, person.c.key).where(person.c.portal == bulk.PORTAL), person.c.id
)


class Holder(NamedTuple):
    """Whose something is: the ref that stands in the log, the key that opens it, and whose row it becomes.

    Someone erased has no key: what is logged about them afterwards is sealed with the portal's own.
    """

    ref: bytes
    cipher: Cipher
    owner: int


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry that the journal keeps beside the database: header and payload as the log has them."""

    person_id: int
    header: Header
    payload: bytes
    ours: bool  # accepted by us, so that it is acknowledged; else HubSpot holds it too


class Why(NamedTuple):
    """By which rule the proof of an ended consent was destroyed, and when that had ended (ms UTC)."""

    rule: str
    ended: int


class Destroyed(NamedTuple):
    """Proofs of one ended consent, by the ids of their entries."""

    ref: str
    events: tuple[str, ...]
    why: Why


@dataclass(slots=True)
class Scope:
    """One transaction over one portal. Keys that were unwrapped once are kept until it ends."""

    connection: Connection
    portal: int
    clock: Clock
    chance: Chance
    vault: Vault
    suppression: SuppressionKeys
    holders: dict[int, Holder] = field(default_factory=dict)
    fresh: set[int] = field(
        default_factory=set
    )  # people made in this transaction: nothing else is theirs yet
    #: Addresses of people made in this transaction, in the store's order: normalised, original, kind.
    spelled: dict[int, list[tuple[str, str, str]]] = field(default_factory=dict)
    has_digests: bool | None = None  # of what HubSpot answered; None: nobody has looked yet
    noted: list[Noted] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)  # refs of those shredded in this transaction
    destroyed: list[Destroyed] = field(default_factory=list)
    lifted: list[tuple[str, str]] = field(default_factory=list)  # (hash, kind) taken off the list

    def holder(self, person_id: int | None) -> Holder:
        """The holder of a person whose key was loaded; nobody's is the portal's own key."""
        if person_id is None or person_id == NOBODY:
            return Holder(b"", self.vault.own, NOBODY)
        return self.holders[person_id]

    def load(self, person_ids: Iterable[int]) -> None:
        """Unwrap the keys of these people; those of other portals are passed over."""
        wanted = [each for each in person_ids if each != NOBODY and each not in self.holders]
        for row in _KEYS.rows(self.connection, self.portal, wanted):
            erased = row.key is None
            cipher = self.vault.own if erased else self.vault.key(row.ref, row.key)
            self.holders[row.id] = Holder(row.ref, cipher, NOBODY if erased else row.id)
