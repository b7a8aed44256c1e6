"""Over a real connection: headers, faults of the connection, waiting side by side, the control API."""

import threading
import time
from typing import Any

import pytest
import requests

from connector.sandbox import Options, Running, Sandbox

CONTACTS = "/crm/objects/2026-03/contacts"
STATUSES = "/communication-preferences/2026-03/statuses"


class Client:
    def __init__(self, running: Running) -> None:
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {running.token}"
        self.base = running.base_url

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.session.request(method, self.base + path, json=body, timeout=60, **more)

    def control(self, act: str, **arguments: Any) -> Any:
        reply = requests.post(f"{self.base}/_sandbox/{act}", json=arguments, timeout=60)
        assert reply.status_code == 200, reply.text
        return reply.json()["result"]

    def opt_out(self, address: str) -> requests.Response:
        body = {"subscriptionId": 101, "statusState": "UNSUBSCRIBED", "channel": "EMAIL"}
        return self.ask("POST", f"{STATUSES}/{address}", body)

    def word(self, address: str) -> str:
        rows = self.ask("GET", f"{STATUSES}/{address}?channel=EMAIL").json()["results"]
        return str(rows[0]["status"])


@pytest.fixture
def client(running: Running) -> Client:
    return Client(running)


NEW = "new@example.com"
LOST = (requests.ConnectionError, requests.Timeout)


def test_every_answer_carries_a_correlation_id_of_its_own(client: Client) -> None:
    paths = (CONTACTS, "/nowhere", f"{CONTACTS}/5", "/account-info/2026-03/details")
    ids = [client.ask("GET", path).headers["X-HubSpot-Correlation-Id"] for path in paths]
    assert len(set(ids)) == len(paths)


def test_an_error_body_and_its_header_name_the_same_correlation(client: Client) -> None:
    reply = client.ask("GET", f"{CONTACTS}/5")
    assert reply.status_code == 404
    assert reply.json()["correlationId"] == reply.headers["X-HubSpot-Correlation-Id"]


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("effect", ["drop", "timeout", "status"])
def test_a_write_that_fails_may_have_been_carried_out(client: Client, effect: str, applied: bool) -> None:
    client.control("machine/fault", effect=effect, method="POST", applied=applied, seconds=0.1, count=1)
    if effect == "status":
        assert client.opt_out(NEW).status_code == 500
    else:
        with pytest.raises(LOST):
            client.opt_out(NEW)
    assert client.word(NEW) == ("UNSUBSCRIBED" if applied else "NOT_SPECIFIED")


def test_a_late_write_comes_when_the_client_has_given_up(client: Client) -> None:
    client.control("machine/fault", effect="late", method="POST", seconds=60, count=1)
    with pytest.raises(LOST):
        client.opt_out(NEW)
    assert client.word(NEW) == "NOT_SPECIFIED"
    client.control("machine/advance", ms=60_000)
    assert client.word(NEW) == "UNSUBSCRIBED"


@pytest.mark.parametrize(
    ("rule", "status", "header"),
    [
        pytest.param({"status": 429}, 429, None, id="429 without Retry-After"),
        pytest.param({"status": 429, "retry_after": 3}, 429, "3", id="429 with Retry-After"),
        pytest.param({"status": 500}, 500, None, id="500"),
        pytest.param({"status": 502}, 502, None, id="502"),
        pytest.param({"status": 503}, 503, None, id="503"),
        pytest.param({"status": 504}, 504, None, id="504"),
        pytest.param({"status": 423}, 423, None, id="423 locked"),
        pytest.param({"status": 477, "retry_after": 3600}, 477, "3600", id="477 migrating"),
        pytest.param({"status": 401}, 401, None, id="401"),
        pytest.param({"status": 403}, 403, None, id="403"),
    ],
)
def test_a_fault_answers_any_status(
    client: Client, rule: dict[str, Any], status: int, header: str | None
) -> None:
    client.control("machine/fault", effect="status", count=1, **rule)
    reply = client.ask("GET", CONTACTS)
    assert (reply.status_code, reply.headers.get("Retry-After")) == (status, header)
    assert reply.json()["status"] == "error"
    assert client.ask("GET", CONTACTS).status_code == 200


