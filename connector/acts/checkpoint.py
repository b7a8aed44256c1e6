"""`log verify`, `log checkpoint`, `log rotate-key`: is the log what it was, and a signature that says so.

No HubSpot is asked: a mirror and the signing key are enough. Nothing is ever signed that was not verified
from its first entry on, against every checkpoint that is known (consent-domain 6).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from connector.acts.lost import lost_ranges
from connector.clock import Clock
from connector.consent.events import Event, EventType
from connector.errors import Refused
from connector.proof.chain import Record
from connector.proof.notes import SignedRoot, Signer, Verifier, checkpoint, read_checkpoint
from connector.proof.trust import origin_of, rotate, trusted
from connector.proof.verify import Broken, End, Problem, Signed, Verdict, verify_log
from connector.store.checkpoints import Checkpoint
from connector.store.mirror import Mirror
from connector.store.work import Work

VERIFIED = "verified"  # in meta: how the last check of the whole log ended
ROTATIONS = "key_rotations"  # in meta: event ids of the rotations, found without a search


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """The log of one portal and the seed of the key that signs for it."""

    mirror: Mirror
    portal: int
    name: str
    seed: bytes
    clock: Clock

    @property
    def signer(self) -> Signer:
        """Signs for this log."""
        return Signer(origin_of(self.portal), self.seed)


@dataclass(frozen=True, slots=True)
class Copy:
    """A checkpoint from outside of the database; `where` tells a person which."""

    where: str
    note: str

    @property
    def origin(self) -> str:
        """The log that it is about."""
        return self.note.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Made:
    """A checkpoint that was signed, or that stood already for this size."""

    portal: int
    name: str
    size: int
    root: str
    note: str
    key: str
    fresh: bool
    earlier: int


def keys_of(work: Work, signer: Signer) -> tuple[tuple[Verifier, ...], tuple[str, ...]]:
    """The keys that speak for a log, and the rotations that say so."""
    notes = tuple(_rotations(work))
    return trusted(signer.verifier, notes), notes


def _rotations(work: Work) -> Iterator[str]:
    for event_id in work.meta.get(ROTATIONS) or ():
        found = work.log.event(event_id)
        if found is not None and found[1].type is EventType.KEY_ROTATED:
            yield str(found[1].detail["note"])


def verify(journal: Journal, *, payloads: bool = False, outside: Iterable[Copy] = ()) -> Verdict:
    """Every entry, commitment, text and checkpoint; `outside`: copies that only such a copy can tell against.

    Finds what was changed, moved, added, removed or cut off, and names the first entry concerned.
    """
    with journal.mirror.read(journal.portal) as work:
        keys, _ = keys_of(work, journal.signer)
        signed, unsigned = _signed(_copies(work, journal, outside), keys)
        head, texts = work.log.head(), _Texts()
        verdict = verify_log(
            texts.watched(work.log.records(payloads=payloads)),
            payloads=payloads,
            checkpoints=signed,
            end=End(head.size, head.last, head.root),
        )
        verdict.findings += [*unsigned, *_rows(work), *texts.findings(work)]
    verdict.findings += _guards(journal, verdict.entries)
    verdict.findings.sort(key=lambda each: each.rank)
    return verdict


def _guards(journal: Journal, end: int) -> list[Broken]:
    """What is wrong with the guards names the end of the log."""
    problem = journal.mirror.guard_problem()
    return [] if problem is None else [Broken(end, Problem.GUARD, problem)]


def _copies(work: Work, journal: Journal, outside: Iterable[Copy]) -> Iterator[Copy]:
    yield from (Copy(f"database, entry {each.size}", each.note) for each in work.checkpoints.all())
    yield from (each for each in outside if each.origin == origin_of(journal.portal))


def _signed(copies: Iterable[Copy], keys: Sequence[Verifier]) -> tuple[list[Signed], list[Broken]]:
    signed, broken = [], []
    for each in copies:
        try:
            signed.append(Signed(read_checkpoint(each.note, keys), each.where))
        except ValueError:
            broken.append(Broken(_told_size(each.note), Problem.SIGNATURE, each.where))
    return signed, broken


def _told_size(note: str) -> int:
    """The entry that an unsigned checkpoint claims to end with; 0 where it claims none."""
    lines = note.split("\n", 2)
    return int(lines[1]) if len(lines) > 2 and lines[1].isdecimal() and len(lines[1]) < 19 else 0


def _rows(work: Work) -> list[Broken]:
    """Checkpoints whose row says something else than their note."""
    return [
        Broken(each.size, Problem.CHECKPOINT, "database")
        for each in work.checkpoints.all()
        if each.note.split("\n", 2)[1:2] != [str(each.size)]
        or SignedRoot("", each.size, bytes.fromhex(each.root)).text.split("\n")[2] not in each.note
    ]


class _Texts:
    """The wordings and notices that entries name: are they still what was shown?"""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}

    def watched(self, records: Iterable[Record]) -> Iterator[Record]:
        """The same records; on the way the first entry of each text is kept."""
        first = self._first
        for record in records:
            header = record[0]
            if header.wording_hash is not None and header.wording_hash not in first:
                first[header.wording_hash] = header.seq
            if header.notice_hash is not None and header.notice_hash not in first:
                first[header.notice_hash] = header.seq
            yield record

    def findings(self, work: Work) -> Iterator[Broken]:
        """Changed texts, and those that were in use and are gone. A hash that came without its text is no
        finding: `person receipt` says that the text is not known."""
        held = work.blobs.get(self._first)
        used = {use.hash for use in work.blobs.uses()}
        for name, seq in self._first.items():
            if name in held and sha256(held[name].data).hexdigest() != name:
                yield Broken(seq, Problem.TEXT, name)
            elif name not in held and name in used:
                yield Broken(seq, Problem.NO_TEXT, name)


def _restored(journal: Journal) -> list[dict[str, Any]]:
    """A restore is told at every verification: what came after the copy is lost, and checkpoints say so."""
    with journal.mirror.read(journal.portal) as work:
        return lost_ranges(work)


def document(journal: Journal, verdict: Verdict) -> dict[str, Any]:
    """One portal's part of `log verify --json`."""
    first = verdict.first_broken
    return {
        "portal": journal.name,
        "portal_id": journal.portal,
        "ok": verdict.ok,
        "entries": verdict.entries,
        "root": verdict.root,
        "checkpoints": verdict.checkpoints,
        "payloads": verdict.payloads,
        "erased": verdict.erased,
        "gaps": [list(gap) for gap in verdict.gaps],
        "restored": _restored(journal),
        "first_broken": None
        if first is None
        else {"seq": first.seq, "problem": first.problem, "where": first.where},
        "findings": len(verdict.findings),
        "key": str(journal.signer.verifier),
    }


