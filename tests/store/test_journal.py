"""The journal beside the keys: what it says is on the disk, whole, and its owner's alone."""

import os
import stat
from pathlib import Path

import pytest

from connector.clock import SeededChance
from connector.store import journal as module
from connector.store.journal import ERASED, NO, Journal, Line

PORTAL, OTHER = 62_515, 62_600
ANNA, BO = "a" * 32, "b" * 32


@pytest.fixture
def made(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "mirror.db.journal", bytes(32), SeededChance("journal"))


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """inode -> bytes that the disk has been asked to keep."""
    kept: dict[int, int] = {}
    fsync = os.fsync

    def keep(handle: int) -> None:
        fsync(handle)
        found = os.fstat(handle)
        kept[found.st_ino] = found.st_size

    monkeypatch.setattr(module.os, "fsync", keep)
    return kept


def on_disk(path: Path, synced: dict[int, int]) -> bool:
    found = path.stat()
    return synced.get(found.st_ino) == found.st_size > 0


def test_a_no_is_on_the_disk_when_append_returns(made: Journal, synced: dict[int, int]) -> None:
    for number in range(3):
        made.append([Line(NO, PORTAL, ANNA, b"%d" % number)])
        assert on_disk(made.path, synced)


def test_what_hubspot_holds_too_need_not_be(made: Journal, synced: dict[int, int]) -> None:
    made.append([Line(NO, PORTAL, ANNA, b"1")], durable=False)
    assert not synced
    assert list(made.lines()) == [Line(NO, PORTAL, ANNA, b"1")]


def test_an_erasure_and_a_suppression_are_on_the_disk_too(made: Journal, synced: dict[int, int]) -> None:
    made.append([Line(NO, PORTAL, ANNA, b"1"), Line(NO, PORTAL, BO, b"2"), Line(NO, OTHER, ANNA, b"3")])
    made.erase(PORTAL, [ANNA])
    assert on_disk(made.path, synced)
    left = [Line(NO, PORTAL, BO, b"2"), Line(NO, OTHER, ANNA, b"3"), Line(ERASED, PORTAL, ANNA)]
    assert list(made.lines()) == left
    made.suppress((PORTAL, "c" * 64, "erased", "*", 1, "2026-11", "2028-11"))
    assert on_disk(made.suppressions_path, synced)


def test_a_line_that_was_cut_short_or_edited_costs_no_other(made: Journal) -> None:
    made.append([Line(NO, PORTAL, ANNA, b"1"), Line(NO, PORTAL, BO, b"2")])
    first, second = made.path.read_text("ascii").splitlines()
    made.path.write_text(f"{first}\n{second[:-9]}", "ascii")
    made.append([Line(NO, PORTAL, BO, b"3")])
    assert [each.data for each in made.lines()] == [b"1", b"3"]
    swapped = made.path.read_text("ascii").replace(ANNA, BO)
    made.path.write_text(swapped, "ascii")
    assert [each.data for each in made.lines()] == [b"3"]


def test_both_files_are_their_owners_alone(made: Journal) -> None:
    before = os.umask(0)
    try:
        made.append([Line(NO, PORTAL, ANNA, b"1")])
        made.suppress((PORTAL, "c" * 64, "erased", "*", 1, "2026-11", "2028-11"))
    finally:
        os.umask(before)
    for path in (made.path, made.suppressions_path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
