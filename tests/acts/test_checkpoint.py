"""The log of a real SQLite file, edited behind our back in every way: found, and the entry named."""

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from connector.acts.checkpoint import Copy, Journal, document, rotate_key, sign_checkpoint, verify
from connector.acts.looks import Kind, Look, looked_up
from connector.clock import SeededChance
from connector.consent.events import Event, EventType
from connector.errors import Refused
from connector.proof.keys import load
from connector.proof.verify import Problem
from connector.store.mirror import Mirror
from tests.proof.bundles import NEW_SEED, filled, journal_of
from tests.world import ANNA, BO, World, WorldClock

pytestmark = pytest.mark.sqlite

GUARD = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?"
TRIGGERS = ("entry_no_update", "entry_no_delete", "checkpoint_no_update", "checkpoint_no_delete")
LATE = 6  # an entry after the first checkpoint
EARLY = 3


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A folder with a filled mirror, and the note of a checkpoint that was taken out of it."""
    folder = tmp_path_factory.mktemp("log")
    world = World(folder, contacts=(ANNA, BO))
    filled(world)
    note = sign_checkpoint(journal_of(world)).note
    world.mirror.truncate_wal()
    world.close()
    return folder, note


class Logbook:
    """One copy of the mirror that may be spoiled."""

    def __init__(self, template: tuple[Path, str], folder: Path) -> None:
        self.path = folder / "mirror.db"
        for name in ("mirror.db", "mirror.keys"):
            shutil.copy(template[0] / name, folder / name)
        self.outside = (Copy("mail of yesterday", template[1]),)
        self.keys = load(folder / "mirror.keys")
        self.clock = WorldClock()
        self.mirror = Mirror.open(f"sqlite:///{self.path}", self.keys, self.clock, SeededChance("log"))
        self.portal = self.mirror.portals()[0]

    @property
    def journal(self) -> Journal:
        return Journal(
            mirror=self.mirror, portal=self.portal, name="main", seed=self.keys.signing, clock=self.clock
        )

    def spoil(self, *statements: str) -> None:
        """As somebody with the file and a database program, who leaves no guard behind that is gone."""
        with sqlite3.connect(self.path) as connection:
            guards = [connection.execute(GUARD, [name]).fetchone()[0] for name in TRIGGERS]
            for name in TRIGGERS:
                connection.execute(f"DROP TRIGGER {name}")
            for statement in (*statements, *guards):
                connection.execute(statement)
        connection.close()

    def first(self, *, payloads: bool = True, outside: bool = False):
        verdict = verify(self.journal, payloads=payloads, outside=self.outside if outside else ())
        assert verdict.first_broken is not None, "nothing was found"
        return verdict.first_broken


@pytest.fixture
def book(template, tmp_path):
    made = Logbook(template, tmp_path)
    yield made
    made.mirror.close()


def test_an_untouched_log_is_sound(book):
    verdict = verify(book.journal, payloads=True, outside=book.outside)
    told = document(book.journal, verdict)
    assert (told["ok"], told["checkpoints"], told["payloads"], told["gaps"]) == (True, 3, told["entries"], [])


@pytest.mark.parametrize(
    "change",
    [
        "recorded_at = recorded_at + 1",
        "type = 'confirm'",
        "ref = zeroblob(16)",
        "purpose = '*'",
        "basis = 'contract'",
        "wording = zeroblob(32)",
        "notice = zeroblob(32)",
        "grade = 1",
        "commitment = zeroblob(32)",
        "hash = zeroblob(32)",
    ],
)
@pytest.mark.parametrize("seq", [1, EARLY, LATE])
def test_each_changed_field_is_found_and_its_entry_named(book, change, seq):
    book.spoil(f"UPDATE entry SET {change} WHERE seq = {seq}")
    assert book.first().seq == seq
    assert book.first(payloads=False).seq == seq


@pytest.mark.parametrize(
    ("statement", "seq", "problem"),
    [
        ("DELETE FROM entry WHERE seq = 3", 3, Problem.GAP),
        ("UPDATE entry SET seq = 99 WHERE seq = 3", 3, Problem.GAP),
        ("UPDATE payload SET sealed = zeroblob(80) WHERE seq = 4", 4, Problem.PAYLOAD),
        ("DELETE FROM payload WHERE seq = 4", 4, Problem.NO_PAYLOAD),
        ("UPDATE payload SET sealed = (SELECT sealed FROM payload WHERE seq = 5) WHERE seq = 4",
         4, Problem.PAYLOAD),
        ("UPDATE blob SET data = CAST('Nej.' AS BLOB) WHERE kind = 'wording'", 3, Problem.TEXT),
        ("UPDATE blob SET data = CAST('Nej.' AS BLOB) WHERE kind = 'notice'", 3, Problem.TEXT),
        ("DELETE FROM blob WHERE kind = 'wording'", 3, Problem.NO_TEXT),
        ("UPDATE checkpoint SET note = replace(note, char(10) || '4' || char(10), char(10) || '3\n')",
         3, Problem.SIGNATURE),
        ("UPDATE checkpoint SET root = zeroblob(32) WHERE size = 4", 4, Problem.CHECKPOINT),
        ("UPDATE head SET hash = zeroblob(32)", 0, Problem.HEAD),
    ],
)  # fmt: skip
def test_what_else_may_be_done_is_found(book, statement, seq, problem):
    book.spoil(statement)
    found = book.first()
    assert found.problem is problem
    assert found.seq == seq or problem is Problem.HEAD


def test_two_entries_exchanged_are_found(book):
    book.spoil(
        "UPDATE entry SET seq = 1000 WHERE seq = 3",
        "UPDATE entry SET seq = 3 WHERE seq = 4",
        "UPDATE entry SET seq = 4 WHERE seq = 1000",
    )
    assert book.first().seq == 3


def test_an_inserted_entry_is_found(book):
    columns = "recorded_at, type, ref, purpose, basis, wording, notice, grade, commitment, hash"
    last = book.journal.mirror
    with last.read(book.portal) as work:
        size = work.log.head().size
    copied = f"SELECT portal, {size + 1}, {columns} FROM entry WHERE seq = 3"
    book.spoil(f"INSERT INTO entry (portal, seq, {columns}) {copied}")
    assert book.first().seq == size + 1


def cut(book, kept: int) -> None:
    """The end is gone, and everything inside of the database agrees that it never was."""
    with book.mirror.read(book.portal) as work:
        hashes = list(work.log.hashes(kept))
    from connector.proof.merkle import CompactRange

    tree = CompactRange()
    tree.extend(hashes)
    book.spoil(
        f"DELETE FROM entry WHERE seq > {kept}",
        f"DELETE FROM payload WHERE seq > {kept}",
        f"DELETE FROM checkpoint WHERE size > {kept}",
        f"UPDATE head SET size = {kept}, hash = x'{hashes[-1].hex()}', nodes = x'{tree.dump().hex()}'",
    )


@pytest.mark.parametrize("kept", [1, 3, 5])
def test_a_cut_tail_is_found_by_a_checkpoint_from_outside_alone(book, kept):
    cut(book, kept)
    assert verify(book.journal, payloads=True).ok, "nothing inside can tell"
    found = book.first(outside=True)
    assert (found.seq, found.problem, found.where) == (kept + 1, Problem.TRUNCATED, "mail of yesterday")


def test_a_wrong_log_is_never_signed(book):
    cut(book, 3)
    with pytest.raises(Refused) as caught:
        sign_checkpoint(book.journal, book.outside)
    assert "entry 4" in caught.value.where
    with book.mirror.read(book.portal) as work:
        assert [each.size for each in work.checkpoints.all() if each.size > 3] == []


def test_a_checkpoint_with_a_forged_signature_is_found(book):
    forged = replace(book.outside[0], note=book.outside[0].note.replace("\n\n", "\nx\n\n"))
    verdict = verify(book.journal, outside=(forged,))
    assert [each.problem for each in verdict.findings] == [Problem.SIGNATURE]


def test_a_checkpoint_of_another_log_is_none_of_ours(book):
    other = replace(book.outside[0], note=book.outside[0].note.replace("portal/", "portal/9", 1))
    assert verify(book.journal, outside=(other,)).checkpoints == 2


def test_signing_twice_gives_one_checkpoint(book):
    first, second = sign_checkpoint(book.journal), sign_checkpoint(book.journal)
    assert (first.note, second.fresh) == (second.note, False)


def test_an_erasure_leaves_every_old_checkpoint_verifying(book):
    with book.mirror.write(book.portal) as work:
        anna = work.people.by_ref(work.log.headers(EARLY - 1, 1)[0].subject_ref)
        (done,) = work.people.shred(anna.id)
        erased = Event(type=EventType.ERASED, reason="asked", detail={"payloads": done.payloads})
        work.log.append([(anna.id, erased)])
    book.mirror.truncate_wal()
    verdict = verify(book.journal, payloads=True, outside=book.outside)
    assert (verdict.ok, verdict.checkpoints, verdict.erased) == (True, 3, done.payloads)
    assert sign_checkpoint(book.journal, book.outside).fresh


def test_after_a_rotation_both_keys_checkpoints_verify_and_a_lost_rotation_is_found(book):
    rotate_key(book.journal, NEW_SEED)
    assert rotate_key(book.journal, NEW_SEED) == rotate_key(book.journal, NEW_SEED), "repeated, it stays one"
    new = replace(book.journal, seed=NEW_SEED)
    assert sign_checkpoint(new, book.outside).earlier == 3
    with book.mirror.read(book.portal) as work:
        assert [each.type for each in work.log.headers()].count("key.rotated") == 1
    book.spoil("DELETE FROM meta WHERE key = 'key_rotations'")
    assert {each.problem for each in verify(new).findings} == {Problem.SIGNATURE}


def test_a_look_is_logged_with_its_user_and_a_stranger_leaves_nothing(tmp_path):
    world = World(tmp_path, contacts=(ANNA,))
    try:
        world.sync()
        person = looked_up(world.desk, Look(ANNA, "dora"), Kind.WHY)
        assert person is not None
        last = world.log(ANNA)[-1]
        assert (last.type, last.actor, last.detail) == (EventType.ACCESSED, "staff:dora", {"command": "why"})
        assert looked_up(world.desk, Look("nobody@example.org", "dora"), Kind.WHY) is None
        assert "accessed" not in world.nobodys()
    finally:
        world.close()
