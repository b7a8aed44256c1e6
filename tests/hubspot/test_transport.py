"""Which calls are repeated, which are ambiguous, which end at once; and what the errors say."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
import requests
import responses
from structlog.testing import capture_logs

from connector.errors import (
    AmbiguousWrite,
    ConfigurationError,
    ConnectorError,
    HubSpotBusy,
    HubSpotRefused,
    HubSpotUnreachable,
    RequestRejected,
)
from connector.hubspot import families
from connector.hubspot.families import Route
from connector.hubspot.gateway import PROBE
from connector.hubspot.pace import Budget
from connector.hubspot.transport import Patience, Transport
from tests.hubspot.helpers import (
    HUBSPOT,
    TOKEN,
    NotingPace,
    ToldClock,
    problem,
    rate_limited,
    raw,
    raw_json,
    scripted,
    transport,
)

EMAIL = "anna+tag@exempel.se"
READ = families.statuses(EMAIL)
WRITE = families.set_status(EMAIL)
OK = (200, {}, '{"results": []}')

Reply = tuple[int, dict[str, str], str] | Exception


def said(status: int, body: Any = None, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, named, body if isinstance(body, str) else json.dumps(body)


@pytest.fixture
def hubspot() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def answering(mock: responses.RequestsMock, *replies: Reply) -> list[requests.PreparedRequest]:
    """Script HubSpot's replies to both calls; the last one stays. Returns the requests as they come."""
    left, seen = list(replies), []

    def reply(request: requests.PreparedRequest) -> Any:
        seen.append(request)
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, Exception):
            raise now
        return now

    for method in ("GET", "POST"):
        mock.add_callback(method, HUBSPOT + READ.path, callback=reply)
    return seen


def frame(body: bytes) -> Any:
    return msgspec.json.decode(body, type=dict[str, list[Any]])


def ask(through: Transport, route: Route, **options: Any) -> Any:
    return through.ask(route, frame, **options)


RATE = said(429, rate_limited())
LOST = requests.ConnectionError("reset", request=None)
NOT_CONNECTED = requests.ConnectTimeout("no route")

#: reply -> what becomes of a read, what becomes of a write. "again" = repeated, and then it works.
TABLE: list[tuple[str, Reply, Any, Any]] = [
    ("429", RATE, "again", "again"),
    ("429 per second", said(429, rate_limited("SECONDLY")), "again", "again"),
    ("429 without a body", said(429, ""), "again", "again"),
    ("423", said(423, problem("LOCKED")), "again", "again"),
    ("503 of a rate limit", said(503, problem("RATE_LIMITS")), "again", "again"),
    ("nothing sent", NOT_CONNECTED, "again", "again"),
    ("500", said(500, problem("X")), "again", AmbiguousWrite),
    ("502", said(502, "<html>"), "again", AmbiguousWrite),
    ("503", said(503, "<html>"), "again", AmbiguousWrite),
    ("504", said(504, "<html>"), "again", AmbiguousWrite),
    ("524", said(524, "<html>"), "again", AmbiguousWrite),
    ("408", said(408, ""), "again", AmbiguousWrite),
    ("connection lost", LOST, "again", AmbiguousWrite),
    ("read time-out", requests.ReadTimeout("slow"), "again", AmbiguousWrite),
    ("HTML instead of JSON", said(200, "<html>hello</html>"), "again", AmbiguousWrite),
    ("truncated JSON", said(200, '{"results": [{"id"'), "again", AmbiguousWrite),
    ("another shape", said(200, '{"results": {}}'), "again", AmbiguousWrite),
    ("an empty body", said(200, ""), "again", AmbiguousWrite),
    ("404 of somebody on the way", said(404, "<html>"), "again", AmbiguousWrite),
    ("404", said(404, problem("OBJECT_NOT_FOUND")), RequestRejected, RequestRejected),
    ("400", said(400, problem("VALIDATION_ERROR")), RequestRejected, RequestRejected),
    ("409", said(409, problem("CONFLICT")), RequestRejected, RequestRejected),
    ("414", said(414, "<html>"), RequestRejected, RequestRejected),
    ("401", said(401, problem("INVALID_AUTHENTICATION")), HubSpotRefused, HubSpotRefused),
    ("530", said(530, "<html>"), HubSpotRefused, HubSpotRefused),
    ("403", said(403, problem("MISSING_SCOPES")), HubSpotRefused, HubSpotRefused),
    ("302", said(302, "", Location="https://evil.example/"), HubSpotUnreachable, HubSpotUnreachable),
    ("429 of the day", said(429, rate_limited("DAILY")), HubSpotBusy, HubSpotBusy),
    ("477", said(477, "", Retry_After="7200"), HubSpotBusy, HubSpotBusy),
]


