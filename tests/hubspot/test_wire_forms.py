"""Forms, submissions, the timeline and the account: only what we read, odd values aside."""

import json
from typing import Any

import pytest

from connector.hubspot.wire import account, forms
from mappings.records import AuditRow, ConsentText, Submission, TimelineChange


def body(*items: Any, **more: Any) -> bytes:
    return json.dumps({"results": items, **more}).encode()


def form(**options: Any) -> Any:
    item = {
        "id": "guid-1",
        "name": "News",
        "formType": "hubspot",
        "updatedAt": "2026-09-21T14:13:20Z",
        "legalConsentOptions": options,
    }
    [found], _ = forms.forms_page(body(item))
    return found


def test_the_texts_of_an_explicit_consent_are_kept_by_kind() -> None:
    found = form(
        type="explicit_consent_to_process",
        communicationConsentText="We send news.",
        communicationsCheckboxes=[{"label": "Yes, news", "required": False, "subscriptionTypeId": 101}],
        consentToProcessText="We process.",
        privacyText="Privacy.",
    )
    assert found.consent_type == "explicit_consent_to_process"
    assert found.updated_at == 1_790_000_000_000
    assert found.subscriptions == (101,)
    assert found.texts == (
        ConsentText(kind="communicationConsentText", text="We send news."),
        ConsentText(kind="consentToProcessText", text="We process."),
        ConsentText(kind="privacyText", text="Privacy."),
        ConsentText(kind="communicationsCheckboxes", text="Yes, news", subscription=101, required=False),
    )


def test_a_legitimate_interest_names_basis_and_types() -> None:
    found = form(type="legitimate_interest", lawfulBasis="lead", subscriptionTypeIds=[101, "102", None])
    assert (found.lawful_basis, found.subscriptions) == ("lead", (101, 102))


@pytest.mark.parametrize("options", [{}, {"type": "none"}])
def test_a_form_without_consent_is_none(options: dict[str, Any]) -> None:
    assert (form(**options).consent_type, form(**options).texts) == ("none", ())


def test_a_submission_is_read_with_its_values_in_order() -> None:
    item = {
        "conversionId": "c-1",
        "submittedAt": 1_790_000_000_000,
        "values": [{"name": "email", "value": "a@b.se"}, {"value": "no name"}, "odd", {"name": "news"}],
        "pageUrl": "https://exempel.se/",
    }
    page = forms.submission_page("guid-1", body(item, paging={"next": {"after": "x"}}))
    assert page.after == "x"
    assert page.submissions == (
        Submission(
            form="guid-1",
            conversion_id="c-1",
            submitted_at=1_790_000_000_000,
            values=(("email", "a@b.se"), ("news", "")),
            page_url="https://exempel.se/",
        ),
    )


def test_a_timeline_is_read_change_by_change() -> None:
    change = {
        "change": "UNSUBSCRIBED",
        "source": "SOURCE_RECIPIENT",
        "changeType": "SUBSCRIPTION_STATUS",
        "subscriptionId": 101,
        "causedByEvent": {"id": "e-1"},
    }
    items = [
        {"timestamp": 1_790_000_000_000, "recipient": "a@b.se", "changes": [change, "odd"]},
        {"timestamp": 1, "changes": [change]},
    ]
    page = forms.timeline_page(json.dumps({"timeline": items, "hasMore": True, "offset": "o"}).encode())
    assert page.offset == "o"
    assert page.changes == (
        TimelineChange(
            address="a@b.se",
            at=1_790_000_000_000,
            change="UNSUBSCRIBED",
            source="SOURCE_RECIPIENT",
            change_type="SUBSCRIPTION_STATUS",
            subscription=101,
            cause="e-1",
        ),
    )


def test_a_timeline_without_more_ends() -> None:
    answer = json.dumps({"timeline": [], "hasMore": False, "offset": "o"}).encode()
    assert forms.timeline_page(answer).offset is None


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(
            {"type": "GDPR_DELETE", "objectId": "7", "userId": 3, "createdAt": "1790000000000"}, id="guide"
        ),
        pytest.param(
            {
                "action": "GDPR_DELETE",
                "targetObjectId": "7",
                "actingUser": {"userId": 3, "userEmail": "boss@exempel.se"},
                "occurredAt": "2026-09-21T14:13:20Z",
            },
            id="SDK",
        ),
    ],
)
def test_an_audit_line_is_read_by_either_spelling(item: dict[str, Any]) -> None:
    rows, _ = account.audit_page(body(item, {"type": "UNDATED"}))
    assert rows == (AuditRow(type="GDPR_DELETE", object_id="7", user="3", at=1_790_000_000_000),)


def test_definitions_have_ids_in_text() -> None:
    found = account.definitions(
        body({"id": "101", "name": "News", "isActive": False, "isInternal": True}, {"name": "no id"})
    )
    assert [(each.id, each.name, each.active, each.internal) for each in found] == [
        (101, "News", False, True)
    ]
