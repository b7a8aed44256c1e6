"""A pattern decides exactly as the ordinary path does: two mirrors, read once with and once without patterns,
hold the same rows, byte for byte, log and journal included."""

import shutil
import sqlite3
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from connector.acts import patterns, take_in
from connector.acts.desk import Controller, Desk
from connector.acts.projection import project
from connector.acts.tally import Tally
from connector.clock import SeededChance
from connector.consent.breaker import Limits
from connector.consent.events import SUBJECT, Event, EventType, Grade, Source
from connector.proof import keys
from connector.store.journal import Journal
from connector.store.mirror import Mirror
from connector.store.tables import metadata
from mappings.addresses import normalise
from mappings.purposes import Purpose, Purposes
from mappings.records import Contact, Preferences, StatusRow, WideRow
from mappings.terms import Basis
from mappings.words import LegalBasis, Status, WideType
from tests.world import DAY, HOUR, MINUTE, WorldClock

PORTAL = 62515
KEYS = keys.generate(SeededChance("patterns"))
PURPOSES = Purposes(
    [
        Purpose(key="newsletter", subscription_id=101),
        Purpose(key="offers", subscription_id=102, basis=Basis.SOFT_OPTIN, push_soft_optin=True),
        Purpose(key="service", subscription_id=103, basis=Basis.CONTRACT, marketing=False, business_unit=7),
    ]
)
POOL = [f"{name}@example.org" for name in ("anna", "bo", "carin", "david", "eva", "filip")]
AGES = [
    None,
    -HOUR,
    0,
    MINUTE,
    6 * MINUTE,
    90 * MINUTE,
    3 * HOUR,
    3 * HOUR + MINUTE,
    40 * DAY,
    41 * DAY,
    4_000 * DAY,
]
WORDS = [Status.SUBSCRIBED, Status.UNSUBSCRIBED, Status.NOT_SPECIFIED, "ODD"]
SOURCES = ["Email preferences page", "Form submission", "CRM UI", "Import", "API", None]
BASES = [None, LegalBasis.CONSENT_WITH_NOTICE, LegalBasis.LEGITIMATE_INTEREST_CLIENT, "NEW"]
TEXTS = [None, "  ", "She asked for it"]

ages = st.sampled_from(AGES)
statuses = st.builds(
    lambda number, status, age, source, basis, text: (number, status, age, source, basis, text),
    st.sampled_from([101, 102, 103, 999]),
    st.sampled_from(WORDS),
    ages,
    st.sampled_from(SOURCES),
    st.sampled_from(BASES),
    st.sampled_from(TEXTS),
)
wides = st.tuples(st.sampled_from([*WideType]), st.sampled_from(WORDS), ages, st.sampled_from([None, 7]))
#: What is read about one address; None: it was not read.
readings = st.none() | st.tuples(
    st.lists(statuses, max_size=4), st.lists(wides, max_size=1), st.sampled_from([0, 0, 0, 1])
)
people = st.tuples(
    st.integers(1, 8),
    st.none() | st.sampled_from(POOL),
    st.lists(st.sampled_from(POOL), max_size=2),
    st.booleans(),
    st.frozensets(st.sampled_from([101, 102]), max_size=2),
)
groups = st.tuples(st.lists(people, max_size=5), st.dictionaries(st.sampled_from(POOL), readings))


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    path = tmp_path_factory.mktemp("empty") / "mirror.db"
    Mirror.create(f"sqlite:///{path}", KEYS, WorldClock(), SeededChance(1)).close()
    return path


