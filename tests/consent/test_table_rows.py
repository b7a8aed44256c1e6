"""Each row of consent-domain 4 by its number: where it applies, what is logged, what is written."""

import pytest

from connector.consent.decision import Discrepancy, Push, Review
from connector.consent.events import EventType, Grade, Overlay, State
from connector.consent.situation import Identity, Privacy, Seen, Situation, Time, Wide, Write
from connector.consent.table import ROWS, decide
from mappings.sources import SourceKind

T, R, D = EventType, Review, Discrepancy
SUB, UNSUB, SILENT = Seen.SUBSCRIBED, Seen.UNSUBSCRIBED, Seen.NOT_SPECIFIED
SUBJECT, STAFF = SourceKind.SUBJECT, SourceKind.STAFF
GRANTED, WITHDRAWN, DENIED = State.GRANTED, State.WITHDRAWN, State.DENIED
UNKNOWN, CLAIMED, PENDING = State.UNKNOWN, State.CLAIMED, State.PENDING
EXPIRED, INVALIDATED, CUSTOMER = State.EXPIRED, State.INVALIDATED, State.SOFT_OPTIN
LATER, TIE, EARLIER, UNDATED, FUTURE = Time.LATER, Time.TIE, Time.EARLIER, Time.NONE, Time.FUTURE
PORTAL = Wide.PORTAL
E1, E2, E3 = Grade.E1, Grade.E2, Grade.E3
OURS_E3 = {"state": GRANTED, "grade": E3, "by_person": True}
OURS_E2 = {"state": GRANTED, "grade": E2, "by_person": True}


def at(status=Seen.ABSENT, **columns):
    return Situation(status=status, **columns)


def row(number, situation, log=(), push=Push.NONE, **more):
    """A case: the fields that are not named have to be empty."""
    name = more.pop("id", "")
    return pytest.param(number, situation, log, push, more, id=f"row {number} {name}".strip())


def review(kind, then, **more):
    return {
        "needs_review": kind,
        "after_review": then,
        "sends_blocked": True,
        "discrepancy": D.WAITING_FOR_REVIEW,
        **more,
    }


NO_SAID = {"log": (T.WITHDRAW,), "leads_to": WITHDRAWN}
RESTORED_NO = {"push": Push.UNSUB, "discrepancy": D.RESUBSCRIBED_AGAINST_NO}
LOST = {"log": (T.OPTOUT_REASSERTED,), "discrepancy": D.CLEARED_IN_HUBSPOT}

