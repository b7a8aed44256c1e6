"""What each call sends and how its answers are taken, where HubSpot may answer in several ways."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from connector.acts.ports import HubSpot
from connector.errors import (
    AmbiguousWrite,
    HubSpotRefused,
    HubSpotUnreachable,
    RequestRejected,
)
from connector.hubspot import families
from connector.hubspot.families import Route
from connector.hubspot.pace import Budget
from mappings.records import Account, Capabilities, Preferences
from mappings.words import LegalBasis, Status, WriteOutcome
from tests.hubspot.helpers import HUBSPOT, START, NotingPace, portal, problem

EMAIL = "anna+tag@exempel.se"
EMPTY = {"status": "COMPLETE", "results": []}
NOT_FOUND = (404, problem("OBJECT_NOT_FOUND"))

Reply = tuple[int, Any]


class Far:
    """HubSpot with scripted replies by route; the last reply of a route stays."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self._mock = mock
        self.requests: list[requests.PreparedRequest] = []

    def on(self, route: Route, *replies: Reply | Callable[[Any], Reply]) -> "Far":
        left = list(replies)

        def reply(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
            self.requests.append(request)
            now = left.pop(0) if len(left) > 1 else left[0]
            status, body = now(json.loads(request.body or b"{}")) if callable(now) else now
            return status, {}, body if isinstance(body, str) else json.dumps(body)

        self._mock.add_callback(route.method, HUBSPOT + route.path, callback=reply)
        return self

    def query(self, number: int = -1) -> dict[str, list[str]]:
        return parse_qs(urlsplit(str(self.requests[number].url)).query)

    def body(self, number: int = -1) -> Any:
        return json.loads(self.requests[number].body or b"null")


@pytest.fixture
def far() -> Iterator[Far]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Far(mock)


def status(**values: Any) -> dict[str, Any]:
    return {
        "subscriptionId": 101,
        "status": "UNSUBSCRIBED",
        "subscriberIdString": EMAIL,
        "channel": "EMAIL",
        "timestamp": "2026-09-21T14:13:20Z",
        **values,
    }


def framed(*items: Any) -> Reply:
    return 200, {"status": "COMPLETE", "results": items}


def test_the_portal_is_what_the_acts_ask_for() -> None:
    asked: HubSpot = portal()
    assert asked.calls_made == 0


# --- preferences


@pytest.mark.parametrize(
    ("statuses", "wide", "expected"),
    [
        pytest.param((200, EMPTY), (200, EMPTY), (), id="empty"),
        pytest.param(NOT_FOUND, NOT_FOUND, (), id="404"),
        pytest.param((200, EMPTY), (204, ""), (), id="no content"),
        pytest.param(
            framed(status(status="NOT_SPECIFIED", source="Not specified", timestamp=None)),
            (200, EMPTY),
            (Status.NOT_SPECIFIED,),
            id="rows of NOT_SPECIFIED",
        ),
    ],
)
def test_an_address_never_touched_may_be_answered_in_several_ways(
    far: Far, statuses: Reply, wide: Reply, expected: tuple[Status, ...]
) -> None:
    far.on(families.statuses(EMAIL), statuses).on(families.wide(EMAIL), wide)
    found = portal().preferences(EMAIL)
    assert tuple(row.status for row in found.statuses) == expected
    assert (found.wide, found.read_at) == ((), START)


def test_statuses_and_wide_opt_outs_are_two_calls(far: Far) -> None:
    wide = {"status": "UNSUBSCRIBED", "wideStatusType": "PORTAL_WIDE", "subscriberIdString": EMAIL}
    far.on(families.statuses(EMAIL), framed(status(), status(subscriptionId=None)))
    far.on(families.wide(EMAIL), framed(wide))
    found = portal().preferences(EMAIL)
    assert [(row.subscription, row.status, row.at) for row in found.statuses] == [
        (101, Status.UNSUBSCRIBED, 1_790_000_000_000)
    ]
    assert found.unreadable == 1
    assert found.wide[0].status is Status.UNSUBSCRIBED
    assert [far.query(0), far.query(1)] == [{"channel": ["EMAIL"]}] * 2


def test_rows_of_another_address_are_no_answer(far: Far) -> None:
    far.on(families.statuses(EMAIL), framed(status(subscriberIdString="other@exempel.se")))
    with pytest.raises(HubSpotUnreachable):
        portal().preferences(EMAIL)


def test_an_empty_body_is_no_answer_about_statuses(far: Far) -> None:
    far.on(families.statuses(EMAIL), (200, ""))
    with pytest.raises(HubSpotUnreachable):
        portal().preferences(EMAIL)


# --- writing


@pytest.mark.parametrize(
    ("target", "basis", "explanation"),
    [
        pytest.param(Status.NOT_SPECIFIED, None, None, id="NOT_SPECIFIED"),
        pytest.param("NOT_SPECIFIED", None, None, id="NOT_SPECIFIED as text"),
        pytest.param("PAUSED", None, None, id="an unknown word"),
        pytest.param(Status.SUBSCRIBED, None, None, id="a yes without anything"),
        pytest.param(Status.SUBSCRIBED, LegalBasis.CONSENT_WITH_NOTICE, None, id="a yes without explanation"),
        pytest.param(Status.SUBSCRIBED, LegalBasis.CONSENT_WITH_NOTICE, "  ", id="an empty explanation"),
        pytest.param(Status.SUBSCRIBED, None, "form 7", id="a yes without basis"),
    ],
)
def test_what_may_not_be_written_is_never_sent(
    far: Far, target: Any, basis: LegalBasis | None, explanation: str | None
) -> None:
    far.on(families.set_status(EMAIL), framed(status()))
    with pytest.raises(ValueError, match=r"."):
        portal().set_status(EMAIL, 101, target, basis=basis, explanation=explanation)
    assert far.requests == []


def test_a_no_is_written_urgently(far: Far) -> None:
    far.on(families.set_status(EMAIL), framed(status(setStatusSuccessReason="REQUESTED_CHANGE_OCCURRED")))
    pace = NotingPace()
    row = portal(pace=pace).set_status(EMAIL, 101, Status.UNSUBSCRIBED)
    assert row.outcome is WriteOutcome.REQUESTED_CHANGE_OCCURRED
    assert row.address == EMAIL
    assert far.body() == {"subscriptionId": 101, "statusState": "UNSUBSCRIBED", "channel": "EMAIL"}
    assert pace.asked == [(Budget.BURST, True)]


def test_a_yes_carries_basis_and_explanation_and_waits_its_turn(far: Far) -> None:
    answer = status(status="SUBSCRIBED", setStatusSuccessReason="RESUBSCRIBE_OCCURRED")
    far.on(families.set_status(EMAIL), (200, answer))
    pace = NotingPace()
    row = portal(pace=pace).set_status(
        EMAIL, 101, Status.SUBSCRIBED, basis=LegalBasis.CONSENT_WITH_NOTICE, explanation="form 7"
    )
    assert (row.status, row.outcome) == (Status.SUBSCRIBED, WriteOutcome.RESUBSCRIBE_OCCURRED)
    assert far.body()["legalBasis"] == "CONSENT_WITH_NOTICE"
    assert far.body()["legalBasisExplanation"] == "form 7"
    assert pace.asked == [(Budget.BURST, False)]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((200, EMPTY), id="no row"),
        pytest.param(framed(status(subscriptionId=102)), id="another type"),
        pytest.param(framed(status(subscriberIdString="other@exempel.se")), id="another address"),
        pytest.param((200, "{}"), id="an empty object"),
    ],
)
def test_a_write_that_is_answered_about_something_else_is_ambiguous(far: Far, answer: Reply) -> None:
    far.on(families.set_status(EMAIL), answer)
    with pytest.raises(AmbiguousWrite):
        portal().set_status(EMAIL, 101, Status.UNSUBSCRIBED)
    assert len(far.requests) == 1


