"""Account details, properties, lists and OAuth."""

from collections.abc import Callable

import pytest

from tests.sandbox.conftest import NOON, Portal


@pytest.mark.parametrize("version", ["2026-03", "2026-09", "v3"])
def test_the_account_says_who_it_is(portal_with: Callable[..., Portal], version: str) -> None:
    portal = portal_with(portal_id=4711, options={"time_zone": "America/New_York", "hosting": "na1"})
    assert portal.ask("GET", f"/account-info/{version}/details") == (
        200,
        {
            "portalId": 4711,
            "accountType": "STANDARD",
            "timeZone": "America/New_York",
            "companyCurrency": "SEK",
            "additionalCurrencies": ["EUR"],
            "utcOffset": "-04:00",
            "utcOffsetMilliseconds": -14_400_000,
            "uiDomain": "app-na1.hubspot.com",
            "dataHostingLocation": "na1",
        },
    )


def test_the_audit_log_pages_and_filters(portal: Portal) -> None:
    for kind in ("GDPR_TOGGLE_DISABLED", "EXPORT", "GDPR_DELETE"):
        portal.sandbox.colleague.audit(kind)
        portal.sandbox.machine.advance(1_000)
    path = "/account-info/2026-03/activity/audit-logs"
    _, first = portal.ask("GET", path, query="limit=2")
    _, second = portal.ask("GET", path, query=f"limit=2&after={first['paging']['next']['after']}")
    assert [row["type"] for row in first["results"] + second["results"]] == [
        "GDPR_TOGGLE_DISABLED", "EXPORT", "GDPR_DELETE",
    ]  # fmt: skip
    assert "paging" not in second
    _, later = portal.ask("GET", path, query=f"occurredAfter={NOON + 1_500}")
    assert [row["type"] for row in later["results"]] == ["GDPR_DELETE"]


def test_the_property_list_names_every_type_and_who_may_write(portal: Portal) -> None:
    _, found = portal.ask("GET", "/crm/properties/2026-03/contacts")
    by_name = {row["name"]: row for row in found["results"]}
    assert {"hs_email_optout", "hs_email_optout_101", "hs_email_optout_103", "hs_legal_basis"} <= set(by_name)
    assert by_name["hs_email_optout_101"]["label"] == "Opted out of email: Newsletter"
    assert by_name["hs_email_optout"]["modificationMetadata"]["readOnlyValue"] is True
    assert by_name["hs_legal_basis"]["modificationMetadata"]["readOnlyValue"] is False
    assert "hs_email_optout_104" not in by_name, "one-to-one mail has no such property"


def test_an_own_property_is_made_written_found_and_lost(portal: Portal) -> None:
    base = "/crm/properties/2026-03/contacts"
    assert portal.ask("POST", f"{base}/groups", {"name": "consent", "label": "Consent"})[0] == 201
    made = {
        "name": "mirror_ref",
        "label": "Ref",
        "type": "string",
        "fieldType": "text",
        "groupName": "consent",
    }
    assert portal.ask("POST", base, made)[0] == 201
    assert portal.ask("POST", base, made)[0] == 409
    number = portal.create(email="new@example.com", mirror_ref="r1")
    assert portal.search(("mirror_ref", "EQ", "r1"))["results"][0]["id"] == number
    assert portal.ask("DELETE", f"{base}/mirror_ref")[0] == 204
    assert "mirror_ref" not in portal.contact(number, "properties=mirror_ref")[1]["properties"]
    assert portal.ask("DELETE", f"{base}/email")[0] == 400


def test_a_unique_property_finds_its_contact(portal: Portal) -> None:
    made = {
        "name": "crm_key",
        "label": "Key",
        "type": "string",
        "fieldType": "text",
        "groupName": "contactinformation",
    }
    portal.ask("POST", "/crm/properties/2026-03/contacts", {**made, "hasUniqueValue": True})
    number = portal.create(email="new@example.com", crm_key="k1")
    assert portal.contact("k1", "idProperty=crm_key")[1]["id"] == number
    assert portal.contact("x", "idProperty=city")[0] == 400