CASES = [
    *(
        row(1, at(UNSUB, state=state), **NO_SAID, id=state)
        for state in (UNKNOWN, PENDING, CLAIMED, EXPIRED, INVALIDATED)
    ),
    row(1, at(UNSUB, time=UNDATED), **NO_SAID, id="undated"),
    row(2, at(UNSUB, **OURS_E3, time=LATER), **NO_SAID),
    row(3, at(UNSUB, **OURS_E3, time=TIE), (T.CONFLICT_TIE, T.WITHDRAW), leads_to=WITHDRAWN),
    row(4, at(UNSUB, **OURS_E3, time=UNDATED), **NO_SAID),
    row(
        5,
        at(UNSUB, **OURS_E3, time=EARLIER),
        (T.WITHDRAW, T.GRANT_RENEWED),
        Push.SUB,
        intent=True,
        leads_to=GRANTED,
    ),
    row(
        6,
        at(UNSUB, **OURS_E2, time=EARLIER),
        (T.WITHDRAW, T.REVIEW_RESUBSCRIBE),
        leads_to=GRANTED,
        **review(R.RESUBSCRIBE, Push.SUB),
    ),
    *(
        row(
            7,
            at(UNSUB, state=GRANTED, grade=grade, by_person=by_person, time=EARLIER),
            (T.CONFLICT_WEAK_GRANT, T.WITHDRAW),
            discrepancy=D.CHANGED_WITHOUT_ACT,
            leads_to=WITHDRAWN,
            id=f"{grade} {'subject' if by_person else 'staff'}",
        )
        for grade, by_person in ((E3, False), (E2, False), (E1, True), (E1, False))
    ),
    *(
        row(8, at(UNSUB, state=CUSTOMER, time=time), (T.OBJECT,), leads_to=WITHDRAWN, id=time)
        for time in (LATER, EARLIER, UNDATED)
    ),
    row(9, at(UNSUB, state=WITHDRAWN)),
    row(9, at(UNSUB, state=DENIED, time=UNDATED), id="denied"),
    row(10, at(SUB, evidence=E2), (T.GRANT,), leads_to=GRANTED),
    row(10, at(SUB, evidence=E3, state=CLAIMED, time=UNDATED), (T.GRANT,), leads_to=GRANTED, id="claimed"),
    row(11, at(SUB), (T.CLAIM,), discrepancy=D.STATUS_WITHOUT_EVIDENCE, leads_to=CLAIMED),
    row(
        11,
        at(SUB, state=CLAIMED, evidence=E1),
        discrepancy=D.STATUS_WITHOUT_EVIDENCE,
        leads_to=CLAIMED,
        id="again",
    ),
    row(
        12,
        at(SUB, state=PENDING, evidence=E2),
        (T.CLAIM,),
        discrepancy=D.STATUS_WITHOUT_EVIDENCE,
        leads_to=PENDING,
    ),
    row(13, at(SUB, **OURS_E2), leads_to=GRANTED),
    row(
        13,
        at(SUB, **OURS_E2, drift=True),
        (T.DRIFT,),
        discrepancy=D.CHANGED_WITHOUT_ACT,
        leads_to=GRANTED,
        id="drift",
    ),
    row(14, at(SUB, state=WITHDRAWN, time=EARLIER), (T.CONFLICT,), **RESTORED_NO),
    row(15, at(SUB, state=DENIED, time=TIE), (T.CONFLICT_TIE,), **RESTORED_NO),
    row(16, at(SUB, state=WITHDRAWN, time=UNDATED), (T.CONFLICT_UNDATED_GRANT,), **RESTORED_NO),
    row(
        17,
        at(SUB, state=WITHDRAWN, time=LATER, source=SUBJECT, evidence=E2),
        (T.GRANT_RENEWED, T.GRANT),
        leads_to=GRANTED,
    ),
    *(
        row(
            18,
            at(SUB, state=WITHDRAWN, time=LATER, source=source, evidence=E3),
            (T.RESUBSCRIBE_REJECTED,),
            **RESTORED_NO,
            alert=True,
            leads_to=WITHDRAWN,
            id=source,
        )
        for source in SourceKind
        if source is not SUBJECT
    ),
    row(
        18,
        at(SUB, state=DENIED, time=LATER, source=SUBJECT, evidence=E1),
        (T.RESUBSCRIBE_REJECTED,),
        **RESTORED_NO,
        alert=True,
        needs_review=R.EVIDENCE,
        leads_to=DENIED,
        id="open cell: the person, without wording",
    ),
    row(
        19,
        at(SUB, state=EXPIRED, time=LATER, source=SUBJECT, evidence=E2),
        (T.GRANT,),
        leads_to=GRANTED,
        id="renewed",
    ),
    *(
        row(
            19,
            at(SUB, **columns),
            (T.CONFLICT,),
            Push.UNSUB,
            discrepancy=D.CHANGED_WITHOUT_ACT,
            leads_to=columns["state"],
            id=f"else {number}",
        )
        for number, columns in enumerate(
            (
                {"state": INVALIDATED, "time": LATER, "source": STAFF, "evidence": E3},
                {"state": EXPIRED, "time": TIE, "source": SUBJECT, "evidence": E3},
                {"state": EXPIRED, "time": LATER, "source": SUBJECT, "evidence": E1},
                {"state": INVALIDATED, "time": UNDATED, "source": SUBJECT, "evidence": E3},
            )
        )
    ),
    row(20, at(SUB, state=CUSTOMER), leads_to=CUSTOMER),
    *(row(21, at(SILENT, state=state), id=state) for state in (UNKNOWN, CLAIMED, PENDING)),
    row(21, at(Seen.ABSENT), id="no row"),
    row(22, at(SILENT, **OURS_E2), push=Push.SUB, leads_to=GRANTED),
    row(22, at(Seen.ABSENT, **OURS_E3), push=Push.SUB, leads_to=GRANTED, id="no row"),
    row(
        22,
        at(SILENT, **OURS_E2, wide=PORTAL, marketing=False),
        (T.REVIEW_RESUBSCRIBE,),
        leads_to=GRANTED,
        needs_review=R.RESUBSCRIBE_WIDE,
        after_review=Push.UNSUB_OTHERS_THEN_SUB,
        sends_blocked=True,
        discrepancy=D.WAITING_FOR_REVIEW,
        id="no marketing, beside a no to all marketing",
    ),
    row(
        23,
        at(SILENT, **OURS_E3, confirmed=True),
        (T.REVIEW_CLEARED,),
        needs_review=R.CLEARED,
        after_review=Push.SUB,
        hold=True,
        sends_blocked=True,
        discrepancy=D.CLEARED_IN_HUBSPOT,
        leads_to=GRANTED,
    ),
    *(
        row(24, at(SILENT, state=state), push=Push.UNSUB, **LOST, id=state)
        for state in (WITHDRAWN, DENIED, EXPIRED, INVALIDATED)
    ),
    row(25, at(SILENT, state=CUSTOMER), leads_to=CUSTOMER, id="policy off"),
    row(
        25,
        at(SILENT, state=CUSTOMER, policy=True),
        push=Push.SUB_LEGITIMATE_INTEREST,
        leads_to=CUSTOMER,
        id="policy on",
    ),
    row(
        25,
        at(SILENT, state=CUSTOMER, policy=True, wide=PORTAL, marketing=False),
        leads_to=CUSTOMER,
        id="never beside an opt-out of everything",
    ),
    *(
        row(
            26,
            at(SILENT, **OURS_E3, wide=PORTAL, time=time),
            (T.OBJECT,),
            wide=True,
            leads_to=WITHDRAWN,
            id=time,
        )
        for time in (LATER, TIE, UNDATED)
    ),
    row(26, at(Seen.ABSENT, wide=PORTAL), (T.OBJECT,), wide=True, leads_to=WITHDRAWN, id="unknown"),
    row(26, at(UNSUB, wide=PORTAL), (T.OBJECT, T.WITHDRAW), wide=True, leads_to=WITHDRAWN, id="both noes"),
    row(26, at(UNSUB, state=WITHDRAWN, wide=PORTAL), (T.OBJECT,), wide=True, leads_to=WITHDRAWN, id="wider"),
    row(
        26, at(UNSUB, own=True, wide=PORTAL), (T.OBJECT,), wide=True, leads_to=WITHDRAWN, id="beside our echo"
    ),
    row(26, at(UNSUB, state=WITHDRAWN, wide=PORTAL, wide_no=True), wide=True, leads_to=WITHDRAWN, id="held"),
    row(
        26,
        at(SILENT, state=GRANTED, grade=E3, by_person=False, wide=PORTAL, time=EARLIER),
        (T.OBJECT,),
        wide=True,
        leads_to=WITHDRAWN,
        id="over a grant by staff",
    ),
    row(
        26,
        at(SILENT, **OURS_E2, wide=PORTAL, time=EARLIER),
        (T.OBJECT, T.REVIEW_RESUBSCRIBE),
        wide=True,
        leads_to=GRANTED,
        **review(R.RESUBSCRIBE_WIDE, Push.UNSUB_OTHERS_THEN_SUB),
        id="open cell: E2, earlier",
    ),
    row(
        27,
        at(SILENT, **OURS_E3, wide=PORTAL, time=EARLIER),
        (T.OBJECT, T.REVIEW_RESUBSCRIBE),
        Push.UNSUB_OTHERS_THEN_SUB,
        wide=True,
        intent=True,
        leads_to=GRANTED,
        **review(R.RESUBSCRIBE_WIDE, Push.NONE),
    ),
    row(28, at(SILENT, **OURS_E3, wide=Wide.UNIT), (T.OBJECT,), leads_to=WITHDRAWN),
    row(28, at(SUB, wide=Wide.UNMAPPED_UNIT), (T.OBJECT,), wide=True, leads_to=WITHDRAWN, id="unmapped"),
    row(28, at(UNSUB, state=DENIED, wide=Wide.UNIT), leads_to=DENIED, id="held"),
    row(
        29,
        at(SUB, state=WITHDRAWN, wide_no=True, wide_stands=True),
        (T.OPTOUT_REASSERTED,),
        Push.UNSUB_ALL,
        discrepancy=D.CLEARED_IN_HUBSPOT,
    ),
    row(
        29,
        at(UNSUB, state=EXPIRED, wide_no=True, wide_stands=True),
        (T.OPTOUT_REASSERTED, T.WITHDRAW),
        Push.UNSUB_ALL,
        discrepancy=D.CLEARED_IN_HUBSPOT,
        id="and a no beside it",
    ),
    row(30, at(SUB, **OURS_E2, wide=PORTAL), (T.OBJECT,), wide=True, leads_to=WITHDRAWN),
    row(
        30,
        at(SUB, **OURS_E3, wide=PORTAL, time=EARLIER),
        (T.OBJECT, T.REVIEW_RESUBSCRIBE),
        wide=True,
        leads_to=GRANTED,
        **review(R.RESUBSCRIBE_WIDE, Push.UNSUB_OTHERS_THEN_SUB),
        id="over a newer consent",
    ),
    row(
        31,
        at(Seen.ABSENT, **OURS_E3, identity=Identity.ABSENT),
        (T.OBSERVED_ABSENT,),
        discrepancy=D.MISSING_IN_HUBSPOT,
    ),
    row(
        31,
        at(UNSUB, **OURS_E3, identity=Identity.ABSENT),
        (T.OBSERVED_ABSENT, T.WITHDRAW),
        discrepancy=D.MISSING_IN_HUBSPOT,
        id="its address still says no",
    ),
    row(31, at(Seen.ABSENT, overlay=Overlay.ERASED, identity=Identity.ABSENT), id="erased and gone"),
    row(
        32,
        at(SUB, state=WITHDRAWN, identity=Identity.RESTORED),
        (T.OPTOUT_REASSERTED,),
        Push.UNSUB,
        leads_to=WITHDRAWN,
    ),
    row(32, at(UNSUB, state=DENIED, identity=Identity.RESTORED), leads_to=DENIED, id="already off"),
    row(
        33,
        at(SILENT, state=WITHDRAWN, identity=Identity.ADDRESS_CHANGED),
        (T.IDENTIFIER_ADDED,),
        Push.UNSUB,
        leads_to=WITHDRAWN,
    ),
    row(
        33,
        at(UNSUB, state=WITHDRAWN, identity=Identity.ADDRESS_CHANGED),
        (T.IDENTIFIER_ADDED,),
        leads_to=WITHDRAWN,
        id="already off",
    ),
    *(
        row(
            34,
            at(status, overlay=Overlay.ERASED),
            (T.ERASURE_REAPPEARED,),
            Push.UNSUB_ALL,
            sends_blocked=True,
            alert=True,
            discrepancy=D.ERASED_REAPPEARED,
            id=status,
        )
        for status in (SUB, UNSUB, SILENT, Seen.ABSENT)
    ),
    row(
        34,
        at(SUB, overlay=Overlay.ERASED, identity=Identity.ABSENT, wide=PORTAL),
        (T.ERASURE_REAPPEARED,),
        sends_blocked=True,
        alert=True,
        discrepancy=D.ERASED_REAPPEARED,
        id="everything is off already",
    ),
    row(
        35,
        at(overlay=Overlay.ERASED, signup=True),
        (T.SUPPRESSION_LIFTED, T.GRANT),
        Push.SUB,
        intent=True,
        new_subject=True,
    ),
    row(
        35,
        at(overlay=Overlay.ERASED, signup=True, wide=Wide.OWN),
        (T.SUPPRESSION_LIFTED, T.GRANT),
        Push.UNSUB_OTHERS_THEN_SUB,
        intent=True,
        new_subject=True,
        id="over our own opt-out of everything",
    ),
    row(
        36,
        at(**OURS_E3, privacy=Privacy.VERIFIED, identity=Identity.ABSENT),
        (T.ERASE_REQUESTED,),
        hold=True,
        sends_blocked=True,
        overlay=Overlay.RESTRICTED,
    ),
    row(
        37,
        at(**OURS_E3, privacy=Privacy.DOUBTFUL),
        (T.BREAKER_OPEN,),
        Push.UNSUB_ALL,
        needs_review=R.ERASURE,
        hold=True,
        sends_blocked=True,
        alert=True,
        discrepancy=D.BREAKER_OPEN,
        overlay=Overlay.RESTRICTED,
    ),
    row(
        38,
        at(UNSUB, **OURS_E3, overlay=Overlay.RESTRICTED),
        (T.OBSERVED, T.WITHDRAW),
        Push.UNSUB_ALL,
        sends_blocked=True,
    ),
    row(
        38,
        at(SUB, **OURS_E3, overlay=Overlay.RESTRICTED, wide=PORTAL),
        (T.OBSERVED, T.OBJECT),
        wide=True,
        sends_blocked=True,
        id="once",
    ),
    row(
        39,
        at(UNSUB, **OURS_E3, time=FUTURE),
        (T.CLOCK_SKEW, T.WITHDRAW),
        as_row=2,
        leads_to=WITHDRAWN,
    ),
    row(39, at(UNSUB, state=WITHDRAWN, time=FUTURE), (T.CLOCK_SKEW,), as_row=9, id="agreed"),
    row(
        39,
        at(SUB, **OURS_E3, time=FUTURE, wide=PORTAL),
        (T.CLOCK_SKEW, T.OBJECT),
        wide=True,
        as_row=30,
        leads_to=WITHDRAWN,
        id="of everything",
    ),
    row(
        40,
        at(SUB, time=FUTURE, evidence=E3, source=SUBJECT),
        (T.CLOCK_SKEW, T.CLAIM),
        as_row=11,
        discrepancy=D.STATUS_WITHOUT_EVIDENCE,
        leads_to=CLAIMED,
    ),
    row(
        40,
        at(SUB, state=WITHDRAWN, time=FUTURE, evidence=E3, source=SUBJECT),
        (T.CLOCK_SKEW, T.CONFLICT_UNDATED_GRANT),
        **RESTORED_NO,
        as_row=16,
        id="over a no",
    ),
    row(41, at(SUB, state=WITHDRAWN, time=UNDATED, no_dated=False), (T.CONFLICT,), **RESTORED_NO),
    row(42, at(UNSUB, state=WITHDRAWN, write=Write.ECHO), (T.PUSH_CONFIRMED,)),
    row(42, at(SUB, **OURS_E3, write=Write.ECHO), (T.PUSH_CONFIRMED,), id="of a subscribe"),
    row(42, at(UNSUB, state=EXPIRED, own=True), id="an older one that stands"),
    row(
        42,
        at(SUB, state=WITHDRAWN, write=Write.ECHO),
        (T.PUSH_CONFIRMED,),
        Push.UNSUB,
        id="of a subscribe, a no came since",
    ),
    row(42, at(UNSUB, **OURS_E2, own=True, time=LATER), (), Push.SUB, intent=True, id="no no but ours"),
    row(
        42,
        at(UNSUB, **OURS_E3, own=True, has_no=True, time=LATER),
        (),
        Push.SUB,
        intent=True,
        id="a no lifted by E3",
    ),
    row(
        42,
        at(UNSUB, **OURS_E2, own=True, has_no=True, time=LATER),
        (T.REVIEW_RESUBSCRIBE,),
        **review(R.RESUBSCRIBE, Push.SUB),
        id="a no lifted by E2",
    ),
    row(
        42,
        at(SILENT, **OURS_E3, wide=Wide.OWN),
        (),
        Push.UNSUB_OTHERS_THEN_SUB,
        intent=True,
        id="our own opt-out of everything",
    ),
    row(
        42,
        at(UNSUB, **OURS_E3, write=Write.ECHO, wide=PORTAL),
        (T.PUSH_CONFIRMED, T.OBJECT),
        wide=True,
        id="beside the person's no to everything",
    ),
    row(
        43,
        at(SUB, **OURS_E3, write=Write.OVERWROTE),
        (T.INCIDENT_OVERWROTE_OPTOUT, T.WITHDRAW),
        Push.UNSUB,
        incident=True,
        alert=True,
        discrepancy=D.RESUBSCRIBED_AGAINST_NO,
        leads_to=WITHDRAWN,
    ),
    row(
        43,
        at(SUB, write=Write.OVERWROTE, overlay=Overlay.ERASED),
        (T.INCIDENT_OVERWROTE_OPTOUT,),
        Push.UNSUB,
        incident=True,
        alert=True,
        discrepancy=D.RESUBSCRIBED_AGAINST_NO,
        id="of someone erased: no row is made",
    ),
    row(
        44,
        at(SUB, state=WITHDRAWN, write=Write.FAILED),
        (T.PUSH_FAILED,),
        discrepancy=D.OPTOUT_NOT_CONFIRMED,
    ),
    row(44, at(SILENT, **OURS_E3, write=Write.FAILED), (T.PUSH_FAILED,), id="a yes"),
    row(
        45,
        at(Seen.UNKNOWN_VALUE, **OURS_E3),
        (T.DRIFT,),
        sends_blocked=True,
        discrepancy=D.UNKNOWN_VALUE,
    ),
    row(
        45,
        at(SUB, **OURS_E3, wide=Wide.UNKNOWN_VALUE),
        (T.DRIFT,),
        sends_blocked=True,
        discrepancy=D.UNKNOWN_VALUE,
        id="wide",
    ),
]


@pytest.mark.parametrize(("number", "situation", "log", "push", "more"), CASES)
def test_the_row_decides(number, situation, log, push, more):
    decision = decide(situation)
    said = {name: value for name, value in decision._asdict().items() if name not in ("row", "log", "push")}
    empty = type(decision)()._asdict()
    assert (decision.row, decision.log, decision.push) == (number, log, push)
    assert said == {name: more.get(name, empty[name]) for name in said}


def test_every_row_has_its_cases():
    assert {case.values[0] for case in CASES} == set(range(1, 46))
    assert [each.number for each in ROWS] == [
        *(45, 44, 43, 42, 34, 35, 36, 37, 38, 39, 40, 28, 30, 27, 26, 29, 31, 32, 33, 41),
        *range(1, 26),
    ]


def test_a_repeat_is_the_same_answer_without_entries():
    decision = decide(at(SUB))
    assert decision.repeated() == decision._replace(log=())
