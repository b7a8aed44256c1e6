"""Contact records: which properties are asked for, and what they say (HA 5 and 9)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec.structs import astuple

from connector.hubspot.days import milliseconds
from connector.hubspot.wire.envelopes import Frames, Taken
from connector.hubspot.wire.values import identifier, identifiers
from mappings import words
from mappings.records import NO_DATES, Contact, ContactPage

#: Asked for whatever the purposes are; `hs_email_optout_<id>` is added for each subscription.
ALWAYS: Final = (
    words.EMAIL,
    words.ADDITIONAL_EMAILS,
    words.PROCESSING_BASIS,
    words.MODIFIED,
    words.CREATED,
    words.OBJECT_SOURCE,
    words.MERGED_IDS,
    words.RECENT_CONVERSION,
    words.OPTED_OUT_OF_ALL,
)
#: HubSpot's four cases of a flag (HQ 12): only the first is a no, anything else is drift.
FLAG: Final = {"true": True, "false": False, "": False, None: False}

#: Values of the properties that are asked for, in that order.
Values = tuple[str | None, ...]
Opted = tuple[bool, tuple[int, ...], frozenset[int], tuple[str, ...]]
#: Combinations of flags that are remembered: there are few in one portal.
REMEMBERED: Final = 4_096

Properties = TypeVar("Properties")


class ContactItem(msgspec.Struct, Generic[Properties], rename="camel"):
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
        self._dates = tuple((name, self.properties.index(name)) for name in dict.fromkeys(dates))
        self._flags = slice(_FLAGS, len(ALWAYS) + len(ids))
        self._opted: dict[Values, Opted] = {}
        item: Any = ContactItem[_asked_for(self.properties)]  # type: ignore[misc] # a type made at run time
        self._frames: Frames[ContactItem[msgspec.Struct]] = Frames(item)
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

    def contact(self, item: ContactItem[msgspec.Struct] | LooseContactItem) -> Contact | None:
        """The record, None without a usable id."""
        number = identifier(item.id)
        if number is None:
            return None
        if isinstance(item, ContactItem):
            values: Values = astuple(item.properties)
        else:
            values = tuple(_string(item.properties.get(name)) for name in self.properties)
        return self._contact(number, values, item.archived is True, item.updated_at)

    def _contact(self, number: int, values: Values, archived: bool, updated: object) -> Contact:
        """It is done for every record of every page: what most records leave empty costs next to nothing."""
        email, more, basis, modified, created, source, merged, conversion = values[:_FLAGS]
        email = (email and email.strip()) or None
        additional = _addresses(more) if more else ()
        wide, listed, opted_out, drift = self._said(values[self._flags])
        ids = identifiers(merged) if merged else ()
        made = milliseconds(created)
        converted = milliseconds(conversion) if conversion else None
        source, basis = source or None, basis or None
        said = (number, email, additional, wide, listed, drift, ids, made, converted)
        return Contact(
            number,
            email,
            additional,
            wide,
            opted_out,
            drift,
            ids,
            milliseconds(modified) or milliseconds(updated),
            made,
            converted,
            archived,
            source,
            basis,
            self._days(values) if self._dates else NO_DATES,
            fingerprint((*said, source, basis, archived)),
        )

    def _said(self, flags: Values) -> Opted:
        """Opted out of everything; of which types, as a list and as a set; flags that say something else."""
        found = self._opted.get(flags)
        if found is None:
            found = self._read_flags(*flags)
            if len(self._opted) < REMEMBERED:
                self._opted[flags] = found
        return found

    def _read_flags(self, everything: str | None, *each: str | None) -> Opted:
        wide, drift = _flag(everything, words.OPTED_OUT_OF_ALL)
        said = list(zip(self._optouts, each, strict=True))
        listed = tuple(subscription for (_, subscription), value in said if value == "true")
        odd = tuple(name for (name, _), value in said if value not in FLAG)
        return wide, listed, frozenset(listed), drift + odd

    def _days(self, values: Values) -> dict[str, int | None]:
        return {name: _day(value) for name, at in self._dates if _is_date(value := values[at])}


#: Where the flags begin: the last of `ALWAYS`, then one for each subscription.
_FLAGS: Final = ALWAYS.index(words.OPTED_OUT_OF_ALL)


@lru_cache(maxsize=64)  # one for each configuration; a class takes long to make
def _asked_for(names: tuple[str, ...]) -> type[msgspec.Struct]:
    """A record's properties, nothing else of them decoded. Names are HubSpot's, and need not be Python's."""
    fields = [(f"p{at}", str | None, None) for at in range(len(names))]
    return msgspec.defstruct(
        "AskedFor", fields, rename={f"p{at}": name for at, name in enumerate(names)}, gc=False
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


def _string(value: object) -> str | None:
    """A value of another JSON type as HubSpot would have spelled it; a structure matches no case."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else "?"
