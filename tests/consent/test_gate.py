"""The resubscribe gate: everything has to be right at once, each obstacle has its name."""

from dataclasses import replace

import pytest

from connector.consent.decision import Push
from connector.consent.events import Basis, Overlay, State
from connector.consent.gate import FRESH_MS, Asked, Refusal, is_fresh, may_subscribe
from connector.consent.situation import Seen, Wide
from connector.consent.state import Standing
from mappings.words import LegalBasis
from tests.consent.make import E1, E2, NEWSLETTER, OFFERS, SERVICE

NOW = 1_795_600_000_000  # 2026-11-25
GIVEN = Standing(
    purpose="newsletter",
    state=State.GRANTED,
    since=NOW - 86_400_000,
    event="0199",
    grade=E2,
    basis=Basis.CONSENT,
    wording="a1b2c3d4e5f6",
)
BOUGHT = replace(GIVEN, purpose="offers", state=State.SOFT_OPTIN, basis=Basis.SOFT_OPTIN)
RIGHT = Asked(
    push=Push.SUB,
    purpose=NEWSLETTER,
    standing=GIVEN,
    now=NOW,
    status=Seen.NOT_SPECIFIED,
    status_read_at=NOW - 1,
    wide=Wide.NONE,
    wide_read_at=NOW - 1,
)
CUSTOMER = replace(RIGHT, push=Push.SUB_LEGITIMATE_INTEREST, purpose=OFFERS, standing=BOUGHT)


def given(**changes):
    return {"standing": replace(GIVEN, **changes)}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"push": Push.UNSUB}, Refusal.NOT_A_SUBSCRIBE),
        ({"push": Push.NONE}, Refusal.NOT_A_SUBSCRIBE),
        ({"overlay": Overlay.RESTRICTED}, Refusal.OVERLAY),
        ({"overlay": Overlay.ERASED}, Refusal.OVERLAY),
        ({"suppressed": True}, Refusal.SUPPRESSED),
        ({"shared_no": True}, Refusal.SHARED_NO),
        ({"flagged": True}, Refusal.REVIEW),
        *((given(state=state), Refusal.STATE) for state in State if state not in ("GRANTED", "SOFT_OPTIN")),
        ({"push": Push.SUB_LEGITIMATE_INTEREST}, Refusal.STATE),
        (given(grade=E1), Refusal.GRADE),
        (given(wording=None), Refusal.NO_EVIDENCE),
        (given(event=""), Refusal.NO_EVIDENCE),
        ({"status_read_at": None}, Refusal.NO_READ),
        ({"wide_read_at": None}, Refusal.NO_READ),
        ({"status_read_at": NOW - FRESH_MS}, Refusal.NO_READ),
        ({"wide_read_at": NOW + 1}, Refusal.NO_READ),
        ({"status": Seen.UNKNOWN_VALUE}, Refusal.UNKNOWN_VALUE),
        ({"wide": Wide.UNKNOWN_VALUE}, Refusal.UNKNOWN_VALUE),
        ({"status": Seen.UNSUBSCRIBED}, Refusal.NO_INTENT),
        ({"wide": Wide.PORTAL}, Refusal.NO_INTENT),
        ({"wide": Wide.OWN, "push": Push.UNSUB_OTHERS_THEN_SUB}, Refusal.NO_INTENT),
        ({"wide": Wide.PORTAL, "intent": True}, Refusal.OTHERS_FIRST),
        (given(basis=Basis.LEGITIMATE_INTEREST), Refusal.BASIS),
        (given(basis=Basis.CONTRACT), Refusal.BASIS),
        (given(basis=Basis.NONE), Refusal.BASIS),
        ({"breaker_closed": False}, Refusal.BREAKER),
        ({"clocks_agree": False}, Refusal.CLOCK),
    ],
)
def test_one_thing_wrong_is_enough(change, refusal):
    answer = may_subscribe(replace(RIGHT, **change))
    assert (answer.allowed, answer.refusal) == (False, refusal)
    assert answer.basis is None


def test_a_consent_is_written_with_its_proof_and_without_the_person():
    answer = may_subscribe(RIGHT)
    assert answer.allowed
    assert answer.basis is LegalBasis.CONSENT_WITH_NOTICE
    assert answer.explanation == "evt:0199 w:a1b2c3d4 at:2026-11-24"


@pytest.mark.parametrize(
    "change",
    [
        {"status": Seen.UNSUBSCRIBED, "intent": True},
        {"status": Seen.SUBSCRIBED},
        {"status": Seen.ABSENT},
        {"wide": Wide.PORTAL, "intent": True, "push": Push.UNSUB_OTHERS_THEN_SUB},
        {"status_read_at": NOW - FRESH_MS + 1, "wide_read_at": NOW},
    ],
)
def test_an_intent_lifts_what_stands_in_hubspot(change):
    assert may_subscribe(replace(RIGHT, **change)).allowed


def test_a_soft_opt_in_has_its_own_basis_and_policy():
    assert may_subscribe(CUSTOMER).basis is LegalBasis.LEGITIMATE_INTEREST_CLIENT
    off = replace(OFFERS, push_soft_optin=False)
    assert may_subscribe(replace(CUSTOMER, purpose=off)).refusal is Refusal.STATE
    incomplete = replace(BOUGHT, complete=False)
    assert may_subscribe(replace(CUSTOMER, standing=incomplete)).refusal is Refusal.STATE
    assert may_subscribe(replace(CUSTOMER, push=Push.SUB)).refusal is Refusal.STATE


def test_outside_marketing_the_purposes_own_basis_is_written():
    contract = replace(GIVEN, purpose="service", basis=Basis.CONTRACT, basis_recorded=True)
    asked = replace(RIGHT, purpose=SERVICE, standing=contract)
    assert may_subscribe(asked).basis is LegalBasis.PERFORMANCE_OF_CONTRACT
    unrecorded = replace(contract, basis_recorded=False)
    assert may_subscribe(replace(asked, standing=unrecorded)).refusal is Refusal.STATE
    interest = replace(SERVICE, basis=Basis.LEGITIMATE_INTEREST)
    weighed = replace(asked, purpose=interest, standing=replace(contract, basis=Basis.LEGITIMATE_INTEREST))
    assert may_subscribe(weighed).refusal is Refusal.BASIS
    assert may_subscribe(replace(weighed, balancing_test=True)).basis is LegalBasis.LEGITIMATE_INTEREST_OTHER


@pytest.mark.parametrize(
    ("age", "fresh"), [(0, True), (9_999, True), (10_000, False), (-1, False), (None, False)]
)
def test_a_read_is_fresh_for_ten_seconds(age, fresh):
    assert is_fresh(None if age is None else NOW - age, NOW) is fresh
