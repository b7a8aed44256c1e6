"""How far a reading is, on stderr: a bar at a terminal, else a line now and then, with --json nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from connector.clock import Clock
from jobs import output
from jobs.backfill import Progress as Reached
from jobs.backfill import Tell

LINE_EVERY_S: Final = 30.0
DAY_EVERY_S: Final = 5.0  # the day's calls are looked up so often at most
SOON_S: Final = 0.5  # before that a rate says nothing


class Day(Protocol):
    """The portal's day so far: calls of ours, and what bulk work may use (None: HubSpot never said)."""

    @property
    def used(self) -> int:
        """Calls by all processes of ours."""

    @property
    def ours(self) -> int | None:
        """What they may come to."""


@contextmanager
def told(clock: Clock, day: Callable[[], Day], *, silent: bool) -> Iterator[Tell | None]:
    """What to tell the progress to; None where nobody is to hear."""
    if silent:
        yield None
        return
    words = Words(clock, day)
    console = output.stderr()
    if not console.is_terminal:
        yield _lines(clock, words, lambda line: console.print(line, markup=False))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, console=console, transient=False) as progress:
        task = progress.add_task("backfill", total=None, said="")

        def tell(reached: Reached) -> None:
            progress.update(task, completed=reached.contacts, total=reached.total, said=words(reached))

        yield tell


def _lines(clock: Clock, words: "Words", show: Callable[[str], None]) -> Tell:
    """A line at once, and one every half a minute."""
    last: float | None = None

    def tell(reached: Reached) -> None:
        nonlocal last
        said, now = words(reached), clock.monotonic()
        if last is None or now - last >= LINE_EVERY_S:
            last = now
            show(f"backfill: {said}")

    return tell


class Words:
    """One line about how far it is."""

    def __init__(self, clock: Clock, day: Callable[[], Day]) -> None:
        self._clock = clock
        self._day = day
        self._started = clock.monotonic()
        self._first: int | None = None  # what an earlier run had read says nothing about this one's pace
        self._share = ""
        self._looked: float | None = None

    def __call__(self, reached: Reached) -> str:
        """Contacts of how many, contacts a second, time left, calls, their share of the day's."""
        if self._first is None:
            self._first = reached.contacts
        seconds = self._clock.monotonic() - self._started
        rate = (reached.contacts - self._first) / seconds if seconds > SOON_S else 0.0
        of = "" if reached.total is None else f" of {max(reached.total, reached.contacts):,}"
        parts = [f"{reached.contacts:,}{of} contacts", f"{rate:,.0f} a second"]
        if reached.total is not None and rate:
            parts.append(f"{_spoken(max(0, reached.total - reached.contacts) / rate)} left")
        return ", ".join([*parts, f"{reached.requests:,} calls", *self._of_the_day()])

    def _of_the_day(self) -> list[str]:
        now = self._clock.monotonic()
        if self._looked is None or now - self._looked >= DAY_EVERY_S:
            self._looked, day = now, self._day()
            self._share = f"{day.used / day.ours:.1%} of the day's {day.ours:,}" if day.ours else ""
        return [self._share] if self._share else []


def _spoken(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {left} s" if minutes else f"{left} s"


Bar = Callable[[int, int | None, str], None]


@contextmanager
def bar(what: str) -> Iterator[Bar]:
    """A progress bar on stderr for other long readings: how many of how many, the rate, time left."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=output.stderr(), transient=False) as progress:
        task: TaskID = progress.add_task(what, total=None, rate="")

        def tell(done: int, total: int | None, rate: str) -> None:
            progress.update(task, completed=done, total=total, rate=rate)

        yield tell
