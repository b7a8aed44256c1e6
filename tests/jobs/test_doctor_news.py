"""`doctor` on what HubSpot tells us: the door for webhooks, and the pull journal; each with a way out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connector import wiring_web
from connector.sandbox.webhooks import client_secret
from jobs.journal import read_journal
from tests.sandbox.listener import Listener, listening
from tests.scenarios.test_hubspot_tells import free_port
from tests.world import ANNA, DAY, HOUR, World, world

HOOK, JOURNAL = "DOCTOR_TEST_HOOK", "DOCTOR_TEST_JOURNAL"


def check(w: World, name: str) -> dict[str, Any]:
    """One line of doctor's."""
    ran = w.cli("doctor", "--json")
    found: dict[str, Any] = {each["name"]: each for each in ran.json["checks"]}[name]
    assert ran.json["ready"] is all(each["ok"] for each in ran.json["checks"])
    assert (ran.code == 0) is ran.json["ready"]
    assert found["ok"] or found["next_step"], "a problem has its next step"
    assert client_secret(7) not in ran.out + ran.err
    return found


# --- webhooks ----------------------------------------------------------------------------------------------


@contextmanager
def hooked(folder: Path, *, listen: int, public: str | None) -> Iterator[World]:
    """A world whose portal's webhooks are to come in at an address."""
    address = f'public_url = "{public}"\n' if public else ""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(HOOK, client_secret(7))
        extra = f'[web]\nlisten = "127.0.0.1:{listen}"\n{address}'
        with world(folder, extra=extra, portal=f'webhook_secret_env = "{HOOK}"\n', contacts=(ANNA,)) as w:
            w.begin()
            yield w


@contextmanager
def open_at(folder: Path, public: str | None = None) -> Iterator[World]:
    """The same, and the web part runs."""
    port = free_port()
    with (
        hooked(folder, listen=port, public=public or f"http://127.0.0.1:{port}") as w,
        wiring_web.web_of(w.settings, [w.desk], w.tools),
    ):
        yield w


def test_an_open_door_is_told_and_nothing_is_queued(tmp_path: Path) -> None:
    with open_at(tmp_path) as w:
        found = check(w, "webhooks")
        assert found["ok"] and found["problem"].startswith("open: http://127.0.0.1:")
        with w.mirror.read(w.desk.portal) as work:
            assert work.hints.count()[0] == 0


def test_a_web_part_that_does_not_run_is_no_problem_yet(tmp_path: Path) -> None:
    """doctor comes before the first start of the daemon."""
    port = free_port()
    with hooked(tmp_path, listen=port, public=f"http://127.0.0.1:{port}") as w:
        found = check(w, "webhooks")
        assert found["ok"] and "not looked at" in found["problem"] and "daemon" in found["problem"]


def test_another_secret_than_the_running_one_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_at(tmp_path) as w:
        monkeypatch.setenv(HOOK, "another-secret-than-that")
        found = check(w, "webhooks")
        assert not found["ok"]
        assert "webhook_secret" in found["problem"] and "Restart" in found["next_step"]


def test_a_missing_secret_names_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_at(tmp_path) as w:
        monkeypatch.delenv(HOOK)
        found = check(w, "webhooks")
        assert not found["ok"] and HOOK in found["problem"]


def test_a_public_address_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    with open_at(tmp_path, public=f"http://127.0.0.1:{free_port()}") as w:
        found = check(w, "webhooks")
        assert not found["ok"] and "connect at 127.0.0.1" in found["problem"]
        assert "/webhooks/hubspot" in found["next_step"]


def test_a_public_address_where_somebody_else_answers_is_found(tmp_path: Path) -> None:
    port = free_port()
    with (
        hooked(tmp_path, listen=port, public="http://127.0.0.1:9") as w,
        listening(Listener(w.clock)) as other,
    ):
        other.replies = [200]
        text = w.config.read_text("utf-8").replace("http://127.0.0.1:9", other.url.removesuffix("/hook"))
        w.config.write_text(text, "utf-8")
        with wiring_web.web_of(w.settings, [w.desk], w.tools):
            found = check(w, "webhooks")
        assert not found["ok"] and "answers 401, and not as the web part does" in found["problem"]