@pytest.fixture(autouse=True, scope="module")
def learnt_at_once():
    """Few people are in one situation twice here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patterns, "LEARNT_AT", 1)
        yield


@given(first=groups, second=groups, wait=st.sampled_from([MINUTE, 3 * HOUR, 40 * DAY]))
@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_both_paths_write_the_same_mirror(empty, tmp_path_factory, first, second, wait):
    folder = tmp_path_factory.mktemp("both")
    written = [
        _written(empty, folder / name, [(0, first), (wait, second)], with_patterns=name == "patterns")
        for name in ("patterns", "ordinary")
    ]
    shutil.rmtree(folder)
    assert written[0] == written[1]


def test_what_most_people_look_like_has_a_pattern(empty, tmp_path):
    """Without this the comparison above could compare the ordinary path with itself."""
    row = (101, Status.SUBSCRIBED, 40 * DAY, "Form submission", None, None)
    out = (WideType.PORTAL_WIDE, Status.UNSUBSCRIBED, 41 * DAY, None)
    lists = [([row], [], 0), ([row], [out], 0), ([(101, Status.UNSUBSCRIBED, *row[2:])], [], 0), ([], [], 0)]
    group = (
        [(number, address, [], False, frozenset()) for number, address in enumerate(POOL[:4], 1)],
        dict(zip(POOL, lists, strict=False)),
    )
    desk = _desk(empty, tmp_path)
    contacts, read = _as_read(group, desk.clock.now())
    with desk.mirror.write(PORTAL) as work:
        placing = take_in.place(work, contacts, read, desk.clock.now())
        assert all(take_in._familiar(desk, placed, read) for placed in placing.placed)
    desk.mirror.close()


def test_of_two_noes_of_one_moment_the_id_decides_as_in_the_formula(empty, tmp_path):
    """Somebody opted out of everything: HubSpot dates the opt-out and each type alike, and ids are chance."""
    age, source = 40 * DAY, "Email preferences page"
    rows = [(number, Status.UNSUBSCRIBED, age, source, None, None) for number in (101, 102)]
    out = (WideType.PORTAL_WIDE, Status.UNSUBSCRIBED, age, None)
    addresses = [f"{number}@example.org" for number in range(1, 25)]
    people = [(number, address, [], False, frozenset()) for number, address in enumerate(addresses, 1)]
    group = (people, dict.fromkeys(addresses, (rows, [out], 0)))
    desk = _desk(empty, tmp_path / "asked")
    contacts, read = _as_read(group, desk.clock.now())
    with desk.mirror.write(PORTAL) as work:
        placing = take_in.place(work, contacts, read, desk.clock.now())
        familiar = [take_in._familiar(desk, placed, read) for placed in placing.placed]
        assert all(each.newcomer._pattern.tied for each in familiar)
    desk.mirror.close()
    written = [
        _written(empty, tmp_path / name, [(0, group)], with_patterns=name == "patterns")
        for name in ("patterns", "ordinary")
    ]
    assert written[0] == written[1]
    with sqlite3.connect(tmp_path / "ordinary" / "mirror.db") as connection:
        joined = "FROM state JOIN entry USING (portal, seq) WHERE state.purpose = 'newsletter'"
        assert len(connection.execute(f"SELECT DISTINCT entry.purpose {joined}").fetchall()) == 2


def test_an_answer_that_is_more_than_its_values_is_no_pattern(empty, tmp_path, monkeypatch):
    """A rule that looked at a date in any other way would be noticed: the second person would not fit."""
    desk = _desk(empty, tmp_path)
    word = (101, Status.UNSUBSCRIBED, "Email preferences page", None, False, True)
    situation = patterns.Situation((patterns.Told(patterns.AddressKind.PRIMARY, (word,)),))
    assert patterns._learnt(desk, situation) is not None
    real = patterns.state_row

    def odd(events, standing, *rest):
        made = real(events, standing, *rest)
        return made if made.since is None else patterns.replace(made, since=made.since - made.since % 1_000)

    monkeypatch.setattr(patterns, "state_row", odd)
    assert patterns._learnt(desk, situation) is None
    desk.mirror.close()


def _desk(empty, folder) -> Desk:
    folder.mkdir(exist_ok=True)
    path = folder / "mirror.db"
    shutil.copy(empty, path)
    clock, chance = WorldClock(), SeededChance("same")
    journal = Journal(folder / "mirror.journal", KEYS.master, chance)
    mirror = Mirror.open(f"sqlite:///{path}", KEYS, clock, chance, journal)
    return Desk(
        portal=PORTAL, name="main", controller=Controller(name="Exempel AB", contact="x@exempel.example"),
        mirror=mirror, hubspot=None, purposes=PURPOSES, limits=Limits(),
        clock=clock, chance=chance, zone=ZoneInfo("UTC"),
    )  # fmt: skip


def _written(empty, folder, steps, *, with_patterns):
    desk, tally = _desk(empty, folder), Tally()
    before = take_in._familiar
    take_in._familiar = before if with_patterns else lambda *_: None
    try:
        for wait, group in steps:
            desk.clock.advance(wait)
            contacts, read = _as_read(group, desk.clock.now())
            with desk.mirror.write(PORTAL) as work:
                take_in.take_in(desk, work, take_in.Group(contacts, read), tally)
    finally:
        take_in._familiar = before
    with desk.mirror.engine.connect() as connection:
        tables = metadata.sorted_tables
        rows = {table.name: sorted(map(repr, connection.execute(select(table)))) for table in tables}
    desk.mirror.close()
    kept = folder / "mirror.journal"
    return rows, tally, kept.read_bytes() if kept.exists() else b""


def _as_read(group, now):
    """Contacts and preferences in HubSpot's records; ages become times."""
    people, readings = group
    contacts = [
        Contact(
            id=number,
            email=email,
            additional=tuple(additional),
            opted_out_of_all=everything,
            opted_out_of=types,
            created_at=now,
            fingerprint=repr((email, additional, everything, sorted(types))).encode()[-8:],
        )
        for number, email, additional, everything, types in {each[0]: each for each in people}.values()
    ]
    return contacts, {
        normalise(address): _preferences(address, *read, now) for address, read in readings.items() if read
    }