def remember(journal: Journal, verdict: Verdict) -> None:
    """Keep how the last check of the whole log ended: `log_verify_ok` of the metrics, and the dashboard.

    Nothing is written to a database whose guards somebody changed: a planted trigger would act on it.
    """
    if any(each.problem is Problem.GUARD for each in verdict.findings):
        return
    now = journal.clock.now()
    with journal.mirror.write(journal.portal) as work:
        work.meta.put(VERIFIED, {"at": now, "ok": int(verdict.ok), "entries": verdict.entries})


def sign_checkpoint(journal: Journal, outside: Sequence[Copy] = (), *, keep: bool = True) -> Made:
    """Verify the whole log against every checkpoint known, then sign its size and root, and keep the note.

    `keep` False: only for its places outside, not in the database; after each reading that would be many.
    Raises Refused (exit 3) where anything is not what it was: a wrong log is never signed.
    """
    verdict = verify(journal, outside=outside)
    remember(journal, verdict)
    if verdict.first_broken is not None:
        raise broken(journal, verdict.first_broken)
    root = SignedRoot(origin_of(journal.portal), verdict.entries, bytes.fromhex(verdict.root))
    made = Checkpoint(root.size, journal.clock.now(), verdict.root, checkpoint(root, journal.signer))
    fresh, stands = _kept(journal, made) if keep else (True, made)
    return Made(
        journal.portal,
        journal.name,
        root.size,
        verdict.root,
        stands.note,
        str(journal.signer.verifier),
        fresh,
        verdict.checkpoints,
    )


def _kept(journal: Journal, made: Checkpoint) -> tuple[bool, Checkpoint]:
    with journal.mirror.write(journal.portal) as work:
        fresh = work.checkpoints.add(made)
        known = work.checkpoints.all()
    return fresh, made if fresh else next(each for each in known if each.size == made.size)


def broken(journal: Journal, first: Broken) -> Refused:
    """The error that names the entry."""
    where = f"portal {journal.name}, entry {first.seq}" + (f", {first.where}" if first.where else "")
    return Refused(
        f"The log is not what it was: {first.problem}.",
        where=where,
        kind="log_broken",
        next_step="Run `consent-mirror log verify --payloads`, and compare with your copies of checkpoints.",
    )


def rotate_key(journal: Journal, seed: bytes) -> str:
    """The entry with which a new key takes over, signed by both; repeated, it stays one. Returns the new key.

    The caller exchanges the key file afterwards; until then the old key signs, and both are trusted.
    """
    new = Signer(origin_of(journal.portal), seed)
    event = Event(
        type=EventType.KEY_ROTATED,
        actor="system:keys",
        source_ref=f"key.rotated:{new.verifier.key_id.hex()}",
        detail={
            "note": rotate(journal.signer, new),
            "old": str(journal.signer.verifier),
            "new": str(new.verifier),
        },
    )
    with journal.mirror.write(journal.portal) as work:
        (written,) = work.log.append([(None, event)])
        kept = [each for each in work.meta.get(ROTATIONS) or () if each != written.id]
        work.meta.put(ROTATIONS, [*kept, written.id])
    return str(new.verifier)
