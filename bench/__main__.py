"""Lists the benchmarks; `all` runs them and writes docs/performance.md, `table` renders what was stored."""

import sys
from importlib import import_module

from bench import everything, report

NAMES = ("backfill", "hotpath", "quiet", "sweep", "limit", "verify", "import_sheet", "withdrawal", "fleet")


def main() -> None:
    """One line each."""
    match sys.argv[1:]:
        case ["all", *words]:
            everything.main(words)
        case ["table"]:
            report.render(report.stored(), write=True)
        case _:
            for name in NAMES:
                said = (import_module(f"bench.{name}").__doc__ or "").split("\n", maxsplit=1)[0]
                print(f"python -m bench.{name:<10} {said}")
            print("python -m bench all        All of them, into docs/performance.md (some 20 minutes)")


if __name__ == "__main__":
    main()
