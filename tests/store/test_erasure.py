"""Erasure in our own database: what goes, what stays, what still leaves (consent-domain 7)."""

import time

import pytest
from sqlalchemy import create_engine

from connector.consent.events import Event, EventType, Overlay, State
from connector.errors import Refused
from connector.store.contacts import ContactRow
from connector.store.errands import ErrandKind, NewErrand
from connector.store.exports import NewExport
from connector.store.grantees import GranteeKind, Spotted
from connector.store.leaving import WHOLE
from connector.store.mail import NewMail
from connector.store.mailed import MailedRow, MailedWhy
from connector.store.observed import ObservedRow
from connector.store.outbox import NewLetter, Origin
from connector.store.people import NewAddress
from connector.store.requests import NewRequest, RequestKind
from connector.store.reviews import NewReview
from connector.store.states import StateRow
from connector.store.tables import metadata
from mappings.words import Status

from .conftest import NOW, PORTAL, raw

CANARY = "canary.anna@hemlig-exempel.se"
BOX = "info@exempel.se"


@pytest.fixture
def anna(mirror):
    """Somebody with a row in every table, who shares a box with somebody else."""
    with mirror.write(PORTAL) as work:
        anna, other = work.people.create(
            [[NewAddress(CANARY, CANARY), NewAddress(BOX, BOX)], [NewAddress(BOX, BOX)]]
        )
        ref, shared = (work.people.address_ref(each) for each in (CANARY, BOX))
        work.contacts.put([ContactRow(1, anna.id), ContactRow(2, other.id)])
        work.observed.put([ObservedRow(each, 101, Status.SUBSCRIBED) for each in (ref, shared)])
        work.log.append([(anna.id, Event(type=EventType.OBJECT, reason=CANARY, source_ref=CANARY))])
        work.moments.put({1: {"clicked": NOW}, 2: {"clicked": NOW}}, NOW)
        work.leaving.put([((anna.id, WHOLE), NOW), ((other.id, WHOLE), NOW)], NOW)
        work.ending.put([((anna.id, "newsletter"), NOW)], NOW)
        for path, whose in (("a", anna), ("b", other)):
            number = work.exports.begin(file(f"/{path}/{CANARY}.pdf", whose.id))
            work.exports.finish(number, 1, "ab" * 32)
        work.states.put({(anna.id, "news"): StateRow(state=State.WITHDRAWN)})
        work.reviews.open(
            [
                NewReview(
                    kind="cleared",
                    key="1",
                    question="q",
                    options=("yes",),
                    person_id=anna.id,
                    detail={"a": CANARY},
                )
            ],
            NOW,
        )
        mails = [
            NewMail(key=str(n), kind="notice", message=str(n), ref=each, body=CANARY.encode(), person_id=who)
            for n, (each, who) in enumerate([(ref, anna.id), (shared, other.id)])
        ]
        assert [work.mail.queue(each, NOW) for each in mails] == [True, True]
        work.outbox.queue(
            [
                letter(ref, 101, Status.UNSUBSCRIBED, anna.id),
                letter(ref, 102, Status.SUBSCRIBED, anna.id),
                letter(shared, 101, Status.SUBSCRIBED, other.id),
            ],
            NOW,
        )
        work.requests.add(asked(anna.id), NOW)
        kinds = (ErrandKind.ERASURE, ErrandKind.RESTRICTION)
        work.errands.queue([told(kind, anna.id) for kind in kinds], NOW)
        staff = Spotted(kind=GranteeKind.HUBSPOT_USER, identity="7", address=CANARY, told={"address": CANARY})
        work.grantees.see({GranteeKind.HUBSPOT_USER}, [staff], NOW)
        work.grantees.justify(work.grantees.all()[0].id, CANARY, NOW + 1, "dora", NOW)
        work.mailed.put([mailed(anna.id)], NOW)
    return anna


def asked(person_id):
    return NewRequest(
        kind=RequestKind.ERASURE,
        address=CANARY,
        received_at=NOW,
        due_at=NOW,
        via="mail",
        opened_by="staff:dora",
        person_id=person_id,
        detail={"note": CANARY},
    )


def mailed(person_id):
    return MailedRow(person_id=person_id, purpose="news", reason=MailedWhy.AFTER_NO, sent_at=NOW, name=CANARY)


def told(kind, person_id):
    return NewErrand(target="to:agency", kind=kind, cause="1", person_id=person_id, said={"to": CANARY})


def file(path, person_id):
    return NewExport(
        kind="receipt",
        purpose="",
        made_by="staff:x",
        made_at=NOW,
        destroy_by=NOW + 1,
        path=path,
        person_id=person_id,
    )


def letter(ref, subscription, status, person_id):
    return NewLetter(
        ref=ref, subscription=subscription, status=status, origin=Origin.ASKED, person_id=person_id
    )


