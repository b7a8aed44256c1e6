"""The log: what was appended comes back, once, in order, provable."""

from dataclasses import fields, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.consent.events import Basis, Event, EventType, Grade, Source
from connector.proof import canon
from connector.proof.chain import FIRST
from connector.proof.merkle import inclusion_proofs, root_of, verify_inclusion
from connector.proof.verify import End, verify_log
from connector.store import payloads

from .conftest import NOW, PORTAL

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
TIMES = st.none() | st.integers(0, 2**50)
HASHES = st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex)
EVENTS = st.builds(
    Event,
    type=st.sampled_from(EventType),
    purpose=TEXTS.filter(lambda text: "\0" not in text),
    basis=st.sampled_from(Basis),
    t_lo=TIMES,
    t_hi=TIMES,
    observed_at=TIMES,
    actor=TEXTS,
    source=st.sampled_from(Source),
    grade=st.sampled_from(Grade),
    address=st.none() | TEXTS,
    wording=HASHES,
    notice=HASHES,
    language=st.none() | TEXTS,
    valid_until=TIMES,
    observation=st.none() | TEXTS,
    target=st.none() | TEXTS,
    reason=st.none() | TEXTS,
    approved_by=st.lists(TEXTS, max_size=2).map(tuple),
    row=st.none() | st.integers(1, 45),
    evidence=st.lists(st.dictionaries(TEXTS, TEXTS | st.booleans(), max_size=3), max_size=2).map(tuple),
    detail=st.dictionaries(TEXTS, TEXTS | st.integers(-9, 9) | st.booleans() | st.none(), max_size=3),
)
NO = Event(type=EventType.OBJECT, purpose="*", actor="subject", t_lo=NOW, t_hi=NOW)


def appended(events):
    return [replace(event, id="", seq=None, recorded_at=0) for event in events]


@pytest.fixture
def anna(work):
    return work.people.create([[]])[0]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(EVENTS, min_size=1, max_size=4))
def test_every_field_of_an_event_comes_back(mirror, events):
    with mirror.write(PORTAL) as work:
        (person,) = work.people.create([[]])
        given_back = work.log.append([(person.id, event) for event in events])
        assert appended(given_back) == events
        assert work.log.events_of([person.id]) == {person.id: given_back}


@given(EVENTS)
def test_a_payload_is_canonical_and_leaves_out_what_is_not_said(event):
    data = payloads.encode(event)
    assert canon.canon(canon.decode(data)) == data
    assert payloads.encode(Event(type=EventType.CLAIM)) == b"{}"


def test_no_field_of_an_event_is_forgotten():
    kept = set(payloads.Payload.__struct_fields__)
    in_header = {"type", "purpose", "basis", "grade", "wording", "notice"}
    assert {field.name for field in fields(Event)} == kept | in_header | {"id", "seq", "recorded_at"}


def test_entries_are_numbered_without_gaps_and_chained(work, anna):
    work.log.append([(anna.id, NO), (None, Event(type=EventType.BREAKER_OPEN))])
    work.log.append([(anna.id, NO)])
    headers = work.log.headers()
    assert [header.seq for header in headers] == [1, 2, 3]
    assert headers[0].prev == FIRST
    assert [header.subject_ref for header in headers] == [anna.ref, None, anna.ref]
    assert work.log.head().size == work.log.size() == 3
    assert work.log.headers(since=1, limit=1) == headers[1:2]
    assert work.log.headers(subject_ref=anna.ref) == [headers[0], headers[2]]
    assert work.log.append([]) == []


def test_the_head_is_what_the_entries_add_up_to(work, anna):
    work.log.append([(anna.id, NO)] * 3)
    work.log.append([(anna.id, NO)] * 4)
    head = work.log.head()
    verdict = verify_log(
        work.log.records(payloads=True), payloads=True, end=End(head.size, head.last, head.root)
    )
    assert (verdict.ok, verdict.entries, verdict.payloads) == (True, 7, 7)


