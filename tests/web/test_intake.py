"""Noes at the door: those that come together are one transaction, and one that fails keeps no other."""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import update

from connector import wiring_web
from connector.acts.links import links_of
from connector.store import tables
from connector.store.mirror import Mirror
from connector.store.work import Work
from connector.web import intake
from connector.web.intake import Intake
from connector.web.server import WebServer
from mappings.records import Preferences
from tests.web.conftest import PUBLIC, Visitor
from tests.web.test_person import wait_for
from tests.world import EVA, World, world

MANY = [f"person{number}@example.org" for number in range(12)]


@pytest.fixture
def here(tmp_path) -> Iterator[World]:
    with world(tmp_path, extra=PUBLIC, contacts=MANY) as made:
        made.begin()
        yield made


class Counted:
    """A mirror whose transactions for the web part are counted, and whose door may be held shut."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self.sizes: list[int] = []
        self.door, self.entered = threading.Event(), threading.Event()

    def first(self) -> "Counted":
        return self

    @contextmanager
    def write(self, portal: int) -> Iterator[Work]:
        with self._mirror.write(portal) as work:
            self.entered.set()
            self.door.wait(60)
            before = work.log.size()
            yield work
            self.sizes.append(sum(h.type == "object" for h in work.log.headers(before)))

    def __getattr__(self, name: str) -> object:
        return getattr(self._mirror, name)


@contextmanager
def served(here: World, mirror: Counted) -> Iterator[WebServer]:
    with wiring_web.web_of(here.settings, [replace(here.desk, mirror=mirror)], here.tools) as web:  # type: ignore[arg-type]  # it passes on all else
        assert web is not None
        yield web


def pressed(web: WebServer, urls: list[str]) -> Callable[[], list[int]]:
    """All at once; the statuses once they are there."""
    pool = ThreadPoolExecutor(len(urls))
    asked = [pool.submit(Visitor(web).press, each, **{"List-Unsubscribe": "One-Click"}) for each in urls]

    def answers() -> list[int]:
        found = [each.result(timeout=60).status for each in asked]
        pool.shutdown()
        return found

    return answers


def test_presses_that_come_together_are_one_transaction(here: World, monkeypatch) -> None:
    monkeypatch.setattr(intake, "PUSHERS", 0)
    mirror, asked, item = Counted(here.mirror), list[Any](), intake._Item
    monkeypatch.setattr(intake, "_Item", lambda *what: asked.append(what) or item(*what))
    urls = [links_of(here.desk, address).one_click for address in MANY]
    with served(here, mirror) as web:
        first = pressed(web, urls[:1])
        assert mirror.entered.wait(60)  # it is taken, and waits at the door
        others = pressed(web, urls[1:])
        wait_for(lambda: len(asked) == len(MANY))
        mirror.door.set()
        assert {*first(), *others()} == {200}
    assert mirror.sizes == [1, len(MANY) - 1]
    assert {here.state(address) for address in MANY} == {"WITHDRAWN"}


def test_one_that_fails_keeps_no_other_from_being_recorded(here: World, monkeypatch) -> None:
    """Somebody's address row is damaged: their press is our defect, and nobody else's."""
    monkeypatch.setattr(intake, "PUSHERS", 0)
    mirror = Counted(here.mirror)
    urls = [links_of(here.desk, address).one_click for address in MANY]
    damaged = here.person(MANY[5])
    assert damaged is not None
    theirs = update(tables.address).where(tables.address.c.person_id == damaged.id)
    with here.mirror.write(here.desk.portal) as work:
        work.people._connection.execute(theirs.values(sealed=b"\0"))
    with served(here, mirror) as web:
        answers = pressed(web, urls)
        time.sleep(0.3)
        mirror.door.set()
        assert answers() == [500 if number == 5 else 200 for number in range(len(MANY))]
    with here.mirror.read(here.desk.portal) as work:
        noes = [header.subject_ref for header in work.log.headers() if header.type == "object"]
    assert len(noes) == len(MANY) - 1
    assert damaged.ref not in noes


def test_a_press_of_somebody_unknown_takes_as_long(here: World, monkeypatch) -> None:
    """There is nothing to write for them, and their answer is not there sooner."""
    monkeypatch.setattr(intake, "ANSWER_S", 1.0)
    mirror = Counted(here.mirror)
    mirror.door.set()
    known, gone = links_of(here.desk, MANY[0]), links_of(here.desk, MANY[1])
    erased = here.person(MANY[1])
    assert erased is not None
    with here.mirror.write(here.desk.portal) as work:
        work.people.shred(erased.id)
    with served(here, mirror) as web:
        for url in (known.one_click, gone.one_click, known.unsubscribe, gone.unsubscribe):
            started = time.monotonic()
            assert Visitor(web).press(url, stop="*").status == 200
            assert time.monotonic() - started >= 1.0


class Together:
    """A HubSpot that answers the first question about an address once another one is asked about too."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self._seen: set[str] = set()
        self.both = threading.Barrier(2, timeout=60)

    def preferences(self, email: str, **more: Any) -> Preferences:
        if email not in self._seen:
            self._seen.add(email)
            self.both.wait()
        return self._real.preferences(email, **more)  # type: ignore[no-any-return]  # the real one

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_the_addresses_of_one_person_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Three calls of a quarter of a second each: the second address would be told a second later."""
    other = "eva.other@example.org"
    with world(tmp_path, extra=PUBLIC, contacts=()) as here:
        number = here.create(EVA)
        contact = here.sandbox.engine.rooms.portal.live(number)
        assert contact is not None
        contact.additional = (other,)
        here.begin()
        assert here.ref(other) in refs_of(here, EVA)
        url = links_of(here.desk, EVA).one_click
        with wiring_web.web_of(here.settings, [here.wrapped(Together)], here.tools) as web:
            assert web is not None
            assert Visitor(web).press(url).status == 200
            until = time.monotonic() + 60
            while not all(map(here.opted_out_of_all, (EVA, other))):
                assert time.monotonic() < until, "one address waited for the other"
                time.sleep(0.05)


@pytest.fixture
def alone(here: World, monkeypatch) -> Iterator[Intake]:
    """An intake that nobody pushes for: the test does."""
    monkeypatch.setattr(intake, "PUSHERS", 0)
    made = Intake(here.desk)
    yield made
    made.stop()


def test_while_a_crowd_is_taken_in_one_pusher_goes_on_and_the_others_follow(alone: Intake) -> None:
    """Taking noes in goes before telling HubSpot of them, and yet no flood keeps a letter for good."""
    alone._crowded_until = math.inf
    for ref in ("first", "second"):
        alone._refs.put(ref)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(alone._next, 1)
        assert alone._next(0) == "first"
        time.sleep(2 * intake.CALM_S)
        assert not other.done()
        alone._crowded_until = time.monotonic()
        assert other.result(timeout=60) == "second"


@pytest.mark.parametrize(("many", "expected"), [(3, math.inf), (2, 0.0)])
def test_many_at_once_are_a_crowd_until_a_while_after_they_are_written(
    alone: Intake, monkeypatch, many: int, expected: float
) -> None:
    monkeypatch.setattr(intake, "CROWD", 2)
    monkeypatch.setattr(intake, "GATHER_S", 1.0)
    seen: list[float] = []

    def write(work: Work) -> tuple[str, ...]:
        seen.append(alone._crowded_until)
        return ()

    began = time.monotonic()
    with ThreadPoolExecutor(many) as pool:
        for each in [pool.submit(alone.accept, write) for _ in range(many)]:
            each.result(timeout=60)
    assert seen == [expected] * many
    alone.accept(write)  # the one before has ended
    assert began < seen[-1] < math.inf if expected else seen[-1] == 0.0


def test_one_that_was_given_up_hears_nothing_and_keeps_nobody_from_hearing() -> None:
    async def waits() -> tuple[bool, object]:
        loop = asyncio.get_running_loop()
        gone, here = (intake._Item(nothing, loop.create_future(), loop) for _ in range(2))
        gone.done.cancel()
        threading.Thread(target=intake._tell, args=([(gone, ()), (here, ("ref",))],)).start()
        return gone.done.cancelled(), await cast("asyncio.Future[object]", here.done)

    assert asyncio.run(waits()) == (True, ("ref",))


def test_a_loop_that_has_ended_does_not_end_the_intake() -> None:
    async def made() -> intake._Item:
        loop = asyncio.get_running_loop()
        return intake._Item(nothing, loop.create_future(), loop)

    there, here = asyncio.run(made()), intake._Item(nothing, Future())
    intake._tell([(there, ()), (here, ())])
    assert here.done.result() == ()


def nothing(work: Work) -> tuple[str, ...]:
    raise AssertionError("nobody writes this")


def refs_of(here: World, address: str) -> set[str]:
    person = here.person(address)
    assert person is not None
    with here.mirror.read(here.desk.portal) as work:
        return {each.ref for each in work.people.addresses([person.id])[person.id]}
