"""People and addresses."""

from itertools import pairwise

import pytest
from sqlalchemy import update

from connector.clock import SeededChance
from connector.consent.events import Event, EventType, Overlay
from connector.errors import Refused
from connector.proof.seal import SealBroken
from connector.store.mirror import Mirror
from connector.store.people import AddressKind, NewAddress
from connector.store.tables import person

from .conftest import KEYS, PORTAL, raw

ANNA = NewAddress("anna@exempel.se", "Anna@Exempel.se")
SECOND = NewAddress("a.berg@exempel.se", "a.berg@exempel.se", AddressKind.ADDITIONAL)
BOX = NewAddress("info@exempel.se", "info@exempel.se")


def test_a_person_has_the_addresses_they_were_made_with_primary_first(work):
    (anna,) = work.people.create([[SECOND, ANNA]])
    found = work.people.addresses([anna.id])[anna.id]
    assert [(each.normalised, each.original, each.kind) for each in found] == [
        ("anna@exempel.se", "Anna@Exempel.se", AddressKind.PRIMARY),
        ("a.berg@exempel.se", "a.berg@exempel.se", AddressKind.ADDITIONAL),
    ]


def test_people_come_in_the_order_they_were_given_and_may_have_no_address(work):
    people = work.people.create([[ANNA], [], [BOX]])
    assert [len(work.people.addresses([each.id]).get(each.id, [])) for each in people] == [1, 0, 1]
    assert len({each.ref for each in people}) == 3
    assert work.people.create([]) == []


def test_everyone_who_shares_an_address_is_found(work):
    one, other = work.people.create([[ANNA, BOX], [BOX]])
    assert [each.id for each in work.people.by_address("info@exempel.se")] == [one.id, other.id]
    assert work.people.by_address("nobody@exempel.se") == []
    ref = work.people.address_ref("info@exempel.se")
    assert work.people.persons_of([ref, "00" * 16, "no hex"]) == {ref: [one.id, other.id]}


def test_a_person_is_found_by_the_ref_of_the_log(work):
    (anna,) = work.people.create([[ANNA]])
    assert work.people.by_ref(anna.ref) == anna
    assert work.people.by_ref("00" * 16) is None
    assert work.people.by_ref("no hex") is None


def test_portals_never_see_each_others_people(mirror):
    with mirror.write(PORTAL) as work:
        (anna,) = work.people.create([[ANNA]])
    with mirror.write(PORTAL + 1) as work:
        (other,) = work.people.create([[ANNA]])
        assert other.id != anna.id
        assert [each.id for each in work.people.by_address(ANNA.normalised)] == [other.id]
        assert work.people.by_ids([anna.id]) == {}
        assert work.people.by_ref(anna.ref) is None
        assert work.people.addresses([anna.id]) == {}
        assert work.people.address_ref(ANNA.normalised) not in _refs(mirror, anna.id)


def _refs(mirror, person_id):
    with mirror.read(PORTAL) as work:
        return {each.ref for each in work.people.addresses([person_id])[person_id]}


def test_an_address_changes_its_kind_and_spelling_and_goes(work):
    (anna,) = work.people.create([[ANNA]])
    work.people.add_addresses([(anna.id, SECOND), (anna.id, NewAddress(ANNA.normalised, "ANNA@exempel.se"))])
    refs = work.people.address_refs([ANNA.normalised, SECOND.normalised])
    work.people.set_kinds([(anna.id, refs[SECOND.normalised], AddressKind.PAST)])
    found = work.people.addresses([anna.id])[anna.id]
    assert [(each.original, each.kind) for each in found] == [
        ("ANNA@exempel.se", AddressKind.PRIMARY),
        ("a.berg@exempel.se", AddressKind.PAST),
    ]
    work.people.remove_addresses([(anna.id, refs[ANNA.normalised])])
    assert [each.original for each in work.people.addresses([anna.id])[anna.id]] == ["a.berg@exempel.se"]


def test_a_restriction_comes_and_goes(work):
    (anna,) = work.people.create([[ANNA]])
    work.people.set_overlay(anna.id, Overlay.RESTRICTED)
    assert work.people.by_ids([anna.id])[anna.id].overlay is Overlay.RESTRICTED
    work.people.set_overlay(anna.id, None)
    assert work.people.by_ids([anna.id])[anna.id].overlay is None


def test_an_erasure_is_no_restriction_and_is_never_taken_back(work):
    (anna,) = work.people.create([[ANNA]])
    with pytest.raises(Refused):
        work.people.set_overlay(anna.id, Overlay.ERASED)
    work.people.shred(anna.id)
    for overlay in (None, Overlay.RESTRICTED):
        with pytest.raises(Refused):
            work.people.set_overlay(anna.id, overlay)
    with pytest.raises(Refused):
        work.people.set_overlay(anna.id + 99, None)