@pytest.mark.parametrize("answer", [framed(status()), (200, ""), (204, "")], ids=["rows", "200", "204"])
def test_an_opt_out_of_all_is_urgent_and_verbose(far: Far, answer: Reply) -> None:
    far.on(families.unsubscribe_all(EMAIL), answer)
    pace = NotingPace()
    portal(pace=pace).unsubscribe_all(EMAIL)
    assert far.query() == {"channel": ["EMAIL"], "verbose": ["true"]}
    assert pace.asked == [(Budget.BURST, True)]


def test_an_erasure_names_the_record_and_never_the_address(far: Far) -> None:
    far.on(families.gdpr_delete(), (204, ""))
    portal().erase(7)
    assert far.body() == {"objectId": "7"}


@pytest.mark.parametrize("key", [0, -1, True, "7", "anna@exempel.se", None])
def test_an_erasure_by_anything_else_is_refused(far: Far, key: Any) -> None:
    far.on(families.gdpr_delete(), (204, ""))
    with pytest.raises(ValueError, match="record id"):
        portal().erase(key)
    assert far.requests == []


def test_an_erasure_answered_by_somebody_on_the_way_is_ambiguous(far: Far) -> None:
    far.on(families.gdpr_delete(), (200, "<html>Welcome to our network</html>"))
    with pytest.raises(AmbiguousWrite):
        portal().erase(7)


