"""The verification of a whole log, streaming: which entry is the first that is not what it was.

What is checked, in one pass (consent-domain 6): seq without gaps, `prev` links, entry hashes, time that never
goes back, commitments of payloads still present, the RFC 6962 root at the end and at each checkpoint. A
payload may be missing only where the log itself says why: its subject was erased, its sign-up ran out, or it
proved a consent that a no has ended and whose time was over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from connector.proof.chain import FIRST, Header, Opened, Record, commitment, entry_hash
from connector.proof.merkle import CompactRange
from connector.proof.notes import SignedRoot

ERASED: Final = "erased"
#: An unconfirmed sign-up is shredded after 7 days (consent-domain 3.3), and `expire` says so. The proof of an
#: ended consent of somebody who stays (consent-domain 7), of one purpose: what explains -> the types it may.
PROOF_DESTROYED: Final = "proof.destroyed"
SHREDDED: Final[Mapping[str, frozenset[str]]] = {
    "expire": frozenset({"request"}),
    PROOF_DESTROYED: frozenset({"request", "grant", "confirm", "soft_optin"}),
}


def explains(later: str, purpose: str, type_: str, of_purpose: str) -> bool:
    """An entry of type `later` about `purpose` says why the payload of another, of `type_`, is gone."""
    same = purpose == of_purpose or later != PROOF_DESTROYED
    return same and type_ in SHREDDED.get(later, ())


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint whose signature was verified; `where` tells a person which one it is."""

    root: SignedRoot
    where: str = "checkpoint"


@dataclass(frozen=True, slots=True)
class End:
    """What the database says about the end of the log."""

    size: int
    last: str
    root: str


class Problem(StrEnum):
    """What is wrong with an entry."""

    GAP = "missing"
    ORDER = "out of order"
    PREV = "does not follow the entry before"
    EDITED = "header changed"
    TIME = "time goes back"
    PAYLOAD = "payload changed"
    NO_PAYLOAD = "payload removed without erasure"
    CHECKPOINT = "differs from a checkpoint"
    TRUNCATED = "cut off: a checkpoint or the head knows more"
    HEAD = "differs from the head"
    SIGNATURE = "no known key signed this checkpoint"
    TEXT = "a wording or notice was changed"
    NO_TEXT = "a wording or notice was removed"
    NOT_IN_LOG = "not in the signed log"
    STRANGER = "about somebody else"
    FORM = "not a well-formed bundle"
    SEAL = "changed after it was sealed"
    GUARD = "nothing keeps it from being changed"


@dataclass(frozen=True, slots=True)
class Broken:
    """One finding; `seq` names the entry, `where` the checkpoint that tells."""

    seq: int
    problem: Problem
    where: str = ""

    @property
    def rank(self) -> tuple[bool, int]:
        """What was done to an entry comes first; that something could have been done, last."""
        return self.problem is Problem.GUARD, self.seq


