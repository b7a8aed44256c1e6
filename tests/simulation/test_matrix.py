"""Some classes of fault in every flow; `make matrix` tries them all."""

import pytest

from tests.simulation.matrix import CLASSES, FLOWS, tried

SOME = ("5xx", "timeout applied", "applied late", "truncated", "partial", "connection refused", "disk full")


@pytest.mark.parametrize("fault", SOME)
def test_every_flow_survives(fault: str) -> None:
    cells = tried(fault)
    assert [cell.flow for cell in cells if not cell.survived] == []
    assert sum(cell.injected for cell in cells) > 0


def test_the_classes_are_all_there() -> None:
    assert len(CLASSES) * len(FLOWS) >= 24 * 5
