"""A copy of the mirror, consistent while the daemon runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.store import copies


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied: entries by portal, at the moment when the copy began or later."""

    file: Path
    size: int
    entries: dict[int, int]

    def document(self) -> dict[str, Any]:
        """The `--json` document of `backup`."""
        entries = [{"portal_id": portal, "entries": size} for portal, size in sorted(self.entries.items())]
        return {"file": str(self.file), "bytes": self.size, "logs": entries}


def back_up(url: str, file: Path) -> Backup:
    """Copy, check, make durable, name. Raises ConfigurationError and DatabaseUnavailable."""
    entries = copies.heads(url)
    copies.back_up(url, file)
    return Backup(file, file.stat().st_size, entries)
