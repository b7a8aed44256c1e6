"""The rules of statuses: whose they are, what a write does, and every open point as a switch."""

from collections.abc import Callable

import pytest

from tests.sandbox.conftest import Portal

NEW = "new@example.com"
SUB, UNSUB, NONE = "SUBSCRIBED", "UNSUBSCRIBED", "NOT_SPECIFIED"


@pytest.mark.parametrize(
    ("before", "word", "outcome", "after"),
    [
        pytest.param([], SUB, "REQUESTED_CHANGE_OCCURRED", SUB, id="first yes"),
        pytest.param([], UNSUB, "REQUESTED_CHANGE_OCCURRED", UNSUB, id="first no"),
        pytest.param([SUB], SUB, "NO_STATUS_CHANGE", SUB, id="yes again"),
        pytest.param([UNSUB], UNSUB, "NO_STATUS_CHANGE", UNSUB, id="no again"),
        pytest.param([SUB], UNSUB, "REQUESTED_CHANGE_OCCURRED", UNSUB, id="yes, then no"),
        pytest.param([UNSUB], SUB, "RESUBSCRIBE_OCCURRED", SUB, id="a dated write overrides a no"),
        pytest.param([UNSUB], NONE, "REQUESTED_CHANGE_OCCURRED", NONE, id="a no is cleared"),
        pytest.param(["ALL"], UNSUB, "NO_STATUS_CHANGE", UNSUB, id="no beneath an opt-out of all"),
        pytest.param(["ALL"], SUB, "RESUBSCRIBE_OCCURRED", SUB, id="a yes lifts an opt-out of all"),
    ],
)
def test_a_write_answers_what_it_did(
    portal: Portal, before: list[str], word: str, outcome: str, after: str
) -> None:
    for step in before:
        portal.opt_out_of_all(NEW) if step == "ALL" else portal.set(NEW, 101, step)
    assert portal.outcome(NEW, 101, word) == outcome
    assert portal.words(NEW)[101] == after


def test_a_status_row_tells_source_time_basis_and_explanation(portal: Portal) -> None:
    portal.set(NEW, 101, SUB, legalBasis="CONSENT_WITH_NOTICE", legalBasisExplanation="evt:1")
    row = portal.statuses(NEW)[101]
    assert row == {
        "channel": "EMAIL",
        "subscriberIdString": NEW,
        "subscriptionId": 101,
        "subscriptionName": "Newsletter",
        "status": SUB,
        "source": "Public status API",
        "timestamp": "2026-05-29T12:00:00.000Z",
        "businessUnitId": 0,
        "legalBasis": "CONSENT_WITH_NOTICE",
        "legalBasisExplanation": "evt:1",
        "setStatusSuccessReason": None,
    }


def test_a_repeat_does_not_move_the_time_but_leaves_a_line(portal: Portal) -> None:
    portal.set(NEW, 101, UNSUB)
    portal.clock.move(60_000)
    portal.set(NEW, 101, UNSUB)
    assert portal.statuses(NEW)[101]["timestamp"] == "2026-05-29T12:00:00.000Z"
    status, found = portal.ask("GET", "/email/public/v1/subscriptions/timeline", query="limit=2")
    assert status == 200
    assert [row["recipient"] for row in found["timeline"]] == [NEW, NEW]


def test_a_status_belongs_to_the_address_and_waits_for_its_contact(portal: Portal) -> None:
    portal.set(NEW, 101, UNSUB)
    number = portal.create(email="New@Example.com")
    _, found = portal.contact(number, "properties=hs_email_optout_101,hs_email_optout_102,hs_email_optout")
    assert found["properties"]["hs_email_optout_101"] == "true"
    assert found["properties"]["hs_email_optout_102"] is None
    assert found["properties"]["hs_email_optout"] == "false"


def test_a_changed_address_leaves_the_no_behind_and_finds_it_again(portal: Portal) -> None:
    number = portal.create(email=NEW)
    portal.set(NEW, 101, UNSUB)

    def opted_out() -> str | None:
        return portal.contact(number, "properties=hs_email_optout_101")[1]["properties"][
            "hs_email_optout_101"
        ]

    assert opted_out() == "true"
    portal.sandbox.colleague.edit_email(number, "other@example.com")
    assert opted_out() is None
    assert portal.words("other@example.com")[101] == NONE
    portal.sandbox.colleague.edit_email(number, NEW)
    assert opted_out() == "true"


