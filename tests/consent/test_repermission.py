"""Asking by mail is marketing: only those who may be mailed already are asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.consent.repermission import NOES, Ask, may_ask
from connector.consent.sendable import Answer, Reason

YES, NONE = Answer(True, Reason.CONSENT), Answer(False, Reason.NO_CONSENT)


@pytest.mark.parametrize(
    ("answer", "others", "pending", "ask", "via"),
    [
        pytest.param(NONE, {}, False, Ask.ASKING_IS_MARKETING, None, id="nothing lets us write"),
        pytest.param(NONE, {"offers": YES}, False, Ask.IN_LAWFUL_MAILING, "offers", id="in another mailing"),
        pytest.param(NONE, {"offers": NONE}, False, Ask.ASKING_IS_MARKETING, None, id="no other either"),
        pytest.param(NONE, {"offers": YES}, True, Ask.CONFIRMATION_SENT, None, id="asked once already"),
        pytest.param(
            Answer(False, Reason.WITHDRAWN), {"offers": YES}, False, Ask.SAID_NO, None, id="a no is an answer"
        ),
        pytest.param(
            Answer(False, Reason.RESTRICTED), {"offers": YES}, False, Ask.RESTRICTED, None, id="Art. 18"
        ),
    ],
)
def test_whom_one_may_ask(answer, others, pending, ask, via):
    assert may_ask(answer, others, pending=pending) == (ask, via)


ANSWERS = st.builds(Answer, st.booleans(), st.sampled_from(Reason))


@given(ANSWERS, st.dictionaries(st.sampled_from("abc"), ANSWERS), st.booleans())
def test_nobody_is_asked_who_said_no_or_may_not_be_mailed_at_all(answer, others, pending):
    found = may_ask(answer, others, pending=pending)
    if found.may:
        assert answer.reason not in NOES
        assert found.via is not None
        assert others[found.via].allowed
        assert not pending
