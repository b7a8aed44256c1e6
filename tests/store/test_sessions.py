"""Sessions end: by sign-out, idle, age, and with the user's password, role or removal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.store.sessions import IDLE_MS, LONGEST_MS
from connector.store.users import Role
from tests.world import World, world

SECRET = "s" * 43
PASSWORD = "correct horse battery"


@pytest.fixture(name="w")
def _w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        with made.mirror.write(made.desk.portal) as work:
            work.users.add("anna", Role.DPO, PASSWORD, made.now)
            work.sessions.begin(SECRET, "anna", made.now)
        yield made


def standing(w: World) -> bool:
    with w.mirror.read(w.desk.portal) as work:
        return work.sessions.get(SECRET, w.now) is not None


def test_a_session_is_known_by_its_secret_only(w: World) -> None:
    assert standing(w)
    with w.mirror.read(w.desk.portal) as work:
        assert work.sessions.get("t" * 43, w.now) is None
    assert SECRET.encode() not in (w.folder / "mirror.db").read_bytes()
    assert SECRET.encode() not in (w.folder / "mirror.db-wal").read_bytes()


def test_it_ends_when_nobody_is_there(w: World) -> None:
    w.wait(IDLE_MS - 1)
    assert standing(w)
    w.wait(1)
    assert not standing(w)


def test_being_there_prolongs_it_but_not_for_ever(w: World) -> None:
    for _ in range(LONGEST_MS // (IDLE_MS - 1000)):
        w.wait(IDLE_MS - 1000)
        with w.mirror.write(w.desk.portal) as work:
            work.sessions.seen(SECRET, w.now)
    assert standing(w)
    w.wait(IDLE_MS - 1000)
    assert not standing(w)


@pytest.mark.parametrize("how", ["end", "remove", "set_role", "set_password", "end_all_of"])
def test_it_ends_with_what_it_rests_on(w: World, how: str) -> None:
    with w.mirror.write(w.desk.portal) as work:
        match how:
            case "end":
                work.sessions.end(SECRET)
            case "remove":
                work.users.remove("anna")
            case "set_role":
                work.users.set_role("anna", Role.VIEWER)
            case "set_password":
                work.users.set_password("anna", PASSWORD + "!")
            case _:
                assert work.sessions.end_all_of("anna") == 1
    assert not standing(w)


def test_a_sign_in_sweeps_away_what_is_over(w: World) -> None:
    w.wait(IDLE_MS)
    with w.mirror.write(w.desk.portal) as work:
        work.sessions.begin("t" * 43, "anna", w.now)
        assert work.sessions.end_all_of("anna") == 1
