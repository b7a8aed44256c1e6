"""Users, login history, marketing e-mails and their events, by HubSpot's facts (hubspot-api, 10 and 14)."""

from collections.abc import Callable

import pytest

from tests.sandbox.conftest import NOON, Portal

DAY = 86_400_000
USERS, MAILS = "/settings/users/2026-03", "/marketing/emails/2026-03"
LOGIN, EVENTS = "/account-info/2026-03/activity/login", "/email/public/v1/events"


@pytest.mark.parametrize("base", [USERS, "/settings/v3/users"])
def test_users_are_paged_and_carry_their_roles(portal: Portal, base: str) -> None:
    new = portal.sandbox.office.hire("Nya", "Ny", "nya@example.com", role="202")
    status, first = portal.ask("GET", base, query="limit=3")
    _, second = portal.ask("GET", base, query=f"limit=3&after={first['paging']['next']['after']}")
    assert status == 200
    assert [row["id"] for row in first["results"] + second["results"]] == ["1001", "1002", "1003", str(new)]
    assert second["results"][0] == {
        "id": str(new), "email": "nya@example.com", "firstName": "Nya", "lastName": "Ny", "roleId": "202",
        "roleIds": ["202"], "superAdmin": False, "sendWelcomeEmail": False,
    }  # fmt: skip
    assert "paging" not in second
    _, found = portal.ask("GET", f"{base}/roles")
    assert {"id": "202", "name": "Sälj", "requiresBillingWrite": False} in found["results"]
    assert portal.ask("GET", f"{base}/nya@example.com", query="idProperty=EMAIL")[1]["id"] == str(new)
    portal.sandbox.office.leave(new)
    assert portal.ask("GET", f"{base}/{new}")[0] == 404


def test_the_login_history_goes_back_ninety_days(portal: Portal) -> None:
    portal.sandbox.office.sign_in(1_003, at=NOON - 91 * DAY)
    portal.sandbox.office.sign_in(1_003, at=NOON - 89 * DAY, succeeded=False)
    _, found = portal.ask("GET", LOGIN, query="userId=1003")
    assert [(row["userId"], row["loginSucceeded"]) for row in found["results"]] == [(1_003, False)]
    _, every = portal.ask("GET", LOGIN, query="limit=2")
    assert every["paging"]["next"]["after"] == "2"


@pytest.mark.parametrize(
    ("tier", "path", "status"),
    [
        ("starter", USERS, 200),
        ("starter", LOGIN, 403),
        ("professional", LOGIN, 403),
        ("starter", MAILS, 403),
        ("starter", EVENTS, 403),
        ("professional", MAILS, 200),
        ("professional", EVENTS, 200),
        ("enterprise", "/account-info/2026-03/activity/security", 200),
    ],
)
def test_what_a_plan_lacks_is_refused(
    portal_with: Callable[..., Portal], tier: str, path: str, status: int
) -> None:
    assert portal_with(tier=tier).ask("GET", path)[0] == status


def test_exports_are_in_the_security_history(portal: Portal) -> None:
    portal.sandbox.colleague.audit("CONTACT_DATA_EXPORT", "17")
    portal.sandbox.colleague.audit("GDPR_DELETE", "18")
    _, found = portal.ask("GET", "/account-info/2026-03/activity/security")
    assert [(row["type"], row["objectId"]) for row in found["results"]] == [("CONTACT_DATA_EXPORT", "17")]


def test_a_mail_leaves_its_date_and_name_on_the_record_and_an_event(portal: Portal) -> None:
    out, stays = portal.create(email="out@example.com"), portal.create(email="in@example.com")
    portal.sandbox.person.unsubscribe("out@example.com", 101)
    assert portal.sandbox.office.mail("Juni", [out, stays], 101) == 1, "HubSpot leaves out who is opted out"
    assert portal.sandbox.office.mail("Juli", [out], 101, against_a_no=True) == 1
    asked = "properties=hs_email_last_send_date,hs_email_last_email_name"
    _, read = portal.contact(stays, asked)
    assert read["properties"]["hs_email_last_email_name"] == "Juni"
    _, mails = portal.ask("GET", MAILS)
    assert [(row["name"], row["subscriptionDetails"]["subscriptionId"]) for row in mails["results"]] == [
        ("Juni", "101"), ("Juli", "101"),
    ]  # fmt: skip
    _, events = portal.ask("GET", EVENTS, query="eventType=SENT&limit=1")
    assert events["hasMore"] is True
    assert events["events"][0]["recipient"] == "out@example.com"
    assert str(events["events"][0]["emailCampaignId"]) == mails["results"][1]["primaryEmailCampaignId"]
    _, rest = portal.ask("GET", EVENTS, query=f"eventType=SENT&limit=1&offset={events['offset']}")
    assert (rest["hasMore"], rest["events"][0]["recipient"]) == (False, "in@example.com")


def test_a_search_finds_who_was_mailed_since(portal: Portal) -> None:
    mailed = portal.create(email="in@example.com")
    portal.create(email="quiet@example.com")
    portal.sandbox.office.mail("Juni", [mailed], 101)
    last = {"propertyName": "hs_email_last_send_date", "operator": "GTE", "value": str(NOON)}
    body = {"filterGroups": [{"filters": [last]}], "limit": 10}
    _, found = portal.ask("POST", "/crm/objects/2026-03/contacts/search", body)
    assert [row["id"] for row in found["results"]] == [mailed]


def test_sensitive_properties_are_listed_by_their_sensitivity_and_counted_by_search(portal: Portal) -> None:
    portal.sandbox.office.define("halsa", "Hälsa", sensitivity="highly_sensitive")
    portal.sandbox.office.define("skostorlek", "Skostorlek")
    somebody = portal.create(email="in@example.com")
    portal.sandbox.office.fill(somebody, "skostorlek", "41")
    base = "/crm/properties/2026-03/contacts"
    _, plain = portal.ask("GET", base)
    _, sensitive = portal.ask("GET", base, query="dataSensitivity=highly_sensitive")
    assert "skostorlek" in {row["name"] for row in plain["results"]}
    assert "halsa" not in {row["name"] for row in plain["results"]}
    assert [row["name"] for row in sensitive["results"]] == ["halsa"]
    has = {"propertyName": "skostorlek", "operator": "HAS_PROPERTY"}
    _, found = portal.ask(
        "POST", "/crm/objects/2026-03/contacts/search", {"filterGroups": [{"filters": [has]}]}
    )
    assert found["total"] == 1
