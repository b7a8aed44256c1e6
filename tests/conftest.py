"""What holds for all tests."""

import pytest

from tests.world import ON_POSTGRESQL


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On PostgreSQL there is no file to look at."""
    if ON_POSTGRESQL:
        left_out = pytest.mark.skip(reason="looks at the SQLite file itself")
        for item in items:
            if item.get_closest_marker("sqlite"):
                item.add_marker(left_out)
