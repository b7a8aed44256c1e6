"""A copy of the mirror, consistent while the daemon runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from connector.store import copies
from connector.store.mirror import Mirror

MADE_AT: Final = "backup_at"  # in meta: when the last copy was made


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


def remember_backup(mirror: Mirror, portal: int, now: int) -> None:
    """A copy was made now (ms UTC): its age is one of the operator's instruments."""
    with mirror.write(portal) as work:
        work.meta.put(MADE_AT, now)
