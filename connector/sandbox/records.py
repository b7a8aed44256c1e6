"""What the portal holds: contacts, statuses of addresses, subscription types."""

from dataclasses import dataclass, field
from typing import NamedTuple

from mappings.words import Status, WideType

Properties = dict[str, str | None]
Flags = dict[str, str | None]


class Row(NamedTuple):
    """One subscription type of one address. `status` may hold a word that HubSpot never documented."""

    status: str
    at: int
    source: str
    basis: str | None = None
    explanation: str | None = None


class Wide(NamedTuple):
    """An opt-out of everything: of the account (`unit` None) or of one brand."""

    at: int
    source: str
    unit: int | None = None
    status: str = Status.UNSUBSCRIBED

    @property
    def kind(self) -> WideType:
        return WideType.PORTAL_WIDE if self.unit is None else WideType.BUSINESS_UNIT_WIDE


class Address:
    """All that the portal holds for one address: it belongs to the address, never to a contact (HA 8.2)."""

    __slots__ = ("rows", "spelled", "wide")

    def __init__(
        self,
        spelled: str,
        rows: dict[int, Row] | None = None,
        wide: dict[int | None, Wide] | None = None,
    ) -> None:
        self.spelled = spelled
        self.rows = rows if rows is not None else {}
        self.wide = wide if wide is not None else {}

    @property
    def out_of_all(self) -> bool:
        return None in self.wide

    def wide_for(self, unit: int) -> Wide | None:
        """The opt-out that covers types of this brand, the account's own first."""
        return self.wide.get(None) or self.wide.get(unit)


class Past(NamedTuple):
    """One former or present value of a property, as `propertiesWithHistory` shows it."""

    value: str
    at: int
    source_type: str
    source_id: str | None = None
    user: int | None = None


class Contact:
    """One record. `props` is replaced, never changed, so that a search index may hold an older one.

    `slot` is the place in the table of made-up people while the primary address is still the made-up one;
    -1 otherwise.
    """

    __slots__ = (
        "additional",
        "archived_at",
        "created",
        "history",
        "id",
        "merged",
        "modified",
        "props",
        "slot",
    )

    def __init__(
        self,
        contact_id: int,
        props: Properties,
        created: int,
        modified: int,
        *,
        additional: tuple[str, ...] = (),
        slot: int = -1,
    ) -> None:
        self.id = contact_id
        self.props = props
        self.created = created
        self.modified = modified
        self.additional = additional
        self.slot = slot
        self.archived_at: int | None = None
        self.merged: tuple[tuple[int, int], ...] = ()  # (lost id, when)
        self.history: dict[str, tuple[Past, ...]] = {}  # newest first

    @property
    def email(self) -> str | None:
        return self.props.get("email") or None

    @property
    def addresses(self) -> tuple[str, ...]:
        return ((self.email,) if self.email else ()) + self.additional


@dataclass(slots=True)
class SubscriptionType:
    """One definition of `communication-preferences/definitions`."""

    id: int
    name: str
    description: str
    created: int
    updated: int
    purpose: str | None = "Marketing"
    method: str | None = "Email"
    active: bool = True
    default: bool = False
    internal: bool = False
    unit: int = 0
    translations: dict[str, tuple[str, str]] = field(default_factory=dict)  # language -> name, description
