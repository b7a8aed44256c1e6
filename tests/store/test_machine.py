"""Any order of the store's own acts by two processes, with restarts and lost answers: nothing owed is lost.

Beside the store runs a plain model: lists and sets. After each step: I1 what the store reads back are the
very events that were appended, and the formula over them says what the naive one says · an outbox row waits
for each no that HubSpot has not shown (I7) · no yes leaves while a no is owed (I2) · no two processes hold
one letter · the erased are nobody's and stay suppressed (I8) · noes move with a merge (I12) · the log
verifies with every payload.
"""

import shutil
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from connector.clock import SeededChance
from connector.consent.events import SUBJECT, Basis, Event, EventType, Grade, Overlay, Source
from connector.consent.state import standing
from connector.proof.verify import verify_log
from connector.store.mirror import Mirror
from connector.store.outbox import NewLetter, Origin
from connector.store.people import NewAddress
from connector.store.suppression import SuppressionKind
from mappings.purposes import Purpose
from mappings.words import Status
from tests.consent.naive import naive_state
from tests.stateful.profile import profile

from .conftest import KEYS, HandClock

YES, NO = Status.SUBSCRIBED, Status.UNSUBSCRIBED
LEASE, SIGMA = 30_000, 300_000
PURPOSES = {"newsletter": 101, "offers": 102}
TYPES = (*PURPOSES.values(), 0)
NAMES = tuple("abcd")
name = st.sampled_from(NAMES)
purpose = st.sampled_from(sorted(PURPOSES))
process = st.sampled_from([0, 1])
_portals = count(7_000)


