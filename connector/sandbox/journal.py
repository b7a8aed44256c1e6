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


class Journal:
    """What happened to contacts, in order."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._next = 1

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
