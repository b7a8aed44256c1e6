"""What the tests run as processes of their own: python -m tests.store.child COMMAND URL ..."""

import sys
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from connector.clock import SeededChance, SystemChance, SystemClock
from connector.consent.events import Event, EventType
from connector.proof import keys
from connector.store.locks import daemon_lock, job_lock
from connector.store.mirror import Mirror
from connector.store.pace import open_pace

PORTAL = 62515


def _mirror(url: str) -> Mirror:
    return Mirror.open(url, keys.generate(SeededChance("store")), SystemClock(), SystemChance())


def _say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def append(url: str, name: str, count: str) -> None:
    """Append entries, three a transaction; each acknowledged number is printed after its commit."""
    mirror = _mirror(url)
    for number in range(int(count)):
        with mirror.write(PORTAL) as work:
            event = Event(type=EventType.OBJECT, purpose="*", source_ref=f"{name}:{number}")
            done = work.log.append([(None, event), (None, Event(type=EventType.DRIFT)), (None, event)])
        _say(done[-1].seq)


def count(url: str, times: str) -> None:
    """Read a number, add one, write it."""
    mirror = _mirror(url)
    for _ in range(int(times)):
        with mirror.write(PORTAL) as work:
            work.meta.put("count", (work.meta.get("count") or 0) + 1)


def call(url: str, limit: str, seconds: str) -> None:
    """Ask for as many calls as there are, and print when each was granted."""
    pace = open_pace(url, PORTAL, SystemClock(), zone=ZoneInfo("UTC"), calls_per_10_s=int(limit))
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        wait = pace.acquire("burst", urgent=False)
        if wait:
            time.sleep(min(wait, 0.05))
        else:
            _say(time.time_ns() // 1_000_000)


def hold(url: str, lock: str) -> None:
    """Take a lock and keep it until killed."""
    with daemon_lock(url) if lock == "daemon" else job_lock(url, PORTAL, lock):
        _say("held")
        time.sleep(60)


COMMANDS: dict[str, Callable[..., None]] = {"append": append, "count": count, "call": call, "hold": hold}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
