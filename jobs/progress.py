"""How far a reading is, on stderr: a bar at a terminal, else a line now and then, with --json nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from connector.acts.under_way import UnderWay, next_of
from connector.clock import Clock
from jobs import output
from jobs.reading import Progress as Reached
from jobs.reading import Tell, untold

LINE_EVERY_S: Final = 30.0
DAY_EVERY_S: Final = 5.0  # the day's calls are looked up so often at most


class Day(Protocol):
    """The portal's day so far: calls of ours, and what bulk work may use (None: HubSpot never said)."""

    @property
    def used(self) -> int:
        """Calls by all processes of ours."""

    @property
    def ours(self) -> int | None:
        """What they may come to."""


@contextmanager
def told(clock: Clock, day: Callable[[], Day], *, silent: bool) -> Iterator[Tell]:
    """What to tell the progress to; `silent`: nobody is to hear."""
    if silent:
        yield untold
        return
    words = Words(clock, day)
    console = output.stderr()
    if not console.is_terminal:
        yield _lines(clock, words, lambda line: console.print(line, markup=False))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, console=console, transient=False) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(reached: Reached) -> None:
            said = words(reached)
            if reached.what not in tasks:
                tasks[reached.what] = progress.add_task(reached.what, total=None, said="")
            progress.update(tasks[reached.what], completed=reached.contacts, total=reached.total, said=said)

        yield tell


def _lines(clock: Clock, words: "Words", show: Callable[[str], None]) -> Tell:
    """A line at once for each stage, and one every half a minute."""
    last: tuple[str, float] | None = None

    def tell(reached: Reached) -> None:
        nonlocal last
        said, now = words(reached), clock.monotonic()
        if last is None or last[0] != reached.what or now - last[1] >= LINE_EVERY_S:
            last = reached.what, now
            show(f"{reached.what}: {said}")

    return tell


class Words:
    """One line about how far it is."""

    def __init__(self, clock: Clock, day: Callable[[], Day]) -> None:
        self._clock = clock
        self._day = day
        self._stage: UnderWay | None = None
        self._share = ""
        self._looked: float | None = None

    def __call__(self, reached: Reached) -> str:
        """Contacts of how many, contacts a second, time left, calls, their share of the day's."""
        self._stage = stage = self._next(reached)
        of = "" if reached.total is None else f" of {max(reached.total, reached.contacts):,}"
        parts = [f"{reached.contacts:,}{of} contacts", f"{stage.a_second:,.0f} a second"]
        if stage.seconds_left is not None:
            parts.append(f"{spoken(stage.seconds_left)} left")
        return ", ".join([*parts, f"{reached.requests:,} calls", *self._of_the_day()])

    def _next(self, reached: Reached) -> UnderWay:
        return next_of(
            self._stage,
            reached.what,
            done=reached.contacts,
            total=reached.total,
            calls=reached.requests,
            now=self._clock.now(),
        )

    def _of_the_day(self) -> list[str]:
        now = self._clock.monotonic()
        if self._looked is None or now - self._looked >= DAY_EVERY_S:
            self._looked, day = now, self._day()
            self._share = f"{day.used / day.ours:.1%} of the day's {day.ours:,}" if day.ours else ""
        return [self._share] if self._share else []


def spoken(seconds: float) -> str:
    """A length of time in its two largest units."""
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
