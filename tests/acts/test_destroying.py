"""The gate before something is destroyed, each branch for both of its users: people who leave, and proofs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from connector.acts import destroying, proofs, retain
from connector.acts.breakers import close_breaker, count_destroyed, open_breaker
from connector.acts.destroying import Gate, Stand, stand
from connector.consent.events import EventType
from connector.consent.retention import HOLD_MS
from connector.store.leaving import Leaver
from connector.store.users import Role
from tests.world import ANNA, BO, CARIN, DAVID, DAY, HOUR, START, World, world

RULES = {
    "newsletter": "12 months after last_activity",
    "offers": "12 months after last_activity",
    "events": "until withdrawn",
}
FOUR = (ANNA, BO, CARIN, DAVID)  # one more than the breaker lets pass


@dataclass(frozen=True)
class User:
    """Who destroys behind the gate, and how a test sees it."""

    gate: Gate
    time_is_over: Callable[..., None]
    figures: Callable[[Any], dict[str, int]]
    done: str
    is_gone: Callable[[World, str], bool]
    approvers: Callable[[World, str], tuple[str, ...]]

    def run(self, w: World, code: int = 0) -> dict[str, int]:
        ran = w.cli("retention", "run", "--json")
        assert ran.code == code, ran.err
        return self.figures(ran.json)

    def destroyed(self, w: World, code: int = 0) -> int:
        return self.run(w, code)[self.done]

    def ready(self, w: World, *addresses: str) -> None:
        """Found, and held for long enough."""
        self.time_is_over(w, *addresses)
        assert self.run(w)["held"] == len(addresses)
        w.wait(25 * HOUR)


def everything_over(w: World, *addresses: str) -> None:
    for address in addresses:
        w.grant(address)
    w.wait(13 * 31 * DAY)


def one_consent_over(w: World, *addresses: str) -> None:
    """The events keep the person."""
    for address in addresses:
        w.grant(address)
        w.grant(address, "events")
    w.wait(DAY)
    for address in addresses:
        w.withdraw(address, "newsletter")
    w.wait(25 * 31 * DAY)


def erased_by(w: World, address: str) -> tuple[str, ...]:
    del address
    with w.mirror.read(w.desk.portal) as work:
        found = [work.log.entry(h.seq) for h in work.log.headers() if h.type == EventType.ERASED]
    return next(event.approved_by for _, event in filter(None, found) if event is not None)


def destroyed_by(w: World, address: str) -> tuple[str, ...]:
    return next(e.approved_by for e in w.log(address) if e.type is EventType.PROOF_DESTROYED)


def proof_gone(w: World, address: str) -> bool:
    return [e.purpose for e in w.log(address) if e.type is EventType.GRANT] == ["events"]


PEOPLE = User(
    gate=retain.GATE,
    time_is_over=everything_over,
    figures=lambda document: document,
    done="erased",
    is_gone=lambda w, address: w.person(address) is None,
    approvers=erased_by,
)
PROOFS = User(
    gate=proofs.GATE,
    time_is_over=one_consent_over,
    figures=lambda document: document["proofs"],
    done="destroyed",
    is_gone=proof_gone,
    approvers=destroyed_by,
)


@pytest.fixture(params=[pytest.param(PEOPLE, id="people"), pytest.param(PROOFS, id="proofs")])
def user(request: pytest.FixtureRequest) -> User:
    found: User = request.param
    return found


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, retain=RULES, contacts=FOUR) as made:
        made.begin()
        with made.mirror.write(made.desk.portal) as work:
            for name in ("anna", "bo"):
                work.users.add(name, Role.DPO, f"long enough for {name}", made.now)
        yield made


def known(**more: Any) -> Leaver:
    return replace(Leaver(person_id=1, ref="", found_at=START - HOLD_MS, due_at=0), **more)


@pytest.mark.parametrize(
    ("leaver", "expected"),
    [
        pytest.param(known(), Stand.FREE, id="known for a day"),
        pytest.param(known(found_at=START - HOLD_MS + 1), Stand.HELD, id="not quite a day"),
        pytest.param(known(found_at=START + 1), Stand.HELD, id="a clock that went back"),
        pytest.param(known(review=7), Stand.ASKED, id="asked"),
        pytest.param(known(approved_by="staff:a,staff:b"), Stand.AGREED, id="two said yes"),
        pytest.param(known(approved_by="staff:a"), Stand.FREE, id="one is not two"),
        pytest.param(known(approved_by="staff:a,staff:a"), Stand.FREE, id="nor is one twice"),
        pytest.param(known(approved_by="staff:a", review=7), Stand.ASKED, id="one of two"),
        pytest.param(known(declined_until=START + 1), Stand.DECLINED, id="declined"),
        pytest.param(known(declined_until=START), Stand.FREE, id="declined a month ago"),
        pytest.param(
            known(found_at=START, approved_by="staff:a,staff:b"), Stand.HELD, id="nobody shortens the hold"
        ),
    ],
)
def test_how_far_one_is(leaver: Leaver, expected: Stand) -> None:
    assert stand(leaver, START) is expected


def test_nothing_passes_within_its_first_day(w: World, user: User) -> None:
    user.time_is_over(w, ANNA)
    assert (user.run(w)["held"], user.is_gone(w, ANNA)) == (1, False)
    w.wait(23 * HOUR)
    assert (user.run(w)["held"], user.is_gone(w, ANNA)) == (1, False)
    w.wait(2 * HOUR)
    assert user.destroyed(w) == 1
    assert user.is_gone(w, ANNA)


def test_what_was_kept_for_a_while_is_held_anew(w: World, user: User) -> None:
    user.ready(w, ANNA)
    assert w.cli("hold", "add", ANNA, "--reason", "claim 7").code == 0
    assert user.destroyed(w) == 0
    assert w.cli("hold", "remove", ANNA, "--reason", "settled").code == 0
    for _ in range(2):
        assert (user.run(w)["held"], user.is_gone(w, ANNA)) == (1, False)
        w.wait(23 * HOUR)
    assert user.destroyed(w) == 1


def test_an_open_breaker_lets_not_even_one_pass(w: World, user: User) -> None:
    user.ready(w, ANNA)
    with w.mirror.write(w.desk.portal) as work:
        open_breaker(w.desk, work, "vanished", vanished=9, read=10)
    found = user.run(w, code=4)
    assert (found["waiting"], found[user.done], user.is_gone(w, ANNA)) == (1, 0, False)
    with w.mirror.write(w.desk.portal) as work:
        close_breaker(work, "staff:anna")
    assert user.run(w, code=4)["waiting"] == 1, "who was asked about waits for the answer"
    assert user.gate.kind in {each.kind for each in w.reviews()}


@pytest.mark.parametrize(("lately", "code"), [(2, 0), (3, 4)])
def test_what_was_destroyed_in_the_last_day_counts(w: World, user: User, lately: int, code: int) -> None:
    user.ready(w, ANNA)
    with w.mirror.write(w.desk.portal) as work:
        for _ in range(lately):
            count_destroyed(w.desk, work, user.gate.note)
    assert user.destroyed(w, code) == (0 if code else 1)
    assert user.is_gone(w, ANNA) is (code == 0)


def test_each_that_is_destroyed_is_counted_for_a_day(w: World, user: User) -> None:
    user.ready(w, ANNA, BO)
    assert user.destroyed(w) == 2
    with w.mirror.read(w.desk.portal) as work:
        assert len(work.meta.get(user.gate.note)) == 2
    w.wait(25 * HOUR)
    with w.mirror.write(w.desk.portal) as work:
        count_destroyed(w.desk, work, user.gate.note)
        assert len(work.meta.get(user.gate.note)) == 1


def test_too_many_wait_as_a_whole_until_two_different_people_agreed(w: World, user: User) -> None:
    user.ready(w, *FOUR)
    for _ in range(2):
        found = user.run(w, code=4)
        assert (found["waiting"], found[user.done]) == (4, 0)
    (asked,) = w.reviews()
    assert (asked.kind, asked.detail) == (user.gate.kind, {"people": 4})
    w.decide("approve", "anna")
    w.decide("approve", "anna")
    assert user.destroyed(w, code=4) == 0, "one is not two"
    w.decide("approve", "bo")
    assert "review.decided" in w.nobodys()
    assert user.destroyed(w) == 4
    assert all(user.is_gone(w, each) for each in FOUR)
    assert set(user.approvers(w, ANNA)) == {"staff:anna", "staff:bo"}


def test_what_two_people_agreed_on_is_looked_at_once_more(w: World, user: User) -> None:
    user.ready(w, *FOUR)
    user.run(w, code=4)
    w.decide("approve", "anna")
    w.decide("approve", "bo")
    assert w.cli("hold", "add", DAVID, "--reason", "claim 7").code == 0
    assert user.destroyed(w) == 3
    assert [user.is_gone(w, each) for each in FOUR] == [True, True, True, False]


def test_what_comes_up_during_the_run_keeps_it(w: World, user: User) -> None:
    user.ready(w, ANNA, BO)
    kept: list[str] = []

    def beat() -> None:
        for first, second in ((ANNA, BO), (BO, ANNA)):
            if not kept and user.is_gone(w, first):
                kept.append(second)
                assert w.cli("hold", "add", second, "--reason", "claim 7").code == 0

    ran = retain.run(w.desk, beat)
    assert user.figures(ran.document())[user.done] == 1
    assert not user.is_gone(w, kept[0])


def test_a_no_to_the_question_rests_it_for_a_month(w: World, user: User) -> None:
    user.ready(w, *FOUR)
    user.run(w, code=4)
    w.decide("reject", "anna")
    for _ in range(2):
        assert user.run(w)["declined"] == 4
        assert w.reviews() == []
        w.wait(14 * DAY)
    w.wait(3 * DAY)
    assert user.run(w, code=4)["waiting"] == 4
    assert not any(user.is_gone(w, each) for each in FOUR)


def test_a_run_takes_so_many_and_the_next_one_the_rest(
    w: World, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destroying, "AT_ONCE", 1)
    user.ready(w, ANNA, BO)
    for left in (1, 0):
        found = user.run(w)
        assert (found[user.done], found["left"]) == (1, left)
    assert user.is_gone(w, ANNA)
    assert user.is_gone(w, BO)
