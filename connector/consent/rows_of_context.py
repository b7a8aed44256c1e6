"""Rows 26-45 in the order in which the table tries them: what overrules the plain comparison of status.

Broken or own writes, erased and restricted people, broken clocks, opt-outs of everything, contacts that
went or came back. A no that HubSpot shows beside any of these is recorded with it: none is lost.
"""

from typing import Final

from connector.consent.decision import Decision, Discrepancy, Push, Review
from connector.consent.events import EventType, Grade, Overlay, State
from connector.consent.row import Row
from connector.consent.rows_of_status import ENDED, NO, SAID_YES, SILENT, subscribe
from connector.consent.situation import Identity, Privacy, Seen, Situation, Time, Wide, Write

UNSUBSCRIBED, SUBSCRIBED = Seen.UNSUBSCRIBED, Seen.SUBSCRIBED
ERASED, RESTRICTED = Overlay.ERASED, Overlay.RESTRICTED
GRANTED, WITHDRAWN = State.GRANTED, State.WITHDRAWN
EVERYTHING_OFF: Final = (Wide.PORTAL, Wide.OWN)


def noes_seen(situation: Situation) -> tuple[EventType, ...]:
    """The noes that HubSpot shows and the mirror does not hold; never for an erased person."""
    if situation.overlay is ERASED:
        return ()
    return _wide_no(situation) + _single_no(situation)


def _wide_no(situation: Situation) -> tuple[EventType, ...]:
    if not situation.covered:
        return ()
    held = situation.state in NO and (situation.wide is Wide.UNIT or situation.wide_no)
    return () if held else (EventType.OBJECT,)


def _single_no(situation: Situation) -> tuple[EventType, ...]:
    is_ours = situation.own or situation.write is Write.ECHO
    if situation.status is not UNSUBSCRIBED or is_ours or situation.state in NO:
        return ()
    return (EventType.WITHDRAW,)


def all_off(situation: Situation) -> Push:
    """UNSUB-ALL, once: nothing is repeated where HubSpot already holds it."""
    return Push.NONE if situation.wide in EVERYTHING_OFF else Push.UNSUB_ALL


def _is_everything(situation: Situation) -> bool:
    """An `object` for a wide opt-out names `*`, but for the opt-out of one known business unit."""
    return situation.covered and situation.wide is not Wide.UNIT


# --- our own writes: 45, 44, 43, 42 ---------------------------------------------------------------------


def _failed(situation: Situation) -> Decision:
    """Row 44: the outbox repeats it, a no for ever; an unconfirmed withdrawal is not handled."""
    unconfirmed = situation.state in (*NO, *ENDED)
    return Decision(
        log=(EventType.PUSH_FAILED,),
        discrepancy=Discrepancy.OPTOUT_NOT_CONFIRMED if unconfirmed else None,
    )


def _overwrote(situation: Situation) -> Decision:
    """Row 43: the no lies somewhere between our read and our write; it counts, dated in that window."""
    no = () if situation.overlay is ERASED else (EventType.WITHDRAW,)
    return Decision(
        log=(EventType.INCIDENT_OVERWROTE_OPTOUT, *no),
        push=Push.UNSUB,
        incident=True,
        alert=True,
        discrepancy=Discrepancy.RESUBSCRIBED_AGAINST_NO,
        leads_to=WITHDRAWN if no else None,
    )


def _is_echo(situation: Situation) -> bool:
    """Matched with a write just now, or an older write of ours that still stands in HubSpot."""
    if situation.write is Write.ECHO:
        return True
    return _is_ordinary(situation) and _own_no_stands(situation)


def _is_ordinary(situation: Situation) -> bool:
    """A person with a contact record, neither erased nor restricted, whom nobody deletes just now."""
    return (
        situation.overlay is None
        and situation.privacy is Privacy.NONE
        and situation.identity is not Identity.ABSENT
    )


def _own_no_stands(situation: Situation) -> bool:
    if situation.covered:
        return False
    if situation.status is UNSUBSCRIBED:
        return situation.own
    return situation.wide is Wide.OWN and situation.state is GRANTED and situation.status in SILENT