def test_erasing_who_is_not_there_is_told(far: Far) -> None:
    far.on(families.gdpr_delete(), NOT_FOUND)
    with pytest.raises(RequestRejected) as caught:
        portal().erase(7)
    assert caught.value.status == 404


# --- contacts


def contact(number: int, **properties: Any) -> dict[str, Any]:
    return {"id": str(number), "properties": {"lastmodifieddate": "1790000000000", **properties}}


def test_a_list_asks_for_our_properties_in_full_pages(far: Far) -> None:
    far.on(families.contacts(), framed(contact(1)))
    portal().contacts_page("17", archived=True)
    assert far.query()["limit"] == ["100"]
    assert far.query()["after"] == ["17"]
    assert far.query()["archived"] == ["true"]
    assert "hs_email_optout_102" in far.query()["properties"][0].split(",")


def test_a_merged_id_answers_with_its_winner(far: Far) -> None:
    far.on(families.contact(5), (200, contact(9, hs_merged_object_ids="5")))
    found = portal().contact(5)
    assert found is not None
    assert (found.id, found.merged_ids) == (9, (5,))


def test_an_archived_contact_says_so(far: Far) -> None:
    far.on(families.contact(5), (200, {**contact(5), "archived": True}))
    found = portal().contact(5, archived=True)
    assert found is not None
    assert found.archived
    assert far.query()["archived"] == ["true"]


def test_a_contact_that_is_not_there_is_none(far: Far) -> None:
    far.on(families.contact(5), NOT_FOUND).on(families.contact(EMAIL), NOT_FOUND)
    assert portal().contact(5) is None
    assert portal().contact_by_email(EMAIL) is None


@pytest.mark.parametrize(
    "properties",
    [
        pytest.param({"email": EMAIL.upper()}, id="primary"),
        pytest.param({"email": "x@y.se", "hs_additional_emails": f"a@b.se;{EMAIL}"}, id="additional"),
    ],
)
def test_a_contact_is_found_by_any_of_its_addresses(far: Far, properties: dict[str, str]) -> None:
    far.on(families.contact(EMAIL), (200, contact(5, **properties)))
    found = portal().contact_by_email(EMAIL)
    assert found is not None
    assert found.id == 5
    assert far.query()["idProperty"] == ["email"]


def test_a_contact_without_the_address_is_not_believed(far: Far) -> None:
    far.on(families.contact(EMAIL), (200, contact(5, email="stranger@exempel.se")))
    with pytest.raises(HubSpotUnreachable):
        portal().contact_by_email(EMAIL)


