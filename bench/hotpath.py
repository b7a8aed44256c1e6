"""Where the client's CPU goes in a first read: microseconds a contact by phase, and by part of taking in."""

import tempfile
from pathlib import Path

from bench import output
from bench.backfill import arguments
from bench.client import measured
from bench.phases import USUAL_S
from bench.portal import served


def main() -> None:
    """The command."""
    asked = arguments(__doc__ or "").parse_args()
    with (
        tempfile.TemporaryDirectory(dir=asked.folder) as folder,
        served(asked.people, asked.tier, limits=asked.limits, latency_ms=asked.latency_ms) as portal,
    ):
        found = measured("phases", Path(folder), portal, unlimited=True, database=asked.database or "")
    phases = found["phases"]
    output.show(
        "CPU microseconds a contact",
        [(name, f"{each['us']:7.1f}   loop {each['loop_s']:.3f} s") for name, each in phases.items()],
    )
    usual = [(name, each["usual_us"]) for name, each in phases.items()]
    told = f"told for a machine whose plain loop takes {USUAL_S} s"
    output.show("the same", [*usual, ("together", sum(each for _, each in usual))], told)
    taking_in = phases["taking in"]["usual_us"]
    parts = sorted(found["taking_in"].items(), key=lambda each: -each[1])
    output.show(
        "of taking in",
        [(part, f"{share:6.1%}   {share * taking_in:6.1f}") for part, share in parts if share],
        "sampled; parts lie within one another",
    )
    output.append(asked.json, "hotpath", {"asked": vars(asked), **found})


if __name__ == "__main__":
    main()
