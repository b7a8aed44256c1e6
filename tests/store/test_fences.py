"""A worker that was paused can no longer write once another has taken the portal over."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, create_engine, text

from connector.clock import SeededChance
from connector.errors import DatabaseUnavailable, Temporary
from connector.meters import METERS
from connector.store import fences
from connector.store.mirror import Mirror

from .conftest import KEYS, PORTAL, HandClock, postgresql_database

pytestmark = pytest.mark.postgresql


@pytest.fixture
def place() -> Iterator[str]:
    with postgresql_database(f"cm_fence_{os.getpid()}") as made:
        Mirror.create(made, KEYS, HandClock(), SeededChance(0)).close()
        yield made


@pytest.fixture
def mirror(place: str) -> Iterator[Mirror]:
    opened = Mirror.open(fences.named(place, "worker a"), KEYS, HandClock(), SeededChance(1))
    yield opened
    opened.close()


def test_two_workers_never_have_a_portal_at_once(place: str) -> None:
    with fences.taken(place, PORTAL, "worker a"):
        with pytest.raises(Temporary, match="Another worker"), fences.taken(place, PORTAL, "worker b"):
            pytest.fail("two turns of one portal")
        with fences.taken(place, PORTAL + 1, "worker b"):
            pass
    with fences.taken(place, PORTAL, "worker b") as number:
        assert number == 2


def test_a_silent_worker_loses_its_sessions_and_its_transaction(place: str, mirror: Mirror) -> None:
    url = fences.named(place, "worker a")
    with fences.taken(url, PORTAL, "worker a") as number:
        turn = mirror.fenced(PORTAL, number)
        with turn.write(PORTAL) as work:
            work.meta.put("mine", 1)
        silent_for(place, 21)
        with pytest.raises(DatabaseUnavailable), turn.write(PORTAL) as held:
            held.meta.put("mine", 2)  # paused here, with the locks of a transaction
            assert ended(place) == ["worker a"]
            with fences.taken(place, PORTAL, "worker b") as after:
                assert after == number + 1
            held.meta.put("mine", 3)
        with mirror.read(PORTAL) as work:
            assert work.meta.get("mine") == 1


def test_what_was_begun_before_the_takeover_is_refused_by_its_number(place: str, mirror: Mirror) -> None:
    with fences.taken(place, PORTAL, "worker a") as number:
        pass
    with fences.taken(place, PORTAL, "worker b"):
        stale, before = mirror.fenced(PORTAL, number), METERS.counted("lease_lost").get((), 0)
        with pytest.raises(fences.Fenced), stale.write(PORTAL) as work:
            work.meta.put("stolen", 1)
        with mirror.read(PORTAL) as work:
            assert work.meta.get("stolen") is None
        assert METERS.counted("lease_lost")[()] == before + 1


def test_a_worker_that_beats_keeps_its_portal(place: str) -> None:
    with fences.taken(place, PORTAL, "worker a"):
        silent_for(place, 21)
        with looking(place) as connection:
            fences.beat(connection, "worker a", [PORTAL])
        assert ended(place) == []
        with looking(place) as connection:
            (turn,) = fences.turns(connection)
        assert (turn.portal, turn.worker, turn.silent_s) == (PORTAL, "worker a", 0)
    with looking(place) as connection:
        assert fences.turns(connection)[0].worker is None


def test_a_portal_that_could_not_be_left_is_given_back_by_the_next_beat(place: str) -> None:
    """The database went away at the end of a turn: the row bears the worker's name, and the worker lives."""
    watch = fences.Watch(place)
    with fences.taken(place, PORTAL, "worker a"):
        pass
    with looking(place) as connection:
        fresh = "UPDATE fence SET worker = 'worker a', beat_at = extract(epoch FROM clock_timestamp()) * 1000"
        connection.execute(text(fresh))
    silent_for(place, fences.LEFT_S + 1)
    with watch.at(PORTAL):
        watch.beat("worker a")
        assert [(turn.worker, turn.silent_s) for turn in watch.turns()] == [("worker a", 0)]
    watch.beat("worker a")  # it has only just been left: a turn may be ending
    assert watch.turns()[0].worker == "worker a"
    silent_for(place, fences.LEFT_S + 1)
    watch.beat("worker a")
    assert watch.turns()[0].worker is None
    watch.close()


@contextmanager
def looking(place: str) -> Iterator[Connection]:
    engine = create_engine(place)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def ended(place: str) -> list[str]:
    with looking(place) as connection:
        return fences.end_stale(connection)


def silent_for(place: str, seconds: int) -> None:
    with looking(place) as connection:
        connection.execute(text("UPDATE fence SET beat_at = beat_at - :ms"), {"ms": seconds * 1000})