class Store(RuleBasedStateMachine):
    """A portal of its own in a database that all histories share."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.portal, self.clock = url, next(_portals), HandClock()
        self.processes = [self._opened(0), self._opened(1)]
        self.starts = count(2)
        self.people: dict[str, int] = {}  # living, by name
        self.refs: dict[str, str] = {}  # of the address of each name, living or not
        self.owner: dict[str, str] = {}  # whose the address is now (merges)
        self.events: dict[str, list[Event]] = {}
        self.overlay: dict[str, Overlay | None] = {}
        self.erased: set[str] = set()
        self.owed: set[tuple[str, int]] = set()
        self.hubspot: dict[tuple[str, int], Status] = {}
        self.held: dict[tuple[str, int], tuple[int, object]] = {}  # key -> process, letter
        self.size = 0

    def _opened(self, number: int) -> Mirror:
        return Mirror.open(self.url, KEYS, self.clock, SeededChance(f"{self.portal}/{number}"))

    def teardown(self) -> None:
        try:
            self.drained()
        finally:
            for each in self.processes:
                each.close()

    def write(self, number: int = 0):
        return self.processes[number].write(self.portal)

    def read(self, number: int = 0):
        return self.processes[number].read(self.portal)

    # --- people ---

    @initialize()
    def two_people(self) -> None:
        self.takes_in("a", 0)
        self.takes_in("b", 1)

    @rule(who=name, number=process)
    def takes_in(self, who: str, number: int) -> None:
        """The door: suppression is asked before anything is stored."""
        address = self._address(who)
        with self.write(number) as work:
            if work.suppression.is_erased(address):
                assert who in self.erased
                return
            assert who not in self.erased
            if who in self.owner:
                return
            (made,) = work.people.create([[NewAddress(address, address)]])
            self.refs[who] = work.people.address_ref(address)
        self.people[who], self.owner[who], self.events[who] = made.id, who, []
        self.overlay[who] = None

    def _address(self, who: str) -> str:
        return f"{who}.{self.portal}@example.org"

    def _living(self, who: str) -> str | None:
        """Who answers for this name now."""
        return self.owner.get(who)

    @rule(who=name, number=process)
    def is_erased(self, who: str, number: int) -> None:
        person = self._living(who)
        if person is None:
            return
        gone = [each for each, whose in self.owner.items() if whose == person]
        for each in gone:
            self.processes[number].suppress(self.portal, self._address(each), SuppressionKind.ERASED)
        with self.write(number) as work:
            family = work.people.family([self.people[person]])[self.people[person]]
            work.people.shred(self.people[person])
            work.log.append([(each, Event(type=EventType.ERASED)) for each in family])
        self.erased.update(gone)
        for each in gone:
            del self.owner[each]
        self.people.pop(person)
        self.events.pop(person)
        self.overlay.pop(person)
        # yeses go with the person; what was claimed comes back to nobody
        self.held = {key: value for key, value in self.held.items() if key[0] not in self._refs(gone)}

    def _refs(self, names) -> set[str]:
        return {self.refs[each] for each in names}

    @rule(one=name, other=name, number=process)
    def are_merged(self, one: str, other: str, number: int) -> None:
        loser, winner = self._living(one), self._living(other)
        if loser is None or winner is None or loser == winner:
            return
        with self.write(number) as work:
            work.people.merge(self.people[loser], self.people[winner])
        self.events[winner] += self.events.pop(loser)
        self.people.pop(loser)
        restricted = Overlay.RESTRICTED in {self.overlay.pop(loser), self.overlay[winner]}
        self.overlay[winner] = Overlay.RESTRICTED if restricted else None
        self.owner = {each: winner if whose == loser else whose for each, whose in self.owner.items()}

    @rule(who=name, number=process, on=st.booleans())
    def is_restricted(self, who: str, number: int, on: bool) -> None:
        person = self._living(who)
        if person is not None:
            self.overlay[person] = Overlay.RESTRICTED if on else None
            with self.write(number) as work:
                work.people.set_overlay(self.people[person], self.overlay[person])

    # --- what people say ---

    def _said(self, who: str, number: int, event: Event, letter: NewLetter | None) -> None:
        person = self._living(who)
        assert person is not None
        self.clock.at += 1
        with self.write(number) as work:
            self.events[person] += work.log.append([(self.people[person], event)])
            if letter is not None:
                work.outbox.queue([replace(letter, person_id=self.people[person])], self.clock.now())

    @rule(who=name, key=st.sampled_from([*sorted(PURPOSES), "*"]), number=process, dated=st.booleans())
    def says_no(self, who: str, key: str, number: int, dated: bool) -> None:
        if self._living(who) is None:
            return
        at = self.clock.now() if dated else None
        event = Event(
            type=EventType.OBJECT if key == "*" else EventType.WITHDRAW,
            purpose=key,
            t_lo=at,
            t_hi=at,
            actor=SUBJECT,
            source=Source.API,
            address=self.refs[who],
        )
        subscription = PURPOSES.get(key, 0)
        letter = NewLetter(ref=self.refs[who], subscription=subscription, status=NO, origin=Origin.ASKED)
        self._said(who, number, event, letter)
        self.owed.add((self.refs[who], subscription))

    @rule(who=name, key=purpose, number=process, grade=st.sampled_from([Grade.E1, Grade.E2, Grade.E3]))
    def says_yes(self, who: str, key: str, number: int, grade: Grade) -> None:
        if self._living(who) is None:
            return
        at = self.clock.now()
        event = Event(
            type=EventType.GRANT,
            purpose=key,
            t_lo=at,
            t_hi=at,
            actor=SUBJECT,
            source=Source.PAPER,
            grade=grade,
            wording="a" * 64 if grade >= Grade.E2 else None,
            basis=Basis.CONSENT,
            address=self.refs[who],
        )
        letter = NewLetter(
            ref=self.refs[who], subscription=PURPOSES[key], status=YES, origin=Origin.RECONCILE, purpose=key
        )
        self._said(who, number, event, letter if grade >= Grade.E2 else None)

    # --- two processes at one outbox ---

    @rule(number=process, limit=st.integers(1, 3))
    def claims(self, number: int, limit: int) -> None:
        with self.write(number) as work:
            letters = work.outbox.claim(limit, self.clock.now(), LEASE)
        for letter in letters:
            key = (letter.ref, letter.subscription)
            assert key not in self.held, "two processes hold one letter"
            self.held[key] = number, letter

    @rule(end=st.sampled_from(["confirmed", "lost answer", "refused", "released", "parked yes", "died"]))
    def carries_one(self, end: str) -> None:
        if not self.held:
            return
        key = min(self.held)
        number, letter = self.held.pop(key)
        if end == "died":
            self.held[key] = number, letter  # nobody settles it: the claim has to run out
            return
        with self.write(number) as work:
            if end == "released":
                work.outbox.release(letter)
                return
            sent = work.outbox.attempt(letter, self.clock.now())
        if sent is None:
            return
        if sent.status is YES:
            assert not self.owed & {key, (key[0], 0)}, "a yes left while a no was owed"
        if end != "refused":
            self.hubspot[key] = sent.status
        with self.write(number) as work:
            if end == "confirmed" and work.outbox.confirm(sent, self.clock.now()):
                if sent.status is NO:
                    self.owed.discard(key)
            elif end == "parked yes" and sent.status is YES:
                work.outbox.park(sent, "rejected")
            elif end != "confirmed":
                work.outbox.retry(sent, self.clock.now() + 1_000)

    @rule(ms=st.sampled_from([1_000, LEASE + 1, SIGMA + 1, 86_400_000]))
    def time_goes_by(self, ms: int) -> None:
        self.clock.at += ms
        if ms >= LEASE:
            self.held.clear()

    @rule(number=process)
    def starts_anew(self, number: int) -> None:
        self.processes[number].close()
        self.processes[number] = self._opened(next(self.starts))
        # what it held is nobody's until the claim runs out
        self.clock.at += LEASE + 1
        self.held.clear()

    # --- what has to be true ---

    @invariant()
    def each_no_that_has_not_arrived_waits(self) -> None:
        with self.read() as work:
            letters = [*work.outbox.pending(), *work.outbox.pending(parked=True)]
            waiting = {(each.ref, each.subscription): each.status for each in letters}
        for key in self.owed:
            assert waiting.get(key) is NO, (key, waiting)

    @invariant()
    def the_store_says_what_was_said(self) -> None:
        with self.read(1) as work:
            found = work.log.events_of(self.people.values())
            people = work.people.by_ids(self.people.values())
            held = work.people.addresses(self.people.values())
            size = work.log.size()
        assert size >= self.size, "the log only grows"
        self.size = size
        for who, number in self.people.items():
            events = found.get(number, [])
            assert sorted(events, key=lambda each: each.seq or 0) == sorted(
                self.events[who], key=lambda each: each.seq or 0
            )
            assert people[number].overlay == self.overlay[who]
            mine = {self.refs[each] for each, whose in self.owner.items() if whose == who}
            assert {each.ref for each in held[number]} == mine
            for key, subscription in PURPOSES.items():
                kind = Purpose(key=key, subscription_id=subscription)
                state = standing(events, kind, mine, self.clock.now(), SIGMA).state
                naive = naive_state(
                    events, key, marketing=True, current=mine, now=self.clock.now(), sigma=SIGMA
                )
                assert state == naive

    @invariant()
    def the_erased_are_nobodys(self) -> None:
        with self.read() as work:
            assert not work.people.persons_of(self._refs(self.erased))
            assert all(work.suppression.is_erased(self._address(each)) for each in self.erased)
            assert work.people.count() == len(self.people)

    @invariant()
    def the_log_verifies(self) -> None:
        with self.read() as work:
            verdict = verify_log(work.log.records(payloads=True), payloads=True)
        assert verdict.ok, verdict

    def drained(self) -> None:
        """HubSpot answers again: every no that is owed arrives, in either process."""
        for number in (0, 1):
            self.clock.at += LEASE + 86_400_000
            with self.write(number) as work:
                for letter in work.outbox.claim(1_000, self.clock.now(), LEASE):
                    sent = work.outbox.attempt(letter, self.clock.now())
                    if sent is not None:
                        self.hubspot[sent.ref, sent.subscription] = sent.status
                        work.outbox.confirm(sent, self.clock.now())
                        self.owed.discard((sent.ref, sent.subscription))
        assert not self.owed
        for ref, subscription in self.hubspot:
            assert (ref, subscription) not in self.owed


@pytest.fixture
def shared(sqlite_template, tmp_path) -> str:
    path = tmp_path / "mirror.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


def test_any_history_on_sqlite(shared: str) -> None:
    run_state_machine_as_test(lambda: Store(shared), settings=profile(short=(40, 25), long=(3_000, 60)))


@pytest.mark.postgresql
def test_any_history_on_postgresql(postgresql_url: str) -> None:
    run_state_machine_as_test(lambda: Store(postgresql_url), settings=profile(short=(3, 15), long=(300, 50)))
