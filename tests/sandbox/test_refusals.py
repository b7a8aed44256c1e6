"""The status codes and bodies of everything that HubSpot refuses (hubspot-api, 4)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.conftest import Portal

CONTACTS = "/crm/objects/2026-03/contacts"
V3 = "/crm/v3/objects/contacts"
BATCH = "/communication-preferences/2026-03/statuses/batch"
MANY = {"inputs": [{"id": str(n), "properties": {}} for n in range(101)], "properties": []}
ADDRESSES = {"inputs": [f"p{n}@example.com" for n in range(101)]}


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        pytest.param("GET", CONTACTS, "limit=101", None, id="list of 101"),
        pytest.param("GET", CONTACTS, "limit=0", None, id="list of none"),
        pytest.param("GET", CONTACTS, "limit=x", None, id="limit is no number"),
        pytest.param("GET", CONTACTS, "after=x", None, id="after is no number"),
        pytest.param("GET", CONTACTS, "archived=perhaps", None, id="archived is no boolean"),
        pytest.param("GET", CONTACTS, "limit=51&propertiesWithHistory=email", None, id="51 with history"),
        pytest.param("POST", f"{CONTACTS}/batch/read", "", MANY, id="batch read of 101"),
        pytest.param("POST", f"{V3}/batch/read", "", MANY, id="v3 batch read of 101"),
        pytest.param("POST", f"{CONTACTS}/batch/update", "", MANY, id="batch update of 101"),
        pytest.param("POST", f"{CONTACTS}/batch/create", "", MANY, id="batch create of 101"),
        pytest.param("POST", f"{CONTACTS}/batch/upsert", "", MANY, id="batch upsert of 101"),
        pytest.param("POST", f"{CONTACTS}/batch/archive", "", MANY, id="batch archive of 101"),
        pytest.param(
            "POST",
            f"{CONTACTS}/batch/read",
            "",
            {"inputs": MANY["inputs"][:51], "properties": [], "propertiesWithHistory": ["email"]},
            id="batch read of 51 with history",
        ),
        pytest.param("POST", f"{BATCH}/read", "channel=EMAIL", ADDRESSES, id="status batch of 101"),
        pytest.param(
            "POST", f"{BATCH}/unsubscribe-all", "channel=EMAIL", ADDRESSES, id="opt-out batch of 101"
        ),
        pytest.param(
            "POST", f"{BATCH}/unsubscribe-all/read", "channel=EMAIL", ADDRESSES, id="wide batch of 101"
        ),
        pytest.param("POST", f"{BATCH}/write", "", ADDRESSES, id="write batch of 101"),
        pytest.param("POST", f"{BATCH}/read", "", {"inputs": []}, id="no channel"),
        pytest.param("POST", f"{BATCH}/read", "channel=EMAIL", {"inputs": "x"}, id="inputs are no list"),
        pytest.param("POST", f"{CONTACTS}/batch/read", "", {"inputs": ["x"]}, id="inputs without id"),
        pytest.param("POST", CONTACTS, "", None, id="no body"),
        pytest.param("POST", f"{CONTACTS}/gdpr-delete", "", {}, id="erase without id"),
        pytest.param(
            "GET", "/account-info/2026-03/activity/audit-logs", "occurredAfter=x", None, id="no time"
        ),
    ],
)
def test_a_bad_request_is_a_validation_error(
    portal: Portal, method: str, path: str, query: str, body: Any
) -> None:
    status, found = portal.ask(method, path, body, query=query)
    assert (status, found["status"], found["category"]) == (400, "error", "VALIDATION_ERROR")
    assert found["message"]
    assert found["correlationId"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("GET", f"{CONTACTS}/52", None, id="dated read"),
        pytest.param("GET", f"{V3}/52", None, id="v3 read"),
        pytest.param("GET", f"{CONTACTS}/nobody@example.com?idProperty=email", None, id="by address"),
        pytest.param("PATCH", f"{CONTACTS}/52", {"properties": {}}, id="update"),
        pytest.param("GET", "/crm/properties/2026-03/contacts/nothing", None, id="property"),
        pytest.param("GET", "/marketing/v3/forms/nothing", None, id="form"),
        pytest.param("GET", "/crm/lists/2026-03/9", None, id="list"),
    ],
)
def test_what_is_not_there_is_told_so(portal: Portal, method: str, path: str, body: Any) -> None:
    path, _, query = path.partition("?")
    status, found = portal.ask(method, path, body, query=query)
    assert (status, found["category"]) == (404, "OBJECT_NOT_FOUND")


@pytest.mark.parametrize("token", ["", "wrong", "pat-eu1-sandbox-2"])
def test_a_bad_token_is_unauthorized(portal: Portal, token: str) -> None:
    status, found = portal.ask("GET", CONTACTS, token=token)
    assert (status, found["category"]) == (401, "INVALID_AUTHENTICATION")


@pytest.mark.parametrize(
    ("tier", "method", "path", "query", "body", "scope"),
    [
        ("professional", "POST", f"{BATCH}/read", "channel=EMAIL", {"inputs": []}, "statuses.batch.read"),
        (
            "professional",
            "POST",
            f"{BATCH}/unsubscribe-all/read",
            "channel=EMAIL",
            {"inputs": []},
            "statuses.batch.read",
        ),
        ("professional", "POST", f"{BATCH}/write", "", {"inputs": []}, "statuses.batch.write"),
        (
            "professional",
            "POST",
            f"{BATCH}/unsubscribe-all",
            "channel=EMAIL",
            {"inputs": []},
            "statuses.batch.write",
        ),
        (
            "professional",
            "GET",
            "/account-info/2026-03/activity/audit-logs",
            "",
            None,
            "account-info.security.read",
        ),
        ("starter", "GET", "/email/public/v1/subscriptions/timeline", "", None, "content"),
    ],
)
def test_a_plan_without_the_feature_names_the_missing_scope(
    portal_with: Callable[..., Portal], tier: str, method: str, path: str, query: str, body: Any, scope: str
) -> None:
    status, found = portal_with(tier=tier).ask(method, path, body, query=query)
    assert (status, found["category"]) == (403, "MISSING_SCOPES")
    (named,) = found["errors"][0]["context"]["requiredGranularScopes"]
    assert named.endswith(scope)
    assert portal_with(tier="enterprise").ask(method, path, body, query=query)[0] == 200


@pytest.mark.parametrize(
    ("scopes", "method", "path", "status"),
    [
        (["crm.objects.contacts.read"], "GET", CONTACTS, 200),
        (["crm.objects.contacts.read"], "POST", f"{CONTACTS}/gdpr-delete", 403),
        (
            ["communication_preferences.read_write"],
            "GET",
            "/communication-preferences/2026-03/definitions",
            200,
        ),
        (["communication_preferences.read"], "GET", "/communication-preferences/2026-03/definitions", 200),
        (["crm.schemas.contacts.read"], "GET", CONTACTS, 403),
        (["crm.schemas.contacts.read"], "GET", "/crm/properties/2026-03/contacts", 200),
        ([], "GET", "/marketing/v3/forms", 403),
    ],
)
def test_a_token_may_what_its_scopes_say(
    portal: Portal, scopes: list[str], method: str, path: str, status: int
) -> None:
    token = portal.sandbox.machine.add_token("narrow", scopes)
    body = {"objectId": "51"} if method == "POST" else None
    assert portal.ask(method, path, body, token=token)[0] == status
    assert portal.contact("51")[0] == 200


def test_another_method_and_another_path(portal: Portal) -> None:
    assert portal.ask("PUT", CONTACTS)[0] == 405
    assert portal.ask("GET", "/crm/objects/2025-01/contacts")[0] == 404
    assert portal.ask("GET", "/contacts/v1/lists")[0] == 404
