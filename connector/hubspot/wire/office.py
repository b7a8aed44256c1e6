"""Users, login history, property definitions, marketing e-mails and their events (HA 9, 10, 14)."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from connector.hubspot.days import milliseconds
from connector.hubspot.wire.envelopes import Frames
from connector.hubspot.wire.values import identifier, number, text
from mappings import words
from mappings.office import (
    ApiUsage,
    HubSpotUser,
    Mailed,
    MailedPage,
    MarketingEmail,
    Origin,
    PropertyInfo,
    SentMail,
    SentPage,
)


class UserItem(msgspec.Struct, rename="camel"):
    """One user."""

    id: Any = None
    email: Any = None
    first_name: Any = None
    last_name: Any = None
    role_id: Any = None
    role_ids: Any = None
    super_admin: Any = False


class RoleItem(msgspec.Struct):
    """One permission set."""

    id: Any = None
    name: Any = None


class LoginItem(msgspec.Struct, rename="camel"):
    """One attempt to sign in. The address, the IP and the browser beside it are not read."""

    user_id: Any = None
    login_at: Any = None
    login_succeeded: Any = None


class PropertyItem(msgspec.Struct, rename="camel"):
    """One property's definition."""

    name: str
    label: Any = None
    type: Any = None
    hubspot_defined: Any = False
    data_sensitivity: Any = None
    calculated: Any = False
    modification_metadata: Any = None


class MailItem(msgspec.Struct, rename="camel"):
    """One marketing e-mail."""

    name: Any = None
    subscription_details: Any = None
    primary_email_campaign_id: Any = None
    all_email_campaign_ids: Any = None
    is_transactional: Any = False


class EventItem(msgspec.Struct, rename="camel"):
    """One SENT event."""

    recipient: Any = None
    created: Any = None
    email_campaign_id: Any = None
    subject: Any = None


class EventFrame(msgspec.Struct, rename="camel"):
    """The v1 frame of events."""

    events: list[EventItem]
    has_more: bool = False
    offset: Any = None


class UsageItem(msgspec.Struct, rename="camel"):
    """One counter of calls."""

    name: Any = None
    usage_limit: Any = None
    current_usage: Any = None


class MailedItem(msgspec.Struct):
    """One contact of a search for mails."""

    id: Any
    properties: dict[str, Any]


USERS: Final = Frames(UserItem)
ROLES: Final = Frames(RoleItem)
LOGINS: Final = Frames(LoginItem)
PROPERTIES: Final = Frames(PropertyItem)
MAILS: Final = Frames(MailItem)
USAGE: Final = Frames(UsageItem)
MAILED: Final = Frames(MailedItem)
EVENTS: Final = msgspec.json.Decoder(EventFrame)

Raw = tuple[UserItem, tuple[str, ...]]


def users_page(body: bytes) -> tuple[tuple[UserItem, ...], str | None]:
    """One page of users; one without an id cannot be named and is left out."""
    taken = USERS(body)
    return tuple(item for item in taken.items if _key(item.id)), taken.after


def roles(body: bytes) -> dict[str, str]:
    """Role id -> name."""
    named = ((_key(item.id), text(item.name)) for item in ROLES(body).items)
    return {key: name or key for key, name in named if key}


def user(item: UserItem, names: Mapping[str, str]) -> HubSpotUser:
    """A user with the roles' names; a role without a name keeps its number."""
    listed = item.role_ids if isinstance(item.role_ids, list) else []
    held = dict.fromkeys(key for each in (item.role_id, *listed) if (key := _key(each)))
    parts = (text(item.first_name), text(item.last_name))
    return HubSpotUser(
        id=_key(item.id) or "",
        email=text(item.email) or "",
        name=" ".join(part for part in parts if part),
        roles=tuple(names.get(key, key) for key in held),
        super_admin=item.super_admin is True,
    )


