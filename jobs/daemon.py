"""The long-running sync daemon: APScheduler as the clock of one process, and nothing more (reliability 1).

The pattern (RE 1, measured there): signals are blocked before any thread starts and taken by
`sigtimedwait`; ticks ask the timetable; the main thread watches that ticks happen and leaves with 70 when
they do not, so that the supervisor starts us again; a hung job cannot hold the exit longer than the drain.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.schedulers.background import BackgroundScheduler

from connector.clock import Clock
from connector.meters import METERS

TICK_S = 5
WATCH_S = 5
STALE_S = 180  # a tick may be silent this long (a rate limit is 60 s) before the process is given up
DRAIN_S = 20
EX_SOFTWARE = 70
EX_TEMPFAIL = 75
STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})

log = structlog.get_logger()

Tick = Callable[[threading.Event, Callable[[], None]], None]


@dataclass(slots=True)
class Pulse:
    """Signs of life of the ticks, read by the watching main thread."""

    clock: Clock
    beats: dict[str, float] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)

    def beat(self, name: str) -> None:
        """Work went on."""
        self.beats[name] = self.clock.monotonic()

    def age(self) -> float:
        """Seconds since the tick that has been silent longest."""
        now = self.clock.monotonic()
        return max((now - beat for beat in self.beats.values()), default=0.0)


def notify(message: str) -> None:
    """Tell systemd (sd_notify): a datagram to $NOTIFY_SOCKET, nothing where there is none."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as letterbox:
        try:
            letterbox.sendto(message.encode(), address)
        except OSError as error:
            log.warning("notify_failed", problem=error.strerror)


def block_signals() -> None:
    """SIGTERM and SIGINT wait for `run`; to be called before any thread starts, for threads inherit it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)


def run(
    ticks: Mapping[str, Tick],
    clock: Clock,
    stop: threading.Event,
    *,
    pulse: Pulse | None = None,
    threads: Mapping[str, Callable[[], bool]] | None = None,
    drain_s: float = DRAIN_S,
) -> int:
    """Run every tick at least each 5 s until SIGTERM or SIGINT; the exit code for the process.

    `ticks`: one function per portal. It gets the stop flag and a function to call while it works. A tick
    that does not end within `drain_s` of the stop is left behind: the process ends at once, with 75.
    `pulse`: where the signs of life go, for a listener that shows them. `threads`: what else has to live, by
    name (the web part): the process ends with 70 where one has died, for the supervisor to start it anew.
    """
    block_signals()
    pulse = pulse or Pulse(clock)
    scheduler = _scheduler(ticks, stop, pulse, clock)
    scheduler.start()
    notify("READY=1")
    log.info("daemon_started", portals=len(ticks))
    while signal.sigtimedwait(STOP_SIGNALS, WATCH_S) is None:
        if pulse.age() > STALE_S:
            log.error("ticks_stopped", silent_s=round(pulse.age()))
            _leave(EX_SOFTWARE)
        if dead := [name for name, lives in (threads or {}).items() if not lives()]:
            log.error("thread_died", threads=dead)
            _leave(EX_SOFTWARE)
        notify("WATCHDOG=1")
    notify("STOPPING=1")
    log.info("daemon_stopping")
    stop.set()
    scheduler.shutdown(wait=False)
    clean = _drained(pulse, clock, drain_s)
    log.info("daemon_stopped", clean=clean)
    if not clean:
        _leave(EX_TEMPFAIL)
    return 0


def wait_for_stop(is_alive: Callable[[], bool], look: Callable[[], None]) -> bool:
    """For a process without ticks: wait for SIGTERM or SIGINT; False where what it serves has died.

    `look` is called every few seconds; it raises nothing.
    """
    notify("READY=1")
    while signal.sigtimedwait(STOP_SIGNALS, WATCH_S) is None:
        if not is_alive():
            return False
        look()
        notify("WATCHDOG=1")
    notify("STOPPING=1")
    return True


def _leave(code: int) -> NoReturn:
    """End now: a hung thread would keep an ordinary exit waiting for ever (reliability 1, row 9)."""
    sys.stderr.flush()
    os._exit(code)


def _scheduler(
    ticks: Mapping[str, Tick], stop: threading.Event, pulse: Pulse, clock: Clock
) -> BackgroundScheduler:
    scheduler = BackgroundScheduler(
        timezone="UTC",
        executors={"default": {"type": "threadpool", "max_workers": max(1, len(ticks))}},
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
    now = datetime.fromtimestamp(clock.now() / 1000, tz=UTC)
    for name, tick in ticks.items():
        pulse.beat(name)
        guarded = _guarded(name, tick, stop, pulse)
        scheduler.add_job(guarded, "interval", seconds=TICK_S, id=name, next_run_time=now)
    scheduler.add_listener(_listen, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
    return scheduler


def _guarded(name: str, tick: Tick, stop: threading.Event, pulse: Pulse) -> Callable[[], None]:
    """A tick that never lets an exception reach the scheduler, and shows that it lives."""

    def guarded() -> None:
        if stop.is_set():
            return
        pulse.busy.add(name)
        try:
            tick(stop, lambda: pulse.beat(name))
        except Exception as error:
            log.error("tick_failed", portal=name, kind=type(error).__name__, exc_info=error)
        finally:
            pulse.busy.discard(name)
            pulse.beat(name)

    return guarded


def _listen(event: JobEvent) -> None:
    kind = {EVENT_JOB_ERROR: "error", EVENT_JOB_MISSED: "missed", EVENT_JOB_MAX_INSTANCES: "busy"}
    METERS.count("scheduler_missed", kind=kind.get(event.code, str(event.code)))
    log.warning("scheduler_event", kind=kind.get(event.code, str(event.code)), job=event.job_id)


def _drained(pulse: Pulse, clock: Clock, limit_s: float) -> bool:
    """Wait until no tick works any more; False when the limit was reached first."""
    end = clock.monotonic() + limit_s
    while pulse.busy and clock.monotonic() < end:
        clock.sleep(0.05)
    return not pulse.busy
