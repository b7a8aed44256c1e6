"""Copies of the mirror: made while others write, put back without forgetting a no, clean of the erased."""

import json
import logging
import os
import re
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector import wiring
from connector.acts.backup import back_up
from connector.acts.erase import Order, erase, resume_erasures
from connector.acts.holds import add_hold
from connector.acts.lost import lost_ranges
from connector.acts.restore import Place, restore
from connector.acts.restrict import restrict
from connector.clock import SeededChance
from connector.consent.events import Event, EventType, Overlay
from connector.errors import ConfigurationError, DatabaseUnavailable
from connector.store import copies
from connector.store.journal import ERASED, NO, Journal, Line
from connector.store.leaving import WHOLE
from connector.store.mirror import Mirror
from connector.store.people import NewAddress
from connector.store.reviews import NewReview
from connector.store.suppression import SuppressionKind
from tests.store.conftest import KEYS, HandClock, postgresql_database
from tests.world import ANNA, BO, CARIN, DAVID, EVA, HOUR, World, _template, world

PEOPLE = (ANNA, BO, CARIN, DAVID)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, contacts=PEOPLE) as made:
        made.begin()
        yield made


def copied(place: World, name: str = "copy.db") -> Path:
    return back_up(place.settings.mirror.database, place.folder / name).file


def put_back(place: World, file: Path, desks: Callable[[Mirror], Any] | None = None) -> Any:
    """Restore as the command does, with nobody else at the mirror."""
    left(place)
    keys = wiring.keys_of(place.settings)
    where = Place(
        url=place.settings.mirror.database,
        keys=keys,
        journal=wiring.journal_of(place.settings, keys, place.tools.chance),
        clock=place.clock,
        chance=place.tools.chance,
    )
    made = desks or (lambda mirror: [wiring.desk_of(place.settings, mirror, None, place.tools)])
    return restore(where, file, made)


def left(place: World) -> None:
    if "mirror" in place.__dict__:
        place.mirror.close()
    for name in ("mirror", "desk"):
        place.__dict__.pop(name, None)


# --- backup ----------------------------------------------------------------------------------------------


@pytest.mark.sqlite
def test_a_copy_is_whole_private_and_never_overwrites(place: World) -> None:
    file = copied(place)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    copies.check_file(file)
    with pytest.raises(ConfigurationError):
        copied(place)
    assert not list(place.folder.glob("*.part"))


@pytest.mark.sqlite
def test_a_copy_is_consistent_while_others_write(place: World) -> None:
    stop, problems = threading.Event(), []

    def busy() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                place.withdraw(f"stranger{number}@example.org")
            except DatabaseUnavailable as error:
                problems.append(error)

    writer = threading.Thread(target=busy)
    writer.start()
    try:
        files = [copied(place, f"copy{number}.db") for number in range(3)]
    finally:
        stop.set()
        writer.join()
    assert problems == []
    for file in files:
        with Mirror.open(
            f"sqlite:///{file}", wiring.keys_of(place.settings), place.clock, place.tools.chance
        ).read(place.desk.portal) as work:
            assert len(work.log.headers(limit=10_000)) == work.log.size()


# --- restore ---------------------------------------------------------------------------------------------


