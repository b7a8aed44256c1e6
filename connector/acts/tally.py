"""What a piece of work came to: counted while it goes on, added up by the turn."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts of one turn. `rows` counts decisions by the precedence table's row number."""

    pulled: int = 0  # contacts that HubSpot answered
    changed: int = 0  # of these, new or different from what we knew
    read: int = 0  # addresses whose statuses were read
    events: int = 0  # log entries appended
    queued: int = 0  # writes that the decisions asked for
    pushed: int = 0
    confirmed: int = 0
    failed: int = 0
    incidents: int = 0
    reappeared: int = 0
    vanished: int = 0
    rows: Counter[int] = field(default_factory=Counter)

    @property
    def decided(self) -> int:
        """Decisions taken, whatever they came to."""
        return self.rows.total()

    def count(self, rows: Mapping[int, int]) -> None:
        """Decisions by row, made for somebody."""
        for row, times in rows.items():
            self.rows[row] += times

    def add(self, other: "Tally") -> None:
        """Add another piece of work to this one."""
        for name in self.__slots__:
            if name != "rows":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        self.rows.update(other.rows)
