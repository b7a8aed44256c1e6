"""`person receipt|why|bundle` and `log …` as a user types them."""

import json
import os
import shutil
import sqlite3
import subprocess
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from connector import wiring
from connector.consent.events import EventType
from connector.settings import CheckpointSettings
from jobs import cli_log
from jobs.checkpoint import run_checkpoint
from tests.acts.post import PostClock
from tests.proof import independent
from tests.proof.bundles import NOTICE, WORDING, filled
from tests.report.authority import make_authority
from tests.report.mailbox import PASSWORD, Box, serving
from tests.store.conftest import postgresql_database
from tests.world import ANNA, BO, DAY, TOKEN, World, _template


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("commands"), contacts=(ANNA, BO))
    filled(made)
    yield made
    made.close()


@pytest.fixture
def own(tmp_path):
    """A world that may be spoiled."""
    made = World(tmp_path, contacts=(ANNA, BO))
    filled(made)
    yield made
    made.close()


def purpose(document, key):
    return next(each for each in document["purposes"] if each["purpose"] == key)


def test_the_receipt_tells_what_was_shown_and_what_came_after(world):
    ran = world.cli("person", "receipt", ANNA, "--json", "--language", "sv")
    newsletter = purpose(ran.json, "newsletter")
    (act,) = newsletter["acts"]
    assert (ran.code, newsletter["state"]) == (0, "WITHDRAWN")
    assert (act["wording"]["text"], act["notice"]["text"], act["form"]) == (WORDING, NOTICE, "7ab2")
    assert [each["type"] for each in act["since"]] == ["withdraw"]
    assert act["wording"]["seen"][0]["place"] == "form:7ab2"
    claim = purpose(ran.json, "offers")["acts"][0]
    assert "claim" in {each["what"] for each in claim["not_known"]}


def test_only_one_event_and_none_of_somebody_else(world):
    acts = purpose(world.cli("person", "receipt", ANNA, "--json").json, "newsletter")["acts"]
    one = world.cli("person", "receipt", ANNA, "--event", acts[0]["event"], "--json").json
    assert [each["purpose"] for each in one["purposes"]] == ["newsletter"]
    assert world.cli("person", "receipt", BO, "--event", acts[0]["event"]).code == 3


def test_files_are_written_for_their_owners_eyes(world, tmp_path):
    pdf, html = tmp_path / "r.pdf", tmp_path / "r.html"
    ran = world.cli("person", "receipt", ANNA, "--pdf", str(pdf), "--html", str(html), "--json")
    assert (ran.code, ran.json["pdf"], ran.json["html"]) == (0, str(pdf), str(html))
    assert pdf.read_bytes().startswith(b"%PDF") and "<h1>" in html.read_text("utf-8")
    assert {path.stat().st_mode & 0o777 for path in (pdf, html)} == {0o600}
    assert world.cli("person", "receipt", ANNA, "--pdf", str(tmp_path / "no" / "r.pdf")).code == 2


def test_the_export_is_in_the_standards_words(world):
    graph = json.loads(world.cli("person", "receipt", ANNA, "--format", "dpv").out)["@graph"]
    assert {each["@type"] for each in graph} == {"dpv:ConsentRecord"}
    statuses = [[s["@type"] for s in each["dpv:hasConsentStatus"]] for each in graph]
    assert ["dpv:ConsentGiven", "dpv:ConsentWithdrawn"] in statuses


@pytest.mark.parametrize(
    "words", [("receipt",), ("why",), ("bundle", "never.json")], ids=lambda words: words[0]
)
def test_a_stranger_is_unknown_and_nothing_is_written(world, words, tmp_path):
    rest = [str(tmp_path / each) for each in words[1:]]
    ran = world.cli("person", words[0], "nobody@example.org", *rest, "--json")
    assert (ran.code, ran.json) == (3, {"known": False})
    assert list(tmp_path.iterdir()) == []


def test_somebody_erased_is_told_as_such(own):
    own.suppress("gone@example.org")
    told = own.cli("person", "why", "gone@example.org", "--json").json
    assert told == {"known": False, "overlay": "ERASED"}


def test_every_look_is_logged_and_none_shows_up_in_the_receipt(own):
    for words in (["receipt", ANNA], ["why", ANNA], ["bundle", ANNA, str(own.folder / "a.json")]):
        assert own.cli("person", *words).code == 0
    looks = [event for event in own.log(ANNA) if event.type is EventType.ACCESSED]
    assert [event.detail["command"] for event in looks] == ["receipt", "why", "bundle"]
    assert all(event.actor.startswith("staff:") for event in looks)
    assert ANNA not in own.cli("log", "show", "--json").out


