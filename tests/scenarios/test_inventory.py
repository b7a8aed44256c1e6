"""The map of the register: every figure is HubSpot's, nothing is written, and nobody is named."""

import re
from pathlib import Path
from typing import Any

import pytest

from connector.report.inventory_words import TEXTS
from connector.sandbox.options import Tier
from tests.world import ANNA, BO, CARIN, NEWSLETTER, World, world

NUMBER = "19121212-1212"


def furnished(folder: Path, **more: Any) -> World:
    """A register with what an inventory is looking for."""
    made = World(folder, contacts=(ANNA, BO, CARIN), **more)
    office = made.sandbox.office
    office.define("personnummer", "Personnummer", sensitivity="highly_sensitive")
    office.define("allergier", "Allergier")
    office.define("skostorlek", "Skostorlek")
    office.define("tomt", "Tomt")
    office.fill(ANNA, "personnummer", NUMBER)
    office.fill(BO, "allergier", "nötter")
    office.fill(ANNA, "skostorlek", "38")
    office.fill(BO, "skostorlek", "41")
    return made


def test_an_inventory_counts_what_the_portal_holds(tmp_path: Path) -> None:
    with world(tmp_path, people=2_000) as made:
        found = made.cli("inventory", "--json").json
        assert found["contacts"] == 2_001
        assert sum(found["by_object_source"].values()) == 2_001
        assert sum(found["by_age"].values()) == 2_001
        assert found["by_age"]["under_1_year"] >= 1, "the one that was made today"
        assert found["by_form"] == {"Newsletter: sign-up": found["by_object_source"]["FORM"]}
        assert sum(found["by_import"].values()) == found["by_object_source"]["IMPORT"]
        apps = found["by_object_source"]["INTEGRATION"] + found["by_object_source"]["API"]
        assert sum(found["by_app"].values()) == apps
        assert found["without_email"] == 60, "30 of a thousand made-up people"
        assert found["role_addresses"] == 60
        assert (found["coverage"], found["not_read"], found["without_reason_unknown"]) == (1.0, 0, 0)
        assert found["without_reason"] > 0


def test_who_has_a_subscription_with_a_basis_has_a_reason(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA, BO, CARIN)) as made:
        made.sandbox.colleague.resubscribe(ANNA, NEWSLETTER)
        made.sandbox.office.fill(BO, "hs_legal_basis", "Performance of a contract")
        made.sandbox.office.fill(CARIN, "hs_legal_basis", "Not applicable")
        assert made.cli("inventory", "--json").json["without_reason"] == 1, "Carin"


def test_without_batches_the_coverage_says_how_far_it_reaches(tmp_path: Path) -> None:
    with world(tmp_path, tier=Tier.STARTER, contacts=(ANNA, BO, CARIN)) as made:
        found = made.cli("inventory", "--json", "--status-reads", "1").json
        assert (found["coverage"], found["not_read"]) == (0.3333, 2)
        assert (found["without_reason"], found["without_reason_unknown"]) == (1, 2)


def test_an_address_on_two_records_is_shared(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA, BO)) as made:
        contact = made.sandbox.engine.rooms.portal.contact(made.contact_ids[BO])
        assert contact is not None
        contact.additional = (ANNA.upper(),)
        found = made.cli("inventory", "--json").json
        assert (found["shared_addresses"], found["several_addresses"]) == (1, 1)


def test_filled_properties_without_a_purpose_are_flagged_the_sensitive_first(tmp_path: Path) -> None:
    made = furnished(tmp_path)
    try:
        found = made.cli("inventory", "--json").json["properties"]
        by_name = {each["name"]: each for each in found}
        assert [each["name"] for each in found[:2]] == ["allergier", "personnummer"]
        assert by_name["personnummer"]["sensitive"]
        assert by_name["personnummer"]["filled"] == 1
        assert by_name["skostorlek"] == {
            "name": "skostorlek", "label": "Skostorlek", "sensitive": False, "own": True, "filled": 2,
            "used_by": [], "flagged": True,
        }  # fmt: skip
        assert not by_name["tomt"]["flagged"]
        assert not by_name["email"]["flagged"]
        assert "hs_marketable_status" not in by_name
    finally:
        made.close()


def test_a_property_that_a_purpose_uses_is_not_flagged(tmp_path: Path) -> None:
    extra = '[[purposes]]\nkey = "shoes"\nsubscription_id = 777\nproperties = ["skostorlek"]\n'
    made = furnished(tmp_path, extra=extra)
    try:
        found = {each["name"]: each for each in made.cli("inventory", "--json").json["properties"]}
        assert found["skostorlek"]["used_by"] == ["shoes"]
        assert not found["skostorlek"]["flagged"]
    finally:
        made.close()


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_document_says_what_the_json_says_and_names_nobody(tmp_path: Path, language: str) -> None:
    made = furnished(tmp_path, people=1_000)
    try:
        page = tmp_path / "inventory.html"
        found = made.cli("inventory", "--html", str(page), "--language", language, "--json").json
        text = page.read_text("utf-8")
        words = TEXTS[language]
        assert found["html"] == str(page)
        assert page.stat().st_mode & 0o777 == 0o600
        assert f'<html lang="{language}">' in text
        assert words["no_reason"].split("{count}")[1].split(":")[0].strip() in text
        assert text.count("<img ") == 3
        assert text.count("data:image/png;base64,") == 3
        assert not re.search(r'(src|href)="(?!data:)', text), "one file that needs no other"
        for purpose in found["purposes"]:
            assert f">{purpose['subscribed']}</td>" in text
        assert "Personnummer (personnummer)" in text
        body = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", text)
        assert "@" not in body.replace("info@", "").replace("kontakt@", "").replace("contact@", "").replace(
            "@media", ""
        )
        assert NUMBER not in text
        assert "nötter" not in text
    finally:
        made.close()


def test_an_inventory_writes_nothing_anywhere_and_needs_no_mirror(tmp_path: Path) -> None:
    made = furnished(tmp_path)
    try:
        for path in tmp_path.glob("mirror.*"):
            path.unlink()
        made.sandbox.machine.set_scopes(
            [
                "oauth",
                "crm.objects.contacts.read",
                "crm.schemas.contacts.read",
                "communication_preferences.read",
            ]
        )
        found = made.cli("inventory", "--json")
        assert found.code == 0, found.err
        assert found.json["contacts"] == 3
        assert found.json["forms"] is None, "the scope for forms is not there, and that is said"
        assert made.writes() == []
        assert list(tmp_path.glob("mirror*")) == []
        assert "scope `forms` is missing" in made.cli("inventory").out
    finally:
        made.close()