def test_what_happened_since_the_copy_is_not_forgotten(place: World) -> None:
    for address in PEOPLE:
        place.grant(address)
    file = copied(place)
    bo = place.person(BO).ref
    place.wait()
    place.withdraw(ANNA, "newsletter")
    erase(place.desk, BO, Order())
    restrict(place.desk, CARIN, "staff:dora")
    add_hold(place.desk, DAVID, "case", "staff:dora")
    place.withdraw(EVA)
    eva = place.person(EVA).ref
    with place.mirror.read(place.desk.portal) as work:
        size = work.log.size()
    done = put_back(place, file)
    log = done.logs[0]
    assert log.lost == (log.entries + 1, size)
    assert log.erasures == 1
    assert place.state(ANNA) == "WITHDRAWN"
    assert not place.may_send(ANNA)
    assert place.person(BO) is None
    assert place.person(CARIN).overlay is Overlay.RESTRICTED
    assert (place.state(EVA), place.person(EVA).ref) == ("WITHDRAWN", eva)
    assert erase(place.desk, DAVID, Order()).waits == "legal_hold"
    with place.mirror.read(place.desk.portal) as work:
        assert work.people.by_ref(bo).overlay is Overlay.ERASED
        assert work.suppression.is_erased(BO)
        assert lost_ranges(work)[0]["lost"] == list(log.lost)
        assert work.log.of_nobody(EventType.RESTORED)
    told = place.cli("log", "verify", "--payloads", "--json")
    assert (told.code, told.json["restored"][0]["lost"]) == (0, list(log.lost))
    assert f"Entries {log.lost[0]} to {log.lost[1]}" in place.cli("log", "verify").out.replace("\n", " ")


def test_after_a_restore_nothing_derived_is_written_and_all_is_read_again(place: World) -> None:
    place.grant(ANNA)
    file = copied(place)
    place.wait()
    put_back(place, file)
    before = len(place.writes())
    with place.mirror.read(place.desk.portal) as work:
        assert work.contacts.counts().read == 0
    place.sync()
    assert len(place.writes()) == before
    with place.mirror.read(place.desk.portal) as work:
        assert work.contacts.counts().read == len(PEOPLE)
    assert place.cli("sync").code == 4


def test_a_restore_twice_says_every_no_once(place: World) -> None:
    place.grant(ANNA)
    file = copied(place)
    place.withdraw(ANNA, "newsletter")
    for _ in range(2):
        put_back(place, file)
        assert place.types(ANNA).count("withdraw") == 1
    later = copied(place, "later.db")
    put_back(place, later)
    assert place.types(ANNA).count("withdraw") == 1


def test_a_destroyed_database_is_replaced_and_the_journal_still_knows(place: World) -> None:
    place.grant(ANNA)
    file = copied(place)
    place.wait()
    place.withdraw(ANNA, "newsletter")
    left(place)
    path = place.folder / "mirror.db"
    for tail in ("-wal", "-shm"):
        Path(f"{path}{tail}").unlink(missing_ok=True)
    path.write_bytes(b"no database at all" * 100)
    log = put_back(place, file).logs[0]
    assert log.lost is not None
    assert place.state(ANNA) == "WITHDRAWN"


@pytest.mark.parametrize("bytes_", [b"", b"not a database", None], ids=["empty", "text", "cut"])
def test_a_damaged_copy_changes_nothing(place: World, bytes_: bytes | None) -> None:
    file = copied(place)
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2 // 4096 * 4096] if bytes_ is None else bytes_)
    with pytest.raises(ConfigurationError):
        put_back(place, file)
    assert place.person(ANNA) is not None
    assert not list(place.folder.glob("*.restoring*"))


def test_a_restore_that_fails_in_the_middle_leaves_the_mirror_as_it_was(place: World) -> None:
    file = copied(place)
    place.withdraw(ANNA)

    def broken(mirror: Mirror) -> Any:
        raise DatabaseUnavailable("x", next_step="y")

    with pytest.raises(DatabaseUnavailable):
        put_back(place, file, broken)
    assert place.state(ANNA) == "WITHDRAWN"
    assert not list(place.folder.glob("*.restoring*"))


def test_an_erasure_that_was_only_asked_for_is_carried_out_after_a_restore(place: World) -> None:
    file = copied(place)
    place.sandbox.machine.fault(effect="status", path="/communication-preferences/*", status=503)
    assert erase(place.desk, ANNA, Order()).later
    place.sandbox.machine.clear_faults()
    put_back(place, file)
    assert place.person(ANNA).overlay is Overlay.RESTRICTED
    place.wait()
    resume_erasures(place.desk)
    assert place.person(ANNA) is None


