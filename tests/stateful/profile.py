"""How long the machines run: short in every run, long with `make stateful` (STATEFUL=long)."""

import os

from hypothesis import HealthCheck, Phase, settings

LONG = os.environ.get("STATEFUL") == "long"


def profile(short: tuple[int, int], long: tuple[int, int]) -> settings:
    """(histories, steps of each). The short one is the same in every run; the long one is a new search."""
    examples, steps = long if LONG else short
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=not LONG,
        database=None,
        deadline=None,
        print_blob=True,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
