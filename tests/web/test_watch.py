"""The operator's listener over a real socket, beside a real mirror and portal."""

import http.client
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.web.server import WebServer
from connector.web.watch import STALE_S
from jobs.watching import watching
from tests.world import ANNA, BO, HOUR, World, world

NAMES = (
    "sync_last_success_timestamp", "sync_lag_seconds", "outbox_pending", "outbox_oldest_seconds",
    "push_total",
    "push_ambiguous_total", "reconcile_drift_total", "webhook_total", "hubspot_requests_total",
    "hubspot_quota_remaining", "ratelimit_wait_seconds_total", "log_entries", "log_verify_ok",
    "report_last_sent_timestamp", "scheduler_tick_age_seconds", "scheduler_missed_total", "db_busy_total",
    "backup_age_seconds", "lease_lost_total",
)  # fmt: skip


@pytest.fixture(name="w")
def _w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, contacts=(ANNA, BO), extra='[health]\nlisten = "127.0.0.1:0"\n') as made:
        yield made


@contextmanager
def listening(w: World, age: float = 1.0) -> Iterator[WebServer]:
    with watching(w.settings, w.mirror, [w.desk], tick_age=lambda: age) as listener:
        assert listener is not None
        yield listener


def get(listener: WebServer, path: str, method: str = "GET") -> tuple[int, str]:
    asked = http.client.HTTPConnection("127.0.0.1", listener.port, timeout=20)
    asked.request(method, path)
    answer = asked.getresponse()
    told = answer.status, answer.read().decode()
    asked.close()
    return told


def value(text: str, name: str, **labels: str) -> float:
    said = ",".join(f'{key}="{each}"' for key, each in sorted(labels.items()))
    pattern = rf"^consent_mirror_{name}{re.escape('{' + said + '}') if said else ''} (\S+)$"
    found = re.search(pattern, text, re.MULTILINE)
    assert found, f"{name} {labels} is not in\n{text}"
    return float(found[1])


@pytest.mark.sqlite
def test_liveness_asks_no_database(w: World) -> None:
    with listening(w) as listener:
        Path(w.folder / "mirror.db").rename(w.folder / "away.db")
        assert get(listener, "/healthz") == (200, '{"ok":true,"checks":{"tick":true}}')


def test_a_tick_that_stopped_is_no_life(w: World) -> None:
    with listening(w, age=STALE_S + 1) as listener:
        assert get(listener, "/healthz")[0] == 503


def test_ready_says_what_it_looked_at_and_no_secret(w: World) -> None:
    w.begin()
    with listening(w) as listener:
        status, text = get(listener, "/readyz")
    assert status == 200
    assert json.loads(text)["checks"] == {"database": True, "schema": True, "token_main": True}


