"""The sandbox's pull journal: places, files behind signed URLs, three days, and an offset that aged."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.sandbox.conftest import Portal

BASE = "/webhooks-journal/journal/2026-03"
DAY = 86_400_000


def file_at(portal: Portal, path: str) -> Any:
    status, found = portal.ask("GET", f"{BASE}/{path}")
    return found if status == 200 else status


def test_places_lead_from_file_to_file(portal: Portal) -> None:
    assert file_at(portal, "latest") == 204
    portal.create(email="a@example.com")
    portal.create(email="b@example.com")
    assert file_at(portal, "earliest")["currentOffset"] == "1"
    assert file_at(portal, "latest")["currentOffset"] == "2"
    assert file_at(portal, "offset/1/next")["currentOffset"] == "2"
    assert file_at(portal, "offset/2/next") == 204


@pytest.mark.parametrize(("aged", "answer"), [("not_found", 404), ("bad_request", 400), ("silent", 200)])
def test_an_aged_offset_answers_as_the_switch_says(
    portal_with: Callable[..., Portal], aged: str, answer: int
) -> None:
    portal = portal_with(options={"journal_aged": aged})
    portal.create(email="a@example.com")
    portal.create(email="b@example.com")
    portal.clock.move(3 * DAY)
    portal.create(email="c@example.com")
    assert portal.ask("GET", f"{BASE}/offset/1/next")[0] == answer
    assert file_at(portal, "earliest")["currentOffset"] == "3"
    assert portal.ask("GET", f"{BASE}/offset/2/next")[0] == 200


def test_a_file_is_never_had_with_a_token(portal: Portal) -> None:
    portal.create(email="a@example.com")
    url = urlsplit(file_at(portal, "latest")["url"])
    assert url.query.startswith("X-Signature=")
    assert portal.ask("GET", url.path, query=url.query)[0] == 400


def test_the_journal_tells_what_the_app_is_subscribed_to(portal: Portal) -> None:
    base = "/webhooks-journal/subscriptions/2026-03"
    (of_objects, of_erasures) = portal.ask("GET", base)[1]["results"]
    assert of_objects["actions"] == ["CREATE", "DELETE", "MERGE", "RESTORE", "UPDATE"]
    assert (of_erasures["subscriptionType"], of_erasures["portalId"]) == ("GDPR_PRIVACY_DELETION", 62515)
    assert portal.ask("DELETE", f"{base}/{of_objects['id']}")[0] == 204
    assert portal.ask("DELETE", f"{base}/{of_objects['id']}")[0] == 404
    portal.create(email="a@example.com")
    assert file_at(portal, "latest") == 204
    asked = {"subscriptionType": "OBJECT", "objectTypeId": "0-1", "portalId": 62515}
    assert portal.ask("POST", base, {**asked, "actions": ["ERASE"]})[0] == 400
    assert portal.ask("POST", base, {**asked, "actions": ["CREATE"]})[0] == 200
    made = portal.create(email="b@example.com")
    portal.contact(made)
    portal.sandbox.colleague.edit(made, {"firstname": "B"})
    assert file_at(portal, "earliest") == file_at(portal, "latest"), "created, and not the change"
