"""Play a history, look at everything after each step and at rest, and make a failing one short.

python -m tests.simulation.run --days 1000 --seed 1
python -m tests.simulation.run --only 17          # one seed again, with its history told
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.acts.who import users_of
from connector.errors import ConnectorError
from connector.sandbox.access import CONTENT, GRANTABLE
from jobs.ahead import rare_collections
from mappings.addresses import normalise
from tests.scenarios.switches import OTHERS
from tests.simulation import invariants, misfortunes, news
from tests.simulation.deeds import MISFORTUNES, Deed, do, history
from tests.simulation.invariants import Violated
from tests.simulation.news import News
from tests.simulation.product import Product
from tests.simulation.truth import Truth
from tests.simulation.wire import written
from tests.world import DAY, HOUR, MINUTE, TYPES

PEOPLE = 8
DAYS = 160  # of one seed
NUMBERS = tuple(TYPES.values())
#: Deaths here are of the process and never of the machine: memory keeps what a process had written, and asks
#: for no disk. Power cuts are `tests/crash/test_powercut.py`.
MEMORY = next((place for place in ("/dev/shm",) if os.access(place, os.W_OK)), None)


@dataclass(slots=True)
class Result:
    """What a seed came to."""

    seed: int
    days: float = 0.0
    steps: int = 0
    problem: str | None = None
    history: Sequence[Deed] = ()
    played: int = 0
    healed_ms: list[int] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)


class Life:
    """One seed: a portal with people, the product beside it, and what really happened."""

    def __init__(self, seed: int, folder: Path, *, mailed: bool = False) -> None:
        self.seed = seed
        hooks, journal = bool(seed & 1), bool(seed & 2)
        extra = (misfortunes.MAIL if mailed else "") + (news.WEB if hooks else "")
        portal = (news.HOOKS if hooks else "") + (news.JOURNAL if journal else "")
        os.environ |= dict.fromkeys((news.WEBHOOK_ENV, news.JOURNAL_ENV), news.SECRET)
        self.product = Product(folder, seed=seed, options=_switches(seed), extra=extra, portal=portal)
        self.mailed, self.copies = mailed, list[Path]()
        self.sandbox, self.wire = self.product.sandbox, self.product.wire
        self.clock, self.truth = self.product.clock, Truth(self.sandbox.engine.rooms.portal.owner)
        self.addresses = [f"person{number}@example.org" for number in range(PEOPLE)]
        self.gone: set[str] = set()  # whom an erasure has taken out of the mirror
        self.leaving: dict[str, frozenset[str]] = {}  # whom it is to take out, by address
        self.races: list[tuple[int, int]] = []
        self.seen: Counter[str] = Counter()
        self.problems: list[str] = []
        self._repairs: list[tuple[int, Callable[[], None]]] = []
        self.steps = 0
        for number, address in enumerate(self.addresses):
            self.sandbox.colleague.create({"email": address})
            if number % 2:
                self.sandbox.app.set_status(address, NUMBERS[number % 3], "SUBSCRIBED", source="Zorp")
        self.news = News(self, hooks=hooks, journal=journal)
        self.wire.before, self.wire.after = self._leaves, self.news.answered
        self.product.begin()
        self.news.hear()

    # What the deeds ask for

    @property
    def desk(self) -> Any:
        return self.product.desk

    @property
    def now(self) -> int:
        return self.product.world.now()

    def address(self, number: int) -> str:
        return self.addresses[number % len(self.addresses)]

    def type(self, number: int) -> int:
        """A subscription type, or 0 for everything."""
        return (0, *NUMBERS)[number % 4]

    def said_no(self, who: str, kind: int) -> None:
        self.truth.no(who, kind, self.now)

    def said_yes(self, who: str, kind: int) -> None:
        self.truth.yes(who, kind, self.now)

    def users(self, address: str) -> frozenset[str]:
        """The mirror's references of the people whom an act at this address is about."""
        with self.desk.mirror.read(self.desk.portal) as work:
            return frozenset(person.ref for person in users_of(work, normalise(address)))

    def mine(self, act: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """An act of ours. What was not acknowledged was not promised."""
        try:
            answer = self.product.alive(act)
        except ConnectorError as error:
            self.seen[f"act {error.code}"] += 1
            return
        if answer is not None:
            done(answer)

    def looked(self) -> bool:
        """Everything that HubSpot shows now has been read."""
        try:
            return self.product.alive(lambda: self.product.turn(full=True)) is not None
        except ConnectorError:
            return False

    def later(self, steps: int, repair: Callable[[], None]) -> None:
        """After so many more steps it works again."""
        self._repairs.append((self.steps + steps, repair))

    def allowed(self) -> None:
        """Writing is allowed again (after a restore)."""
        self.product.alive(lambda: misfortunes.allowed(self))

    # Running

    def step(self, deed: Deed) -> None:
        self.steps += 1
        self.product.world.advance(deed.gap)
        for due in [each for each in self._repairs if each[0] <= self.steps]:
            self._repairs.remove(due)
            due[1]()
        self.news.deliver()
        do(self, deed)
        self.tick()
        self.look()

    def tick(self) -> None:
        self.news.before_tick()
        self.product.alive(self.product.tick)
        self.news.hear()

    def look(self) -> None:
        """What must hold at any moment."""
        if self.problems:
            raise Violated(self.problems[0])
        invariants.at_any_moment(self)

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self._repairs, repairs = [], self._repairs
        for _, repair in repairs:
            repair()
        self.races.clear()
        self.wire.down = None
        self.clock.skew_ms = 0
        for rule in self.sandbox.machine.faults():
            self.seen[f"fault {rule['name'] or rule['effect']}"] += int(str(rule["fired"]))
        self.sandbox.machine.clear_faults()
        self.product.disk.due.clear()
        self.product.death.expect(0)
        self.product.post.due.clear()
        if self.seen["restores"]:
            self.allowed()
        self.product.set_token(self.sandbox.token)

    def rest(self) -> int:
        """Time passes undisturbed until nothing waits; how long that took, in ms."""
        self.heal()
        began = self.now
        for _ in range(60):
            self.product.world.advance(HOUR)
            self.news.deliver()
            self.tick()
            if not invariants.unsettled(self):
                break
        healed = self.now - began
        self.product.world.advance(DAY + HOUR)
        self.tick()
        self.product.world.advance(DAY + HOUR)
        self.tick()
        return healed

    def end(self) -> None:
        self.product.end()

    def _leaves(self, method: str, path: str, body: bytes) -> None:
        """Every request passes here before HubSpot has it."""
        self.news.asks(path, body)
        said = written(method, path, body)
        if said is None:
            return
        who, kind, status = said
        self.seen[f"wrote {status}"] += 1
        if status not in {"SUBSCRIBED", "UNSUBSCRIBED"}:
            self.problems.append(f"I5: {status} was written")
        if status == "SUBSCRIBED":
            if not self.truth.may_send(who, kind):
                self.problems.append(f"I3/I5: SUBSCRIBED left for {who} {kind} without a standing yes")
            self._race(who, kind)

    def _race(self, who: str, kind: int) -> None:
        if self.races and self.races[0][0] <= 1:
            _, wide = self.races.pop(0)
            if self._leaves_no_trace(who, kind, wide=bool(wide)):
                self.seen["races without a trace"] += 1
                return
            self.sandbox.person.unsubscribe(who, None if wide else kind)
            self.said_no(who, 0 if wide else kind)
            self.seen["races"] += 1
        elif self.races:
            self.races[0] = (self.races[0][0] - 1, self.races[0][1])

    def _leaves_no_trace(self, who: str, kind: int, *, wide: bool) -> bool:
        """The same no said again stands on the v1 timeline alone, which a Starter portal has not: nobody
        can tell it from one that was not said (docs/reliability.md, what this does not show)."""
        held = self.sandbox.machine.address(who)
        row = held["statuses"].get(str(kind))
        again = bool(held["wide"]) if wide else row is not None and row["status"] == "UNSUBSCRIBED"
        return again and CONTENT not in GRANTABLE[self.sandbox.engine.rooms.limits.tier]


def _switches(seed: int) -> dict[str, Any]:
    """Every third seed turns some of the points that HubSpot's documents leave open."""
    if seed % 3:
        return {}
    names = sorted(OTHERS)
    chosen = {names[(seed * 7 + step * 5) % len(names)] for step in range(3)}
    return {name: OTHERS[name][0] for name in sorted(chosen)}


def play(seed: int, deeds: Sequence[Deed]) -> Result:
    """One history from the first reading to rest."""
    result = Result(seed, history=deeds)
    with tempfile.TemporaryDirectory(prefix="simulation-", dir=MEMORY) as folder, rare_collections():
        life = Life(seed, Path(folder), mailed=any(deed.word in MISFORTUNES for deed in deeds))
        began = life.now
        try:
            for deed in deeds:
                life.step(deed)
                result.played += 1
            result.healed_ms.append(life.rest())
            life.look()
            invariants.at_rest(life)
        except Violated as found:
            result.problem = str(found)
        finally:
            result.days, result.steps = (life.now - began) / DAY, life.steps
            broken = {f"disk {kind}": n for kind, n in life.product.disk.fired.items()}
            result.seen = life.seen + life.wire.seen + Counter(broken) + life.product.post.fired
            with suppress(Exception):
                life.end()
    return result


def shrunk(seed: int, deeds: Sequence[Deed], budget: int = 200) -> Result:
    """The shortest history found that still fails (delta debugging, then one deed after another)."""
    best = play(seed, deeds)
    if best.problem is None:
        return best
    kept, size, kind = list(deeds)[: best.played + 1], max(1, len(deeds) // 2), best.problem.split(":")[0]
    while budget > 0 and size >= 1:
        place, smaller = 0, False
        while place < len(kept) and budget > 0:
            tried = kept[:place] + kept[place + size :]
            budget -= 1
            found = play(seed, tried)
            if found.problem is not None and found.problem.split(":")[0] == kind:
                kept, best, smaller = tried, found, True
            else:
                place += size
        size = size if smaller and size == 1 else size // 2
    return best


def simulate(
    days: float, first: int, *, seconds: float | None = None, misfortunes: bool = False
) -> list[Result]:
    """Seed after seed until so many days were lived, one failed, or the time is up."""
    results: list[Result] = []
    start, lived, seed = time.process_time(), 0.0, first
    while lived < days and (seconds is None or time.process_time() - start < seconds):
        results.append(play(seed, history(seed, DAYS, misfortunes=misfortunes)))
        lived += results[-1].days
        seed += 1
        if results[-1].problem is not None:
            break
    return results


def figures(results: Sequence[Result]) -> dict[str, Any]:
    """What is published."""
    seen: Counter[str] = Counter()
    for result in results:
        seen.update(result.seen)
    healed = sorted(h for result in results for h in result.healed_ms)
    return {
        "seeds": len(results),
        "days": round(sum(result.days for result in results)),
        "steps": sum(result.steps for result in results),
        "violations": sum(result.problem is not None for result in results),
        "healed_minutes_p50": healed[len(healed) // 2] // MINUTE if healed else None,
        "healed_minutes_max": healed[-1] // MINUTE if healed else None,
        "seen": dict(sorted(seen.items())),
    }


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="one seed, shrunk where it fails")
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--misfortunes", action="store_true", help="also failing mail servers and restores")
    said = parser.parse_args(words)
    began = time.process_time()
    if said.only is not None:
        deeds = history(said.only, DAYS, misfortunes=said.misfortunes)
        results = [shrunk(said.only, deeds) if said.shrink else play(said.only, deeds)]
    else:
        results = simulate(said.days, said.seed, misfortunes=said.misfortunes)
    last = results[-1]
    told = figures(results) | {"cpu_s": round(time.process_time() - began, 1)}
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    if last.problem is None:
        return 0
    sys.stdout.write(f"seed {last.seed} fails: {last.problem}\n")
    for number, deed in enumerate(last.history):
        sys.stdout.write(f"  {number:3} {deed}\n" if number <= last.played else "")
    sys.stdout.write(f"again: make simulate SEED={last.seed} ONLY=1\n")
    return 1


if __name__ == "__main__":
    os.environ.setdefault("TZ", "UTC")
    sys.exit(main())
