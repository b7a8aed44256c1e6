"""Push webhooks over HTTP: queued on disk, read again, believed only as read; nothing odd changes a thing."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector import wiring_web
from connector.acts.tally import Tally
from connector.hubspot.signatures import v1, v3
from connector.web.server import WebServer
from connector.web.webhooks import PATH
from jobs.hints import PATIENCE_MS, look_again
from tests.web.conftest import PUBLIC, Answer, Visitor
from tests.world import ANNA, BO, DAY, MINUTE, TYPES, World, world

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("WEBHOOK_TEST_SECRET", SECRET)
    secret = 'webhook_secret_env = "WEBHOOK_TEST_SECRET"\n'
    with world(tmp_path, extra=PUBLIC, portal=secret, contacts=(ANNA, BO)) as made:
        made.begin()
        yield made


@pytest.fixture
def web(here: World) -> Iterator[WebServer]:
    with wiring_web.web_of(here.settings, [here.desk], here.tools) as served:
        assert served is not None
        yield served


def event(
    here: World, address: str = ANNA, kind: str = "contact.propertyChange", **more: Any
) -> dict[str, Any]:
    return {
        "objectId": here.contact_ids[address],
        "portalId": here.desk.portal,
        "occurredAt": here.now,
        "subscriptionType": kind,
        "eventId": 1,
        "subscriptionId": 2,
        "attemptNumber": 0,
    } | more


def send(here: World, visitor: Visitor, body: bytes | list[Any], **other: Any) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    at = str(other.get("at", here.now))
    url = f"https://consent.example{PATH}"
    said = other.get("said") or v3(other.get("secret", SECRET), "POST", url, other.get("signed", data), at)
    return visitor.ask(
        PATH,
        "POST",
        data,
        X_HubSpot_Signature_v3=said,
        X_HubSpot_Request_Timestamp=at,
        Content_Type="application/json",
    )


def waiting(here: World) -> int:
    with here.mirror.read(here.desk.portal) as work:
        return int(work.hints.count()[0])


def look(here: World) -> int:
    return look_again(here.desk, Tally())


def test_an_opt_out_in_hubspot_is_in_the_mirror_after_its_webhook(here: World, visitor: Visitor) -> None:
    here.grant(ANNA)
    here.wait()
    here.sandbox.person.unsubscribe(ANNA, 101)
    here.wait(MINUTE)
    said = [
        event(here, propertyName="hs_email_optout_101", propertyValue="false")
    ]  # a value is never believed
    assert send(here, visitor, said).status == 200
    assert waiting(here) == 1
    assert look(here) == 1
    assert (here.state(ANNA), waiting(here)) == ("WITHDRAWN", 0)


def test_the_old_signature_is_taken_too(here: World, visitor: Visitor) -> None:
    data = json.dumps([event(here)]).encode()
    answer = visitor.ask(
        PATH, "POST", data, X_HubSpot_Signature=v1(SECRET, data), X_HubSpot_Signature_Version="v1"
    )
    assert (answer.status, waiting(here)) == (200, 1)


def test_repeats_and_any_order_are_one_look(here: World, visitor: Visitor) -> None:
    said = [event(here, occurredAt=here.now - n, attemptNumber=n) for n in range(5)]
    for body in (said, said[::-1], said):
        assert send(here, visitor, body).status == 200
    assert waiting(here) == 1


def refused(here: World) -> dict[str, tuple[bytes | list[Any], dict[str, Any]]]:
    good = [event(here)]
    data = json.dumps(good).encode()
    return {
        "forged": (good, {"secret": "another"}),
        "altered": (data.replace(b'"eventId": 1', b'"eventId": 2'), {"signed": data}),
        "replayed": (good, {"at": here.now - 300_001}),
        "of the future": (good, {"at": here.now + 300_001}),
        "oversized": (b"[" + b" " * 1_100_000 + b"]", {}),
        "deep": (b"[" * 10_000 + b"]" * 10_000, {}),
        "deep within": (data[:-2] + b',"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}]", {}),
        "a key twice": (data.replace(b'"eventId": 1', b'"eventId": 1, "eventId": 2'), {}),
        "NaN": (data.replace(b'"eventId": 1', b'"eventId": NaN'), {}),
        "a fraction": (data.replace(b'"eventId": 1', b'"eventId": 1.5'), {}),
        "101 events": (good * 101, {}),
        "none": ([], {}),
        "no list": (b"{}", {}),
        "no event": ([1], {}),
        "no number": ([event(here, objectId="7")], {}),
        "a yes for a number": ([event(here, objectId=True)], {}),
        "a huge number": ([event(here, objectId=2**63)], {}),
        "no JSON": (b"\xff\x00", {}),
        "empty": (b"", {}),
    }


CASES = (
    "forged",
    "altered",
    "replayed",
    "of the future",
    "oversized",
    "deep",
    "deep within",
    "a key twice",
    "NaN",
    "a fraction",
    "101 events",
    "none",
    "no list",
    "no event",
    "no number",
    "a yes for a number",
    "a huge number",
    "no JSON",
    "empty",
)


@pytest.mark.parametrize("case", CASES)
def test_what_is_odd_changes_nothing(here: World, visitor: Visitor, case: str) -> None:
    cases = refused(here)
    assert set(cases) == set(CASES)
    body, other = cases[case]
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it is told 413 before it has sent all
        assert send(here, visitor, body, **other).status in (400, 401, 413)
    assert waiting(here) == 0


def test_other_portals_old_news_and_other_things_are_dropped(here: World, visitor: Visitor) -> None:
    said = [
        event(here, portalId=1),
        event(here, occurredAt=here.now - 2 * DAY),
        event(here, kind="company.propertyChange"),
        event(here, kind="object.creation", objectTypeId="0-2"),
    ]
    assert send(here, visitor, said).status == 200  # or HubSpot would repeat them for a day
    assert waiting(here) == 0
    assert send(here, visitor, [event(here, kind="object.creation", objectTypeId="0-1")]).status == 200
    assert waiting(here) == 1


def test_an_association_in_the_same_delivery_loses_nobody_elses_news(here: World, visitor: Visitor) -> None:
    """HubSpot's association events name no object: they are counted and passed over."""
    other = event(here, subscriptionType="contact.associationChange")
    del other["objectId"]
    assert send(here, visitor, [other, event(here)]).status == 200
    assert waiting(here) == 1