@pytest.mark.sqlite
def test_not_ready_while_the_database_cannot_be_written(w: World) -> None:
    w.begin()
    with listening(w) as listener:
        other = sqlite3.connect(w.folder / "mirror.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            status, text = get(listener, "/readyz")
        finally:
            other.execute("ROLLBACK")
            other.close()
        assert (status, json.loads(text)["checks"]) == (503, {"database": False})
        assert get(listener, "/readyz")[0] == 200


def test_not_ready_once_hubspot_refused_the_token(w: World) -> None:
    w.begin()
    w.sandbox.machine.rotate_token()
    assert w.cli("sync").code == 2
    with listening(w) as listener:
        status, text = get(listener, "/readyz")
        shown = get(listener, "/metrics")[1]
    assert status == 503
    assert json.loads(text)["checks"]["token_main"] is False
    assert value(shown, "token_refused", portal="main") == 1


def test_every_metric_that_is_promised_is_there_and_nobody_is_in_it(w: World) -> None:
    w.begin()
    w.withdraw(ANNA)
    with listening(w) as listener:
        text = get(listener, "/metrics")[1]
    for name in NAMES:
        assert f"# TYPE consent_mirror_{name} " in text, name
    assert "example.org" not in text
    assert value(text, "up") == 1
    assert value(text, "contacts", portal="main") == 2
    assert value(text, "push_total", kind="no", result="confirmed") >= 1


def test_a_no_that_waits_is_counted_and_ages(w: World) -> None:
    w.begin()
    w.sandbox.machine.rotate_token()
    w.withdraw(BO)
    w.wait(2 * HOUR)
    with listening(w) as listener:
        text = get(listener, "/metrics")[1]
    assert value(text, "outbox_pending", kind="no", portal="main") == 1
    assert value(text, "outbox_oldest_seconds", kind="no", portal="main") >= 2 * HOUR / 1000


def test_noes_that_wait_for_the_first_push_alert_nobody(w: World) -> None:
    """Set-up takes days, and HubSpot has what was read from it; what a person asked for is not gated."""
    w.sandbox.person.unsubscribe(ANNA)
    w.sync()
    w.sandbox.colleague.edit_email(w.contact_ids[ANNA], "anna.b@example.org")
    w.wait(HOUR)
    w.sync()
    w.wait(2 * HOUR)
    with listening(w) as listener:
        text = get(listener, "/metrics")[1]
        assert value(text, "outbox_pending", kind="gated", portal="main") >= 1
        assert value(text, "outbox_pending", kind="no", portal="main") == 0
        assert value(text, "outbox_oldest_seconds", kind="no", portal="main") == 0
        w.sandbox.machine.rotate_token()
        w.withdraw(BO)
        w.wait(HOUR)
        text = get(listener, "/metrics")[1]
        assert value(text, "outbox_oldest_seconds", kind="no", portal="main") == HOUR / 1000
        w.confirm()
        text = get(listener, "/metrics")[1]
    assert value(text, "outbox_pending", kind="gated", portal="main") == 0
    assert value(text, "outbox_oldest_seconds", kind="no", portal="main") >= 3 * HOUR / 1000


@pytest.mark.sqlite
def test_a_log_that_was_touched_shows_after_its_check(w: World) -> None:
    w.begin()
    assert w.cli("log", "verify").code == 0
    with listening(w) as listener:
        assert value(get(listener, "/metrics")[1], "log_verify_ok", portal="main") == 1
        with sqlite3.connect(w.folder / "mirror.db") as raw:
            (made,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'entry_no_update'").fetchone()
            raw.execute("DROP TRIGGER entry_no_update")
            raw.execute("UPDATE entry SET purpose = 'other' WHERE seq = 1")
            raw.execute(made)  # without it the mirror would not even be opened
        assert w.cli("log", "verify").code == 3
        assert value(get(listener, "/metrics")[1], "log_verify_ok", portal="main") == 0


def test_a_backup_has_an_age(w: World) -> None:
    w.begin()
    assert w.cli("backup", str(w.folder / "copy.db")).code == 0
    w.wait(HOUR)
    with listening(w) as listener:
        assert value(get(listener, "/metrics")[1], "backup_age_seconds", portal="main") == HOUR / 1000


@pytest.mark.sqlite
def test_a_database_that_is_away_leaves_the_counts_of_the_process(w: World) -> None:
    w.begin()
    with listening(w) as listener:
        w.mirror.close()
        Path(w.folder / "mirror.db").unlink()
        Path(w.folder / "mirror.db").mkdir()
        status, text = get(listener, "/metrics")
    assert (status, value(text, "up")) == (200, 0)


@pytest.mark.parametrize("path", ["/", "/metrics/", "/healthz/x", "/docs"])
def test_nothing_else_answers(w: World, path: str) -> None:
    with listening(w) as listener:
        assert get(listener, path)[0] in {307, 404}
        assert get(listener, "/metrics", "POST")[0] == 405


def test_without_a_setting_nothing_listens(tmp_path: Path) -> None:
    with world(tmp_path) as w, watching(w.settings, w.mirror, [w.desk]) as listener:
        assert listener is None


def test_a_port_that_is_taken_is_told(w: World) -> None:
    with listening(w) as listener:
        health = w.settings.health.model_copy(update={"listen": f"127.0.0.1:{listener.port}"})
        with (
            pytest.raises(ConfigurationError, match="cannot listen"),
            watching(w.settings.model_copy(update={"health": health}), w.mirror, [w.desk]),
        ):
            pass
