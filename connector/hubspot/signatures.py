"""HubSpot's signatures of what it sends us (HA 13.2): v3 with its time, v1 of CRM webhooks; nothing else.

v2 signs workflows' and cards' calls, of which we take none; it is refused as unknown (HQ 49). The URL is that
of the settings, never the request's own word (HQ 47); HubSpot's documentation decodes some escapes in it, its
own clients do not, and either form is taken (HQ 48).
"""

import base64
import hmac
import re
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Final

#: Older or newer than this is refused before anything is compared.
WINDOW_MS: Final = 300_000
_ESCAPES: Final = re.compile(r"%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


class Signed(StrEnum):
    """What a signature is worth."""

    GOOD = "good"
    MISSING = "unsigned"
    UNKNOWN = "unknown_version"
    STALE = "stale"
    WRONG = "wrong_signature"


def checked(secret: str, method: str, url: str, body: bytes, headers: Mapping[str, str], now: int) -> Signed:
    """Is this HubSpot's? `headers` by lower-case name; `now` in ms UTC. v3 is preferred where both came."""
    newest = headers.get("x-hubspot-signature-v3")
    if newest is not None:
        return _v3(secret, method, url, body, headers.get("x-hubspot-request-timestamp", ""), newest, now)
    old = headers.get("x-hubspot-signature")
    if old is None:
        return Signed.MISSING
    if headers.get("x-hubspot-signature-version", "v1") != "v1":
        return Signed.UNKNOWN
    return _same(v1(secret, body), old)


def _v3(secret: str, method: str, url: str, body: bytes, at: str, said: str, now: int) -> Signed:
    if not (at.isascii() and at.isdecimal() and len(at) < 20) or abs(now - int(at)) > WINDOW_MS:
        return Signed.STALE
    forms = {url, _ESCAPES.sub(lambda found: chr(int(found[1], 16)), url)}
    good = [_same(v3(secret, method, form, body, at), said) for form in sorted(forms)]
    return Signed.GOOD if Signed.GOOD in good else Signed.WRONG


def v1(secret: str, body: bytes) -> str:
    """hex(sha256(secret + body))."""
    return sha256(secret.encode() + body).hexdigest()


def v3(secret: str, method: str, url: str, body: bytes, at: str) -> str:
    """base64(hmac_sha256(secret, METHOD + URI + body + timestamp))."""
    message = method.encode() + url.encode() + body + at.encode()
    return base64.b64encode(hmac.digest(secret.encode(), message, sha256)).decode()


def _same(ours: str, theirs: str) -> Signed:
    same = hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "replace"))
    return Signed.GOOD if same else Signed.WRONG
