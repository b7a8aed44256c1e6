"""Forms, their consent texts, their submissions, and the timeline of subscription changes."""

from typing import Any

import pytest

from connector.sandbox.forms import SIGN_UP, form_id
from tests.sandbox.conftest import NOON, Portal

FORM = form_id(62515, SIGN_UP)
SUBMISSIONS = f"/form-integrations/v1/submissions/forms/{FORM}"
TIMELINE = "/email/public/v1/subscriptions/timeline"
NEW = "new@example.com"


def submissions(portal: Portal, path: str = SUBMISSIONS, limit: int = 20) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    query = f"limit={limit}"
    while query:
        status, page = portal.ask("GET", path, query=query)
        assert status == 200, page
        found += page["results"]
        query = f"limit={limit}&after={page['paging']['next']['after']}" if "paging" in page else ""
    return found


def values(entry: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["value"] for row in entry["values"]}


def test_all_four_kinds_of_consent_text_are_there(portal: Portal) -> None:
    _, found = portal.ask("GET", "/marketing/v3/forms")
    kinds = {row["legalConsentOptions"]["type"] for row in found["results"]}
    assert kinds == {
        "none",
        "legitimate_interest",
        "explicit_consent_to_process",
        "implicit_consent_to_process",
    }
    boxes = next(r for r in found["results"] if r["id"] == FORM)["legalConsentOptions"][
        "communicationsCheckboxes"
    ]
    assert [set(box) for box in boxes] == [{"subscriptionTypeId", "label", "required"}] * 3


def test_forms_page_filter_and_hide_the_archived(portal: Portal) -> None:
    seen, query = [], "limit=3"
    while query:
        _, page = portal.ask("GET", "/marketing/v3/forms/", query=query)
        seen += [row["id"] for row in page["results"]]
        query = f"limit=3&after={page['paging']['next']['after']}" if "paging" in page else ""
    assert len(seen) == len(set(seen)) == 4
    assert portal.ask("GET", "/marketing/v3/forms", query="formTypes=captured")[1]["results"] == []
    portal.sandbox.register.edit_form(SIGN_UP, {"archived": True})
    assert portal.ask("GET", f"/marketing/v3/forms/{FORM}")[0] == 404
    assert portal.ask("GET", f"/marketing/v3/forms/{FORM}", query="archived=true")[0] == 200


def test_only_the_present_text_is_answered(portal: Portal) -> None:
    _, before = portal.ask("GET", f"/marketing/v3/forms/{FORM}")
    portal.sandbox.register.edit_form(SIGN_UP, {"privacyText": "New text"})
    _, after = portal.ask("GET", f"/marketing/v3/forms/{FORM}")
    assert after["legalConsentOptions"]["privacyText"] == "New text"
    assert after["updatedAt"] > before["updatedAt"]
    (past,) = portal.sandbox.machine.form(SIGN_UP)["past"]
    assert past["legalConsentOptions"] == before["legalConsentOptions"]


def test_submissions_come_newest_first_and_once(portal: Portal) -> None:
    for turn in range(3):
        portal.sandbox.person.submit(SIGN_UP, {"email": f"p{turn}@example.com"}, [101], at=NOON + turn)
    found = submissions(portal, limit=2)
    times = [entry["submittedAt"] for entry in found]
    assert times == sorted(times, reverse=True)
    assert [values(entry)["email"] for entry in found[:3]] == [f"p{turn}@example.com" for turn in (2, 1, 0)]
    keys = [entry["conversionId"] for entry in found]
    assert len(keys) == len(set(keys))


def test_every_made_up_consent_by_form_has_its_submission(portal: Portal) -> None:
    by_address = {values(entry)["email"]: entry["submittedAt"] for entry in submissions(portal)}
    people = portal.sandbox.engine.rooms.portal.people
    expected = [index for index in range(people.count) if people.profile(index).by_form]
    assert expected
    assert by_address == {people.contact(index).email: people.acted(index) for index in expected}


def test_a_submission_makes_a_contact_and_subscribes(portal: Portal) -> None:
    number = portal.sandbox.person.submit(SIGN_UP, {"email": NEW, "firstname": "Åsa"}, [101])
    row = portal.statuses(NEW)[101]
    assert (row["status"], row["source"], row["legalBasis"]) == (
        "SUBSCRIBED",
        "Form submission",
        "CONSENT_WITH_NOTICE",
    )
    names = "properties=firstname,hs_object_source,recent_conversion_event_name"
    found = portal.contact(number, names)[1]["properties"]
    assert (found["firstname"], found["hs_object_source"], found["recent_conversion_event_name"]) == (
        "Åsa", "FORM", SIGN_UP,
    )  # fmt: skip


