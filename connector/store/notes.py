"""What the journal keeps of a no: the entry, and the addresses by which somebody can be found again."""

from collections.abc import Sequence
from typing import Any

import msgspec

from connector.consent.events import Event
from connector.proof import canon
from connector.proof.chain import Header
from connector.store import payloads
from connector.store.journal import NO, Line
from connector.store.people import AddressKind, NewAddress, People
from connector.store.scope import Noted, Scope


class Note(msgspec.Struct, frozen=True):
    """One no, as the journal tells it after a restore."""

    seq: int
    event: Event
    addresses: tuple[NewAddress, ...]


def lines(scope: Scope, noted: Sequence[Noted]) -> list[Line]:
    """The journal's lines of these entries; addresses are read once for each person."""
    held = People(scope).addresses({each.person_id for each in noted})
    made = []
    for each in noted:
        addresses = [[a.normalised, a.original, str(a.kind)] for a in held.get(each.person_id, ())]
        body = {
            "addresses": addresses,
            "header": msgspec.to_builtins(each.header),
            "payload": each.payload.decode(),
        }
        made.append(Line(NO, scope.portal, each.header.subject_ref or "", canon.encode(body)))
    return made


def read(line: Line) -> Note:
    """A line back. Raises ValueError where it is none of ours."""
    body: dict[str, Any] = canon.decode(line.data)
    head = msgspec.convert(body["header"], Header)
    addresses = tuple(
        NewAddress(normalised, original, AddressKind(kind))
        for normalised, original, kind in body["addresses"]
    )
    return Note(head.seq, payloads.event(head, body["payload"].encode()), addresses)
