"""Noes that HubSpot's v1 timeline alone tells of (I6). Pure.

A status row keeps one word. Whoever opts out between our reading and our writing of a yes leaves no trace in
it: the row says SUBSCRIBED afterwards, and what our write lifted may have been the older opt-out that the yes
was about. The same when another app subscribes somebody again before we have read. The timeline keeps every
line, in its order.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from connector.consent.events import (
    ALL_MARKETING,
    NO_PURPOSE,
    SUBJECT,
    Event,
    EventType,
    Source,
)
from mappings.purposes import Purpose, Purposes
from mappings.words import Status

TIMELINE: Final = "timeline"
RECIPIENT: Final = "SOURCE_RECIPIENT"


def noes_due(events: Sequence[Event], purposes: Purposes) -> Iterator[Event]:
    """The person's own opt-outs on the timeline that no entry knows of.

    Asked again it answers the same, with the same references. A yes that came clearly later goes on standing:
    that is for the formula to say.
    """
    for event in events:
        if not _is_opt_out(event):
            continue
        named = [each for each in purposes if _is_about(event, each)]
        if any(not _is_known(event, each.key, events) for each in named):
            yield _no(event)


def _is_opt_out(event: Event) -> bool:
    said = event.detail
    return (
        event.type is EventType.OBSERVED
        and said.get("kind") == TIMELINE
        and said.get("status") == Status.UNSUBSCRIBED
        and said.get("source") == RECIPIENT
        and event.t_lo is not None
    )


def _is_about(event: Event, purpose: Purpose) -> bool:
    return purpose.marketing if event.purpose == NO_PURPOSE else event.purpose == purpose.key


def _is_known(event: Event, purpose: str, events: Iterable[Event]) -> bool:
    """A no of that moment or of a later one covers it."""
    at = event.t_lo or 0
    return any(
        each.is_no and each.purpose in {purpose, ALL_MARKETING} and (each.t_hi or each.recorded_at or 0) >= at
        for each in events
    )


def _no(event: Event) -> Event:
    everything = event.purpose == NO_PURPOSE
    return Event(
        type=EventType.OBJECT if everything else EventType.WITHDRAW,
        purpose=ALL_MARKETING if everything else event.purpose,
        t_lo=event.t_lo,
        t_hi=event.t_hi,
        observed_at=event.observed_at,
        actor=SUBJECT,
        source=Source.HUBSPOT,
        source_ref=f"no:{event.source_ref}",
        address=event.address,
    )
