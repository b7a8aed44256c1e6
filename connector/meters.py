"""Counts of this process for the operator: how often something happened since it started, never about whom.

Rooms count here without knowing who reads; `connector/web/metrics.py` shows them to Prometheus. Labels are
words and numbers of ours (a route's template, a status code, a portal's id), never a text from outside.
"""

import threading
from dataclasses import dataclass, field
from typing import TypeAlias

Labels: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Meters:
    """Counters and last values by name and labels; safe for several threads."""

    _counted: dict[tuple[str, Labels], float] = field(default_factory=dict)
    _shown: dict[tuple[str, Labels], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, name: str, amount: float = 1, **labels: object) -> None:
        """It happened (so often, so long)."""
        key = (name, _labels(labels))
        with self._lock:
            self._counted[key] = self._counted.get(key, 0.0) + amount

    def show(self, name: str, value: float, **labels: object) -> None:
        """It stands at this value now."""
        with self._lock:
            self._shown[name, _labels(labels)] = value

    def counted(self, name: str) -> dict[Labels, float]:
        """A counter's values by labels."""
        return self._of(self._counted, name)

    def shown(self, name: str) -> dict[Labels, float]:
        """The last values by labels."""
        return self._of(self._shown, name)

    def _of(self, kept: dict[tuple[str, Labels], float], name: str) -> dict[Labels, float]:
        with self._lock:
            return {labels: value for (known, labels), value in kept.items() if known == name}


def _labels(said: dict[str, object]) -> Labels:
    return tuple(sorted((key, str(value)) for key, value in said.items()))


#: Those of this process.
METERS = Meters()
