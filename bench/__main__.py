"""Lists the benchmarks."""

from importlib import import_module

NAMES = ("backfill", "quiet", "sweep", "limit", "verify", "import_sheet", "withdrawal")


def main() -> None:
    """One line each."""
    for name in NAMES:
        said = (import_module(f"bench.{name}").__doc__ or "").split("\n", maxsplit=1)[0]
        print(f"python -m bench.{name:<10} {said}")


if __name__ == "__main__":
    main()