def test_everything_readable_about_a_person_goes(mirror, anna):
    with mirror.write(PORTAL) as work:
        (done,) = work.people.shred(anna.id)
    counts = (
        done.addresses,
        done.contacts,
        done.observed,
        done.states,
        done.payloads,
        done.letters,
        done.mails,
    )
    assert (done.ref, counts) == (anna.ref, (2, 1, 1, 1, 1, 1, 1))
    with mirror.read(PORTAL) as work:
        assert work.people.addresses([anna.id]) == {}
        assert work.people.by_address(CANARY) == []
        assert work.contacts.of_persons([anna.id]) == {}
        assert work.observed.of_refs([work.people.address_ref(CANARY)]) == {}
        assert work.states.of([anna.id]) == {}
        assert work.log.events_of([anna.id]) == {}
        assert work.reviews.of_person(anna.id)[0].detail == {}
        assert list(work.moments.of([1, 2])) == [2]
        assert [each.person_id for each in work.leaving.all()] != [anna.id]
        assert len(work.leaving.all()) == 1
        assert work.ending.all() == []

        (header,) = work.requests.all()
        assert (header.kind, header.address, dict(header.detail)) == (RequestKind.ERASURE, None, {})
        assert header.person_id is None
        assert work.mail.of_people([anna.id]) == {}


def test_files_about_them_are_due_at_once_and_join_to_nobody(mirror, anna):
    with mirror.write(PORTAL) as work:
        work.people.shred(anna.id)
    with mirror.read(PORTAL) as work:
        theirs, others = sorted(work.exports.standing(), key=lambda each: each.id)
    assert (theirs.person_id, theirs.destroy_by, theirs.path is not None) == (None, NOW, True)
    assert (others.person_id is not None, others.destroy_by) == (True, NOW + 1)


def test_a_recipient_who_has_not_been_told_yet_is_told_all_the_same(mirror, anna):
    with mirror.write(PORTAL) as work:
        work.people.shred(anna.id)
        (left,) = work.errands.claim(NOW, 1000, hubspot=False)
        assert (left.kind, left.said, left.person_id) == (ErrandKind.ERASURE, {"to": CANARY}, None)
        assert work.errands.confirm(left, NOW)
    with mirror.read(PORTAL) as work:
        assert [each.said for each in work.errands.of_cause("1")] == [{}]


def test_a_tombstone_stays_and_says_nothing(mirror, anna, url):
    with mirror.write(PORTAL) as work:
        work.people.shred(anna.id)
    with mirror.read(PORTAL) as work:
        assert work.people.by_ref(anna.ref).overlay is Overlay.ERASED
        assert work.log.headers()[0].subject_ref == anna.ref
    with raw(url) as connection:
        assert connection.exec_driver_sql(f"SELECT key FROM person WHERE id = {anna.id}").scalar() is None


def test_what_others_share_stays_theirs(mirror, anna):
    with mirror.write(PORTAL) as work:
        work.people.shred(anna.id)
    with mirror.read(PORTAL) as work:
        shared = work.people.address_ref(BOX)
        assert len(work.people.by_address(BOX)) == 1
        assert len(work.observed.of_refs([shared])[shared]) == 1
        assert len(work.outbox.of_refs([shared])[shared]) == 1
        assert work.mail.totals().waiting == 1


def test_a_no_that_waits_still_leaves_and_forgets_the_address_afterwards(mirror, anna, url):
    with mirror.write(PORTAL) as work:
        work.people.shred(anna.id)
    with mirror.write(PORTAL) as work:
        letters = {
            each.subscription: each for each in work.outbox.claim(10, NOW, 1000) if each.address == CANARY
        }
        assert list(letters) == [101]
        assert letters[101].status is Status.UNSUBSCRIBED
        assert work.outbox.confirm(letters[101], NOW)
    with raw(url) as connection:
        assert (
            connection.exec_driver_sql("SELECT count(*) FROM outbox WHERE sealed IS NOT NULL").scalar() == 0
        )


def test_everyone_merged_into_a_person_goes_with_them(mirror, anna):
    with mirror.write(PORTAL) as work:
        (winner,) = work.people.create([[]])
        work.people.merge(anna.id, winner.id)
        done = work.people.shred(winner.id)
    assert {each.ref for each in done} == {anna.ref, winner.ref}
    assert sum(each.payloads for each in done) == 1


def test_erasing_twice_changes_nothing_and_somebody_unknown_is_refused(mirror, anna):
    with mirror.write(PORTAL) as work:
        work.people.shred(anna.id)
        (again,) = work.people.shred(anna.id)
        assert again.payloads == again.addresses == 0
        with pytest.raises(Refused):
            work.people.shred(anna.id + 99)
    with mirror.write(PORTAL + 1) as work, pytest.raises(Refused):
        work.people.shred(anna.id)


