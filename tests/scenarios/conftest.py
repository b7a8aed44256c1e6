"""Worlds that end with their test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.world import World, world

Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """A world as a test wants it; it is closed afterwards."""
    with ExitStack() as stack:

        def made(**more: Any) -> World:
            return stack.enter_context(world(tmp_path, **more))

        yield made
