"""Who else acts in a portal: what a person, a colleague, an import or another app leaves behind."""

import pytest

from tests.sandbox.conftest import NOON, Portal

NEW = "new@example.com"


def test_each_actor_leaves_its_source_and_time(portal: Portal) -> None:
    box, at = portal.sandbox, NOON - 3_600_000
    box.person.unsubscribe(NEW, 101, at=at)
    box.person.resubscribe(NEW, 102)
    box.colleague.resubscribe(NEW, 103, at="2026-01-02T03:04:05Z")
    box.app.set_status("other@example.com", 101, "SUBSCRIBED", source="Shop plug-in")
    box.importer.statuses(["import@example.com"], 101)
    rows = {number: (row["source"], row["timestamp"]) for number, row in portal.statuses(NEW).items()}
    assert rows[101] == ("Email preferences page", "2026-05-29T11:00:00.000Z")
    assert rows[102] == ("Self Service Resubscription", "2026-05-29T12:00:00.000Z")
    assert rows[103] == ("Updated by user in HubSpot", "2026-01-02T03:04:05.000Z")
    assert portal.statuses("other@example.com")[101]["source"] == "Shop plug-in"
    assert portal.statuses("import@example.com")[101]["source"] == "Import"


def test_a_colleague_and_an_app_can_override_a_no(portal: Portal) -> None:
    for act in (
        lambda: portal.sandbox.colleague.resubscribe(NEW, 101),
        lambda: portal.sandbox.app.set_status(NEW, 101, "SUBSCRIBED"),
    ):
        portal.sandbox.person.unsubscribe(NEW)
        assert portal.words(NEW)[101] == "UNSUBSCRIBED"
        act()
        assert portal.words(NEW)[101] == "SUBSCRIBED"


def test_any_word_and_any_time_can_be_put(portal: Portal) -> None:
    portal.sandbox.register.put_status(NEW, 101, "PAUSED", at="2031-01-01")
    row = portal.statuses(NEW)[101]
    assert (row["status"], row["timestamp"]) == ("PAUSED", "2031-01-01T00:00:00.000Z")
    portal.sandbox.register.clear_status(NEW, 101)
    assert portal.words(NEW)[101] == "NOT_SPECIFIED"


def test_an_opt_out_of_all_can_disappear(portal: Portal) -> None:
    portal.set(NEW, 101, "SUBSCRIBED")
    portal.sandbox.person.unsubscribe(NEW)
    portal.sandbox.register.lift_all(NEW)
    assert portal.words(NEW)[101] == "SUBSCRIBED"


@pytest.mark.parametrize(
    ("change", "check"),
    [
        pytest.param("opted_out_of_all", ("hs_email_optout", "EQ", "true"), id="opted out of all"),
        pytest.param("unsubscribed", ("hs_email_optout_101", "EQ", "true"), id="one type"),
    ],
)
def test_a_mass_change_meets_its_share(portal: Portal, change: str, check: tuple[str, ...]) -> None:
    met = portal.sandbox.register.mass(0.5, change)
    assert 18 <= met <= 20
    assert portal.search(check)["total"] >= met
    portal.sandbox.register.mass(1.0, "empty")
    assert portal.search(check)["total"] == 0


def test_an_unknown_mass_change_is_an_error(portal: Portal) -> None:
    with pytest.raises(ValueError, match="unknown mass change"):
        portal.sandbox.register.mass(0.5, "explode")


def test_an_import_creates_updates_and_respects_the_blocklist(portal: Portal) -> None:
    portal.sandbox.colleague.privacy_delete(portal.create(email="gone@example.com"))
    rows = [{"email": NEW, "city": "Umeå"}, {"email": "gone@example.com"}, {"email": NEW, "city": "Lund"}]
    ids = portal.sandbox.importer.contacts(rows)
    assert len(ids) == 2
    assert ids[0] == ids[1]
    assert portal.contact(ids[0], "properties=city")[1]["properties"]["city"] == "Lund"


def test_time_moves_for_the_portal_alone(portal: Portal) -> None:
    assert portal.sandbox.machine.advance(86_400_000) == NOON + 86_400_000
    portal.set(NEW, 101, "UNSUBSCRIBED")
    assert portal.statuses(NEW)[101]["timestamp"] == "2026-05-30T12:00:00.000Z"
    assert portal.clock.now() == NOON


def test_a_plan_change_takes_scopes_and_limits_along(portal: Portal) -> None:
    path, body = "/communication-preferences/2026-03/statuses/batch/read", {"inputs": [NEW]}
    assert portal.ask("POST", path, body, query="channel=EMAIL")[0] == 200
    portal.sandbox.machine.tier("starter")
    assert portal.ask("POST", path, body, query="channel=EMAIL")[0] == 403
    assert portal.sandbox.call("GET", path).headers.get("X-HubSpot-RateLimit-Max") is None
    headers = portal.sandbox.call("GET", "/account-info/2026-03/details").headers
    assert headers["X-HubSpot-RateLimit-Max"] == "100"


def test_a_new_type_brings_its_property_along(portal: Portal) -> None:
    portal.sandbox.register.add_type(205, "Recipes")
    portal.sandbox.person.unsubscribe(NEW, 205)
    number = portal.create(email=NEW)
    assert (
        portal.contact(number, "properties=hs_email_optout_205")[1]["properties"]["hs_email_optout_205"]
        == "true"
    )
    assert portal.ask("GET", "/crm/properties/2026-03/contacts/hs_email_optout_205")[0] == 200


def test_totals_count_what_the_list_shows(portal: Portal) -> None:
    portal.create(email=NEW)
    portal.sandbox.colleague.archive(NEW)
    portal.sandbox.colleague.privacy_delete("51")
    portal.sandbox.colleague.merge("101", "151")
    _, page = portal.ask("GET", "/crm/objects/2026-03/contacts", query="limit=100")
    totals = portal.sandbox.machine.totals()
    assert totals["contacts"] == len(page["results"]) == 38
    assert (totals["archived"], totals["erased"], totals["merged"]) == (1, 1, 1)


def test_a_dump_shows_all_that_is_held(portal: Portal) -> None:
    number = portal.create(email=NEW)
    portal.sandbox.person.unsubscribe(NEW)
    held = portal.sandbox.machine.address(NEW)
    assert (held["contact"], held["wide"][0]["kind"]) == (number, "PORTAL_WIDE")
    assert portal.sandbox.machine.contact(NEW)["optOuts"]["hs_email_optout"] == "true"
    with pytest.raises(LookupError):
        portal.sandbox.machine.contact("nobody@example.com")


def test_read_only_properties_can_be_put(portal: Portal) -> None:
    portal.sandbox.register.put_properties("51", {"hs_email_hard_bounce_reason_enum": "UNKNOWN_USER"})
    _, found = portal.contact("51", "properties=hs_email_hard_bounce_reason_enum")
    assert found["properties"]["hs_email_hard_bounce_reason_enum"] == "UNKNOWN_USER"
