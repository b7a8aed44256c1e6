"""The append-only log of one portal: headers for ever, payloads until erasure (consent-domain 6)."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, and_, delete, func, literal_column, select, update

from connector.consent.events import NOES, Event, EventType, Source
from connector.proof import merkle
from connector.proof.chain import (
    FIRST,
    SALT_BYTES,
    VERSION,
    Header,
    Opened,
    Record,
    commitment,
    entry_hash,
    event_id,
    seq_of,
    spelled_hash,
)
from connector.proof.seal import NONCE_BYTES, seal, unseal
from connector.store import bulk, payloads, stream
from connector.store.packing import pack, unpack
from connector.store.payloads import DESTROYED, NOTHING, Draft
from connector.store.refs import raw
from connector.store.scope import NOBODY, Destroyed, Holder, Noted, Scope, Why
from connector.store.spelling import spelling
from connector.store.tables import entry, head, payload, person

_ENTRY_COLUMNS: Final = tuple(column.name for column in entry.columns)
_PAYLOAD_COLUMNS: Final = ("portal", "seq", "person_id", "source", "sealed")
_HEAD_COLUMNS: Final = ("portal", "size", "hash", "recorded_at", "nodes")
_END_OF: Final = select(*(head.c[name] for name in _HEAD_COLUMNS)).where(head.c.portal == bulk.PORTAL)
_DRAWN: Final = SALT_BYTES + NONCE_BYTES
_FIRST: Final = bytes(32)
_READ_AHEAD: Final = 5_000
_WINDOW: Final = 50_000  # headers that one look for aged entries passes: some milliseconds
#: What the journal keeps too: a restored copy of the database must not have forgotten these (design 3).
JOURNALLED: Final = NOES | {
    EventType.RESTRICT,
    EventType.UNRESTRICT,
    EventType.HOLD,
    EventType.HOLD_REMOVED,
    EventType.ERASE_REQUESTED,
}


class Written(NamedTuple):
    """What became of a draft: its number, and the commitment that its id is made of."""

    seq: int
    commit: bytes


class Appended(NamedTuple):
    """What an append came to: for each item its event with id and numbers; for a draft where it stands."""

    written: list[Event | Written]
    recorded_at: int


Item = tuple[int | None, Event]
Items = Sequence[tuple[int | None, Event | Draft]]
_Source = tuple[int, bytes]  # whose, and the keyed index of a source_ref
_Todo = Sequence[tuple[tuple[int | None, Event | Draft], _Source | None]]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log: size, hash of the last entry (64 zeros when empty), RFC 6962 root; hex."""

    size: int
    last: str
    root: str
    recorded_at: int


class _Place(NamedTuple):
    """Where an entry stands, and what it commits to."""

    seq: int
    recorded_at: int
    prev: bytes
    commit: bytes


@dataclass(frozen=True, slots=True)
class Aged:
    """Entries of one type that have reached an age; `upto`: how far the log was looked at."""

    seqs: tuple[int, ...]
    upto: int


@dataclass(slots=True)
class _End:
    """The end of the log while entries are appended."""

    hash: bytes
    recorded_at: int
    tree: merkle.CompactRange