def test_a_get_is_no_webhook_and_an_unsigned_one_neither(here: World, visitor: Visitor) -> None:
    assert visitor.ask(PATH).status == 405
    assert visitor.ask(PATH, "POST", b"[]").status == 401


def test_a_privacy_deletion_restricts_at_once_and_is_held(here: World, visitor: Visitor) -> None:
    """Row 36: the event is genuine and the record is gone, in whichever order events come (HQ 23)."""
    here.sandbox.colleague.privacy_delete(str(here.contact_ids[ANNA]))
    here.wait(MINUTE)
    for kind in ("contact.deletion", "contact.privacyDeletion", "contact.privacyDeletion"):
        assert send(here, visitor, [event(here, kind=kind)]).status == 200
        look(here)
    person = here.person(ANNA)
    assert person is not None and str(person.overlay) == "RESTRICTED"
    assert here.types(ANNA).count("erase_requested") == len(TYPES)  # once for each purpose
    assert "erased" not in here.types(ANNA)


def test_a_privacy_deletion_of_a_record_that_lives_is_for_a_person(here: World, visitor: Visitor) -> None:
    """Row 37: HubSpot may lag; after a while processing stops and nothing is destroyed."""
    send(here, visitor, [event(here, BO, "contact.privacyDeletion")])
    look(here)
    person = here.person(BO)
    assert person is not None and person.overlay is None and waiting(here) == 1
    here.wait(PATIENCE_MS)
    look(here)
    person = here.person(BO)
    assert person is not None and str(person.overlay) == "RESTRICTED"
    assert waiting(here) == 0
    assert {review.row for review in here.reviews()} == {37}


def test_a_merge_and_a_plain_deletion_are_read_again(here: World, visitor: Visitor) -> None:
    winner, loser = str(here.contact_ids[ANNA]), str(here.contact_ids[BO])
    here.sandbox.person.unsubscribe(BO)
    here.sandbox.colleague.merge(winner, loser)
    here.wait(MINUTE)
    merged = event(here, kind="contact.merge", primaryObjectId=int(winner), mergedObjectIds=[int(loser)])
    assert send(here, visitor, [merged]).status == 200
    assert waiting(here) == 2
    look(here)
    assert here.state(ANNA) == here.state(BO) == "WITHDRAWN"  # the no goes with the person


def test_what_was_answered_200_is_there_after_the_process_is_gone(here: World, visitor: Visitor) -> None:
    send(here, visitor, [event(here)])
    here.mirror.close()
    del here.__dict__["mirror"]
    assert waiting(here) == 1