def _preferences(address, rows, wide, unreadable, now):
    return Preferences(
        address=address,
        statuses=tuple(
            StatusRow(
                address=address, subscription=number, status=status, at=_at(age, now), source=source,
                basis=basis, explanation=text,
            )
            for number, status, age, source, basis, text in rows
        ),
        wide=tuple(
            WideRow(address=address, kind=kind, status=status, at=_at(age, now), business_unit=unit)
            for kind, status, age, unit in wide
        ),
        read_at=now,
        unreadable=unreadable,
    )  # fmt: skip


def _at(age, now):
    return None if age is None else now - age


@pytest.mark.parametrize("fresh", [False, True], ids=["known", "new"])
def test_a_no_of_one_stands_in_the_way_of_the_other_holder_of_the_address(empty, tmp_path, fresh):
    """Bo used Anna's address before her: what he says no to, her address is not mailed for (state rows)."""
    desk, tally = _desk(empty, tmp_path), Tally()

    def read(contacts, **statuses):
        group = [(number, email, list(more), False, frozenset()) for number, email, *more in contacts]
        told = {f"{name}@example.org": (rows, [], 0) for name, rows in statuses.items()}
        found, preferences = _as_read((group, told), desk.clock.now())
        with desk.mirror.write(PORTAL) as work:
            take_in.take_in(desk, work, take_in.Group(found, preferences), tally)
        desk.clock.advance(DAY)

    anna, bo = POOL[:2]
    no = (101, Status.UNSUBSCRIBED, 10 * DAY, "Email preferences page", None, None)
    if not fresh:
        read([(1, anna)], anna=[])
        read([(1, bo)], bo=[])
    read([(2, anna)], anna=[])
    with desk.mirror.write(PORTAL) as work:
        person = work.contacts.by_ids([2])[2].person_id
        granted = Event(
            type=EventType.GRANT, purpose="newsletter", basis=Basis.CONSENT, grade=Grade.E3, actor=SUBJECT,
            t_lo=desk.clock.now(), t_hi=desk.clock.now(), source=Source.API, wording="a" * 64,
            address=work.people.address_ref(anna),
        )  # fmt: skip
        work.log.append([(person, granted)])
        assert project(desk, work, person)["newsletter"].sendable
    read([(3, bo, anna)] if fresh else [(1, bo)], bo=[no], anna=[])
    with desk.mirror.read(PORTAL) as work:
        assert not work.states.of([person])[person, "newsletter"].sendable
    desk.mirror.close()