class Log:
    """The log of one portal."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = entry.c.portal == scope.portal

    def append(self, items: Sequence[Item]) -> list[Event]:
        """Append in order; returns the events with id, seq and recorded_at (= max(now, that of the last)).

        One whose `source_ref` that person has already is not appended again: what exists is returned, with
        its seq. Raises ValueError for a float in `detail` or `evidence`, KeyError for a person without a key.
        """
        return [each for each in self.append_all(items).written if isinstance(each, Event)]

    def append_all(self, items: Items) -> Appended:
        """The same with drafts among the events."""
        if not items:
            return Appended([], 0)
        self._scope.load({person_id for person_id, _ in items if person_id is not None})
        sources = [self._source(item) for item in items]
        known = self._known(items, sources)
        if not known and _all_differ(sources):
            return Appended(*self._write(list(zip(items, sources, strict=True))))
        places, todo = _without_repeats(items, sources, known)
        appended, recorded_at = self._write(todo)
        written = [
            _repeated(known[source], item[1])
            if place is None and source is not None
            else appended[place or 0]
            for item, place, source in zip(items, places, sources, strict=True)
        ]
        return Appended(written, recorded_at)

    def events_of(self, person_ids: Iterable[int]) -> dict[int, list[Event]]:
        """Decrypted, in seq order, with those of people merged into them; without events: left out.

        Raises SealBroken where a payload was edited or moved.
        """
        owners = self._owners(person_ids)
        self._scope.load(owners)
        found: dict[int, list[Event]] = {}
        for row in _BY_PERSON.rows(self._connection, self._scope.portal, owners):
            found.setdefault(owners[row.person_id], []).append(self._event(row))
        for events in found.values():
            events.sort(key=lambda each: each.seq or 0)
        return found

    def event(self, event_id: str) -> tuple[int | None, Event] | None:
        """(person id, event) by its id; None where there is none or its payload is erased."""
        seq = seq_of(event_id)
        found = None if seq is None else self.entry(seq)
        return found if found is not None and found[1].id == event_id else None

    def entry(self, seq: int) -> tuple[int | None, Event] | None:
        """(person id, event) by its place; None where there is none or its payload is gone."""
        row = self._connection.execute(self._with_payload().where(entry.c.seq == seq)).one_or_none()
        if row is None:
            return None
        self._scope.load([row.person_id])
        return row.person_id or None, self._event(row)

    def aged(self, kind: EventType, after: int, before: int, window: int = _WINDOW) -> Aged:
        """Entries of one type with seq > after that were recorded by `before` (ms UTC), of the next `window`.

        Time never goes back in a log, so that each entry is looked at once.
        """
        looked = [self._mine, entry.c.seq > after, entry.c.seq <= after + window]
        looked.append(entry.c.recorded_at <= before)
        last = self._connection.execute(select(func.max(entry.c.seq)).where(*looked)).scalar()
        mine = select(entry.c.seq).where(*looked, entry.c.type == kind).order_by(entry.c.seq)
        return Aged(tuple(self._connection.execute(mine).scalars()), after if last is None else int(last))

    def shred(self, seqs: Iterable[int]) -> None:
        """Remove the payloads of these entries, with their salts: the headers stay. The act appends why."""
        mine = delete(payload).where(payload.c.portal == self._scope.portal, payload.c.seq.in_(list(seqs)))
        self._connection.execute(mine)

    def destroy_proofs(self, person_id: int, events: Sequence[Event], why: Why) -> None:
        """Destroy what proves these yeses of one person: their payloads and salts, and nothing else.

        That they were recorded stays known by the keyed index of where they came from: the same form or sheet
        read again does not bring the proof back. The act appends why; the journal keeps which, and why.
        """
        theirs = payload.c.seq.in_([each.seq for each in events])
        mine = update(payload).where(payload.c.portal == self._scope.portal, theirs)
        self._connection.execute(mine.values(sealed=DESTROYED))
        self._scope.load([person_id])
        ref = self._scope.holder(person_id).ref.hex()
        self._scope.destroyed.append(Destroyed(ref, tuple(each.id for each in events), why))

    def of_nobody(self, kind: EventType) -> list[Event]:
        """The entries of one type that name no person, in order."""
        statement = self._with_payload().where(entry.c.type == kind, entry.c.ref.is_(None))
        return [self._event(row) for row in self._connection.execute(statement.order_by(entry.c.seq))]

    def headers(self, since: int = 0, limit: int = 1000, subject_ref: str | None = None) -> list[Header]:
        """Headers with seq > since, in order; only those of one subject where a ref is given."""
        before = entry.alias("before")
        joined = and_(before.c.portal == entry.c.portal, before.c.seq == entry.c.seq - 1)
        statement = (
            _columns(before.c.hash.label("prev"))
            .outerjoin_from(entry, before, joined)
            .where(self._mine, entry.c.seq > since)
        )
        if subject_ref is not None:
            statement = statement.where(entry.c.ref == raw(subject_ref))
        rows = self._connection.execute(statement.order_by(entry.c.seq).limit(limit))
        return [_header(row, row.prev.hex() if row.prev else FIRST) for row in rows]

    def hashes(self, upto: int | None = None) -> Iterator[bytes]:
        """The stored entry hashes in order: the leaves of the Merkle tree, for proofs."""
        statement = select(entry.c.hash).where(self._mine).order_by(entry.c.seq)
        limited = statement if upto is None else statement.where(entry.c.seq <= upto)
        for block in self._connection.execute(limited).yield_per(_READ_AHEAD).partitions():
            yield from (row[0] for row in block)

    def records(self, *, payloads: bool = False) -> Iterator[Record]:
        """Every entry for `verify_log`, streamed; with `payloads` each is decrypted, which says whether it is
        still there and what it committed to."""
        return stream.with_payloads(self._scope) if payloads else stream.headers(self._scope)

    def opened(self, seqs: Iterable[int]) -> dict[int, Opened]:
        """Salt and canonical payload of these entries, for a bundle; those that are erased are left out.

        Raises SealBroken where a payload was edited or moved.
        """
        rows = list(bulk.select_in(self._connection, self._with_payload(), payload.c.seq, seqs))
        self._scope.load({row.person_id for row in rows})
        plain = {row.seq: self._plain(row) for row in rows}
        return {seq: Opened(data[:SALT_BYTES], unpack(data[SALT_BYTES:])) for seq, data in plain.items()}

    def head(self) -> Head:
        """The end of the log."""
        end = self._end()
        return Head(end.tree.size, end.hash.hex(), end.tree.root().hex(), end.recorded_at)

    def size(self) -> int:
        """How many entries."""
        return self._end().tree.size

    def _source(self, item: tuple[int | None, Event | Draft]) -> _Source | None:
        person_id, event = item
        if event.source_ref is None:
            return None
        holder = self._scope.holder(person_id)
        return holder.owner, self._scope.vault.source_ref(holder.ref, event.source_ref)

    def _known(self, items: Items, sources: Sequence[_Source | None]) -> dict[_Source, Event]:
        """Events that exist already, also with those merged into a person; people made just now have none."""
        asked: dict[_Source, _Source] = {}
        texts: dict[int, dict[_Source, str]] = {}
        for (_, event), source in zip(items, sources, strict=True):
            if source is not None and source[0] not in self._scope.fresh:
                asked[source] = source
                texts.setdefault(source[0], {})[source] = event.source_ref or ""
        for winner, loser, ref in self._merged(texts):
            for source, text in texts[winner].items():
                asked[loser, self._scope.vault.source_ref(ref, text)] = source
        people = {person_id for person_id, _ in asked}
        held = _SOURCES.rows(self._connection, self._scope.portal, people)
        seqs = [row.seq for row in held if (row.person_id, row.source) in asked]
        if not seqs:
            return {}
        self._scope.load(people)
        return {
            asked[row.person_id, row.source]: self._event(row)
            for row in bulk.select_in(self._connection, self._joined(), payload.c.seq, seqs)
        }

    def _merged(self, person_ids: Iterable[int]) -> list[tuple[int, int, bytes]]:
        """(winner, loser, the loser's ref) of everyone merged into these people."""
        rows = _MERGED.rows(self._connection, self._scope.portal, list(person_ids))
        return [(winner, loser, ref) for winner, loser, ref in rows]

    def _write(self, todo: _Todo) -> tuple[list[Event | Written], int]:
        if not todo:
            return [], 0
        scope, end = self._scope, self._end()
        now = max(scope.clock.now(), end.recorded_at)
        entropy = scope.chance.bytes(_DRAWN * len(todo))
        entries: list[tuple[Any, ...]] = []
        sealed: list[tuple[Any, ...]] = []
        appended: list[Event | Written] = []
        portal, seq, prev, at = scope.portal, end.tree.size, end.hash, 0
        for (person_id, event), source in todo:
            salt, nonce = entropy[at : at + SALT_BYTES], entropy[at + SALT_BYTES : at + _DRAWN]
            seq, at = seq + 1, at + _DRAWN
            holder = scope.holder(person_id)
            data = event.payload if isinstance(event, Draft) else payloads.encode(event)
            place = _Place(seq, now, prev, commitment(salt, data))
            if isinstance(event, Draft) and holder.ref and not (event.wording or event.notice):
                row = _alike(portal, event, holder.ref, place)
                if event.type in JOURNALLED:
                    self._note(holder, event, data, _made(event, holder.ref, place))
                appended.append(Written(seq, place.commit))
            else:
                made = _made(event, holder.ref, place)
                row = _row(portal, made, holder.ref or None, place.commit, entry_hash(made))
                self._note(holder, event, data, made)
                told = _filled(event, made) if isinstance(event, Event) else Written(seq, place.commit)
                appended.append(told)
            prev = row[-1]
            entries.append(row)
            hidden = seal(holder.cipher, nonce, salt + pack(data), scope.vault.entry_place(holder.ref, seq))
            sealed.append((portal, seq, holder.owner, source[1] if source else None, hidden))
        bulk.insert(self._connection, entry, _ENTRY_COLUMNS, entries)
        bulk.insert(self._connection, payload, _PAYLOAD_COLUMNS, sealed)
        end.tree.extend(row[-1] for row in entries)
        self._save(_End(prev, now, end.tree))
        return appended, now

    def _note(self, holder: Holder, event: Event | Draft, data: bytes, made: Header) -> None:
        """For the journal, where it keeps such entries."""
        if made.type in JOURNALLED and holder.owner != NOBODY:
            ours = isinstance(event, Event) and event.source is not Source.HUBSPOT
            self._scope.noted.append(Noted(holder.owner, made, data, ours))

    def _end(self) -> _End:
        row = self._connection.execute(_END_OF, {"portal": self._scope.portal}).one_or_none()
        if row is None:
            return _End(_FIRST, 0, merkle.CompactRange())
        return _End(row.hash, row.recorded_at, merkle.CompactRange.load(row.size, row.nodes))

    def _save(self, end: _End) -> None:
        row = (self._scope.portal, end.tree.size, end.hash, end.recorded_at, end.tree.dump())
        bulk.upsert(self._connection, head, _HEAD_COLUMNS, [row])

    def _owners(self, person_ids: Iterable[int]) -> dict[int, int]:
        """Each of these people and of those merged into them -> whose events they count as."""
        owners = {each: each for each in person_ids}
        return owners | {loser: winner for winner, loser, _ in self._merged(owners) if loser not in owners}

    def _joined(self) -> Select[Any]:
        return _JOINED.where(payload.c.portal == self._scope.portal)

    def _with_payload(self) -> Select[Any]:
        return _WITH_PAYLOAD.where(payload.c.portal == self._scope.portal)

    def _event(self, row: bulk.AnyRow) -> Event:
        """Of one whose proof was destroyed: what its header says."""
        data = unpack(self._plain(row)[SALT_BYTES:]) if row.sealed else NOTHING
        return payloads.event(_header(row, FIRST), data)  # an event does not hold `prev`

    def _plain(self, row: bulk.AnyRow) -> bytes:
        cipher = self._scope.holder(row.person_id).cipher
        return unseal(cipher, row.sealed, self._scope.vault.entry_place(row.ref or b"", row.seq))


def _repeated(event: Event, asked: Event | Draft) -> Event | Written:
    """What stands in the log already."""
    return event if isinstance(asked, Event) else Written(event.seq or 0, b"")


def _all_differ(sources: Sequence[_Source | None]) -> bool:
    named = [each for each in sources if each is not None]
    return len(set(named)) == len(named)


def _without_repeats(
    items: Items, sources: Sequence[_Source | None], known: Container[_Source]
) -> tuple[list[int | None], _Todo]:
    """What has to be written, and for each item its place there; None: it is known already."""
    places: list[int | None] = []
    todo: list[tuple[tuple[int | None, Event | Draft], _Source | None]] = []
    first: dict[_Source, int] = {}
    for item, source in zip(items, sources, strict=True):
        if source is not None and source in known:
            places.append(None)
        elif source is not None and source in first:
            places.append(first[source])
        else:
            if source is not None:
                first[source] = len(todo)
            places.append(len(todo))
            todo.append((item, source))
    return places, todo


def _columns(*more: Any) -> Select[Any]:
    return select(*(entry.c[name] for name in _ENTRY_COLUMNS[1:]), *more)


def _made(event: Event | Draft, ref: bytes, place: _Place) -> Header:
    seq, now, prev, commit = place
    return payloads.header(event, seq, now, ref.hex() or None, commit.hex(), prev.hex())


def _alike(portal: int, draft: Draft, ref: bytes, place: _Place) -> tuple[Any, ...]:
    """The row of a draft about somebody, without wording and notice: its header is hashed and never made."""
    seq, now, prev, commit = place
    like = spelling(draft.type, draft.purpose, draft.basis, draft.grade)
    hashed = spelled_hash(like.of(commit, prev, now, seq, ref))
    return (
        portal,
        seq,
        now,
        like.kind,
        ref,
        like.purpose,
        like.basis,
        None,
        None,
        like.grade,
        commit,
        hashed,
    )


def _row(portal: int, made: Header, ref: bytes | None, commit: bytes, hashed: bytes) -> tuple[Any, ...]:
    return (
        portal,
        made.seq,
        made.recorded_at,
        str(made.type),  # exactly text: the driver asks every other type how it wants to be stored
        ref,
        made.purpose,
        str(made.basis),
        bytes.fromhex(made.wording_hash) if made.wording_hash else None,
        bytes.fromhex(made.notice_hash) if made.notice_hash else None,
        int(made.grade[1:]),
        commit,
        hashed,
    )


def _filled(event: Event, made: Header) -> Event:
    """`dataclasses.replace` with what the log gives, at half its cost: this runs for every entry."""
    return Event(
        type=event.type,
        id=event_id(made),
        recorded_at=made.recorded_at,
        purpose=event.purpose,
        basis=event.basis,
        t_lo=event.t_lo,
        t_hi=event.t_hi,
        observed_at=event.observed_at,
        actor=event.actor,
        source=event.source,
        source_ref=event.source_ref,
        grade=event.grade,
        address=event.address,
        wording=event.wording,
        notice=event.notice,
        language=event.language,
        valid_until=event.valid_until,
        observation=event.observation,
        target=event.target,
        reason=event.reason,
        approved_by=event.approved_by,
        row=event.row,
        evidence=event.evidence,
        detail=event.detail,
        seq=made.seq,
    )


_JOINED: Final = _columns(payload.c.person_id, payload.c.source, payload.c.sealed).join_from(
    payload, entry, and_(payload.c.portal == entry.c.portal, payload.c.seq == entry.c.seq)
)
#: No parameter: lookups spell this once for all.
_WITH_PAYLOAD: Final = _JOINED.where(func.length(payload.c.sealed) > literal_column("0"))
_BY_PERSON: Final = bulk.Lookup(
    _WITH_PAYLOAD.where(payload.c.portal == bulk.PORTAL), payload.c.person_id, indexed=True
)
_SOURCES: Final = bulk.Lookup(
    select(payload.c.person_id, payload.c.source, payload.c.seq).where(
        payload.c.portal == bulk.PORTAL, payload.c.source.is_not(None)
    ),
    payload.c.person_id,
    indexed=True,
)
_MERGED: Final = bulk.Lookup(
    select(person.c.merged_into, person.c.id, person.c.ref).where(person.c.portal == bulk.PORTAL),
    person.c.merged_into,
)


def _header(row: bulk.AnyRow, prev: str) -> Header:
    """The header as it was written; whatever else a row says, the verification sees it."""
    seq, recorded_at, kind, ref, purpose, basis, wording, notice, grade, commit = row[:10]
    return Header(
        basis,
        commit.hex(),
        f"E{grade}",
        notice.hex() if notice is not None else None,
        prev,
        purpose,
        recorded_at,
        seq,
        ref.hex() if ref is not None else None,
        kind,
        VERSION,
        wording.hex() if wording is not None else None,
    )