def test_a_merge_moves_addresses_and_brings_the_noes_along(work):
    winner, loser, earlier = work.people.create([[BOX], [ANNA], [SECOND]])
    work.log.append([(loser.id, Event(type=EventType.OBJECT, purpose="*"))])
    work.people.merge(earlier.id, loser.id)
    work.people.merge(loser.id, winner.id)
    assert work.people.family([winner.id]) == {winner.id: [winner.id, loser.id, earlier.id]}
    found = work.people.addresses([winner.id, loser.id, earlier.id])
    assert {(each.normalised, each.kind) for each in found.pop(winner.id)} == {
        ("info@exempel.se", AddressKind.PRIMARY),
        ("anna@exempel.se", AddressKind.ADDITIONAL),
        ("a.berg@exempel.se", AddressKind.ADDITIONAL),
    }
    assert found == {}
    assert [event.type for event in work.log.events_of([winner.id])[winner.id]] == [EventType.OBJECT]
    assert work.people.by_ids([earlier.id])[earlier.id].merged_into == winner.id
    assert [each.id for each in work.people.page(0, 10)] == [winner.id]
    assert work.people.count() == 1


def test_a_merge_into_somebody_who_was_merged_reaches_who_they_are_now(work):
    """Rows that were read before another merge name people who are gone since."""
    winner, loser, earlier = work.people.create([[BOX], [ANNA], [SECOND]])
    work.log.append([(earlier.id, Event(type=EventType.OBJECT, purpose="*"))])
    work.people.set_overlay(earlier.id, Overlay.RESTRICTED)
    work.people.merge(loser.id, winner.id)
    work.people.merge(earlier.id, loser.id)
    assert [event.type for event in work.log.events_of([winner.id])[winner.id]] == [EventType.OBJECT]
    assert work.people.by_ids([winner.id])[winner.id].overlay is Overlay.RESTRICTED
    assert set(work.people.addresses([winner.id, loser.id, earlier.id])) == {winner.id}
    assert {work.people.living(each.id).id for each in (winner, loser, earlier)} == {winner.id}


def test_a_merge_never_closes_a_circle(work):
    winner, loser = work.people.create([[BOX], [ANNA]])
    work.people.merge(loser.id, winner.id)
    for one, other in ((winner, loser), (loser, winner), (winner, winner)):
        work.people.merge(one.id, other.id)
        assert [each.id for each in work.people.page(0, 10)] == [winner.id]


def test_whoever_a_person_is_now_is_followed_to_the_end_and_a_circle_is_nobody(work):
    """As a damaged mirror may hold it; `merge` makes neither a chain nor a circle."""
    people = [each.id for each in work.people.create([[], [], []])]
    for one, other in pairwise(people):
        work.people._connection.execute(update(person).where(person.c.id == one).values(merged_into=other))
    assert [work.people.living(each).id for each in people] == [people[-1]] * 3
    last = update(person).where(person.c.id == people[-1])
    work.people._connection.execute(last.values(merged_into=people[1]))
    assert [work.people.living(each) for each in people] == [None] * 3
    assert work.people.living(people[-1] + 1) is None


def test_pages_run_through_everyone_who_is_there(work):
    people = work.people.create(
        [[NewAddress(f"{number}@exempel.se", f"{number}@exempel.se")] for number in range(7)]
    )
    work.people.shred(people[2].id)
    seen, after = [], 0
    while page := work.people.page(after, 2):
        seen += [each.id for each in page]
        after = page[-1].id
    assert seen == [each.id for each in people if each.id != people[2].id]
    assert work.people.count() == 6


def test_ids_are_never_given_twice(mirror):
    with mirror.write(PORTAL) as work:
        before = work.people.create([[ANNA], [BOX]])
        for person in before:
            work.people.shred(person.id)
    with mirror.write(PORTAL) as work:
        (after,) = work.people.create([[ANNA]])
    assert after.id > max(each.id for each in before)


@pytest.mark.parametrize("move", ["sealed", "ref"])
def test_an_address_that_somebody_moved_to_another_person_does_not_open(mirror, url, move):
    with mirror.write(PORTAL) as work:
        anna, bertil = work.people.create([[ANNA], [BOX]])
    change = {
        "sealed": "UPDATE address SET sealed = (SELECT sealed FROM address WHERE person_id = {a}) "
        "WHERE person_id = {b}",
        "ref": "UPDATE address SET person_id = {b} WHERE person_id = {a}",
    }[move]
    with raw(url) as connection:
        connection.exec_driver_sql(change.format(a=anna.id, b=bertil.id))
    with mirror.read(PORTAL) as work, pytest.raises(SealBroken):
        work.people.addresses([bertil.id])


def test_another_process_reads_what_was_written(mirror, url, clock):
    with mirror.write(PORTAL) as work:
        (anna,) = work.people.create([[ANNA]])
    again = Mirror.open(url, KEYS, clock, SeededChance(1))
    with again.read(PORTAL) as work:
        assert work.people.addresses([anna.id])[anna.id][0].original == "Anna@Exempel.se"
    again.close()
