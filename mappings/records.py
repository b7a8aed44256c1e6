"""What a portal tells us, in plain records: shared by those who read HubSpot and those who act on it.

A record is what HubSpot *said*. Words that we do not know are kept as they came (`str`), so that the
precedence table can fail closed on them (row 45) instead of a reader losing them.
All times are integer milliseconds since the epoch, UTC. The records that a reading makes by the million are
named tuples: a frozen dataclass takes four times as long to make.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from mappings.words import LegalBasis, Status, WideType, WriteOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """GET account-info details (HA 14)."""

    portal_id: int
    time_zone: str
    account_type: str
    hosting: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One subscription type (HA 8.1)."""

    id: int
    name: str
    active: bool
    internal: bool = False
    business_unit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What this portal's plan and token allow; probed with harmless reads at start (HQ 32)."""

    batch_statuses: bool
    batch_writes: bool
    forms: bool
    timeline: bool
    audit: bool


NO_DATES: Final[Mapping[str, int | None]] = MappingProxyType({})


class Contact(NamedTuple):
    """One contact record, reduced to the properties that we read.

    `opted_out_of` holds the subscription ids whose property says `"true"` for the primary address;
    `drift` names properties whose value is none of HubSpot's four cases ("true", "false", "", absent).
    `dates`: what retention counts from, None where empty; a value that is no date is left out.
    """

    id: int
    email: str | None
    additional: tuple[str, ...] = ()
    opted_out_of_all: bool = False
    opted_out_of: frozenset[int] = frozenset()
    drift: tuple[str, ...] = ()
    merged_ids: tuple[int, ...] = ()
    modified_at: int | None = None
    created_at: int | None = None
    last_conversion_at: int | None = None
    archived: bool = False
    object_source: str | None = None
    processing_basis: str | None = None
    dates: Mapping[str, int | None] = NO_DATES
    fingerprint: bytes = b""  # 8 bytes over all that we read; equal = nothing that matters changed

    @property
    def addresses(self) -> tuple[str, ...]:
        """Primary first, as HubSpot spelled them."""
        return ((self.email,) if self.email else ()) + self.additional


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeRecord:
    """Everything that one record holds; empty values are left out. Times in ms UTC."""

    id: int
    values: Mapping[str, str]
    archived: bool = False
    created_at: int | None = None
    modified_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPage:
    """One page of a list or search; `after` is None at the end. `total` only where HubSpot counts."""

    contacts: tuple[Contact, ...]
    after: str | None
    total: int | None = None
    unreadable: int = 0  # records without what makes them one (an id): left out, and counted


@dataclass(frozen=True, slots=True, kw_only=True)
class ListInfo:
    """One list of contacts (HA 12); `kind` is HubSpot's: MANUAL, DYNAMIC or SNAPSHOT."""

    id: int
    name: str
    kind: str


class StatusRow(NamedTuple):
    """PublicStatus (HA 8.1): one subscription type of one address."""

    address: str
    subscription: int
    status: Status | str
    at: int | None = None
    source: str | None = None
    basis: LegalBasis | str | None = None
    explanation: str | None = None
    outcome: WriteOutcome | str | None = None
    business_unit: int | None = None


class WideRow(NamedTuple):
    """An opt-out of everything that HubSpot holds for an address. No row: not opted out of all."""

    address: str
    kind: WideType | str
    status: Status | str
    at: int | None = None
    business_unit: int | None = None


class Preferences(NamedTuple):
    """All that HubSpot holds for one address; both empty when it was never touched (HQ 26)."""

    address: str
    statuses: tuple[StatusRow, ...] = ()
    wide: tuple[WideRow, ...] = ()
    read_at: int = 0
    unreadable: int = 0  # rows that name no subscription type: left out, and counted


class Answer(NamedTuple):
    """What a batch said about one address, not taken apart: HubSpot's own bytes.

    `wide` None: the answer about opt-outs of everything left the address out.
    """

    address: str
    statuses: bytes
    wide: bytes | None
    read_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswers:
    """A batch answer per input (HQ 34), before anything in it is looked at: each input ends in one of two."""

    answered: dict[str, Answer] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)  # address -> HubSpot's category, never its text


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReading:
    """A batch answer taken apart per input (HQ 34): each input ends in one of the three, none is lost.

    `without_wide`: the statuses came, and the answer about opt-outs of everything left the address out. That
    is no word that there is none.
    """

    read: dict[str, Preferences] = field(default_factory=dict)
    without_wide: dict[str, Preferences] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)  # address -> HubSpot's category, never its text


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One line of the account's audit log (Enterprise; HA 14)."""

    type: str
    object_id: str | None
    user: str | None
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """One raw text of a form's legal consent options (HA 11); `kind` is HubSpot's field name."""

    kind: str  # privacyText, consentToProcessText, communicationsCheckboxes, ...
    text: str
    subscription: int | None = None  # of a checkbox, and of a legitimate interest's types
    required: bool | None = None  # of a checkbox


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDefinition:
    """One form as it is now; HubSpot keeps no history, so each `updated_at` is a version (HA 11)."""

    id: str
    name: str
    form_type: str  # hubspot, captured, flow, blog_comment
    consent_type: str  # none, legitimate_interest, explicit_consent_to_process, implicit_consent_to_process
    updated_at: int | None = None
    archived: bool = False
    texts: tuple[ConsentText, ...] = ()
    subscriptions: tuple[int, ...] = ()
    lawful_basis: str | None = None  # of a legitimate interest: lead, client, other


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One sent form: no contact id and no consent text, only what was typed (HA 11)."""

    form: str
    conversion_id: str | None
    submitted_at: int | None
    values: tuple[tuple[str, str], ...] = ()  # name, value; in HubSpot's order, repeats kept
    page_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionPage:
    """Newest first; `after` is None at the end."""

    submissions: tuple[Submission, ...]
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineChange:
    """One change of the legacy subscription timeline (HA 10): who opted out of what, by whose act."""

    address: str
    at: int | None
    change: str  # SUBSCRIBED, UNSUBSCRIBED, BOUNCED, ...
    source: str | None  # SOURCE_RECIPIENT, SOURCE_NON_DELIVERY_REPORT, ...
    change_type: str | None  # SUBSCRIPTION_STATUS, PORTAL_STATUS, PORTAL_BOUNCE
    subscription: int | None = None
    cause: str | None = None  # id of the event that caused it


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinePage:
    """Newest first; `offset` is opaque and short-lived, None at the end."""

    changes: tuple[TimelineChange, ...]
    offset: str | None = None
