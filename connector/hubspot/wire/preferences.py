"""Statuses and opt-outs of everything, by address (HA 8.1)."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar

import msgspec

from connector.hubspot.answers import word_of
from connector.hubspot.days import acted
from connector.hubspot.wire.envelopes import Frames, Taken
from connector.hubspot.wire.values import folded, identifier, number, text, word
from mappings.records import Answer, BatchAnswers, BatchReading, Preferences, StatusRow, WideRow
from mappings.words import CHANNEL, LegalBasis, Status, WideType, WriteOutcome

Word = TypeVar("Word", Status, LegalBasis, WideType, WriteOutcome)


class StatusItem(msgspec.Struct, rename="camel"):
    """PublicStatus: every field loose, so that one odd value never hides a row."""

    subscription_id: Any = None
    status: Any = None
    subscriber_id_string: Any = None
    timestamp: Any = None
    source: Any = None
    legal_basis: Any = None
    legal_basis_explanation: Any = None
    set_status_success_reason: Any = None
    business_unit_id: Any = None
    channel: Any = CHANNEL


class WideItem(msgspec.Struct, rename="camel"):
    """An opt-out of everything."""

    status: Any = None
    subscriber_id_string: Any = None
    timestamp: Any = None
    wide_status_type: Any = None
    business_unit_id: Any = None
    channel: Any = CHANNEL


class StatusesItem(msgspec.Struct, rename="camel"):
    """One address of a batch answer."""

    subscriber_id_string: str
    statuses: msgspec.Raw


class WidesItem(msgspec.Struct, rename="camel"):
    """One address of a batch answer about opt-outs of everything."""

    subscriber_id_string: str
    wide_statuses: msgspec.Raw


MISSING: Final = "MISSING"  # neither in results nor in errors
UNREADABLE: Final = "UNREADABLE"  # answered, but not with this address's rows

STATUSES: Final = Frames(StatusItem)
WIDES: Final = Frames(WideItem)
STATUSES_BATCH: Final = Frames(StatusesItem)
WIDES_BATCH: Final = Frames(WidesItem)
#: By spelling: a call of the enumeration costs eight times as much, and each row holds four words.
KNOWN: Final[dict[type, dict[str, Any]]] = {
    words: {each.value: each for each in words} for words in (Status, LegalBasis, WideType, WriteOutcome)
}
ROWS: Final = msgspec.json.Decoder(list[StatusItem])
WIDE_ROWS: Final = msgspec.json.Decoder(list[WideItem])
ONE_STATUS: Final = msgspec.json.Decoder(StatusItem)


def status_rows(address: str, items: Iterable[StatusItem]) -> tuple[tuple[StatusRow, ...], int]:
    """The rows of one address, and how many named no subscription type.

    Raises msgspec.ValidationError when a row belongs to another address: nothing of the answer can be
    trusted then (HQ 15).
    """
    ours = [item for item in items if item.channel == CHANNEL]
    _of(address, ours)
    rows = [row for item in ours if (row := status_row(address, item)) is not None]
    return tuple(rows), len(ours) - len(rows)


def status_row(address: str, item: StatusItem) -> StatusRow | None:
    """One row, None when it names no subscription type. Unknown words are kept as they came (row 45)."""
    subscription = identifier(item.subscription_id)
    if subscription is None:
        return None
    return StatusRow(
        address=address,
        subscription=subscription,
        status=_known(Status, item.status),
        at=acted(item.timestamp),
        source=text(item.source),
        basis=_known(LegalBasis, item.legal_basis) or None,
        explanation=text(item.legal_basis_explanation),
        outcome=_known(WriteOutcome, item.set_status_success_reason) or None,
        business_unit=number(item.business_unit_id),
    )


def wide_rows(address: str, items: Iterable[WideItem]) -> tuple[WideRow, ...]:
    """The opt-outs of everything of one address. Raises as `status_rows` does."""
    ours = [item for item in items if item.channel == CHANNEL]
    _of(address, ours)
    return tuple(_wide_row(address, item) for item in ours)


def written_row(body: bytes) -> StatusItem | None:
    """The row that a status write answers with: in a frame, or bare."""
    try:
        items = STATUSES(body).items
    except msgspec.ValidationError:
        return ONE_STATUS.decode(body)
    return items[0] if items else None


def refused(errors: Sequence[Any], addresses: Iterable[str]) -> dict[str, str]:
    """Which inputs a batch's errors are about -> HubSpot's category (HQ 34), by folded address."""
    if not errors:
        return {}
    asked = {folded(address) for address in addresses}
    found: dict[str, str] = {}
    for error in errors:
        for address in _strings_in(error.get("context") if isinstance(error, dict) else None):
            if folded(address) in asked:
                found[folded(address)] = word_of(error.get("category")) or "ERROR"
    return found


def answers(
    addresses: Sequence[str], statuses: Taken[StatusesItem], wides: Taken[WidesItem], read_at: int
) -> BatchAnswers:
    """Both batch answers joined by address (HQ 34). No status is looked at yet: most are as they were."""
    result = BatchAnswers()
    refusals = refused([*statuses.errors, *wides.errors], addresses)
    rows = _Answered((item.subscriber_id_string, item.statuses) for item in statuses.items)
    opted_out = _Answered((item.subscriber_id_string, item.wide_statuses) for item in wides.items)
    for address in addresses:
        ours = rows.of(address)
        if refusals and folded(address) in refusals:
            result.failed[address] = refusals[folded(address)]
        elif ours is None:
            result.failed[address] = MISSING
        else:
            result.answered[address] = Answer(address, ours, opted_out.of(address), read_at)
    return result


def taken_apart(answer: Answer) -> Preferences | None:
    """The rows of one address; None where they are not this address's."""
    try:
        statuses, unreadable = status_rows(answer.address, ROWS.decode(answer.statuses))
        wide = wide_rows(answer.address, () if answer.wide is None else WIDE_ROWS.decode(answer.wide))
    except msgspec.ValidationError:
        return None
    return Preferences(
        address=answer.address, statuses=statuses, wide=wide, read_at=answer.read_at, unreadable=unreadable
    )