@pytest.mark.sqlite
def test_the_commands_say_what_was_done(place: World) -> None:
    file = place.folder / "copy.db"
    made = place.cli("backup", str(file), "--json")
    assert (made.code, made.json["file"]) == (0, str(file))
    assert place.cli("backup", str(file)).code == 2
    place.withdraw(ANNA)
    left(place)
    done = place.cli("restore", str(file), "--json")
    assert (done.code, done.json["logs"][0]["replayed"]) == (0, 1)
    assert Path(done.json["former_database"]).exists()
    assert place.cli("restore", str(place.folder / "none.db")).code == 2
    assert place.state(ANNA) == "WITHDRAWN"


# --- what is left of somebody erased ---------------------------------------------------------------------


def columns(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with sqlite3.connect(path) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: list(connection.execute(f"SELECT * FROM {name}")) for name in names}
    connection.close()
    return found


def needles(place: World, address: str) -> dict[str, bytes]:
    """The person's raw bytes, wherever the store keeps some: each must be there before, none afterwards."""
    person, ref = place.person(address).id, bytes.fromhex(place.ref(address))
    found = {"index": ref, "index in hex": ref.hex()[:16].encode()}
    with sqlite3.connect(place.folder / "mirror.db") as connection:
        run = connection.execute
        found["wrapped key"] = run("SELECT key FROM person WHERE id = ?", (person,)).fetchone()[0]
        for number, (sealed,) in enumerate(run("SELECT sealed FROM address WHERE person_id = ?", (person,))):
            found[f"address {number}"] = sealed
        for number, row in enumerate(
            run("SELECT sealed, source FROM payload WHERE person_id = ?", (person,))
        ):
            found[f"payload {number}"] = row[0]
            if row[1] is not None:
                found[f"source {number}"] = row[1]
        for number, row in enumerate(run("SELECT sealed FROM review WHERE person_id = ?", (person,))):
            found[f"review {number}"] = row[0]
        for number, row in enumerate(run("SELECT path FROM export WHERE person_id = ?", (person,))):
            found[f"path of a file {number}"] = row[0]
    connection.close()
    for number, line in enumerate(journal_text(place).splitlines()):
        if place.person(address).ref in line:
            found[f"journal {number}"] = line.split()[3].encode()
    return found


def journal_text(place: World) -> str:
    return (place.folder / "mirror.db.journal").read_text()


def files(place: World) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in place.folder.iterdir() if each.is_file()}


def places(held: dict[str, bytes], needle: bytes) -> list[str]:
    return [name for name, data in held.items() if needle in data or needle.hex().encode() in data]


def tells(text: str, number: int) -> bool:
    """The number stands there by itself, and not inside of a longer one or of a form's id."""
    return re.search(rf"(?<![0-9a-f-]){number}(?![0-9a-f-])", text) is not None


