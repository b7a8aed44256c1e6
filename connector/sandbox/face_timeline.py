"""The v1 timeline of subscription changes (hubspot-api, 10): who opted out of what, and by whose act."""

from collections.abc import Iterator
from heapq import merge
from itertools import islice

from connector.sandbox import access, replies, sources
from connector.sandbox.call import Call
from connector.sandbox.digits import natural
from connector.sandbox.events import Change
from connector.sandbox.portal import Portal
from connector.sandbox.replies import Json, Reply, json_reply
from connector.sandbox.rooms import Rooms
from connector.sandbox.router import Route
from connector.sandbox.times import HOUR, MINUTE

MAX_LIMIT = 1_000
KINDS = frozenset({"SUBSCRIPTION_STATUS", "PORTAL_STATUS", "PORTAL_BOUNCE"})
_BY_PERSON = frozenset(
    {sources.PREFERENCE_PAGE, sources.UNSUBSCRIBE_LINK, sources.FORM, sources.SELF_SERVICE}
)


def timeline(rooms: Rooms, call: Call) -> Reply:
    """Newest first; `offset` is opaque to clients."""
    kind, limit = call.query.get("changeType"), call.number("limit", 100) or 0
    if kind is not None and kind not in KINDS:
        raise replies.invalid(f"Unknown changeType {kind!r}")
    if not 1 <= limit <= MAX_LIMIT:
        raise replies.invalid(f"limit must be between 1 and {MAX_LIMIT}")
    start, end = call.number("startTimestamp", 0) or 0, call.number("endTimestamp") or 2**62
    skipped = _offset(call.query.get("offset"))
    changes = (c for c in _changes(rooms.portal, start, end) if kind in {None, c.kind})
    page = list(islice(changes, skipped, skipped + limit + 1))
    more = len(page) > limit
    shown = [_document(rooms.portal.id, change) for change in page[:limit]]
    return json_reply({"hasMore": more, "offset": f"o{skipped + len(shown)}", "timeline": shown})


def _offset(text: str | None) -> int:
    if not text:
        return 0
    number = natural(text[1:]) if text.startswith("o") else None
    if number is None:
        raise replies.invalid("Invalid offset")
    return number


def _changes(portal: Portal, start: int, end: int) -> Iterator[Change]:
    new = sorted((c for c in portal.changes if start <= c.at <= end), key=_newest_last, reverse=True)
    return merge(_made(portal, start, end), new, key=_newest_last, reverse=True)


def _newest_last(change: Change) -> tuple[int, int]:
    return change.at, change.number


def _made(portal: Portal, start: int, end: int) -> Iterator[Change]:
    """Changes of made-up people, newest first: their order of acting is arithmetic."""
    people = portal.people
    # One person's changes lie within an hour before and some minutes after the moment they acted.
    top = people.first_rank(end + 10 * MINUTE + 2 * HOUR)
    bottom = people.first_rank(start + 10 * MINUTE - 2 * HOUR) if start else 0
    waiting: list[Change] = []
    for rank in range(top - 1, bottom - 1, -1):
        index = people.at_rank(rank)
        waiting.extend(c for c in _of_person(portal, index) if start <= c.at <= end)
        waiting.sort(key=_newest_last)
        # Whoever comes next acted earlier, and at most two hours around that moment.
        while waiting and waiting[-1].at > people.acted(index) + 2 * MINUTE:
            yield waiting.pop()
    yield from reversed(waiting)


def _of_person(portal: Portal, index: int) -> Iterator[Change]:
    profile, acted = portal.people.profile(index), portal.people.acted(index)
    if not profile.fates and not profile.wide:
        return
    email = portal.people.contact(index).email or ""
    for fate in profile.fates:
        by = "SOURCE_RECIPIENT" if fate.source in _BY_PERSON else "SOURCE_USER"
        yield Change(
            0, acted + fate.delay, email, fate.status.value, by, "SUBSCRIPTION_STATUS", fate.subscription
        )
    if profile.wide:
        yield Change(0, acted, email, "UNSUBSCRIBED", "SOURCE_RECIPIENT", "PORTAL_STATUS")


def _document(portal_id: int, change: Change) -> Json:
    inner: Json = {
        "change": change.change,
        "source": change.source,
        "changeType": change.kind,
        "portalId": portal_id,
        "timestamp": change.at,
        "causedByEvent": {"id": f"{portal_id}-{change.at}-{change.number}", "created": change.at},
    }
    if change.subscription is not None:
        inner["subscriptionId"] = change.subscription
    return {
        "timestamp": change.at,
        "portalId": portal_id,
        "recipient": change.recipient,
        "normalizedEmailId": f"{portal_id}-{change.recipient.lower()}",
        "changes": [inner],
    }


ROUTES = [Route("GET", "/email/public/v1/subscriptions/timeline", timeline, (access.CONTENT,))]
