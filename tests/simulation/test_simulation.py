"""A thousand days of the whole product in every CI run, and the proof that the harness can see."""

import os
from collections import Counter
from contextlib import suppress

import pytest

from connector.sandbox.preferences import Wish
from connector.sandbox.replies import Refusal
from connector.sandbox.server import Sandbox
from connector.sandbox.stage import COLLEAGUE
from tests.simulation.deeds import DEEDS, history
from tests.simulation.naive import Naive
from tests.simulation.run import DAYS, figures, play, simulate
from tests.simulation.truth import Truth
from tests.world import START, TYPES, WorldClock

DAYS_IN_CI = float(os.environ.get("SIMULATE_DAYS", "1000"))
FIRST_SEED = int(os.environ.get("SIMULATE_SEED", "1"))


@pytest.mark.timeout(900)
def test_a_thousand_days_pass_without_harm() -> None:
    results = simulate(DAYS_IN_CI, FIRST_SEED)
    last = results[-1]
    again = f"make simulate SEED={last.seed} ONLY=1"
    assert last.problem is None, f"seed {last.seed}: {last.problem}\n{again}"
    told = figures(results)
    assert told["days"] >= DAYS_IN_CI
    assert told["seen"]["wrote UNSUBSCRIBED"] > 0
    assert told["seen"]["wrote SUBSCRIBED"] > 0
    assert told["seen"]["notices answered 200"] > 0
    assert told["seen"]["notice forged"] > 0


def test_a_seed_is_a_history() -> None:
    """The same seed, the same deeds and the same end."""
    one, other = (play(11, history(11, 12)) for _ in range(2))
    assert (one.seen, one.steps, one.problem) == (other.seen, other.steps, other.problem)


def test_every_deed_happens_in_some_history() -> None:
    words = Counter(deed.word for seed in range(1, 40) for deed in history(seed, DAYS))
    assert set(words) == set(DEEDS)


def test_a_naive_connector_does_harm_that_the_truth_sees() -> None:
    """Last status wins, a queue in memory: of 20 seeds most end with mail to somebody who said no."""
    harmed = sum(_naive_does_harm(seed) for seed in range(1, 21))
    assert harmed >= 15, harmed


def _naive_does_harm(seed: int) -> bool:
    clock = WorldClock(START)
    sandbox, truth = Sandbox(0, seed, clock=clock), Truth()
    people = [f"person{number}@example.org" for number in range(8)]
    for address in people:
        sandbox.colleague.create({"email": address})

    def hubspot(address: str, number: int, status: str | None) -> str | None:
        if status is not None:
            with suppress(Refusal):
                sandbox.engine.rooms.preferences.set(Wish(address, number, status), COLLEAGUE)
        row = sandbox.machine.address(address)["statuses"].get(str(number))
        return str(row["status"]) if row else None

    naive = Naive(hubspot, TYPES)
    for deed in history(seed, DAYS):
        clock.advance(deed.gap)
        who, kind = people[deed.a % 8], tuple(TYPES.values())[deed.b % 3]
        if deed.word in {"withdraws", "opts_out"}:
            naive.said(who, kind, "UNSUBSCRIBED")
            truth.no(who, kind, clock.now())
        elif deed.word == "consents":
            naive.said(who, kind, "SUBSCRIBED")
            truth.yes(who, kind, clock.now())
        elif deed.word in {"colleague_subscribes", "import", "other_app"}:
            sandbox.colleague.resubscribe(who, kind)
        elif deed.word == "crash":
            naive.died()
            continue
        if deed.c % 2:
            naive.sync(people)
    naive.sync(people)
    kinds = TYPES.values()
    return any(naive.may_send(who, k) and not truth.may_send(who, k) for who in people for k in kinds)
