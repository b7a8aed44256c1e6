"""What can come between the product and its neighbours: something that happens, or the end of the process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mappings.records import StatusRow
from mappings.words import Status


class Between:
    """A HubSpot port that lets something happen right before one of its calls leaves."""

    def __init__(self, hubspot: Any, before: Callable[[str, tuple[Any, ...]], None]) -> None:
        self._hubspot = hubspot
        self._before = before

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._hubspot, name)
        if not callable(found):
            return found

        def called(*args: Any, **named: Any) -> Any:
            self._before(name, args)
            return found(*args, **named)

        return called


class Deaf:
    """HubSpot says that it wrote, and did not: an index that lags, a workflow in the same second."""

    def __init__(self, hubspot: Any) -> None:
        self._hubspot = hubspot

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hubspot, name)

    def set_status(self, email: str, subscription: int, status: Status, **_: Any) -> StatusRow:
        return StatusRow(address=email, subscription=subscription, status=status)

    def unsubscribe_all(self, email: str) -> None:
        """Nothing happens."""


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, no clean-up either."""


@dataclass
class Death:
    """Comes at the `at`-th moment that is counted; afterwards every moment finds the process dead."""

    at: int = 0  # 0: never, only count
    seen: int = 0

    def moment(self) -> None:
        self.seen += 1
        if self.at and self.seen >= self.at:
            raise Killed


class MortalHubSpot:
    """A port whose process may die right after each call: what it did is done, and nobody knows."""

    def __init__(self, hubspot: Any, death: Death) -> None:
        self._hubspot = hubspot
        self._death = death

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._hubspot, name)
        if not callable(found):
            return found

        def called(*args: Any, **named: Any) -> Any:
            answer = found(*args, **named)
            self._death.moment()
            return answer

        return called


class MortalMirror:
    """A mirror whose process may die right after each commit; before it is as after the call before it."""

    def __init__(self, mirror: Any, death: Death) -> None:
        self._mirror = mirror
        self._death = death

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mirror, name)

    @contextmanager
    def write(self, portal: int) -> Iterator[Any]:
        with self._mirror.write(portal) as work:
            yield work
        self._death.moment()