def test_each_entry_can_be_proved_to_be_in_the_log(work, anna):
    work.log.append([(anna.id, NO)] * 6)
    hashes = list(work.log.hashes())
    root = bytes.fromhex(work.log.head().root)
    for index, proof in inclusion_proofs(range(6), 6, work.log.hashes()).items():
        assert verify_inclusion(index, 6, hashes[index], proof, root)
    assert root_of(work.log.hashes(upto=4)) == root_of(hashes[:4])


def test_time_never_goes_back(mirror, clock):
    with mirror.write(PORTAL) as work:
        work.log.append([(None, NO)])
        clock.at -= 60_000
        (later,) = work.log.append([(None, NO)])
        clock.at += 90_000
        (last,) = work.log.append([(None, NO)])
    assert (later.recorded_at, last.recorded_at) == (NOW, NOW + 30_000)


def test_an_event_is_found_by_its_id(work, anna):
    first, second = work.log.append([(anna.id, NO), (None, Event(type=EventType.DRIFT))])
    assert work.log.event(first.id) == (anna.id, first)
    assert work.log.event(second.id) == (None, second)
    other = f"{int(first.id, 16) + 1:032x}"
    for unknown in (other, "", "zz", first.id[:-8] + "00000000"):
        assert work.log.event(unknown) is None


def test_a_repeat_with_the_same_source_is_the_same_event(mirror):
    once = replace(NO, source_ref="hubspot:1")
    with mirror.write(PORTAL) as work:
        anna, bertil = work.people.create([[], []])
        first = work.log.append(
            [(anna.id, once), (bertil.id, once), (anna.id, once), (None, once), (None, once)]
        )
    assert [event.seq for event in first] == [1, 2, 1, 3, 3]
    with mirror.write(PORTAL) as work:
        changed = replace(once, reason="seen again")
        again = work.log.append([(None, changed), (anna.id, changed), (anna.id, NO), (bertil.id, changed)])
        assert [event.seq for event in again] == [3, 1, 4, 2]
        assert again[1] == first[0]
        assert work.log.size() == 4


def test_a_repeat_about_somebody_merged_is_no_second_event_of_the_winner(mirror):
    once = replace(NO, source_ref="hubspot:1")
    with mirror.write(PORTAL) as work:
        winner, loser = work.people.create([[], []])
        (first,) = work.log.append([(loser.id, once)])
        work.people.merge(loser.id, winner.id)
    with mirror.write(PORTAL) as work:
        assert work.log.append([(winner.id, once), (winner.id, NO)])[0] == first
        assert work.log.size() == 2


def test_events_without_a_source_are_never_taken_for_repeats(work, anna):
    assert [event.seq for event in work.log.append([(anna.id, NO), (anna.id, NO)])] == [1, 2]


def test_a_person_of_another_portal_cannot_be_written_about(mirror):
    with mirror.write(PORTAL) as work:
        (anna,) = work.people.create([[]])
    with pytest.raises(KeyError), mirror.write(PORTAL + 1) as work:
        work.log.append([(anna.id, NO)])


@pytest.mark.parametrize("field", [{"detail": {"a": 0.5}}, {"evidence": ({"sha256": 1.0},)}])
def test_a_float_is_refused_and_nothing_is_written(mirror, field):
    with pytest.raises(ValueError, match="spelling"), mirror.write(PORTAL) as work:
        work.log.append([(None, NO), (None, replace(NO, **field))])
    with mirror.read(PORTAL) as work:
        assert work.log.size() == 0


def test_portals_have_logs_of_their_own(mirror):
    for portal, count in ((PORTAL, 2), (PORTAL + 1, 3)):
        with mirror.write(portal) as work:
            work.log.append([(None, NO)] * count)
    for portal, count in ((PORTAL, 2), (PORTAL + 1, 3)):
        with mirror.read(portal) as work:
            assert (work.log.size(), len(list(work.log.records()))) == (count, count)
    assert mirror.portals() == [PORTAL, PORTAL + 1]


def test_a_long_log_is_streamed_in_order(work, anna):
    work.log.append([(anna.id, NO)] * 2_345)
    assert [record.header.seq for record in work.log.records(payloads=True)] == list(range(1, 2_346))
    assert len(list(work.log.hashes())) == 2_345