def test_a_body_can_end_too_early_or_be_no_json(client: Client) -> None:
    client.control("machine/fault", effect="cut", count=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        client.ask("GET", CONTACTS)
    for effect in ("truncated", "html"):
        client.control("machine/fault", effect=effect, count=1)
        reply = client.ask("GET", CONTACTS)
        assert reply.status_code == 200
        with pytest.raises(requests.exceptions.JSONDecodeError):
            reply.json()


def test_a_body_can_drip(client: Client) -> None:
    client.control("machine/fault", effect="drip", seconds=0.4, count=1)
    started = time.monotonic()
    assert len(client.ask("GET", CONTACTS).json()["results"]) == 10
    assert time.monotonic() - started > 0.3


def test_fields_can_be_lost_or_of_another_type(client: Client) -> None:
    client.control("machine/fault", effect="missing_field", field="results.*.properties", count=1)
    assert all("properties" not in row for row in client.ask("GET", CONTACTS).json()["results"])
    client.control("machine/fault", effect="wrong_type", field="results.*.id", value=[1], count=1)
    assert all(row["id"] == [1] for row in client.ask("GET", CONTACTS).json()["results"])


def test_a_cursor_can_stand_still_and_rows_can_come_twice_or_turned_round(client: Client) -> None:
    client.control("machine/fault", effect="stuck_cursor", count=1)
    assert client.ask("GET", f"{CONTACTS}?after=551").json()["paging"]["next"]["after"] == "551"
    client.control("machine/fault", effect="out_of_order", count=1)
    ids = [int(row["id"]) for row in client.ask("GET", CONTACTS).json()["results"]]
    assert ids == sorted(ids, reverse=True)
    client.control("machine/fault", effect="repeated_row", count=1)
    ids = [int(row["id"]) for row in client.ask("GET", CONTACTS).json()["results"]]
    assert len(ids) == 11
    assert len(set(ids)) == 10


def test_a_batch_can_fail_in_part(client: Client) -> None:
    client.control("machine/fault", effect="partial", share=0.5, count=1)
    addresses = [f"p{n}@example.com" for n in range(4)]
    reply = client.ask("POST", f"{STATUSES}/batch/read?channel=EMAIL", {"inputs": addresses})
    assert reply.status_code == 207
    told = [row["subscriberIdString"] for row in reply.json()["results"]]
    failed = [entry["context"]["ids"][0] for entry in reply.json()["errors"]]
    assert sorted(told + failed) == addresses
    assert len(failed) == reply.json()["numErrors"] == 2


def test_a_search_can_be_staler_than_it_is(client: Client) -> None:
    client.control("machine/fault", effect="stale_search", seconds=60)
    client.ask("POST", CONTACTS, {"properties": {"email": NEW}})
    asked = {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ", "value": NEW}]}]}
    assert client.ask("POST", f"{CONTACTS}/search", asked).json()["total"] == 0
    client.control("machine/clear_faults")
    assert client.ask("POST", f"{CONTACTS}/search", asked).json()["total"] == 1


@pytest.mark.parametrize(
    ("rule", "hit"),
    [
        pytest.param({"nth": [2, 3]}, [2, 3], id="the second and third"),
        pytest.param({"skip": 1, "nth": [1]}, [2], id="the first after one"),
        pytest.param({"every": 3}, [3, 6], id="every third"),
        pytest.param({"count": 2}, [1, 2], id="twice"),
        pytest.param({"path": "*/nothing"}, [], id="another path"),
        pytest.param({"method": "PATCH"}, [], id="another method"),
        pytest.param({"path": "/account-info/*", "count": 1}, [1], id="this path"),
    ],
)
def test_a_rule_says_when(client: Client, rule: dict[str, Any], hit: list[int]) -> None:
    client.control("machine/fault", effect="status", status=503, **rule)
    statuses = [client.ask("GET", "/account-info/2026-03/details").status_code for _ in range(6)]
    assert [turn for turn, status in enumerate(statuses, 1) if status == 503] == hit


def test_the_same_seed_gives_the_same_faults() -> None:
    def statuses(seed: int) -> list[int]:
        sandbox = Sandbox(people=1, seed=seed)
        sandbox.machine.fault(effect="status", status=503, probability=0.4)
        return [sandbox.call("GET", "/account-info/2026-03/details").status for _ in range(40)]

    assert statuses(5) == statuses(5)
    assert statuses(5) != statuses(6)
    assert 5 < statuses(5).count(503) < 28


def test_waiting_answers_wait_side_by_side() -> None:
    with Sandbox(people=10, options=Options(latency_ms=1_000)).start() as running:
        started = time.monotonic()
        threads = [
            threading.Thread(target=Client(running).ask, args=("GET", "/account-info/2026-03/details"))
            for _ in range(10)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - started
    assert 1.0 <= took < 9.0, "one after the other they take ten seconds"


def test_the_control_api_lists_its_acts_and_says_what_was_wrong(client: Client) -> None:
    acts = client.ask("GET", "/_sandbox").json()["acts"]
    assert {
        "person/unsubscribe",
        "colleague/merge",
        "import/contacts",
        "app/set_status",
        "machine/requests",
    } <= set(acts)
    assert all(entry["does"] or entry["arguments"] for entry in acts.values())
    for act, body, status in (
        ("person/fly", {}, 404),
        ("person/unsubscribe", {}, 400),
        ("person/unsubscribe", {"address": NEW, "subscription": 999}, 400),
        ("machine/options", {"gravity": 0}, 400),
        ("machine/options", {"latency_ms": "fast"}, 400),
        ("machine/fault", {"effect": "magic"}, 400),
        ("colleague/archive", {"contact": "nobody@example.com"}, 400),
        ("person/confirm", {"address": NEW}, 400),
    ):
        reply = client.ask("POST", f"/_sandbox/{act}", body)
        assert (reply.status_code, bool(reply.json()["problem"])) == (status, True), act


def test_a_control_call_that_reads_answers_get(client: Client) -> None:
    client.ask("GET", CONTACTS)
    (entry,) = client.ask("GET", "/_sandbox/machine/requests?since=0").json()["result"]
    assert (entry["route"], entry["status"]) == (CONTACTS, 200)
    assert client.ask("GET", "/_sandbox/machine/contact?contact=51").json()["result"]["id"] == "51"
    assert client.ask("GET", "/_sandbox/machine/worst_window?ms=10000").json()["result"] == 1


def test_a_rotated_token_answers_401_and_the_new_one_200(client: Client) -> None:
    fresh = client.control("machine/rotate_token")
    old = client.ask("GET", CONTACTS)
    assert (old.status_code, old.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    client.session.headers["Authorization"] = f"Bearer {fresh}"
    assert client.ask("GET", CONTACTS).status_code == 200
