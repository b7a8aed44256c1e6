"""HubSpot's limits: what is admitted, what a refusal says, and the sandbox's own record of it all."""

from collections.abc import Callable

import pytest

from connector.sandbox.ledger import Ledger
from tests.sandbox.conftest import Portal

DETAILS = "/account-info/2026-03/details"
SEARCH = "/crm/objects/2026-03/contacts/search"


def calls(portal: Portal, count: int) -> list[int]:
    return [portal.ask("GET", DETAILS)[0] for _ in range(count)]


@pytest.mark.parametrize(
    ("tier", "burst", "daily"),
    [("starter", 100, "250000"), ("professional", 190, "625000"), ("enterprise", 190, "1000000")],
)
def test_each_plan_has_its_burst_and_its_day(
    portal_with: Callable[..., Portal], tier: str, burst: int, daily: str
) -> None:
    portal = portal_with(tier=tier)
    headers = portal.sandbox.call("GET", DETAILS).headers
    assert headers["X-HubSpot-RateLimit-Max"] == str(burst)
    assert headers["X-HubSpot-RateLimit-Remaining"] == str(burst - 1)
    assert headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert headers["X-HubSpot-RateLimit-Daily"] == daily
    assert headers["X-HubSpot-RateLimit-Daily-Remaining"] == str(int(daily) - 1)
    assert calls(portal, burst - 1) == [200] * (burst - 1)
    assert calls(portal, 2) == [429, 429]


def test_the_window_rolls(portal_with: Callable[..., Portal]) -> None:
    portal = portal_with(options={"burst_limit": 3})
    for pause, expected in (
        (0, 200),
        (4_000, 200),
        (4_000, 200),
        (1_999, 429),
        (1, 200),
        (1, 429),
        (3_999, 200),
    ):
        portal.clock.move(pause)
        assert calls(portal, 1) == [expected]
    assert portal.sandbox.machine.worst_window() == 3


@pytest.mark.parametrize(
    ("switches", "path", "policy", "retry_after"),
    [
        pytest.param({"burst_limit": 1}, DETAILS, "TEN_SECONDLY_ROLLING", None, id="burst"),
        pytest.param(
            {"burst_limit": 1, "retry_after": True}, DETAILS, "TEN_SECONDLY_ROLLING", "10", id="with header"
        ),
        pytest.param({"daily_limit": 1}, DETAILS, "DAILY", None, id="day"),
        pytest.param(
            {"daily_limit": 1, "retry_after": True}, DETAILS, "DAILY", "36000", id="day with header"
        ),
        pytest.param({"search_limit": 1}, SEARCH, "SECONDLY", None, id="search"),
    ],
)
def test_a_refusal_names_its_policy(
    portal_with: Callable[..., Portal],
    switches: dict[str, int],
    path: str,
    policy: str,
    retry_after: str | None,
) -> None:
    portal = portal_with(options=switches)
    method, body = ("POST", {}) if path == SEARCH else ("GET", None)
    assert portal.ask(method, path, body)[0] == 200
    status, found = portal.ask(method, path, body)
    assert (status, found["status"], found["errorType"], found["policyName"]) == (
        429,
        "error",
        "RATE_LIMIT",
        policy,
    )
    assert found["message"] == f"You have reached your {policy.lower()} limit."
    assert found["correlationId"]
    assert found["requestId"]
    reply = portal.sandbox.call(method, path, body=b"{}")
    assert reply.headers.get("Retry-After") == retry_after


def test_search_has_a_limit_of_its_own_and_no_headers(portal: Portal) -> None:
    replies = [portal.sandbox.call("POST", SEARCH, body=b"{}") for _ in range(6)]
    assert [reply.status for reply in replies] == [200] * 5 + [429]
    assert all(not any("RateLimit" in name for name in reply.headers) for reply in replies)
    assert all(reply.headers["X-HubSpot-Correlation-Id"] for reply in replies)
    assert calls(portal, 190) == [200] * 190, "searches do not count towards the burst"
    portal.clock.move(1_000)
    assert portal.ask("POST", SEARCH, {})[0] == 200


def test_search_is_shared_by_all_apps_and_the_burst_is_not(portal_with: Callable[..., Portal]) -> None:
    portal = portal_with(options={"burst_limit": 1, "search_limit": 1})
    other = portal.sandbox.machine.add_token("other")
    assert portal.ask("GET", DETAILS)[0] == portal.ask("GET", DETAILS, token=other)[0] == 200
    assert portal.ask("POST", SEARCH, {})[0] == 200
    assert portal.ask("POST", SEARCH, {}, token=other)[0] == 429


def test_the_day_ends_at_the_portals_midnight(portal_with: Callable[..., Portal]) -> None:
    portal = portal_with(options={"daily_limit": 2, "time_zone": "Europe/Stockholm"})
    assert calls(portal, 3) == [200, 200, 429]
    portal.clock.move(9 * 3_600_000 + 59 * 60_000)  # 23:59 in Stockholm, 21:59 UTC
    assert calls(portal, 1) == [429]
    portal.clock.move(60_000)
    assert calls(portal, 1) == [200]
    _, found = portal.ask("GET", "/account-info/2026-03/api-usage/daily/private-apps")
    (row,) = found["results"]
    assert (row["usageLimit"], row["currentUsage"], row["resetsAt"]) == (2, 2, "2026-05-30T22:00:00.000Z")


def test_limits_can_be_off(portal_with: Callable[..., Portal]) -> None:
    portal = portal_with(options={"limits": False, "burst_limit": 1, "daily_limit": 1})
    assert calls(portal, 50) == [200] * 50


def test_the_record_knows_every_request_by_its_template(portal: Portal) -> None:
    portal.statuses("a@example.com")
    portal.ask("GET", DETAILS, token="wrong")
    portal.ask("GET", "/nowhere")
    rows = [
        (row["method"], row["route"], row["status"], row["counted"])
        for row in portal.sandbox.machine.requests()
    ]
    template = "/communication-preferences/2026-03/statuses/{subscriberIdString}"
    assert rows == [
        ("GET", template, 200, True),
        ("GET", DETAILS, 401, False),
        ("GET", "(unknown)", 404, False),
    ]


def test_the_densest_window_is_found_wherever_it_lies() -> None:
    ledger = Ledger()
    for ticks in (0, 9_999, 10_000, 19_000, 19_998, 40_000):
        ledger.add(at=0, ticks=ticks, method="GET", route="/x", status=200, app="a", counted=True, fault=None)
    ledger.add(at=0, ticks=19_500, method="GET", route="/x", status=429, app="a", counted=False, fault=None)
    assert ledger.worst_window(10_000) == 4


def test_a_day_can_be_used_up_and_the_record_emptied(portal: Portal) -> None:
    assert calls(portal, 1) == [200]
    portal.sandbox.machine.use_up_day(1_000_000)
    portal.sandbox.machine.clear_requests()
    assert portal.ask("GET", DETAILS)[1]["policyName"] == "DAILY"
    assert [row["status"] for row in portal.sandbox.machine.requests()] == [429]
