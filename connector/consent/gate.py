"""The resubscribe gate: no SUBSCRIBED leaves without it (consent-domain 4; I5).

HubSpot's newer APIs no longer refuse to subscribe someone who opted out; this is the guard rail instead.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from connector.consent.decision import Push
from connector.consent.events import Basis, Grade, Overlay, State
from connector.consent.sendable import by_state
from connector.consent.situation import Seen, Wide
from connector.consent.state import Standing
from mappings import bases
from mappings.purposes import Purpose
from mappings.words import LegalBasis

#: What was read longer ago is no fresh read: an opt-out may have come since (threat 3).
FRESH_MS: Final = 10_000


class Refusal(StrEnum):
    """Why a subscribe may not leave."""

    NOT_A_SUBSCRIBE = "not_a_subscribe"
    OVERLAY = "restricted_or_erased"
    SUPPRESSED = "suppressed"
    SHARED_NO = "shared_address_no"
    REVIEW = "waiting_for_review"
    STATE = "state_not_sendable"
    GRADE = "grade_below_e2"
    NO_READ = "no_fresh_read_of_type_and_opt_out_of_all"
    UNKNOWN_VALUE = "unknown_value_in_hubspot"
    NO_INTENT = "a_no_stands_without_resubscribe_intent"
    OTHERS_FIRST = "opted_out_of_all_needs_the_other_types_off_first"
    BASIS = "legal_basis_not_mapped"
    BREAKER = "breaker_open"
    CLOCK = "our_clock_differs_from_hubspots"
    NO_EVIDENCE = "no_event_or_wording_to_refer_to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The facts about one subscribe, gathered right before it would be sent. Times are ms UTC.

    `status`, `wide` with their `*_read_at`: from a read just now. `suppressed`: any identifier of the person.
    `flagged`: a hold, or a review nobody has decided. `shared_no`: as in sendable. `clocks_agree`: sigma
    covers how far our clock is from HubSpot's; else a later no might look earlier than the yes.
    """

    push: Push
    purpose: Purpose
    standing: Standing
    now: int
    status: Seen
    status_read_at: int | None
    wide: Wide
    wide_read_at: int | None
    overlay: Overlay | None = None
    suppressed: bool = False
    flagged: bool = False
    shared_no: bool = False
    intent: bool = False
    breaker_closed: bool = True
    clocks_agree: bool = True
    balancing_test: bool = False


@dataclass(frozen=True, slots=True)
class Permission:
    """Allowed with the words to send, or refused with the reason. Never a word for NOT_SPECIFIED."""

    allowed: bool
    refusal: Refusal | None = None
    basis: LegalBasis | None = None
    explanation: str = ""


def may_subscribe(asked: Asked) -> Permission:
    """May this SUBSCRIBED be written now? The first obstacle is the answer."""
    basis = bases.to_write(
        _basis(asked), marketing=asked.purpose.marketing, balancing_test=asked.balancing_test
    )
    for stands, refusal in (*_about_the_person(asked), *_about_the_write(asked, basis)):
        if stands:
            return Permission(False, refusal)
    return Permission(True, basis=basis, explanation=explanation(asked.standing))


def _about_the_person(asked: Asked) -> tuple[tuple[bool, Refusal], ...]:
    standing = asked.standing
    customer = standing.state is State.SOFT_OPTIN
    return (
        (not asked.push.subscribes, Refusal.NOT_A_SUBSCRIBE),
        (asked.overlay is not None, Refusal.OVERLAY),
        (asked.suppressed, Refusal.SUPPRESSED),
        (asked.shared_no, Refusal.SHARED_NO),
        (asked.flagged, Refusal.REVIEW),
        (standing.state not in (State.GRANTED, State.SOFT_OPTIN), Refusal.STATE),
        (not by_state(standing, asked.purpose).allowed, Refusal.STATE),
        (customer is not (asked.push is Push.SUB_LEGITIMATE_INTEREST), Refusal.STATE),
        (customer and not asked.purpose.push_soft_optin, Refusal.STATE),
        (not customer and standing.grade < Grade.E2, Refusal.GRADE),
        (not standing.event or not standing.wording or standing.since is None, Refusal.NO_EVIDENCE),
    )


def _about_the_write(asked: Asked, basis: LegalBasis | None) -> tuple[tuple[bool, Refusal], ...]:
    fresh = is_fresh(asked.status_read_at, asked.now) and is_fresh(asked.wide_read_at, asked.now)
    unknown = asked.status is Seen.UNKNOWN_VALUE or asked.wide is Wide.UNKNOWN_VALUE
    opted_out = asked.status is Seen.UNSUBSCRIBED or asked.wide is not Wide.NONE
    others_first = asked.wide is not Wide.NONE and asked.push is not Push.UNSUB_OTHERS_THEN_SUB
    return (
        (not fresh, Refusal.NO_READ),
        (unknown, Refusal.UNKNOWN_VALUE),
        (opted_out and not asked.intent, Refusal.NO_INTENT),
        (others_first, Refusal.OTHERS_FIRST),
        (basis is None, Refusal.BASIS),
        (not asked.breaker_closed, Refusal.BREAKER),
        (not asked.clocks_agree, Refusal.CLOCK),
    )


def is_fresh(read_at: int | None, now: int) -> bool:
    """Read less than 10 s ago, and not in the future of a clock that was set back."""
    return read_at is not None and 0 <= now - read_at < FRESH_MS


def _basis(asked: Asked) -> Basis:
    """What the state rests on: a grant is a consent, or outside marketing the purpose's own basis."""
    standing, purpose = asked.standing, asked.purpose
    if standing.state is State.SOFT_OPTIN:
        return Basis.SOFT_OPTIN
    own = not purpose.marketing and standing.basis is purpose.basis
    return standing.basis if own or standing.basis is Basis.CONSENT else Basis.NONE


def explanation(standing: Standing) -> str:
    """`evt:<id> w:<hash8> at:<ISO date>`: enough to find the proof, nothing about the person."""
    day = datetime.fromtimestamp((standing.since or 0) / 1000, UTC).date().isoformat()
    return f"evt:{standing.event} w:{(standing.wording or '')[:8]} at:{day}"
