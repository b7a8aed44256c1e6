"""Signed links (consent-domain 8): `v1.<kid>.<payload>.<hmac>`; no address inside, and nothing to guess.

The payload is a link id, the scope, when it was made and, where it ends, when. Stopping never expires: a stop
must keep working, also after the mirror was restored from an older copy. So the id is no stored random number
but a keyed one (a PRF of the address's own keyed index): nobody can guess or compare it without the link key,
and the mirror finds the same one again. Looking and saying yes end.
"""

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from connector.proof.seal import Keyed, derive, kid

VERSION: Final = "v1"
ID_BYTES: Final = 16
LONGEST: Final = 200
#: Looking and saying yes: 30 days.
LOOK_MS: Final = 30 * 86_400_000
_BODY: Final = struct.Struct(">BQ16sQQ")  # scope, portal, link id, made, ends (0: never); ms UTC


class Scope(IntEnum):
    """What a link lets its bearer do."""

    STOP = 1  # say no; ask for a mail to the address that we have
    LOOK = 2  # and see what applies
    GRANT = 3  # confirm one yes, once


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a link says. Times in ms UTC."""

    scope: Scope
    portal: int
    id: bytes
    made_at: int
    ends_at: int | None = None

    def is_over(self, now: int) -> bool:
        """Its time has passed."""
        return self.ends_at is not None and now >= self.ends_at


class Signer:
    """Makes and reads links with the mirror's link key."""

    def __init__(self, key: bytes) -> None:
        self._mac = Keyed(derive(key, "links/v1"))
        self._ids = Keyed(derive(key, "link-ids/v1"))
        self._kid = f"{kid(key):08x}"

    def id_of(self, portal: int, ref: str) -> bytes:
        """The id of the link of an address, by its reference."""
        return self._ids(b"%d|" % portal + bytes.fromhex(ref))[:ID_BYTES]

    def sign(self, ticket: Ticket) -> str:
        """The token of a ticket."""
        body = _BODY.pack(ticket.scope, ticket.portal, ticket.id, ticket.made_at, ticket.ends_at or 0)
        said = f"{VERSION}.{self._kid}.{_encoded(body)}"
        return f"{said}.{_encoded(self._mac(said.encode()))}"

    def read(self, token: str) -> Ticket | None:
        """The ticket of a token that we signed; None for anything else. Whether it is over is not asked."""
        if len(token) > LONGEST or not token.isascii():
            return None
        said, _, mac = token.rpartition(".")
        if not hmac.compare_digest(_encoded(self._mac(said.encode())).encode(), mac.encode()):
            return None
        try:
            scope, portal, number, made, ends = _BODY.unpack(_decoded(said.rpartition(".")[2]))
            return Ticket(scope=Scope(scope), portal=portal, id=number, made_at=made, ends_at=ends or None)
        except (ValueError, struct.error):
            return None


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
