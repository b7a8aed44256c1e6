"""Noes are taken in groups and pushed at once: one transaction, one fsync for all that came together.

A page waits until its no is on disk, and no longer: HubSpot is told by threads of this process, with the last
calls of a window, and what they cannot do now the daemon repeats (design 4.2, 4.11).
"""

import asyncio
import math
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Final, TypeAlias

from connector.acts.choices import Stop
from connector.acts.desk import Desk
from connector.acts.late_stops import take_stops
from connector.acts.pin import check_portal
from connector.acts.push import push
from connector.acts.tally import Tally
from connector.errors import ConnectorError, Temporary
from connector.logs import get_logger
from connector.store.work import Work

#: What one transaction takes at most: it stays under 100 ms (design 4.6).
GROUP: Final = 128
#: How long the first of a group waits for others: a group of one costs ten times what one of many does.
GATHER_S: Final = 0.025
#: No press is answered sooner: what is written for somebody known takes longer than the nothing for somebody
#: unknown or erased, and an answer's time must not tell which it was.
ANSWER_S: Final = 0.05
#: Threads that tell HubSpot: a letter takes three calls of a quarter of a second; the limiter paces them all.
PUSHERS: Final = 8
#: A group of more than this is a crowd: taking noes in goes before telling HubSpot of them. Its limit allows
#: some six letters a second in any case, and both share one lock of Python and one writer of the database.
CROWD: Final = PUSHERS
#: While a crowd is taken in, and so long after it, all pushers but one hold back.
CALM_S: Final = 0.5
#: How long the portal's identity holds before it is asked again, in ms.
PINNED_MS: Final = 30_000
#: What waits for a pusher beyond this is left to the daemon's own push, noes first.
WAITING: Final = 1_000
_END: Final = None

Refs: TypeAlias = Sequence[str]
Write: TypeAlias = Callable[[Work], Refs]
log = get_logger(room="web")


@dataclass(slots=True)
class _Item:
    """What is asked for, and who waits for it: a thread, or something in an event loop."""

    asked: Stop | Write
    done: "Future[Refs] | asyncio.Future[Refs]"
    loop: asyncio.AbstractEventLoop | None = None

    def tell(self, answer: "Refs | Exception") -> None:
        """Once, in the loop where it waits; whoever has given up hears nothing."""
        if self.done.done():
            return
        if isinstance(answer, Exception):
            self.done.set_exception(answer)
        else:
            self.done.set_result(answer)


