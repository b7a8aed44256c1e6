"""What all calls of a portal share: the transport, the clock, what was learned on the way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from connector.clock import Clock
from connector.errors import HubSpotRefused
from connector.hubspot.families import Route
from connector.hubspot.transport import Patience, Transport
from connector.hubspot.wire.contacts import Contacts
from mappings.records import Capabilities

T = TypeVar("T")

#: For a probe, and for a batch that had better be halved than asked again and again (HA 4).
QUICK: Final = Patience(attempts=2)
#: What asks whether the plan or the token has something: a no is an answer.
PROBE: Final = Patience(attempts=2, no_is_fine=True)


@dataclass(slots=True)
class Learned:
    """What this process has found out about the portal; shared by its urgent and its patient view."""

    capabilities: Capabilities | None = None
    batch_size: int = 100  # documented nowhere (HA 8.1): halved when HubSpot refuses it


class Gateway:
    """The base of the groups of calls. An `urgent` call may take the last calls of a window (design 4.2)."""

    def __init__(
        self,
        transport: Transport,
        *,
        clock: Clock,
        subscriptions: Sequence[int],
        dates: Sequence[str] = (),
        learned: Learned | None = None,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._subscriptions = tuple(subscriptions)
        self._learned = learned or Learned()
        self._dates = tuple(dates)
        self._contacts = Contacts(subscriptions, dates)

    @property
    def calls_made(self) -> int:
        """Requests sent to HubSpot so far, repeats included."""
        return self._transport.calls_made

    def _ask(
        self,
        route: Route,
        decode: Callable[[bytes], T],
        *,
        query: Mapping[str, Any] | None = None,
        body: object | None = None,
        urgent: bool = False,
        patience: Patience | None = None,
    ) -> T:
        try:
            return self._transport.ask(
                route, decode, query=query, body=body, urgent=urgent, patience=patience
            )
        except HubSpotRefused:
            self._learned.capabilities = None  # plan or token may allow less than before: asked next time
            raise

    def _find(
        self,
        route: Route,
        decode: Callable[[bytes], T],
        *,
        query: Mapping[str, Any] | None = None,
        urgent: bool = False,
    ) -> T | None:
        return self._transport.find(route, decode, query=query, urgent=urgent)


def any_json(body: bytes) -> None:
    """Nothing of the answer is needed, but it has to be HubSpot's: empty or JSON, not a proxy's page."""
    if body:
        msgspec.json.decode(body)
