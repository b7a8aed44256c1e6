"""Batches whose size HubSpot documents nowhere: halved when refused, and the size that worked remembered."""

from collections.abc import Callable, Sequence
from typing import Final

from connector.errors import RequestRejected
from connector.hubspot.complaints import Overloaded
from connector.hubspot.gateway import Learned
from mappings.records import BatchAnswers

TOO_MUCH: Final = frozenset({400, 413, 414})

Read = Callable[[Sequence[str]], BatchAnswers]


def in_batches(addresses: Sequence[str], learned: Learned, read: Read) -> BatchAnswers:
    """Read all addresses, each spelling once: a status might belong to the spelling (HQ 24).

    Raises what a batch of one raises when HubSpot is overloaded; a single refused address is `failed`.
    """
    left = list(dict.fromkeys(addresses))
    result = BatchAnswers()
    halver = _Halver(learned, read)
    while left:
        chunk, left = left[: learned.batch_size], left[learned.batch_size :]
        _join(result, halver.read(chunk))
    return result


class _Halver:
    """Reads a chunk, in halves when it is refused.

    The smaller size is remembered only when no single address was refused on the way down: else that
    address was the reason, not the number of them.
    """

    def __init__(self, learned: Learned, read: Read) -> None:
        self._learned = learned
        self._read = read
        self._blamed = 0

    def read(self, chunk: Sequence[str]) -> BatchAnswers:
        try:
            return self._read(chunk)
        except RequestRejected as error:
            if error.status not in TOO_MUCH:
                raise
            if len(chunk) == 1:
                self._blamed += 1
                return BatchAnswers(failed={chunk[0]: error.category or "REJECTED"})
        except Overloaded:
            if len(chunk) == 1:
                raise
        return self._halves(chunk)

    def _halves(self, chunk: Sequence[str]) -> BatchAnswers:
        middle = (len(chunk) + 1) // 2
        size, blamed = self._learned.batch_size, self._blamed
        result = self.read(chunk[:middle])
        _join(result, self.read(chunk[middle:]))
        if self._blamed == blamed and self._learned.batch_size == size:
            self._learned.batch_size = min(size, middle)
        return result


def _join(into: BatchAnswers, more: BatchAnswers) -> None:
    into.answered.update(more.answered)
    into.failed.update(more.failed)
