"""Each person's link in a property of HubSpot: written once, for nobody who must be left alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from connector.acts import link_property
from connector.acts.breakers import close_breaker, open_breaker
from connector.acts.links import links_of
from connector.errors import ConfigurationError, HubSpotRefused
from connector.sandbox import face_contact_batches, replies
from connector.sandbox.actors import COLLEAGUE
from jobs.tick import JOBS
from tests.world import ANNA, BO, CARIN, DAVID, DAY, World, world

NAME = "consent_mirror_link"
WEB = f'[web]\nlisten = "127.0.0.1:0"\npublic_url = "https://consent.example"\nlink_property = "{NAME}"\n'
MAKE, UPDATE = "POST /crm/properties/2026-03/contacts", "POST /crm/objects/2026-03/contacts/batch/update"


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, contacts=(ANNA, BO), extra=WEB) as made:
        made.begin()
        made.sandbox.machine.clear_requests()
        yield made


def run(w: World) -> dict[str, Any]:
    JOBS["links"](w.settings, w.desk, lambda: None)
    with w.mirror.read(w.desk.portal) as work:
        found = work.runs.last("links", "ok")
    assert found is not None
    return dict(found.figures)


def shown(w: World, number: int) -> str | None:
    found = w.desk.hubspot.records([number], [NAME])
    return found[0].values.get(NAME) if found else None


def calls(w: World) -> int:
    return len(w.sandbox.machine.requests())


def test_it_is_made_once_written_once_and_a_quiet_day_costs_nothing(w: World) -> None:
    first = run(w)
    assert (first["created"], first["written"], first["failed"]) == (True, 2, 0)
    assert w.writes() == [MAKE, UPDATE]
    for address in (ANNA, BO):
        assert shown(w, w.contact_ids[address]) == links_of(w.desk, address).unsubscribe
    before = calls(w)
    assert run(w)["looked_at"] == 0
    assert calls(w) == before, "nothing changed: nobody is asked"


def test_the_property_makes_nobody_look_changed(w: World) -> None:
    with w.mirror.read(w.desk.portal) as work:
        before = work.contacts.known_between(0, None)
    run(w)
    w.wait()
    turned = w.sync(full=True)
    with w.mirror.read(w.desk.portal) as work:
        assert work.contacts.known_between(0, None) == before
    assert turned.tally.events == 0
    assert run(w)["looked_at"] == 0


def test_a_new_person_gets_theirs_and_nobody_else_is_written(w: World) -> None:
    run(w)
    number = w.create(CARIN)
    w.wait()
    w.sync()
    done = run(w)
    assert (done["created"], done["written"]) == (False, 1)
    assert shown(w, number) == links_of(w.desk, CARIN).unsubscribe


def test_another_address_gets_its_own_link(w: World) -> None:
    run(w)
    old = shown(w, w.contact_ids[ANNA])
    w.desk.hubspot.correct(w.contact_ids[ANNA], {"email": DAVID})
    assert run(w)["looked_at"] == 0, "what the mirror has not read yet is not written about"
    w.wait()
    w.sync()
    assert run(w)["written"] == 1
    assert shown(w, w.contact_ids[ANNA]) == links_of(w.desk, DAVID).unsubscribe != old


def test_an_overwritten_value_is_put_right_within_thirty_days(w: World) -> None:
    run(w)
    right = shown(w, w.contact_ids[BO])
    w.desk.hubspot.correct(w.contact_ids[BO], {NAME: "https://elsewhere.example"})
    w.wait(30 * DAY)
    assert run(w)["written"] == 1
    assert shown(w, w.contact_ids[BO]) == right


def test_somebody_restricted_keeps_what_is_there(w: World) -> None:
    run(w)
    w.desk.hubspot.correct(w.contact_ids[BO], {NAME: "kept"})
    assert w.cli("restrict", BO).code == 0
    w.wait(30 * DAY)
    assert run(w)["written"] == 0
    assert shown(w, w.contact_ids[BO]) == "kept"
    assert w.cli("unrestrict", BO).code == 0
    assert run(w)["written"] == 1


def test_somebody_erased_gets_none_also_when_they_are_back(w: World) -> None:
    assert w.cli("erase", BO, "--confirm").code == 0
    rooms = w.sandbox.engine.rooms  # an app may make a contact whose address HubSpot's own pages refuse
    number = int(rooms.contacts.create({"email": BO}, COLLEAGUE, enforce_required=False).id)
    w.wait()
    w.sync()
    run(w)
    assert w.desk.hubspot.contact(number) is not None
    assert shown(w, number) is None
    assert shown(w, w.contact_ids[ANNA]) is not None


def test_nothing_leaves_before_the_first_push_is_confirmed(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA,), extra=WEB) as w:
        w.sync()
        assert run(w)["held"] is True
        assert w.writes() == []
        w.confirm()
        assert run(w)["written"] == 1


def test_an_open_breaker_holds_it(w: World) -> None:
    with w.mirror.write(w.desk.portal) as work:
        open_breaker(w.desk, work, "subscribes", count=1)
    assert run(w)["held"] is True
    assert w.writes() == []
    with w.mirror.write(w.desk.portal) as work:
        close_breaker(work, "lead")
    assert run(w)["written"] == 2


def test_unless_it_is_asked_for_nothing_is_written(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA,), extra=WEB.replace(f'link_property = "{NAME}"\n', "")) as w:
        w.begin()
        before = len(w.writes())
        JOBS["links"](w.settings, w.desk, lambda: None)
        assert len(w.writes()) == before


def test_a_missing_scope_is_told_with_what_to_do(w: World) -> None:
    w.sandbox.machine.set_scopes(["crm.objects.contacts.read", "crm.objects.contacts.write"])
    with pytest.raises(HubSpotRefused) as caught:
        JOBS["links"](w.settings, w.desk, lambda: None)
    assert link_property.SCOPE in caught.value.next_step
    assert UPDATE not in w.writes()


def test_a_property_of_another_kind_is_left_alone(w: World) -> None:
    wrong = w.settings.web.model_copy(update={"link_property": "lifecyclestage"})
    with pytest.raises(ConfigurationError):
        JOBS["links"](w.settings.model_copy(update={"web": wrong}), w.desk, lambda: None)
    assert w.writes() == []


def test_who_fails_within_a_batch_is_tried_again(w: World) -> None:
    real = face_contact_batches._update_one

    def failing(rooms: Any, call: Any, entry: Any) -> Any:
        if entry["id"] == str(w.contact_ids[BO]):
            raise replies.invalid("locked")
        return real(rooms, call, entry)

    with patch.object(face_contact_batches, "_update_one", failing):
        done = run(w)
    assert (done["written"], done["failed"]) == (1, 1)
    again = run(w)
    assert (again["written"], again["failed"]) == (1, 0)


def test_more_people_than_a_call_takes(tmp_path: Path) -> None:
    with world(tmp_path, people=260, contacts=(), extra=WEB) as w:
        w.begin()
        done = run(w)
        assert done["written"] > link_property.BATCH
        assert done["failed"] == 0
        assert run(w)["looked_at"] == 0


def test_doctor_says_what_it_needs(w: World) -> None:
    ran = w.cli("doctor", "--json")
    found = {each["name"]: each for each in ran.json["checks"]}["link property"]
    assert found["ok"]
    assert link_property.SCOPE in found["problem"]