def test_double_opt_in_waits_for_the_person(portal: Portal) -> None:
    portal.sandbox.register.edit_form(SIGN_UP, {"double_opt_in": True})
    number = portal.sandbox.person.submit(SIGN_UP, {"email": NEW}, [101])

    def state() -> str | None:
        names = "properties=hs_emailconfirmationstatus"
        return portal.contact(number, names)[1]["properties"]["hs_emailconfirmationstatus"]

    assert (state(), portal.words(NEW)[101]) == ("Pending", "NOT_SPECIFIED")
    portal.sandbox.person.confirm(NEW)
    assert (state(), portal.words(NEW)[101]) == ("Confirmed", "SUBSCRIBED")
    assert portal.statuses(NEW)[101]["source"] == "Double opt-in confirmation"


def test_a_form_can_be_sent_by_a_program_without_a_token(portal: Portal) -> None:
    body = {
        "fields": [{"name": "email", "value": NEW}],
        "submittedAt": str(NOON - 60_000),
        "legalConsentOptions": {
            "consent": {
                "consentToProcess": True,
                "text": "x",
                "communications": [
                    {"value": True, "subscriptionTypeId": 101, "text": "yes"},
                    {"value": False, "subscriptionTypeId": 102, "text": "no"},
                ],
            }
        },
    }
    path = f"/submissions/v3/integration/submit/62515/{FORM}"
    assert portal.ask("POST", path, body, token="")[0] == 200
    assert (portal.words(NEW)[101], portal.words(NEW)[102]) == ("SUBSCRIBED", "NOT_SPECIFIED")
    assert portal.ask("POST", path, {"fields": []})[0] == 400
    assert portal.ask("POST", f"/submissions/v3/integration/submit/1/{FORM}", body)[0] == 404


def test_comment_forms_refuse_their_submissions(portal: Portal) -> None:
    number = portal.sandbox.register.add_form("Comments", {"type": "none"}, kind="blog_comment")
    status, found = portal.ask("GET", f"/form-integrations/v1/submissions/forms/{number}")
    assert (status, found["category"]) == (400, "FORM_TYPE_NOT_ALLOWED")


def changes(portal: Portal, query: str = "") -> list[tuple[Any, ...]]:
    found, offset = [], ""
    while True:
        status, page = portal.ask("GET", TIMELINE, query=f"limit=50&{query}{offset}")
        assert status == 200, page
        for row in page["timeline"]:
            for change in row["changes"]:
                found.append(
                    (
                        row["timestamp"],
                        row["recipient"],
                        change["change"],
                        change["changeType"],
                        change["source"],
                    )
                )
        if not page["hasMore"]:
            return found
        offset = f"&offset={page['offset']}"


def test_the_timeline_tells_every_change_once_newest_first(portal: Portal) -> None:
    found = changes(portal)
    times = [row[0] for row in found]
    assert times == sorted(times, reverse=True)
    people = portal.sandbox.engine.rooms.portal.people
    profiles = [people.profile(index) for index in range(people.count)]
    assert len(found) == sum(len(profile.fates) + profile.wide for profile in profiles)


def test_the_timeline_says_by_whose_act(portal: Portal) -> None:
    portal.sandbox.person.unsubscribe(NEW, 101)
    portal.sandbox.colleague.unsubscribe(NEW, 102)
    portal.opt_out_of_all(NEW)
    found = changes(portal, f"startTimestamp={NOON}")
    assert {row[2:] for row in found} == {
        ("UNSUBSCRIBED", "SUBSCRIPTION_STATUS", "SOURCE_RECIPIENT"),
        ("UNSUBSCRIBED", "SUBSCRIPTION_STATUS", "SOURCE_USER"),
        ("UNSUBSCRIBED", "PORTAL_STATUS", "SOURCE_API"),
    }


@pytest.mark.parametrize("days", [(400, 300), (200, 10), (30, 0)])
def test_a_window_of_the_timeline_is_that_part_of_it(portal: Portal, days: tuple[int, int]) -> None:
    start, end = (NOON - day * 86_400_000 for day in days)
    window = changes(portal, f"startTimestamp={start}&endTimestamp={end}")
    assert window == [row for row in changes(portal) if start <= row[0] <= end]


@pytest.mark.parametrize("query", ["changeType=subscription_status", "limit=1001", "limit=0", "offset=7"])
def test_what_the_timeline_refuses(portal: Portal, query: str) -> None:
    assert portal.ask("GET", TIMELINE, query=query)[0] == 400