def _echo(situation: Situation) -> Decision:
    """Row 42: not evidence of anything. What it leaves in HubSpot may still contradict the mirror."""
    confirmed = (EventType.PUSH_CONFIRMED,) if situation.write is Write.ECHO else ()
    seen = Decision(log=(*confirmed, *noes_seen(situation)), wide=_is_everything(situation))
    if situation.status is SUBSCRIBED and situation.state in (*NO, *ENDED):
        return seen._replace(push=Push.UNSUB)
    if situation.covered or not _is_ordinary(situation):
        return seen
    if situation.state is GRANTED and _own_no_stands(situation._replace(own=True)):
        return _restored(situation, seen)
    return seen


def _restored(situation: Situation, seen: Decision) -> Decision:
    """The no in HubSpot is only ours and the consent came after it: the resubscribe intent of the gate.

    Where the person once said no, it takes what rows 5 and 6 ask for.
    """
    if situation.grade < Grade.E2:
        return seen
    if not situation.has_no or (situation.grade >= Grade.E3 and situation.by_person):
        return seen._replace(push=subscribe(situation), intent=True)
    return seen._replace(
        log=(*seen.log, EventType.REVIEW_RESUBSCRIBE),
        needs_review=Review.RESUBSCRIBE,
        after_review=subscribe(situation),
        sends_blocked=True,
        discrepancy=Discrepancy.WAITING_FOR_REVIEW,
    )


# --- the person: 34-35, 36-37, 38 -----------------------------------------------------------------------


def _reappears(situation: Situation) -> bool:
    """Row 34. A contact that stays away without any yes to its address has not reappeared."""
    away = situation.identity is Identity.ABSENT and situation.status is not SUBSCRIBED
    return situation.overlay is ERASED and not situation.signup and not away


def _reappeared(situation: Situation) -> Decision:
    return Decision(
        log=(EventType.ERASURE_REAPPEARED,),
        push=all_off(situation),
        sends_blocked=True,
        alert=True,
        discrepancy=Discrepancy.ERASED_REAPPEARED,
    )


def _signed_up_again(situation: Situation) -> Decision:
    """Row 35: a new person for us; the old one stays erased."""
    return Decision(
        log=(EventType.SUPPRESSION_LIFTED, EventType.GRANT),
        push=subscribe(situation),
        intent=True,
        new_subject=True,
    )


def _doubtful_deletion(situation: Situation) -> Decision:
    return Decision(
        log=(EventType.BREAKER_OPEN, *noes_seen(situation)),
        wide=_is_everything(situation),
        push=all_off(situation),
        needs_review=Review.ERASURE,
        hold=True,
        sends_blocked=True,
        alert=True,
        discrepancy=Discrepancy.BREAKER_OPEN,
        overlay=RESTRICTED,
    )


def _deletion(situation: Situation) -> Decision:
    """Row 36: stopped at once, destroyed slowly by the erasure job."""
    return Decision(
        log=(EventType.ERASE_REQUESTED, *noes_seen(situation)),
        wide=_is_everything(situation),
        hold=True,
        sends_blocked=True,
        overlay=RESTRICTED,
    )


def _restricted(situation: Situation) -> Decision:
    return Decision(
        log=(EventType.OBSERVED, *noes_seen(situation)),
        wide=_is_everything(situation),
        push=all_off(situation),
        sends_blocked=True,
    )


# --- opt-outs of everything: 28, 30, 27, 26, 29 ---------------------------------------------------------


def _covered(situation: Situation) -> bool:
    return situation.covered and situation.overlay is not ERASED


def _objected(situation: Situation) -> Decision:
    """Row 26, and 28 and 30 as it. A newer proved yes of the person waits for a human look (open cell)."""
    log = noes_seen(situation)
    decision = Decision(
        log=log,
        wide=_is_everything(situation),
        leads_to=WITHDRAWN if log else situation.state,
    )
    return _held_for_review(situation, decision) if situation.newer_yes else decision


def _held_for_review(situation: Situation, decision: Decision) -> Decision:
    return decision._replace(
        log=(*decision.log, EventType.REVIEW_RESUBSCRIBE),
        needs_review=Review.RESUBSCRIBE_WIDE,
        after_review=subscribe(situation),
        sends_blocked=True,
        discrepancy=Discrepancy.WAITING_FOR_REVIEW,
        leads_to=GRANTED,
    )