@pytest.mark.sqlite
def test_of_somebody_erased_no_byte_is_left_anywhere(
    place: World, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    place.grant(ANNA)
    place.wait()
    place.sandbox.person.unsubscribe(ANNA, 101)
    place.sync(full=True)
    place.withdraw(ANNA)
    place.wait()
    number = place.contact_ids[ANNA]
    loser = place.create("anna.older@example.org")
    place.sync()
    place.sandbox.colleague.merge(number, loser)
    place.wait()
    place.sync(full=True)
    with place.mirror.write(place.desk.portal) as work:  # a question whose key holds a part of the index
        person = work.people.by_address(ANNA)[0].id
        question = NewReview(
            kind="cleared",
            key=f"cleared:{place.ref(ANNA)[:16]}",
            question="?",
            options=("yes",),
            person_id=person,
        )
        work.reviews.open([question], place.now)
        work.moments.put({number: {"clicked": place.now}}, place.now)
        work.leaving.put([((person, WHOLE), place.now)], place.now)
    written = place.folder / "receipt-of-anna@example.org.html"
    assert place.cli("person", "receipt", ANNA, "--html", str(written)).code == 0
    assert ANNA.encode() in written.read_bytes()
    assert place.mirror.truncate_wal()
    wanted, held = needles(place, ANNA), files(place)
    assert len(wanted) > 10
    assert [name for name, needle in wanted.items() if not places(held, needle)] == []
    assert any(name.startswith("path of a file") for name in wanted)
    for table in ("contact", "moment"):
        assert number in {row[1] for row in columns(place.folder / "mirror.db")[table]}
    assert any(loser in row for row in columns(place.folder / "mirror.db")["alias"])
    ref = place.person(ANNA).ref
    assert erase(place.desk, ANNA, Order(reason="anna@example.org asked")).stage == "erased"
    assert person not in {row[1] for row in columns(place.folder / "mirror.db")["leaving"]}
    assert place.cli("exports", "destroy", "--overdue").code == 0
    assert place.mirror.truncate_wal()
    copied(place, "after.db")
    held = files(place)
    for name, needle in wanted.items():
        assert places(held, needle) == [], f"{name} is still there"
    for needle in (ANNA.encode(), b"anna.older", b"anna@", ANNA.upper().encode()):
        assert places(held, needle) == []
    for name in ("mirror.db", "after.db"):
        for table, rows in columns(place.folder / name).items():
            texts = [str(cell) for row in rows for cell in row if isinstance(cell, str)]
            assert not any(number in row or loser in row for row in rows), f"{table} of {name} has the id"
            assert not any(tells(text, number) for text in texts), f"{table} of {name} tells the id"
    assert [line.split()[0] for line in journal_text(place).splitlines() if ref in line] == ["erased"]
    told = caplog.text + "".join(capsys.readouterr())
    assert ANNA not in told
    assert not tells(told, number)


def test_a_no_that_leaves_after_the_erasure_leaves_nothing_behind(place: World) -> None:
    """HubSpot refuses the opt-out for now: the erasure goes on, the letter follows, and then goes too."""
    rule = {"effect": "status", "path": "*unsubscribe-all*", "method": "POST", "status": 400}
    place.sandbox.machine.fault(**rule)
    ref = bytes.fromhex(place.ref(ANNA))
    erase(place.desk, ANNA, Order())
    place.wait(HOUR)
    resume_erasures(place.desk)
    assert place.person(ANNA) is None
    place.sandbox.machine.clear_faults()
    place.wait(24 * HOUR)
    place.sync()
    assert place.opted_out_of_all(ANNA)
    assert place.mirror.truncate_wal()
    assert places(files(place), ref) == []


# --- the journal -----------------------------------------------------------------------------------------


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "mirror.db.journal", bytes(32), SeededChance("journal"))


def test_lines_come_back_and_those_of_somebody_erased_go(journal: Journal) -> None:
    one, two = "1" * 32, "2" * 32
    journal.append([Line(NO, 7, one, b"a"), Line(NO, 7, two, b"b"), Line(NO, 8, one, b"c")])
    journal.erase(7, [one])
    journal.erase(7, [one])
    assert [(line.kind, line.portal, line.ref, line.data) for line in journal.lines()] == [
        (NO, 7, two, b"b"),
        (NO, 8, one, b"c"),
        (ERASED, 7, one, b""),
    ]
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_a_torn_or_edited_line_costs_itself_alone(journal: Journal) -> None:
    ref = "1" * 32
    journal.append([Line(NO, 7, ref, b"a")])
    whole = journal.path.read_bytes()
    for cut in range(1, len(whole) - 1):
        journal.path.write_bytes(whole + whole[:cut])
        journal.append([Line(NO, 7, ref, b"b")])
        assert [line.data for line in journal.lines()] == [b"a", b"b"]
    moved = whole.replace(ref.encode(), b"2" * 32)
    journal.path.write_bytes(moved + whole)
    assert [line.data for line in journal.lines()] == [b"a"]