@dataclass(slots=True)
class Verdict:
    """The result. `gaps`: missing entries as (first, last). `payloads`: how many were checked."""

    entries: int = 0
    root: str = ""
    last: str = FIRST
    checkpoints: int = 0
    payloads: int = 0
    erased: int = 0
    gaps: list[tuple[int, int]] = field(default_factory=list)
    findings: list[Broken] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing was found."""
        return not self.findings

    @property
    def first_broken(self) -> Broken | None:
        """The finding with the smallest seq; a guard that is gone, where that is all."""
        return min(self.findings, key=lambda each: each.rank, default=None)


#: Findings that are kept: a broken log has no use for more.
MOST: Final = 1_000
_BLOCK: Final = 4_096


def verify_log(
    records: Iterable[Record],
    *,
    payloads: bool = False,
    checkpoints: Sequence[Signed] = (),
    end: End | None = None,
) -> Verdict:
    """Verify entries in seq order.

    `payloads`: each record's `opened` is checked too, where None means that it is gone. `checkpoints` may
    come from anywhere: copies outside of the database are what finds a cut-off tail. `end`: what the
    database claims.
    """
    run = _Pass(payloads, checkpoints)
    run.feed(records)
    return run.finish(end)


class _Pass:
    """One pass over the entries."""

    def __init__(self, payloads: bool, checkpoints: Sequence[Signed]) -> None:
        self._payloads = payloads
        self._due = sorted(checkpoints, key=lambda each: -each.root.size)  # the next one is the last
        self._verdict = Verdict()
        self._tree = CompactRange()
        self._leaves: list[bytes] = []
        #: Subject -> (seq -> type and purpose) of entries without payload.
        self._unexplained: dict[str | None, dict[int, tuple[str, str]]] = {}
        self._reached()

    def feed(self, records: Iterable[Record]) -> None:
        """The loop; kept flat, because it runs for every entry ever written."""
        found, leaves, with_payloads = self._found, self._leaves, self._payloads
        previous, expected, last_at = FIRST, 1, 0
        pause = self._pause()
        for header, stored, opened in records:
            if header.seq != expected:
                self._gap(expected, header.seq)
                expected = header.seq
            if entry_hash(header) != stored:
                found(expected, Problem.EDITED)
            if header.prev != previous:
                found(expected, Problem.PREV)
            if header.recorded_at < last_at:
                found(expected, Problem.TIME)
            if with_payloads:
                self._payload(header, opened)
            leaves.append(stored)
            previous, expected, last_at = stored.hex(), expected + 1, header.recorded_at
            if len(leaves) == pause:
                pause = self._count()
        self._count()
        self._verdict.last = previous

    def finish(self, end: End | None) -> Verdict:
        """What only the end of the log shows."""
        verdict = self._verdict
        verdict.root = self._tree.root().hex()
        for signed in self._due:
            self._found(verdict.entries + 1, Problem.TRUNCATED, signed.where)
        self._due = []
        for seqs in self._unexplained.values():
            for seq in seqs:
                self._found(seq, Problem.NO_PAYLOAD)
        if end is not None and end != End(verdict.entries, verdict.last, verdict.root):
            cut = end.size > verdict.entries
            self._found(verdict.entries + 1, Problem.TRUNCATED if cut else Problem.HEAD, "head")
        verdict.findings.sort(key=lambda each: each.seq)
        return verdict

    def _found(self, seq: int, problem: Problem, where: str = "") -> None:
        if len(self._verdict.findings) < MOST:
            self._verdict.findings.append(Broken(seq, problem, where))

    def _gap(self, expected: int, seq: int) -> None:
        if seq < expected:
            self._found(seq, Problem.ORDER)
            return
        self._verdict.gaps.append((expected, seq - 1))
        self._found(expected, Problem.GAP)

    def _payload(self, header: Header, opened: Opened | None) -> None:
        if opened is None:
            self._unexplained.setdefault(header.subject_ref, {})[header.seq] = header.type, header.purpose
        elif commitment(opened.salt, opened.data).hex() == header.commit:
            self._verdict.payloads += 1
        else:
            self._found(header.seq, Problem.PAYLOAD)
        if header.type == ERASED:
            self._explain_erasure(header.subject_ref)
        elif header.type in SHREDDED:
            self._explain(header)

    def _explain_erasure(self, subject: str | None) -> None:
        if subject is not None:
            self._verdict.erased += len(self._unexplained.pop(subject, {}))

    def _explain(self, header: Header) -> None:
        seqs = self._unexplained.get(header.subject_ref, {})
        told = [seq for seq, which in seqs.items() if explains(header.type, header.purpose, *which)]
        for seq in told:
            del seqs[seq]

    def _pause(self) -> int:
        """After how many more entries to look up: at the next checkpoint, or when the block is full."""
        return min(_BLOCK, self._due[-1].root.size - self._tree.size) if self._due else _BLOCK

    def _count(self) -> int:
        self._tree.extend(self._leaves)
        self._leaves.clear()
        self._verdict.entries = self._tree.size
        self._reached()
        return self._pause()

    def _reached(self) -> None:
        while self._due and self._due[-1].root.size == self._tree.size:
            signed = self._due.pop()
            if signed.root.root != self._tree.root():
                self._found(signed.root.size, Problem.CHECKPOINT, signed.where)
            else:
                self._verdict.checkpoints += 1
