"""A full sweep when nothing changed: contacts per CPU second, by properties alone and with all statuses."""

import tempfile
from pathlib import Path

from bench import output
from bench.backfill import arguments
from bench.client import measured
from bench.portal import served


def main() -> None:
    """The command: the plan below Enterprise sweeps by properties, Enterprise reads all statuses again."""
    asked = arguments(__doc__ or "").parse_args()
    for tier, what in (("professional", "properties"), ("enterprise", "properties and all statuses")):
        with (
            tempfile.TemporaryDirectory(dir=asked.folder) as folder,
            served(asked.people, tier, limits=False, latency_ms=asked.latency_ms) as portal,
        ):
            where, database = Path(folder), asked.database or ""
            measured("known", where, portal, unlimited=True, database=database)
            first = measured("sweep", where, portal, unlimited=True, database=database)
            done = measured("sweep", where, portal, unlimited=True, database=database)
        rows = [
            ("contacts per CPU second", done["contacts"] / done["cpu_s"]),
            ("the first sweep, which compares every answer", first["contacts"] / first["cpu_s"]),
            ("contacts/s", done["contacts"] / done["seconds"]),
            *((name, done[name]) for name in ("contacts", "changed", "events", "calls", "cpu_s", "rss_mib")),
        ]
        output.show("sweep when nothing changed", rows, what)
        output.append(asked.json, "sweep", {"asked": vars(asked), "what": what, "first": first, **done})


if __name__ == "__main__":
    main()
