"""Retention on a real portal: found, held, asked, erased; and everything that keeps somebody."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.acts import retain
from connector.consent.events import EventType, Grade
from connector.errors import ConfigurationError
from connector.report.discrepancies import Kind
from connector.store.users import Role
from jobs.due import timetable
from jobs.mailing import outside_of
from jobs.tick import JOBS
from tests.world import ANNA, BO, CARIN, DAVID, DAY, EVA, HOUR, World, world

YEAR = 366 * DAY
RULES = {
    "newsletter": "12 months after last_activity",
    "offers": "7 years after invoice_date property",
    "events": "until withdrawn",
}


def ruled(folder: Path, rules: dict[str, str], **more: Any) -> Any:
    """A world whose purposes retain by these rules."""
    return world(folder, retain=rules, **more)


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with ruled(tmp_path, RULES, contacts=(ANNA, BO, CARIN, DAVID, EVA)) as made:
        made.sandbox.office.define("invoice_date", "Invoice date", kind="date")
        made.begin()
        yield made


def run(w: World, code: int = 0) -> Any:
    ran = w.cli("retention", "run", "--json")
    assert ran.code == code, ran.err
    return ran.json


def plan(w: World) -> dict[str, dict[str, Any]]:
    document = w.cli("retention", "plan", "--json").json
    return {each["address"][0]: each for each in document["people"]}


def gone(w: World, address: str) -> bool:
    return w.person(address) is None and w.desk.hubspot.contact(w.contact_ids[address]) is None


def test_somebody_without_a_reason_is_found_held_and_erased(w: World) -> None:
    w.grant(ANNA)
    w.grant(BO)
    w.wait(YEAR - 40 * DAY)
    w.sandbox.person.click(BO)
    w.wait(60 * DAY)
    found = run(w)
    assert (found["counts"]["over"], found["held"], found["erased"]) == (1, 1, 0)
    assert w.held(ANNA, 101) != "UNSUBSCRIBED", "nothing happens to them during the hold"
    told = plan(w)["a"]
    assert told["reasons"][0]["rule"] == RULES["newsletter"]
    assert told["reasons"][0]["since"] is not None
    assert told["erase_at"] is not None
    why = w.cli("person", "why", ANNA, "--json", "--language", "en").json["erase"]
    assert (why["at"], why["keeps"]) == (told["erase_at"], None)
    w.wait(23 * HOUR)
    assert run(w)["erased"] == 0
    w.wait(2 * HOUR)
    assert run(w)["erased"] == 1
    assert gone(w, ANNA)
    assert not gone(w, BO), "he clicked in a mail, which HubSpot knows"
    assert w.cli("suppression", "check", ANNA, "--json").json["suppressed"] is True


def test_nothing_is_erased_while_another_purpose_has_a_reason(w: World) -> None:
    w.grant(ANNA)
    w.grant(ANNA, "events")
    w.grant(BO)
    w.sale(BO)
    w.grant(CARIN)
    w.sale(CARIN)
    w.sandbox.office.fill(CARIN, "invoice_date", "2016-06-15")
    w.wait(2 * YEAR)
    run(w)
    assert plan(w).keys() == {"c"}, "a consent until withdrawn; no invoice date; one that is over"
    w.sandbox.office.fill(CARIN, "invoice_date", "2026-06-15")
    w.wait(2 * DAY)
    assert run(w)["erased"] == 0, "HubSpot is read again before anybody leaves"
    assert plan(w) == {}


@pytest.mark.parametrize("keeps", ["legal_hold", "restricted"])
def test_a_legal_hold_and_a_restriction_keep_them(w: World, keeps: str) -> None:
    w.grant(ANNA)
    w.wait(YEAR + 10 * DAY)
    if keeps == "legal_hold":
        assert w.cli("hold", "add", ANNA, "--reason", "claim 7").code == 0
    else:
        assert w.cli("restrict", ANNA).code == 0
    for _ in range(3):
        run(w)
        w.wait(2 * DAY)
    assert plan(w)["a"]["keeps"] == keeps
    assert w.person(ANNA) is not None
    assert w.cli("person", "why", ANNA, "--json").json["erase"]["keeps"] == keeps


def test_a_request_that_waits_for_its_answer_keeps_them(w: World) -> None:
    w.grant(ANNA)
    w.wait(YEAR + 10 * DAY)
    made = w.cli("requests", "add", ANNA, "--kind", "access", "--json").json["id"]
    run(w)
    w.wait(2 * DAY)
    assert run(w)["erased"] == 0
    assert plan(w)["a"]["keeps"] == "open_request"
    why = w.cli("person", "why", ANNA, "--json", "--language", "en").json["erase"]
    assert (why["keeps"], "request" in why["means"]) == ("open_request", True)
    assert w.cli("requests", "done", str(made), "--outcome", "granted").code == 0
    run(w)
    w.wait(2 * DAY)
    assert run(w)["erased"] == 1
    assert gone(w, ANNA)


@pytest.mark.parametrize("comes", ["yes", "restriction"])
def test_what_comes_while_the_run_erases_others_keeps_them(w: World, comes: str) -> None:
    for address in (ANNA, BO):
        w.grant(address)
    w.wait(YEAR + 10 * DAY)
    run(w)
    w.wait(2 * DAY)
    done: list[str] = []

    def beat() -> None:
        for first, second in ((ANNA, BO), (BO, ANNA)):
            if not done and w.person(first) is None:
                done.append(second)
                if comes == "yes":
                    w.grant(second)
                else:
                    assert w.cli("restrict", second).code == 0

    ran = retain.run(w.desk, beat)
    assert (ran.erased, ran.under_way, len(done)) == (1, 0, 1)
    assert not gone(w, done[0])
    assert w.person(done[0]).overlay == (None if comes == "yes" else "RESTRICTED")  # type: ignore[union-attr]


def test_the_proof_of_a_consent_outlives_the_no_by_the_configured_time(w: World) -> None:
    w.grant(ANNA)
    w.withdraw(ANNA, "newsletter")
    w.wait(YEAR + 20 * DAY)
    run(w)
    assert plan(w) == {}, "12 months are over, 24 are not"
    why = w.cli("person", "why", ANNA, "--json", "--language", "en").json
    assert "dispute" in next(p for p in why["purposes"] if p["purpose"] == "newsletter")["retention"]["means"]
    w.wait(YEAR)
    run(w)
    w.wait(2 * DAY)
    assert run(w)["erased"] == 1
    assert gone(w, ANNA)


def test_who_has_no_date_is_never_erased_and_is_told(w: World) -> None:
    w.add(ANNA, EventType.CLAIM, actor="unknown", grade=Grade.E0)
    w.wait(10 * YEAR)
    found = run(w)
    assert found["counts"]["no_date"] == 5
    assert plan(w) == {}
    told = [each for each in outside_of(w.settings, w.desk).findings if each.kind is Kind.RETENTION_UNKNOWN]
    assert [each.reference for each in told] == ["no_date:5"]


def test_above_the_breaker_two_people_agree_or_nobody_leaves(w: World) -> None:
    people = (ANNA, BO, CARIN, DAVID)
    for address in people:
        w.grant(address)
    w.wait(YEAR + 10 * DAY)
    run(w)
    w.wait(2 * DAY)
    found = run(w, code=4)
    assert (found["waiting"], found["erased"]) == (4, 0)
    assert all(w.person(address) is not None for address in people)
    assert all(w.held(address, 101) != "UNSUBSCRIBED" for address in people), "nobody is touched"
    assert run(w, code=4)["waiting"] == 4, "asked once"
    (asked,) = w.reviews()
    assert (asked.kind, asked.detail["people"]) == ("retention", 4)
    assert w.cli("review", "approve", str(asked.id)).code == 4
    two_users(w)
    w.decide("approve", "anna")
    assert run(w, code=4)["erased"] == 0
    w.sandbox.person.click(DAVID)
    w.decide("approve", "bo")
    assert run(w)["erased"] == 3
    assert [gone(w, address) for address in people] == [True, True, True, False], "David was back in between"


def test_what_two_people_decline_is_not_asked_every_night(w: World) -> None:
    for address in (ANNA, BO, CARIN, DAVID):
        w.grant(address)
    w.wait(YEAR + 10 * DAY)
    run(w)
    w.wait(2 * DAY)
    run(w, code=4)
    w.decide("reject")
    w.wait(2 * DAY)
    assert run(w)["declined"] == 4
    assert plan(w)["a"]["waits"] == "declined"
    w.wait(30 * DAY)
    assert run(w, code=4)["waiting"] == 4


def test_a_yes_in_between_takes_it_back(w: World) -> None:
    w.grant(ANNA)
    w.wait(YEAR + 10 * DAY)
    run(w)
    w.wait(2 * DAY)
    w.sandbox.machine.fault(effect="status", status=500, path="*/statuses/*", name="away")
    run(w)
    assert w.person(ANNA).overlay == "RESTRICTED"  # type: ignore[union-attr] # she is there
    w.grant(ANNA)
    w.sandbox.machine.clear_faults("away")
    w.wait()
    w.sync()
    assert w.person(ANNA).overlay is None  # type: ignore[union-attr] # she is there
    assert not gone(w, ANNA)
    assert not w.may_send(ANNA), "a yes after a restriction waits for a person"


def test_a_property_that_the_portal_lacks_stops_it_before_anything(tmp_path: Path) -> None:
    with ruled(tmp_path, {"newsletter": "1 year after no_such property"}) as w:
        w.begin()
        assert w.cli("retention", "run").code == 2
        with pytest.raises(ConfigurationError, match="no_such"):
            JOBS["retention"](w.settings, w.desk, lambda: None)
        assert w.sync().pending == 0, "the noes go on being read and written"


def test_the_first_push_gate_holds_it(tmp_path: Path) -> None:
    with ruled(tmp_path, dict.fromkeys(RULES, "1 year after first_seen")) as w:
        w.sync()
        w.wait(2 * YEAR)
        assert w.cli("retention", "run").code == 4
        JOBS["retention"](w.settings, w.desk, lambda: None)
        w.confirm()
        assert run(w)["held"] == 1


def test_the_daemon_does_it_every_night(w: World) -> None:
    assert any(each.job == "retention" and each.at == "03:00" for each in timetable(w.settings.schedule))
    w.grant(ANNA)
    w.wait(YEAR + 10 * DAY)
    for _ in range(2):
        JOBS["retention"](w.settings, w.desk, lambda: None)
        w.wait(25 * HOUR)
    assert gone(w, ANNA)
    with w.mirror.read(w.desk.portal) as work:
        assert work.runs.last("retention", "ok").figures["erased"] == 1  # type: ignore[union-attr] # it ran


def test_the_preview_writes_nothing_and_asks_nothing(w: World) -> None:
    w.grant(ANNA)
    w.wait(YEAR + 10 * DAY)
    before = len(w.sandbox.machine.requests(0)), len(w.log(ANNA))
    assert w.cli("retention", "plan").code == 0
    assert (len(w.sandbox.machine.requests(0)), len(w.log(ANNA))) == before


def test_the_preview_goes_to_a_sheet_that_is_recorded(w: World, tmp_path: Path) -> None:
    w.grant(ANNA)
    w.wait(YEAR + 10 * DAY)
    run(w)
    path = tmp_path / "plan.csv"
    assert w.cli("retention", "plan", "--csv", str(path)).code == 0
    assert "12 months after last_activity" in path.read_text("utf-8-sig")
    assert w.cli("exports", "--json").json["exports"][0]["kind"] == "retention"


def two_users(w: World) -> None:
    with w.mirror.write(w.desk.portal) as work:
        for name in ("anna", "bo"):
            work.users.add(name, Role.DPO, f"long enough for {name}", w.now)
