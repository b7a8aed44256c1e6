"""Noes that came together: what a group comes to is what its noes would come to one by one."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from connector.acts.choices import Stop
from connector.acts.desk import Controller, Desk
from connector.acts.late_stops import HELD, RESTORED, take_stops
from connector.acts.links import Ticket, keep_links
from connector.acts.ports import HubSpot
from connector.acts.projection import project_all
from connector.clock import SeededChance
from connector.consent.breaker import Limits
from connector.consent.events import ALL_MARKETING, SUBJECT, Basis, Event, EventType, Grade, Overlay, Source
from connector.proof.links import Scope, Signer
from connector.store.contacts import ContactRow
from connector.store.journal import Journal
from connector.store.mirror import Mirror
from connector.store.outbox import Letter, NewLetter, Origin
from connector.store.people import AddressKind, NewAddress
from connector.store.suppression import SuppressionKind
from connector.store.work import Work
from mappings.purposes import Purpose, Purposes
from mappings.terms import Basis as PurposeBasis
from mappings.words import Status
from tests.store.conftest import KEYS, NOW, PORTAL, HandClock, postgresql_database

PURPOSES = Purposes(
    [
        Purpose(key="newsletter", subscription_id=101),
        Purpose(key="offers", subscription_id=102),
        Purpose(key="receipts", subscription_id=103, marketing=False, basis=PurposeBasis.CONTRACT),
    ]
)
DAY = 86_400_000
PEOPLE = 20


@dataclass
class Register:
    """A mirror with people, and a link for each address that anybody ever had."""

    desk: Desk
    clock: HandClock
    tickets: list[Ticket]

    def take(self, stops: Sequence[Stop]) -> list[tuple[str, ...]]:
        with self.desk.mirror.write(PORTAL) as work:
            return [tuple(refs) for refs in take_stops(self.desk, work, stops)]

    def dump(self) -> dict[str, Any]:
        """All that is stored, without what counts entries in order."""
        mirror = self.desk.mirror
        assert mirror.journal is not None
        with mirror.read(PORTAL) as work:
            people = [person.id for person in work.people.page(0, 1_000)]
            events = work.log.events_of(people)
            # of two noes of one moment either decides: which one hangs on their random ids
            at = {event.seq: event.t_hi for each in events.values() for event in each}
            return {
                "people": work.people.by_ids(range(1, 1_000)),
                "states": {
                    key: (replace(row, seq=None), at.get(row.seq))
                    for key, row in work.states.of(people).items()
                },
                "events": {
                    number: Counter(told_by(event) for event in each if not _is_shared(work, event))
                    for number, each in events.items()
                },
                "letters to shared addresses": Counter(
                    told_by(event) for each in events.values() for event in each if _is_shared(work, event)
                ),
                "nobody's": Counter(told_by(each) for each in work.log.of_nobody(EventType.QUEUED)),
                "outbox": Counter(_letter_of(work, each) for each in work.outbox.pending()),
                "sign-ups": {
                    work.people.address_ref(name)
                    for name in ADDRESSES
                    if work.signups.last(work.people.address_ref(name)) is not None
                },
                "held": {(number, key): at for number, key, _, at in work.meta.get(HELD) or []},
                "journal": Counter(
                    (line.kind, line.ref, journalled(line.data)) for line in mirror.journal.lines()
                ),
            }


ADDRESSES = [f"person{number}@example.org" for number in range(PEOPLE)] + [
    f"{name}@example.org" for name in ("shared", "info", "old", "erased", "objected", "stranger")
]


def _letter_of(work: Work, letter: Letter) -> str:
    """Of an address that several have, the letter belongs to whoever of them asked last."""
    shared = len(work.people.persons_of([letter.ref]).get(letter.ref, ())) > 1
    return repr(replace(letter, seq=None, person_id=None if shared else letter.person_id))


def _is_shared(work: Work, event: Event) -> bool:
    """It tells of a letter to an address that several have: under whoever of them asked first."""
    ref = event.address if event.type is EventType.QUEUED else None
    return ref is not None and len(work.people.persons_of([ref])[ref]) > 1


def told_by(event: Event) -> str:
    return repr(replace(event, id="", seq=None))


def journalled(data: bytes) -> str:
    if not data:  # an erasure
        return ""
    body = json.loads(data)
    kept = {key: value for key, value in body["header"].items() if key not in {"seq", "prev", "commit"}}
    return json.dumps([kept, body["payload"], body["addresses"]], sort_keys=True)


@contextmanager
def register(folder: Path, url: str, seed: int) -> Iterator[Register]:
    """The same for the same seed, whatever is done to it afterwards."""
    folder.mkdir()
    clock, chance = HandClock(), SeededChance(f"register/{seed}")
    journal = Journal(folder / "mirror.journal", KEYS.master, chance)
    mirror = Mirror.create(url, KEYS, clock, chance, journal)
    desk = Desk(
        portal=PORTAL,
        name="main",
        mirror=mirror,
        hubspot=cast("HubSpot", None),  # recording a no asks HubSpot for nothing
        purposes=PURPOSES,
        limits=Limits(),
        clock=clock,
        chance=chance,
        zone=ZoneInfo("Europe/Stockholm"),
        controller=Controller(name="Exempel AB", contact="dataskydd@exempel.example"),
        signer=Signer(mirror.link_key),
        public_url="https://consent.example",
    )
    try:
        yield Register(desk, clock, _populated(desk, clock, SeededChance(f"people/{seed}")))
    finally:
        mirror.close()


def _populated(desk: Desk, clock: HandClock, chance: SeededChance) -> list[Ticket]:
    with desk.mirror.write(PORTAL) as work:
        held = [_addresses(number, chance) for number in range(PEOPLE)]
        people = [person.id for person in work.people.create(held)]
        erased = work.people.create([[NewAddress("erased@example.org", "Erased@example.org")]])[0].id
        for number in people:
            _past_of(work, number, clock.at, chance)
        refs = list(work.people.address_refs(ADDRESSES).values())
        ids = keep_links(desk, work, refs)
        for ref in refs[::5]:
            work.signups.add(ref, ("newsletter", "offers")[chance.below(2)], {"text": "x"}, NOW, NOW + DAY)
        project_all(desk, work, people)
        work.people.shred(erased)
        work.meta.put(RESTORED, chance.below(2) == 0)
    for name in ("erased@example.org", "objected@example.org"):
        desk.mirror.suppress(PORTAL, name, SuppressionKind.ERASED, ALL_MARKETING)
    return [Ticket(scope=Scope.STOP, portal=PORTAL, id=each, made_at=0) for each in ids]


def _addresses(number: int, chance: SeededChance) -> list[NewAddress]:
    """Their own, and now and then one that others have too, or had."""
    found = [NewAddress(f"person{number}@example.org", f"Person{number}@example.org")]
    for name in ("shared", "info", "old", "objected"):
        if chance.below(5) == 0:
            kind = (AddressKind.ADDITIONAL, AddressKind.PAST)[chance.below(2)]
            found.append(NewAddress(f"{name}@example.org", f"{name}@example.org", kind))
    return found


def _past_of(work: Work, number: int, now: int, chance: SeededChance) -> None:
    ref = work.people.address_ref(work.people.addresses([number])[number][0].normalised)
    events = [_some_act(chance, ref, now) for _ in range(chance.below(4))]
    work.log.append([(number, each) for each in events])
    work.contacts.put([ContactRow(number + 1_000, number, statuses_read_at=now if chance.below(4) else None)])
    if chance.below(8) == 0:
        work.people.set_overlay(number, Overlay.RESTRICTED)
    for subscription in (0, 101, 102):
        if chance.below(4) == 0:
            _letter(work, number, ref, subscription, chance)


def _some_act(chance: SeededChance, ref: str, now: int) -> Event:
    at = now - DAY + chance.below(3) * DAY  # some a day from now: a consent that a no does not reach
    purpose = ("newsletter", "offers")[chance.below(2)]
    if chance.below(3) == 0:
        return Event(
            type=EventType.WITHDRAW,
            purpose=purpose,
            t_lo=now - DAY,
            t_hi=now - DAY,
            actor=SUBJECT,
            source=Source.HUBSPOT,
        )
    return Event(
        type=EventType.GRANT,
        purpose=purpose,
        t_lo=at,
        t_hi=at,
        actor=SUBJECT,
        source=Source.FORM,
        address=ref,
        grade=Grade.E3,
        wording="a" * 64,
        basis=Basis.CONSENT,
    )


def _letter(work: Work, number: int, ref: str, subscription: int, chance: SeededChance) -> None:
    yes = subscription != 0 and chance.below(2) == 0
    status = Status.SUBSCRIBED if yes else Status.UNSUBSCRIBED
    letter = NewLetter(
        ref=ref, subscription=subscription, status=status, origin=Origin.RECONCILE, person_id=number
    )
    work.outbox.queue([letter], NOW)


def _stops(made: Register, seed: int) -> list[Stop]:
    """Presses of many people, some again and again, some of links that lead nowhere."""
    chance = SeededChance(f"stops/{seed}")
    unknown = [Ticket(scope=Scope.STOP, portal=PORTAL, id=bytes([each]) * 16, made_at=0) for each in range(3)]
    often = made.tickets[-6:]  # those that several have, and of the suppressed
    choices = [*made.tickets, *often * 4, *unknown]
    purposes = [None, None, *PURPOSES]
    return [
        Stop(
            ticket=choices[chance.below(len(choices))],
            purpose=purposes[chance.below(len(purposes))],
            source=(Source.ONECLICK, Source.PREFPAGE)[chance.below(2)],
            language=(None, "sv")[chance.below(2)],
            at=NOW - chance.below(2) * 60_000,
        )
        for _ in range(70)
    ]


def _in_groups(stops: Sequence[Stop], seed: int) -> Iterator[Sequence[Stop]]:
    chance, place = SeededChance(f"groups/{seed}"), 0
    while place < len(stops):
        size = 1 + chance.below(40)
        yield stops[place : place + size]
        place += size


def _one_by_one(stops: Sequence[Stop], seed: int) -> Iterator[Sequence[Stop]]:
    del seed
    yield from ([stop] for stop in stops)


def _told(
    folder: Path, url: str, seed: int, split: Callable[[Sequence[Stop], int], Iterator[Sequence[Stop]]]
) -> dict[str, Any]:
    with register(folder, url, seed) as made:
        refs = [each for group in split(_stops(made, seed), seed) for each in made.take(group)]
        return made.dump() | {"refs": refs}


def _compare(one_by_one: dict[str, Any], together: dict[str, Any]) -> None:
    for what, found in one_by_one.items():
        assert together[what] == found, what


@pytest.mark.parametrize("seed", range(8))
def test_a_group_comes_to_what_its_noes_come_to_one_by_one(tmp_path: Path, seed: int) -> None:
    one = _told(tmp_path / "one", f"sqlite:///{tmp_path}/one.db", seed, _one_by_one)
    assert sum(map(len, one["refs"])) > 20, "the presses reached nobody"
    assert one["outbox"] and one["journal"]
    _compare(one, _told(tmp_path / "all", f"sqlite:///{tmp_path}/all.db", seed, _in_groups))


@pytest.mark.postgresql
def test_the_same_on_postgresql(tmp_path: Path) -> None:
    with postgresql_database("stops_one") as one, postgresql_database("stops_all") as together:
        _compare(
            _told(tmp_path / "one", one, 99, _one_by_one), _told(tmp_path / "all", together, 99, _in_groups)
        )
