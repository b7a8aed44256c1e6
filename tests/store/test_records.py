"""Runs, timetable, cursors, reports, users, checkpoints and blobs."""

from hashlib import sha256

import pytest

from connector.clock import process_id
from connector.errors import ConfigurationError, Refused
from connector.store.blobs import BlobUse
from connector.store.checkpoints import Checkpoint
from connector.store.due import DueRow
from connector.store.reports import ReportRow
from connector.store.users import Role, User

from .conftest import NOW, PORTAL

PASSWORD = "correct horse battery"
REPORT = ReportRow(
    date="2026-11-24", made_at=NOW, message_id="<a@b>", document={"share": 0.5, "kinds": ["å"]}
)


def test_a_run_is_started_lives_and_ends(work):
    run = work.runs.start("pull", "r1", NOW)
    assert (run.ended_at, run.outcome, run.pid, run.figures) == (None, None, process_id(), {})
    work.runs.beat(run.id, NOW + 1, {"calls": 3})
    assert (work.runs.last("pull").beat_at, work.runs.last("pull").figures) == (NOW + 1, {"calls": 3})
    work.runs.finish(run.id, "failed", NOW + 2, error="hubspot_busy")
    ended = work.runs.last("pull", "failed")
    assert (ended.ended_at, ended.error, ended.figures) == (NOW + 2, "hubspot_busy", {"calls": 3})
    assert work.runs.last("pull", "ok") is None
    assert work.runs.last("sweep") is None


def test_a_run_whose_process_died_is_interrupted_when_the_next_one_starts(work):
    first, other = work.runs.start("pull", "r1", NOW), work.runs.start("sweep", "r2", NOW)
    work.runs.beat(first.id, NOW + 7)
    work.runs.start("pull", "r3", NOW + 99)
    died = next(run for run in work.runs.recent() if run.id == first.id)
    assert (died.outcome, died.ended_at) == ("interrupted", NOW + 7)
    assert work.runs.last("sweep").ended_at is None
    assert [run.run_ref for run in work.runs.recent(2)] == ["r3", other.run_ref]


def test_old_runs_are_forgotten_but_not_the_last_good_one(work):
    for number, outcome in enumerate(["ok", "ok", "failed"]):
        run = work.runs.start("pull", f"r{number}", NOW + number)
        work.runs.finish(run.id, outcome, NOW + number)
    work.runs.start("pull", "runs", NOW + 5)
    assert work.runs.prune(NOW + 100) == 2
    assert [run.run_ref for run in work.runs.recent()] == ["runs", "r1"]


def test_the_timetable_says_what_is_due(work):
    row = DueRow(job="pull", next_at=NOW + 5, done_at=NOW, failures=2, running_since=NOW)
    work.due.put(row)
    work.due.put(DueRow(job="sweep", next_at=NOW))
    assert work.due.all() == {"pull": row, "sweep": DueRow(job="sweep", next_at=NOW)}
    assert [each.job for each in work.due.due(NOW)] == ["sweep"]
    work.due.ask("pull")
    work.due.ask("forms")
    assert [each.job for each in work.due.due(NOW)] == ["forms", "pull", "sweep"]
    work.due.put(row)
    assert not work.due.get("pull").asked
    assert work.due.get("report") is None


def test_cursors_and_meta_keep_json_apart_by_key_and_portal(mirror):
    with mirror.write(PORTAL) as work:
        work.cursors.put("pull", {"time": NOW, "id": 5})
        work.meta.put_all({"pull": [1, None, True, "å"], "first_push": NOW})
    with mirror.write(PORTAL + 1) as work:
        assert (work.cursors.get("pull"), work.meta.all()) == (None, {})
    with mirror.write(PORTAL) as work:
        assert work.cursors.get("pull") == {"time": NOW, "id": 5}
        assert work.meta.all() == {"first_push": NOW, "pull": [1, None, True, "å"]}
        work.meta.remove("pull")
        work.meta.remove("pull")
        assert work.meta.all() == {"first_push": NOW}
        with pytest.raises(ValueError, match="spelling"):
            work.meta.put("share", 0.5)


