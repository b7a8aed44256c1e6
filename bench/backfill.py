"""Backfill into an empty mirror: contacts/s, CPU, memory, rows and bytes per contact, beside the floor."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from bench import output
from bench.client import measured
from bench.portal import served


def main() -> None:
    """The command."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--properties", action="store_true", help="as below Enterprise: no statuses by batch")
    asked = parser.parse_args()
    tier, action = ("professional", "known") if asked.properties else (asked.tier, "backfill")
    with (
        tempfile.TemporaryDirectory(dir=asked.folder) as folder,
        served(asked.people, tier, limits=asked.limits, latency_ms=asked.latency_ms) as portal,
    ):
        where = Path(folder)
        floor = {} if asked.limits else measured("floor", where, portal, unlimited=True)
        for file in where.iterdir():
            file.unlink()
        done = measured(action, where, portal, unlimited=not asked.limits, database=asked.database or "")
    show(floor, done)
    output.append(asked.json, "backfill", {"asked": vars(asked), "floor": floor, **done})


def arguments(about: str) -> argparse.ArgumentParser:
    """What all benchmarks take."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--tier", default="enterprise", choices=["starter", "professional", "enterprise"])
    parser.add_argument("--limits", action="store_true", help="HubSpot's limits, kept and enforced")
    parser.add_argument("--latency-ms", type=int, default=0)
    parser.add_argument("--database", help="another database than a SQLite file of its own")
    parser.add_argument("--folder", help="where the mirror is made")
    parser.add_argument("--json", help="append the figures to this file")
    return parser


def show(floor: dict[str, Any], done: dict[str, Any]) -> None:
    """One table."""
    people = max(done["contacts"], 1)
    rows: list[tuple[str, Any]] = [
        ("contacts", people),
        ("contacts/s", people / done["seconds"]),
        ("contacts per client CPU second", people / done["cpu_s"]),
        ("seconds", done["seconds"]),
        ("client CPU s", done["cpu_s"]),
        ("sandbox CPU s", done["sandbox_cpu_s"]),
        ("client peak RSS MiB", done["rss_mib"]),
        ("calls", done["calls"]),
        ("log entries per contact", done["rows"]["entry"] / people),
        ("bytes per contact", done["bytes"] / people),
        ("journal bytes per contact", done["journal_bytes"] / people),
        ("bytes per log entry", done["bytes"] / max(done["rows"]["entry"], 1)),
    ]
    rows += [(f"{name} rows per contact", count / people) for name, count in done["rows"].items()]
    if floor:
        rows += [
            ("floor (pages only) contacts/s", floor["contacts"] / floor["seconds"]),
            ("floor client CPU s", floor["cpu_s"]),
            ("floor sandbox CPU s", floor["sandbox_cpu_s"]),
        ]
    output.show("backfill", rows)


if __name__ == "__main__":
    main()
