"""Is our own door for HubSpot's webhooks open? Asked by a delivery that says nothing (HA 13.2).

Signed as HubSpot signs, sent to the address that HubSpot would call: what it comes to shows the way there,
the secret, the clock and the portal at once. The event is of a kind that is counted and passed over.
"""

from typing import Final

import msgspec
import requests
import urllib3

from connector.clock import Clock
from connector.hubspot.hosts import host_of
from connector.hubspot.session import CONNECT_S, READ_S, USER_AGENT, Lost, named, pooled, whole_body
from connector.hubspot.signatures import v3

OPEN: Final = "open"
UNSIGNED: Final = "signature"
#: No kind of HubSpot's.
KIND: Final = "consent-mirror.doctor"
#: Ours are a word long.
LARGEST: Final = 1_000


def knock(url: str, secret: str, portal: int, clock: Clock) -> str:
    """`open`, `signature` where ours is not taken, else a word that says why it is not our door."""
    body = msgspec.json.encode(
        [{"portalId": portal, "occurredAt": clock.now(), "subscriptionType": KIND, "attemptNumber": 0}]
    )
    at = str(clock.now())
    headers = {
        "User-Agent": USER_AGENT,
        "Content-Type": "application/json",
        "X-HubSpot-Signature-v3": v3(secret, "POST", url, body, at),
        "X-HubSpot-Request-Timestamp": at,
    }
    try:
        with (
            pooled(url, 1, clock) as session,
            session.post(
                url,
                data=body,
                headers=headers,
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            return _word(answer.status_code, whole_body(answer, clock, LARGEST))
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        return f"{named(error)} at {host_of(url)}"
    except Lost as error:
        return str(error)


def _word(status: int, body: bytes) -> str:
    if (status, body) == (200, b"ok\n"):
        return OPEN
    if (status, body) == (401, b"signature\n"):
        return UNSIGNED
    return f"it answers {status}, and not as the web part does"