@pytest.mark.parametrize(
    ("reply", "read", "write"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
@pytest.mark.parametrize("route", [READ, WRITE], ids=["read", "write"])
def test_each_reply_ends_a_call_as_the_table_says(
    hubspot: responses.RequestsMock, reply: Reply, read: Any, write: Any, route: Route
) -> None:
    seen = answering(hubspot, reply, OK)
    expected = read if route is READ else write
    if expected == "again":
        assert ask(transport(), route) == {"results": []}
        assert len(seen) == 2
        return
    with pytest.raises(expected):
        ask(transport(), route)
    assert len(seen) == 1


@pytest.mark.parametrize("reply", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
@pytest.mark.parametrize("route", [READ, WRITE], ids=["read", "write"])
def test_no_error_shows_address_token_or_reply(
    hubspot: responses.RequestsMock, reply: Reply, route: Route
) -> None:
    answering(hubspot, reply)
    with capture_logs() as logs, pytest.raises(ConnectorError) as caught:
        ask(transport(), route)
    shown = f"{caught.value!r} {caught.value.document()} {logs}"
    for hidden in ("anna", "exempel", TOKEN, "html", "evil"):
        assert hidden not in shown
    assert caught.value.where.endswith("/statuses/{email}")
    assert caught.value.next_step
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        pytest.param(RATE, HubSpotBusy, id="429"),
        pytest.param(said(423, problem("LOCKED")), HubSpotBusy, id="423"),
        pytest.param(said(500, problem("X")), HubSpotUnreachable, id="500"),
        pytest.param(said(200, "<html>"), HubSpotUnreachable, id="HTML"),
        pytest.param(LOST, HubSpotUnreachable, id="connection lost"),
        pytest.param(NOT_CONNECTED, HubSpotUnreachable, id="nothing sent"),
    ],
)
def test_the_attempts_are_counted(
    hubspot: responses.RequestsMock, reply: Reply, error: type[ConnectorError]
) -> None:
    seen = answering(hubspot, reply)
    through = transport(patience=Patience(attempts=4))
    with pytest.raises(error):
        ask(through, READ)
    assert len(seen) == through.calls_made == 4


def test_the_deadline_ends_it_before_the_attempts_do(hubspot: responses.RequestsMock) -> None:
    seen = answering(hubspot, said(429, rate_limited(), Retry_After="50"))
    clock = ToldClock()
    begun = clock.at
    with pytest.raises(HubSpotBusy) as caught:
        ask(transport(clock=clock, patience=Patience(attempts=100, deadline_s=120)), READ)
    assert len(seen) == 3
    assert clock.at - begun <= 120_000
    assert 50 <= caught.value.wait_s <= 51


@pytest.mark.parametrize(
    ("reply", "low", "high"),
    [
        pytest.param(RATE, 10, 11, id="a window and a bit"),
        pytest.param(said(429, rate_limited("SECONDLY")), 1, 2, id="a second and a bit"),
        pytest.param(said(429, rate_limited(), Retry_After="7"), 7, 8, id="what HubSpot says"),
        pytest.param(said(429, rate_limited(), Retry_After="10000"), 60, 61, id="never its milliseconds"),
        pytest.param(said(423, problem("LOCKED")), 2, 3, id="a lock"),
        pytest.param(said(500, problem("X")), 0, 2, id="our own back-off"),
    ],
)
def test_the_wait_before_a_repeat(
    hubspot: responses.RequestsMock, reply: Reply, low: float, high: float
) -> None:
    answering(hubspot, reply, OK)
    clock = ToldClock()
    ask(transport(clock=clock), READ)
    assert len(clock.slept) == 1
    assert low <= clock.slept[0] <= high


def test_our_own_back_off_grows_and_is_never_the_same_twice(hubspot: responses.RequestsMock) -> None:
    answering(hubspot, said(500, problem("X")))
    clock = ToldClock()
    with pytest.raises(HubSpotUnreachable):
        ask(transport(clock=clock, patience=Patience(attempts=8, deadline_s=1e6)), READ)
    assert all(slept <= min(2 * 2**number, 30) for number, slept in enumerate(clock.slept))
    assert len(set(clock.slept)) == 7


def test_the_limiter_hears_of_limits_and_penalties(hubspot: responses.RequestsMock) -> None:
    headers = {
        "X-HubSpot-RateLimit-Max": "190",
        "X-HubSpot-RateLimit-Remaining": "12",
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        "X-HubSpot-RateLimit-Daily": "650000",
        "X-HubSpot-RateLimit-Daily-Remaining": "600000",
    }
    answering(hubspot, RATE, (200, headers, OK[2]))
    pace = NotingPace()
    ask(transport(pace=pace), READ, urgent=True)
    assert pace.asked == [(Budget.BURST, True)] * 2
    [(budget, policy, wait_s)] = pace.penalties
    assert (budget, policy) == (Budget.BURST, "TEN_SECONDLY_ROLLING")
    assert 10 <= wait_s <= 11
    [limits] = pace.said
    assert (limits.window_max, limits.window_remaining, limits.window_ms) == (190, 12, 10_000)
    assert (limits.daily, limits.daily_remaining) == (650_000, 600_000)


def test_a_lock_of_one_record_is_no_penalty_for_all(hubspot: responses.RequestsMock) -> None:
    answering(hubspot, said(423, problem("LOCKED")), OK)
    pace = NotingPace()
    ask(transport(pace=pace), READ)
    assert pace.penalties == []


@pytest.mark.parametrize(
    ("zone", "wait_s"), [(None, 3_600), ("Europe/Stockholm", 28_000)], ids=["zone unknown", "zone known"]
)
def test_the_days_limit_stops_until_the_portals_midnight(
    hubspot: responses.RequestsMock, zone: str | None, wait_s: float
) -> None:
    answering(hubspot, said(429, rate_limited("DAILY")))
    pace = NotingPace()
    through = transport(pace=pace)
    through.time_zone = zone
    with pytest.raises(HubSpotBusy) as caught:
        ask(through, READ)
    assert caught.value.wait_s == wait_s
    assert pace.penalties == [(Budget.BURST, "DAILY", wait_s), (Budget.SEARCH, "DAILY", wait_s)]


def test_the_limiter_is_asked_until_it_grants(hubspot: responses.RequestsMock) -> None:
    answering(hubspot, OK)
    clock = ToldClock()
    ask(transport(clock=clock, pace=NotingPace(0.5, 0.25)), READ)
    assert clock.slept == [0.5, 0.25]


def test_a_limiter_that_is_closed_for_long_is_told_at_once(hubspot: responses.RequestsMock) -> None:
    seen = answering(hubspot, OK)
    clock = ToldClock()
    with pytest.raises(HubSpotBusy) as caught:
        ask(transport(clock=clock, pace=NotingPace(20_000)), READ)
    assert caught.value.wait_s == 20_000
    assert clock.slept == []
    assert seen == []


def test_a_stop_ends_the_wait(hubspot: responses.RequestsMock) -> None:
    answering(hubspot, RATE, OK)
    stop = threading.Event()
    stop.set()
    with pytest.raises(HubSpotBusy, match="cut short"):
        ask(transport(stop=stop), READ)


@pytest.mark.parametrize("route", [READ, WRITE], ids=["read", "write"])
@pytest.mark.parametrize("status", [401, 530])
def test_a_rotated_token_is_read_again_and_used(
    hubspot: responses.RequestsMock, route: Route, status: int
) -> None:
    seen = answering(hubspot, said(status, problem("X")), OK)
    kept = [TOKEN, "pat-eu1-new"]
    ask(transport(read=lambda: kept.pop(0)), route)
    assert [request.headers["Authorization"] for request in seen] == [f"Bearer {TOKEN}", "Bearer pat-eu1-new"]


def test_a_token_that_stays_refused_stops_with_the_host_named(hubspot: responses.RequestsMock) -> None:
    seen = answering(hubspot, said(401, problem("X")))
    kept = [TOKEN, "pat-eu1-new", "pat-eu1-newer"]
    with pytest.raises(HubSpotRefused) as caught:
        ask(transport(read=lambda: kept.pop(0)), READ)
    assert len(seen) == 2
    assert "api.hubapi.com" in caught.value.problem
    assert "portals.token_env" in caught.value.next_step


def test_a_token_source_that_fails_says_so_itself() -> None:
    def unreadable() -> str:
        raise ConfigurationError("The variable HUBSPOT_TOKEN is not set.", next_step="Set it.")

    with pytest.raises(ConfigurationError, match="HUBSPOT_TOKEN"):
        ask(transport(read=unreadable), READ)


def test_a_403_names_the_missing_scopes(hubspot: responses.RequestsMock) -> None:
    detail = {"context": {"requiredGranularScopes": ["communication_preferences.write"]}}
    answering(hubspot, said(403, problem("MISSING_SCOPES", errors=[detail])))
    with pytest.raises(HubSpotRefused) as caught:
        ask(transport(), WRITE)
    assert caught.value.scopes == ("communication_preferences.write",)
    assert "communication_preferences.write" in caught.value.next_step


def test_a_rejection_carries_status_and_category(hubspot: responses.RequestsMock) -> None:
    detail = {"code": "MISSING_REQUIRED_PROPERTY", "message": "anna@exempel.se"}
    answering(hubspot, said(400, problem("VALIDATION_ERROR", errors=[detail])))
    with pytest.raises(RequestRejected) as caught:
        ask(transport(), WRITE)
    assert (caught.value.status, caught.value.category) == (400, "MISSING_REQUIRED_PROPERTY")


def test_a_404_is_none_where_it_is_an_answer(hubspot: responses.RequestsMock) -> None:
    answering(hubspot, said(404, problem("OBJECT_NOT_FOUND")))
    assert transport().find(READ, frame) is None


def test_a_404_of_somebody_on_the_way_is_no_answer(hubspot: responses.RequestsMock) -> None:
    answering(hubspot, said(404, "<html>no such page</html>"))
    with pytest.raises(HubSpotUnreachable):
        transport().find(READ, frame)


def test_the_correlation_id_is_logged_and_nothing_else_of_the_answer(
    hubspot: responses.RequestsMock,
) -> None:
    answering(
        hubspot,
        said(500, problem("X"), X_HubSpot_Correlation_Id="0191-beef"),
        said(500, problem("X"), X_HubSpot_Correlation_Id="anna@exempel.se"),
        OK,
    )
    with capture_logs() as logs:
        ask(transport(), READ)
    refused = [line for line in logs if line["event"] == "hubspot_refused_call"]
    assert [line["correlation"] for line in refused] == ["0191-beef", None]
    assert refused[0]["where"] == "/communication-preferences/2026-03/statuses/{email}"


@pytest.mark.parametrize(("patience", "warnings"), [(PROBE, 0), (None, 1)], ids=["probe", "call"])
def test_a_no_to_a_probe_is_an_answer_and_no_warning(
    patience: Patience | None, warnings: int, hubspot: responses.RequestsMock
) -> None:
    answering(hubspot, said(403, problem("MISSING_SCOPES")))
    with capture_logs() as logs, pytest.raises(ConnectorError):
        ask(transport(), READ, patience=patience)
    told = [line for line in logs if line["event"] == "hubspot_refused_call"]
    assert sum(line["log_level"] == "warning" for line in told) == warnings


def test_a_foreign_host_is_refused_before_anything_is_built() -> None:
    with pytest.raises(ConfigurationError):
        transport("https://api.hubapi.com.evil.example")


def test_a_redirect_gets_no_second_request() -> None:
    with scripted(raw("200 OK")) as elsewhere:
        with scripted(raw("307 Moved", b"", f"Location: {elsewhere.url}/")) as server:
            with pytest.raises(HubSpotUnreachable, match="redirect"):
                ask(transport(server.url), WRITE)
            assert len(server.requests) == 1
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(None, "connection_lost", id="reset"),
        pytest.param(raw("200 OK", b'{"results":', length=999), "connection_lost", id="cut in the body"),
        pytest.param(raw("200 OK", b'{"results":'), "unreadable_answer", id="cut before it was sent"),
    ],
)
def test_a_write_whose_answer_breaks_off_is_sent_once(answer: bytes | None, why: str) -> None:
    with scripted(answer, raw_json("200 OK", {"results": []})) as server:
        with pytest.raises(AmbiguousWrite, match=why):
            ask(transport(server.url), WRITE, body={"a": 1})
        assert len(server.requests) == 1


def test_many_threads_share_one_transport() -> None:
    answers = [raw_json("200 OK", {"results": []})] * 20
    with scripted(*answers) as server:
        through = transport(server.url)
        with ThreadPoolExecutor(8) as threads:
            done = list(threads.map(lambda _: ask(through, READ), range(20)))
        assert done == [{"results": []}] * 20
        assert through.calls_made == len(server.requests) == 20
