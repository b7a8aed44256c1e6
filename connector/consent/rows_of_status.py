"""Rows 41 and 1-25: HubSpot's word for one type beside the mirror's state, by time.

They are tried last, so that an echo, an overlay, a broken clock, an opt-out of everything and a contact
that went or came back have been dealt with.
"""

from collections.abc import Callable
from typing import Final

from connector.consent.decision import Decision, Discrepancy, Push, Review
from connector.consent.events import EventType, Grade, State
from connector.consent.row import Row
from connector.consent.situation import Seen, Situation, Time, Wide
from mappings.sources import SourceKind

GRANTED, SOFT_OPTIN, PENDING = State.GRANTED, State.SOFT_OPTIN, State.PENDING
WITHDRAWN = State.WITHDRAWN
LATER, TIE, EARLIER, UNDATED = Time.LATER, Time.TIE, Time.EARLIER, Time.NONE
E2, E3 = Grade.E2, Grade.E3

SAID_YES: Final = (Seen.SUBSCRIBED,)
SAID_NO: Final = (Seen.UNSUBSCRIBED,)
SILENT: Final = (Seen.NOT_SPECIFIED, Seen.ABSENT)
UNANSWERED: Final = (State.UNKNOWN, State.CLAIMED)
NO: Final = (State.WITHDRAWN, State.DENIED)
ENDED: Final = (State.EXPIRED, State.INVALIDATED)
NOT_GIVEN: Final = (*UNANSWERED, *ENDED, PENDING)

NOTHING: Final = Decision()


def subscribe(situation: Situation) -> Push:
    """SUB, or with an opt-out of everything beside it: every other type off first (row 27)."""
    return Push.SUB if situation.wide is Wide.NONE else Push.UNSUB_OTHERS_THEN_SUB


def is_proved_change_of_mind(situation: Situation) -> bool:
    """Clearly later, by a source that means the person, with wording and time (rows 17 and 19)."""
    return situation.time is LATER and situation.source is SourceKind.SUBJECT and situation.evidence >= E2


def _renewed(situation: Situation) -> Decision:
    """Row 5. The older no is recorded too: it stands should this consent ever fall."""
    return Decision(
        log=(EventType.WITHDRAW, EventType.GRANT_RENEWED),
        push=subscribe(situation),
        intent=True,
        leads_to=GRANTED,
    )


def _renewed_after_review(situation: Situation) -> Decision:
    """Row 6."""
    return Decision(
        log=(EventType.WITHDRAW, EventType.REVIEW_RESUBSCRIBE),
        needs_review=Review.RESUBSCRIBE,
        after_review=subscribe(situation),
        sends_blocked=True,
        discrepancy=Discrepancy.WAITING_FOR_REVIEW,
        leads_to=GRANTED,
    )


def _claimed(situation: Situation) -> Decision:
    """Row 11: claimed again without new evidence is nothing new."""
    known = situation.state is State.CLAIMED
    return Decision(
        log=() if known else (EventType.CLAIM,),
        discrepancy=Discrepancy.STATUS_WITHOUT_EVIDENCE,
        leads_to=State.CLAIMED,
    )


def _agreed(situation: Situation) -> Decision:
    """Row 13."""
    if not situation.drift:
        return Decision(leads_to=GRANTED)
    return Decision(log=(EventType.DRIFT,), discrepancy=Discrepancy.CHANGED_WITHOUT_ACT, leads_to=GRANTED)


def _rejected(situation: Situation) -> Decision:
    """Row 18; the open cell: by a subject source without wording, a person may find the evidence."""
    by_subject = situation.source is SourceKind.SUBJECT
    return Decision(
        log=(EventType.RESUBSCRIBE_REJECTED,),
        push=Push.UNSUB,
        needs_review=Review.EVIDENCE if by_subject else None,
        alert=True,
        discrepancy=Discrepancy.RESUBSCRIBED_AGAINST_NO,
        leads_to=situation.state,
    )


def _ended(situation: Situation) -> Decision:
    """Row 19."""
    if is_proved_change_of_mind(situation):
        return Decision(log=(EventType.GRANT,), leads_to=GRANTED)
    return Decision(
        log=(EventType.CONFLICT,),
        push=Push.UNSUB,
        discrepancy=Discrepancy.CHANGED_WITHOUT_ACT,
        leads_to=situation.state,
    )


def _passed_on(situation: Situation) -> Decision:
    """Row 22; beside an opt-out of everything that is no no to this purpose, a person looks first."""
    if situation.wide is Wide.NONE:
        return Decision(push=Push.SUB, leads_to=GRANTED)
    return Decision(
        log=(EventType.REVIEW_RESUBSCRIBE,),
        needs_review=Review.RESUBSCRIBE_WIDE,
        after_review=Push.UNSUB_OTHERS_THEN_SUB,
        sends_blocked=True,
        discrepancy=Discrepancy.WAITING_FOR_REVIEW,
        leads_to=GRANTED,
    )


def _customer(situation: Situation) -> Decision:
    """Row 25."""
    push = situation.policy and situation.wide is Wide.NONE
    return Decision(push=Push.SUB_LEGITIMATE_INTEREST if push else Push.NONE, leads_to=SOFT_OPTIN)


