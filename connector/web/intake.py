"""Noes are taken in groups and pushed at once: one transaction, one fsync for all that came together.

A page waits until its no is on disk, and no longer: HubSpot is told by threads of this process, with the last
calls of a window, and what they cannot do now the daemon repeats (design 4.2, 4.11).
"""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from connector.acts.desk import Desk
from connector.acts.pin import check_portal
from connector.acts.tally import Tally
from connector.acts.withdraw import sent
from connector.errors import ConnectorError, Temporary
from connector.logs import get_logger
from connector.store.work import Work

#: What one transaction takes at most: it stays well under 100 ms (design 4.6).
GROUP: Final = 64
PUSHERS: Final = 4
#: How long the portal's identity holds before it is asked again, in ms.
PINNED_MS: Final = 30_000
#: What waits for a pusher beyond this is left to the daemon's own push, noes first.
WAITING: Final = 1_000
_END: Final = None

Write = Callable[[Work], Sequence[str]]
log = get_logger(room="web")


@dataclass(slots=True)
class _Item:
    write: Write
    done: "Future[Sequence[str]]" = field(default_factory=Future)


class Intake:
    """The noes of one portal. `stop` ends it once what was accepted is on disk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._items: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._refs: queue.Queue[Sequence[str] | None] = queue.Queue(WAITING)
        self._pinned_until = 0
        self._pin = threading.Lock()
        self._threads = [
            threading.Thread(target=self._take, name="intake", daemon=True),
            *(threading.Thread(target=self._push, name="pusher", daemon=True) for _ in range(PUSHERS)),
        ]
        for thread in self._threads:
            thread.start()

    def accept(self, write: Write) -> None:
        """Do a write together with others, wait until it is on disk, and have it pushed.

        `write` may be called twice: where one of a group fails, each is tried alone. Raises what it raises.
        """
        item = _Item(write)
        self._items.put(item)
        item.done.result()

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
        ended = False
        while not ended:
            first = self._items.get()
            if first is _END:
                return
            group = [first]
            while len(group) < GROUP:
                try:
                    item = self._items.get_nowait()
                except queue.Empty:
                    break
                if item is _END:
                    ended = True
                    break
                group.append(item)
            self._write(group)

    def _write(self, group: list[_Item], *, again: bool = True) -> None:
        try:
            with self._desk.mirror.write(self._desk.portal) as work:
                made = [item.write(work) for item in group]
        except Temporary as error:  # nobody's fault: one by one, each would wait as long as all together
            if again:
                self._write(group, again=False)
                return
            for item in group:
                item.done.set_exception(error)
            return
        except Exception as error:
            if len(group) == 1:
                group[0].done.set_exception(error)
                return
            for item in group:  # one of them is at fault, and nobody else's no waits for it
                self._write([item])
            return
        for item, refs in zip(group, made, strict=True):
            item.done.set_result(refs)
            if refs:
                self._hand_over(refs)

    def _hand_over(self, refs: Sequence[str]) -> None:
        try:
            self._refs.put_nowait(refs)
        except queue.Full:
            log.warning("pushers_busy")  # the daemon's push goes on with it

    def _push(self) -> None:
        while (refs := self._refs.get()) is not _END:
            try:
                self._check()
                sent(self._desk, refs, Tally(), pinned=True)
            except ConnectorError as error:
                log.warning("push_later", kind=type(error).__name__)
            except Exception as error:
                log.error("push_broke", kind=type(error).__name__, exc_info=error)

    def _check(self) -> None:
        """Whose portal it is: asked once in a while, not for each no. Raises ConfigurationError."""
        with self._pin:
            if self._desk.clock.now() < self._pinned_until:
                return
            check_portal(self._desk, urgent=True)
            self._pinned_until = self._desk.clock.now() + PINNED_MS
