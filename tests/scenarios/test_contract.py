"""The black-box contract (design 1.1): keys, exit codes, options on both sides, and what bad input gets.

A command is run as a user or a program runs it; what it says on stdout, on stderr and to the shell is all
that is looked at.
"""

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from connector.sandbox.options import Tier
from connector.store.locks import daemon_lock, job_lock
from jobs import cli
from mappings.addresses import normalise
from tests.scenarios.conftest import Make
from tests.world import (
    ANNA,
    BO,
    CARIN,
    DAY,
    EVENTS,
    NEWSLETTER,
    OFFERS,
    SUBSCRIBED,
    TOKEN,
    UNSUBSCRIBED,
    World,
)

STRANGER = "nobody@example.org"


@pytest.fixture
def w(make: Make) -> World:
    """Anna and Bo, read for the first time; nothing was written yet."""
    made = make(contacts=(ANNA, BO))
    made.sync()
    return made


def problem(ran: Any, code: int, word: str) -> dict[str, str]:
    """The error document on stdout and nothing else there; what, where and the next step."""
    assert ran.code == code, ran.err
    error: dict[str, str] = ran.json["error"]
    assert {"code", "problem", "where", "next_step"} <= set(error)
    assert word in (error["problem"] + error["where"] + error["next_step"]), error
    assert "Traceback" not in ran.err
    return error


# --- each command's document -----------------------------------------------------------------------------

KEYS = {
    ("inventory",): ("contacts without_email purposes opted_out_of_all coverage not_read oldest_read"),
    ("backfill",): "contacts requests seconds events resumed_from",
    ("backfill", "--fresh"): "contacts requests seconds events resumed_from",
    ("sync", "--dry-run"): "pulled changed events decided pushed confirmed pending reviews breaker rows",
    ("sync", "--full", "--dry-run"): "pulled changed events decided pushed confirmed pending reviews breaker",
    ("report",): "date discrepancies pending pushed erased",
    ("status",): "portals",
    ("person", "show", ANNA): "known subject contacts addresses overlay purposes",
    ("withdraw", ANNA): "events pushed confirmed pending",
    ("log", "verify"): "ok entries root checkpoints gaps first_broken",
    ("log", "verify", "--payloads"): "ok entries root checkpoints gaps first_broken",
    ("review", "list"): "reviews",
    ("users", "list"): "users",
}


@pytest.mark.parametrize(("words", "keys"), KEYS.items(), ids=[" ".join(words) for words in KEYS])
def test_a_command_answers_with_one_document_and_exit_0(w: World, words: tuple[str, ...], keys: str) -> None:
    ran = w.cli(*words, "--json")
    assert ran.code == 0, ran.out + ran.err
    assert set(keys.split()) <= set(ran.json)
    assert ran.out.count("\n") == 1


def test_init_makes_what_is_missing_and_keeps_what_is_there(w: World, tmp_path: Path) -> None:
    config = tmp_path / "new" / "config.toml"
    config.parent.mkdir()
    words = ("init", "--json", "--config", str(config), "--portal-id", str(w.server.portal_id))
    words += ("--token-env", TOKEN, "--api", w.server.base_url)
    cwd = Path.cwd()
    os.chdir(config.parent)
    try:
        first = w.cli(*words, config=False)
        text = config.read_text("utf-8")
        again = w.cli(*words, config=False)
    finally:
        os.chdir(cwd)
    assert (first.code, again.code) == (0, 0), first.err
    assert set(first.json) >= {"config", "keys", "database", "portal_id"}
    assert first.json["portal_id"] == w.server.portal_id
    assert config.read_text("utf-8") == text
    assert (config.parent / "mirror.keys").stat().st_mode & 0o777 == 0o600


