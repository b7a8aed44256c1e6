"""What takes too long for one request: done by a few threads of our own, a page at a time asks how far it is.

A page never waits for more than a moment, however large the register is and however many ask: threads that
answer requests stay free, and what makes figures and files waits in a line.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Final, TypeVar

#: At once, for all portals: one long file does not keep the figures from being counted.
WORKERS: Final = 2

T = TypeVar("T")


class Workshop:
    """The threads of one web part, from the first work to `close`."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="workshop")

    def begin(self, work: Callable[[], T]) -> "Future[T]":
        """Put it in the line."""
        return self._threads.submit(work)

    def close(self) -> None:
        """What has not begun never will; what has may end: a file is whole or taken back."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> "Workshop":
        return self

    def __exit__(self, *ended: Any) -> None:
        self.close()


def is_done_within(seconds: float, work: "Future[Any]") -> bool:
    """Wait that long at most. True where it has ended, well or not: then `work.result()` tells at once."""
    try:
        work.exception(timeout=seconds)
    except NotYet:
        return False
    return True