@pytest.mark.parametrize(("language", "word"), [("sv", "återkallat"), ("en", "withdrawn")])
def test_why_says_reason_basis_origin_rule_and_end(world, language, word):
    ran = world.cli("person", "why", ANNA, "--language", language, "--json")
    newsletter = purpose(ran.json, "newsletter")
    assert word in newsletter["state_means"]
    assert newsletter["retention"]["rule"] == "until withdrawn"
    assert newsletter["retention"]["due"] is not None
    assert purpose(ran.json, "offers")["retention"]["due"] is None
    assert ran.json["erase"]["at"] is None, "offers and events carry the person still"
    assert ran.json["origin"]["contacts"][0]["object_source"] == "CRM_UI"
    assert world.cli("person", "why", ANNA, "--language", language).code == 0


def test_why_names_the_row_that_decided_with_its_sentence(own):
    own.sandbox.app.set_status(BO, 103, "SUBSCRIBED")
    own.wait()
    own.sync(full=True)
    events = purpose(own.cli("person", "why", BO, "--language", "sv", "--json").json, "events")
    assert (events["state"], events["row"]) == ("CLAIMED", 11)
    assert "art." in events["row_means"]


def test_a_bundle_is_checked_with_nothing_but_itself_and_the_key(world, tmp_path, monkeypatch):
    file = tmp_path / "anna.json"
    made = world.cli("person", "bundle", ANNA, str(file), "--json").json
    assert independent.verify(file.read_bytes(), made["key"]) == made["entries"]
    key = tmp_path / "key.txt"
    key.write_text(made["key"] + "\n", "utf-8-sig")  # as Windows saves it
    env = {name: value for name, value in os.environ.items() if name not in {TOKEN, "CONSENT_MIRROR_CONFIG"}}
    monkeypatch.setattr(os, "environ", env)
    from jobs import cli

    assert cli.run(["log", "verify-bundle", str(file), "--key", str(key)]) == 0
    file.write_text(file.read_text("utf-8").replace('"E3"', '"E2"', 1), "utf-8")
    assert cli.run(["log", "verify-bundle", str(file), "--key", made["key"]]) == 3
    assert cli.run(["log", "verify-bundle", str(file), "--key", "nonsense"]) == 2
    assert cli.run(["log", "verify-bundle", str(tmp_path / "none.json")]) == 2


def test_log_show_streams_headers_in_order(world):
    rows = world.cli("log", "show", "--json").json
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    some = world.cli("log", "show", "--since", "2", "--limit", "2", "--json").json
    assert [row["seq"] for row in some] == [3, 4]
    subject = rows[2]["subject_ref"]
    theirs = world.cli("log", "show", "--subject", subject, "--json").json
    assert theirs and {row["subject_ref"] for row in theirs} == {subject}
    assert world.cli("log", "show", "--subject", "anna@example.org").code == 2


@pytest.mark.sqlite
def test_verify_needs_no_token_and_tells_a_broken_log(own, monkeypatch):
    monkeypatch.delenv(TOKEN)
    good = own.cli("log", "verify", "--payloads", "--json")
    assert (good.code, good.json["ok"], good.json["first_broken"], good.json["gaps"]) == (0, True, None, [])
    with sqlite3.connect(own.folder / "mirror.db") as connection:
        connection.execute("DROP TRIGGER entry_no_delete")
        connection.execute("DELETE FROM entry WHERE seq = 3")
    connection.close()
    bad = own.cli("log", "verify", "--json")
    assert (bad.code, bad.json["ok"], bad.json["gaps"]) == (3, False, [[3, 3]])
    assert bad.json["first_broken"] == {"seq": 3, "problem": "missing", "where": ""}
    assert own.cli("log", "checkpoint").code == 3


@pytest.mark.sqlite
def test_a_guard_that_is_gone_is_told_even_where_every_entry_is_sound(own):
    with sqlite3.connect(own.folder / "mirror.db") as connection:
        connection.execute("DROP TRIGGER entry_no_update")
    connection.close()
    told = own.cli("log", "verify", "--json")
    assert (told.code, told.json["ok"]) == (3, False)
    assert told.json["first_broken"] == {
        "seq": told.json["entries"],
        "problem": "nothing keeps it from being changed",
        "where": "the trigger entry_no_update is missing",
    }
    assert own.cli("log", "checkpoint").code == 3
    assert own.cli("status").code == 2  # everything else waits for a person