def test_the_parts_of_the_documents_have_their_keys(w: World) -> None:
    w.sandbox.colleague.resubscribe(ANNA, NEWSLETTER)
    w.cli("sync", "--dry-run", "--json")
    person = w.cli("person", "show", ANNA, "--json").json
    assert person["known"] is True
    assert {
        "purpose",
        "state",
        "sendable",
        "basis",
        "grade",
        "since",
        "hubspot",
        "pending_push",
        "reason",
    } <= set(person["purposes"][0])
    assert person["purposes"][0]["hubspot"] == SUBSCRIBED
    doctor = w.cli("doctor", "--json")
    assert (doctor.code, doctor.json["ready"]) == (0, True), doctor.out
    checks = doctor.json["checks"]
    assert all(set(each) >= {"name", "ok", "problem", "next_step"} for each in checks)
    status = w.cli("status", "--json").json["portals"][0]
    assert set(status) >= {
        "portal", "portal_id", "contacts", "last_pull", "last_sweep", "outbox_pending", "outbox_oldest_s",
        "reviews", "breaker", "log",
    }  # fmt: skip
    assert set(status["log"]) >= {"entries", "root"}
    inventory = w.cli("inventory", "--json").json["purposes"][0]
    assert set(inventory) >= {
        "purpose", "subscription_id", "subscribed", "unsubscribed", "not_specified", "by_basis", "by_source",
    }  # fmt: skip
    found = w.cli("report", "--json").json["discrepancies"]
    assert all(set(each) >= {"kind", "count", "oldest", "items"} for each in found)
    assert isinstance(w.cli("log", "show", "--json").json, list)
    times = re.findall(r'"(\d{4}-\d\d-\d\dT[^"]*)"', w.cli("status", "--json").out)
    assert times
    assert all(time.endswith("Z") for time in times)


# --- exit codes ------------------------------------------------------------------------------------------


def test_check_answers_no_with_3_and_yes_with_0(w: World) -> None:
    no = w.cli("check", ANNA, "--purpose", "newsletter", "--json")
    assert (no.code, no.json["allowed"], no.json["state"]) == (3, False, "UNKNOWN")
    w.grant(ANNA)
    yes = w.cli("check", ANNA, "--purpose", "newsletter", "--json")
    assert (yes.code, yes.json["allowed"], yes.json["state"]) == (0, True, "GRANTED")
    assert set(yes.json) >= {"allowed", "state", "reason"}


def test_somebody_unknown_is_3_and_somebody_erased_says_so(w: World) -> None:
    ran = w.cli("person", "show", STRANGER, "--json")
    assert (ran.code, ran.json) == (3, {"known": False})
    w.suppress(CARIN)
    erased = w.cli("person", "show", CARIN.upper(), "--json")
    assert (erased.code, erased.json) == (3, {"known": False, "overlay": "ERASED"})
    near = w.cli("person", "show", f"x{CARIN}", "--json")
    assert near.json == {"known": False}


def test_the_first_push_waits_with_4_until_a_person_has_looked(w: World) -> None:
    assert w.cli("sync", "--json").code == 4
    problem(w.cli("sync", "--confirm-first-push", "--json"), 4, "dry run")
    assert w.cli("sync", "--dry-run", "--json").code == 0
    assert w.cli("sync", "--json").code == 4
    confirmed = w.cli("sync", "--confirm-first-push", "--json")
    assert (confirmed.code, confirmed.json["first_push_confirmed"]) == (0, True)
    assert w.cli("sync", "--json").code == 0


def test_withdraw_passes_the_first_push_and_knows_strangers(w: World) -> None:
    ran = w.cli("withdraw", ANNA, "--purpose", "newsletter", "--source", "phone", "--json")
    assert (ran.code, ran.json["confirmed"], ran.json["pending"]) == (0, 1, 0)
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED
    stranger = w.cli("withdraw", STRANGER, "--json")
    assert (stranger.code, stranger.json["confirmed"]) == (0, 1)
    assert w.opted_out_of_all(STRANGER)
    assert w.cli("person", "show", STRANGER, "--json").json["known"]


