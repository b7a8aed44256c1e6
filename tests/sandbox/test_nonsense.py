"""What nobody should send, and what HubSpot answers to it: a refusal in its shape, never a breakdown."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.sandbox import Running, Sandbox
from connector.sandbox.times import DAY
from tests.sandbox.conftest import Portal

CONTACTS = "/crm/objects/2026-03/contacts"
STATUSES = "/communication-preferences/2026-03/statuses"
V3 = "/communication-preferences/v3"
EMAIL = "channel=EMAIL"
NO = {"subscriptionId": 101, "statusState": "UNSUBSCRIBED", "channel": "EMAIL"}
ENDLESS = "9" * 5000


@pytest.fixture(scope="module")
def standing() -> Portal:
    return Portal()


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        pytest.param("POST", f"{CONTACTS}/merge", "", {}, id="merge of nothing"),
        pytest.param("POST", f"{CONTACTS}/merge", "", {"primaryObjectId": "51"}, id="merge with nothing"),
        pytest.param("POST", CONTACTS, "", {}, id="create without properties"),
        pytest.param("PATCH", f"{CONTACTS}/51", "", {}, id="update without properties"),
        pytest.param(
            "POST", CONTACTS, "", {"properties": {"email": {"a": 1}}}, id="a value that is an object"
        ),
        pytest.param(
            "POST", CONTACTS, "", {"properties": {"email": "a\0@example.com"}}, id="NUL in an address"
        ),
        pytest.param("POST", CONTACTS, "", {"properties": {"city": "x" * 65_537}}, id="a value too long"),
        pytest.param("POST", f"{CONTACTS}/search", "", {"filterGroups": {}}, id="groups that are no list"),
        pytest.param(
            "POST",
            f"{CONTACTS}/search",
            "",
            {"filterGroups": [{"filters": [{"propertyName": "email", "operator": ["EQ"], "value": "a"}]}]},
            id="an operator that is a list",
        ),
        pytest.param("POST", f"{CONTACTS}/search", "", {"after": ["1"]}, id="a cursor that is a list"),
        pytest.param("POST", f"{CONTACTS}/search", "", {"after": ENDLESS}, id="a cursor without end"),
        pytest.param("POST", f"{CONTACTS}/batch/update", "", {"inputs": [5]}, id="an input that is a number"),
        pytest.param(
            "POST", f"{CONTACTS}/batch/read", "", {"inputs": [], "idProperty": []}, id="idProperty is a list"
        ),
        pytest.param(
            "POST", f"{CONTACTS}/gdpr-delete", "", {"objectId": "51", "idProperty": []}, id="erase by a list"
        ),
        pytest.param("GET", CONTACTS, "limit=²", None, id="a superscript for a number"),
        pytest.param("GET", CONTACTS, "after=٣", None, id="a digit of another script"),
        pytest.param("GET", CONTACTS, "after=--1", None, id="two minus signs"),
        pytest.param("GET", CONTACTS, f"after={ENDLESS}", None, id="more digits than a number has"),
        pytest.param("POST", f"{STATUSES}/batch/read", EMAIL, {"inputs": [None]}, id="no address in a batch"),
        pytest.param(
            "POST", f"{STATUSES}/batch/read", EMAIL, {"inputs": [{"email": "a@b.se"}]}, id="an object for one"
        ),
        pytest.param("POST", f"{STATUSES}/batch/write", "", {"inputs": ["a@b.se"]}, id="a text for a write"),
        pytest.param("GET", f"{STATUSES}/%E5@example.com", EMAIL, None, id="an address that is no UTF-8"),
        pytest.param("GET", f"{STATUSES}/a%00@example.com", EMAIL, None, id="NUL in a path"),
        pytest.param("POST", f"{STATUSES}/a%0A@example.com", "", NO, id="a line's end in a path"),
        pytest.param("GET", f"{V3}/status/email/bad", "", None, id="v3 status of no address"),
        pytest.param("GET", "/marketing/v3/forms", "formTypes=bogus", None, id="a kind of form"),
        pytest.param(
            "GET", "/crm/properties/2026-03/contacts", "dataSensitivity=x", None, id="a sensitivity"
        ),
        pytest.param(
            "POST",
            "/communication-preferences/2026-03/links/generate",
            EMAIL,
            {"subscriberIdString": "a@b.se", "subscriptionId": "x"},
            id="a link to no type",
        ),
        pytest.param(
            "POST",
            f"{V3}/subscribe",
            "",
            {"emailAddress": "a@b.se", "legalBasis": []},
            id="a basis as a list",
        ),
        pytest.param(
            "POST",
            "/crm/properties/2026-03/contacts/groups",
            "",
            {"name": "x", "label": "x", "displayOrder": "%"},
            id="an order that is no number",
        ),
        pytest.param("GET", "/webhooks-journal/journal/2026-03/offset/²/next", "", None, id="a place in it"),
    ],
)
def test_nonsense_is_a_validation_error(
    standing: Portal, method: str, path: str, query: str, body: Any
) -> None:
    status, found = standing.ask(method, path, body, query=query)
    assert (status, found["category"]) == (400, "VALIDATION_ERROR"), found
    assert found["correlationId"]


@pytest.mark.parametrize("key", ["²", "٣", ENDLESS, "-1", "51.0", "5 1"])
def test_an_id_that_is_none_is_nobodys(standing: Portal, key: str) -> None:
    assert standing.ask("GET", f"{CONTACTS}/{key}")[0] == 404
    assert standing.ask("GET", f"/crm/lists/2026-03/{key}")[0] == 404


def test_texts_and_numbers_stand_for_each_other_as_hubspots_reader_has_it(portal: Portal) -> None:
    assert portal.ask("POST", CONTACTS, {"properties": {"firstname": 5}})[1]["properties"]["firstname"] == "5"
    assert portal.set("a@example.com", 101, "SUBSCRIBED", subscriptionId="101")[0] == 200
    assert portal.ask("POST", f"{CONTACTS}/batch/read", {"inputs": [{"id": 51}]})[0] == 200
    assert portal.ask("POST", f"{CONTACTS}/merge", {"primaryObjectId": 51, "objectIdToMerge": 101})[0] == 200


@pytest.mark.parametrize(("ago", "status"), [(0, 200), (30 * DAY, 200), (40 * DAY, 400), (-2 * DAY, 400)])
def test_a_form_is_sent_within_a_month(portal: Portal, ago: int, status: int) -> None:
    form = portal.ask("GET", "/marketing/v3/forms")[1]["results"][0]["id"]
    body = {
        "fields": [{"name": "email", "value": "late@example.com"}],
        "submittedAt": portal.clock.now() - ago,
    }
    path = f"/submissions/v3/integration/submit/{portal.sandbox.portal_id}/{form}"
    assert portal.ask("POST", path, body)[0] == status


# Over HTTP --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with Sandbox(people=5).start() as started:
        started.sandbox.machine.options(limits=False)
        yield started


def post(server: Running, body: bytes, kind: str | None) -> tuple[int, Any]:
    host = server.base_url.removeprefix("http://")
    connection = HTTPConnection(host, timeout=10)
    headers = {"Authorization": f"Bearer {server.token}"} | ({"Content-Type": kind} if kind else {})
    connection.request("POST", CONTACTS, body, headers)
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON", 201),
        (None, 201),
    ],
)
def test_a_body_is_json_or_nothing(server: Running, kind: str | None, status: int) -> None:
    found, document = post(server, json.dumps({"properties": {"firstname": "Åsa"}}).encode(), kind)
    assert found == status, document
    assert status == 201 or document["correlationId"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"properties":{"email":"\xe5@example.com"}}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"properties":' * 5000,
        b"\x1f\x8b\x08\x00",
        b"NaN",
    ],
    ids=["Latin-1", "byte order mark", "deep list", "deep object", "gzip", "NaN"],
)
def test_bytes_that_are_no_json(server: Running, body: bytes) -> None:
    found, document = post(server, body, "application/json")
    assert (found, document["category"]) == (400, "VALIDATION_ERROR")


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 120)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["", "51", "101", "email", "EQ", "IN", "EMAIL", "SUBSCRIBED", "a@b.se", "\0", "²", "å"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "email", "filters", "propertyName", "operator", "value", "values", "name"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
BODIES = {
    CONTACTS: "properties",
    f"{CONTACTS}/search": "filterGroups sorts query properties limit after",
    f"{CONTACTS}/batch/read": "inputs properties propertiesWithHistory idProperty",
    f"{CONTACTS}/batch/create": "inputs",
    f"{CONTACTS}/batch/update": "inputs",
    f"{CONTACTS}/batch/upsert": "inputs",
    f"{CONTACTS}/batch/archive": "inputs",
    f"{CONTACTS}/merge": "primaryObjectId objectIdToMerge",
    f"{CONTACTS}/gdpr-delete": "objectId idProperty",
    f"{STATUSES}/f@example.com": "subscriptionId statusState channel legalBasis legalBasisExplanation",
    f"{STATUSES}/batch/write": "inputs",
    f"{STATUSES}/batch/read?{EMAIL}": "inputs",
    f"{STATUSES}/batch/unsubscribe-all?{EMAIL}": "inputs",
    f"/communication-preferences/2026-03/links/generate?{EMAIL}": "subscriberIdString subscriptionId",
    f"{V3}/subscribe": "emailAddress subscriptionId legalBasis legalBasisExplanation",
    "/crm/properties/2026-03/contacts": "name label type fieldType groupName options hasUniqueValue",
    "/crm/properties/2026-03/contacts/groups": "name label displayOrder",
    "/crm/lists/2026-03": "name objectTypeId processingType",
    "/crm/lists/2026-03/search": "query",
}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_breaks_the_portal_down(standing: Portal, data: st.DataObject) -> None:
    target = data.draw(st.sampled_from(sorted(BODIES)))
    names = BODIES[target].split()
    body = data.draw(
        st.fixed_dictionaries({}, optional={name: JUNK | st.lists(JUNK, max_size=2) for name in names}) | JUNK
    )
    path, _, query = target.partition("?")
    status, _ = standing.ask("POST", path, body, query=query)
    assert status in {200, 201, 204, 207, 400, 404, 409, 429}