def test_an_opt_out_of_all_is_told_apart_from_the_types(portal: Portal) -> None:
    path = f"/communication-preferences/2026-03/statuses/{NEW}/unsubscribe-all"
    assert portal.ask("GET", path, query="channel=EMAIL")[1]["results"] == []
    status, told = portal.ask("POST", path, query="channel=EMAIL&verbose=true")
    assert status == 200
    assert {row["setStatusSuccessReason"] for row in told["results"]} == {"UNSUBSCRIBE_FROM_ALL_OCCURRED"}
    assert portal.ask("POST", path, query="channel=EMAIL")[1]["results"] == []
    (wide,) = portal.ask("GET", path, query="channel=EMAIL")[1]["results"]
    assert wide == {
        "channel": "EMAIL",
        "subscriberIdString": NEW,
        "wideStatusType": "PORTAL_WIDE",
        "status": UNSUB,
        "timestamp": "2026-05-29T12:00:00.000Z",
        "businessUnitId": 0,
    }


def test_an_opt_out_of_one_brand_reaches_its_own_types_only(portal: Portal) -> None:
    portal.sandbox.register.add_type(201, "Brand news", unit=5)
    path = f"/communication-preferences/2026-03/statuses/{NEW}/unsubscribe-all"
    portal.ask("POST", path, query="channel=EMAIL&businessUnitId=5")
    (wide,) = portal.ask("GET", path, query="channel=EMAIL")[1]["results"]
    assert (wide["wideStatusType"], wide["businessUnitId"]) == ("BUSINESS_UNIT_WIDE", 5)
    assert (portal.words(NEW)[201], portal.words(NEW)[101]) == (UNSUB, NONE)


@pytest.mark.parametrize(
    ("switches", "others", "wide_left"),
    [
        pytest.param({}, UNSUB, 0, id="lifted, the others stay out"),
        pytest.param({"lifting_revives_others": True}, SUB, 0, id="lifted, the others revive"),
        pytest.param({"subscribe_lifts_wide": False}, UNSUB, 1, id="not lifted"),
    ],
)
def test_a_yes_under_an_opt_out_of_all(
    portal_with: Callable[..., Portal], switches: dict[str, bool], others: str, wide_left: int
) -> None:
    portal = portal_with(options=switches)
    portal.set(NEW, 102, SUB)
    portal.opt_out_of_all(NEW)
    portal.set(NEW, 101, SUB)
    path = f"/communication-preferences/2026-03/statuses/{NEW}/unsubscribe-all"
    assert len(portal.ask("GET", path, query="channel=EMAIL")[1]["results"]) == wide_left
    assert portal.words(NEW)[102] == others
    assert portal.words(NEW)[101] == (UNSUB if wide_left else SUB)


@pytest.mark.parametrize(
    ("value", "status", "rows"),
    [
        pytest.param("not_specified", 200, 4, id="rows NOT_SPECIFIED"),
        pytest.param("empty", 200, 0, id="empty"),
        pytest.param("not_found", 404, None, id="404"),
    ],
)
def test_what_a_never_seen_address_answers(
    portal_with: Callable[..., Portal], value: str, status: int, rows: int | None
) -> None:
    portal = portal_with(options={"unseen_address": value})
    path = f"/communication-preferences/2026-03/statuses/{NEW}"
    answered, found = portal.ask("GET", path, query="channel=EMAIL")
    assert answered == status
    if rows is not None:
        assert len(found["results"]) == rows
    portal.create(email=NEW)
    assert len(portal.statuses(NEW)) == 4, "a contact's address was seen"


@pytest.mark.parametrize("value", [True, False])
def test_whether_a_preference_moves_lastmodifieddate(portal_with: Callable[..., Portal], value: bool) -> None:
    portal = portal_with(options={"preference_moves_modified": value})
    number = portal.create(email=NEW)
    before = portal.contact(number)[1]["updatedAt"]
    portal.clock.move(5_000)
    portal.set(NEW, 101, UNSUB)
    assert (portal.contact(number)[1]["updatedAt"] != before) is value


@pytest.mark.parametrize(
    ("switches", "shown", "types"),
    [
        pytest.param({}, UNSUB, None, id="types say UNSUBSCRIBED, their properties do not"),
        pytest.param({"wide_shows_in_types": False}, SUB, None, id="types keep what they were"),
        pytest.param({"wide_sets_type_properties": True}, UNSUB, "true", id="properties of the types follow"),
    ],
)
def test_how_an_opt_out_of_all_shows_in_the_types(
    portal_with: Callable[..., Portal], switches: dict[str, bool], shown: str, types: str | None
) -> None:
    portal = portal_with(options=switches)
    number = portal.create(email=NEW)
    portal.set(NEW, 101, SUB)
    portal.opt_out_of_all(NEW)
    _, found = portal.contact(number, "properties=hs_email_optout,hs_email_optout_102")
    assert found["properties"]["hs_email_optout"] == "true"
    assert found["properties"]["hs_email_optout_102"] == types
    assert portal.words(NEW)[101] == shown


