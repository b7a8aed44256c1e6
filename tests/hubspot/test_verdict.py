"""What an answer means: the table of HA 4 and HQ 40-44."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.hubspot.answers import Answer, scopes
from connector.hubspot.verdict import Ending, Verdict, judge
from tests.hubspot.helpers import problem, rate_limited


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, b"" if body is None else json.dumps(body).encode())


HTML = Answer(404, {}, b"<html>Not here</html>")


@pytest.mark.parametrize(
    ("given_answer", "verdict"),
    [
        pytest.param(answer(200, {}), Verdict(Ending.DONE), id="200"),
        pytest.param(answer(204), Verdict(Ending.DONE), id="204"),
        pytest.param(answer(207, {}), Verdict(Ending.DONE), id="207 is read, not refused"),
        pytest.param(answer(302, Location="https://evil.example"), Verdict(Ending.ELSEWHERE), id="302"),
        pytest.param(answer(400, problem("VALIDATION_ERROR")), Verdict(Ending.REJECTED), id="400"),
        pytest.param(answer(401, problem("INVALID")), Verdict(Ending.TOKEN), id="401"),
        pytest.param(answer(530), Verdict(Ending.TOKEN), id="530: a token of the wrong shape"),
        pytest.param(answer(403, problem("MISSING_SCOPES")), Verdict(Ending.FORBIDDEN), id="403"),
        pytest.param(Answer(403, {}, b"<html>"), Verdict(Ending.UNKNOWN), id="403 of somebody on the way"),
        pytest.param(answer(404, problem("OBJECT_NOT_FOUND")), Verdict(Ending.MISSING), id="404"),
        pytest.param(
            answer(404, X_HubSpot_Correlation_Id="a-1"), Verdict(Ending.MISSING), id="404 with HubSpot's mark"
        ),
        pytest.param(HTML, Verdict(Ending.UNKNOWN), id="404 of somebody on the way is no fact"),
        pytest.param(answer(408), Verdict(Ending.UNKNOWN), id="408"),
        pytest.param(answer(409, problem("CONFLICT")), Verdict(Ending.REJECTED), id="409"),
        pytest.param(Answer(414, {}, b"<html>"), Verdict(Ending.REJECTED), id="414 of the edge"),
        pytest.param(Answer(413, {}, b"<html>"), Verdict(Ending.REJECTED), id="413 of the edge"),
        pytest.param(answer(423, problem("LOCKED")), Verdict(Ending.NOT_APPLIED, 2.0), id="423"),
        pytest.param(
            answer(423, problem("LOCKED"), Retry_After="1"), Verdict(Ending.NOT_APPLIED, 2.0), id="423: two s"
        ),
        pytest.param(answer(429, rate_limited()), Verdict(Ending.NOT_APPLIED, 10.0), id="429: one window"),
        pytest.param(
            answer(429, rate_limited("SECONDLY")), Verdict(Ending.NOT_APPLIED, 1.0), id="429 of a second"
        ),
        pytest.param(
            answer(429, rate_limited(), Retry_After="3"), Verdict(Ending.NOT_APPLIED, 3.0), id="429 says 3"
        ),
        pytest.param(
            answer(429, rate_limited(), Retry_After="10000"),
            Verdict(Ending.NOT_APPLIED, 60.0),
            id="429 with milliseconds is capped",
        ),
        pytest.param(
            answer(429, rate_limited(), Retry_After="soon"), Verdict(Ending.NOT_APPLIED, 10.0), id="429 words"
        ),
        pytest.param(answer(429, rate_limited("DAILY")), Verdict(Ending.SUSPENDED), id="429 of the day"),
        pytest.param(Answer(429, {}, b"<html>"), Verdict(Ending.NOT_APPLIED, 10.0), id="429 without JSON"),
        pytest.param(answer(477), Verdict(Ending.SUSPENDED, 3600.0), id="477"),
        pytest.param(answer(477, Retry_After="7200"), Verdict(Ending.SUSPENDED, 7200.0), id="477 says"),
        pytest.param(
            answer(477, Retry_After="9999999"), Verdict(Ending.SUSPENDED, 86_400.0), id="477 at most a day"
        ),
        pytest.param(answer(503, problem("X")), Verdict(Ending.UNKNOWN), id="503"),
        pytest.param(
            answer(503, problem("RATE_LIMITS")), Verdict(Ending.NOT_APPLIED, 10.0), id="503 of a rate limit"
        ),
        pytest.param(answer(503, Retry_After="4"), Verdict(Ending.UNKNOWN, 4.0), id="503 says 4"),
        *(
            pytest.param(answer(status), Verdict(Ending.UNKNOWN), id=str(status))
            for status in (500, 502, 504, 520, 521, 522, 523, 524, 525, 526)
        ),
    ],
)
def test_an_answer_is_judged_by_the_table(given_answer: Answer, verdict: Verdict) -> None:
    assert judge(given_answer) == verdict


@given(st.integers(100, 999), st.binary(), st.text())
def test_no_answer_breaks_the_judge(status: int, body: bytes, header: str) -> None:
    said = judge(Answer(status, {"Retry-After": header, "X-HubSpot-Correlation-Id": header}, body))
    assert said.wait_s is None or 0 <= said.wait_s <= 86_400
    assert (said.ending is Ending.DONE) == (200 <= status < 300)


def test_a_403_names_the_scopes_and_only_scopes() -> None:
    body = problem(
        "MISSING_SCOPES",
        context={"requiredScopes": ["communication_preferences.write", "anna@exempel.se"]},
        errors=[{"context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}, "odd"],
    )
    assert scopes(answer(403, body).problem) == (
        "communication_preferences.write",
        "crm.objects.contacts.read",
    )