def test_a_checkpoint_in_a_folder_finds_what_was_cut_off(own, tmp_path):
    folder = tmp_path / "outside"
    made = own.cli("log", "checkpoint", "--to", str(folder), "--json").json
    assert (made["copied_to"], made["fresh"]) == ([str(folder)], True)
    portal, size = made["portal_id"], made["size"]
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"checkpoint-{portal}-{size:012d}.txt", f"public-key-{portal}.txt"]
    assert own.cli("log", "verify", "--against", str(folder), "--json").json["checkpoints"] == 3
    moved = tmp_path / "saved on windows.txt"
    moved.write_text(made["note"], "utf-8-sig", newline="\r\n")
    assert own.cli("log", "verify", "--against", str(moved), "--json").json["checkpoints"] == 3
    other = tmp_path / "other.txt"
    other.write_text(made["note"].replace("portal/", "portal/9"), "utf-8")
    assert own.cli("log", "verify", "--against", str(other)).code == 2


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_checkpoints_are_committed_in_a_git_repository(own, tmp_path):
    repository = tmp_path / "repository"
    repository.mkdir()
    assert own.cli("log", "checkpoint", "--git", str(repository)).code == 75, "not a repository"
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    for _ in range(2):
        assert own.cli("log", "checkpoint", "--git", str(repository)).code == 0
    told = subprocess.run(
        ["git", "-C", str(repository), "log", "--format=%s"], capture_output=True, text=True, check=True
    )
    assert told.stdout.count("Checkpoint of main at entry") == 1


def test_a_checkpoint_is_mailed_and_the_mail_itself_will_do_to_check_with(tmp_path, monkeypatch):
    authority, box = make_authority(tmp_path), Box()
    monkeypatch.setenv("MAIL_TEST_PASSWORD", PASSWORD)
    with serving(box, starttls=authority.context, host="localhost") as port:
        extra = (
            f'[report]\nto = ["dpo@exempel.example"]\nfrom = "cm@exempel.example"\nsmtp_host = "localhost"\n'
            f'smtp_port = {port}\nsmtp_user = "cm"\nsmtp_password_env = "MAIL_TEST_PASSWORD"\n'
            f'smtp_ca_file = "{authority.ca}"\n'
        )
        world = World(tmp_path, contacts=(ANNA, BO), extra=extra, clock=PostClock())
        try:
            filled(world)
            assert world.cli("log", "checkpoint", "--mail", "--json").json["copied_to"] == ["mail"]
            message = message_from_bytes(box.mails[0][1], policy=policy.default)
            (part,) = message.iter_attachments()
            note = tmp_path / "note.txt"
            note.write_text(f"{part.get_content()}\n\n", "utf-8")
            assert world.cli("log", "verify", "--against", str(note), "--json").json["checkpoints"] == 3
            assert ANNA not in message.as_string()
        finally:
            world.close()


def test_the_key_is_exchanged_and_everything_still_verifies(own):
    before = (own.folder / "mirror.keys").read_text("ascii")
    assert own.cli("log", "checkpoint").code == 0
    assert own.cli("log", "rotate-key", "--json").code == 0
    after = (own.folder / "mirror.keys").read_text("ascii")
    changed = [a.split()[0] for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b]
    assert changed == ["signing", "check"]
    assert not (own.folder / "mirror.keys.next").exists()
    own.wait(DAY)
    assert own.cli("log", "checkpoint").code == 0
    assert own.cli("log", "verify", "--payloads", "--json").json["checkpoints"] == 3
    assert own.person(ANNA) is not None, "the other keys are what they were"


