"""What restores cost a log: the entries that the copy did not have (design 3)."""

from typing import Any

from connector.consent.events import EventType
from connector.store.work import Work
from mappings.times import iso


def lost_ranges(work: Work) -> list[dict[str, Any]]:
    """The gaps that restores left in a log, for `log verify`: where the copy ended, what came after it."""
    return [
        {
            "restored_at": iso(event.recorded_at),
            "seq": event.seq,
            "entries": event.detail["entries"],
            "lost": [event.detail["lost_first"], event.detail["lost_last"]]
            if event.detail["lost_last"]
            else None,
        }
        for event in work.log.of_nobody(EventType.RESTORED)
    ]
