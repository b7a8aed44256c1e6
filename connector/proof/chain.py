"""The hash chain over headers, and the commitment of a header to its payload (consent-domain 6)."""

from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

COMMIT: Final = b"consent-log/commit/v1\0"
ENTRY: Final = b"consent-log/entry/v1\0"
#: `prev` of the first entry.
FIRST: Final = "0" * 64
VERSION: Final = 1
SALT_BYTES: Final = 32


class Header(msgspec.Struct, frozen=True, gc=False):
    """The permanent part of an entry; hashes and references in hex.

    The fields stand in alphabetical order: encoded one after the other they are the canonical JSON.
    """

    basis: str
    commit: str
    grade: str  # E0 ... E3
    notice_hash: str | None
    prev: str
    purpose: str
    recorded_at: int  # milliseconds UTC, never smaller than that of the entry before
    seq: int  # 1, 2, 3, ... without gaps; leaf number seq - 1 of the Merkle tree
    subject_ref: str | None
    type: str
    v: int
    wording_hash: str | None


class Opened(NamedTuple):
    """A payload that is there: its salt and canonical bytes; both empty where it does not open."""

    salt: bytes
    data: bytes


class Record(NamedTuple):
    """One entry as it is stored."""

    header: Header
    hash: bytes  # the stored entry hash
    opened: Opened | None = None


_encoder = msgspec.json.Encoder()
_commit = sha256(COMMIT)
_entry = sha256(ENTRY)


def canon_header(header: Header) -> bytes:
    """The canonical JSON of a header; equal to `canon` of its fields, and much faster."""
    return _encoder.encode(header)


def commitment(salt: bytes, payload: bytes) -> bytes:
    """What a header holds of its payload: SHA-256 over 32 random bytes and the canonical payload.

    Without the salt nobody can tell whether a guessed payload was the one.
    """
    hashed = _commit.copy()
    hashed.update(salt + payload)
    return hashed.digest()


def entry_hash(header: Header) -> bytes:
    """The hash of an entry: next entry's `prev` and a leaf of the Merkle tree."""
    return spelled_hash(_encoder.encode(header))


def spelled_hash(canonical: bytes) -> bytes:
    """The same from a header's canonical JSON."""
    hashed = _entry.copy()
    hashed.update(canonical)
    return hashed.digest()


def event_id(header: Header) -> str:
    """The UUIDv7 (RFC 9562, 5.7) of an entry, as 32 hex digits: its time, its seq and bits of its commitment.

    Anyone can work it out from the header, and `seq_of` finds the entry without an index.
    """
    drawn = int(header.commit[:9], 16)  # 36 bits, random because the salt is
    high = (header.recorded_at & 0xFFFFFFFFFFFF) << 16 | 0x7000 | drawn >> 24
    low = 0x8000000000000000 | (header.seq & 0xFFFFFFFFFF) << 22 | drawn & 0x3FFFFF
    return f"{high:016x}{low:016x}"


def id_order(commit: bytes, seq: int) -> tuple[int, int]:
    """Orders the entries of one moment as their ids do, without spelling those."""
    return int.from_bytes(commit[:2], "big") >> 4, seq


def seq_of(identifier: str) -> int | None:
    """Which entry an event id points at; None where it cannot be one. The caller compares `event_id`."""
    try:
        low = int(identifier[16:], 16)
    except ValueError:
        return None
    return low >> 22 & 0xFFFFFFFFFF if len(identifier) == 32 else None
