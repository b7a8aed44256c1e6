"""Contact records: four cases of a flag, loose values, broken items, and what counts as a change."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.hubspot.wire.contacts import ALWAYS, Contacts
from mappings.records import Contact

CONTACTS = Contacts([102, 101])


def record(**properties: Any) -> dict[str, Any]:
    return {"id": "7", "properties": properties, "archived": False, "updatedAt": "2026-09-21T14:13:20Z"}


def page(*items: Any, **more: Any) -> bytes:
    return json.dumps({"results": items, **more}).encode()


def one(item: Any) -> Contact:
    [contact] = CONTACTS.page(page(item)).contacts
    return contact


def test_the_properties_asked_for_follow_the_subscriptions() -> None:
    assert CONTACTS.properties == (*ALWAYS, "hs_email_optout_101", "hs_email_optout_102")


@pytest.mark.parametrize(
    ("value", "opted_out", "drift"),
    [
        pytest.param("true", True, (), id="true"),
        pytest.param("false", False, (), id="false"),
        pytest.param("", False, (), id="empty"),
        pytest.param(None, False, (), id="null"),
        pytest.param(True, True, (), id="a JSON flag"),
        pytest.param(False, False, (), id="a JSON flag that is off"),
        pytest.param("TRUE", False, ("hs_email_optout",), id="capitals are drift"),
        pytest.param("yes", False, ("hs_email_optout",), id="another word is drift"),
        pytest.param(1, False, ("hs_email_optout",), id="a number is drift"),
        pytest.param({"a": 1}, False, ("hs_email_optout",), id="a structure is drift"),
    ],
)
def test_a_flag_has_four_cases_and_all_else_is_drift(
    value: Any, opted_out: bool, drift: tuple[str, ...]
) -> None:
    contact = one(record(hs_email_optout=value))
    assert (contact.opted_out_of_all, contact.drift) == (opted_out, drift)


def test_an_absent_flag_is_no_opt_out() -> None:
    contact = one(record())
    assert (contact.opted_out_of_all, contact.opted_out_of, contact.drift) == (False, frozenset(), ())


def test_opt_outs_by_type_are_told_apart() -> None:
    contact = one(record(hs_email_optout_101="true", hs_email_optout_102="?", hs_email_optout_999="true"))
    assert contact.opted_out_of == {101}
    assert contact.drift == ("hs_email_optout_102",)


def test_a_full_record_is_read() -> None:
    contact = one(
        record(
            email=" Anna.Å@Exempel.se ",
            hs_additional_emails="a@b.se; c@d.se;;",
            hs_merged_object_ids="5;6;x",
            lastmodifieddate="1790000000001",
            createdate="2026-09-21T14:13:20Z",
            recent_conversion_date="2026-09-21T14:13:20",
            hs_object_source="FORM",
            hs_legal_basis="",
        )
    )
    assert contact.addresses == ("Anna.Å@Exempel.se", "a@b.se", "c@d.se")
    assert contact.merged_ids == (5, 6)
    assert (contact.modified_at, contact.created_at) == (1_790_000_000_001, 1_790_000_000_000)
    assert contact.last_conversion_at is None
    assert (contact.object_source, contact.processing_basis) == ("FORM", None)


def test_the_change_time_of_the_record_stands_in_for_the_property() -> None:
    assert one(record()).modified_at == 1_790_000_000_000


@pytest.mark.parametrize("email", [None, "", "  "])
def test_a_contact_without_an_address_is_no_error(email: str | None) -> None:
    assert one(record(email=email)).addresses == ()


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"properties": {}}, id="no id"),
        pytest.param({"id": "x", "properties": {}}, id="an id that is none"),
        pytest.param({"id": "-4", "properties": {}}, id="a negative id"),
        pytest.param({"id": True, "properties": {}}, id="a flag for an id"),
        pytest.param({"id": "8"}, id="no properties"),
        pytest.param({"id": "8", "properties": []}, id="properties that are none"),
        pytest.param("text", id="no record"),
        pytest.param(None, id="null"),
    ],
)
def test_a_broken_item_leaves_the_others(broken: Any) -> None:
    found = CONTACTS.page(page(record(email="a@b.se"), broken))
    assert [contact.email for contact in found.contacts] == ["a@b.se"]
    assert found.unreadable == 1


def test_a_page_of_records_that_nobody_can_read_does_not_pass_for_an_empty_one() -> None:
    with pytest.raises(msgspec.ValidationError):
        CONTACTS.page(page({"id": "x", "properties": {}}, {"properties": {}}))
    assert CONTACTS.page(page()).contacts == ()


@pytest.mark.parametrize("number", [7, "7"], ids=["number", "text"])
def test_an_id_comes_as_text_or_number(number: Any) -> None:
    assert one({"id": number, "properties": {"email": "a@b.se"}}).id == 7


@pytest.mark.parametrize(
    ("paging", "after"),
    [
        (None, None),
        ({}, None),
        ({"next": None}, None),
        ({"next": {"after": "12"}}, "12"),
        ({"next": {"after": 12}}, "12"),
        ({"next": {"after": ""}}, None),
        ({"next": {}}, None),
    ],
)
def test_the_next_page_is_found(paging: Any, after: str | None) -> None:
    assert CONTACTS.page(page(record(), paging=paging)).after == after


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"results": null}', b"<html>", b'{"results": [{"id"'])
def test_a_frame_that_is_none_is_unreadable(body: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        CONTACTS.page(body)


def test_a_single_record_needs_an_id() -> None:
    assert CONTACTS.single(json.dumps(record(email="a@b.se")).encode()).email == "a@b.se"
    with pytest.raises(msgspec.ValidationError):
        CONTACTS.single(b'{"id": "zero", "properties": {}}')


VALUES = st.one_of(st.none(), st.text(max_size=8), st.booleans(), st.integers(), st.lists(st.integers()))
NAMES = st.sampled_from([*CONTACTS.properties, "firstname"])


@given(st.dictionaries(NAMES, VALUES))
def test_no_properties_break_a_page(properties: dict[str, Any]) -> None:
    assert one(record(**properties)).id == 7


@pytest.mark.parametrize(
    ("change", "same"),
    [
        pytest.param({"lastmodifieddate": "1790000000999"}, True, id="only the change time"),
        pytest.param({"firstname": "Anna"}, True, id="what we do not read"),
        pytest.param({"hs_email_optout_101": "false"}, True, id="null became false"),
        pytest.param({"createdate": "1790000000000"}, True, id="the same time in another form"),
        pytest.param({"email": "other@b.se"}, False, id="the address"),
        pytest.param({"hs_additional_emails": "x@y.se"}, False, id="another address"),
        pytest.param({"hs_email_optout": "true"}, False, id="opted out of all"),
        pytest.param({"hs_email_optout_101": "true"}, False, id="opted out of one"),
        pytest.param({"hs_email_optout_101": "?"}, False, id="drift"),
        pytest.param({"hs_merged_object_ids": "5"}, False, id="a merge"),
        pytest.param({"recent_conversion_date": "1790000000000"}, False, id="a form"),
        pytest.param({"hs_legal_basis": "Not applicable"}, False, id="the basis to process"),
    ],
)
def test_the_fingerprint_tells_what_changed(change: dict[str, str], same: bool) -> None:
    before = {"email": "a@b.se", "createdate": "2026-09-21T14:13:20Z", "lastmodifieddate": "1790000000000"}
    was, now = one(record(**before)), one(record(**{**before, **change}))
    assert len(was.fingerprint) == 8
    assert (was.fingerprint == now.fingerprint) is same


def test_the_fingerprint_tells_archived_records_apart() -> None:
    assert one(record()).fingerprint != one({**record(), "archived": True}).fingerprint


def test_the_fingerprint_does_not_depend_on_how_a_record_was_read() -> None:
    listed = one(record(email="a@b.se"))
    single = CONTACTS.single(json.dumps(record(email="a@b.se")).encode())
    assert listed == single
