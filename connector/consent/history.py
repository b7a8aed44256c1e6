"""One person's events for one purpose, sorted by what they are: what the state formula reads."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from connector.consent.events import ALL_MARKETING, FORMULA_TYPES, NOES, Event, EventType
from mappings.purposes import Purpose

STAFF = "staff:"


class History:
    """The events that count for (person, purpose, current addresses). Order and repeats are gone.

    Two events are the same when they share their id, or their type, door and `source_ref`; the one
    recorded first speaks. Noes are never folded together here: what repeats a no changes nothing, and
    a reference used twice by mistake must not lose an opt-out.
    """

    def __init__(self, events: Iterable[Event], purpose: Purpose, current: Collection[str]) -> None:
        self.purpose = purpose
        self._current = current
        names = {purpose.key, ALL_MARKETING} if purpose.marketing else {purpose.key}
        self._by_type: dict[EventType, list[Event]] = defaultdict(list)
        for event in events:
            if event.type in FORMULA_TYPES:
                self._by_type[event.type].append(event)
        self.annuls = [event for event in self._by_type[EventType.ANNUL] if is_valid_annul(event)]
        self._undone = {event.target for event in self.annuls}
        self.noes = [no for kind in NOES for no in self._by_type[kind] if no.purpose in names]
        self.dates = self._by_type[EventType.DATED]
        self._invalid = self._aimed(EventType.INVALIDATE)
        self._expired = self._aimed(EventType.EXPIRE)

    def _aimed(self, kind: EventType) -> list[Event]:
        return [
            event
            for event in self._by_type[kind]
            if event.target is not None or event.purpose == self.purpose.key
        ]

    def of(self, kind: EventType, *, unbound: bool = False) -> list[Event]:
        """The events of one kind for this purpose, bound to a current address, not annulled, each once.

        `unbound` lets those through that name no address: they may claim, never permit.
        """
        if not self._by_type[kind]:
            return []
        each_once = _once(
            event
            for event in self._by_type[kind]
            if event.purpose == self.purpose.key and event.id not in self._undone
        )
        return [
            event
            for event in each_once
            if event.address in self._current or (unbound and event.address is None)
        ]

    def is_invalid(self, event: Event) -> bool:
        """Found defective: this very event, or its wording for all whom it was shown to."""
        return any(
            each.target == event.id
            if each.target is not None
            else each.wording is not None and each.wording == event.wording
            for each in self._invalid
        )

    @property
    def defective_wordings(self) -> frozenset[str]:
        """Wordings that nobody can have consented to validly, for this purpose."""
        return frozenset(
            each.wording for each in self._invalid if each.target is None and each.wording is not None
        )

    def is_expired(self, event: Event, now: int) -> bool:
        """Past its own end, or ended by an `expire` that names it or came after it."""
        if event.valid_until is not None and event.valid_until <= now:
            return True
        return any(
            each.target == event.id if each.target is not None else event.recorded_at <= each.recorded_at
            for each in self._expired
        )


def is_valid_annul(event: Event) -> bool:
    """A person's decision with a reason and a second person who agreed; anything less undoes nothing.

    Undoing a mistaken no is never automatic (consent-domain 3.2).
    """
    seconded = any(other != event.actor for other in event.approved_by)
    return event.actor.startswith(STAFF) and bool(event.reason) and seconded and event.target is not None


def _once(events: Iterable[Event]) -> Iterable[Event]:
    kept: dict[object, Event] = {}
    for event in events:
        key = _sameness(event)
        other = kept.get(key)
        if other is None or (event.recorded_at, event.id) < (other.recorded_at, other.id):
            kept[key] = event
    return kept.values()


def _sameness(event: Event) -> object:
    if event.source_ref is not None:
        return (event.source, event.source_ref)
    return event.id or id(event)
