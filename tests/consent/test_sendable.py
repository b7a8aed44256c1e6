"""May we send? Default deny; each obstacle has its name (I14)."""

from dataclasses import replace

import pytest

from connector.consent.events import Basis, Overlay, State
from connector.consent.sendable import Reason, by_state, sendable
from connector.consent.state import Standing
from mappings.words import Status
from tests.consent.make import E2, NEWSLETTER, OFFERS, SERVICE

GIVEN = Standing(purpose="newsletter", state=State.GRANTED, grade=E2, basis=Basis.CONSENT)
BOUGHT = Standing(purpose="offers", state=State.SOFT_OPTIN)
CONTRACT = Standing(purpose="service", state=State.CLAIMED, basis_recorded=True)


@pytest.mark.parametrize(
    ("obstacle", "reason"),
    [
        ({"overlay": Overlay.ERASED, "suppressed": True}, Reason.ERASED),
        ({"overlay": Overlay.RESTRICTED}, Reason.RESTRICTED),
        ({"suppressed": True}, Reason.SUPPRESSED),
        ({"flagged": True}, Reason.REVIEW),
        ({"shared_no": True}, Reason.SHARED_NO),
        ({"notice_overdue": True}, Reason.NOTICE_OVERDUE),
        ({"hubspot": Status.UNSUBSCRIBED}, Reason.OPTED_OUT),
        ({"hubspot": "UNSUBSCRIBED"}, Reason.OPTED_OUT),
        ({"hubspot": "PAUSED"}, Reason.UNKNOWN_VALUE),
        ({"hubspot": ""}, Reason.UNKNOWN_VALUE),
        ({"opted_out_of_all": True}, Reason.OPTED_OUT_OF_ALL),
    ],
)
def test_one_obstacle_is_enough(obstacle, reason):
    assert sendable(GIVEN, NEWSLETTER, **obstacle) == (False, reason)


@pytest.mark.parametrize("word", [None, Status.SUBSCRIBED, Status.NOT_SPECIFIED, "SUBSCRIBED"])
def test_a_consent_may_be_used(word):
    assert sendable(GIVEN, NEWSLETTER, hubspot=word) == (True, Reason.CONSENT)


@pytest.mark.parametrize("state", [state for state in State if state not in ("GRANTED", "SOFT_OPTIN")])
@pytest.mark.parametrize("purpose", [NEWSLETTER, OFFERS])
def test_no_other_state_may_be_mailed_for_marketing(state, purpose):
    assert not sendable(replace(GIVEN, state=state, basis_recorded=True), purpose).allowed


def test_a_soft_opt_in_needs_a_purpose_that_allows_it_and_a_whole_record():
    assert by_state(BOUGHT, OFFERS) == (True, Reason.SOFT_OPTIN)
    assert by_state(BOUGHT, replace(OFFERS, push_soft_optin=False)).allowed
    assert by_state(BOUGHT, replace(NEWSLETTER, push_soft_optin=True)).allowed
    assert by_state(BOUGHT, NEWSLETTER) == (False, Reason.NOT_ALLOWED_FOR_PURPOSE)
    assert by_state(replace(BOUGHT, complete=False), OFFERS) == (False, Reason.INCOMPLETE_SALE)


def test_another_basis_is_enough_outside_marketing_only():
    assert sendable(CONTRACT, SERVICE, opted_out_of_all=True) == (True, Reason.OTHER_BASIS)
    assert sendable(replace(CONTRACT, basis_recorded=False), SERVICE) == (False, Reason.NO_BASIS)
    assert sendable(replace(CONTRACT, state=State.WITHDRAWN), SERVICE) == (False, Reason.WITHDRAWN)
    assert sendable(CONTRACT, SERVICE, overlay=Overlay.RESTRICTED) == (False, Reason.RESTRICTED)
    assert by_state(CONTRACT, replace(SERVICE, marketing=True)) == (False, Reason.NO_BASIS)


def test_a_consent_purpose_outside_marketing_needs_the_consent():
    own = replace(SERVICE, basis=Basis.CONSENT)
    assert by_state(CONTRACT, own) == (False, Reason.NO_CONSENT)
    assert by_state(GIVEN, own).allowed