@pytest.mark.parametrize("after", ["stage", "sign_checkpoint", "rotate_key", "promote"])
def test_a_rotation_that_is_cut_off_anywhere_goes_on_with_the_same_command(own, monkeypatch, after):
    """Killed behind each of its steps: the log verifies with what lies there, and the second call ends it."""
    before = (own.folder / "mirror.keys").read_text("ascii")
    where = cli_log.keyring if after in {"stage", "promote"} else cli_log.acts
    honest = getattr(where, after)

    def killed(*words, **more):
        honest(*words, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(where, after, killed)
    assert own.cli("log", "rotate-key").code == 130
    monkeypatch.setattr(where, after, honest)
    assert own.cli("log", "verify", "--payloads").code == 0
    assert own.cli("log", "rotate-key").code == 0
    assert (own.folder / "mirror.keys").read_text("ascii") != before
    assert not (own.folder / "mirror.keys.next").exists()
    assert own.cli("log", "checkpoint").code == 0
    told = own.cli("log", "verify", "--payloads", "--json").json
    assert told["ok"]
    with own.mirror.read(own.desk.portal) as work:
        rotations = [each.type for each in work.log.headers()].count("key.rotated")
    assert rotations == (2 if after == "promote" else 1), "one for each key that took over"
    assert own.person(ANNA) is not None, "the other keys are what they were"


@pytest.mark.postgresql
def test_on_postgresql_a_receipt_says_the_same(tmp_path, monkeypatch, world):
    _template()  # of SQLite, before the variable says otherwise
    with postgresql_database(f"cm_receipt_{os.getpid()}") as url:
        monkeypatch.setenv("CONSENT_MIRROR__MIRROR__DATABASE", url)
        made = World(tmp_path, contacts=(ANNA, BO))
        try:
            wiring.prepare(made.settings, made.tools)
            filled(made)
            ran = made.cli("person", "receipt", ANNA, "--json", "--language", "sv")
            pdf = tmp_path / "anna.pdf"
            assert made.cli("person", "receipt", ANNA, "--pdf", str(pdf)).code == 0
            assert made.cli("person", "bundle", ANNA, str(tmp_path / "anna.json")).code == 0
            assert made.cli("log", "verify-bundle", str(tmp_path / "anna.json")).code == 0
            assert made.cli("log", "verify", "--payloads").code == 0
        finally:
            made.close()
    monkeypatch.delenv("CONSENT_MIRROR__MIRROR__DATABASE")
    other = world.cli("person", "receipt", ANNA, "--json", "--language", "sv")
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert [shown(each) for each in ran.json["purposes"]] == [shown(each) for each in other.json["purposes"]]


def shown(purpose):
    """What the receipt shows of one purpose, random numbers aside."""
    acts = [
        (each["wording"], each["notice"], each["grade"], each["form"], each["not_known"])
        for each in purpose["acts"]
    ]
    return purpose["purpose"], purpose["state"], acts


def test_several_portals_are_verified_at_once(own):
    text = own.config.read_text("utf-8")
    more = (
        f'[[portals]]\nname = "second"\nportal_id = 99\ntoken_env = "{TOKEN}"\napi = "http://127.0.0.1:9"\n'
    )
    own.config.write_text(text.replace("[[purposes]]", more + "[[purposes]]", 1), "utf-8")
    ran = own.cli("log", "verify", "--json")
    assert (ran.code, [each["portal"] for each in ran.json["portals"]]) == (0, ["main", "second"])
    assert own.cli("log", "verify", "--portal", "second", "--json").json["entries"] == 0
    assert own.cli("log", "checkpoint", "--to", str(Path(own.folder) / "out")).code == 0


def test_the_daemons_job_signs_and_brings_copies_and_the_next_one_continues_them(own, monkeypatch):
    monkeypatch.setattr(wiring, "tools", lambda: own.tools)
    said = CheckpointSettings(folder=own.folder / "off")
    settings = own.settings.model_copy(update={"checkpoint": said})
    first = run_checkpoint(settings, own.desk)
    own.withdraw(BO)
    second = run_checkpoint(settings, own.desk)
    assert (first.fresh, second.fresh, second.size > first.size) == (True, True, True)
    assert len(list((own.folder / "off").glob("checkpoint-*.txt"))) == 2
    with own.mirror.read(own.desk.portal) as work:
        assert work.checkpoints.last().size == second.size


UNKNOWN_DATE = "7 years after invoice_date property"


def test_why_counts_the_retention_rule_from_what_is_known(own):
    text = own.config.read_text("utf-8")
    keys = ("newsletter", "offers", "events")
    for key, rule in zip(
        keys, ("24 months after withdrawn", "3 weeks after first_seen", UNKNOWN_DATE), strict=True
    ):
        text = text.replace(f'key = "{key}"\n', f'key = "{key}"\nretain = "{rule}"\n', 1)
    own.config.write_text(text, "utf-8")
    told = own.cli("person", "why", ANNA, "--json").json
    due = [purpose(told, key)["retention"]["due"] for key in keys]
    assert due == ["2028-06-15T22:00:00.000Z", "2026-07-06T22:00:00.000Z", None], "whole local days"
    assert told["erase"]["at"] is None, "a rule whose date is not known erases nobody"
    said = own.cli("person", "why", ANNA, "--language", "sv")
    assert "24 månader efter nejet: 2028-06-16 00:00:00 +02:00" in said.out, "as a Swede reads it, local time"
    assert "3 veckor efter första dagen i registret" in said.out
    assert "7 år efter invoice_date: datumet i HubSpot är inte läst än" in said.out
    own.config.write_text(text.replace(UNKNOWN_DATE, "1 year after first_seen"), "utf-8")
    told = own.cli("person", "why", ANNA, "--json").json
    assert told["erase"]["at"] == "2028-06-15T22:00:00.000Z"
    assert own.cli("person", "why", ANNA).code == 0
