"""The verification of a bundle: offline, with nothing but the file and a public key (docs/verify.md)."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import msgspec

from connector.proof import canon
from connector.proof.bundle import SCHEMA, Bundle, BundleEntry, seal_text
from connector.proof.chain import FIRST, VERSION, Header, commitment, entry_hash
from connector.proof.merkle import verify_consistency, verify_inclusion
from connector.proof.notes import SignedRoot, Verifier, open_note, read_checkpoint
from connector.proof.trust import trusted
from connector.proof.verify import ERASED, Broken, Problem, explains

FIELDS: Final = frozenset(Header.__struct_fields__)
#: Entries of the log itself that a bundle may carry beside the person's own.
OF_THE_LOG: Final = frozenset({"key.rotated"})


@dataclass(slots=True)
class BundleVerdict:
    """What was found. `key`: the verifier key that everything was checked with; `key_given`: the reader's
    own, not the bundle's word for it. `erased`: entries whose payload is rightly gone."""

    entries: int = 0
    payloads: int = 0
    erased: int = 0
    texts: int = 0
    checkpoints: int = 0
    size: int = 0
    root: str = ""
    origin: str = ""
    key: str = ""
    key_given: bool = False
    findings: list[Broken] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing was found."""
        return not self.findings

    @property
    def first_broken(self) -> Broken | None:
        """The finding with the smallest seq; those of the whole bundle have 0."""
        named = [each for each in self.findings if each.seq]
        return min(named or self.findings, key=lambda each: each.seq, default=None)


def verify_bundle(data: bytes, key: Verifier | None = None) -> BundleVerdict:
    """Check a bundle. `key`: the controller's public key as the reader knows it; without it the bundle's own
    is used, which proves that the bundle is whole but not whose it is. Never raises for a bad bundle."""
    verdict = BundleVerdict(key_given=key is not None)
    try:
        body = canon.decode(data)
        canon.refuse(body)
        bundle = msgspec.convert(body, Bundle)
        start = Verifier.parse(bundle.key) if key is None else key
        keys = trusted(start, bundle.rotations)
    except (ValueError, msgspec.ValidationError):
        verdict.findings.append(Broken(0, Problem.FORM))
        return verdict
    verdict.key = str(start)
    _Check(bundle, body, keys, verdict).run()
    return verdict


class _Check:
    """One bundle under verification."""

    def __init__(
        self, bundle: Bundle, body: dict[str, Any], keys: Sequence[Verifier], verdict: BundleVerdict
    ) -> None:
        self._bundle, self._body, self._keys, self._verdict = bundle, body, keys, verdict

    def run(self) -> None:
        """Everything, most telling first."""
        root = self._checkpoint(self._bundle.checkpoint, "checkpoint")
        if root is not None:
            verdict = self._verdict
            verdict.origin, verdict.size, verdict.root = root.origin, root.size, root.root.hex()
            self._entries(root)
            self._earlier(root)
        self._payloads()
        self._texts()
        self._seal()

    def _found(self, seq: int, problem: Problem, where: str = "") -> None:
        self._verdict.findings.append(Broken(seq, problem, where))

    def _checkpoint(self, note: str, where: str) -> SignedRoot | None:
        try:
            root = read_checkpoint(note, self._keys)
        except ValueError:
            self._found(0, Problem.SIGNATURE, where)
            return None
        if root.origin != self._bundle.origin or root.origin != self._keys[0].name:
            self._found(0, Problem.CHECKPOINT, f"{where}: another log")
            return None
        return root

    def _entries(self, root: SignedRoot) -> None:
        before: Header | None = None
        for number, entry in enumerate(self._bundle.entries):
            self._entry(entry, set(self._body["entries"][number]["header"]), root)
            if before is not None:
                self._order(before, entry.header)
            elif entry.header.seq == 1 and entry.header.prev != FIRST:
                self._found(1, Problem.PREV)
            before = entry.header
            self._verdict.entries += 1

    def _entry(self, entry: BundleEntry, names: set[str], root: SignedRoot) -> None:
        header = entry.header
        if names != FIELDS or header.v != VERSION:
            self._found(header.seq, Problem.EDITED)
        proof = [_raw(each) for each in entry.inclusion]
        if not verify_inclusion(header.seq - 1, root.size, entry_hash(header), proof, root.root):
            self._found(header.seq, Problem.NOT_IN_LOG)
        own = header.subject_ref in self._bundle.subjects
        if not own and not (header.subject_ref is None and header.type in OF_THE_LOG):
            self._found(header.seq, Problem.STRANGER)

    def _order(self, before: Header, header: Header) -> None:
        if header.seq <= before.seq:
            self._found(header.seq, Problem.ORDER)
        elif header.seq == before.seq + 1 and header.prev != entry_hash(before).hex():
            self._found(header.seq, Problem.PREV)
        if header.recorded_at < before.recorded_at:
            self._found(header.seq, Problem.TIME)

    def _earlier(self, root: SignedRoot) -> None:
        for number, each in enumerate(self._bundle.earlier, start=1):
            old = self._checkpoint(each.note, f"earlier checkpoint {number}")
            if old is None:
                continue
            proof = [_raw(step) for step in each.consistency]
            if verify_consistency(old.size, root.size, old.root, root.root, proof):
                self._verdict.checkpoints += 1
            else:
                self._found(old.size, Problem.CHECKPOINT, f"earlier checkpoint {number}")

    def _payloads(self) -> None:
        for entry in self._bundle.entries:
            if entry.payload is None or entry.salt is None:
                self._missing(entry)
            elif commitment(_raw(entry.salt), entry.payload.encode()).hex() == entry.header.commit:
                self._verdict.payloads += 1
            else:
                self._found(entry.header.seq, Problem.PAYLOAD)

    def _missing(self, entry: BundleEntry) -> None:
        head = entry.header
        later = [each.header for each in self._bundle.entries if each.header.seq >= head.seq]
        theirs = [each for each in later if each.subject_ref == head.subject_ref]
        if any(e.type == ERASED or explains(e.type, e.purpose, head.type, head.purpose) for e in theirs):
            self._verdict.erased += 1
        else:
            self._found(entry.header.seq, Problem.NO_PAYLOAD)

    def _texts(self) -> None:
        held = {each.sha256: each.data for each in self._bundle.texts}
        wrong = {name for name, data in held.items() if _hash(data) != name}
        self._verdict.texts = len(held) - len(wrong)
        for entry in self._bundle.entries:
            for name in (entry.header.wording_hash, entry.header.notice_hash):
                if name in wrong:
                    self._found(entry.header.seq, Problem.TEXT, name or "")
                elif name is not None and name not in held and name not in self._bundle.missing_texts:
                    self._found(entry.header.seq, Problem.NO_TEXT, name)
        if wrong - {each.where for each in self._verdict.findings}:
            self._found(0, Problem.TEXT)

    def _seal(self) -> None:
        try:
            whole = open_note(self._bundle.seal, self._keys) == seal_text(self._body)
        except ValueError:
            whole = False
        if not whole or self._bundle.schema != SCHEMA:
            self._found(0, Problem.SEAL)


def _raw(text: str) -> bytes:
    """Bytes of hexadecimal digits; none where they are none, which verifies nowhere."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _hash(data: str) -> str:
    try:
        return sha256(base64.b64decode(data, validate=True)).hexdigest()
    except binascii.Error:
        return ""