@pytest.mark.parametrize(
    ("switches", "status"),
    [pytest.param({}, 200, id="not demanded"), pytest.param({"dated_needs_basis": True}, 400, id="demanded")],
)
def test_whether_a_dated_yes_needs_a_basis(
    portal_with: Callable[..., Portal], switches: dict[str, bool], status: int
) -> None:
    portal = portal_with(options=switches)
    assert portal.set(NEW, 101, SUB)[0] == status
    assert portal.set(NEW, 101, SUB, legalBasis="CONSENT_WITH_NOTICE", legalBasisExplanation="x")[0] == 200
    assert portal.set(NEW, 101, UNSUB)[0] == 200


@pytest.mark.parametrize(
    ("switch", "path"),
    [
        pytest.param("dated_write_resubscribes", "single", id="single write"),
        pytest.param("batch_write_resubscribes", "batch", id="batch write"),
    ],
)
@pytest.mark.parametrize("value", [True, False])
def test_whether_a_write_overrides_a_no(
    portal_with: Callable[..., Portal], switch: str, path: str, value: bool
) -> None:
    portal = portal_with(options={switch: value})
    portal.set(NEW, 101, UNSUB)
    entry = {"subscriberIdString": NEW, "subscriptionId": 101, "statusState": SUB, "channel": "EMAIL"}
    if path == "single":
        _, found = portal.set(NEW, 101, SUB)
    else:
        _, found = portal.ask(
            "POST", "/communication-preferences/2026-03/statuses/batch/write", {"inputs": [entry]}
        )
    (row,) = found["results"]
    assert row["setStatusSuccessReason"] == ("RESUBSCRIBE_OCCURRED" if value else "NO_STATUS_CHANGE")
    assert row["status"] == portal.words(NEW)[101] == (SUB if value else UNSUB)


def v3(portal: Portal, act: str, subscription: str = "101", **more: str) -> tuple[int, dict[str, object]]:
    body = {"emailAddress": NEW, "subscriptionId": subscription, **more}
    return portal.ask("POST", f"/communication-preferences/v3/{act}", body)


BASIS = {"legalBasis": "CONSENT_WITH_NOTICE", "legalBasisExplanation": "x"}


def test_v3_says_subscribed_without_a_basis_for_people_who_never_chose(portal: Portal) -> None:
    _, found = portal.ask("GET", f"/communication-preferences/v3/status/email/{NEW}")
    rows = {
        row["id"]: (row["status"], row["legalBasis"], row["sourceOfStatus"])
        for row in found["subscriptionStatuses"]
    }
    assert rows["101"] == ("SUBSCRIBED", None, "SUBSCRIPTION_STATUS")


@pytest.mark.parametrize("switches", [{}, {"v3_refusal": "silent"}], ids=["told", "silent"])
def test_v3_never_resubscribes_somebody_who_opted_out(
    portal_with: Callable[..., Portal], switches: dict[str, str]
) -> None:
    portal = portal_with(options=switches)
    assert v3(portal, "unsubscribe")[0] == 200
    status, _ = v3(portal, "subscribe", **BASIS)
    assert status == (200 if switches else 400)
    assert portal.words(NEW)[101] == UNSUB
    portal.opt_out_of_all(NEW)
    _, found = portal.ask("GET", f"/communication-preferences/v3/status/email/{NEW}")
    assert {row["sourceOfStatus"] for row in found["subscriptionStatuses"]} == {"PORTAL_WIDE_STATUS"}
    assert {row["status"] for row in found["subscriptionStatuses"]} == {"NOT_SUBSCRIBED"}


@pytest.mark.parametrize("value", [True, False])
def test_whether_v3_demands_a_basis(portal_with: Callable[..., Portal], value: bool) -> None:
    portal = portal_with(options={"v3_needs_basis": value})
    assert v3(portal, "subscribe")[0] == (400 if value else 200)
    assert v3(portal, "subscribe", **BASIS)[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="empty"),
        pytest.param({"subscriptionId": 101, "statusState": SUB}, id="no channel"),
        pytest.param({"subscriptionId": 101, "statusState": SUB, "channel": "SMS"}, id="another channel"),
        pytest.param({"subscriptionId": 999, "statusState": SUB, "channel": "EMAIL"}, id="unknown type"),
        pytest.param({"subscriptionId": "x", "statusState": SUB, "channel": "EMAIL"}, id="type is no number"),
        pytest.param({"subscriptionId": 101, "statusState": "MAYBE", "channel": "EMAIL"}, id="unknown word"),
        pytest.param(
            {"subscriptionId": 101, "statusState": SUB, "channel": "EMAIL", "legalBasis": "BECAUSE"},
            id="unknown basis",
        ),
    ],
)
def test_a_bad_status_write_is_refused_and_changes_nothing(portal: Portal, body: dict[str, object]) -> None:
    status, found = portal.ask("POST", f"/communication-preferences/2026-03/statuses/{NEW}", body)
    assert (status, found["category"]) == (400, "VALIDATION_ERROR")
    assert portal.words(NEW)[101] == NONE


