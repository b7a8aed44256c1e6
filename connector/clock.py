"""Time and randomness: the one module that touches them, so that everything else can be simulated."""

import os
import random
import secrets
import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Time as the product sees it; injected everywhere."""

    def now(self) -> int:
        """Wall clock in integer milliseconds since the epoch, UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that never steps back; only differences mean anything."""

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        """Wait; True when `wake` was set before the time was over."""


class Chance(Protocol):
    """Randomness as the product sees it; injected everywhere."""

    def bytes(self, count: int) -> bytes:
        """Unpredictable bytes, fit for keys, salts and identifiers."""

    def jitter(self) -> float:
        """A number in [0, 1) for back-off; not for secrets."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        if wake is not None:
            return wake.wait(max(0.0, seconds))
        time.sleep(max(0.0, seconds))
        return False


class SystemChance:
    """The machine's randomness."""

    def bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)

    def jitter(self) -> float:
        return random.random()  # noqa: S311 - back-off only, never a secret


class SeededChance:
    """Repeatable randomness for the sandbox, tests and the simulation; never for keys of a real mirror."""

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def jitter(self) -> float:
        return self._random.random()

    def below(self, limit: int) -> int:
        """An integer in [0, limit)."""
        return self._random.randrange(limit)


def new_id(clock: Clock, chance: Chance) -> str:
    """A UUIDv7 (RFC 9562, 5.7) as 32 hex digits: sorts by time, names nobody."""
    return uuid7(clock.now(), chance.bytes(10))


def uuid7(at: int, entropy: bytes) -> str:
    """The UUIDv7 of a millisecond and ten random bytes."""
    high = (at & 0xFFFFFFFFFFFF) << 16 | 0x7000 | int.from_bytes(entropy[:2], "big") & 0x0FFF
    low = 0x8000000000000000 | int.from_bytes(entropy[2:10], "big") & 0x3FFFFFFFFFFFFFFF
    return f"{high:016x}{low:016x}"


def process_id() -> int:
    """This process, for lock files and run rows."""
    return os.getpid()
