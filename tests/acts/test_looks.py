"""Every read of a person is in the log: who, what, when; a mirror that cannot be written still answers."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connector.acts.looks import Kind, Look, catch_up, looked_up, named, note, seen
from connector.consent.events import Event, EventType
from connector.errors import DatabaseUnavailable
from connector.store import engine
from connector.store.late import LateLook, LateLooks
from jobs.account import account
from tests.world import ANNA, BO, DAY, World


@pytest.fixture
def world(tmp_path, monkeypatch) -> Iterator[World]:
    """A mirror whose writers wait for a lock only for a moment."""
    hasty = tuple("busy_timeout=50" if each.startswith("busy") else each for each in engine._PRAGMAS)
    monkeypatch.setattr(engine, "_PRAGMAS", hasty)
    made = World(tmp_path, contacts=(ANNA, BO))
    made.begin()
    yield made
    made.close()


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Another process writes, and does not come to an end."""
    other = sqlite3.connect(world.folder / "mirror.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def looks(world: World, address: str = ANNA) -> list[tuple[str, str]]:
    person = world.person(address)
    assert person is not None
    with world.mirror.read(world.desk.portal) as work:
        return [(each.user, each.kind) for each in seen(work, person.id)]


def waiting(world: World) -> list[str]:
    late = world.mirror.late_looks(world.desk.portal)
    assert late is not None
    return late.path.read_text().splitlines() if late.path.exists() else []


def test_showing_a_person_is_noted_with_the_account_of_the_machine(world, monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody-else")  # what the environment says proves nothing
    assert world.cli("person", "show", ANNA).code == 0
    assert looks(world) == [(account(), "show")]
    assert account() != "somebody-else"


def test_a_check_is_noted_once_a_day_for_each_user_and_purpose(world):
    for _ in range(3):
        world.cli("check", ANNA, "--purpose", "newsletter")
    world.cli("check", ANNA, "--purpose", "offers")
    assert [kind for _, kind in looks(world)] == ["check", "check"]
    world.wait(DAY)
    world.cli("check", ANNA, "--purpose", "newsletter")
    assert len(looks(world)) == 3


def test_a_stranger_leaves_nothing(world):
    size = world.cli("status", "--json").json["portals"][0]["log"]["entries"]
    for words in (("person", "show"), ("check",)):
        more = ("--purpose", "newsletter") if words == ("check",) else ()
        assert world.cli(*words, "nobody@example.org", *more).code == 3
    assert world.cli("status", "--json").json["portals"][0]["log"]["entries"] == size


def test_a_look_is_no_change(world):
    world.sync()
    before, state = world.row(ANNA), world.state(ANNA)
    size = len(world.log(ANNA))
    world.cli("person", "show", ANNA)
    turned = world.sync()
    assert (turned.tally.changed, turned.tally.decided, turned.tally.events) == (0, 0, 0)
    assert len(world.log(ANNA)) == size + 1
    assert (world.row(ANNA), world.state(ANNA)) == (before, state)


@pytest.mark.sqlite
def test_a_locked_mirror_answers_and_the_look_is_noted_later(world):
    seen_at = world.now
    with locked(world):
        shown = world.cli("person", "show", ANNA, "--json")
        checked = world.cli("check", ANNA, "--purpose", "newsletter", "--json")
        assert (shown.code, shown.json["known"], checked.code) == (0, True, 3)
        assert "look_noted_later" in shown.err
    assert looks(world) == []
    assert len(waiting(world)) == 2
    late = world.mirror.late_looks(world.desk.portal)
    assert late is not None
    assert stat.S_IMODE(late.path.stat().st_mode) == 0o600
    assert ANNA.encode() not in late.path.read_bytes()
    world.wait()
    world.sync()
    assert [kind for _, kind in looks(world)] == ["show", "check"]
    entry = next(event for event in world.log(ANNA) if event.type is EventType.ACCESSED)
    assert entry.observed_at == seen_at < entry.recorded_at
    assert waiting(world) == []


@pytest.mark.sqlite
def test_the_next_look_brings_the_late_ones_and_a_crash_between_doubles_none(world):
    with locked(world):
        world.cli("person", "show", ANNA)
    lines = waiting(world)
    world.cli("person", "show", BO)
    assert len(looks(world)) == 1
    late = world.mirror.late_looks(world.desk.portal)
    assert late is not None
    late.path.write_text("\n".join([*lines, "cut off by a cra"]))  # written to the log, not yet taken out
    assert catch_up(world.desk) == 1
    assert len(looks(world)) == 1


@pytest.mark.sqlite
def test_where_no_look_can_be_noted_nothing_is_shown_and_check_answers(world, monkeypatch):
    monkeypatch.setattr(LateLooks, "keep", _unwritable)
    with locked(world):
        shown = world.cli("person", "show", ANNA, "--json")
        checked = world.cli("check", ANNA, "--purpose", "newsletter", "--json")
    assert shown.code == 75
    assert "subject" not in shown.out
    assert checked.json["allowed"] is False
    assert "look_not_noted" in checked.err


def _unwritable(self: LateLooks, look: LateLook) -> None:
    raise DatabaseUnavailable("no", next_step="no")


def test_a_look_at_somebody_who_is_erased_meanwhile_is_no_harm(world):
    person = looked_up(world.desk, Look(ANNA, "dora"), Kind.SHOW)
    assert person is not None
    with world.mirror.write(world.desk.portal) as work:
        work.people.shred(person.id)
        work.log.append([(person.id, Event(type=EventType.ERASED, reason="asked"))])
    note(world.desk, person, "dora", Kind.SHOW)
    assert world.cli("log", "verify", "--payloads").code == 0


@pytest.mark.parametrize(
    ("given", "kept"),
    [("dora", "dora"), ("anna@corp.example", "anna"), ("", "unknown"), ("A B", "A-B"), ("@x", "unknown")],
)
def test_a_name_is_one_word_and_never_an_address(given, kept):
    assert named(given) == kept
