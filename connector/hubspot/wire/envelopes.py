"""The frames around HubSpot's items: a broken item is counted and left out, a broken frame is unreadable.

Decoding is by msgspec and only of the fields that we read (HA 16, RE 2.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from connector.hubspot.wire.values import text

Item = TypeVar("Item")


class Next(msgspec.Struct):
    """Where the next page begins."""

    after: Any = None


class Paging(msgspec.Struct):
    """HubSpot's forward paging."""

    next: Next | None = None


class Frame(msgspec.Struct, Generic[Item]):
    """`results` must be there; what stands beside it depends on the call."""

    results: list[Item]
    paging: Paging | None = None
    total: Any = None
    errors: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Generic[Item]):
    """A frame taken apart. `after` is None at the end; `errors` are HubSpot's, item by item (HQ 34)."""

    items: Sequence[Item]
    after: str | None
    total: int | None
    errors: Sequence[Any]
    unreadable: int = 0


class Frames(Generic[Item]):
    """A decoder for one kind of item; safe for several threads."""

    def __init__(self, item: type[Item]) -> None:
        self._whole = msgspec.json.Decoder(Frame[item])  # type: ignore[valid-type] # a type made at run time
        self._loose = msgspec.json.Decoder(Frame[msgspec.Raw])
        self._item = msgspec.json.Decoder(item)

    def __call__(self, body: bytes) -> Taken[Item]:
        """Raises msgspec's errors when the frame itself is not HubSpot's."""
        try:
            frame = self._whole.decode(body)
        except msgspec.ValidationError:
            return self._one_by_one(body)
        return _taken(frame, frame.results)

    def _one_by_one(self, body: bytes) -> Taken[Item]:
        """The slow way, after one item broke the page: keep the others."""
        frame = self._loose.decode(body)
        items = [item for raw in frame.results if (item := self._read(raw)) is not None]
        return _taken(frame, items, unreadable=len(frame.results) - len(items))

    def _read(self, raw: msgspec.Raw) -> Item | None:
        try:
            return self._item.decode(raw)
        except msgspec.ValidationError:
            return None


def _taken(frame: Frame[Any], items: Sequence[Item], unreadable: int = 0) -> Taken[Item]:
    return Taken(
        items=items,
        after=_after(frame.paging),
        total=frame.total if isinstance(frame.total, int) else None,
        errors=frame.errors if isinstance(frame.errors, list) else (),
        unreadable=unreadable,
    )


def _after(paging: Paging | None) -> str | None:
    after = paging.next.after if paging and paging.next else None
    return str(after) if isinstance(after, int) else text(after)
