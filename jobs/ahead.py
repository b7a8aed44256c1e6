"""Reads on while a page is written: the next pages and their statuses come in beside the database's work.

Pages keep their order and each is handed over whole, so that a cursor written with it is true. At most DEPTH
pages wait, whatever the register's size. Addresses fill batches across pages: a page of a hundred contacts
has a few more addresses than a batch takes, and a second batch for those would cost as much as the first.
"""

import gc
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Queue
from typing import Any, Generic, Protocol, TypeVar

from mappings.records import Answer, Contact, Preferences

DEPTH = 10  # pages that wait for their statuses and to be written: HubSpot gives up to seven a second
WORKERS = 12  # batches at once, where HubSpot's answer takes half a second; made as they are needed
BATCH = 100
UNCOLLECTED = 200_000  # objects that may be made and not freed before a collection: some ten megabytes


class Listed(Protocol):
    """A page of contacts."""

    @property
    def contacts(self) -> Sequence[Contact]:
        """Whom it lists."""


P = TypeVar("P", bound=Listed)
Statuses = Mapping[str, Preferences | Answer]
Spell = Callable[[Sequence[Contact]], dict[str, str]]
Read = Callable[[dict[str, str]], Statuses]


@dataclass(slots=True, eq=False)
class Ready(Generic[P]):
    """One page, those of its contacts that are wanted, and where their statuses come from."""

    page: P
    wanted: Sequence[Contact]
    names: Sequence[str] = ()
    batches: list["Future[Statuses]"] = field(default_factory=list)
    complete: threading.Event = field(default_factory=threading.Event)  # every batch has been asked for

    def statuses(self) -> dict[str, Preferences | Answer]:
        """By normalised address, once all have come. Raises what the reading raised."""
        self.complete.wait()
        found: dict[str, Preferences | Answer] = {}
        for batch in self.batches:
            found.update(batch.result())
        return {name: found[name] for name in self.names if name in found}


@dataclass(frozen=True, slots=True)
class Plan(Generic[P]):
    """How pages are taken apart. `choose` says whom to take in; `spell` gives normalised address -> spelling;
    `read` reads up to a hundred of them, None: no statuses. All three run beside the caller."""

    choose: Callable[[P], Sequence[Contact]]
    spell: Spell
    read: Read | None = None


@contextmanager
def ahead(pages: Iterator[P], plan: Plan[P]) -> Iterator["Pages[P]"]:
    """Pages in order, read ahead. Raises what reading raised, at the page where it was raised."""
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="statuses")
    reader = _Reader(pages, plan, pool)
    thread = threading.Thread(target=reader.run, name="pages", daemon=True)
    thread.start()
    try:
        with rare_collections():
            yield Pages(reader)
    finally:
        reader.stop()
        thread.join()
        pool.shutdown(cancel_futures=True)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Pages hold no cycles: looking for some after every 700 objects would take a tenth of the time.

    What was there before them stays, and is not looked through either.
    """
    before = gc.get_threshold()
    gc.set_threshold(UNCOLLECTED, *before[1:])
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


class _Reader(Generic[P]):
    """The thread that reads pages and asks for statuses."""

    def __init__(self, pages: Iterator[P], plan: Plan[P], pool: ThreadPoolExecutor) -> None:
        self._pages = pages
        self._plan = plan
        self._batches = _Batches(plan.read, pool)
        self._queue: Queue[Ready[P] | BaseException | None] = Queue()
        self._room = threading.Semaphore(DEPTH)
        self._stopped = False

    def run(self) -> None:
        """Read to the end; what goes wrong is handed over in its place."""
        try:
            for page in self._pages:
                self._room.acquire()
                if self._stopped:
                    return
                self._queue.put(self._taken_apart(page))
            self._batches.finish()
            self._queue.put(None)
        except BaseException as error:
            self._batches.finish()
            self._queue.put(error)

    def next(self) -> Ready[P] | None:
        """The next page, None at the end. Raises what reading raised."""
        found = self._queue.get()
        if found is None or isinstance(found, BaseException):
            self._queue.put(found)  # whoever asks again hears the same
            if found is None:
                return None
            raise found
        self._room.release()
        return found

    def waits(self) -> bool:
        """A page has been read already."""
        head = self._queue.queue[0] if self._queue.queue else None
        return isinstance(head, Ready)

    def stop(self) -> None:
        """No further page is read."""
        self._stopped = True
        self._room.release()

    def _taken_apart(self, page: P) -> Ready[P]:
        wanted = self._plan.choose(page)
        spelled = self._plan.spell(wanted) if self._plan.read is not None else {}
        ready = Ready(page, wanted, list(spelled))
        self._batches.add(ready, spelled)
        return ready


class Pages(Generic[P]):
    """What the caller iterates over."""

    def __init__(self, reader: _Reader[P]) -> None:
        self._reader = reader

    def __iter__(self) -> "Pages[P]":
        return self

    def __next__(self) -> Ready[P]:
        found = self._reader.next()
        if found is None:
            raise StopIteration
        return found

    def together(self, most: Callable[[], int]) -> Iterator[list[Ready[P]]]:
        """The next page with those that wait already, up to `most` of them: to be written as one."""
        for first in self:
            group, limit = [first], most()
            while len(group) < limit and self._reader.waits():
                group.append(next(self))
            yield group


class _Batches:
    """Fills batches of a hundred; no page waits for more than the one after it."""

    def __init__(self, read: Read | None, pool: ThreadPoolExecutor) -> None:
        self._read = read
        self._pool = pool
        self._left: dict[str, str] = {}
        self._waiting: list[Ready[Any]] = []  # pages with addresses in `_left`

    def add(self, ready: Ready[Any], spelled: dict[str, str]) -> None:
        """Ask for what fills a batch, and for what an earlier page still waits for."""
        earlier = bool(self._left)
        for name, address in spelled.items():
            self._left[name] = address
            if ready not in self._waiting[-1:]:
                self._waiting.append(ready)
            if len(self._left) == BATCH:
                self._ask(ready)
                earlier = False
        if earlier and self._left:
            self._ask(ready)
        if ready not in self._waiting:
            ready.complete.set()

    def finish(self) -> None:
        """Ask for the rest."""
        if self._left:
            self._ask(None)
        for each in self._waiting:
            each.complete.set()

    def _ask(self, current: Ready[Any] | None) -> None:
        assert self._read is not None  # noqa: S101 - without it no address is ever added
        batch = self._pool.submit(self._read, self._left)
        self._left = {}
        for each in self._waiting:
            each.batches.append(batch)
            if each is not current:
                each.complete.set()
        self._waiting = []
