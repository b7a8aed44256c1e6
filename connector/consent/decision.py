"""What the precedence table answers: what is logged, what is written to HubSpot, who has to look."""

from enum import StrEnum
from typing import NamedTuple

from connector.consent.events import EventType, Overlay, State


class Push(StrEnum):
    """The absolute state that HubSpot shall reach. NOT_SPECIFIED is none of them, ever."""

    NONE = "none"
    UNSUB = "unsub"
    UNSUB_ALL = "unsub_all"
    SUB = "sub"
    SUB_LEGITIMATE_INTEREST = "sub_legitimate_interest"
    UNSUB_OTHERS_THEN_SUB = "unsub_others_then_sub"  # then read back every type (row 27)

    @property
    def subscribes(self) -> bool:
        """It has to pass the resubscribe gate."""
        return self in (Push.SUB, Push.SUB_LEGITIMATE_INTEREST, Push.UNSUB_OTHERS_THEN_SUB)


class Review(StrEnum):
    """What a person is asked."""

    RESUBSCRIBE = "resubscribe"  # may this yes lift HubSpot's older no?
    RESUBSCRIBE_WIDE = "resubscribe_wide"  # the same over an opt-out of everything
    CLEARED = "cleared"  # someone cleared a confirmed status: was it a no?
    EVIDENCE = "evidence"  # a person's own act without wording: can the evidence be found?
    ERASURE = "erasure"  # a deletion from outside that is doubtful or one of many


class Discrepancy(StrEnum):
    """How the nightly report calls it."""

    ERASED_REAPPEARED = "erased_reappeared"
    RESUBSCRIBED_AGAINST_NO = "resubscribed_against_no"
    OPTOUT_NOT_CONFIRMED = "optout_not_confirmed"
    BREAKER_OPEN = "breaker_open"
    WAITING_FOR_REVIEW = "waiting_for_review"
    CLEARED_IN_HUBSPOT = "cleared_in_hubspot"
    CHANGED_WITHOUT_ACT = "changed_without_act"
    UNKNOWN_VALUE = "unknown_value"
    STATUS_WITHOUT_EVIDENCE = "status_without_evidence"
    MISSING_IN_HUBSPOT = "missing_in_hubspot"


class Decision(NamedTuple):
    """One row's answer. `row` is the reason that is stored with whatever follows from it.

    `log`: the entries to append, in order; the entries of the write itself (queued, pushed) come with it.
    `wide`: an `object` among them names `*`, else it names the purpose. `as_row`: for rows 39 and 40, the row
    that decided after the clock was put right. `leads_to`: the state that the formula gives once the entries
    are in; None where nothing was learned about it. `after_review`: what to write once a person approved.
    `intent`: this subscribe may lift a no in HubSpot. `hold`, `sends_blocked`: not sendable meanwhile,
    whatever the state. `overlay`: to be laid over the person now. `new_subject`: a new person begins here.
    """

    row: int = 0
    log: tuple[EventType, ...] = ()
    wide: bool = False
    push: Push = Push.NONE
    intent: bool = False
    needs_review: Review | None = None
    after_review: Push = Push.NONE
    hold: bool = False
    sends_blocked: bool = False
    discrepancy: Discrepancy | None = None
    incident: bool = False
    alert: bool = False
    overlay: Overlay | None = None
    new_subject: bool = False
    leads_to: State | None = None
    as_row: int | None = None

    def repeated(self) -> "Decision":
        """The same answer where this very observation has led to it before: nothing is logged twice (I4)."""
        return self._replace(log=())
