"""Whole records: every property that was asked for (HA 5)."""

from typing import Any, Final

import msgspec

from connector.hubspot.days import milliseconds
from connector.hubspot.wire.envelopes import Frames
from connector.hubspot.wire.values import identifier
from mappings.records import WholeRecord


class RecordItem(msgspec.Struct, rename="camel"):
    """One record with whatever properties were asked for."""

    id: Any
    properties: dict[str, Any]
    archived: Any = False
    created_at: Any = None
    updated_at: Any = None


RECORDS: Final = Frames(RecordItem)


def records(body: bytes) -> tuple[WholeRecord, ...]:
    """The records of a batch answer; one that cannot be read is an error, not an empty answer."""
    taken = RECORDS(body)
    if taken.unreadable:
        raise msgspec.ValidationError("a record that cannot be read")
    return tuple(found for item in taken.items if (found := _record(item)) is not None)


def _record(item: RecordItem) -> WholeRecord | None:
    number = identifier(item.id)
    if number is None:
        return None
    values = {name: str(value) for name, value in item.properties.items() if value not in (None, "")}
    return WholeRecord(
        id=number,
        values=values,
        archived=item.archived is True,
        created_at=milliseconds(item.created_at),
        modified_at=milliseconds(item.updated_at),
    )