def logins_page(body: bytes) -> tuple[tuple[tuple[str, int], ...], str | None]:
    """(user id, when) of the attempts that succeeded."""
    taken = LOGINS(body)
    rows = (
        (_key(item.user_id), milliseconds(item.login_at))
        for item in taken.items
        if item.login_succeeded is not False
    )
    return tuple((key, at) for key, at in rows if key and at is not None), taken.after


def properties(body: bytes) -> tuple[PropertyInfo, ...]:
    """The definitions of one sensitivity."""
    return tuple(
        PropertyInfo(
            name=item.name,
            label=text(item.label) or item.name,
            type=text(item.type) or "",
            hubspot_defined=item.hubspot_defined is True,
            sensitivity=text(item.data_sensitivity) or "non_sensitive",
            read_only=_read_only(item),
        )
        for item in PROPERTIES(body).items
    )


def _read_only(item: PropertyItem) -> bool:
    """HubSpot works it out, or lets no client write it (HA 9)."""
    said = item.modification_metadata
    return item.calculated is True or (isinstance(said, dict) and said.get("readOnlyValue") is True)


def mails_page(body: bytes) -> tuple[tuple[MarketingEmail, ...], str | None]:
    """One page of marketing e-mails."""
    taken = MAILS(body)
    return tuple(_mail(item) for item in taken.items), taken.after


def _mail(item: MailItem) -> MarketingEmail:
    details = item.subscription_details if isinstance(item.subscription_details, dict) else {}
    listed = item.all_email_campaign_ids if isinstance(item.all_email_campaign_ids, list) else []
    numbers = (identifier(each) for each in (item.primary_email_campaign_id, *listed))
    return MarketingEmail(
        name=text(item.name) or "",
        subscription=identifier(details.get("subscriptionId")),
        transactional=item.is_transactional is True,
        campaigns=tuple(dict.fromkeys(each for each in numbers if each is not None)),
    )


def sent_page(body: bytes) -> SentPage:
    """One page of SENT events; one without recipient or time proves nothing and is left out."""
    frame = EVENTS.decode(body)
    made = (
        SentMail(
            email=to, at=at, campaign=identifier(item.email_campaign_id), subject=text(item.subject) or ""
        )
        for item in frame.events
        if (to := text(item.recipient)) and (at := number(item.created)) is not None
    )
    return SentPage(mails=tuple(made), offset=text(frame.offset) if frame.has_more else None)


def usage(body: bytes) -> tuple[ApiUsage, ...]:
    """The counters of calls."""
    return tuple(
        ApiUsage(
            name=text(item.name) or "",
            used=number(item.current_usage) or 0,
            limit=number(item.usage_limit) or 0,
        )
        for item in USAGE(body).items
    )


def mailed_page(body: bytes) -> MailedPage:
    """One page of a search for contacts that were mailed; those without a date are left out."""
    taken = MAILED(body)
    rows = [(identifier(item.id), item.properties) for item in taken.items]
    made = tuple(
        Mailed(
            contact=key,
            email=(text(said.get(words.EMAIL)) or "").strip(),
            at=at,
            name=text(said.get(words.LAST_MAIL)) or "",
        )
        for key, said in rows
        if key is not None and (at := milliseconds(said.get(words.LAST_SENT))) is not None
    )
    last = max((key for key, _ in rows if key is not None), default=None)
    return MailedPage(mails=made, after=last if taken.after is not None else None)


def origins(body: bytes) -> dict[int, Origin]:
    """Contact id -> how it began, of one page of the list."""
    rows = ((identifier(item.id), item.properties) for item in MAILED(body).items)
    return {
        key: Origin(
            form=text(said.get(words.CONVERSION_NAME)) or "",
            detail=text(said.get(words.OBJECT_SOURCE_ID)) or "",
        )
        for key, said in rows
        if key is not None
    }


def total(body: bytes) -> int | None:
    """How many a search found; None where HubSpot did not count."""
    return MAILED(body).total


def _key(value: object) -> str | None:
    found = number(value)
    return str(found) if found is not None else text(value)