def test_contacts_by_id_come_in_hundreds_with_those_missing(far: Far) -> None:
    def answer(body: Any) -> Reply:
        ids = [int(each["id"]) for each in body["inputs"]]
        assert len(ids) <= 100
        found = [contact(each) for each in ids if each % 50]
        return 207, {"results": found, "numErrors": 1, "errors": [{"category": "OBJECT_NOT_FOUND"}]}

    far.on(families.contacts_batch_read(), answer)
    found, missing = portal().contacts_by_id([*range(250, 0, -1), 3])
    assert [each.id for each in found] == [each for each in range(1, 251) if each % 50]
    assert missing == (250, 200, 150, 100, 50)
    assert len(far.requests) == 3


def test_an_id_that_was_merged_away_is_answered_by_its_winner(far: Far) -> None:
    far.on(families.contacts_batch_read(), (200, {"results": [contact(9, hs_merged_object_ids="5")]}))
    found, missing = portal().contacts_by_id([5, 6])
    assert ([each.id for each in found], missing) == ([9], (6,))


def test_no_ids_cost_no_call(far: Far) -> None:
    assert portal().contacts_by_id([]) == ((), ())


MANY = tuple(range(1_000_000, 1_000_700))


def full(body: Any) -> Reply:
    assert len(body["properties"]) > 700
    return framed(*(contact(int(each["id"]), hs_email_optout_1000699="true") for each in body["inputs"]))


def test_too_many_properties_for_a_query_are_read_by_batch(far: Far) -> None:
    far.on(
        families.contacts(), (200, {"results": [contact(1), contact(2)], "paging": {"next": {"after": "2"}}})
    )
    far.on(families.contacts_batch_read(), full)
    page = portal(MANY).contacts_page(None)
    assert far.query(0)["properties"] == ["email"]
    assert page.after == "2"
    assert [each.opted_out_of for each in page.contacts] == [{1_000_699}] * 2


def test_one_contact_with_too_many_properties_is_read_by_batch(far: Far) -> None:
    far.on(families.contact(5), (200, contact(5)), NOT_FOUND)
    far.on(families.contact(EMAIL), (200, contact(5, email=EMAIL)))
    far.on(families.contacts_batch_read(), full)
    many = portal(MANY)
    found = [many.contact(5), many.contact_by_email(EMAIL)]
    assert [each.opted_out_of for each in found if each] == [{1_000_699}] * 2
    assert many.contact(5) is None


# --- the account


def test_details_tell_the_account_and_when_its_day_ends(far: Far) -> None:
    answer = {"portalId": 42, "timeZone": "Europe/Stockholm", "accountType": "STANDARD", "uiDomain": "x"}
    far.on(families.details(), (200, answer))
    asked = portal()
    assert asked.details() == Account(portal_id=42, time_zone="Europe/Stockholm", account_type="STANDARD")
    assert asked._transport.time_zone == "Europe/Stockholm"


def test_properties_that_the_portal_lacks_are_named(far: Far) -> None:
    names = ["email", "hs_email_optout", "hs_email_optout_101", "lastmodifieddate", "createdate"]
    far.on(families.properties(), framed(*({"name": name} for name in names)))
    missing = portal().missing_properties([101, 103])
    assert "hs_email_optout_103" in missing
    assert "hs_email_optout_101" not in missing


PROBES = [families.statuses_batch(), families.forms(), families.timeline(), families.audit()]


@pytest.mark.parametrize(
    ("reply", "allowed"),
    [
        pytest.param((200, EMPTY), True, id="answered"),
        pytest.param((400, problem("VALIDATION_ERROR")), True, id="it dislikes the input, so it is there"),
        pytest.param((403, problem("MISSING_SCOPES")), False, id="403"),
        pytest.param((404, problem("OBJECT_NOT_FOUND")), False, id="not any more"),
        pytest.param((410, problem("GONE")), False, id="gone"),
    ],
)
def test_a_capability_is_probed_once_with_reads(far: Far, reply: Reply, allowed: bool) -> None:
    for route in PROBES:
        far.on(route, reply)
    asked = portal()
    expected = Capabilities(
        batch_statuses=allowed, batch_writes=False, forms=allowed, timeline=allowed, audit=allowed
    )
    assert asked.capabilities() == expected
    assert asked.capabilities() == expected
    assert len(far.requests) == 4
    assert far.body(0) == {"inputs": ["probe@consent-mirror.invalid"]}


