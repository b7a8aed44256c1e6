"""The proof of one ended consent of somebody who stays: when it goes, what keeps it, that it stays gone."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from connector import wiring
from connector.consent.events import EventType
from connector.store.users import Role
from tests.acts.test_backup import PEOPLE, copied, drop, left, put_back
from tests.store.conftest import postgresql_database
from tests.world import ANNA, BO, DAY, HOUR, World, _template, world

RULES = {
    "newsletter": "12 months after last_activity",
    "offers": "12 months after last_activity",
    "events": "until withdrawn",
}
KEPT = 24 * 31 * DAY  # proof_after_no is 24 months unless something else is set
NAMES = {"form": "Höstmässan", "ip": "203.0.113.77"}


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, retain=RULES, contacts=PEOPLE) as made:
        made.begin()
        yield made


def ended(w: World, address: str = ANNA) -> None:
    """A newsletter that was asked for on a form and ended by a no; the events keep the person."""
    w.grant(address, source_ref=f"form:7:{address}", detail=NAMES)
    w.grant(address, "events")
    w.wait(DAY)
    w.withdraw(address, "newsletter")
    w.sync()
    w.wait(KEPT)


def run(w: World, code: int = 0) -> dict[str, int]:
    ran = w.cli("retention", "run", "--json")
    assert ran.code == code, ran.err
    found: dict[str, int] = ran.json["proofs"]
    return found


def destroyed(w: World) -> None:
    assert run(w)["held"] == 1
    w.wait(25 * HOUR)
    assert run(w)["destroyed"] == 1


def grants(w: World, address: str = ANNA) -> list[str]:
    return [each.purpose for each in w.log(address) if each.type is EventType.GRANT]


def purpose(w: World, command: str, address: str = ANNA) -> dict[str, Any]:
    told = w.cli("person", command, address, "--json", "--language", "en").json["purposes"]
    return next(each for each in told if each["purpose"] == "newsletter")


def test_it_is_held_destroyed_and_told_while_the_person_and_the_no_stay(w: World) -> None:
    ended(w)
    w.grant(BO)
    before = [(w.state(ANNA, name), w.may_send(ANNA, name)) for name in RULES]
    (planned,) = w.cli("retention", "plan", "--json").json["proofs"]
    assert (planned["purpose"], planned["found_at"], planned["address"][0]) == ("newsletter", None, "a")
    assert run(w) == {"held": 1, "waiting": 0, "declined": 0, "destroyed": 0, "left": 0}
    w.wait(23 * HOUR)
    assert run(w)["destroyed"] == 0
    assert grants(w) == ["newsletter", "events"]
    assert "newsletter" in w.cli("retention", "plan").out
    w.wait(2 * HOUR)
    assert run(w)["destroyed"] == 1
    assert grants(w) == ["events"]
    assert w.types(ANNA).count("withdraw") == 1, "the no is never touched"
    assert [(w.state(ANNA, name), w.may_send(ANNA, name)) for name in RULES] == before
    checked = w.cli("log", "verify", "--payloads", "--json").json
    assert (checked["ok"], checked["first_broken"]) == (True, None)
    (told,) = purpose(w, "receipt")["proof_destroyed"]
    assert told["rule"] == "24 months after withdrawn"
    assert told["entries"] == planned["entries"]
    assert told["ended"] == planned["ended"]
    assert told["at"] is not None
    (why,) = purpose(w, "why")["proof_destroyed"]
    assert why["means"].startswith("Destroyed ")
    assert run(w) == {"held": 0, "waiting": 0, "declined": 0, "destroyed": 0, "left": 0}, "once"


def test_people_read_it_in_their_language(w: World) -> None:
    ended(w)
    destroyed(w)
    page = w.cli("person", "receipt", ANNA, "--language", "sv").out
    assert "Underlaget för ett tidigare samtycke är förstört" in page
    assert "enligt regeln ”24 månader efter nejet”" in " ".join(page.split())
    assert NAMES["ip"] not in page
    assert "the proof of the ended consent was destroyed" in purpose(w, "why")["retention"]["means"]
    shown = " ".join(w.cli("person", "why", ANNA, "--language", "sv").out.split())
    assert "Förstört " in shown


@pytest.mark.parametrize("keeps", ["hold", "restricted", "request", "a new yes", "its time", "no no"])
def test_what_keeps_it(w: World, keeps: str) -> None:
    ended(w)
    if keeps == "hold":
        assert w.cli("hold", "add", ANNA, "--reason", "claim 7").code == 0
    elif keeps == "restricted":
        assert w.cli("restrict", ANNA).code == 0
    elif keeps == "request":
        assert w.cli("requests", "add", ANNA, "--kind", "access", "--json").code == 0
    elif keeps == "a new yes":
        w.grant(ANNA)
    elif keeps == "its time":
        w.withdraw(ANNA, "newsletter")  # said again: the time counts from the last no
    else:
        (no,) = [each for each in w.log(ANNA) if each.type is EventType.WITHDRAW]
        w.add(
            ANNA, EventType.ANNUL, target=no.id, actor="staff:c", reason="mistake", approved_by=("staff:a",)
        )
    count = len(grants(w))
    for _ in range(3):
        found = run(w)
        assert (found["held"], found["destroyed"]) == (0, 0)
        w.wait(2 * DAY)
    assert len(grants(w)) == count
    assert w.cli("retention", "plan", "--json").json["proofs"] == []


def test_what_comes_up_during_the_hold_keeps_it(w: World) -> None:
    ended(w)
    assert run(w)["held"] == 1
    w.wait(25 * HOUR)
    assert w.cli("hold", "add", ANNA, "--reason", "claim 7").code == 0
    assert run(w)["destroyed"] == 0
    assert grants(w) == ["newsletter", "events"]
    assert w.cli("hold", "remove", ANNA, "--reason", "settled").code == 0
    assert run(w)["held"] == 1, "and the hold of a day begins anew"


def test_somebody_who_leaves_is_erased_whole(w: World) -> None:
    w.grant(ANNA)
    w.wait(DAY)
    w.withdraw(ANNA, "newsletter")
    w.wait(KEPT)
    assert run(w)["held"] == 0
    w.wait(25 * HOUR)
    run(w)
    assert w.person(ANNA) is None


def test_the_same_form_read_again_does_not_bring_it_back(w: World) -> None:
    ended(w)
    destroyed(w)
    w.grant(ANNA, at=w.now - KEPT, source_ref=f"form:7:{ANNA}", detail=NAMES)
    assert grants(w) == ["events"]
    assert w.state(ANNA) == "WITHDRAWN"


def test_many_at_once_wait_for_two_people(w: World) -> None:
    with w.mirror.write(w.desk.portal) as work:
        for name in ("anna", "bo"):
            work.users.add(name, Role.DPO, f"long enough for {name}", w.now)
    for address in PEOPLE:
        w.grant(address, detail=NAMES)
        w.grant(address, "events")
    w.wait(DAY)
    for address in PEOPLE:
        w.withdraw(address, "newsletter")
    w.wait(KEPT)
    assert run(w)["held"] == 4
    w.wait(25 * HOUR)
    found = run(w, code=4)
    assert (found["waiting"], found["destroyed"]) == (4, 0)
    (asked,) = w.reviews()
    assert (asked.kind, asked.detail["people"]) == ("proofs", 4)
    assert w.cli("review", "approve", str(asked.id)).code == 4
    assert run(w, code=4)["waiting"] == 4, "and nobody is asked twice"
    assert len(w.reviews()) == 1
    w.decide("approve", "anna")
    assert run(w, code=4)["destroyed"] == 0, "one is not two"
    w.decide("approve", "bo")
    assert run(w)["destroyed"] == 4
    assert all(grants(w, address) == ["events"] for address in PEOPLE)
    (told,) = purpose(w, "receipt")["proof_destroyed"]
    assert set(told["approved_by"]) == {"staff:anna", "staff:bo"}


def test_a_no_to_the_question_keeps_all_of_it(w: World) -> None:
    with w.mirror.write(w.desk.portal) as work:
        for name in ("anna", "bo"):
            work.users.add(name, Role.DPO, f"long enough for {name}", w.now)
    for address in PEOPLE:
        w.grant(address)
        w.grant(address, "events")
    w.wait(DAY)
    for address in PEOPLE:
        w.withdraw(address, "newsletter")
    w.wait(KEPT)
    run(w)
    w.wait(25 * HOUR)
    run(w, code=4)
    w.decide("reject", "anna")
    assert run(w)["declined"] == 4
    assert all(len(grants(w, address)) == 2 for address in PEOPLE)


@pytest.mark.sqlite
def test_no_byte_of_it_is_left(w: World) -> None:
    ended(w)
    gone = sealed(w.folder, _entries(w))
    assert gone
    assert found_in(w.folder, gone), "the search finds it while it is there"
    destroyed(w)
    w.mirror.truncate_wal()
    assert found_in(w.folder, gone) == []


@pytest.mark.sqlite
def test_a_restored_copy_loses_it_again(w: World) -> None:
    ended(w)
    file = copied(w)
    gone = sealed(w.folder, _entries(w))
    destroyed(w)
    done = put_back(w, file)
    assert done.logs[0].proofs == 1
    assert grants(w) == ["events"]
    assert w.state(ANNA) == "WITHDRAWN"
    assert w.cli("log", "verify", "--payloads").code == 0
    (told,) = purpose(w, "receipt")["proof_destroyed"]
    assert told["rule"] == "24 months after withdrawn"
    live = [path for path in found_in(w.folder, gone) if path in {"mirror.db", "mirror.db-wal"}]
    assert live == []
    left(w)


@pytest.mark.postgresql
def test_the_same_on_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _template()  # of SQLite, before the variable says otherwise
    with postgresql_database(f"cm_proofs_{os.getpid()}") as url:
        monkeypatch.setenv("CONSENT_MIRROR__MIRROR__DATABASE", url)
        with world(tmp_path, retain=RULES, contacts=PEOPLE) as w:
            wiring.prepare(w.settings, w.tools)
            w.begin()
            ended(w)
            file = copied(w, "copy.dump")
            destroyed(w)
            assert grants(w) == ["events"]
            w.grant(ANNA, at=w.now - KEPT, source_ref=f"form:7:{ANNA}", detail=NAMES)
            assert grants(w) == ["events"]
            assert w.cli("log", "verify", "--payloads").code == 0
            done = put_back(w, file)
            assert done.logs[0].proofs == 1
            assert grants(w) == ["events"]
            assert w.cli("log", "verify", "--payloads").code == 0
            left(w)
        drop(url, str(done.kept))


def _entries(w: World) -> list[int]:
    (planned,) = w.cli("retention", "plan", "--json").json["proofs"]
    seqs: list[int] = planned["entries"]
    return seqs


def sealed(folder: Path, seqs: Sequence[int]) -> list[bytes]:
    """What the database holds of these entries' payloads."""
    marks = ",".join(map(str, seqs))
    with sqlite3.connect(folder / "mirror.db") as connection:
        rows = connection.execute(f"SELECT sealed FROM payload WHERE seq IN ({marks})").fetchall()
    return [row[0] for row in rows if row[0]]


def found_in(folder: Path, needles: Sequence[bytes]) -> list[str]:
    """Files in which one of these stands, plain or as hex digits."""
    forms = [form for each in needles for form in (each, each.hex().encode())]
    return [p.name for p in folder.iterdir() if p.is_file() and any(f in p.read_bytes() for f in forms)]
