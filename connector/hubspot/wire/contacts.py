"""Contact records: which properties are asked for, and what they say (HA 5 and 9)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

import msgspec

from connector.hubspot.days import milliseconds
from connector.hubspot.wire.envelopes import Frames, Taken
from connector.hubspot.wire.values import identifier, identifiers
from mappings import words
from mappings.records import Contact, ContactPage

#: Asked for whatever the purposes are; `hs_email_optout_<id>` is added for each subscription.
ALWAYS: Final = (
    words.EMAIL,
    words.ADDITIONAL_EMAILS,
    words.OPTED_OUT_OF_ALL,
    words.PROCESSING_BASIS,
    words.MODIFIED,
    words.CREATED,
    words.OBJECT_SOURCE,
    words.MERGED_IDS,
    words.RECENT_CONVERSION,
)
#: HubSpot's four cases of a flag (HQ 12): only the first is a no, anything else is drift.
FLAG: Final = {"true": True, "false": False, "": False, None: False}

Properties = dict[str, str | None]


class ContactItem(msgspec.Struct, rename="camel"):
    """One record of a list, search or batch answer."""

    id: str
    properties: Properties
    archived: bool = False
    updated_at: str | None = None


class LooseContactItem(msgspec.Struct, rename="camel"):
    """The same where values came in other types than strings."""

    id: Any
    properties: dict[str, Any]
    archived: Any = False
    updated_at: Any = None


class Contacts:
    """Reads contact records for one set of subscriptions. `dates`: properties that retention counts from."""

    def __init__(self, subscriptions: Sequence[int], dates: Sequence[str] = ()) -> None:
        ids = sorted(set(subscriptions))
        self._optouts = tuple((f"{words.OPTED_OUT_OF}{each}", each) for each in ids)
        #: The properties to ask for.
        named = (*ALWAYS, *(name for name, _ in self._optouts), *dates)
        self.properties: tuple[str, ...] = tuple(dict.fromkeys(named))
        self._dates = tuple(dates)
        self._frames = Frames(ContactItem)
        self._loose = Frames(LooseContactItem)
        self._one = msgspec.json.Decoder(LooseContactItem)

    def page(self, body: bytes) -> ContactPage:
        """A page of records. Records without an id are counted and left out."""
        taken = self.taken(body)
        return ContactPage(
            contacts=tuple(taken.items), after=taken.after, total=taken.total, unreadable=taken.unreadable
        )

    def taken(self, body: bytes) -> Taken[Contact]:
        """The same with the frame's errors, for batch answers.

        A page of several records of which none can be read is no page (msgspec.ValidationError): it would
        pass for one that holds nobody.
        """
        taken: Taken[Any] = self._frames(body)
        if taken.unreadable:
            taken = self._loose(body)
        contacts = [found for item in taken.items if (found := self.contact(item)) is not None]
        unreadable = taken.unreadable + len(taken.items) - len(contacts)
        if unreadable > 1 and not contacts:
            raise msgspec.ValidationError("none of the records can be read")
        return replace(taken, items=contacts, unreadable=unreadable)

    def single(self, body: bytes) -> Contact:
        """One record; a record without an id is no record (msgspec.ValidationError)."""
        found = self.contact(self._one.decode(body))
        if found is None:
            raise msgspec.ValidationError("a contact without an id")
        return found

    def contact(self, item: ContactItem | LooseContactItem) -> Contact | None:
        """The record, None without a usable id."""
        number = identifier(item.id)
        if number is None:
            return None
        values = item.properties if isinstance(item, ContactItem) else _strings(item.properties)
        return self._contact(number, values, item.archived is True, item.updated_at)

    def _contact(self, number: int, values: Properties, archived: bool, updated: object) -> Contact:
        get = values.get
        email = (get(words.EMAIL) or "").strip() or None
        additional = _addresses(get(words.ADDITIONAL_EMAILS))
        everything, drift = _flag(get(words.OPTED_OUT_OF_ALL), words.OPTED_OUT_OF_ALL)
        opted_out = []
        for name, subscription in self._optouts:
            value = get(name)
            if value == "true":
                opted_out.append(subscription)
            elif value not in FLAG:
                drift = (*drift, name)
        merged = identifiers(get(words.MERGED_IDS))
        created = milliseconds(get(words.CREATED))
        conversion = milliseconds(get(words.RECENT_CONVERSION))
        source = get(words.OBJECT_SOURCE) or None
        basis = get(words.PROCESSING_BASIS) or None
        said = (number, email, additional, everything, opted_out, drift, merged, created, conversion)
        return Contact(
            id=number,
            email=email,
            additional=additional,
            opted_out_of_all=everything,
            opted_out_of=frozenset(opted_out),
            drift=drift,
            merged_ids=merged,
            modified_at=milliseconds(get(words.MODIFIED)) or milliseconds(updated),
            created_at=created,
            last_conversion_at=conversion,
            archived=archived,
            object_source=source,
            processing_basis=basis,
            dates={name: _day(value) for name in self._dates if _is_date(value := get(name))},
            fingerprint=fingerprint((*said, source, basis, archived)),
        )


def _is_date(value: str | None) -> bool:
    """Empty, or a date; anything else is not known, and nothing is counted from it."""
    return not value or _day(value) is not None


def _day(value: str | None) -> int | None:
    """A time, or a date without one: its noon in UTC, which is that date nearly everywhere on earth."""
    at = milliseconds(value)
    if at is not None or not value:
        return at
    try:
        day = datetime.strptime(value, "%Y-%m-%d").replace(hour=12, tzinfo=UTC)
    except ValueError:
        return None
    return int(day.timestamp()) * 1000


def fingerprint(said: tuple[object, ...]) -> bytes:
    """Eight bytes over what a record says, its change time aside: equal means that nothing changed."""
    return blake2b(PACKER.encode(said), digest_size=8).digest()


PACKER: Final = msgspec.msgpack.Encoder()


def _flag(value: str | None, name: str) -> tuple[bool, tuple[str, ...]]:
    return (FLAG[value], ()) if value in FLAG else (False, (name,))


def _addresses(value: str | None) -> tuple[str, ...]:
    if not value:
        return ()
    return tuple(address for part in value.split(";") if (address := part.strip()))


def _strings(properties: dict[str, Any]) -> Properties:
    return {name: _string(value) for name, value in properties.items()}


def _string(value: object) -> str | None:
    """A value of another JSON type as HubSpot would have spelled it; a structure matches no case."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else "?"
