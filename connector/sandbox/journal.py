"""The app's pull journal (hubspot-api, 13.3): one file a change of a contact, kept for three days."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.sandbox.times import DAY, iso

KEPT_MS = 3 * DAY


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, and the file that holds it."""

    offset: int
    at: int
    action: str
    contact: int
    merged: tuple[int, ...] = ()
    portal: int | None = None  # another account that installed the same app
    changes: Mapping[str, str | None] = field(default_factory=dict)

    def document(self, portal: int) -> dict[str, object]:
        """The file as it is served."""
        event: dict[str, object] = {
            "type": "GDPR_PRIVACY_DELETION" if self.action == "GDPR_DELETE" else "OBJECT",
            "portalId": self.portal or portal,
            "occurredAt": iso(self.at),
            "action": self.action,
            "objectTypeId": "0-1",
            "objectId": self.contact,
            "propertyChanges": dict(self.changes),
        }
        if self.merged:
            event["mergedObjectIds"] = list(self.merged)
        return {"offset": str(self.offset), "publishedAt": iso(self.at), "journalEvents": [event]}


#: What each type of subscription can be about.
ACTIONS: Mapping[str, frozenset[str]] = {
    "OBJECT": frozenset({"CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE"}),
    "GDPR_PRIVACY_DELETION": frozenset({"GDPR_DELETE"}),
}


@dataclass(frozen=True, slots=True)
class JournalSubscription:
    """What of a portal's contacts the app's journal tells."""

    id: int
    kind: str
    portal: int
    actions: frozenset[str]
    object_type: str = "0-1"

    def document(self, app: int) -> dict[str, object]:
        """As HubSpot lists it."""
        return {
            "id": self.id,
            "appId": app,
            "subscriptionType": self.kind,
            "objectTypeId": self.object_type,
            "portalId": self.portal,
            "actions": sorted(self.actions),
            "objectIds": [],
            "properties": [],
        }


class Journal:
    """What happened to contacts, in order. A portal begins subscribed to everything."""

    def __init__(self, portal: int) -> None:
        self._entries: list[Entry] = []
        self._next = 1
        self.portal = portal
        self.subscriptions: dict[int, JournalSubscription] = {}
        for kind, actions in ACTIONS.items():
            self.subscribe(kind, portal, actions)

    def subscribe(
        self, kind: str, portal: int, actions: frozenset[str], object_type: str = "0-1"
    ) -> JournalSubscription:
        """One more, or the same one anew."""
        known = (n for n, each in self.subscriptions.items() if (each.kind, each.portal) == (kind, portal))
        number = next(known, max(self.subscriptions, default=0) + 1)
        self.subscriptions[number] = JournalSubscription(number, kind, portal, actions, object_type)
        return self.subscriptions[number]

    def wants(self, action: str) -> bool:
        """Is the app subscribed to this in the portal?"""
        return any(
            action in each.actions and (each.portal, each.object_type) == (self.portal, "0-1")
            for each in self.subscriptions.values()
        )

    def add(
        self,
        at: int,
        action: str,
        contact: int,
        merged: tuple[int, ...] = (),
        portal: int | None = None,
        changes: Mapping[str, str | None] | None = None,
    ) -> None:
        self._entries.append(Entry(self._next, at, action, contact, merged, portal, changes or {}))
        self._next += 1

    def kept(self, now: int) -> list[Entry]:
        """Those of the last three days; older ones are gone for good."""
        self._entries = [each for each in self._entries if now - each.at < KEPT_MS]
        return self._entries

    def knows(self, offset: int, now: int) -> bool:
        """Whether everything after this place is still there."""
        kept = self.kept(now)
        first = kept[0].offset if kept else self._next
        return first <= offset + 1 <= self._next