def test_a_report_is_one_per_day_and_keeps_its_message_id(work):
    assert work.reports.put(REPORT) == REPORT
    work.reports.failed(REPORT.date, "mail_unavailable")
    again = work.reports.put(ReportRow(date=REPORT.date, made_at=NOW + 1, message_id="<other>", document={}))
    assert (again.message_id, again.made_at, again.document, again.attempts) == ("<a@b>", NOW + 1, {}, 1)
    assert work.reports.get(REPORT.date).error == "mail_unavailable"
    work.reports.sent(REPORT.date, NOW + 2)
    assert work.reports.get(REPORT.date).error is None
    assert (work.reports.get(REPORT.date).sent_at, work.reports.get(REPORT.date).attempts) == (NOW + 2, 2)


def test_reports_are_found_by_date(work):
    for day in ("22", "24", "23"):
        work.reports.put(ReportRow(date=f"2026-11-{day}", made_at=NOW, message_id=day, document={}))
    assert work.reports.last().date == "2026-11-24"
    assert work.reports.last(before="2026-11-23").date == "2026-11-22"
    assert work.reports.last(before="2026-11-22") is None
    assert [row.date for row in work.reports.since("2026-11-23")] == ["2026-11-23", "2026-11-24"]


def test_a_user_signs_in_with_their_password_only(work):
    work.users.add("anna", Role.DPO, PASSWORD, NOW)
    assert work.users.check("anna", PASSWORD) == User("anna", Role.DPO, NOW)
    assert work.users.check("anna", "another password") is None
    assert work.users.check("nobody", PASSWORD) is None
    work.users.set_password("anna", "a new long password")
    assert work.users.check("anna", PASSWORD) is None
    assert work.users.check("anna", "a new long password") is not None
    assert work.users.remove("anna")
    assert not work.users.remove("anna")
    assert work.users.all() == []


def test_roles_are_counted_from_below(work):
    for name, role in (("a", Role.VIEWER), ("b", Role.DPO), ("c", Role.ADMIN)):
        work.users.add(name, role, PASSWORD, NOW)
    assert [work.users.at_least(role) for role in Role] == [3, 2, 2, 1]
    assert [user.name for user in work.users.all()] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("name", "password", "problem"),
    [
        pytest.param("anna", PASSWORD, "of this name", id="taken"),
        pytest.param("an na", PASSWORD, "letters", id="no name"),
        pytest.param("", PASSWORD, "letters", id="empty"),
        pytest.param("bo", "short", "too short", id="short password"),
    ],
)
def test_a_user_that_cannot_be_is_refused(work, name, password, problem):
    work.users.add("anna", Role.VIEWER, PASSWORD, NOW)
    with pytest.raises(ConfigurationError, match=problem):
        work.users.add(name, Role.VIEWER, password, NOW)
    with pytest.raises(Refused):
        work.users.set_password("nobody", PASSWORD)


def test_checkpoints_are_kept_by_size(work):
    one, two = Checkpoint(3, NOW, "ab" * 32, "note 3"), Checkpoint(9, NOW + 1, "cd" * 32, "note 9")
    assert work.checkpoints.last() is None
    assert work.checkpoints.add(two)
    assert work.checkpoints.add(one)
    assert not work.checkpoints.add(Checkpoint(3, NOW + 5, "00" * 32, "forged"))
    assert (work.checkpoints.all(), work.checkpoints.last()) == ([one, two], two)


def test_a_wording_is_stored_once_under_its_hash(work):
    data = b"Ja, jag vill ha nyhetsbrevet.\n"
    hashed = work.blobs.put("wording", data, "sv")
    assert hashed == sha256(data).hexdigest() == work.blobs.put("notice", data)
    (blob,) = work.blobs.get([hashed, "00" * 32]).values()
    assert (blob.kind, blob.language, blob.data) == ("wording", "sv", data)


def test_the_period_of_a_wording_grows_with_what_was_seen(mirror):
    with mirror.write(PORTAL) as work:
        hashed = work.blobs.put("wording", b"text")
        for at in (NOW, NOW - 5, NOW + 5):
            work.blobs.used(hashed, "form:1", at)
        assert work.blobs.uses("wording") == [BlobUse(hashed, "form:1", NOW - 5, NOW + 5)]
        assert work.blobs.uses("notice") == []
    with mirror.read(PORTAL + 1) as work:
        assert work.blobs.uses() == []
        assert len(work.blobs.get([hashed])) == 1