def _corrected(entry: EventType) -> Decision:
    """HubSpot's yes does not stand against the mirror's no."""
    return Decision(log=(entry,), push=Push.UNSUB, discrepancy=Discrepancy.RESUBSCRIBED_AGAINST_NO)


def _in(*states: State) -> Callable[[Situation], bool]:
    return lambda situation: situation.state in states


def _over_grant(*times: Time) -> Callable[[Situation], bool]:
    return lambda situation: situation.state is GRANTED and situation.time in times


def _over_no(*times: Time) -> Callable[[Situation], bool]:
    return lambda situation: situation.state in NO and situation.time in times


def _row_7(situation: Situation) -> bool:
    weak = situation.grade < E2 or not situation.by_person
    return situation.state is GRANTED and situation.time is EARLIER and weak


ROWS: Final = (
    Row(
        41,
        SAID_YES,
        lambda s: s.state in NO and s.time is UNDATED and not s.no_dated,
        _corrected(EventType.CONFLICT),
    ),
    Row(1, SAID_NO, _in(*NOT_GIVEN), Decision(log=(EventType.WITHDRAW,), leads_to=WITHDRAWN)),
    Row(2, SAID_NO, _over_grant(LATER), Decision(log=(EventType.WITHDRAW,), leads_to=WITHDRAWN)),
    Row(
        3,
        SAID_NO,
        _over_grant(TIE),
        Decision(log=(EventType.CONFLICT_TIE, EventType.WITHDRAW), leads_to=WITHDRAWN),
    ),
    Row(4, SAID_NO, _over_grant(UNDATED), Decision(log=(EventType.WITHDRAW,), leads_to=WITHDRAWN)),
    Row(5, SAID_NO, lambda s: s.newer_yes and s.grade is E3, _renewed),
    Row(6, SAID_NO, lambda s: s.newer_yes and s.grade is E2, _renewed_after_review),
    Row(
        7,
        SAID_NO,
        _row_7,
        Decision(
            log=(EventType.CONFLICT_WEAK_GRANT, EventType.WITHDRAW),
            discrepancy=Discrepancy.CHANGED_WITHOUT_ACT,
            leads_to=WITHDRAWN,
        ),
    ),
    Row(8, SAID_NO, _in(SOFT_OPTIN), Decision(log=(EventType.OBJECT,), leads_to=WITHDRAWN)),
    Row(9, SAID_NO, _in(*NO), NOTHING),
    Row(
        10,
        SAID_YES,
        lambda s: s.state in UNANSWERED and s.evidence >= E2,
        Decision(log=(EventType.GRANT,), leads_to=GRANTED),
    ),
    Row(11, SAID_YES, lambda s: s.state in UNANSWERED and s.evidence < E2, _claimed),
    Row(
        12,
        SAID_YES,
        _in(PENDING),
        Decision(log=(EventType.CLAIM,), discrepancy=Discrepancy.STATUS_WITHOUT_EVIDENCE, leads_to=PENDING),
    ),
    Row(13, SAID_YES, _in(GRANTED), _agreed),
    Row(14, SAID_YES, _over_no(EARLIER), _corrected(EventType.CONFLICT)),
    Row(15, SAID_YES, _over_no(TIE), _corrected(EventType.CONFLICT_TIE)),
    Row(
        16,
        SAID_YES,
        lambda s: s.state in NO and s.time is UNDATED and s.no_dated,
        _corrected(EventType.CONFLICT_UNDATED_GRANT),
    ),
    Row(
        17,
        SAID_YES,
        lambda s: s.state in NO and is_proved_change_of_mind(s),
        Decision(log=(EventType.GRANT_RENEWED, EventType.GRANT), leads_to=GRANTED),
    ),
    Row(
        18,
        SAID_YES,
        lambda s: s.state in NO and s.time is LATER and not is_proved_change_of_mind(s),
        _rejected,
    ),
    Row(19, SAID_YES, _in(*ENDED), _ended),
    Row(20, SAID_YES, _in(SOFT_OPTIN), Decision(leads_to=SOFT_OPTIN)),
    Row(21, SILENT, _in(*UNANSWERED, PENDING), NOTHING),
    Row(22, SILENT, lambda s: s.state is GRANTED and not s.confirmed, _passed_on),
    Row(
        23,
        SILENT,
        lambda s: s.state is GRANTED and s.confirmed,
        Decision(
            log=(EventType.REVIEW_CLEARED,),
            needs_review=Review.CLEARED,
            after_review=Push.SUB,
            hold=True,
            sends_blocked=True,
            discrepancy=Discrepancy.CLEARED_IN_HUBSPOT,
            leads_to=GRANTED,
        ),
    ),
    Row(
        24,
        SILENT,
        _in(*NO, *ENDED),
        Decision(
            log=(EventType.OPTOUT_REASSERTED,),
            push=Push.UNSUB,
            discrepancy=Discrepancy.CLEARED_IN_HUBSPOT,
        ),
    ),
    Row(25, SILENT, _in(SOFT_OPTIN), _customer),
)
