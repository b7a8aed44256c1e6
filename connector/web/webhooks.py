"""HubSpot's push webhooks: checked over the bytes as they came, queued on disk, answered; worked on later.

An event only says "look at contact N again" (HA 13.1): no value in it is believed, so that order, repeats and
yesterday's news do no harm. A body that is odd in any way changes nothing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final, NoReturn

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from connector.meters import METERS
from connector.store.hints import HintKind
from connector.store.work import Work
from connector.web.pages import body_of
from connector.web.site import Site, site_of

PATH: Final = "/webhooks/hubspot"
MOST_EVENTS: Final = 100
#: HubSpot repeats for 24 h; what is older is somebody's replay (v1 carries no time of its own).
OLDEST_MS: Final = 26 * 3_600_000
CONTACTS: Final = "0-1"
LARGEST_ID: Final = 2**63 - 1
_KINDS: Final[Mapping[str, HintKind]] = {
    "creation": HintKind.CHANGED,
    "deletion": HintKind.CHANGED,
    "merge": HintKind.CHANGED,
    "restore": HintKind.CHANGED,
    "propertyChange": HintKind.CHANGED,
    "privacyDeletion": HintKind.ERASED,
}

Hints = dict[int, list[tuple[int, HintKind]]]


class _Odd(ValueError):
    """The body is not what HubSpot sends."""


def receive(request: Request) -> Response:
    """Take one delivery. 2xx only once what it says is on disk; HubSpot repeats everything else."""
    site, body = site_of(request), body_of(request)
    worth = site.signature(request, body)
    good = {portal for portal, word in worth.items() if word == "good"}
    if not good:
        result = next(iter(sorted(set(worth.values()))), "not_configured")
        METERS.count("webhook", result=result)
        return PlainTextResponse("signature\n", 401)
    try:
        events = _events(body)
    except _Odd:
        METERS.count("webhook", result="malformed")
        return PlainTextResponse("malformed\n", 400)
    _queue(site, _told(site, good, events))
    METERS.count("webhook", result="accepted")
    return PlainTextResponse("ok\n")


def _queue(site: Site, found: Hints) -> None:
    for portal, items in found.items():
        desk = site.desks[portal]

        site.intake(desk).accept(partial(_write, tuple(items), site.clock.now()))


def _write(items: Iterable[tuple[int, HintKind]], now: int, work: Work) -> tuple[str, ...]:
    work.hints.add(items, now)
    return ()


def _told(site: Site, good: set[int], events: Iterable[Mapping[str, Any]]) -> Hints:
    """Portal -> records to look at. Each event is counted by what became of it."""
    found: Hints = {}
    for event in events:
        result, items = _one(site, good, event)
        METERS.count("webhook_event", result=result)
        if items:
            found.setdefault(event["portalId"], []).extend(items)
    return found


def _one(site: Site, good: set[int], event: Mapping[str, Any]) -> tuple[str, list[tuple[int, HintKind]]]:
    if event["portalId"] not in good:
        return "unknown_portal", []
    if abs(site.clock.now() - event["occurredAt"]) > OLDEST_MS:
        return "old", []
    thing, _, what = event["subscriptionType"].partition(".")
    ours = thing == "contact" or (thing == "object" and event.get("objectTypeId") == CONTACTS)
    kind = _KINDS.get(what) if ours else None
    if kind is None:
        return "other", []
    if not _is_id(event.get("objectId")):
        return "malformed", []
    return "queued", [(number, kind) for number in _numbers(event)]


def _numbers(event: Mapping[str, Any]) -> Iterator[int]:
    """Every record that an event names; a merge names several."""
    yield event["objectId"]
    merged = event.get("mergedObjectIds")
    further = merged if isinstance(merged, list) else []
    yield from filter(_is_id, (event.get("primaryObjectId"), event.get("newObjectId"), *further))


def _events(body: bytes) -> list[Mapping[str, Any]]:
    """Raises _Odd."""
    try:
        said = json.loads(body, object_pairs_hook=_once, parse_constant=_refuse, parse_float=_refuse)
    except (ValueError, RecursionError):
        raise _Odd("not JSON") from None
    if not isinstance(said, list) or not 1 <= len(said) <= MOST_EVENTS or not all(map(_is_event, said)):
        raise _Odd("no list of events")
    return said


def _is_event(each: object) -> bool:
    """What every kind has. Associations name no single object, and are not ours to look at."""
    return (
        isinstance(each, dict)
        and _is_id(each.get("portalId"))
        and ("objectId" not in each or _is_id(each["objectId"]))
        and _is_id(each.get("occurredAt"))
        and isinstance(each.get("subscriptionType"), str)
    )


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_ID


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key that stands twice says two things: neither is believed."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"no {text[:10]} here")