def test_no_address_can_be_read_in_the_files_before_or_after(mirror, anna, url, tmp_path):
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL's files are not ours")
    needles = [CANARY.encode(), b"canary", b"hemlig-exempel", BOX.encode()]
    assert not _found(tmp_path, needles)
    with mirror.write(PORTAL) as work:
        work.people.shred(anna.id)
    assert mirror.truncate_wal()
    assert not _found(tmp_path, needles)
    assert (tmp_path / "mirror.db-wal").stat().st_size == 0


def test_what_the_desk_sealed_is_overwritten_in_the_file(mirror, anna, url, tmp_path):
    """An erasure that a recipient has still to confirm stays sealed until then, and no longer."""
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL's files are not ours")
    with raw(url) as connection:
        told = connection.exec_driver_sql("SELECT sealed FROM errand ORDER BY kind").scalars().all()
        asked = connection.exec_driver_sql("SELECT sealed FROM request").scalar()
    erasure, restriction = told
    mirror.truncate_wal()
    assert all(_found(tmp_path, [each]) for each in (asked, erasure, restriction))
    with mirror.write(PORTAL) as work:
        work.people.shred(anna.id)
    assert mirror.truncate_wal()
    assert not _found(tmp_path, [asked, restriction])
    with mirror.write(PORTAL) as work:
        (left,) = work.errands.claim(NOW, 1000, hubspot=False)
        assert work.errands.confirm(left, NOW)
    assert mirror.truncate_wal()
    assert not _found(tmp_path, [erasure])


def test_the_key_itself_is_overwritten_in_the_file(mirror, anna, url, tmp_path):
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL's files are not ours")
    with raw(url) as connection:
        key = connection.exec_driver_sql(f"SELECT key FROM person WHERE id = {anna.id}").scalar()
    mirror.truncate_wal()
    assert _found(tmp_path, [key])
    with mirror.write(PORTAL) as work:
        work.people.shred(anna.id)
    assert mirror.truncate_wal()
    assert not _found(tmp_path, [key])


def test_a_letter_that_waits_is_overwritten_in_the_file(mirror, anna, url, tmp_path):
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL's files are not ours")
    with raw(url) as connection:
        sealed = connection.exec_driver_sql(f"SELECT sealed FROM mail WHERE person_id = {anna.id}").scalar()
    mirror.truncate_wal()
    assert _found(tmp_path, [sealed])
    with mirror.write(PORTAL) as work:
        work.people.shred(anna.id)
    assert mirror.truncate_wal()
    assert not _found(tmp_path, [sealed])


def _found(folder, needles):
    """Files in which one of these byte strings stands, in any common disguise."""
    disguised = [form for each in needles for form in (each, each.upper(), each.hex().encode())]
    return [path.name for path in folder.iterdir() if any(form in path.read_bytes() for form in disguised)]


def test_on_postgresql_no_row_has_them_and_after_vacuum_no_page_either(mirror, anna, url):
    """A deleted row stays in its page until VACUUM (docs/erasure.md): the rows go at once, the bytes then."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite overwrites what it deletes")
    with raw(url) as connection:
        run = connection.exec_driver_sql
        needles = {"wrapped key": run(f"SELECT key FROM person WHERE id = {anna.id}").scalar()}
        for table, column in (("address", "sealed"), ("payload", "sealed"), ("export", "path")):
            rows = run(f"SELECT {column} FROM {table} WHERE person_id = {anna.id}").scalars()
            needles |= {f"{table} {number}": bytes(each) for number, each in enumerate(rows)}
    assert len(needles) >= 5
    assert _in_rows(url, needles) == set(needles)
    assert _in_pages(url, needles) == set(needles), "the search finds them while they are there"
    with mirror.write(PORTAL) as work:
        work.people.shred(anna.id)
        for each in work.exports.standing(NOW):
            work.exports.end(each.id, "destroyed", "staff:x", NOW)
    assert _in_rows(url, needles) == set()
    for _ in range(40):  # the server's own autovacuum may still look at the rows as they were
        _by_itself(url, "VACUUM FULL")
        left = _in_pages(url, needles)
        if not left:
            break
        time.sleep(0.5)
    assert left == set()


def _in_rows(url, needles):
    """Which of these byte strings stand in a row of any table."""
    found = set()
    with raw(url) as connection:
        for table in metadata.sorted_tables:
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table.name}"'):
                cells = [bytes(cell) for cell in row if isinstance(cell, bytes | memoryview)]
                found |= {name for name, needle in needles.items() if any(needle in cell for cell in cells)}
    return found


def _in_pages(url, needles):
    """The same in the files of tables and indexes, as they lie on the server's disk."""
    found = set()
    paths = (
        "SELECT pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class "
        "WHERE relkind IN ('r', 'i', 't') "
        "AND relnamespace IN ('public'::regnamespace, 'pg_toast'::regnamespace)"
    )
    _by_itself(url, "CHECKPOINT")
    with raw(url) as connection:
        for data in connection.exec_driver_sql(paths).scalars():
            found |= {name for name, needle in needles.items() if needle in bytes(data)}
    return found


def _by_itself(url, statement):
    """Outside of any transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
