"""Apply each patch of this folder to a copy of the tree and run the suite until something fails.

    python -m tests.teeth.run [--write]      # every patch: make teeth
    python -m tests.teeth.run gt-for-gte     # one

The layers, from quick to slow: the tests that bear the name of a module that the patch touches or import it,
the tests of its room, the scenarios, simulated days seed after seed, and the whole suite. A new patch is one
more file; nothing else has to change. A test that is only too slow finds nothing: time limits are off.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.published import DOCS, commit, publish

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SEEDS = 40
FEW = 6  # what more tests import is nobody's in particular
SLOW = "tests/consent/test_table_whole.py"
TIMED = "tests/store/test_numbers.py"  # fails on a busy machine, whatever the patch
QUICK = (
    "--timeout",
    "0",
    "-p",
    "tests.mutation.few",
    f"--ignore={SLOW}",
    f"--ignore={TIMED}",
    "-m",
    "not postgresql",
)
SMALL = ("consent", "hubspot", "proof", "store")  # rooms whose own tests are quick


def patches(names: Sequence[str] = ()) -> list[Path]:
    """The patches, all or some."""
    return [path for path in sorted(HERE.glob("*.patch")) if not names or path.stem in names]


def files_of(patch: Path) -> list[str]:
    """The files that a patch changes."""
    return [line[6:].strip() for line in patch.read_text("utf-8").splitlines() if line.startswith("+++ b/")]


def nearest(changed: str) -> list[str]:
    """The tests of one module: those that bear its name, and those that import it."""
    module = Path(changed).with_suffix("")
    room, name = ".".join(module.parts[:-1]), module.name
    imports = re.compile(rf"^from ({room}\.{name} import |{room} import .*\b{name}\b)", re.MULTILINE)
    tests = [path for path in (ROOT / "tests").glob("*/test_*.py") if not str(path).endswith((SLOW, TIMED))]
    named = [path for path in tests if path.stem.removeprefix("test_").startswith(name)]
    importing = [path for path in tests if imports.search(path.read_text("utf-8"))]
    found = named + (importing if len(importing) <= FEW else [])
    return [str(path.relative_to(ROOT)) for path in dict.fromkeys(found)]


def layers(patch: Path) -> Iterator[tuple[str, list[str]]]:
    """Name and command of each layer."""
    python = [sys.executable, "-m"]
    pytest = [*python, "pytest", "-x", "-q", "-p", "no:xdist", *QUICK]
    rooms = {Path(name).parent.name for name in files_of(patch)}
    if own := sorted({test for name in files_of(patch) for test in nearest(name)}):
        yield "own", [*pytest, *own]
    if near := [f"tests/{room}" for room in SMALL if room in rooms]:
        yield "near", [*pytest, *near]
    yield "scenarios", [*pytest, "tests/scenarios/test_harm.py", "tests/scenarios/test_rows.py"]
    for seed in range(1, SEEDS + 1):
        yield f"seed {seed}", [*python, "tests.simulation.run", "--only", str(seed)]
    yield "all", [*python, "pytest", "-x", "-q", "-n", "2", "--timeout", "0"]


def copied(into: Path) -> None:
    """The tree as git knows it, and what is new in it."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["xargs", "-0", "cp", "--parents", "-t", str(into)], cwd=ROOT, input=names, check=True)


def found(patch: Path) -> dict[str, object]:
    """Which layer found it, with which words, after how long (CPU seconds of the tests)."""
    with tempfile.TemporaryDirectory(prefix="teeth-") as folder:
        copied(Path(folder))
        subprocess.run(["git", "apply", "--unsafe-paths", str(patch)], cwd=folder, check=True)
        started = os.times()
        began = time.monotonic()
        for layer, command in layers(patch):
            run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if run.returncode:
                used, told = os.times(), run.stdout.splitlines()
                cpu = used.children_user - started.children_user
                words = [line for line in told if line.startswith(("FAILED ", "ERROR tests/", "seed "))]
                return {
                    "patch": patch.stem, "layer": layer, "cpu_s": round(cpu, 1),
                    "seconds": round(time.monotonic() - began, 1), "by": (words or [""])[0][:160],
                }  # fmt: skip
    return {"patch": patch.stem, "layer": None, "seconds": round(time.monotonic() - began, 1)}


def table(told: Sequence[Mapping[str, object]]) -> str:
    """Who was found by what, and after how many seeds."""
    lines = ["| bug | found by | seeds | processor seconds | test |", "|---|---|---|---|---|"]
    for each in told:
        layer, by = str(each["layer"] or "**nobody**"), str(each.get("by", ""))
        seeds = layer.removeprefix("seed ") if layer.startswith("seed ") else SEEDS if layer == "all" else 0
        test = by.removeprefix("FAILED ").removeprefix("ERROR ").partition(" - ")[0].partition("[")[0]
        lines.append(f"| {each['patch']} | {layer} | {seeds} | {each.get('cpu_s', '')} | `{test}` |")
    caught = sum(each["layer"] is not None for each in told)
    return f"{caught} of {len(told)} found, at {commit()}.\n\n" + "\n".join(lines)


def _kept(file: Path | None) -> dict[str, dict[str, object]]:
    if file is None or not file.exists():
        return {}
    lines = map(json.loads, file.read_text("utf-8").splitlines())
    return {each["patch"]: each for each in lines}


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    parser.add_argument(
        "--kept", type=Path, help="a file of results: a run that broke off goes on from there"
    )
    said, told = parser.parse_args(words), []
    before = _kept(said.kept)
    for patch in patches(said.names):
        told.append(before.get(patch.stem) or found(patch))
        line = json.dumps(told[-1]) + "\n"
        sys.stdout.write(line)
        sys.stdout.flush()
        if said.kept and patch.stem not in before:
            with said.kept.open("a", encoding="utf-8") as file:
                file.write(line)
    missed = [each["patch"] for each in told if each["layer"] is None]
    sys.stdout.write(f"{len(told) - len(missed)} of {len(told)} found; missed: {missed}\n")
    if said.write:
        publish(DOCS / "reliability.md", "teeth", table(told))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
