"""A bundle: what a log holds about one person, in a file that anyone can check offline (docs/verify.md)."""

import base64
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

from connector.proof import canon
from connector.proof.chain import Header
from connector.proof.notes import Signer, sign

SCHEMA: Final = "consent-mirror/bundle/1"
SEAL: Final = "consent-log/bundle/v1"
#: The short form of docs/verify.md, carried along so that a bundle explains itself.
RULES: Final = (
    "canon(x) = JSON of x with sorted keys, no spaces, UTF-8, integers only.",
    'Entry hash = SHA-256("consent-log/entry/v1" 0x00 canon(header)); prev: that of seq - 1, or 64 zeros.',
    'Commitment = SHA-256("consent-log/commit/v1" 0x00 salt payload): equals header.commit.',
    "Leaf number seq - 1 of the RFC 6962 tree is the entry hash; its inclusion proof leads to the root.",
    "Checkpoints, rotations and the seal are C2SP signed notes, Ed25519; a rotation is signed by both keys.",
    "A text's hash is the SHA-256 of its bytes; headers name texts by wording_hash and notice_hash.",
    "The seal signs the SHA-256 of canon(the bundle without its seal).",
    "A payload may be missing only where the same subject was erased, or a request has run out (expire).",
)


class BundleEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry: header, payload with its salt (null where erased), and its place in the signed tree."""

    header: Header
    inclusion: tuple[str, ...]
    payload: str | None
    salt: str | None


class BundleText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wording, a notice or another text that entries name by its hash; bytes in base64."""

    data: str
    kind: str
    language: str | None
    sha256: str


class Earlier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An older checkpoint and the proof that the bundle's checkpoint continues it (RFC 9162, 2.1.4)."""

    consistency: tuple[str, ...]
    note: str


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file. `about` is told, and sealed, but nothing in the log proves it."""

    about: Mapping[str, Any]
    checkpoint: str
    earlier: tuple[Earlier, ...]
    entries: tuple[BundleEntry, ...]
    key: str  # the verifier key that signed checkpoint and seal
    missing_texts: tuple[str, ...]  # named by entries, and not known to the controller
    origin: str
    rotations: tuple[str, ...]
    rules: tuple[str, ...]
    schema: str
    subjects: tuple[str, ...]
    texts: tuple[BundleText, ...]
    seal: str = ""


def seal_text(body: Mapping[str, Any]) -> str:
    """What the seal signs, for a bundle as plain JSON. Raises ValueError where it has no canonical form."""
    rest = {key: value for key, value in body.items() if key != "seal"}
    return f"{SEAL}\n{sha256(canon.canon(rest)).hexdigest()}\n"


def sealed(bundle: Bundle, signer: Signer) -> bytes:
    """The file's bytes, sealed, one line per value so that it can be looked at."""
    body: dict[str, Any] = msgspec.to_builtins(bundle)
    body["seal"] = sign(seal_text(body), signer)
    return msgspec.json.format(msgspec.json.encode(body, order="sorted"), indent=1) + b"\n"


def text_of(data: bytes, kind: str, language: str | None) -> BundleText:
    """A text as the bundle holds it."""
    return BundleText(base64.b64encode(data).decode(), kind, language, sha256(data).hexdigest())