def test_writing_not_specified_can_be_forbidden(portal_with: Callable[..., Portal]) -> None:
    portal = portal_with(options={"write_not_specified": False})
    assert portal.set(NEW, 101, NONE)[0] == 400


def test_statuses_can_follow_the_spelling(portal_with: Callable[..., Portal]) -> None:
    exact, folded = portal_with(options={"case_sensitive_addresses": True}), portal_with()
    for portal, word in ((exact, NONE), (folded, UNSUB)):
        portal.set("A@example.com", 101, UNSUB)
        assert portal.words("a@example.com")[101] == word


def test_a_status_batch_answers_each_input(portal: Portal) -> None:
    portal.set(NEW, 101, UNSUB)
    portal.opt_out_of_all("all@example.com")
    base = "/communication-preferences/2026-03/statuses/batch"
    status, found = portal.ask(
        "POST", f"{base}/read", {"inputs": [NEW, "all@example.com"]}, query="channel=EMAIL"
    )
    assert status == 200
    assert [row["subscriberIdString"] for row in found["results"]] == [NEW, "all@example.com"]
    body = {"inputs": [NEW, "all@example.com"]}
    _, wide = portal.ask("POST", f"{base}/unsubscribe-all/read", body, query="channel=EMAIL")
    assert [len(row["wideStatuses"]) for row in wide["results"]] == [0, 1]


def test_errors_of_a_batch_stand_beside_its_results(portal: Portal) -> None:
    base = "/communication-preferences/2026-03/statuses/batch"
    status, found = portal.ask("POST", f"{base}/read", {"inputs": [NEW, "nonsense"]}, query="channel=EMAIL")
    assert (status, len(found["results"]), found["numErrors"]) == (207, 1, 1)
    assert found["errors"][0]["context"] == {"ids": ["nonsense"]}
    good = {"subscriberIdString": NEW, "subscriptionId": 101, "statusState": UNSUB, "channel": "EMAIL"}
    status, found = portal.ask("POST", f"{base}/write", {"inputs": [good, {**good, "subscriptionId": 9}]})
    assert (status, len(found["results"]), found["numErrors"]) == (200, 1, 1)


@pytest.mark.parametrize(("most", "sent", "status"), [(100, 100, 200), (100, 101, 400), (10, 11, 400)])
def test_a_status_batch_has_a_greatest_size(
    portal_with: Callable[..., Portal], most: int, sent: int, status: int
) -> None:
    portal = portal_with(options={"status_batch_max": most})
    body = {"inputs": [f"p{n}@example.com" for n in range(sent)]}
    path = "/communication-preferences/2026-03/statuses/batch/read"
    assert portal.ask("POST", path, body, query="channel=EMAIL")[0] == status


def test_a_retired_type_is_gone_from_statuses_and_refuses_writes(portal: Portal) -> None:
    portal.sandbox.register.retire_type(103)
    assert 103 not in portal.words(NEW)
    assert portal.set(NEW, 103, SUB)[0] == 400
    _, found = portal.ask("GET", "/communication-preferences/2026-03/definitions")
    assert {row["id"]: row["isActive"] for row in found["results"]}["103"] is False


def test_an_address_may_hold_any_character_in_the_path(portal: Portal) -> None:
    portal.sandbox.person.unsubscribe("a+b/c%d@example.com", 101)
    assert portal.words("a%2Bb%2Fc%25d%40example.com")[101] == UNSUB


def test_links_name_the_person_without_showing_the_address(portal: Portal) -> None:
    body = {"channel": "EMAIL", "subscriberIdString": NEW, "subscriptionId": 101}
    _, found = portal.ask(
        "POST", "/communication-preferences/2026-03/links/generate", body, query="channel=EMAIL"
    )
    urls = [found["managePreferencesUrl"], found["unsubscribeAllUrl"], found["unsubscribeSingleUrl"]]
    assert all(url.startswith("https://") and NEW not in url for url in urls)


@pytest.mark.parametrize(("value", "rows"), [(True, 4), (False, 0)])
def test_what_a_contact_without_any_status_answers(
    portal_with: Callable[..., Portal], value: bool, rows: int
) -> None:
    portal = portal_with(options={"untouched_rows": value})
    portal.create(email=NEW)
    assert len(portal.statuses(NEW)) == rows
    portal.set(NEW, 101, SUB)
    assert len(portal.statuses(NEW)) == 4
