"""Every point that HubSpot's documents leave open, with the values that it may have (hubspot-api, [?])."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

#: The other values of each open point; the sandbox's default is the first of its values.
OTHERS: Mapping[str, tuple[Any, ...]] = {
    "preference_moves_modified": (True,),
    "unseen_address": ("empty", "not_found"),
    "untouched_rows": (False,),
    "wide_shows_in_types": (False,),
    "wide_sets_type_properties": (True,),
    "subscribe_lifts_wide": (False,),
    "lifting_revives_others": (True,),
    "batch_write_resubscribes": (False,),
    "dated_needs_basis": (True,),
    "write_not_specified": (False,),
    "status_batch_max": (2,),
    "case_sensitive_addresses": (True,),
    "erase_clears_preferences": (True,),
    "erased_shows_archived": (True,),
    "merged_id_resolves": (False,),
    "merge_makes_new_record": (True,),
    "archive_moves_modified": (True,),
    "search_lag_ms": (20_000,),
}

#: All of them at once, each at its (first) other value.
TURNED: Mapping[str, Any] = {name: values[0] for name, values in OTHERS.items()}

#: What happens to records; the others are about statuses. Some are about both.
OF_RECORDS = frozenset(
    {
        "erase_clears_preferences",
        "erased_shows_archived",
        "merged_id_resolves",
        "merge_makes_new_record",
        "archive_moves_modified",
    }
)
OF_BOTH = frozenset({"unseen_address", "case_sensitive_addresses", "search_lag_ms", "status_batch_max"})


def _each(names: Iterable[str]) -> pytest.MarkDecorator:
    """As documented, everything turned, and each of these alone at each of its other values."""
    wanted = set(names)
    alone = [
        pytest.param({name: value}, id=f"{name}={value}")
        for name, values in OTHERS.items()
        for value in values
        if name in wanted
    ]
    both = [pytest.param({}, id="default"), pytest.param(TURNED, id="all-turned")]
    return pytest.mark.parametrize("switches", [*both, *alone])


BOTH = _each(())
STATUSES = _each(OTHERS.keys() - OF_RECORDS)
RECORDS = _each(OF_RECORDS | OF_BOTH)
