"""What happened in the portal, in order: feeds of the audit log and of the subscription timeline."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from connector.sandbox.times import iso


class AuditEntry(NamedTuple):
    """A line of the account's audit log (Enterprise)."""

    number: int
    kind: str
    at: int
    user: int
    object_id: str | None
    source: str

    def document(self, portal_id: int) -> dict[str, object]:
        """Both spellings that HubSpot's specs have for an audit line, in one object."""
        return {
            "id": f"{portal_id}-{self.number}",
            "type": self.kind,
            "category": self.kind.split("_", maxsplit=1)[0],
            "subCategory": self.kind,
            "action": "PERFORM",
            "actingUser": {"userId": self.user, "userEmail": f"user{self.user}@example.com"},
            "userId": self.user,
            "objectId": self.object_id,
            "targetObjectId": self.object_id,
            "createdAt": iso(self.at),
            "occurredAt": iso(self.at),
            "ipAddress": "192.0.2.10",
            "source": self.source,
        }


class Change(NamedTuple):
    """A change of somebody's preferences, as the v1 timeline tells it."""

    number: int
    at: int
    recipient: str
    change: str  # SUBSCRIBED, UNSUBSCRIBED, NOT_OPTED …
    source: str  # SOURCE_RECIPIENT, SOURCE_USER …
    kind: str  # SUBSCRIPTION_STATUS, PORTAL_STATUS, PORTAL_BOUNCE
    subscription: int | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened to a contact, for those who are told of it: journal and webhooks.

    `changes`: property -> its value now. `merged`: the records of a merge, the primary one first.
    """

    at: int
    action: str  # the journal's words: CREATE, UPDATE, DELETE, RESTORE, MERGE, GDPR_DELETE
    contact: int
    source: str = "CRM"
    source_id: str | None = None
    merged: tuple[int, ...] = ()
    changes: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who writes: it decides the texts that HubSpot puts beside a value or a status."""

    source: str  # free text of a status row
    timeline: str  # `source` of the v1 timeline
    property_source: str  # `sourceType` of a property's history
    source_id: str | None = None
    user: int | None = None
