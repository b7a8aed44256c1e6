"""Our own opt-out of everything is nobody's no: it ends with the restriction that asked for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.acts.reconcile import reconcile
from connector.acts.restrict import restrict, unrestrict
from connector.acts.tally import Tally
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


def test_a_restriction_that_ended_subscribes_nobody_without_a_human_look(w: World) -> None:
    w.grant(ANNA)
    w.sync()
    restrict(w.desk, ANNA, "cli:test")
    w.wait()
    w.sync(full=True)
    unrestrict(w.desk, ANNA, "cli:test")
    w.wait()
    person = w.person(ANNA)
    assert person is not None
    with w.mirror.write(w.desk.portal) as work:
        reconcile(w.desk, work, person.id, {}, Tally())
    w.sync(full=True)
    assert w.hubspot(ANNA, NEWSLETTER) != "SUBSCRIBED"
    assert not w.may_send(ANNA)
    with w.mirror.read(w.desk.portal) as work:
        asked = [review.kind for review in work.reviews.pending()]
    assert "resubscribe" in asked
