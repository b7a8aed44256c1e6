"""The desk, as a user types it: clocks, doubt, carrying out, and nothing told about who is known."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.acts import erasing
from connector.acts.erase import resume_erasures
from connector.acts.receiving import Received, receive
from connector.acts.requests import Means, run
from connector.acts.restrict import unrestrict
from connector.consent.calendar import answer_due, local_day
from connector.store.requests import RequestKind
from jobs.post import run_post
from tests.acts.post import letters, post_world, text_of
from tests.recipients.test_telling import Crash, dying
from tests.report.mailbox import Box
from tests.world import ANNA, BO, DAY, HOUR, World, world

ZONES = ("Europe/Stockholm", "UTC", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, contacts=(ANNA, BO)) as made:
        made.begin()
        made.grant(ANNA)
        yield made


def add(place: World, kind: str, address: str = ANNA, *more: str) -> dict[str, Any]:
    ran = place.cli("requests", "add", address, "--kind", kind, *more, "--json")
    assert ran.code == 0, ran.out + ran.err
    told = ran.json
    assert isinstance(told, dict)
    return told


def ask(place: World, *words: str, code: int = 0) -> Any:
    ran = place.cli("requests", *words, "--json")
    assert ran.code == code, ran.out + ran.err
    return ran.json


# --- the clock ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-01-31", "2026-02-28"),
        ("2028-01-31", "2028-02-29"),
        ("2027-12-31", "2028-01-31"),
        ("2026-03-31", "2026-04-30"),
        ("2026-05-15", "2026-06-15"),
        ("2026-08-01", "2026-09-01"),  # a Tuesday; no day is left out, weekends included
    ],
)
def test_a_month_is_the_same_date_or_the_last_day(place: World, received: str, due: str) -> None:
    place.clock.advance(3 * 366 * DAY)
    assert add(place, "access", ANNA, "--received", received)["due"] == due


@given(
    day=st.dates(date(2000, 1, 1), date(2099, 10, 31)),
    second=st.integers(0, 86_399),
    zone=st.sampled_from(ZONES),
    extended=st.booleans(),
)
def test_the_due_day_is_the_rule_s_in_every_zone_and_leap_year(
    day: date, second: int, zone: str, extended: bool
) -> None:
    here = ZoneInfo(zone)
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=second)
    at = int(moment.timestamp() * 1000)
    received, due = local_day(at, here), local_day(answer_due(at, here, extended=extended), here)
    months = 3 if extended else 1
    gone = due.year * 12 + due.month - received.year * 12 - received.month
    assert gone == months
    assert due.day == received.day or (due.day < received.day and (due + timedelta(days=1)).day == 1)
    end = answer_due(at, here, extended=extended)
    assert local_day(end + 1, here) > due, "the whole local day counts"


def test_day_twenty_is_an_alarm_in_list_status_and_report(place: World) -> None:
    made = add(place, "access", ANNA)
    place.wait(20 * DAY - HOUR)
    assert ask(place, "--due")["requests"] == []
    place.wait(2 * HOUR)
    (row,) = ask(place, "list", "--due")["requests"]
    assert (row["id"], row["alarm"], row["overdue"]) == (made["id"], True, False)
    told = place.cli("status", "--json").json["portals"][0]["requests"]
    assert (told["open"], told["alarm"], told["overdue"]) == (1, 1, 0)
    report = place.cli("report", "--json").json
    assert [each["count"] for each in report["discrepancies"] if each["kind"] == "request_due"] == [1]
    assert ANNA not in json.dumps(report)
    place.wait(20 * DAY)
    assert ask(place, "list", "--open")["requests"][0]["overdue"] is True


def test_two_months_more_once_and_only_within_the_first(place: World) -> None:
    made = add(place, "access", ANNA)
    told = ask(place, "extend", str(made["id"]), "--reason", "three archives")
    assert (made["due"], told["due"], told["extended"]) == ("2026-07-15", "2026-09-15", True)
    ask(place, "extend", str(made["id"]), "--reason", "again", code=3)
    late = add(place, "access", BO)
    place.wait(40 * DAY)
    ask(place, "extend", str(late["id"]), "--reason", "too late", code=3)
    assert ask(place, "--due")["requests"][0]["id"] == late["id"], "the extended one is no alarm yet"


# --- who is known is not told ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [str(each) for each in RequestKind])
def test_a_stranger_and_somebody_erased_file_alike(place: World, kind: str) -> None:
    place.suppress("gone@example.org")
    told = [add(place, kind, address) for address in (BO, "nobody@example.org", "gone@example.org")]
    for each in told:
        each.pop("id")
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("kind", ["erasure", "restriction", "objection"])
def test_carrying_out_for_nobody_reads_as_for_somebody(place: World, kind: str) -> None:
    place.suppress("gone@example.org")
    answers = []
    for address in ("nobody@example.org", "gone@example.org"):
        number = str(add(place, kind, address)["id"])
        told = ask(place, "run", number, "--confirm")
        answers.append({key: told[key] for key in ("stage", "carried_out", "outcome")})
        if kind == "erasure":
            assert told["act"].get("subject") is None
    assert answers[0] == answers[1]
    if kind == "erasure":
        number = str(add(place, kind, BO)["id"])
        told = ask(place, "run", number, "--confirm")
        assert {key: told[key] for key in ("stage", "carried_out", "outcome")} == answers[0]


def test_no_list_names_anybody_and_a_look_at_one_is_noted(place: World) -> None:
    number = str(add(place, "access", ANNA, "--note", "ring mig på 070")["id"])
    assert ANNA not in json.dumps(ask(place, "list"))
    told = ask(place, "show", number)
    assert (told["address"], told["detail"]) == (ANNA, {"note": "ring mig på 070"})
    assert place.log(ANNA)[-1].detail["command"] == "request"


# --- at once, and not before it is clear -------------------------------------------------------------------


def test_an_objection_waits_for_nothing(place: World) -> None:
    add(place, "objection", ANNA, "--via", "phone")
    assert place.opted_out_of_all(ANNA)
    assert (place.state(ANNA), place.may_send(ANNA)) == ("WITHDRAWN", False)


def test_an_erasure_begins_with_a_restriction_and_waits_while_it_is_doubted_who_asks(place: World) -> None:
    number = str(add(place, "erasure", ANNA, "--doubt")["id"])
    assert place.person(ANNA).overlay == "RESTRICTED"  # type: ignore[union-attr] # she is there
    assert place.opted_out_of_all(ANNA)
    ask(place, "run", number, "--confirm", code=4)
    assert place.person(ANNA) is not None
    assert ask(place, "verify-identity", number)["identity"] == "verified"
    assert ask(place, "run", number, "--confirm")["stage"] == "erased"


@pytest.mark.parametrize("kind", ["access", "portability", "rectification"])
def test_nothing_is_given_away_or_changed_while_it_is_doubted(place: World, kind: str) -> None:
    number = str(add(place, kind, ANNA, "--doubt")["id"])
    ran = place.cli("requests", "run", number, "--property", "city", "--value", "x", "--json")
    assert ran.code == 4
    assert ANNA not in ran.out


# --- carrying out ------------------------------------------------------------------------------------------


def test_an_erasure_is_a_dry_run_until_it_is_confirmed_and_settles_its_request(place: World) -> None:
    number = str(add(place, "erasure")["id"])
    assert ask(place, "run", number)["stage"] == "dry run"
    ask(place, "done", number, "--outcome", "granted", code=3)
    told = ask(place, "run", number, "--confirm")
    assert (told["stage"], told["carried_out"], told["outcome"]) == ("erased", True, "granted")
    after = ask(place, "show", number)
    assert (after["address"], after["detail"], after["outcome"]) == (None, {}, "granted")
    assert place.person(ANNA) is None
    assert place.cli("log", "verify", "--payloads").code == 0


@pytest.mark.parametrize("stage", list(erasing.STEPS))
def test_an_erasure_that_was_cut_off_settles_its_request_when_it_goes_on(
    place: World, monkeypatch: pytest.MonkeyPatch, stage: Any
) -> None:
    made = receive(place.desk, Received(kind=RequestKind.ERASURE, address=ANNA, received_at=place.now))
    means = Means(by="staff:d", controller="c", contact="k", language="sv", user="d", confirm=True)
    with monkeypatch.context() as broken:
        broken.setitem(erasing.STEPS, stage, dying)  # type: ignore[arg-type] # a test
        with pytest.raises(Crash):
            run(place.desk, made.id, means)
    resume_erasures(place.desk)
    with place.mirror.read(place.desk.portal) as work:
        found = work.requests.get(made.id)
    assert found is not None
    assert (str(found.outcome), found.address, found.person_id) == ("granted", None, None)
    assert place.person(ANNA) is None


def test_a_plain_erasure_ends_every_open_request_of_the_person(place: World) -> None:
    number = str(add(place, "access", ANNA)["id"])
    place.cli("erase", ANNA, "--confirm")
    after = ask(place, "show", number)
    assert (after["address"], after["settled_at"] is not None) == (None, True)


def test_access_gives_a_file_and_is_settled_by_hand(place: World, tmp_path: Path) -> None:
    number = str(add(place, "access")["id"])
    told = ask(place, "run", number, "--out", str(tmp_path / "a.json"), "--html", str(tmp_path / "a.html"))
    assert (told["stage"], told["outcome"], told["report"]["known"]) == ("report made", None, True)
    assert json.loads((tmp_path / "a.json").read_text())["schema"] == "consent-mirror/access/1"
    assert ask(place, "done", number, "--outcome", "granted")["outcome"] == "granted"
    assert ask(place, "show", number)["address"] is None
    assert {"right.received", "right.settled"} <= set(place.types(ANNA))


def test_portability_gives_the_portable_copy(place: World) -> None:
    number = str(add(place, "portability")["id"])
    assert ask(place, "run", number)["report"]["schema"] == "consent-mirror/portable/1"


def test_a_rectification_is_carried_out_with_its_command(place: World) -> None:
    number = str(add(place, "rectification")["id"])
    ask(place, "run", number, code=2)
    told = ask(place, "run", number, "--property", "city", "--value", "Växjö")
    assert (told["stage"], told["outcome"]) == ("rectified", "granted")
    record = place.desk.hubspot.whole_record(place.contact_ids[ANNA], ["city"])
    assert record is not None and record.values["city"] == "Växjö"


def test_a_refusal_needs_its_reason_and_leaves_the_restriction(place: World) -> None:
    number = str(add(place, "erasure")["id"])
    ask(place, "done", number, "--outcome", "refused", code=2)
    ran = place.cli("requests", "done", number, "--outcome", "refused", "--reason", "a court case")
    assert "unrestrict" in ran.out
    assert place.person(ANNA).overlay == "RESTRICTED"  # type: ignore[union-attr] # she is there
    unrestrict(place.desk, ANNA, "staff:d")


@pytest.mark.parametrize("words", ["show 9", "take 9", "run 9", "done 9 --outcome granted"])
def test_a_request_that_is_not_there_is_refused(place: World, words: str) -> None:
    assert "requests list" in ask(place, *words.split(), code=3)["error"]["next_step"]


def test_somebody_answers_for_it(place: World) -> None:
    number = str(add(place, "access")["id"])
    assert ask(place, "take", number, "--owner", "dora")["owner"] == "dora"
    assert "dora" in place.cli("requests").out


# --- letters -----------------------------------------------------------------------------------------------


def test_the_person_is_told_and_the_last_letter_leaves_nothing_behind(tmp_path: Path) -> None:
    box = Box()
    with post_world(tmp_path, box, contacts=(ANNA, BO)) as made:
        made.begin()
        number = str(add(made, "erasure")["id"])
        assert ask(made, "run", number, "--confirm")["stage"] == "erased"
        made.wait(HOUR)
        assert run_post(made.settings, made.desk).waiting == 0
        assert [to for to, _ in box.mails] == [(ANNA,), (ANNA,)]
        assert "deleted" in text_of(letters(box)[-1]) or "erased" in text_of(letters(box)[-1])
        with made.mirror.read(made.desk.portal) as work:
            ref = bytes.fromhex(work.people.address_ref(ANNA))
        assert made.mirror.truncate_wal()
        for path in made.folder.glob("mirror.db*"):
            data = path.read_bytes()
            assert ANNA.encode() not in data and ref not in data, path.name


def test_without_a_mail_server_no_letter_is_kept_waiting(place: World) -> None:
    number = str(add(place, "erasure")["id"])
    ask(place, "run", number, "--confirm")
    with place.mirror.read(place.desk.portal) as work:
        assert work.mail.totals().waiting == 0
