"""Who may be mailed, as a list that nobody is on who may not be; here and in HubSpot."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.acts import segments
from connector.acts.audience import Audience
from connector.acts.breakers import open_breaker
from connector.acts.decide import decide
from connector.acts.first_push import CONFIRMED
from connector.consent.events import Event, EventType, Grade, Source
from jobs.tick import JOBS
from mappings.purposes import Purposes
from tests.world import ANNA, BO, CARIN, DAVID, DAY, EVA, WORDING, World, world

EVERYBODY = (ANNA, BO, CARIN, DAVID, EVA)


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, contacts=EVERYBODY) as made:
        made.begin()
        yield made


def audience(w: World, *words: str, purpose: str = "newsletter") -> Any:
    ran = w.cli("audience", purpose, *words, "--json")
    assert ran.code == 0, ran.err
    return ran.json


def names(w: World, *words: str, purpose: str = "newsletter") -> set[str]:
    return {each["address"][0] for each in audience(w, *words, purpose=purpose)["people"]}


def members(w: World, name: str = "Ours") -> set[str]:
    known = w.desk.hubspot.list_named(name)
    assert known is not None
    by_id = {number: address[0] for address, number in w.contact_ids.items()}
    return {by_id[number] for number in w.desk.hubspot.list_members(known.id, None)[0]}


def push(w: World, *words: str, code: int = 0) -> Any:
    ran = w.cli("audience", "newsletter", "--push-list", "Ours", *words, "--json")
    assert ran.code == code, ran.err + ran.out
    return ran.json


def test_nobody_is_in_it_whom_the_one_question_refuses(w: World) -> None:
    w.grant(ANNA)
    w.grant(BO)
    w.withdraw(BO, "newsletter")
    w.add(CARIN, EventType.CLAIM, t_lo=w.now, t_hi=w.now, grade=Grade.E1)
    w.grant(DAVID)
    w.suppress(DAVID)
    w.grant(EVA)
    assert w.cli("restrict", EVA).code == 0
    found = audience(w)
    assert (found["purpose"], found["count"]) == ("newsletter", 1)
    (only,) = found["people"]
    assert (only["address"], only["basis"], only["reason"]) == ("a•••@e•••.org", "consent", "consent")
    assert only["clause"].startswith("GDPR 6(1)(a)")
    for address in EVERYBODY:
        assert (w.cli("check", address, "--purpose", "newsletter").code == 0) is (address == ANNA)


def test_a_projection_that_lags_lets_nobody_in(w: World) -> None:
    """The no is in the log and not yet in the row of states: the formula is asked, not the row."""
    w.grant(ANNA)
    person = w.person(ANNA)
    assert person is not None
    with w.mirror.write(w.desk.portal) as work:
        no = Event(type=EventType.WITHDRAW, purpose="newsletter", t_lo=w.now, t_hi=w.now, source=Source.API)
        work.log.append([(person.id, no)])
        assert work.states.of([person.id])[person.id, "newsletter"].sendable
    assert audience(w)["people"] == []


def test_the_filters_narrow_it_down(w: World) -> None:
    w.grant(ANNA, grade=Grade.E2)
    w.grant(BO, grade=Grade.E3, wording="b" * 64)
    w.wait(400 * DAY)
    w.grant(CARIN, grade=Grade.E3)
    w.sale(DAVID, "offers")
    assert names(w) == {"a", "b", "c"}
    assert names(w, "--grade", "E3") == {"b", "c"}
    assert names(w, "--wording", WORDING[:8]) == {"a", "c"}
    assert names(w, "--older-than", "12 months") == {"a", "b"}
    assert names(w, "--basis", "soft_optin") == set()
    assert w.cli("audience", "newsletter", "--grade", "E9").code == 2
    assert w.cli("audience", "newsletter", "--older-than", "long").code == 2
    assert w.cli("audience", "nothing").code == 2


def test_the_sheet_has_the_addresses_and_is_recorded_with_its_purpose(w: World, tmp_path: Path) -> None:
    w.grant(ANNA)
    w.grant(BO)
    path = tmp_path / "people.csv"
    audience(w, "--csv", str(path))
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert {row["email"] for row in csv.DictReader(file)} == {ANNA, BO}
    manifest = json.loads((tmp_path / "people.csv.manifest.json").read_text("utf-8"))
    assert (manifest["purpose"], manifest["count"]) == ("newsletter", 2)
    assert "@" not in json.dumps(manifest)
    told = w.cli("exports", "--json").json["exports"][0]
    assert (told["kind"], told["purpose"], told["count"]) == ("audience", "newsletter", 2)


def test_the_counts_say_how_much_of_the_statuses_was_read(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA, BO)) as w:
        w.sync()
        found = Audience(w.desk, w.desk.purposes["newsletter"])
        assert list(found.walk()) == []
        assert (found.document()["coverage"], found.document()["not_read"]) == (1.0, 0)


# --- the list in HubSpot ----------------------------------------------------------------------------------


def test_a_list_holds_exactly_those_who_may_be_mailed(w: World) -> None:
    for address in (ANNA, BO):
        w.grant(address)
    done = push(w)
    assert (done["added"], done["removed"], done["confirmed"]) == (2, 0, True)
    assert members(w) == {"a", "b"}
    before = len(w.writes())
    again = push(w)
    assert (again["added"], again["removed"]) == (0, 0)
    assert len(w.writes()) == before, "nothing to change, nothing written"


def test_a_no_leaves_the_list_and_a_stranger_is_taken_off(w: World) -> None:
    w.grant(ANNA)
    w.grant(BO)
    done = push(w)
    w.withdraw(ANNA, "newsletter")
    w.desk.hubspot.change_list(done["list_id"], add=[w.contact_ids[EVA]])  # a colleague means well
    w.grant(CARIN)
    JOBS["lists"](w.settings, w.desk, lambda: None)
    assert members(w) == {"b", "c"}
    with w.mirror.read(w.desk.portal) as work:
        figures = work.runs.last("lists", "ok").figures  # type: ignore[union-attr] # it ran
    assert (figures["added"], figures["removed"]) == (1, 2)


def test_who_says_no_while_the_list_is_made_is_not_added(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    w.grant(ANNA)
    w.grant(BO)
    honest = segments._shown

    def meanwhile(desk: Any, list_id: int) -> set[int]:
        w.withdraw(ANNA, "newsletter")
        return honest(desk, list_id)

    monkeypatch.setattr(segments, "_shown", meanwhile)
    push(w, code=75)
    assert members(w) == {"b"}


def test_the_list_of_somebody_else_is_not_touched(w: World) -> None:
    made = w.desk.hubspot.create_list("Ours")
    w.desk.hubspot.change_list(made.id, add=[w.contact_ids[EVA]])
    w.grant(ANNA)
    assert push(w, code=3)["error"]["problem"].startswith("HubSpot has a list of this name")
    assert members(w) == {"e"}
    w.desk.hubspot.change_list(made.id, remove=[w.contact_ids[EVA]])
    assert push(w)["list_id"] == made.id, "empty: one that we were cut off at making"


def test_an_open_breaker_adds_nobody_and_lets_noes_leave(w: World) -> None:
    w.grant(ANNA)
    push(w)
    w.grant(BO)
    w.withdraw(ANNA, "newsletter")
    with w.mirror.write(w.desk.portal) as work:
        open_breaker(w.desk, work, "vanished", vanished=1, read=1)
    assert push(w, code=75)["held"] == 1
    assert members(w) == set()


def test_an_ambiguous_end_is_told_by_reading_back(w: World) -> None:
    w.grant(ANNA)
    w.sandbox.machine.fault(
        effect="drop", applied=True, path="*/memberships/*", method="PUT", name="lost", count=1
    )
    assert push(w)["confirmed"] is True
    assert members(w) == {"a"}


def test_a_list_waits_for_the_first_push_and_can_be_forgotten(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA,)) as w:
        w.sync()
        w.grant(ANNA)
        assert w.cli("audience", "newsletter", "--push-list", "Ours").code == 4
        w.confirm()
        push(w)
        assert w.cli("audience", "newsletter", "--forget-list", "Ours").code == 0
        assert w.cli("audience", "newsletter", "--forget-list", "Ours").code == 3
        w.withdraw(ANNA, "newsletter")
        JOBS["lists"](w.settings, w.desk, lambda: None)
        assert members(w) == {"a"}, "it is HubSpot's own from here on"


def test_a_list_that_is_gone_is_not_made_anew_by_itself(w: World) -> None:
    w.grant(ANNA)
    done = push(w)
    w.sandbox.engine.rooms.lists.delete(str(done["list_id"]))
    JOBS["lists"](w.settings, w.desk, lambda: None)
    assert w.desk.hubspot.list_named("Ours") is None
    assert push(w)["confirmed"] is True


def without_newsletter(w: World) -> Any:
    """The same portal after somebody took the purpose out of the configuration."""
    left = [each for each in w.desk.purposes if each.key != "newsletter"]
    return replace(w.desk, purposes=Purposes(left))


def test_a_list_whose_purpose_left_the_configuration_is_emptied_and_a_person_told_once(w: World) -> None:
    w.grant(ANNA)
    w.grant(BO)
    push(w)
    for _ in range(2):
        JOBS["lists"](w.settings, without_newsletter(w), lambda: None)
        assert members(w) == set()
    (asked,) = w.reviews()
    assert (asked.kind, asked.purpose) == ("list_left", "newsletter")
    decide(without_newsletter(w), asked.id, "reject", "dora")
    JOBS["lists"](w.settings, without_newsletter(w), lambda: None)
    assert w.reviews() == [], "told once"
    JOBS["lists"](w.settings, w.desk, lambda: None)
    assert members(w) == {"a", "b"}, "the purpose is back"
    JOBS["lists"](w.settings, without_newsletter(w), lambda: None)
    (again,) = w.reviews()
    decide(without_newsletter(w), again.id, "approve", "dora")
    assert kept(w) == []
    assert members(w) == set()


def test_a_list_is_not_forgotten_by_a_late_answer_once_its_purpose_is_back(w: World) -> None:
    w.grant(ANNA)
    push(w)
    JOBS["lists"](w.settings, without_newsletter(w), lambda: None)
    w.decide("approve")
    assert [each.name for each in kept(w)] == ["Ours"]
    JOBS["lists"](w.settings, w.desk, lambda: None)
    assert members(w) == {"a"}


def test_the_question_about_a_list_ends_when_its_purpose_is_back(w: World) -> None:
    push(w)
    JOBS["lists"](w.settings, without_newsletter(w), lambda: None)
    assert len(w.reviews()) == 1
    JOBS["lists"](w.settings, w.desk, lambda: None)
    assert w.reviews() == []


def test_a_list_without_its_purpose_can_be_forgotten_by_the_command(w: World) -> None:
    push(w)
    w.config.write_text(w.config.read_text("utf-8").replace('key = "newsletter"', 'key = "news"'), "utf-8")
    assert w.cli("audience", "newsletter", "--forget-list", "Ours").code == 0
    assert kept(w) == []


def test_a_no_leaves_the_list_while_the_first_push_waits_and_nobody_is_added(w: World) -> None:
    """As after a restore: what reconcile derives waits for a person, a removal never does."""
    w.grant(ANNA)
    w.grant(BO)
    push(w)
    with w.mirror.write(w.desk.portal) as work:
        work.meta.remove(CONFIRMED)
    w.withdraw(ANNA, "newsletter")
    w.grant(CARIN)
    JOBS["lists"](w.settings, w.desk, lambda: None)
    assert members(w) == {"b"}
    w.confirm()
    JOBS["lists"](w.settings, w.desk, lambda: None)
    assert members(w) == {"b", "c"}


def kept(w: World) -> list[segments.Kept]:
    with w.mirror.read(w.desk.portal) as work:
        return segments.kept_lists(work)
