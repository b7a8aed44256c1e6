"""One `sync` when nothing changed: calls and CPU seconds."""

import tempfile
from pathlib import Path

from bench import backfill, output
from bench.client import measured
from bench.portal import served

SHOWN = {
    "warm": "sync when nothing changed, forms left to their own timetable",
    "cold": "the same in a new process, which first probes what the portal can do",
}


def main() -> None:
    """The command."""
    asked = backfill.arguments(__doc__ or "").parse_args()
    with (
        tempfile.TemporaryDirectory(dir=asked.folder) as folder,
        served(asked.people, asked.tier, limits=False, latency_ms=asked.latency_ms) as portal,
    ):
        where, database = Path(folder), asked.database or ""
        filled = measured("backfill", where, portal, unlimited=True, database=database)
        first = measured("quiet", where, portal, unlimited=False, database=database)
        done = measured("quiet", where, portal, unlimited=False, database=database)
    backfill.show({}, filled)
    about = f"{asked.people:,} people, {asked.tier}"
    for what, title in SHOWN.items():
        output.show(title, list(done[what].items()), about)
    output.append(asked.json, "quiet", {"asked": vars(asked), "first": first, "backfill": filled, **done})


if __name__ == "__main__":
    main()
