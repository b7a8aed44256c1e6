"""A record in HubSpot's bin: a person decides whether it is meant for good."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.errors import Refused
from tests.world import ANNA, BO, DAY, World, world


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, contacts=(ANNA, BO)) as made:
        made.begin()
        made.withdraw(ANNA, "newsletter")
        made.sandbox.colleague.archive(ANNA)
        made.sync(full=True)
        made.wait(DAY)
        yield made


def asked(w: World) -> list[tuple[str, int | None]]:
    return [(each.kind, each.row) for each in w.reviews()]


def test_it_is_asked_once_and_nothing_is_destroyed_meanwhile(w: World) -> None:
    assert asked(w) == [("archived", 31)]
    w.sync(full=True)
    assert asked(w) == [("archived", 31)]
    assert w.state(ANNA) == "WITHDRAWN"


def test_approved_it_is_gone_for_good_here_and_in_hubspot(w: World) -> None:
    number = str(w.reviews()[0].id)
    assert w.cli("review", "approve", number).code == 0
    assert w.person(ANNA) is None
    hubspot, record = w.desk.hubspot, w.contact_ids[ANNA]
    assert hubspot.contact(record) is None
    assert hubspot.contact(record, archived=True) is None
    assert w.cli("suppression", "check", ANNA, "--json").json["suppressed"] is True
    assert asked(w) == []


def test_rejected_the_noes_stay(w: World) -> None:
    assert w.cli("review", "reject", str(w.reviews()[0].id), "--reason", "a mistake").code == 0
    assert w.state(ANNA) == "WITHDRAWN"
    assert w.desk.hubspot.contact(w.contact_ids[ANNA], archived=True) is not None
    w.sync(full=True)
    assert asked(w) == []


def test_a_legal_hold_stands_above_it(w: World) -> None:
    assert w.cli("hold", "add", ANNA, "--reason", "claim 7").code == 0
    w.cli("review", "approve", str(w.reviews()[0].id))
    w.sync()
    assert w.person(ANNA) is not None
    assert w.desk.hubspot.contact(w.contact_ids[ANNA], archived=True) is not None


def test_restored_it_is_asked_no_more(w: World) -> None:
    w.sandbox.colleague.restore(ANNA)
    w.sync(full=True)
    assert asked(w) == []
    assert w.state(ANNA) == "WITHDRAWN"


def test_restored_behind_our_back_it_is_not_erased(w: World) -> None:
    w.sandbox.colleague.restore(ANNA)
    number = w.reviews()[0].id
    w.cli("sync")
    assert w.cli("review", "approve", str(number)).code == Refused.exit_code
    assert w.person(ANNA) is not None
