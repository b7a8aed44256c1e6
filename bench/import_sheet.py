"""Import of a spreadsheet: rows/s of the dry run and of the recording, peak memory, longest transaction."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from bench import output
from connector import wiring
from connector.acts.bring_in import Room, Wanted, bring_in
from connector.acts.desk import Desk
from connector.settings import load
from connector.store.mirror import Mirror
from jobs.cli_import import room_of

CONFIG = """
[mirror]
database = "{database}"
keys = "{folder}/mirror.keys"
[controller]
name = "Exempel AB"
contact = "dataskydd@exempel.example"
[[portals]]
name = "main"
portal_id = 1
token_env = "CONSENT_MIRROR_BENCH_TOKEN"
api = "http://127.0.0.1:9"
[[purposes]]
key = "newsletter"
subscription_id = 101
[[purposes]]
key = "offers"
subscription_id = 102
"""
STEPS = (("dry run", False), ("dry run and recording", True))
HEADINGS = "E-post;Namn;Samtycke;Datum;Källa;Avregistrerad\r\n"


def make(path: Path, rows: int, share_of_noes: float) -> None:
    """A sheet as Excel in Sweden saves it: `;`, Windows-1252, one row in ten with a fault."""
    noes = round(1 / share_of_noes) if share_of_noes else rows + 1
    with path.open("w", encoding="cp1252", newline="") as file:
        file.write(HEADINGS)
        for number in range(rows):
            said = "kanske" if number % 10 == 9 else "ja"
            left = "ja" if number % noes == 0 else ""
            file.write(
                f"person{number}@example.org;Åsa Öberg;{said};2025-0{number % 9 + 1}-11;mässa;{left}\r\n"
            )


@contextmanager
def desk(folder: Path, database: str | None) -> Iterator[tuple[Desk, Room]]:
    """An empty mirror of its own."""
    config = folder / "config.toml"
    where = database or f"sqlite:///{folder}/mirror.db"
    config.write_text(CONFIG.format(folder=folder, database=where), "utf-8")
    settings = load(config)
    wiring.prepare(settings)
    with wiring.mirror_of(settings) as mirror:
        made = wiring.desk_of(settings, mirror, None)
        yield made, room_of(settings, made.portal)


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """One dry run and one recording, in this process."""
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        sheet = folder / "sheet.csv"
        make(sheet, asked.rows, asked.noes)
        longest = _timed_writes()
        with desk(folder, asked.database) as (made, room):
            figures: dict[str, Any] = {"rows": asked.rows, "bytes": sheet.stat().st_size}
            for step, confirm in STEPS[: 1 if asked.dry else 2]:
                start, cpu = perf_counter(), process_time()
                wanted = Wanted(path=sheet, purpose="newsletter", confirm=confirm)
                with bring_in(made, room, wanted) as done:
                    figures[f"{step}: seconds"] = perf_counter() - start
                    figures["events"] = done.events
                    figures["quarantined"] = done.spool.count("rejected")
                figures[f"{step}: CPU s"] = process_time() - cpu
                figures[f"{step}: rows/s"] = asked.rows / figures[f"{step}: seconds"]
                figures[f"{step}: peak RSS MiB"] = _rss()
        figures["longest transaction ms"] = longest[0] * 1000
    return figures


def _timed_writes() -> list[float]:
    """How long the mirror's writer was held at most: what a no from elsewhere waits for."""
    longest = [0.0]
    before = Mirror.write

    @contextmanager
    def timed(self: Mirror, portal: int) -> Iterator[Any]:
        start = perf_counter()
        with before(self, portal) as work:
            yield work
        longest[0] = max(longest[0], perf_counter() - start)

    Mirror.write = timed  # type: ignore[method-assign] # a measurement around the real one
    return longest


def _rss() -> float:
    """The peak of this program; what getrusage says would include that of who started it."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """The command. The work runs in a process of its own, so that its memory is its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--noes", type=float, default=0.05, help="share of rows with a no")
    parser.add_argument("--database", help="another database than a SQLite file of its own")
    parser.add_argument("--folder", help="where file and mirror are made")
    parser.add_argument("--json", help="append the figures to this file")
    parser.add_argument("--dry", action="store_true", help="only the dry run")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        print(json.dumps(measure(asked)))
        return
    words = [sys.executable, "-m", "bench.import_sheet", *sys.argv[1:], "--inside"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    figures = json.loads(done.stdout)
    output.show("import", list(figures.items()))
    output.append(asked.json, "import_sheet", figures)


if __name__ == "__main__":
    main()
