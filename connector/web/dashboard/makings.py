"""Documents that are being made: begun by a form, done beside the pages, told to whoever asked for them."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from connector.clock import Clock
from connector.errors import ConnectorError, Stopped
from connector.logs import get_logger
from connector.web.dashboard.workshop import Workshop, is_done_within

#: A form waits so long; what takes longer is found on the page of documents.
PATIENCE_S: Final = 4.0
#: How many one user may have under way.
MOST: Final = 3
#: How long a page still tells that something went wrong.
TOLD_MS: Final = 15 * 60_000

log = get_logger(room="web")


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """One document under way. `what`: a word of the page's."""

    portal: int
    user: str
    what: str
    began: int
    work: "Future[int]"

    @property
    def error(self) -> ConnectorError | None:
        """Why there is none, where it has ended so."""
        found = self.work.exception() if self.work.done() and not self.work.cancelled() else None
        if found is None or isinstance(found, ConnectorError):
            return found
        return ConnectorError("The document could not be made.", next_step="Look at the service's log.")


@dataclass(frozen=True, slots=True)
class Makings:
    """All of this process. What was cut off by its end stands in the ledger as cut off."""

    workshop: Workshop
    clock: Clock
    _all: list[Making] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def make(self, portal: int, user: str, what: str, how: Callable[[], int]) -> int | None:
        """Begin, and wait a moment: the file's number, or None while it is being made.

        Raises what making it raised, and Stopped where this user has too many under way.
        """
        with self._lock:
            if sum(not each.work.done() for each in self._all if each.user == user) >= MOST:
                raise Stopped(
                    "Several of your documents are still being made.",
                    kind="too_many_documents",
                    next_step="Wait until one is done.",
                )
            made = Making(
                portal=portal, user=user, what=what, began=self.clock.now(), work=self.workshop.begin(how)
            )
            self._all.append(made)
        if not is_done_within(PATIENCE_S, made.work):
            return None
        with self._lock:
            self._all.remove(made)
        if made.error is not None:
            log.warning("document_not_made", what=what, kind=type(made.work.exception()).__name__)
            raise made.error
        return made.work.result()

    def of(self, portal: int, user: str) -> list[Making]:
        """What this user waits for, and what went wrong of late."""
        now = self.clock.now()
        with self._lock:
            self._all[:] = [
                each
                for each in self._all
                if not each.work.done() or (each.error is not None and now - each.began <= TOLD_MS)
            ]
            return [each for each in self._all if each.portal == portal and each.user == user]
