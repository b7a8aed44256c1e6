"""What came of `make mutate`, by file: read from mutmut's own results.

python -m tests.mutation.told [--write]      # the table of docs/reliability.md
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.published import DOCS, commit, publish

RESULTS = DOCS.parent / "mutants"
#: mutmut's exit codes: the tests passed with the change; no test of those chosen runs the changed code.
SURVIVED, UNTRIED = 0, 33
WANTED = 0.85


def results() -> dict[str, Counter[int | None]]:
    """File -> how its changes ended."""
    found = {}
    for path in sorted(RESULTS.rglob("*.meta")):
        codes = json.loads(path.read_text("utf-8"))["exit_code_by_key"]
        if codes:
            found[str(path.relative_to(RESULTS)).removesuffix(".meta")] = Counter(codes.values())
    return found


def score(ended: Counter[int | None]) -> tuple[int, int, int]:
    """(tried, found, not reached by the chosen tests). One that has not been tried yet counts for neither."""
    tried = ended.total() - ended[None]
    return tried, tried - ended[SURVIVED] - ended[UNTRIED], ended[UNTRIED]


def table(found: Mapping[str, Counter[int | None]]) -> str:
    """By file, and the whole."""
    whole: Counter[int | None] = Counter()
    lines = ["| file | changes | found | share |", "|---|---|---|---|"]
    for name, ended in found.items():
        whole.update(ended)
        tried, caught, _ = score(ended)
        lines.append(f"| {name} | {tried} | {caught} | {caught / max(tried, 1):.1%} |")
    tried, caught, unreached = score(whole)
    told = (
        f"{caught} of {tried} small changes found, {caught / max(tried, 1):.1%}, at {commit()} "
        f"({WANTED:.0%} is asked for); {whole[SURVIVED]} survived, {unreached} are in code that the chosen "
        f"tests do not run, {whole[None]} were not tried."
    )
    return told + "\n\n" + "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    said, found = parser.parse_args(), results()
    sys.stdout.write(table(found) + "\n")
    if said.write:
        publish(Path(DOCS / "reliability.md"), "mutation", table(found))
    tried, caught, _ = score(sum(found.values(), Counter()))
    return 0 if caught >= WANTED * tried > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