def test_without_an_address_there_is_nothing_to_sign_for(tmp_path: Path) -> None:
    with hooked(tmp_path, listen=free_port(), public=None) as w:
        found = check(w, "webhooks")
        assert not found["ok"] and "web.public_url" in found["problem"]


def test_without_webhooks_and_journal_nothing_is_looked_at(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA,)) as w:
        names = {each["name"] for each in w.cli("doctor", "--json").json["checks"]}
        assert not {"webhooks", "journal"} & names


# --- journal -----------------------------------------------------------------------------------------------


@pytest.fixture
def w(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv(JOURNAL, "s" * 36)
    portal = f'journal_client_id = "app-1"\njournal_client_secret_env = "{JOURNAL}"\n'
    with world(tmp_path, portal=portal, contacts=(ANNA,)) as made:
        made.begin()
        yield made


def test_a_sound_journal_is_told_and_read_no_further(w: World) -> None:
    assert check(w, "journal") == {
        "name": "journal", "ok": True, "problem": "not read yet", "next_step": "",
    }  # fmt: skip
    read_journal(w.desk)
    w.sandbox.colleague.edit(ANNA, {"firstname": "Anna"})
    assert check(w, "journal")["problem"] == ""
    assert read_journal(w.desk) == 1, "doctor took nothing away"


def test_a_secret_that_hubspot_does_not_take_is_named(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(JOURNAL, "bad-secret-of-nobody")
    found = check(w, "journal")
    assert not found["ok"] and "client id and secret" in found["problem"]
    assert "journal_client_id" in found["next_step"]


def test_a_journal_that_does_not_answer_is_told(w: World) -> None:
    w.sandbox.machine.fault(effect="drop", path="/webhooks-journal/*")
    assert not check(w, "journal")["ok"]


@pytest.mark.parametrize("aged", ["not_found", "bad_request", "silent"])
def test_a_place_that_is_gone_or_too_old_is_a_gap_until_the_next_run(w: World, aged: str) -> None:
    w.sandbox.machine.options(journal_aged=aged)
    read_journal(w.desk)
    w.wait(3 * DAY - HOUR)
    assert check(w, "journal")["ok"]
    w.sandbox.colleague.edit(ANNA, {"firstname": "Anna"})
    w.wait(3 * DAY + HOUR)
    found = check(w, "journal")
    assert not found["ok"] and "missed" in found["problem"] and "sync --full" in found["next_step"]
    read_journal(w.desk)
    assert check(w, "journal")["ok"]


def test_what_the_app_is_not_subscribed_to_is_named(w: World) -> None:
    found = w.sandbox.engine.rooms.portal.journal.subscriptions
    whole = dict(found)
    del found[2]
    assert "GDPR_DELETE of contacts" in check(w, "journal")["problem"]
    found.clear()
    told = check(w, "journal")
    assert not told["ok"] and "CREATE, UPDATE, DELETE, MERGE, RESTORE, GDPR_DELETE" in told["problem"]
    assert str(w.desk.portal) in told["problem"]
    found.update(whole)
    assert check(w, "journal")["ok"]


def test_a_token_that_may_not_know_the_subscriptions_says_which_scope(w: World) -> None:
    w.sandbox.machine.fault(effect="status", status=403, path="/webhooks-journal/subscriptions/*")
    found = check(w, "journal")
    assert found["ok"] and "developer.webhooks_journal.subscriptions.read" in found["problem"]


def test_a_file_of_other_portals_alone_is_remarked(w: World) -> None:
    journal = w.sandbox.engine.rooms.portal.journal
    journal.add(w.now, "UPDATE", 1, portal=w.desk.portal + 1)
    found = check(w, "journal")
    assert found["ok"] and "other portals only" in found["problem"]
