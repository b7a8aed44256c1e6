"""Segments of contacts, as far as a connector uses them (hubspot-api, 12)."""

from dataclasses import dataclass, field
from typing import Any

from connector.sandbox import replies
from connector.sandbox.digits import natural
from connector.sandbox.portal import Portal
from connector.sandbox.times import iso

_CHANGEABLE = frozenset({"MANUAL", "SNAPSHOT"})
_KINDS = _CHANGEABLE | {"DYNAMIC"}


@dataclass(slots=True)
class Segment:
    """One list; members are contact ids with the time they were added."""

    id: int
    name: str
    kind: str
    created: int
    updated: int
    members: dict[int, int] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        return {
            "listId": str(self.id),
            "listVersion": 1,
            "name": self.name,
            "objectTypeId": "0-1",
            "processingType": self.kind,
            "processingStatus": "COMPLETE",
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "size": len(self.members),
        }


class Lists:
    """The portal's lists."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._all: dict[int, Segment] = {}

    def create(self, document: dict[str, Any]) -> Segment:
        """A new list. Refusal 400 for a bad request or a name that is taken."""
        name, kind = document.get("name"), document.get("processingType")
        if (
            not isinstance(name, str)
            or not name
            or document.get("objectTypeId") != "0-1"
            or kind not in _KINDS
        ):
            raise replies.invalid("name, objectTypeId 0-1 and processingType are required")
        if any(known.name == name for known in self._all.values()):
            raise replies.invalid(f"A list named {name!r} exists already")
        now = self._portal.clock.now()
        made = Segment(len(self._all) + 1, name, str(kind), now, now)
        self._all[made.id] = made
        return made

    def one(self, list_id: str) -> Segment:
        """Refusal 404 without such a list."""
        number = natural(list_id)
        found = self._all.get(number) if number is not None else None
        if found is None:
            raise replies.not_found(f"List does not exist with ID {list_id}.", list_id)
        return found

    def named(self, name: str) -> Segment:
        """Refusal 404 without such a list."""
        for known in self._all.values():
            if known.name == name:
                return known
        raise replies.not_found(f"List does not exist with name {name}.", name)

    def all(self) -> list[Segment]:
        return list(self._all.values())

    def delete(self, list_id: str) -> None:
        del self._all[self.one(list_id).id]

    def change(self, segment: Segment, add: list[str], remove: list[str]) -> dict[str, list[str]]:
        """Add and remove members; ids that are no contacts are told, not refused."""
        if segment.kind not in _CHANGEABLE:
            raise replies.invalid("Only MANUAL and SNAPSHOT lists accept membership changes")
        most = self._portal.options.list_batch_max
        if len(add) + len(remove) > most:
            raise replies.invalid(f"Too many record ids: at most {most}")
        now = self._portal.clock.now()
        known = {text: self._record(text) for text in [*add, *remove]}
        added = [t for t in add if (number := known[t]) is not None and number not in segment.members]
        removed = [t for t in remove if known[t] in segment.members]
        segment.members.update({int(t): now for t in added})
        for text in removed:
            segment.members.pop(int(text), None)
        segment.updated = now
        missing = [text for text, number in known.items() if number is None]
        return {"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing}

    def _record(self, text: str) -> int | None:
        number = natural(text)
        return number if number is not None and self._portal.live(number) is not None else None
