"""Our own opt-out of everything is nobody's no: it ends with the restriction that asked for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.acts.restrict import restrict, unrestrict
from tests.world import ANNA, NEWSLETTER, UNSUBSCRIBED, World, world


@pytest.fixture(params=[True, False], ids=["shown in each type", "shown as one"])
def w(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, options={"wide_shows_in_types": request.param}) as made:
        made.begin()
        yield made


def test_a_restriction_that_ended_leaves_no_withdrawal_behind(w: World) -> None:
    restrict(w.desk, ANNA, "cli:test")
    w.wait()
    w.sync(full=True)
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED or w.opted_out_of_all(ANNA)
    unrestrict(w.desk, ANNA, "cli:test")
    w.wait()
    w.sync(full=True)
    assert w.state(ANNA) == "UNKNOWN"
    assert "withdraw" not in w.types(ANNA)
