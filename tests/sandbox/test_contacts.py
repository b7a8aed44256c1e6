"""The rules of contact records: address uniqueness, recycle bin, merge, erasure."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.conftest import Portal

CONTACTS = "/crm/objects/2026-03/contacts"
NEW = "new@example.com"


def gdpr_delete(portal: Portal, key: str, id_property: str | None = None) -> int:
    body = {"objectId": key} | ({"idProperty": id_property} if id_property else {})
    return portal.ask("POST", f"{CONTACTS}/gdpr-delete", body)[0]


def merge(portal: Portal, winner: str, loser: str) -> dict[str, Any]:
    status, found = portal.ask(
        "POST", f"{CONTACTS}/merge", {"primaryObjectId": winner, "objectIdToMerge": loser}
    )
    assert status == 200, found
    return dict(found)


def seen(portal: Portal, number: str) -> tuple[int, int]:
    """Status codes of a read without and with `archived=true`."""
    return portal.contact(number)[0], portal.contact(number, "archived=true")[0]


def test_a_record_has_strings_times_and_an_address_on_the_web(portal: Portal) -> None:
    number = portal.create(email=NEW, firstname="Åsa", hs_legal_basis="Not applicable")
    status, found = portal.contact(number)
    assert status == 200
    assert found == {
        "id": number,
        "properties": {
            "email": NEW,
            "firstname": "Åsa",
            "lastname": None,
            "hs_object_id": number,
            "createdate": "2026-05-29T12:00:00.000Z",
            "lastmodifieddate": "2026-05-29T12:00:00.000Z",
        },
        "createdAt": "2026-05-29T12:00:00.000Z",
        "updatedAt": "2026-05-29T12:00:00.000Z",
        "archived": False,
        "url": f"https://app-eu1.hubspot.com/contacts/62515/record/0-1/{number}",
    }


def test_unknown_property_names_are_dropped_without_a_word(portal: Portal) -> None:
    _, found = portal.contact("51", "properties=email,renamed_property")
    assert "email" in found["properties"]
    assert "renamed_property" not in found["properties"]


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        pytest.param({"email": "no-address"}, "INVALID_EMAIL", id="not an address"),
        pytest.param({"email": NEW, "nonsense": "x"}, "PROPERTY_DOESNT_EXIST", id="unknown property"),
        pytest.param({"email": NEW, "hs_email_optout": "true"}, "READ_ONLY_VALUE", id="read-only property"),
        pytest.param({"email": NEW, "hs_legal_basis": "Because"}, "INVALID_OPTION", id="unknown option"),
        pytest.param({}, None, id="none of email, firstname, lastname"),
    ],
)
def test_bad_values_are_refused_by_name(portal: Portal, properties: dict[str, str], code: str | None) -> None:
    status, found = portal.ask("POST", CONTACTS, {"properties": properties})
    assert (status, found["category"]) == (400, "VALIDATION_ERROR")
    assert [entry["code"] for entry in found.get("errors", [])] == ([code] if code else [])


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title])
def test_an_address_belongs_to_one_contact_whatever_its_case(
    portal: Portal, spell: Callable[[str], str]
) -> None:
    spelled = spell(portal.contact("51")[1]["properties"]["email"])
    status, found = portal.ask("POST", CONTACTS, {"properties": {"email": spelled}})
    assert (status, found["category"]) == (409, "CONFLICT")
    assert found["message"] == "Contact already exists. Existing ID: 51"


def test_an_additional_address_is_taken_too_and_finds_its_contact(portal: Portal) -> None:
    one, two = portal.create(email="one@example.com"), portal.create(email="two@example.com")
    merge(portal, one, two)
    status, found = portal.ask("POST", CONTACTS, {"properties": {"email": "two@example.com"}})
    assert (status, found["message"]) == (409, f"Contact already exists. Existing ID: {one}")
    status, found = portal.contact("two@example.com", "idProperty=email&properties=hs_additional_emails")
    assert (status, found["id"]) == (200, one)
    assert found["properties"]["hs_additional_emails"] == "two@example.com"
    assert portal.search(("email", "EQ", "two@example.com"))["total"] == 0, (
        "search knows the primary one only"
    )


def test_an_archived_contact_lies_in_the_bin_and_its_address_is_free(portal: Portal) -> None:
    number = portal.create(email=NEW)
    before = portal.contact(number)[1]["updatedAt"]
    portal.clock.move(1_000)
    assert portal.ask("DELETE", f"{CONTACTS}/{number}") == (204, None)
    assert seen(portal, number) == (404, 200)
    _, found = portal.contact(number, "archived=true")
    assert (found["archived"], found["archivedAt"], found["updatedAt"]) == (
        True,
        "2026-05-29T12:00:01.000Z",
        before,
    )
    assert [row["id"] for row in portal.ask("GET", CONTACTS, query="archived=true")[1]["results"]] == [number]
    assert portal.search(("email", "EQ", NEW))["total"] == 0
    again = portal.create(email=NEW)
    assert again != number
    with pytest.raises(Exception, match="already exists"):
        portal.sandbox.colleague.restore(number)


def test_a_restored_contact_is_as_it_was(portal: Portal) -> None:
    number = portal.create(email=NEW)
    portal.sandbox.colleague.archive(number)
    portal.sandbox.colleague.restore(number)
    assert seen(portal, number) == (200, 404)
    assert portal.contact(NEW, "idProperty=email")[1]["id"] == number


def test_archiving_twice_is_no_error_and_an_unknown_id_is(portal: Portal) -> None:
    assert [portal.ask("DELETE", f"{CONTACTS}/51")[0] for _ in range(2)] == [204, 204]
    assert portal.ask("DELETE", f"{CONTACTS}/52")[0] == 404
    assert portal.ask("POST", f"{CONTACTS}/batch/archive", {"inputs": [{"id": "101"}, {"id": "52"}]}) == (
        204,
        None,
    )
    assert seen(portal, "101") == (404, 200)


def test_what_left_the_bin_after_ninety_days_looks_like_an_erasure(portal: Portal) -> None:
    number = portal.create(email=NEW)
    portal.sandbox.colleague.archive(number)
    portal.sandbox.colleague.purge(number)
    assert seen(portal, number) == (404, 404)
    assert portal.ask("GET", "/account-info/2026-03/activity/audit-logs")[1]["results"] == []


def test_a_merge_keeps_the_primary_address_and_its_status(portal: Portal) -> None:
    winner = portal.create(email="one@example.com")
    loser = portal.create(email="two@example.com", lastname="Ek")
    portal.set("two@example.com", 101, "UNSUBSCRIBED")
    merged = merge(portal, winner, loser)
    assert (merged["id"], merged["properties"]["lastname"]) == (winner, "Ek")
    names = (
        "properties=email,hs_additional_emails,hs_merged_object_ids,hs_email_optout_101,hs_all_contact_vids"
    )
    found = portal.contact(winner, names)[1]["properties"]
    assert found["email"] == "one@example.com"
    assert found["hs_additional_emails"] == "two@example.com"
    assert found["hs_merged_object_ids"] == loser
    assert found["hs_all_contact_vids"] == f"{winner};{loser}"
    assert found["hs_email_optout_101"] is None, "the loser's no is out of sight (quirk 18)"
    assert portal.words("two@example.com")[101] == "UNSUBSCRIBED", "but it still holds for its address"


@pytest.mark.parametrize(("value", "status"), [(True, 200), (False, 404)])
def test_whether_a_merged_id_answers_with_its_winner(
    portal_with: Callable[..., Portal], value: bool, status: int
) -> None:
    portal = portal_with(options={"merged_id_resolves": value})
    merge(portal, "51", "101")
    answered, found = portal.contact("101")
    assert answered == status
    assert found.get("id") == ("51" if value else None)
    ids = [row["id"] for row in portal.ask("GET", CONTACTS, query="limit=100")[1]["results"]]
    assert "101" not in ids
    assert "51" in ids


def test_a_merge_can_make_a_third_record(portal_with: Callable[..., Portal]) -> None:
    portal = portal_with(options={"merge_makes_new_record": True})
    one, two = portal.create(email="one@example.com"), portal.create(email="two@example.com")
    third = merge(portal, one, two)["id"]
    assert third not in {one, two}
    assert portal.contact(one)[1]["id"] == portal.contact(two)[1]["id"] == third
    assert portal.contact("one@example.com", "idProperty=email")[1]["id"] == third


def test_a_record_cannot_be_merged_with_itself_or_with_nobody(portal: Portal) -> None:
    body = {"primaryObjectId": "51", "objectIdToMerge": "51"}
    assert portal.ask("POST", f"{CONTACTS}/merge", body)[0] == 400
    assert portal.ask("POST", f"{CONTACTS}/merge", {**body, "objectIdToMerge": "52"})[0] == 404


@pytest.mark.parametrize("by", ["id", "email", "archived"])
def test_an_erased_contact_is_gone_for_good_and_blocklisted(portal: Portal, by: str) -> None:
    number = portal.create(email=NEW)
    if by == "archived":
        portal.sandbox.colleague.archive(number)
    assert gdpr_delete(portal, *((NEW, "email") if by == "email" else (number,))) == 204
    assert seen(portal, number) == (404, 404)
    assert portal.sandbox.machine.address(NEW)["blocklisted"] is True
    with pytest.raises(LookupError, match="permanently deleted"):
        portal.sandbox.colleague.create({"email": NEW})
    assert portal.sandbox.importer.contacts([{"email": NEW}]) == []
    again = portal.create(email=NEW)
    assert again != number, "the API can bring the person back (HA 7)"


def test_an_unknown_address_is_blocklisted_with_the_same_answer(portal: Portal) -> None:
    assert gdpr_delete(portal, "stranger@example.com", "email") == 204
    assert portal.sandbox.machine.address("stranger@example.com")["blocklisted"] is True
    assert gdpr_delete(portal, "52") == 404


def test_erasing_twice_is_no_error(portal: Portal) -> None:
    assert [gdpr_delete(portal, "51") for _ in range(2)] == [204, 204]


def test_an_erasure_stands_in_the_audit_log(portal: Portal) -> None:
    gdpr_delete(portal, "51")
    _, found = portal.ask("GET", "/account-info/2026-03/activity/audit-logs")
    assert [(row["type"], row["objectId"]) for row in found["results"]] == [("GDPR_DELETE", "51")]


@pytest.mark.parametrize("value", [True, False])
def test_whether_an_erasure_clears_preferences(portal_with: Callable[..., Portal], value: bool) -> None:
    portal = portal_with(options={"erase_clears_preferences": value})
    number = portal.create(email=NEW)
    portal.set(NEW, 101, "UNSUBSCRIBED")
    gdpr_delete(portal, number)
    assert portal.words(NEW)[101] == ("NOT_SPECIFIED" if value else "UNSUBSCRIBED")


@pytest.mark.parametrize(("value", "status"), [(True, 200), (False, 404)])
def test_whether_an_erased_id_shows_in_the_bin(
    portal_with: Callable[..., Portal], value: bool, status: int
) -> None:
    portal = portal_with(options={"erased_shows_archived": value})
    gdpr_delete(portal, "51")
    assert seen(portal, "51") == (404, status)
    listed = [row["id"] for row in portal.ask("GET", CONTACTS, query="archived=true")[1]["results"]]
    assert listed == (["51"] if value else [])


def test_the_blocklist_can_stop_the_api_too(portal_with: Callable[..., Portal]) -> None:
    portal = portal_with(options={"blocklist_stops_api": True})
    gdpr_delete(portal, NEW, "email")
    assert portal.ask("POST", CONTACTS, {"properties": {"email": NEW}})[0] == 400


@pytest.mark.parametrize(
    ("path", "switches", "status"),
    [
        pytest.param(CONTACTS, {}, 400, id="dated paths enforce"),
        pytest.param("/crm/v3/objects/contacts", {}, 201, id="v3 does not"),
        pytest.param(
            "/crm/v3/objects/contacts", {"v3_enforces_required": True}, 400, id="v3 with the switch"
        ),
    ],
)
def test_properties_that_the_administrator_requires(
    portal_with: Callable[..., Portal], path: str, switches: dict[str, bool], status: int
) -> None:
    portal = portal_with(options={"required_properties": ("lastname",), **switches})
    answered, found = portal.ask("POST", path, {"properties": {"email": NEW}})
    assert answered == status
    if status == 400:
        assert found["errors"][0]["code"] == "MISSING_REQUIRED_PROPERTY"


def test_the_list_pages_by_id_and_ends(portal: Portal) -> None:
    ids, query = [], "limit=7"
    while query:
        _, page = portal.ask("GET", CONTACTS, query=query)
        ids += [int(row["id"]) for row in page["results"]]
        after = page.get("paging", {}).get("next", {})
        assert after.get("link", "after=").endswith(f"after={after.get('after', '')}")
        query = f"limit=7&after={after['after']}" if after else ""
    assert ids == [51 + 50 * n for n in range(40)]


def test_the_list_shows_what_was_made_and_not_what_is_gone(portal: Portal) -> None:
    number = portal.create(email=NEW)
    portal.sandbox.colleague.archive("51")
    portal.sandbox.colleague.privacy_delete("101")
    ids = [row["id"] for row in portal.ask("GET", CONTACTS, query="limit=100")[1]["results"]]
    assert ids == [str(51 + 50 * n) for n in range(2, 40)] + [number]


def test_a_batch_read_answers_the_found_and_names_the_missing(portal: Portal) -> None:
    body = {"inputs": [{"id": "51"}, {"id": "52"}, {"id": "101"}, {"id": "53"}], "properties": ["email"]}
    status, found = portal.ask("POST", f"{CONTACTS}/batch/read", body)
    assert status == 207
    assert [row["id"] for row in found["results"]] == ["51", "101"]
    assert found["numErrors"] == 1
    assert found["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert found["errors"][0]["context"] == {"ids": ["52", "53"]}


def test_a_batch_read_by_address_and_of_the_bin(portal: Portal) -> None:
    number = portal.create(email=NEW)
    body = {"inputs": [{"id": NEW.upper()}], "idProperty": "email", "properties": []}
    assert portal.ask("POST", f"{CONTACTS}/batch/read", body)[1]["results"][0]["id"] == number
    portal.sandbox.colleague.archive(number)
    body = {"inputs": [{"id": number}], "properties": []}
    assert portal.ask("POST", f"{CONTACTS}/batch/read", body)[0] == 207
    assert portal.ask("POST", f"{CONTACTS}/batch/read", body, query="archived=true")[0] == 200


def test_a_batch_create_fails_as_a_whole_on_a_conflict(portal: Portal) -> None:
    portal.create(email=NEW)
    body = {"inputs": [{"properties": {"email": "other@example.com"}}, {"properties": {"email": NEW}}]}
    assert portal.ask("POST", f"{CONTACTS}/batch/create", body)[0] == 409
    assert portal.contact("other@example.com", "idProperty=email")[0] == 404


def test_a_batch_update_goes_by_record_id_only(portal: Portal) -> None:
    body = {
        "inputs": [{"id": "51", "properties": {"city": "Umeå"}}, {"id": "52", "properties": {"city": "x"}}]
    }
    status, found = portal.ask("POST", f"{CONTACTS}/batch/update", body)
    assert (status, found["results"][0]["properties"]["city"], found["numErrors"]) == (207, "Umeå", 1)
    body["inputs"][0]["idProperty"] = "email"
    status, found = portal.ask("POST", f"{CONTACTS}/batch/update", body)
    assert (status, found["message"]) == (400, "Unable to perform update by non-unique 0-1 property")


def test_an_upsert_makes_once_and_updates_then(portal: Portal) -> None:
    body = {"inputs": [{"id": NEW, "idProperty": "email", "properties": {"city": "Umeå"}}]}
    made = [portal.ask("POST", f"{CONTACTS}/batch/upsert", body)[1]["results"][0] for _ in range(2)]
    assert [row["new"] for row in made] == [True, False]
    assert made[0]["id"] == made[1]["id"]


def test_history_is_newest_first_and_names_its_source(portal: Portal) -> None:
    number = portal.create(email=NEW, city="Umeå")
    portal.clock.move(1_000)
    portal.sandbox.colleague.edit(number, {"city": "Lund"})
    portal.set(NEW, 101, "UNSUBSCRIBED")
    names = "city,hs_email_optout_101,phone"
    past = portal.contact(number, f"propertiesWithHistory={names}")[1]["propertiesWithHistory"]
    assert [(row["value"], row["sourceType"]) for row in past["city"]] == [
        ("Lund", "CRM_UI"),
        ("Umeå", "INTEGRATION"),
    ]
    assert past["city"][0]["timestamp"] > past["city"][1]["timestamp"]
    assert past["city"][0]["updatedByUserId"] == 1002
    assert [row["value"] for row in past["hs_email_optout_101"]] == ["true"]
    assert past["phone"] == []


@pytest.mark.parametrize("value", [True, False])
def test_whether_archiving_moves_lastmodifieddate(portal_with: Callable[..., Portal], value: bool) -> None:
    portal = portal_with(options={"archive_moves_modified": value})
    before = portal.contact("51")[1]["updatedAt"]
    portal.sandbox.colleague.archive("51")
    assert (portal.contact("51", "archived=true")[1]["updatedAt"] != before) is value


def test_a_further_address_that_becomes_the_primary_one_swaps_with_it(portal: Portal) -> None:
    one, two = portal.create(email="one@example.com"), portal.create(email="two@example.com")
    merge(portal, one, two)
    portal.sandbox.colleague.edit_email(one, "two@example.com")
    found = portal.contact(one, "properties=email,hs_additional_emails")[1]["properties"]
    assert (found["email"], found["hs_additional_emails"]) == ("two@example.com", "one@example.com")
    assert portal.contact("one@example.com", "idProperty=email")[1]["id"] == one


def test_a_batch_echoes_the_clients_marks_and_refuses_twins(portal: Portal) -> None:
    entry = {"id": "51", "properties": {"city": "Umeå"}, "objectWriteTraceId": "t1"}
    _, found = portal.ask("POST", f"{CONTACTS}/batch/update", {"inputs": [entry]})
    assert found["results"][0]["objectWriteTraceId"] == "t1"
    status, found = portal.ask("POST", f"{CONTACTS}/batch/update", {"inputs": [entry, entry]})
    assert (status, "Duplicate IDs" in found["message"]) == (400, True)


def test_a_url_can_be_too_long(portal_with: Callable[..., Portal]) -> None:
    portal = portal_with(options={"url_max": 500})
    assert portal.contact("51", "properties=" + ",".join(["email"] * 80))[0] == 200
    assert portal.contact("51", "properties=" + ",".join(["email"] * 90))[0] == 414
