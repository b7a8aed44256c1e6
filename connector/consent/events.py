"""The event model (consent-domain 3.1): facts are appended, everything else is derived."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mappings.terms import Basis, Grade

__all__ = (
    "ALL_MARKETING",
    "FORMULA_TYPES",
    "GUARDIAN",
    "NOES",
    "NO_PURPOSE",
    "SALE",
    "SUBJECT",
    "UNKNOWN_ACTOR",
    "Basis",
    "Event",
    "EventType",
    "Grade",
    "Overlay",
    "Source",
    "State",
)

ALL_MARKETING: Final = "*"  # the purpose of an opt-out of everything (Art. 21)
SALE: Final = "sale"  # the key in a soft opt-in's detail that names the sale it rests on
NO_PURPOSE: Final = ""  # an entry about the person or the system, not about one purpose


class EventType(StrEnum):
    """What an entry says. Dotted names are the log column of the precedence table."""

    # acts of a person, or claims about one
    REQUEST = "request"
    GRANT = "grant"
    CONFIRM = "confirm"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    OBJECT = "object"
    CLAIM = "claim"
    SOFT_OPTIN = "soft_optin"
    # what happens to an earlier event
    EXPIRE = "expire"
    INVALIDATE = "invalidate"
    ANNUL = "annul"
    DATED = "observed.dated"  # a later read dates an earlier, undated observation; no act of its own
    # rights and identity
    NOTICE_DELIVERED = "notice_delivered"
    MAIL_SENT = "mail.sent"  # a receipt, an answer: any letter to a person that is no notice
    RIGHT_RECEIVED = "right.received"  # somebody uses a right (Art. 15-21); `request` is a sign-up
    RIGHT_EXTENDED = "right.extended"
    RIGHT_SETTLED = "right.settled"
    RECTIFIED = "rectified"  # a datum was corrected (Art. 16)
    RECTIFIED_CONFIRMED = "rectified.confirmed"  # and HubSpot shows it
    RECIPIENT_TOLD = "recipient.told"  # Art. 17(2), 19
    RESTRICT = "restrict"
    UNRESTRICT = "unrestrict"
    HOLD = "hold"  # a legal hold: overrides erasure and retention (Art. 17(3)(e))
    HOLD_REMOVED = "hold.removed"
    ERASE_REQUESTED = "erase_requested"
    ERASED = "erased"
    PROOF_DESTROYED = "proof.destroyed"  # of a consent that a no ended, after its time; the person stays
    IDENTIFIER_ADDED = "identifier_added"
    IDENTIFIER_REMOVED = "identifier_removed"
    MERGE = "merge"
    # HubSpot and our writes
    OBSERVED = "observed"
    OBSERVED_ABSENT = "observed.absent"
    QUEUED = "queued"  # the intent to write, in one transaction with its outbox row
    PUSHED = "pushed"
    PUSH_CONFIRMED = "push_confirmed"
    PUSH_FAILED = "push.failed"
    OPTOUT_REASSERTED = "optout.reasserted"
    RESUBSCRIBE_REJECTED = "resubscribe.rejected"
    INCIDENT_OVERWROTE_OPTOUT = "incident.overwrote_optout"
    INCIDENT_FIGHT = "incident.fight"  # another app overwrote our write again and again within a day
    GRANT_RENEWED = "grant.renewed"  # a proved, newer yes stands above an older no
    CONFLICT = "conflict"
    CONFLICT_TIE = "conflict.tie"
    CONFLICT_WEAK_GRANT = "conflict.weak_grant"
    CONFLICT_UNDATED_GRANT = "conflict.undated_grant"
    REVIEW_RESUBSCRIBE = "review.resubscribe"
    REVIEW_CLEARED = "review.cleared"
    REVIEW_DECIDED = "review.decided"
    CLOCK_SKEW = "clock.skew"
    DRIFT = "drift"
    BREAKER_OPEN = "breaker.open"
    BREAKER_CLOSED = "breaker.closed"
    ERASURE_REAPPEARED = "erasure.reappeared"
    SUPPRESSION_LIFTED = "suppression.lifted"
    # the mirror itself
    FIRST_PUSH_CONFIRMED = "first_push.confirmed"
    RESTORED = "restored"
    KEY_ROTATED = "key.rotated"
    ACCESSED = "accessed"
    EXPORTED = "exported"  # a file with personal data was written: purpose, count, hash, destroy by
    EXPORT_DESTROYED = "export.destroyed"
    ACCESS_JUSTIFIED = "access.justified"  # a person said why somebody can reach the register


NOES: Final = frozenset({EventType.WITHDRAW, EventType.REFUSE, EventType.OBJECT})
#: Only these are read by the state formula; the rest is account-keeping.
FORMULA_TYPES: Final = NOES | {
    EventType.REQUEST,
    EventType.GRANT,
    EventType.CONFIRM,
    EventType.CLAIM,
    EventType.SOFT_OPTIN,
    EventType.EXPIRE,
    EventType.INVALIDATE,
    EventType.ANNUL,
    EventType.DATED,
}


class Source(StrEnum):
    """By which door an event came in."""

    HUBSPOT = "hubspot"
    FORM = "form"
    IMPORT = "import"
    API = "api"
    PHONE = "phone"
    PAPER = "paper"
    PREFPAGE = "prefpage"
    ONECLICK = "oneclick"
    MAIL_REPLY = "mail_reply"
    CLI = "cli"
    DASHBOARD = "dashboard"
    SYSTEM = "system"


SUBJECT: Final = "subject"
GUARDIAN: Final = "guardian"
UNKNOWN_ACTOR: Final = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact about one person. Times are milliseconds UTC; `t_lo`/`t_hi` None: unknown when.

    `address` is an opaque reference to the address a yes is bound to, never the address itself.
    `observation` ties the reads of one and the same standing fact together, so that a later date
    fills the first sighting instead of counting as a second no (design 4.4).
    `target` is the event that an annul, invalidate, confirm or expire aims at.
    """

    type: EventType
    id: str = ""  # UUIDv7, given by the log when it is appended
    recorded_at: int = 0  # our clock, never backwards; given by the log
    purpose: str = NO_PURPOSE
    basis: Basis = Basis.NONE
    t_lo: int | None = None
    t_hi: int | None = None
    observed_at: int | None = None
    actor: str = UNKNOWN_ACTOR  # subject, guardian, staff:<id>, system:<id>, unknown
    source: Source = Source.SYSTEM
    source_ref: str | None = None  # repeats with the same reference are the same event
    grade: Grade = Grade.E0
    address: str | None = None
    wording: str | None = None  # SHA-256 of the canonical bytes, hex
    notice: str | None = None
    language: str | None = None
    valid_until: int | None = None
    observation: str | None = None
    target: str | None = None
    reason: str | None = None
    approved_by: tuple[str, ...] = ()  # who else agreed: an annul counts only with a second person
    row: int | None = None  # the precedence table's row that led to this entry
    evidence: tuple[Mapping[str, str | bool], ...] = ()
    detail: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    seq: int | None = None  # given by the log

    @property
    def is_no(self) -> bool:
        """A withdrawal, a refusal or an objection."""
        return self.type in NOES

    @property
    def by_person(self) -> bool:
        """The data subject's own act, or a guardian's: only these lift a no."""
        return self.actor in {SUBJECT, GUARDIAN}


class State(StrEnum):
    """What a person's events for one purpose add up to (consent-domain 3.2)."""

    GRANTED = "GRANTED"
    WITHDRAWN = "WITHDRAWN"
    DENIED = "DENIED"
    EXPIRED = "EXPIRED"
    INVALIDATED = "INVALIDATED"
    SOFT_OPTIN = "SOFT_OPTIN"
    PENDING = "PENDING"
    CLAIMED = "CLAIMED"
    UNKNOWN = "UNKNOWN"


class Overlay(StrEnum):
    """Lies over every purpose of a person."""

    RESTRICTED = "RESTRICTED"
    ERASED = "ERASED"
