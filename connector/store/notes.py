"""What the journal keeps of a no: the entry, and the addresses by which somebody can be found again."""

from collections.abc import Sequence
from typing import Any

import msgspec

from connector.consent.events import Event
from connector.proof import canon
from connector.proof.chain import Header, canon_header
from connector.store import payloads
from connector.store.journal import NO, PROOFS, Line
from connector.store.people import AddressKind, NewAddress, People
from connector.store.scope import Destroyed, Noted, Scope, Why


class Note(msgspec.Struct, frozen=True):
    """One no, as the journal tells it after a restore."""

    seq: int
    event: Event
    addresses: tuple[NewAddress, ...]


def lines(scope: Scope, noted: Sequence[Noted]) -> list[Line]:
    """The journal's lines of these entries; addresses are read once for each person, and of people made in
    this transaction not at all."""
    held = _held(scope, {each.person_id for each in noted})
    return [
        Line(NO, scope.portal, each.header.subject_ref or "", _body(each, held.get(each.person_id, ())))
        for each in noted
    ]


def _held(scope: Scope, people: set[int]) -> dict[int, Sequence[tuple[str, str, str]]]:
    read = People(scope).addresses(people - scope.spelled.keys())
    held: dict[int, Sequence[tuple[str, str, str]]] = {
        person: [(a.normalised, a.original, str(a.kind)) for a in each] for person, each in read.items()
    }
    return held | {person: scope.spelled[person] for person in people & scope.spelled.keys()}


def _body(noted: Noted, addresses: Sequence[tuple[str, str, str]]) -> bytes:
    """Canonical JSON: the keys stand in alphabetical order, and so do those of the header."""
    told = (canon.encode(addresses), canon_header(noted.header), canon.encode(noted.payload.decode()))
    return b'{"addresses":%b,"header":%b,"payload":%b}' % told


def read(line: Line) -> Note:
    """A line back. Raises ValueError where it is none of ours."""
    body: dict[str, Any] = canon.decode(line.data)
    head = msgspec.convert(body["header"], Header)
    addresses = tuple(
        NewAddress(normalised, original, AddressKind(kind))
        for normalised, original, kind in body["addresses"]
    )
    return Note(head.seq, payloads.event(head, body["payload"].encode()), addresses)


def destroyed(scope: Scope) -> list[Line]:
    """The journal's lines about the proofs of ended consents that were destroyed in this transaction."""
    return [
        Line(PROOFS, scope.portal, each.ref, canon.encode([list(each.events), *each.why]))
        for each in scope.destroyed
    ]


def read_destroyed(line: Line) -> Destroyed:
    """Such a line back. Raises ValueError where it is none of ours."""
    events, rule, ended = canon.decode(line.data)
    return Destroyed(line.ref, tuple(events), Why(rule, ended))
