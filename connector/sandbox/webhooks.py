"""Push webhooks as HubSpot has them (hubspot-api, 13.1): what an app subscribed to, and what is to be sent.

Which subscriptions an app may have, how events look, how they are signed and when they are sent again. The
sending itself is the postman's.
"""

import base64
import hmac
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from hashlib import sha256
from heapq import heappop, heappush
from typing import Any, Final
from urllib.parse import urlsplit

from connector.clock import SeededChance
from connector.sandbox.events import Happening
from connector.sandbox.faults import FaultRule
from connector.sandbox.replies import encode
from connector.sandbox.times import MINUTE, SECOND
from mappings.words import ADDITIONAL_EMAILS, EMAIL, OPTED_OUT_OF_ALL


class WebhookSignature(StrEnum):
    """Which signature a delivery carries; HubSpot's own carry both."""

    V1 = "v1"
    V3 = "v3"
    BOTH = "both"


#: The events about contacts that an app can choose; HubSpot has none about preferences or forms.
EVENTS: Final = (
    "contact.creation",
    "contact.deletion",
    "contact.privacyDeletion",
    "contact.propertyChange",
    "contact.merge",
    "contact.restore",
)
#: The properties that a mirror of consent asks for; `*` stands for anything.
PROPERTIES: Final = (EMAIL, ADDITIONAL_EMAILS, f"{OPTED_OUT_OF_ALL}*")
#: Changes that no subscription can name (hubspot-api, 13.1).
NEVER_TOLD: Final = frozenset({"hs_lastmodifieddate", "num_unique_conversion_events"})
MOST_EVENTS: Final = 100
FEWEST_AT_ONCE: Final = 6
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
#: Minutes before each of the ten further tries, over 24 hours; each is a little shorter or longer by chance.
SPACING: Final = (1, 2, 5, 10, 30, 60, 120, 240, 360, 540)
_JITTER: Final = (0.8, 0.25)  # at least, and how much more at most
_ID_OF_FIRST_SUBSCRIPTION: Final = 1_000


def client_secret(seed: int) -> str:
    """The client secret of the portal's app; as its token, the same for the same seed."""
    return f"secret-eu1-sandbox-{seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriptions:
    """What an app's page has: where to, signed how, about what. ValueError names what cannot be.

    `properties`: which ones `contact.propertyChange` is about. `at_once`: HubSpot's own word is
    `maxConcurrentRequests`. `patience_s`: how long an answer may take.
    """

    url: str
    secret: str = field(repr=False)
    signature: WebhookSignature = WebhookSignature.BOTH
    events: Sequence[str] = EVENTS
    properties: Sequence[str] = PROPERTIES
    batch: int = MOST_EVENTS
    at_once: int = 10
    patience_s: float = 5.0
    app_id: int = 54_321

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "http" or parts.hostname not in LOOPBACK:
            raise ValueError("webhooks go to http on this machine only")
        if unknown := sorted(set(self.events) - set(EVENTS)):
            raise ValueError(f"no event {', '.join(unknown)}; there are {', '.join(EVENTS)}")
        if not 1 <= self.batch <= MOST_EVENTS:
            raise ValueError(f"batch: 1 to {MOST_EVENTS} events")
        if self.at_once < FEWEST_AT_ONCE:
            raise ValueError(f"at_once: {FEWEST_AT_ONCE} or more")

    def wants(self, kind: str, name: str | None) -> bool:
        """Is the app subscribed to this?"""
        if kind not in self.events or name in NEVER_TOLD:
            return False
        return name is None or any(fnmatchcase(name, wanted) for wanted in self.properties)

    def signed(self, body: bytes, at: int, *, secret: str | None = None) -> dict[str, str]:
        """The headers that prove the sender: v1 over the body, v3 over method, URL, body and time (13.2)."""
        key = (secret or self.secret).encode()
        headers = {}
        if self.signature is not WebhookSignature.V3:
            headers["X-HubSpot-Signature"] = sha256(key + body).hexdigest()
            headers["X-HubSpot-Signature-Version"] = "v1"
        if self.signature is not WebhookSignature.V1:
            message = b"POST" + self.url.encode() + body + str(at).encode()
            headers["X-HubSpot-Signature-v3"] = base64.b64encode(hmac.digest(key, message, "sha256")).decode()
            headers["X-HubSpot-Request-Timestamp"] = str(at)
        return headers


