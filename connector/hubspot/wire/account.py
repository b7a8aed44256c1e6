"""The account: details, subscription types, properties, audit log (HA 8.1, 9, 14)."""

from typing import Any, Final

import msgspec

from connector.hubspot.days import milliseconds
from connector.hubspot.wire.envelopes import Frames
from connector.hubspot.wire.values import identifier, number, text
from mappings.records import Account, AuditRow, Definition


class DetailsItem(msgspec.Struct, rename="camel"):
    """GET details."""

    portal_id: int
    time_zone: str = "UTC"
    account_type: str = ""
    data_hosting_location: str | None = None


class DefinitionItem(msgspec.Struct, rename="camel"):
    """One subscription type; its id is a string here and a number in statuses (HQ 33)."""

    id: Any = None
    name: Any = None
    is_active: Any = True
    is_internal: Any = False
    business_unit_id: Any = None


class PropertyItem(msgspec.Struct):
    """One contact property, by name."""

    name: str


class AuditItem(msgspec.Struct, rename="camel"):
    """One audit line. HubSpot's guide and its SDK name the fields differently; both are read."""

    type: Any = None
    action: Any = None
    object_id: Any = None
    target_object_id: Any = None
    user_id: Any = None
    acting_user: Any = None
    created_at: Any = None
    occurred_at: Any = None


DETAILS: Final = msgspec.json.Decoder(DetailsItem)
DEFINITIONS: Final = Frames(DefinitionItem)
PROPERTIES: Final = Frames(PropertyItem)
AUDIT: Final = Frames(AuditItem)


def account(body: bytes) -> Account:
    """Which account the token belongs to."""
    item = DETAILS.decode(body)
    return Account(
        portal_id=item.portal_id,
        time_zone=item.time_zone,
        account_type=item.account_type,
        hosting=item.data_hosting_location,
    )


def definitions(body: bytes) -> tuple[Definition, ...]:
    """The subscription types; one without an id cannot be asked about and is left out."""
    return tuple(found for item in DEFINITIONS(body).items if (found := _definition(item)) is not None)


def property_names(body: bytes) -> frozenset[str]:
    """The names of the portal's contact properties."""
    return frozenset(item.name for item in PROPERTIES(body).items)


def audit_page(body: bytes) -> tuple[tuple[AuditRow, ...], str | None]:
    """One page of audit lines, and where the next begins. Undated lines cannot be placed and are left out."""
    taken = AUDIT(body)
    return tuple(row for item in taken.items if (row := _audit_row(item)) is not None), taken.after


def _definition(item: DefinitionItem) -> Definition | None:
    found = identifier(item.id)
    if found is None:
        return None
    return Definition(
        id=found,
        name=text(item.name) or str(found),
        active=item.is_active is not False,
        internal=item.is_internal is True,
        business_unit=number(item.business_unit_id) or 0,
    )


def _audit_row(item: AuditItem) -> AuditRow | None:
    at = milliseconds(item.created_at) or milliseconds(item.occurred_at)
    if at is None:
        return None
    return AuditRow(
        type=text(item.type) or text(item.action) or "",
        object_id=_key(item.object_id) or _key(item.target_object_id),
        user=_key(item.user_id) or _user(item.acting_user),
        at=at,
    )


def _user(value: object) -> str | None:
    """The acting user's id, never the address beside it."""
    return _key(value.get("userId")) if isinstance(value, dict) else _key(value)


def _key(value: object) -> str | None:
    found = number(value)
    return str(found) if found is not None else text(value)