def reading(said: BatchAnswers) -> BatchReading:
    """All of them taken apart: an input is read in full only when both answers speak of it (HQ 34)."""
    result = BatchReading(failed=dict(said.failed))
    for address, answer in said.answered.items():
        found = taken_apart(answer)
        if found is None:
            result.failed[address] = UNREADABLE
        else:
            (result.without_wide if answer.wide is None else result.read)[address] = found
    return result


class _Answered:
    """Rows by the address as it was answered, and by its folded form for those asked in another spelling."""

    def __init__(self, pairs: Iterable[tuple[str, msgspec.Raw]]) -> None:
        self._exact = dict(pairs)

    @cached_property
    def _folded(self) -> dict[str, msgspec.Raw]:
        return {folded(address): rows for address, rows in self._exact.items()}

    def of(self, address: str) -> msgspec.Raw | None:
        exact = self._exact.get(address)
        return self._folded.get(folded(address)) if exact is None else exact


def _wide_row(address: str, item: WideItem) -> WideRow:
    return WideRow(
        address=address,
        kind=_known(WideType, item.wide_status_type),
        status=_known(Status, item.status),
        at=acted(item.timestamp),
        business_unit=number(item.business_unit_id),
    )


def _of(address: str, items: Iterable[StatusItem | WideItem]) -> None:
    for item in items:
        said = item.subscriber_id_string
        if isinstance(said, str) and said != address and folded(said) != folded(address):
            raise msgspec.ValidationError("a row of another address")


def _known(words: type[Word], value: object) -> Word | str:
    spelled = word(value)
    found: Word | str = KNOWN[words].get(spelled, spelled)
    return found


def _strings_in(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _strings_in(list(value.values()))
    elif isinstance(value, list):
        for each in value:
            yield from _strings_in(each)