@dataclass(slots=True)
class Notice:
    """One event on its way. `number` is HubSpot's `eventId`: further tries keep it, and it is not unique."""

    number: int
    subscription: int
    kind: str
    happening: Happening
    name: str | None = None
    value: str | None = None
    attempt: int = 0

    def document(self, portal: int, app: int) -> dict[str, Any]:
        """As it stands in a body."""
        told = self.happening
        return {
            "eventId": self.number,
            "subscriptionId": self.subscription,
            "portalId": portal,
            "appId": app,
            "occurredAt": told.at,
            "subscriptionType": self.kind,
            "attemptNumber": self.attempt,
            "objectId": told.contact,
            "changeSource": told.source,
            **({"sourceId": told.source_id} if told.source_id else {}),
            **self._particulars(),
        }

    def _particulars(self) -> dict[str, Any]:
        if self.kind == "contact.creation":
            return {"changeFlag": "NEW"}
        if self.kind == "contact.propertyChange":
            return {"propertyName": self.name, "propertyValue": self.value or "", "isSensitive": False}
        if self.kind == "contact.merge":
            primary, *lost = self.happening.merged
            return {
                "primaryObjectId": primary,
                "mergedObjectIds": lost,
                "newObjectId": self.happening.contact,
                "numberOfPropertiesMoved": len(self.happening.changes),
            }
        return {}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A body to be sent, with what goes wrong on its way."""

    app: Subscriptions
    notices: Sequence[Notice]
    body: bytes
    headers: Mapping[str, str] = field(repr=False)
    times: int = 1
    fault: str | None = None


Pick = Callable[[str], FaultRule | None]  # the fault that a delivery to this path falls to


class Waiting:
    """The notices of one portal that are not yet told. Not safe for threads: the postman holds the lock."""

    def __init__(self, portal: int, seed: int) -> None:
        self._portal = portal
        self._chance = SeededChance(f"webhooks/{seed}")
        self._now: deque[Notice] = deque()
        self._later: list[tuple[int, int, Notice]] = []  # a heap by the time that each is due
        self._events = 0
        self._put = 0
        self._subscriptions: dict[tuple[str, str | None], int] = {}

    def __len__(self) -> int:
        return len(self._now) + len(self._later)

    def add(self, app: Subscriptions, told: Happening) -> int:
        """Queue what the app is subscribed to; how many notices it makes."""
        self._events += 1
        wanted = [each for each in _kinds(told) if app.wants(each[0], each[1])]
        for kind, name in wanted:
            value = None if name is None else told.changes[name]
            number = self._subscription(kind, name)
            self._now.append(Notice(self._events, number, kind, told, name, value))
        return len(wanted)

    def _subscription(self, kind: str, name: str | None) -> int:
        """HubSpot has one subscription a property."""
        known = self._subscriptions
        return known.setdefault((kind, name), _ID_OF_FIRST_SUBSCRIPTION + len(known))

    def take(self, app: Subscriptions, now: int, pick: Pick) -> Delivery | None:
        """The next body that is due; None where nothing is. Faults that keep it back are done with here."""
        while self._later and self._later[0][0] <= now:
            self._now.append(heappop(self._later)[2])
        due = [self._now.popleft() for _ in range(min(app.batch, len(self._now)))]
        if not due:
            return None
        rule = pick(urlsplit(app.url).path)
        if rule is not None and rule.effect == "webhook_late":
            for each in due:
                self._keep(each, now + round(rule.seconds * SECOND))
        return self._made(app, due, now, rule.effect if rule is not None else None)

    def _keep(self, notice: Notice, until: int) -> None:
        self._put += 1
        heappush(self._later, (until, self._put, notice))

    def _made(self, app: Subscriptions, due: Sequence[Notice], now: int, fault: str | None) -> Delivery:
        told = due[::-1] if fault == "webhook_shuffled" else due
        documents = [each.document(self._portal, app.app_id) for each in told]
        body = encode(documents)
        forged = app.secret[::-1] if fault == "webhook_forged" else None
        headers = app.signed(body, now, secret=forged)
        if fault == "webhook_altered":
            body = encode([{**each, "objectId": each["objectId"] + 1} for each in documents])
        return Delivery(app, due, body, headers, _TIMES.get(fault or "", 1), fault)

    def failed(self, delivery: Delivery, now: int) -> int:
        """Not taken: each of its notices is sent again, ten times at most. How many are given up."""
        left = [each for each in delivery.notices if each.attempt < len(SPACING)]
        for each in left:
            share = _JITTER[0] + _JITTER[1] * self._chance.jitter()
            self._keep(each, now + round(SPACING[each.attempt] * MINUTE * share))
            each.attempt += 1
        return len(delivery.notices) - len(left)


#: How often a body leaves.
_TIMES: Final = {"webhook_lost": 0, "webhook_late": 0, "webhook_twice": 2}
#: The events that HubSpot makes of what happened to a record; of an update it makes one a property.
PLAIN: Final = {
    "CREATE": ("contact.creation",),
    "DELETE": ("contact.deletion",),
    "RESTORE": ("contact.restore",),
    "MERGE": ("contact.merge",),
    "GDPR_DELETE": ("contact.deletion", "contact.privacyDeletion"),
}


def _kinds(told: Happening) -> Iterator[tuple[str, str | None]]:
    """The events that HubSpot makes of it, with the property that each is about."""
    for kind in PLAIN.get(told.action, ()):
        yield kind, None
    if told.action == "UPDATE":
        for name in told.changes:
            yield "contact.propertyChange", name
