"""What a first read costs the client, phase by phase: microseconds of CPU a contact, beside a plain loop.

One thread does one thing after the other (pages, statuses, taking in), so that each has its own CPU time; the
loop runs before and after every part of it, because a busy machine counts more CPU for the same work.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from bench.sampling import Sampler
from connector.acts.desk import Desk
from connector.acts.take_in import Group, take_in
from connector.acts.tally import Tally
from connector.hubspot.feeds import all_contacts
from jobs.ahead import rare_collections
from jobs.reading import PAGE, Reader
from mappings.records import Contact

T = TypeVar("T")
GROUP: Final = 5 * PAGE  # contacts in one transaction
STEPS: Final = 200_000  # of the plain loop, each time
#: What 5,000,000 steps take on the machine that figures are told for.
USUAL_S: Final = 0.35


class Phase:
    """CPU seconds of one phase, and what a step of the loop took meanwhile."""

    def __init__(self) -> None:
        self.cpu_s = 0.0
        self._loops: list[float] = []

    def run(self, act: Callable[[], T]) -> T:
        """Do a part of it."""
        self._loops.append(_loop_s())
        start = time.process_time()
        done = act()
        self.cpu_s += time.process_time() - start
        self._loops.append(_loop_s())
        return done

    def told(self, contacts: int) -> dict[str, float]:
        """A contact's share in microseconds: as measured, and for the usual machine."""
        loop_s = sum(self._loops) / len(self._loops) * 5_000_000 / STEPS
        each = self.cpu_s / max(contacts, 1) * 1e6
        return {
            "us": round(each, 1),
            "usual_us": round(each * USUAL_S / loop_s, 1),
            "loop_s": round(loop_s, 3),
        }


def phases(desk: Desk) -> dict[str, Any]:
    """Read everything, then take it in; the figures."""
    reader = Reader(desk, Tally())
    pages, statuses, writing = Phase(), Phase(), Phase()
    listed: list[Contact] = []
    feed = iter(all_contacts(desk.hubspot))
    while page := pages.run(lambda: next(feed, None)):
        listed += page.contacts
    groups = [
        statuses.run(lambda part=part: Group(part, reader.preferences(part))) for part in _parts(listed)
    ]
    with rare_collections(), Sampler() as sampler:
        for group in groups:
            writing.run(lambda group=group: _taken_in(desk, group))
    told = {"pages": pages, "statuses": statuses, "taking in": writing}
    return {
        "contacts": len(listed),
        "phases": {name: phase.told(len(listed)) for name, phase in told.items()},
        "taking_in": sampler.shares(),
    }


def _taken_in(desk: Desk, group: Group) -> None:
    with desk.mirror.write(desk.portal) as work:
        take_in(desk, work, group, Tally())


def _parts(contacts: Sequence[Contact]) -> Iterator[Sequence[Contact]]:
    for start in range(0, len(contacts), GROUP):
        yield contacts[start : start + GROUP]


def _loop_s() -> float:
    start, total = time.process_time(), 0
    for step in range(STEPS):
        total += step * step
    return time.process_time() - start