class Intake:
    """The noes of one portal. `stop` ends it once what was accepted is on disk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._items: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._refs: queue.Queue[str | None] = queue.Queue(WAITING)
        self._pinned_until = 0
        self._pin = threading.Lock()
        self._still = threading.Event()  # never set: what is waited by
        self._crowded_until = 0.0  # of the monotonic clock
        self._threads = [
            threading.Thread(target=self._take, name="intake", daemon=True),
            *(
                threading.Thread(target=self._push, args=(number,), name="pusher", daemon=True)
                for number in range(PUSHERS)
            ),
        ]
        for thread in self._threads:
            thread.start()

    async def take(self, stop: Stop) -> None:
        """Record a no together with others, return once it is on disk, and have it pushed.

        Raises what the store raises; then nothing was recorded.
        """
        loop = asyncio.get_running_loop()
        soonest = loop.time() + ANSWER_S
        done: asyncio.Future[Refs] = loop.create_future()
        self._items.put(_Item(stop, done, loop))
        await done
        await asyncio.sleep(soonest - loop.time())

    def take_now(self, stop: Stop) -> None:
        """The same for a page that has a thread of its own."""
        waited = self._desk.clock.monotonic
        soonest = waited() + ANSWER_S
        self._put(stop).result()
        self._still.wait(soonest - waited())

    def accept(self, write: Write) -> None:
        """Do any other write in its turn among them, and wait until it is on disk.

        `write` may be called twice: where one of a group fails, each is tried alone. Raises what it raises.
        """
        self._put(write).result()

    def _put(self, asked: Stop | Write) -> "Future[Refs]":
        done: Future[Refs] = Future()
        self._items.put(_Item(asked, done))
        return done

    def stop(self) -> None:
        """What was accepted is written; what is being pushed may end."""
        self._items.put(_END)
        self._threads[0].join(timeout=10)
        for _ in self._threads[1:]:
            try:
                self._refs.put(_END, timeout=1)
            except queue.Full:
                break  # the threads end with the process; the daemon repeats what waits
        for thread in self._threads[1:]:
            thread.join(timeout=3)

    def _take(self) -> None:
        while (first := self._items.get()) is not _END:
            group = [first]
            ended = self._gather(group)
            crowd = len(group) > CROWD
            if crowd:
                self._crowded_until = math.inf
            self._write(group)
            if crowd:
                self._crowded_until = self._desk.clock.monotonic() + CALM_S
            if ended:
                return

    def _gather(self, group: list[_Item]) -> bool:
        """What comes together with the first one; True where the end was among it."""
        self._still.wait(GATHER_S)
        while len(group) < GROUP:
            try:
                item = self._items.get_nowait()
            except queue.Empty:
                break
            if item is _END:
                return True
            group.append(item)
        return False

    def _write(self, group: list[_Item], *, again: bool = True) -> None:
        try:
            with self._desk.mirror.write(self._desk.portal) as work:
                made = [refs for part in _runs(group) for refs in self._written(work, part)]
        except Temporary as error:  # nobody's fault: one by one, each would wait as long as all together
            if again:
                self._write(group, again=False)
                return
            _tell([(item, error) for item in group])
            return
        except Exception as error:
            if len(group) == 1:
                _tell([(group[0], error)])
                return
            for item in group:  # one of them is at fault, and nobody else's no waits for it
                self._write([item])
            return
        _tell(list(zip(group, made, strict=True)))
        self._hand_over({ref: None for refs in made for ref in refs})

    def _written(self, work: Work, part: Sequence[_Item]) -> Sequence[Refs]:
        stops = [item.asked for item in part if isinstance(item.asked, Stop)]
        if stops:
            return take_stops(self._desk, work, stops)
        return [item.asked(work) for item in part if not isinstance(item.asked, Stop)]

    def _hand_over(self, refs: Iterable[str]) -> None:
        """Address by address: somebody who has several waits for none of them to be through."""
        left = 0
        for ref in refs:
            try:
                self._refs.put_nowait(ref)
            except queue.Full:
                left += 1
        if left:
            log.warning("pushers_busy", left=left)  # the daemon's push goes on with them

    def _push(self, number: int) -> None:
        while (ref := self._next(number)) is not _END:
            try:
                self._check()
                push(self._desk, Tally(), refs=[ref], urgent_only=True, pinned=True)
            except ConnectorError as error:
                log.warning("push_later", kind=type(error).__name__)
            except Exception as error:
                log.error("push_broke", kind=type(error).__name__, exc_info=error)

    def _next(self, number: int) -> str | None:
        """What this pusher tells HubSpot next; while many press, only the first of them goes on."""
        while number and (left := self._crowded_until - self._desk.clock.monotonic()) > 0:
            self._still.wait(min(left, CALM_S))
        return self._refs.get()

    def _check(self) -> None:
        """Whose portal it is: asked once in a while, not for each no. Raises ConfigurationError."""
        with self._pin:
            if self._desk.clock.now() < self._pinned_until:
                return
            check_portal(self._desk, urgent=True)
            self._pinned_until = self._desk.clock.now() + PINNED_MS


def _tell(answers: Sequence[tuple[_Item, "Refs | Exception"]]) -> None:
    """To all who wait. An event loop is woken once for all of its own: that is a call of the system each."""
    there: dict[asyncio.AbstractEventLoop, list[tuple[_Item, Refs | Exception]]] = {}
    for item, answer in answers:
        if item.loop is None:
            item.tell(answer)
        else:
            there.setdefault(item.loop, []).append((item, answer))
    for loop, mine in there.items():
        with suppress(RuntimeError):  # the server has stopped: nobody waits there any more
            loop.call_soon_threadsafe(_tell_here, mine)


def _tell_here(answers: Sequence[tuple[_Item, "Refs | Exception"]]) -> None:
    for item, answer in answers:
        item.tell(answer)


def _runs(group: Sequence[_Item]) -> Iterator[list[_Item]]:
    """Noes that follow each other are taken together; nothing overtakes what came before it."""
    for _, run in groupby(group, lambda item: isinstance(item.asked, Stop)):
        yield list(run)