def _granted_after_all(situation: Situation) -> Decision:
    """Row 27: every other type off first, then this one, and a person looks at what HubSpot made of it."""
    return Decision(
        log=(*noes_seen(situation), EventType.REVIEW_RESUBSCRIBE),
        wide=_is_everything(situation),
        push=Push.UNSUB_OTHERS_THEN_SUB,
        intent=True,
        needs_review=Review.RESUBSCRIBE_WIDE,
        sends_blocked=True,
        discrepancy=Discrepancy.WAITING_FOR_REVIEW,
        leads_to=GRANTED,
    )


def _lost_everything(situation: Situation) -> bool:
    """Row 29. For a contact that is gone nothing is established (row 31)."""
    return (
        situation.wide_stands
        and situation.wide is Wide.NONE
        and situation.marketing
        and situation.identity is not Identity.ABSENT
    )


def _reasserted(situation: Situation) -> Decision:
    return Decision(
        log=(EventType.OPTOUT_REASSERTED, *noes_seen(situation)),
        push=Push.UNSUB_ALL,
        discrepancy=Discrepancy.CLEARED_IN_HUBSPOT,
    )


# --- the contact: 31-33 ---------------------------------------------------------------------------------


def _absent(situation: Situation) -> Decision:
    """Row 31: nobody's act; only a no that HubSpot still holds for the address is recorded."""
    if situation.overlay is ERASED:
        return Decision()
    return Decision(
        log=(EventType.OBSERVED_ABSENT, *noes_seen(situation)),
        discrepancy=Discrepancy.MISSING_IN_HUBSPOT,
    )


def _followed(situation: Situation) -> Decision:
    """Row 32: the no goes where the person goes."""
    if situation.status is UNSUBSCRIBED:
        return Decision(leads_to=situation.state)
    return Decision(log=(EventType.OPTOUT_REASSERTED,), push=Push.UNSUB, leads_to=situation.state)


def _moved(situation: Situation) -> Decision:
    """Row 33."""
    push = Push.NONE if situation.status is UNSUBSCRIBED else Push.UNSUB
    return Decision(log=(EventType.IDENTIFIER_ADDED,), push=push, leads_to=situation.state)


ROWS: Final = (
    Row(
        45,
        None,
        lambda s: s.status is Seen.UNKNOWN_VALUE or s.wide is Wide.UNKNOWN_VALUE,
        Decision(log=(EventType.DRIFT,), sends_blocked=True, discrepancy=Discrepancy.UNKNOWN_VALUE),
    ),
    Row(44, None, lambda s: s.write is Write.FAILED, _failed),
    Row(43, None, lambda s: s.write is Write.OVERWROTE, _overwrote),
    Row(42, None, _is_echo, _echo),
    Row(34, None, _reappears, _reappeared),
    Row(35, None, lambda s: s.overlay is ERASED and s.signup, _signed_up_again),
    Row(36, None, lambda s: s.privacy is Privacy.VERIFIED and s.overlay is not ERASED, _deletion),
    Row(37, None, lambda s: s.privacy is Privacy.DOUBTFUL and s.overlay is not ERASED, _doubtful_deletion),
    Row(38, None, lambda s: s.overlay is RESTRICTED, _restricted),
    Row(
        39,
        None,
        lambda s: (
            s.time is Time.FUTURE and s.overlay is not ERASED and (s.status is UNSUBSCRIBED or s.covered)
        ),
        Decision(),
        restated=lambda s: s._replace(time=Time.LATER),
    ),
    Row(
        40,
        SAID_YES,
        lambda s: s.time is Time.FUTURE,
        Decision(),
        restated=lambda s: s._replace(time=Time.NONE, evidence=Grade.E0),
    ),
    Row(28, None, lambda s: _covered(s) and s.wide in (Wide.UNIT, Wide.UNMAPPED_UNIT), _objected),
    Row(30, SAID_YES, _covered, _objected),
    Row(
        27,
        None,
        lambda s: _covered(s) and s.newer_yes and s.grade >= Grade.E3,
        _granted_after_all,
    ),
    Row(26, None, _covered, _objected),
    Row(29, None, _lost_everything, _reasserted),
    Row(31, None, lambda s: s.identity is Identity.ABSENT, _absent),
    Row(32, None, lambda s: s.identity is Identity.RESTORED and s.state in NO, _followed),
    Row(33, None, lambda s: s.identity is Identity.ADDRESS_CHANGED and s.state in NO, _moved),
)