def test_a_probe_with_a_wrong_token_says_nothing_about_the_plan(far: Far) -> None:
    for route in PROBES:
        far.on(route, (401, problem("X")))
    with pytest.raises(HubSpotRefused):
        portal().capabilities()


def test_a_probe_that_breaks_down_counts_as_no_and_is_asked_again(far: Far) -> None:
    for route in PROBES[1:]:
        far.on(route, (200, EMPTY))
    far.on(PROBES[0], (500, problem("X")), (500, problem("X")), (200, EMPTY))
    asked = portal()
    assert not asked.capabilities().batch_statuses
    assert asked.capabilities().batch_statuses


def test_the_audit_log_is_paged_and_sorted(far: Far) -> None:
    def line(at: int) -> dict[str, Any]:
        return {"type": "GDPR_DELETE", "objectId": "7", "createdAt": at}

    far.on(
        families.audit(),
        (200, {"results": [line(START + 9), line(START + 5)], "paging": {"next": {"after": "b"}}}),
        framed(line(START + 1), line(START - 1)),
    )
    assert [row.at - START for row in portal().audit(START)] == [1, 5, 9]
    assert far.query(0)["occurredAfter"] == ["2026-09-21T14:13:20.000Z"]
    assert far.query(1)["after"] == ["b"]


def test_an_audit_log_that_the_plan_lacks_is_empty(far: Far) -> None:
    far.on(families.audit(), (403, problem("MISSING_SCOPES")))
    assert portal().audit(START) == ()


def test_a_page_cursor_that_comes_back_stops(far: Far) -> None:
    far.on(families.forms(), (200, {"results": [], "paging": {"next": {"after": "a"}}}))
    with pytest.raises(HubSpotUnreachable, match="cursor"):
        portal().forms()


def test_a_form_kind_that_has_no_submissions_is_told_by_its_category(far: Far) -> None:
    far.on(families.submissions("g-1"), (400, problem("FORM_TYPE_NOT_ALLOWED")))
    with pytest.raises(RequestRejected) as caught:
        portal().submissions("g-1", "x")
    assert caught.value.category == "FORM_TYPE_NOT_ALLOWED"
    assert far.query() == {"limit": ["50"], "after": ["x"]}


# --- batches


def batch(limit: int, *, wide: bool = False) -> Callable[[Any], Reply]:
    key = "wideStatuses" if wide else "statuses"

    def answer(body: Any) -> Reply:
        if len(body["inputs"]) > limit:
            return 400, problem("VALIDATION_ERROR")
        return framed(*({"subscriberIdString": each.lower(), key: []} for each in body["inputs"]))

    return answer


def test_a_batch_is_read_in_the_size_that_hubspot_takes(far: Far) -> None:
    far.on(families.statuses_batch(), batch(40)).on(families.wide_batch(), batch(40, wide=True))
    asked = portal()
    emails = [f"P{number}@exempel.se" for number in range(130)]
    found = asked.batch_preferences(emails)
    assert list(found.read) == emails
    assert found.read["P7@exempel.se"] == Preferences(address="P7@exempel.se", read_at=START)
    before = len(far.requests)
    asked.batch_preferences(emails[:50])
    assert len(far.requests) - before == 4


def test_a_batch_without_the_plan_is_refused(far: Far) -> None:
    far.on(families.statuses_batch(), (403, problem("MISSING_SCOPES")))
    with pytest.raises(HubSpotRefused):
        portal().batch_preferences([EMAIL])


def test_urgent_reads_may_take_the_last_calls_of_a_window(far: Far) -> None:
    far.on(families.statuses(EMAIL), (200, EMPTY)).on(families.wide(EMAIL), (200, EMPTY))
    pace = NotingPace()
    asked = portal(pace=pace)
    asked.preferences(EMAIL)
    asked.preferences(EMAIL, statuses=False, urgent=True)
    assert asked.calls_made == 3
    assert [urgent for _, urgent in pace.asked] == [False, False, True]
