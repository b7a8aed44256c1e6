"""Whoever edits the database behind our back is found, and the first entry that was touched is named."""

from dataclasses import replace

import pytest

from connector.consent.events import Event, EventType, Grade
from connector.proof.notes import SignedRoot
from connector.proof.verify import End, Problem, Signed, verify_log
from connector.store.checkpoints import Checkpoint

from .conftest import NOW, PORTAL, raw

SIZE = 8
TARGET = 4
WORDING = "ab" * 32
GRANT = Event(
    type=EventType.GRANT, purpose="news", wording=WORDING, notice=WORDING, grade=Grade.E2, t_lo=NOW, t_hi=NOW
)


@pytest.fixture
def filled(mirror):
    """Eight entries about two people, and a checkpoint kept outside."""
    with mirror.write(PORTAL) as work:
        anna, bertil = work.people.create([[], []])
        for number in range(SIZE):
            person = (anna, bertil)[number % 2]
            work.log.append([(person.id, replace(GRANT, detail={"number": number}))])
        head = work.log.head()
    outside = Signed(SignedRoot("log", head.size, bytes.fromhex(head.root)), "mail of yesterday")
    return mirror, outside


def verdict(mirror, *outside):
    with mirror.read(PORTAL) as work:
        head = work.log.head()
        end = End(head.size, head.last, head.root)
        return verify_log(work.log.records(payloads=True), payloads=True, checkpoints=outside, end=end)


EDITS = {
    "recorded_at": "recorded_at = recorded_at - 1",
    "type": "type = 'claim'",
    "ref": "ref = (SELECT ref FROM person ORDER BY id DESC LIMIT 1)",
    "no ref": "ref = NULL",
    "purpose": "purpose = '*'",
    "basis": "basis = 'contract'",
    "wording": "wording = NULL",
    "notice": "notice = hash",
    "grade": "grade = 3",
    "commitment": "commitment = hash",
    "hash": "hash = commitment",
}


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in EDITS.items()])
def test_each_edited_column_is_found(filled, url, change):
    mirror, _ = filled
    assert verdict(mirror).ok
    with raw(url) as connection:
        seq = TARGET - 1 if change.startswith("ref") else TARGET
        connection.exec_driver_sql(f"UPDATE entry SET {change} WHERE seq = {seq}")
    assert verdict(mirror).first_broken.seq == seq
    assert verdict(mirror).first_broken.problem is Problem.EDITED


@pytest.mark.parametrize(
    ("statement", "seq", "problem"),
    [
        pytest.param("DELETE FROM entry WHERE seq = 4", 4, Problem.GAP, id="deleted"),
        pytest.param("DELETE FROM entry WHERE seq = 1", 1, Problem.GAP, id="first deleted"),
        pytest.param("DELETE FROM entry WHERE seq > 6", 7, Problem.TRUNCATED, id="tail cut off"),
        pytest.param("DELETE FROM payload WHERE seq = 4", 4, Problem.NO_PAYLOAD, id="payload removed"),
        pytest.param(
            "UPDATE payload SET seq = 99 WHERE seq = 4", 4, Problem.NO_PAYLOAD, id="payload moved away"
        ),
        pytest.param(
            "UPDATE payload SET sealed = (SELECT sealed FROM payload WHERE seq = 2) WHERE seq = 4",
            4,
            Problem.PAYLOAD,
            id="payload of another entry",
        ),
        pytest.param(
            "UPDATE payload SET person_id = 0 WHERE seq = 4", 4, Problem.PAYLOAD, id="payload's owner"
        ),
        pytest.param("UPDATE head SET size = size - 1", 9, Problem.HEAD, id="head's size"),
    ],
)
def test_what_is_removed_or_moved_is_found(filled, url, statement, seq, problem):
    mirror, _ = filled
    with raw(url) as connection:
        if "head" in statement:
            connection.exec_driver_sql("UPDATE head SET hash = (SELECT hash FROM entry WHERE seq = 7)")
        else:
            connection.exec_driver_sql(statement)
    found = verdict(mirror).first_broken
    assert (found.seq, found.problem) == (seq, problem)


def test_two_entries_that_changed_places_are_found(filled, url):
    mirror, _ = filled
    with raw(url) as connection:
        for old, new in ((3, 99), (4, 3), (99, 4)):
            connection.exec_driver_sql(f"UPDATE entry SET seq = {new} WHERE seq = {old}")
    assert verdict(mirror).first_broken.seq == 3


def test_an_entry_that_was_slipped_in_is_found(filled, url):
    mirror, _ = filled
    columns = "recorded_at, type, ref, purpose, basis, wording, notice, grade, commitment, hash"
    with raw(url) as connection:
        for seq in range(SIZE, TARGET, -1):
            connection.exec_driver_sql(f"UPDATE entry SET seq = {seq + 1} WHERE seq = {seq}")
        connection.exec_driver_sql(
            f"INSERT INTO entry (portal, seq, {columns}) SELECT portal, 5, {columns} FROM entry WHERE seq = 4"
        )
    assert verdict(mirror).first_broken.seq == 5


def test_a_tail_cut_off_with_its_head_is_found_by_the_copy_outside_only(filled, url):
    mirror, outside = filled
    with raw(url) as connection:
        connection.exec_driver_sql("DELETE FROM entry")
        connection.exec_driver_sql("DELETE FROM payload")
        connection.exec_driver_sql("DELETE FROM head")
    assert verdict(mirror).ok
    found = verdict(mirror, outside).first_broken
    assert (found.seq, found.problem, found.where) == (1, Problem.TRUNCATED, "mail of yesterday")


def test_an_erasure_leaves_the_log_and_every_old_checkpoint_sound(filled):
    mirror, outside = filled
    with mirror.write(PORTAL) as work:
        anna = work.people.by_ref(work.log.headers()[0].subject_ref)
        (shredded,) = work.people.shred(anna.id)
        work.log.append([(anna.id, Event(type=EventType.ERASED, reason="asked", detail={"payloads": 4}))])
    found = verdict(mirror, outside)
    assert (found.ok, found.checkpoints, found.payloads, found.erased) == (True, 1, 5, 4)
    assert shredded.payloads == 4
    with mirror.read(PORTAL) as work:
        assert work.log.headers(subject_ref=anna.ref)[-1].type == "erased"
        assert work.log.events_of([anna.id]) == {}


def test_a_shredding_that_the_log_does_not_know_of_is_found(filled):
    mirror, _ = filled
    with mirror.write(PORTAL) as work:
        anna = work.people.by_ref(work.log.headers()[0].subject_ref)
        work.people.shred(anna.id)
    assert verdict(mirror).first_broken.problem is Problem.NO_PAYLOAD


@pytest.mark.parametrize("statement", ["UPDATE {} SET portal = portal", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["entry", "checkpoint"])
def test_the_database_refuses_to_change_what_is_append_only(filled, url, table, statement):
    mirror, _ = filled
    with mirror.write(PORTAL) as work:
        work.checkpoints.add(Checkpoint(1, NOW, "00" * 32, "note"))
    sqlite = url.startswith("sqlite")
    with (
        pytest.raises(
            Exception, match="append-only" if not (sqlite and "TRUNCATE" in statement) else "syntax"
        ),
        mirror.write(PORTAL) as work,
    ):
        work.log._connection.exec_driver_sql(statement.format(table))
    assert verdict(mirror).ok
