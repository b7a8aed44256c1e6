"""May this person be mailed for this purpose? Default deny (consent-domain 3.2; design decision 13)."""

from enum import StrEnum
from typing import Final, NamedTuple

from connector.consent.events import Overlay, State
from connector.consent.state import Standing
from mappings.purposes import Purpose
from mappings.terms import MARKETING_BASES
from mappings.words import Status


class Reason(StrEnum):
    """Why the answer is yes or no, in a word that never changes."""

    CONSENT = "consent"
    SOFT_OPTIN = "soft_optin"
    OTHER_BASIS = "other_basis"
    ERASED = "erased"
    RESTRICTED = "restricted"
    SUPPRESSED = "suppressed"
    REVIEW = "waiting_for_review"
    WITHDRAWN = "withdrawn"
    SHARED_NO = "shared_address_no"
    OPTED_OUT_OF_ALL = "opted_out_of_all_in_hubspot"
    OPTED_OUT = "opted_out_in_hubspot"
    UNKNOWN_VALUE = "unknown_value_in_hubspot"
    NOT_READ = "not_read_in_hubspot"
    NOTICE_OVERDUE = "notice_overdue"
    INCOMPLETE_SALE = "soft_optin_incomplete"
    NOT_ALLOWED_FOR_PURPOSE = "soft_optin_not_for_this_purpose"
    NO_BASIS = "no_basis_recorded"
    NO_CONSENT = "no_proved_consent"


class Answer(NamedTuple):
    """May we send, and why."""

    allowed: bool
    reason: Reason


#: HubSpot's words with which a person may be mailed: a status that we do not know is never one of them.
HARMLESS: Final = (None, Status.SUBSCRIBED, Status.NOT_SPECIFIED)


def sendable(
    standing: Standing,
    purpose: Purpose,
    *,
    overlay: Overlay | None = None,
    suppressed: bool = False,
    flagged: bool = False,
    shared_no: bool = False,
    notice_overdue: bool = False,
    hubspot: Status | str | None = None,
    opted_out_of_all: bool = False,
) -> Answer:
    """The one question that every mailing asks.

    `flagged`: a hold or a review waits for this purpose. `shared_no`: another person with the same address
    said no and nothing newer of theirs covers it. `hubspot`: the last status read, None where HubSpot holds
    none. `opted_out_of_all`: HubSpot holds an opt-out of everything that reaches this purpose.
    """
    obstacles = (
        (overlay is Overlay.ERASED, Reason.ERASED),
        (suppressed, Reason.SUPPRESSED),
        (overlay is not None, Reason.RESTRICTED),
        (standing.state in (State.WITHDRAWN, State.DENIED), Reason.WITHDRAWN),
        (hubspot == Status.UNSUBSCRIBED, Reason.OPTED_OUT),
        (hubspot not in HARMLESS, Reason.UNKNOWN_VALUE),
        (opted_out_of_all and purpose.marketing, Reason.OPTED_OUT_OF_ALL),
        (shared_no, Reason.SHARED_NO),
        (notice_overdue, Reason.NOTICE_OVERDUE),
    )
    for stands, reason in obstacles:
        if stands:
            return Answer(False, reason)
    answer = by_state(standing, purpose)
    return Answer(False, Reason.REVIEW) if answer.allowed and flagged else answer


def by_state(standing: Standing, purpose: Purpose) -> Answer:
    """What the mirror's own state allows, before anything outside it is asked."""
    if standing.state in (State.WITHDRAWN, State.DENIED):
        return Answer(False, Reason.WITHDRAWN)
    if purpose.basis not in MARKETING_BASES:
        return _by_other_basis(standing, purpose)
    if standing.state is State.GRANTED:
        return Answer(True, Reason.CONSENT)
    if standing.state is State.SOFT_OPTIN:
        return _by_sale(standing, purpose)
    return Answer(False, Reason.NO_CONSENT)


def _by_sale(standing: Standing, purpose: Purpose) -> Answer:
    """Only where the purpose allows it, and sale and opt-out wording are recorded."""
    if not purpose.allows_soft_optin:
        return Answer(False, Reason.NOT_ALLOWED_FOR_PURPOSE)
    return Answer(True, Reason.SOFT_OPTIN) if standing.complete else Answer(False, Reason.INCOMPLETE_SALE)


def _by_other_basis(standing: Standing, purpose: Purpose) -> Answer:
    """Contract, legal obligation and the like: never for marketing (ePrivacy 13)."""
    if purpose.marketing or not standing.basis_recorded:
        return Answer(False, Reason.NO_BASIS)
    return Answer(True, Reason.OTHER_BASIS)