@pytest.mark.sqlite
def test_the_list_is_sorted_and_lifted_where_the_table_is(place: World) -> None:
    for address in (EVA, "zoe@example.org", "adam@example.org"):
        place.mirror.suppress(place.desk.portal, address, SuppressionKind.ERASED)
    text = (place.folder / "mirror.db.suppressions").read_text().splitlines()
    assert text == sorted(text)
    assert len(text) == 3
    with place.mirror.write(place.desk.portal) as work:
        assert work.suppression.lift(EVA, SuppressionKind.ERASED) == 1
    assert len((place.folder / "mirror.db.suppressions").read_text().splitlines()) == 2


def test_a_journal_that_cannot_be_written_refuses_the_no(place: World) -> None:
    assert place.mirror.journal is not None
    place.mirror.journal.path.unlink(missing_ok=True)
    place.mirror.journal.path.mkdir()
    with pytest.raises(DatabaseUnavailable):
        place.withdraw(ANNA)
    assert place.state(ANNA) == "UNKNOWN"


@pytest.mark.sqlite
def test_the_journal_holds_no_address_in_the_clear(place: World) -> None:
    place.withdraw(ANNA)
    assert "anna" not in journal_text(place)
    assert place.person(ANNA).ref in journal_text(place)


# --- PostgreSQL ------------------------------------------------------------------------------------------


@pytest.mark.postgresql
def test_postgresql_is_copied_and_put_back_by_its_own_programs(tmp_path: Path) -> None:
    clock, chance = HandClock(), SeededChance("copies")
    with postgresql_database(f"cm_copy_{os.getpid()}") as url:
        mirror = Mirror.create(url, KEYS, clock, chance)
        with mirror.write(7) as work:
            work.people.create([[NewAddress(ANNA, ANNA)]])
            work.log.append([(None, Event(type=EventType.DRIFT))])
        file = tmp_path / "copy.dump"
        assert back_up(url, file).entries == {7: 1}
        with mirror.write(7) as work:
            work.people.create([[NewAddress(BO, BO)]])
        mirror.close()
        with copies.staged(url, file) as beside:
            kept = copies.install(url, beside)
        again = Mirror.open(url, KEYS, clock, chance)
        with again.read(7) as work:
            assert [len(work.people.by_address(each)) for each in (ANNA, BO)] == [1, 0]
        again.close()
        drop(url, str(kept))


@pytest.mark.postgresql
def test_on_postgresql_too_a_restore_forgets_neither_a_no_nor_an_erasure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _template()  # of SQLite, before the variable says otherwise
    with postgresql_database(f"cm_back_{os.getpid()}") as url:
        monkeypatch.setenv("CONSENT_MIRROR__MIRROR__DATABASE", url)
        with world(tmp_path, contacts=PEOPLE) as place:
            wiring.prepare(place.settings, place.tools)
            place.begin()
            place.grant(ANNA)
            file = copied(place, "copy.dump")
            place.wait()
            place.withdraw(ANNA, "newsletter")
            ref = place.person(BO).ref
            assert erase(place.desk, BO, Order()).stage == "erased"
            done = put_back(place, file)
            assert place.state(ANNA) == "WITHDRAWN"
            assert place.person(BO) is None
            with place.mirror.read(place.desk.portal) as work:
                assert work.people.by_ref(ref).overlay is Overlay.ERASED
                assert work.suppression.is_erased(BO)
            assert place.cli("log", "verify", "--payloads").code == 0
            left(place)
        drop(url, str(done.kept))


def drop(url: str, name: str) -> None:
    copies._admin(copies.parse(url), f'DROP DATABASE "{name}"')


def test_the_document_is_json(place: World) -> None:
    assert json.loads(json.dumps(back_up(place.settings.mirror.database, place.folder / "c.db").document()))
