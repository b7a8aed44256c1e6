"""Payloads made small before they are sealed: most of their text is field names and HubSpot's few words.

DEFLATE (RFC 1951) with a preset dictionary takes a claim from some 350 to 95 bytes in 3 microseconds. What an
entry commits to is the canonical JSON as ever (consent-domain 6); packing is how this store keeps it. Nothing
that a stranger chooses is packed beside a secret, so that a length tells no more than the event's type does.
"""

import zlib
from typing import Final

#: Never changed: what was packed with it must open. Another one needs a mark in front of the packed bytes.
DICTIONARY: Final = (
    b'"language":"sv","notice":"reason":"approved_by":["staff:"evidence":[{"kind":"form_submission",'
    b'"sha256":"stored":true"valid_until":17"target":"detail":{"origin":"reconcile","status":"UNSUBSCRIBED",'
    b'"subscription":"source":"system"{"address":"","source":"hubspot"}{"actor":"subject","address":"'
    b'","detail":{"basis":null,"source":"CRM UI","status":"SUBSCRIBED"}"LEGITIMATE_INTEREST_CLIENT"'
    b'"LEGITIMATE_INTEREST_OTHER""PERFORMANCE_OF_CONTRACT""NON_GDPR""Import""Form""API"'
    b'optout.reasserted:24:withdraw:object:*:"NOT_SPECIFIED""UNSUBSCRIBED""Email preferences page"'
    b'"CONSENT_WITH_NOTICE","source":"Form submission","status":"SUBSCRIBED"},"observation":"'
    b'","observed_at":17,"row":11,"source":"hubspot","source_ref":"claim:11:newsletter:'
    b'","t_hi":17,"t_lo":17}'
)
#: The same for a line of the journal: an entry's header, its payload as text, and addresses.
JOURNAL_DICTIONARY: Final = (
    b'{"addresses":[["@example.","primary"]],"header":{"basis":"consent","basis":"none","commit":"","grade":"E0",'
    b'"notice_hash":null,"prev":"","purpose":"newsletter","recorded_at":17,"seq":1,"subject_ref":"","type":"object",'
    b'"type":"withdraw","v":1,"wording_hash":null},"payload":"{\\"actor\\":\\"subject\\",\\"address\\":\\"\\",'
    b'\\"detail\\":{\\"basis\\":null,\\"source\\":\\"Email preferences page\\",'
    b'\\"status\\":\\"UNSUBSCRIBED\\"},'
    b'\\"observation\\":\\"\\",\\"observed_at\\":17,\\"row\\":1,\\"source\\":\\"hubspot\\",'
    b'\\"source_ref\\":\\"withdraw:1:newsletter:\\",\\"t_hi\\":17,\\"t_lo\\":17}"}'
)
LARGEST: Final = 16 * 1024 * 1024  # far above any payload; a damaged one must not fill the memory
_WINDOW: Final = -10  # 1 KiB, without header and checksum: the seal around it tells of any change


class Packing:
    """DEFLATE with one dictionary; what it packed only it opens."""

    def __init__(self, dictionary: bytes) -> None:
        self._deflater = zlib.compressobj(6, zlib.DEFLATED, _WINDOW, 2, zlib.Z_DEFAULT_STRATEGY, dictionary)
        self._inflater = zlib.decompressobj(_WINDOW, dictionary)

    def pack(self, data: bytes) -> bytes:
        """Smaller where it is like the dictionary; never lost."""
        fresh = self._deflater.copy()
        return fresh.compress(data) + fresh.flush()

    def unpack(self, packed: bytes) -> bytes:
        """What was packed. Raises ValueError where it is damaged."""
        fresh = self._inflater.copy()
        try:
            data = fresh.decompress(packed, LARGEST)
        except zlib.error:
            raise ValueError("a packed payload does not open") from None
        if not fresh.eof or fresh.unconsumed_tail:
            raise ValueError("a packed payload does not open")
        return data


_payloads: Final = Packing(DICTIONARY)
JOURNAL: Final = Packing(JOURNAL_DICTIONARY)
pack = _payloads.pack
unpack = _payloads.unpack
