"""Every class of fault of the connection in every flow, over real sockets.

python -m tests.tcp_proxy            # the table
python -m tests.tcp_proxy --write    # and put it into docs/reliability.md
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.published import DOCS, commit, publish
from tests.simulation.matrix import Cell
from tests.tcp_proxy.lives import ALL_FLOWS, lived
from tests.tcp_proxy.proxy import KINDS


def table(lives: dict[str, list[Cell]]) -> str:
    """Injected, calls, healing time; what was lost stands out."""
    names = [flow.name for flow in ALL_FLOWS]
    lines = ["| fault | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for fault, cells in lives.items():
        of = {cell.flow: cell for cell in cells}
        lines.append(f"| {fault} | " + " | ".join(_shown(of.get(name)) for name in names) + " |")
    return "\n".join(lines) + "\n"


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return "–"
    if not cell.survived:
        return "**lost**"
    return f"{cell.injected} · {cell.calls} · {cell.healed_ms / 60_000:.1f} min"


def summary(lives: dict[str, list[Cell]], cpu_s: float) -> str:
    cells = [cell for each in lives.values() for cell in each]
    lost = sum(not cell.survived for cell in cells)
    return (
        f"{len(cells)} cells, {sum(cell.injected for cell in cells)} faults injected, {lost} cells lost; "
        f"{cpu_s:.0f} s of processor time at {commit()}. In each cell: faults injected · calls made, repeats "
        "included · virtual minutes until the effect could be seen.\n"
    )


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    parser.add_argument("--only", action="append", choices=KINDS, help="this class alone")
    said = parser.parse_args(words)
    began, lives = time.process_time(), {}
    for fault in said.only or KINDS:
        with tempfile.TemporaryDirectory(prefix="tcp-proxy-") as folder:
            lives[fault] = lived(fault, Path(folder))
        sys.stderr.write(f"{fault}\n")
    text = summary(lives, time.process_time() - began) + "\n" + table(lives)
    sys.stdout.write(text)
    if said.write:
        publish(DOCS / "reliability.md", "tcp-proxy", text)
    return 0 if all(cell.survived for cells in lives.values() for cell in cells) else 1


if __name__ == "__main__":
    os.environ.setdefault("TZ", "UTC")
    sys.exit(main())
