"""HubSpot's records."""

import pytest

from connector.store.contacts import ContactCounts, ContactRow

from .conftest import NOW, PORTAL

OTHER = PORTAL + 1
ROW = ContactRow(5, 1, b"12345678", "FORM", NOW, NOW + 1, NOW + 2, NOW + 3, True, NOW + 4)


def rows(count, **more):
    return [ContactRow(number, number, bytes([number]), **more) for number in range(1, count + 1)]


def test_every_field_comes_back(work):
    work.contacts.put([ROW])
    assert work.contacts.by_ids([5, 6]) == {5: ROW}
    assert work.contacts.of_persons([1, 2]) == {1: [ROW]}


def test_putting_again_replaces_all_but_the_first_sight(work):
    work.contacts.put([ROW])
    later = ROW._replace(
        first_seen=NOW + 99, fingerprint=b"new", person_id=None, archived=False, gone_at=None
    )
    work.contacts.put([later])
    assert work.contacts.by_ids([5])[5] == later._replace(first_seen=ROW.first_seen)


def test_many_are_put_at_once_and_a_double_is_one(work):
    work.contacts.put([*rows(60), ContactRow(1, 99)])
    assert work.contacts.by_ids([1])[1].person_id == 99
    assert work.contacts.counts().live == 60


def test_a_sweep_compares_with_live_records_of_its_range(work):
    work.contacts.put([*rows(9), ROW._replace(id=20)])
    assert work.contacts.ids_between(2, 5) == [3, 4, 5]
    assert work.contacts.ids_between(7, None) == [8, 9]
    assert work.contacts.known_between(8, 30) == {9: (bytes([9]), 9)}


def test_merged_ids_lead_to_the_winner(work):
    work.contacts.add_aliases([(1, 5), (2, 5)])
    work.contacts.add_aliases([(2, 6)])
    assert work.contacts.aliases([1, 2, 3]) == {1: 5, 2: 6}


def test_whose_statuses_are_due(work):
    work.contacts.put([*rows(6), ContactRow(7, None)])
    work.contacts.mark_read([1, 2], NOW)
    work.contacts.mark_read([3], NOW + 50)
    work.contacts.mark_gone([4], NOW)
    assert [row.id for row in work.contacts.due_for_statuses(10, NOW + 50)] == [5, 6, 1, 2]
    assert [row.id for row in work.contacts.due_for_statuses(3, NOW + 51)] == [5, 6, 1]
    assert work.contacts.due_for_statuses(10, NOW)[2:] == []


def test_the_totals(work):
    assert work.contacts.counts() == ContactCounts(0, 0, 0, 0, 0, None)
    work.contacts.put([*rows(4), ContactRow(8, None), ContactRow(9, 9, archived=True)])
    work.contacts.mark_read([1, 2, 4], NOW)
    work.contacts.mark_read([2], NOW - 5)
    work.contacts.mark_gone([4], NOW)
    assert work.contacts.counts() == ContactCounts(5, 1, 1, 1, 2, NOW - 5)


def test_portals_are_apart(mirror):
    with mirror.write(PORTAL) as work:
        work.contacts.put(rows(3))
    with mirror.write(PORTAL + 1) as work:
        assert work.contacts.by_ids([1]) == {}
        work.contacts.put([ContactRow(1, 77)])
        work.contacts.mark_gone([2], NOW)
    with mirror.read(PORTAL) as work:
        assert work.contacts.ids_between(0, None) == [1, 2, 3]
        assert work.contacts.by_ids([1])[1].person_id == 1


@pytest.mark.parametrize("count", [0, 1, 5, 500, 501, 1203])
def test_those_that_were_read_are_marked_and_no_others(mirror, count):
    for portal in (PORTAL, OTHER):
        with mirror.write(portal) as work:
            work.contacts.put([ContactRow(number, None) for number in range(1, 1301)])
    with mirror.write(PORTAL) as work:
        work.contacts.mark_read([*range(1, count + 1), *range(1, min(count, 3) + 1)], 7)
    with mirror.read(PORTAL) as work:
        read = {row.id for row in work.contacts.by_ids(range(1, 1301)).values() if row.statuses_read_at == 7}
    assert read == set(range(1, count + 1))
    with mirror.read(OTHER) as work:
        assert not any(row.statuses_read_at for row in work.contacts.by_ids(range(1, 1301)).values())
