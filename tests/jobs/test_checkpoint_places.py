"""Signed checkpoints at their places: after each reading and daily; what fails is visible and tried again."""

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from connector.proof.merkle import CompactRange
from connector.report.discrepancies import Kind
from jobs.checkpoint import checkpoint_after_sync, run_checkpoint
from jobs.copies import NotCopied
from tests.acts.post import post_world
from tests.report.mailbox import Box
from tests.world import ANNA, HOUR, World


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def w(tmp_path: Path, box: Box) -> Iterator[World]:
    git(tmp_path, "init", "-q", "-b", "main", "repository")
    extra = f'[checkpoint]\nfolder = "{tmp_path}/offsite"\ngit = "{tmp_path}/repository"\nmail = true\n'
    with post_world(tmp_path, box, extra=extra) as made:
        yield made


def places(w: World) -> dict[str, dict[str, object]]:
    told = w.cli("status", "--json").json["portals"][0]["checkpoint"]
    return {each["place"]: each for each in told["places"]}


def test_after_each_reading_the_newest_lies_in_folder_and_repository(w: World, box: Box) -> None:
    ran = w.cli("sync", "--json")
    assert ran.json["checkpoint_trouble"] is None
    (note,) = (w.folder / "offsite").glob("latest-checkpoint-*.txt")
    first = note.read_text("utf-8")
    assert first.splitlines()[1] == str(w.cli("status", "--json").json["portals"][0]["log"]["entries"])
    assert len(git(w.folder / "repository", "log", "--oneline").splitlines()) == 1
    assert box.mails == [], "a mail goes out once a day"
    w.wait()
    w.cli("sync")
    assert note.read_text("utf-8") == first, "nothing was added: nothing to sign"
    w.grant(ANNA)
    w.wait()
    w.cli("sync")
    assert note.read_text("utf-8") != first
    assert len(git(w.folder / "repository", "log", "--oneline").splitlines()) == 2


def test_the_daily_one_is_kept_and_mailed_and_status_tells(w: World, box: Box) -> None:
    w.sync()
    made = run_checkpoint(w.settings, w.desk)
    assert (w.folder / "offsite" / f"checkpoint-{made.portal}-{made.size:012d}.txt").is_file()
    assert len(box.mails) == 1
    told = places(w)
    assert {name: (each["size"], each["since"]) for name, each in told.items()} == {
        "folder": (made.size, None),
        "git": (made.size, None),
        "mail": (made.size, None),
    }
    assert w.cli("log", "verify", "--against", str(w.folder / "offsite"), "--json").json["ok"]


@pytest.mark.sqlite
def test_a_log_that_was_cut_off_is_found_by_the_copy_and_never_signed(w: World) -> None:
    w.cli("sync")
    w.grant(ANNA)
    w.cli("sync")
    (note,) = (w.folder / "offsite").glob("latest-checkpoint-*.txt")
    lines = note.read_text("utf-8").split("\n")
    cut(w, int(lines[1]) - 1)
    ran = w.cli("log", "verify", "--against", str(w.folder / "offsite"), "--json")
    assert (ran.code, ran.json["ok"]) == (3, False)
    w.grant(ANNA)
    assert checkpoint_after_sync(w.settings, w.desk) == "refused"
    assert note.read_text("utf-8").split("\n") == lines


def cut(w: World, size: int) -> None:
    """Somebody with database and key shortens the log so that it is sound in itself."""
    with closing(sqlite3.connect(w.folder / "mirror.db", timeout=10)) as connection, connection:
        for table in ("entry", "checkpoint"):
            for verb in ("update", "delete"):
                connection.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        connection.execute("DELETE FROM entry WHERE seq > ?", (size,))
        connection.execute("DELETE FROM payload WHERE seq > ?", (size,))
        connection.execute("DELETE FROM checkpoint WHERE size > ?", (size,))
        rows = connection.execute("SELECT hash, recorded_at FROM entry ORDER BY seq").fetchall()
        tree = CompactRange()
        tree.extend(row[0] for row in rows)
        end = (tree.size, rows[-1][0], rows[-1][1], tree.dump())
        connection.execute("UPDATE head SET size = ?, hash = ?, recorded_at = ?, nodes = ?", end)


def test_a_place_that_cannot_be_reached_is_told_everywhere_and_tried_again(w: World, box: Box) -> None:
    (w.folder / "offsite").write_text("a file where a folder should be", "utf-8")
    ran = w.cli("sync", "--json")
    assert ran.code in {0, 4}
    assert ran.json["checkpoint_trouble"] == "checkpoint_not_copied"
    assert len(git(w.folder / "repository", "log", "--oneline").splitlines()) == 1, "the other one has it"
    assert places(w)["folder"]["problem"]
    assert "no checkpoint reaches its folder" in w.cli("status").out
    kinds = {each["kind"]: each["count"] for each in w.cli("report", "--json").json["discrepancies"]}
    assert kinds[Kind.CHECKPOINT_NOT_COPIED] == 1
    doctor = {each["name"]: each for each in w.cli("doctor", "--json").json["checks"]}
    assert not doctor["checkpoint places"]["ok"]
    (w.folder / "offsite").unlink()
    w.wait(HOUR)
    assert w.cli("sync", "--json").json["checkpoint_trouble"] is None
    assert places(w)["folder"]["since"] is None
    assert list((w.folder / "offsite").glob("latest-checkpoint-*.txt"))


def test_the_daily_job_fails_visibly_and_is_due_again(w: World, box: Box) -> None:
    w.sync()
    box.replies = ["550 no"]
    with pytest.raises(NotCopied, match="mail"):
        run_checkpoint(w.settings, w.desk)
    assert places(w)["mail"]["problem"]
    run_checkpoint(w.settings, w.desk)
    assert places(w)["mail"]["since"] is None


def test_without_a_place_doctor_says_what_that_means(tmp_path: Path) -> None:
    with post_world(tmp_path, Box()) as w:
        w.sync()
        assert checkpoint_after_sync(w.settings, w.desk) is None
        doctor = {each["name"]: each for each in json.loads(w.cli("doctor", "--json").out)["checks"]}
        assert doctor["checkpoint places"]["ok"]
        assert "cut off" in doctor["checkpoint places"]["problem"]
