"""The bodies of requests as HubSpot's reader takes them: another type is a 400 before any rule is tried.

Only types stand here; which values are allowed, and what else is required, is the rules' matter. As HubSpot's
reader does, a text takes a number or a boolean too, and a number takes a text that is one.
"""

from typing import Any

import msgspec
from msgspec import Struct

from connector.sandbox import replies

Key = str | int
Text = str | int | float | bool | None
Texts = list[Text] | None
Properties = dict[str, Text]


class _Shape(Struct, rename="camel"):
    """What a body has that is not named in its shape is passed over."""


class Written(_Shape):
    """A contact made or changed."""

    properties: Properties


class _Filter(_Shape):
    property_name: Text = None
    operator: Text = None
    value: Text = None
    high_value: Text = None
    values: Texts = None


class _Group(_Shape):
    filters: list[_Filter] | None = None


class _Sort(_Shape):
    property_name: Text = None
    direction: Text = None


class Searched(_Shape):
    """`sorts` holds objects or, as the v3 client sends them, texts."""

    filter_groups: list[_Group] | None = None
    sorts: list[_Sort | str] | None = None
    query: Text = None
    properties: Texts = None
    after: Text = None


class _Input(_Shape):
    id: Text = None
    id_property: Text = None
    properties: Properties | None = None
    object_write_trace_id: Text = None


class Batch(_Shape):
    """Contacts by the batch."""

    inputs: list[_Input]
    id_property: Text = None
    properties: Texts = None
    properties_with_history: Texts = None


class Merged(_Shape):
    primary_object_id: Key
    object_id_to_merge: Key


class Erased(_Shape):
    object_id: Text = None
    id_property: Text = None


class StatusWish(_Shape):
    subscriber_id_string: Text = None
    subscription_id: Text = None
    status_state: Text = None
    channel: Text = None
    legal_basis: Text = None
    legal_basis_explanation: Text = None


class StatusWishes(_Shape):
    inputs: list[StatusWish]


class Addresses(_Shape):
    inputs: list[Key]


class Links(_Shape):
    subscriber_id_string: Text = None
    subscription_id: int | None = None
    language: Text = None


class V3Wish(_Shape):
    email_address: Text = None
    subscription_id: Text = None
    legal_basis: Text = None
    legal_basis_explanation: Text = None


class Group(_Shape):
    """A group of properties."""

    name: Text = None
    label: Text = None
    display_order: int | None = None


class _Field(_Shape):
    name: Text = None
    value: Text = None


class _Communication(_Shape):
    value: bool | None = None
    subscription_type_id: int | None = None
    text: Text = None


class _Consent(_Shape):
    consent_to_process: bool | None = None
    text: Text = None
    communications: list[_Communication] | None = None


class _ConsentOptions(_Shape):
    consent: _Consent | None = None
    legitimate_interest: _Communication | None = None


class Submitted(_Shape):
    """A form as a program sends it."""

    fields: list[_Field] | None = None
    submitted_at: int | None = None
    legal_consent_options: _ConsentOptions | None = None


class Subscribed(_Shape):
    """What the pull journal shall tell."""

    subscription_type: str
    portal_id: int
    actions: list[str]
    object_type_id: str = ""


def demand(body: bytes, shape: Any) -> None:
    """Refusal 400 where the body is no JSON of this shape; the message says where in it."""
    try:
        msgspec.json.decode(body, type=shape, strict=False)
    except (ValueError, RecursionError) as error:
        raise replies.invalid(f"Invalid input JSON: {error}") from None
