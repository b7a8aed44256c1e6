"""One group or one by one: what a page of contacts comes to does not depend on who is beside whom."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.acts.desk import Controller, Desk
from connector.acts.reconcile import Matter, reconcile_group
from connector.acts.take_in import Group, take_in
from connector.acts.tally import Tally
from connector.clock import SeededChance
from connector.consent.breaker import Limits
from connector.hubspot.feeds import all_contacts
from connector.hubspot.pace import Unlimited
from connector.hubspot.portal import Portal
from connector.hubspot.token import TokenSource
from connector.hubspot.transport import Transport
from connector.proof import keys
from connector.sandbox.options import Options
from connector.sandbox.server import Sandbox
from connector.store.mirror import Mirror
from mappings.addresses import NotAnAddress, normalise
from mappings.purposes import Purpose, Purposes
from mappings.records import Contact, Preferences

START = 1_800_000_000_000
PEOPLE = 300
PURPOSES = Purposes(
    [
        Purpose(key="newsletter", subscription_id=101),
        Purpose(key="events", subscription_id=102),
        Purpose(key="offers", subscription_id=103),
    ]
)


@dataclass
class Hand:
    """A clock that stands until it is moved."""

    at: int = START
    steady: float = 0.0

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.steady

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        self.steady += seconds
        return False


@dataclass
class Run:
    """One mirror of one sandbox, fed in groups of one size."""

    desk: Desk
    sandbox: Sandbox
    clock: Hand
    size: int
    full: bool
    appended: list[int] = field(default_factory=list)

    def turn(self) -> None:
        contacts = [each for page in all_contacts(self.desk.hubspot) for each in page.contacts]
        tally = Tally()
        for start in range(0, len(contacts), self.size):
            part = contacts[start : start + self.size]
            read = self._preferences(part) if self.full else {}
            with self.desk.mirror.write(self.desk.portal) as work:
                take_in(self.desk, work, Group(part, read), tally)
        self.appended.append(tally.events)
        self.clock.at += 3_600_000

    def _preferences(self, contacts: Sequence[Contact]) -> dict[str, Preferences]:
        names = list({address for contact in contacts for address in contact.addresses if _is_one(address)})
        found = self.desk.hubspot.batch_preferences(names).read
        return {normalise(address): each for address, each in found.items()}

    def dump(self) -> dict[str, Any]:
        """What the mirror holds, without what is random (person refs) or counts entries in order (seq)."""
        with self.desk.mirror.read(self.desk.portal) as work:
            people = [person.id for person in work.people.page(0, 10_000)]
            events = work.log.events_of(people).items()
            refs = [a.ref for held in work.people.addresses(people).values() for a in held]
            return {
                "states": {key: replace(row, seq=None) for key, row in work.states.of(people).items()},
                "observed": work.observed.of(people),
                "outbox": {
                    (each.ref, each.subscription, each.status, each.purpose, each.row, each.version)
                    for letters in work.outbox.of_refs(refs).values()
                    for each in letters
                },
                "reviews": {who: Counter(r.key for r in asked) for who, asked in _reviews(work, people)},
                "events": {
                    person: Counter((e.type, e.purpose, e.row, e.source_ref, e.t_hi) for e in each)
                    for person, each in events
                },
            }


def _reviews(work: Any, people: Sequence[int]) -> list[tuple[int, Any]]:
    return sorted(work.reviews.of_people(people).items())


def _is_one(address: str) -> bool:
    try:
        return bool(normalise(address))
    except NotAnAddress:
        return False


@contextmanager
def mirrored(folder: Path, *, seed: int, size: int, full: bool = True) -> Iterator[Run]:
    """A sandbox portal of its own, so that two runs cannot touch each other."""
    clock, chance = Hand(), SeededChance(seed)
    sandbox = Sandbox(PEOPLE, seed, clock=clock, options=Options(limits=False), born=START - 86_400_000)
    with sandbox.start() as server:
        transport = Transport(
            server.base_url,
            TokenSource(lambda: server.token),
            pace=Unlimited(),
            clock=clock,
            chance=chance,
            pool_size=2,
        )
        url = f"sqlite:///{folder / f'{size}.db'}"
        mirror = Mirror.create(url, keys.generate(SeededChance("keys")), clock, chance)
        desk = Desk(
            portal=server.portal_id,
            name="main",
            mirror=mirror,
            hubspot=Portal(transport, clock=clock, subscriptions=PURPOSES.subscription_ids),
            purposes=PURPOSES,
            limits=Limits(),
            clock=clock,
            chance=chance,
            zone=ZoneInfo("Europe/Stockholm"),
            controller=Controller(name="Exempel AB", contact="dataskydd@exempel.example"),
        )
        try:
            yield Run(desk, sandbox, clock, size, full)
        finally:
            mirror.close()
            transport.close()


def disturb(run: Run, seed: int) -> None:
    """What people, colleagues and imports do to a portal between two reads."""
    chance, portal = SeededChance(f"disturb/{seed}"), run.sandbox.engine.rooms.portal
    ids = [number for number in list(portal.ids_from(0)) if portal.live(number) is not None]
    acts = (_leave, _leave_all, _come_back, _called, _imported, _moved, _archived, _merged)
    for _ in range(60):
        act = acts[chance.below(len(acts))]
        first, second = ids[chance.below(len(ids))], ids[chance.below(len(ids))]
        one, other = portal.live(first), portal.live(second)
        if one is None or other is None or first == second or not one.email:
            continue
        act(run.sandbox, one, other, (101, 102, 103)[chance.below(3)])


def _leave(sandbox: Sandbox, one: Any, other: Any, kind: int) -> None:
    sandbox.person.unsubscribe(one.email, kind)


def _leave_all(sandbox: Sandbox, one: Any, other: Any, kind: int) -> None:
    sandbox.person.unsubscribe(one.email)


def _come_back(sandbox: Sandbox, one: Any, other: Any, kind: int) -> None:
    sandbox.person.resubscribe(one.email, kind)


def _called(sandbox: Sandbox, one: Any, other: Any, kind: int) -> None:
    sandbox.colleague.resubscribe(one.email, kind)


def _imported(sandbox: Sandbox, one: Any, other: Any, kind: int) -> None:
    sandbox.importer.statuses([one.email], kind, at=START - 400 * 86_400_000)


def _moved(sandbox: Sandbox, one: Any, other: Any, kind: int) -> None:
    sandbox.colleague.edit_email(one.id, f"moved.{one.id}@ny.example")


def _archived(sandbox: Sandbox, one: Any, other: Any, kind: int) -> None:
    sandbox.colleague.archive(one.id)


def _merged(sandbox: Sandbox, one: Any, other: Any, kind: int) -> None:
    sandbox.colleague.merge(one.id, other.id)


@pytest.mark.parametrize("full", [True, False], ids=["full statuses", "properties only"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_group_of_500_comes_to_the_same_as_500_groups_of_one(tmp_path: Path, seed: int, full: bool) -> None:
    dumps = []
    for size in (1, 500):
        with mirrored(tmp_path, seed=seed, size=size, full=full) as run:
            for number in range(3):
                run.turn()
                disturb(run, 10 * seed + number)
            run.turn()
            dumps.append(run.dump())
    one_by_one, together = dumps
    for what, found in one_by_one.items():
        assert together[what] == found, what


@pytest.mark.parametrize("size", [1, 500])
def test_reading_the_same_again_appends_nothing(tmp_path: Path, size: int) -> None:
    with mirrored(tmp_path, seed=1, size=size) as run:
        run.turn()
        disturb(run, 7)
        for _ in range(3):
            run.turn()
        assert run.appended[1] > 0
        assert run.appended[2:] == [0, 0]


def test_deciding_everybody_again_appends_nothing(tmp_path: Path) -> None:
    """Every entry names its standing fact: the table may be asked as often as one likes (I4)."""
    with mirrored(tmp_path, seed=2, size=500) as run:
        run.turn()
        disturb(run, 3)
        run.turn()
        decide_all(run)  # that somebody moved is over: rows 32 and 33 give way to 24 and 29, once
        tally = decide_all(run)
        assert tally.decided > PEOPLE
        assert tally.events == 0


def decide_all(run: Run) -> Tally:
    tally = Tally()
    with run.desk.mirror.write(run.desk.portal) as work:
        people = [person.id for person in work.people.page(0, 10_000)]
        reconcile_group(run.desk, work, [Matter(each, {}) for each in people], tally)
    return tally