@pytest.mark.parametrize("base", ["/crm/lists/2026-03", "/crm/v3/lists"])
def test_a_list_takes_members_and_tells_the_missing(portal: Portal, base: str) -> None:
    made = {"name": "Audience", "objectTypeId": "0-1", "processingType": "MANUAL"}
    _, found = portal.ask("POST", base, made)
    number = found["list"]["listId"]
    assert portal.ask("POST", base, made)[0] == 400
    assert portal.ask("PUT", f"{base}/{number}/memberships/add", ["51", "101", "52"])[1] == {
        "recordsIdsAdded": ["51", "101"],
        "recordIdsRemoved": [],
        "recordIdsMissing": ["52"],
    }
    body = {"recordIdsToAdd": ["151"], "recordIdsToRemove": ["51"]}
    assert portal.ask("PUT", f"{base}/{number}/memberships/add-and-remove", body)[1]["recordIdsRemoved"] == [
        "51"
    ]
    _, first = portal.ask("GET", f"{base}/{number}/memberships", query="limit=1")
    _, rest = portal.ask(
        "GET", f"{base}/{number}/memberships", query=f"after={first['paging']['next']['after']}"
    )
    assert [row["recordId"] for row in first["results"] + rest["results"]] == ["101", "151"]


def test_only_static_lists_take_members_and_only_so_many(portal_with: Callable[..., Portal]) -> None:
    portal = portal_with(options={"list_batch_max": 2})
    for kind, name in (("DYNAMIC", "a"), ("MANUAL", "b")):
        portal.ask(
            "POST", "/crm/lists/2026-03", {"name": name, "objectTypeId": "0-1", "processingType": kind}
        )
    assert portal.ask("PUT", "/crm/lists/2026-03/1/memberships/add", ["51"])[0] == 400
    assert portal.ask("PUT", "/crm/lists/2026-03/2/memberships/add", ["51", "101", "151"])[0] == 400


def test_a_token_comes_from_oauth_and_says_what_it_is_worth(portal: Portal) -> None:
    form = b"grant_type=client_credentials&client_id=app-1&client_secret=s"
    reply = portal.sandbox.call("POST", "/oauth/2026-03/token", body=form, token="")
    assert reply.status == 200
    token = reply.body.decode().split('"access_token":"')[1].split('"')[0]
    assert portal.ask("GET", "/account-info/2026-03/details", token=token)[0] == 200
    seen = portal.sandbox.call(
        "POST", "/oauth/2026-03/token/introspect", body=f"token={token}".encode(), token=""
    )
    assert b'"active":true' in seen.body
    assert b'"hub_id":62515' in seen.body
    bad = portal.sandbox.call(
        "POST",
        "/oauth/2026-03/token",
        body=b"grant_type=refresh_token&client_id=a&refresh_token=bad",
        token="",
    )
    assert bad.status == 400
    assert b"BAD_REFRESH_TOKEN" in bad.body


def test_a_private_token_tells_its_scopes(portal: Portal) -> None:
    body = {"tokenKey": portal.sandbox.token}
    _, found = portal.ask("POST", "/oauth/v2/private-apps/get/access-token-info", body)
    assert found["hubId"] == 62515
    assert "crm.objects.contacts.read" in found["scopes"]


def test_who_is_gone_is_no_member_any_more(portal: Portal) -> None:
    portal.ask("POST", "/crm/lists/2026-03", {"name": "a", "objectTypeId": "0-1", "processingType": "MANUAL"})
    portal.ask("PUT", "/crm/lists/2026-03/1/memberships/add", ["51", "101"])
    portal.sandbox.colleague.privacy_delete("51")
    _, found = portal.ask("GET", "/crm/lists/2026-03/1/memberships")
    assert [row["recordId"] for row in found["results"]] == ["101"]
