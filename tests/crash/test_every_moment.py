"""The process dies at every commit and every call of a recorded run; afterwards it ends as if it had not.

Compared with the uninterrupted run: what HubSpot holds for everybody, the states here, what waits, and which
kinds of entries each person has. A crash may repeat a request (absolute states may be repeated); it may not
lose or invent anything.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.acts.who import people_at
from connector.errors import ConnectorError
from mappings.addresses import normalise
from tests.crash.script import PEOPLE, parts, people
from tests.simulation.mortal import Killed
from tests.simulation.product import Product
from tests.world import DAY, HOUR

#: Every how many-th moment is tried: all of them in `make crash`, some in every CI run.
STEP = int(os.environ.get("CRASH_STEP", "79"))


def lived(folder: Path, die_at: int) -> tuple[dict[str, Any], Product]:
    """The recorded run with one death; what it came to."""
    folder.mkdir()
    product = Product(folder, seed=4)
    try:
        people(product)
        product.begin()
        before = product.death.seen
        product.death.at = before + die_at if die_at else 0
        for part in parts(product):
            played(product, part)
        for _ in range(2):
            product.world.advance(DAY)
            played(product, product.tick)
        product.total = product.death.seen - before  # type: ignore[attr-defined]
        return outcome(product), product
    finally:
        product.end()


def played(product: Product, part: Callable[[], Any]) -> None:
    """A part, and again after a death: the person presses the button once more."""
    for _ in range(4):
        try:
            part()
            return
        except Killed:
            product.again()
        except ConnectorError as error:  # a letter that the dead process had claimed is free after its lease
            assert error.exit_code in {3, 4, 75}, error
            product.world.advance(HOUR)
    raise AssertionError("it never went through")


def outcome(product: Product) -> dict[str, Any]:
    """What must not depend on when somebody died."""
    found: dict[str, Any] = {}
    with product.mirror.read(product.desk.portal) as work:
        waiting = work.outbox.waiting()
        found["waiting"] = waiting.count - waiting.parked
        found["reviews"] = sorted(str(review.kind) for review in work.reviews.pending())
        for address in PEOPLE:
            held = product.sandbox.machine.address(address)
            rows = {key: row["status"] for key, row in held["statuses"].items()}
            ids = [person.id for person in people_at(work, normalise(address))]
            stored, logs = work.states.of(ids), work.log.events_of(ids)
            states = [{key: str(row.state) for (p, key), row in stored.items() if p == each} for each in ids]
            kinds = [sorted({str(event.type) for event in logs[each]} - RETOLD) for each in ids]
            noes = [sum(event.type in {"withdraw", "object"} for event in logs[each]) for each in ids]
            found[address] = {
                "hubspot": rows, "wide": bool(held["wide"]), "contact": held["contact"],
                "states": states, "kinds": kinds, "noes": noes,
                "suppressed": work.suppression.is_erased(normalise(address)),
            }  # fmt: skip
    return found


#: A push whose answer the dead process never saw may be found done, or done once more.
RETOLD = {"pushed", "push_confirmed", "push_failed", "observed"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], int]:
    found, product = lived(tmp_path_factory.mktemp("whole") / "run", 0)
    return found, product.total  # type: ignore[attr-defined]


def test_the_run_writes_at_enough_places(whole: tuple[dict[str, Any], int]) -> None:
    found, moments = whole
    assert moments >= 100
    assert found["waiting"] == 0
    assert found["david@example.org"]["suppressed"]
    assert found["bo@example.org"]["wide"]


def test_a_death_at_any_moment_changes_nothing_in_the_end(
    whole: tuple[dict[str, Any], int], tmp_path: Path
) -> None:
    expected, moments = whole
    different, tried = [], 0
    for moment in range(1, moments + 1, STEP):
        tried += 1
        found, product = lived(tmp_path / str(moment), moment)
        assert product.death.kinds
        if found != expected:
            wrong = {key: (found[key], expected[key]) for key in expected if found[key] != expected[key]}
            different.append(f"death at moment {moment}: {json.dumps(wrong, default=str)[:800]}")
    assert not different, "\n".join(different)
    assert tried >= moments // STEP
