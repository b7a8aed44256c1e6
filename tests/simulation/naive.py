"""A connector as they are commonly written: last status wins, no log, no queue on disk, no reading back.

It stands in the product's place in the simulation, which has to find out.
"""

from collections.abc import Mapping
from typing import Any


class Naive:
    """Two-way sync by comparing statuses: what changed last is copied to the other side."""

    def __init__(self, hubspot: Any, types: Mapping[str, int]) -> None:
        self._hubspot = hubspot
        self._types = types
        self.mirror: dict[tuple[str, int], str] = {}
        self._queue: list[tuple[str, int, str]] = []

    def said(self, address: str, subscription: int, status: str) -> None:
        """Somebody told us; written later, from memory."""
        for number in [subscription] if subscription else self._types.values():
            self.mirror[address, number] = status
            self._queue.append((address, number, status))

    def died(self) -> None:
        """What only memory held is gone."""
        self._queue.clear()

    def sync(self, addresses: list[str]) -> None:
        """Push what is queued, then believe whatever HubSpot says."""
        queue, self._queue = self._queue, []
        for address, number, status in queue:
            self._hubspot(address, number, status)
        for address in addresses:
            for number in self._types.values():
                found = self._hubspot(address, number, None)
                if found is not None:
                    self.mirror[address, number] = found

    def may_send(self, address: str, subscription: int) -> bool:
        return self.mirror.get((address, subscription)) == "SUBSCRIBED"