def test_a_suppressed_address_that_says_no_is_pushed_and_gets_no_row(w: World) -> None:
    w.suppress(CARIN)
    ran = w.cli("withdraw", CARIN, "--json")
    assert (ran.code, ran.json["confirmed"]) == (0, 1)
    assert w.opted_out_of_all(CARIN)
    assert w.cli("person", "show", CARIN, "--json").json == {"known": False, "overlay": "ERASED"}


def test_an_open_breaker_is_4_and_a_no_still_0(make: Make) -> None:
    everybody = tuple(f"person{number}@example.org" for number in range(12))
    w = make(contacts=everybody)
    for address in everybody:
        w.sandbox.app.set_status(address, OFFERS, SUBSCRIBED)
    w.begin()
    for address in everybody:
        w.sandbox.register.clear_status(address, OFFERS)
    ran = w.cli("sync", "--full", "--json")
    assert (ran.code, ran.json["breaker"]["kind"]) == (4, "vanished")
    assert w.cli("withdraw", everybody[0], "--json").code == 0
    number = str(w.cli("review", "list", "--json").json["reviews"][0]["id"])
    problem(w.cli("review", "approve", number, "--json"), 4, "two people")
    assert w.cli("sync", "--json").code == 4


def test_hubspot_away_is_75_and_a_no_is_taken_all_the_same(w: World) -> None:
    w.confirm()
    w.server.stop()
    problem(w.cli("sync", "--json"), 75, "HubSpot")
    ran = w.cli("withdraw", ANNA, "--json")
    assert (ran.code, ran.json["confirmed"], ran.json["pending"]) == (0, 0, 1)


