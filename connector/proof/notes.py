"""Signed notes and checkpoints: C2SP signed-note and tlog-checkpoint, Ed25519."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519: Final = b"\x01"
_DASH: Final = "\N{EM DASH} "
_SIZE: Final = re.compile(r"^(0|[1-9][0-9]{0,18})$")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A name and a public key; written `name+hash+base64` (signed-note, verifier key)."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Back from `str`. Raises ValueError when malformed or when the hash is not the key's."""
        name, _, rest = text.strip().partition("+")
        told, _, encoded = rest.partition("+")
        key = _unbase64(encoded)
        found = cls(name, key[1:])
        if key[:1] != _ED25519 or len(key) != 33 or told != found.key_id.hex() or not _good_name(name):
            raise ValueError("not an Ed25519 verifier key")
        return found

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell a verifier which key signed."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether this key signed the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer:
    """The private half. `seed` is the 32 bytes of RFC 8032."""

    def __init__(self, name: str, seed: bytes) -> None:
        if not _good_name(name):
            raise ValueError("a key's name has no spaces and no plus")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    def line(self, text: str) -> str:
        """The signature line of this key under a text."""
        signed = self.verifier.key_id + self._key.sign(text.encode())
        return f"{_DASH}{self.verifier.name} {base64.b64encode(signed).decode()}\n"


def sign(text: str, *signers: Signer) -> str:
    """The note: text, empty line, one line per signature. Raises ValueError where text is none."""
    if not text.endswith("\n") or any(ord(each) < 0x20 and each != "\n" for each in text):
        raise ValueError("a note's text ends with a newline and has no control characters")
    return text + "\n" + "".join(signer.line(text) for signer in signers)


def open_note(note: str, verifiers: Sequence[Verifier]) -> str:
    """The text of a note that at least one of these keys signed; signatures of unknown keys are passed over.

    Raises ValueError when malformed, when no known key signed, or when a known key's signature is wrong.
    """
    text, signatures = _parts(note)
    good = 0
    for name, key_id, signature in signatures:
        for verifier in verifiers:
            if (verifier.name, verifier.key_id) == (name, key_id):
                if not verifier.verify(text, signature):
                    raise ValueError("a signature of a known key is wrong")
                good += 1
    if not good:
        raise ValueError("no known key signed this note")
    return text


def _parts(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    text, separator, rest = note.rpartition("\n\n")
    if not separator or not rest.endswith("\n"):
        raise ValueError("not a signed note")
    return text + "\n", [_signature(line) for line in rest.removesuffix("\n").split("\n")]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    if not line.startswith(_DASH):
        raise ValueError("not a signature line")
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    data = _unbase64(encoded)
    if not _good_name(name) or len(data) < 5:
        raise ValueError("not a signature line")
    return name, data[:4], data[4:]


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None


def _good_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(each.isspace() for each in name)


@dataclass(frozen=True, slots=True)
class SignedRoot:
    """What a checkpoint says: which log, how many entries, their RFC 6962 root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note's text (tlog-checkpoint)."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def checkpoint(root: SignedRoot, *signers: Signer) -> str:
    """A signed checkpoint. Several signers: a key is being rotated."""
    return sign(root.text, *signers)


def read_checkpoint(note: str, verifiers: Sequence[Verifier]) -> SignedRoot:
    """What a checkpoint says, once a known key's signature is proved. Raises ValueError otherwise."""
    lines = open_note(note, verifiers).split("\n")
    if len(lines) < 4 or not lines[0] or not _SIZE.match(lines[1]) or "" in lines[:-1]:
        raise ValueError("not a checkpoint")
    root = _unbase64(lines[2])
    if len(root) != 32:
        raise ValueError("not a checkpoint")
    return SignedRoot(lines[0], int(lines[1]), root)
