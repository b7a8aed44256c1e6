"""Seals: per-person keys, encryption bound to its place, keyed references (consent-domain 6, 9).

Everything is AES-256-GCM with a random nonce in front. The associated data names portal, person and place,
so that a ciphertext that somebody moves to another row no longer opens.
"""

import hmac
from copy import copy
from hashlib import sha256
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: What seals and opens; the library stays in this room.
Cipher: TypeAlias = AESGCM
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
REF_BYTES: Final = 16
#: What `Vault.new_key` and each `seal` need of randomness.
NEW_KEY_BYTES: Final = KEY_BYTES + NONCE_BYTES


class SealBroken(ValueError):
    """A ciphertext does not open: wrong key, edited, or moved from another place."""


def derive(key: bytes, label: str) -> bytes:
    """A key for one use, so that no key serves two."""
    return hmac.digest(key, b"consent-mirror/" + label.encode(), sha256)


def seal(cipher: Cipher, nonce: bytes, plain: bytes, place: bytes) -> bytes:
    """Encrypt for one place."""
    return nonce + cipher.encrypt(nonce, plain, place)


def unseal(cipher: Cipher, sealed: bytes, place: bytes) -> bytes:
    """Decrypt. Raises SealBroken."""
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
    except (InvalidTag, ValueError):
        raise SealBroken("a sealed value does not open") from None


class Keyed:
    """HMAC-SHA-256 (RFC 2104) under one key, both pads hashed beforehand: a third of the library's time."""

    def __init__(self, key: bytes) -> None:
        block = (key if len(key) <= _BLOCK else sha256(key).digest()).ljust(_BLOCK, b"\0")
        self._inner = sha256(block.translate(_INNER))
        self._outer = sha256(block.translate(_OUTER))

    def __call__(self, message: bytes) -> bytes:
        """The 32 bytes of a message."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()


_BLOCK: Final = 64
_INNER: Final = bytes(each ^ 0x36 for each in range(256))
_OUTER: Final = bytes(each ^ 0x5C for each in range(256))


class Vault:
    """The secrets of one portal, each derived from the master key for one use.

    It lives as long as a transaction, and so do the indexes of addresses that it remembers.
    """

    def __init__(self, master: bytes, portal: int) -> None:
        self.portal = portal
        self._master = master
        self._place = b"%d|" % portal
        self._wrap = AESGCM(derive(master, "wrap/v1"))
        self._address = Keyed(derive(master, f"address/v1|{portal}"))
        self._source = Keyed(derive(master, f"source/v1|{portal}"))
        self._addresses: dict[str, bytes] = {}
        #: For entries and letters that belong to no person.
        self.own = AESGCM(derive(master, f"own/v1|{portal}"))

    def fresh(self) -> "Vault":
        """The same secrets for another transaction, without any address."""
        made = copy(self)
        made._addresses = {}
        return made

    def answers(self) -> bytes:
        """The key of the digests of what HubSpot answered."""
        return derive(self._master, f"answer/v1|{self.portal}")

    def address_ref(self, normalised: str) -> bytes:
        """The keyed index of an address: equal for equal addresses, useless without the key."""
        found = self._addresses.get(normalised)
        if found is None:
            found = self._addresses[normalised] = self._address(normalised.encode())[:REF_BYTES]
        return found

    def source_ref(self, ref: bytes, source: str) -> bytes:
        """The keyed index of (person, source_ref), by which a repeat is found."""
        return self._source(ref + source.encode())[:REF_BYTES]

    def new_key(self, ref: bytes, entropy: bytes) -> tuple[Cipher, bytes]:
        """A person's key, usable and wrapped for the table; takes NEW_KEY_BYTES of randomness."""
        key, nonce = entropy[:KEY_BYTES], entropy[KEY_BYTES:NEW_KEY_BYTES]
        return AESGCM(key), seal(self._wrap, nonce, key, self._place + b"key|" + ref)

    def key(self, ref: bytes, wrapped: bytes) -> Cipher:
        """A person's key back. Raises SealBroken."""
        return AESGCM(unseal(self._wrap, wrapped, self._place + b"key|" + ref))

    def address_place(self, ref: bytes, address_ref: bytes) -> bytes:
        """Where an address belongs: portal, person, address."""
        return self._place + b"address|" + ref + address_ref

    def entry_place(self, ref: bytes, seq: int) -> bytes:
        """Where a payload belongs: portal, person (empty for nobody), entry."""
        return self._place + b"entry|%d|" % seq + ref

    def place(self, kind: bytes, key: bytes) -> bytes:
        """Any other place: a letter, a review."""
        return self._place + kind + b"|" + key


class SuppressionKeys:
    """The ring of suppression keys, newest first; used for the list and nothing else (consent-domain 7).

    Each portal has its own derived key, so that its entries cannot be compared with another portal's.
    """

    def __init__(self, ring: tuple[bytes, ...], portal: int) -> None:
        self._ring = tuple((kid(key), Keyed(derive(key, f"suppression/v1|{portal}"))) for key in ring)

    def newest(self, normalised: str) -> tuple[int, bytes]:
        """(key id, hash) for a new entry."""
        return self.hashes(normalised)[0]

    def hashes(self, normalised: str) -> list[tuple[int, bytes]]:
        """(key id, hash) under every key of the ring."""
        message = b"suppress/v1|email|" + normalised.encode()
        return [(number, keyed(message)) for number, keyed in self._ring]


def kid(key: bytes) -> int:
    """A key's number: tells keys apart, says nothing about them."""
    return int.from_bytes(derive(key, "kid/v1")[:4], "big") >> 1


def check_value(key: bytes) -> str:
    """What a database stores to recognise its keys; 16 hex digits."""
    return derive(key, "check/v1")[:8].hex()