def test_a_defect_of_ours_is_1_with_a_report_id_and_no_traceback(
    w: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError(ANNA)

    monkeypatch.setattr("jobs.cli_people.check_act", broken)
    ran = w.cli("check", ANNA, "--purpose", "newsletter", "--json")
    assert ran.code == 1
    assert ran.json["error"]["report_id"] in ran.err
    assert "Traceback" not in ran.out
    assert ANNA not in ran.out + ran.err


def test_two_answers_of_one_turn_at_a_time_are_75(w: World) -> None:
    with job_lock(w.settings.mirror.database, w.desk.portal, "turn"):
        problem(w.cli("sync", "--json"), 75, "already")
        assert w.cli("withdraw", ANNA, "--json").code == 0, "an act takes no lock"
        assert w.cli("check", ANNA, "--purpose", "newsletter", "--json").code == 3


def test_a_second_daemon_is_refused(w: World) -> None:
    with daemon_lock(w.settings.mirror.database):
        ran = w.process("daemon", "--json")
    problem(ran, 3, "already")


# --- words on the command line ---------------------------------------------------------------------------


def test_global_options_stand_before_or_after_the_command(w: World) -> None:
    config = str(w.config)
    after = w.cli("status", "--portal", "main", "--json", "--config", config, config=False)
    before = w.cli("--config", config, "--portal", "main", "--json", "status", config=False)
    inside = w.cli("log", "verify", "--json", "--config", config, config=False)
    assert after.code == before.code == inside.code == 0
    assert set(after.json) == set(before.json)
    assert inside.json["ok"]


@pytest.mark.parametrize(
    ("words", "word"),
    [
        pytest.param(("sync", "--nonsense"), "--nonsense", id="unknown option"),
        pytest.param(("person", "show"), "address", id="missing argument"),
        pytest.param(("frobnicate",), "frobnicate", id="unknown command"),
        pytest.param(("withdraw", "not an address"), "ADDRESS", id="no address"),
        pytest.param(("withdraw", ANNA, "--at", "yesterday-ish"), "--at", id="no time"),
        pytest.param(("withdraw", ANNA, "--at", "2199-01-01"), "--at", id="time to come"),
        pytest.param(("withdraw", ANNA, "--purpose", "nothing"), "newsletter", id="unknown purpose"),
        pytest.param(("check", ANNA, "--purpose", "nothing"), "--purpose", id="check of an unknown purpose"),
        pytest.param(("sync", "--dry-run", "--confirm-first-push"), "dry run", id="contradiction"),
        pytest.param(("status", "--portal", "other"), "main", id="unknown portal"),
        pytest.param(("report", "--date", "tomorrow"), "--date", id="no date"),
    ],
)
def test_words_that_cannot_be_meant_are_2(w: World, words: tuple[str, ...], word: str) -> None:
    error = problem(w.cli(*words, "--json"), 2, word)
    assert ANNA not in json.dumps(error)


@pytest.mark.parametrize("words", [("--json",), ("person",), ("log",)], ids=" ".join)
def test_words_that_end_before_a_command_ask_which(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(list(words)) == 2
    assert "command" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["99999999"])
def test_a_question_that_nobody_asked_is_3(w: World, number: str) -> None:
    problem(w.cli("review", "show", number, "--json"), 3, "question")
    problem(w.cli("review", "reject", number, "--json"), 3, "question")


def commands() -> Iterator[tuple[str, ...]]:
    def walk(found: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        inner = getattr(found, "commands", None)
        if inner is None:
            yield path
            return
        for name, each in inner.items():
            yield from walk(each, (*path, name))

    return walk(typer.main.get_command(cli.app), ())


def meant(words: tuple[str, ...]) -> str:
    """A command's first line as it is written: [brackets] in it would be taken for colours."""
    found: Any = typer.main.get_command(cli.app)
    for word in words:
        found = found.commands[word]
    return str(found.callback.__doc__).partition("\n")[0]


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_each_command_has_help_with_an_example(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([*words, "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert " ".join(meant(words).split()) in text
    assert f"Example: consent-mirror {' '.join(words)}" in text
    assert "--json" in text


def test_the_version_is_the_distributions(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert re.fullmatch(r"\d+\.\d+\S*\n", capsys.readouterr().out)


# --- what is wrong around us -----------------------------------------------------------------------------


def test_another_portals_token_is_refused_and_nothing_is_read(make: Make) -> None:
    w = make(contacts=(ANNA,))
    text = w.config.read_text("utf-8").replace(f"portal_id = {w.server.portal_id}", "portal_id = 4711")
    w.config.write_text(text, "utf-8")
    for words in (("sync",), ("backfill",), ("inventory",), ("sync", "--full", "--dry-run")):
        w.sandbox.machine.clear_requests()
        problem(w.cli(*words, "--json"), 2, "portal")
        asked = [each["route"] for each in w.sandbox.machine.requests()]
        assert len(asked) == 1
        assert "account-info" in asked[0]
    doctor = w.cli("doctor", "--json")
    assert (doctor.code, doctor.json["ready"]) == (3, False)


def test_an_act_with_another_portals_token_writes_nothing_there(make: Make) -> None:
    w = make(contacts=(ANNA,))
    text = w.config.read_text("utf-8").replace(f"portal_id = {w.server.portal_id}", "portal_id = 4711")
    w.config.write_text(text, "utf-8")
    ran = w.cli("withdraw", ANNA, "--json")
    assert w.writes() == [], "the no went to a portal that the configuration does not name"
    assert (ran.code, ran.json["pending"]) == (0, 1)


def test_a_missing_secret_names_the_variable(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN)
    problem(w.cli("sync", "--json"), 2, TOKEN)
    ran = w.cli("withdraw", ANNA, "--json")
    assert (ran.code, ran.json["pending"]) == (0, 1), "the no is recorded all the same"


def test_a_token_that_was_revoked_is_2(w: World) -> None:
    w.sandbox.machine.rotate_token()
    error = problem(w.cli("sync", "--json"), 2, "token")
    assert w.server.token not in json.dumps(error)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param("[mirror]", "[mirror]\nspeed = 9", ["mirror.speed"], id="unknown key"),
        pytest.param("[mirror]", "[mirror", ["TOML"], id="broken file"),
        pytest.param("subscription_id = 101", 'subscription_id = "x"', ["subscription_id"], id="bad value"),
        pytest.param(
            "[mirror]", "[mirror]\nspeed = 9\n[zoo]\na = 1", ["mirror.speed", "zoo"], id="two at once"
        ),
        pytest.param("http://127.0.0.1", "http://example.com", ["api"], id="foreign host"),
    ],
)
def test_a_wrong_configuration_is_2_with_file_and_key(w: World, old: str, new: str, words: list[str]) -> None:
    w.config.write_text(w.config.read_text("utf-8").replace(old, new, 1), "utf-8")
    for word in words:
        error = problem(w.cli("status", "--json"), 2, word)
        assert str(w.config) in error["where"]


def test_a_configuration_that_is_not_there_is_2(w: World, tmp_path: Path) -> None:
    problem(w.cli("status", "--json", "--config", str(tmp_path / "none.toml"), config=False), 2, "init")


@pytest.mark.sqlite
def test_a_mirror_that_is_not_there_is_2_and_is_not_made(w: World) -> None:
    w.mirror.close()
    for path in w.folder.glob("mirror.db*"):
        path.unlink()
    problem(w.cli("sync", "--json"), 2, "init")
    assert not (w.folder / "mirror.db").exists()


@pytest.mark.sqlite
def test_a_newer_mirror_is_left_alone(w: World) -> None:
    w.mirror.close()
    with sqlite3.connect(w.folder / "mirror.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    problem(w.cli("sync", "--json"), 2, "newer")


@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_2(w: World) -> None:
    w.mirror.close()
    for path in w.folder.glob("mirror.db*"):
        path.unlink()
    (w.folder / "mirror.db").write_bytes(b"no database at all" * 1_000)
    problem(w.cli("status", "--json"), 2, "damaged")


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        pytest.param(lambda path: path.unlink(), "key file", id="missing"),
        pytest.param(lambda path: path.write_text(path.read_text()[:-9]), "damaged", id="torn"),
        pytest.param(lambda path: path.write_bytes(b"\xff\xfe" * 40), "damaged", id="no text"),
        pytest.param(lambda path: path.chmod(0o644), "chmod 600", id="open to others"),
    ],
)
def test_a_bad_key_file_is_2_before_anything_is_touched(w: World, damage: Any, word: str) -> None:
    damage(w.folder / "mirror.keys")
    w.sandbox.machine.clear_requests()
    problem(w.cli("sync", "--json"), 2, word)
    assert not w.sandbox.machine.requests()


@pytest.mark.sqlite
def test_a_locked_database_is_75(w: World) -> None:
    w.mirror.close()
    holder = sqlite3.connect(w.folder / "mirror.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        ran = w.process("withdraw", ANNA, "--json")
    finally:
        holder.close()
    problem(ran, 75, "database")


def test_a_tier_without_batches_says_how_much_it_has_read(make: Make) -> None:
    w = make(people=40, tier=Tier.STARTER, portal="statuses_per_day = 10\n")
    w.cli("sync", "--dry-run", "--json")
    status = w.cli("status", "--json").json["portals"][0]
    assert 0 < status["statuses_read"] < status["contacts"]
    w.wait(DAY)
    w.cli("sync", "--dry-run", "--json")
    assert w.cli("status", "--json").json["portals"][0]["statuses_read"] > status["statuses_read"]


def test_a_process_of_its_own_says_the_same(w: World) -> None:
    w.sandbox.app.set_status(ANNA, EVENTS, SUBSCRIBED)
    ran = w.process("sync", "--dry-run", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["changed"] >= 1
    human = w.process("person", "show", normalise(ANNA))
    assert human.code == 0
    assert "CLAIMED" in human.out
    assert w.process("log", "verify", "--payloads", "--json").json["ok"]
