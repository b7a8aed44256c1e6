"""The report as it is read from a real mirror, night after night."""

from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest

from connector.clock import SeededChance
from connector.consent.events import Basis, Event, EventType, Grade, Source, State
from connector.proof.keys import generate
from connector.report.archive import before, keep, missed, note, stored
from connector.report.discrepancies import Kind
from connector.report.figures import HOUR_MS
from connector.report.findings import without_person
from connector.report.gather import About, Outside, gather
from connector.report.night import Outcome, Tries, put_off, settled
from connector.report.render import render
from connector.store.cases import CaseKind
from connector.store.contacts import ContactRow
from connector.store.mirror import Mirror
from connector.store.outbox import NewLetter, Origin
from connector.store.people import NewAddress
from connector.store.reviews import NewReview
from connector.store.states import StateRow
from mappings.purposes import Purpose, Purposes
from mappings.words import Status
from tests.report.examples import DAY_MS, NOW

PORTAL = 62515
SENDER = "mirror@exempel.se"
TODAY = date(2026, 11, 24)
TITLE = {"sv": "Nyhetsbrev", "en": "Newsletter"}
PURPOSES = Purposes([Purpose(key="newsletter", subscription_id=101, title=TITLE)])
ABOUT = About(
    portal="main",
    portal_id=PORTAL,
    controller="Exempel AB",
    time_zone="Europe/Stockholm",
    purposes=PURPOSES,
    mailed=True,
)
NAMES = ("anna.andersson", "bo", "cecilia", "david", "eva", "fredrik", "gun")


class Wall:
    """A clock that stands where the test puts it."""

    def __init__(self, now):
        self.at = now

    def now(self):
        return self.at

    def monotonic(self):
        return self.at / 1000

    def sleep(self, seconds, wake=None):
        self.at += int(seconds * 1000)
        return False


@pytest.fixture
def clock():
    return Wall(NOW - 20 * HOUR_MS)


@pytest.fixture
def mirror(tmp_path, clock):
    chance = SeededChance("report")
    made = Mirror.create(f"sqlite:///{tmp_path}/mirror.db", generate(chance), clock, chance)
    yield made
    made.close()


@pytest.fixture
def people(mirror, clock):
    """Seven people with a contact record each."""
    with mirror.write(PORTAL) as work:
        made = work.people.create(
            [[NewAddress(f"{name}@exempel.se", f"{name}@exempel.se")] for name in NAMES]
        )
        work.contacts.put(
            [
                ContactRow(
                    id=900 + number, person_id=person.id, first_seen=clock.now(), statuses_read_at=clock.now()
                )
                for number, person in enumerate(made)
            ]
        )
    return made


def event(kind, **more):
    return Event(type=kind, purpose="newsletter", source=Source.HUBSPOT, **more)


def letter(work, person, status=Status.UNSUBSCRIBED):
    address = work.people.addresses([person.id])[person.id][0]
    return NewLetter(
        ref=address.ref,
        subscription=101,
        status=status,
        origin=Origin.ASKED,
        person_id=person.id,
        purpose="newsletter",
        row=44,
    )


def report_of(mirror, clock, day=TODAY, outside=None, about=ABOUT):
    with mirror.read(PORTAL) as work:
        return gather(work, about, day, clock.now(), outside)


def night(mirror, clock, day=TODAY, **more):
    """Gather and keep, as the job does."""
    made = report_of(mirror, clock, day, **more)
    with mirror.write(PORTAL) as work:
        keep(work, made.report, sender=SENDER, log_size=made.log_size, wanted=True)
    return made.report


def groups(report):
    return {group.kind: group for group in report.groups}


@pytest.fixture
def trouble(mirror, clock, people):
    """One of each kind that the store can show."""
    anna, bo, cecilia, david, eva, _fredrik, gun = people
    with mirror.write(PORTAL) as work:
        work.log.append(
            [
                (anna.id, event(EventType.RESUBSCRIBE_REJECTED, row=18)),
                (anna.id, event(EventType.WITHDRAW)),
                (david.id, event(EventType.CONFLICT, row=19)),
                (eva.id, event(EventType.CONFLICT_TIE, row=3)),
                (gun.id, event(EventType.DRIFT, row=45)),
            ]
        )
        work.states.put(
            {
                (bo.id, "newsletter"): StateRow(state=State.CLAIMED, since=NOW - 2 * DAY_MS, row=11),
                (cecilia.id, "newsletter"): StateRow(
                    state=State.GRANTED,
                    since=NOW - 9 * DAY_MS,
                    grade=Grade.E3,
                    basis=Basis.CONSENT,
                    hold=True,
                    row=23,
                ),
                (david.id, "newsletter"): StateRow(
                    state=State.GRANTED, since=NOW, grade=Grade.E2, basis=Basis.CONSENT, sendable=True
                ),
            }
        )
        work.outbox.queue([letter(work, anna)], clock.now())
        work.reviews.open(
            [
                NewReview(
                    kind="resubscribe", key="k", question="?", options=("yes", "no"), person_id=eva.id, row=6
                )
            ],
            clock.now(),
        )
        work.cases.open(777, CaseKind.REAPPEARED, clock.now())
        work.contacts.mark_gone([905], clock.now())
    clock.at = NOW
    return people


def test_each_kind_is_found_once_with_its_person(mirror, clock, trouble):
    report = report_of(mirror, clock).report
    anna, bo, cecilia, david, eva, fredrik, gun = (person.ref for person in trouble)
    found = {
        kind: [(item.subject_ref, item.row) for item in group.items] for kind, group in groups(report).items()
    }
    assert found == {
        Kind.ERASED_REAPPEARED: [("", 34)],
        Kind.RESUBSCRIBED_AGAINST_NO: [(anna, 18)],
        Kind.OPTOUT_NOT_CONFIRMED: [(anna, 44)],
        Kind.WAITING_FOR_REVIEW: [(eva, 6)],
        Kind.CLEARED_IN_HUBSPOT: [(cecilia, 23)],
        Kind.CHANGED_WITHOUT_ACT: [(david, 19)],
        Kind.UNKNOWN_VALUE: [(gun, 45)],
        Kind.STATUS_WITHOUT_EVIDENCE: [(bo, 11)],
        Kind.MISSING_IN_HUBSPOT: [(fredrik, 31)],
    }
    assert all(group.new == group.count == 1 for group in report.groups)


def test_people_are_masked_and_their_records_named(mirror, clock, trouble):
    report = report_of(mirror, clock).report
    item = groups(report)[Kind.RESUBSCRIBED_AGAINST_NO].items[0]
    assert item.address == "a•••@e•••.se"
    assert item.contact_id == 900
    assert groups(report)[Kind.ERASED_REAPPEARED].items[0].contact_id == 777
    written = render(report, "sv", ())
    everything = f"{written.text}{written.html}{written.sheet.decode()}{report.document()}"
    for name in NAMES:
        assert f"{name}@" not in everything


def test_the_figures(mirror, clock, trouble):
    report = report_of(mirror, clock).report
    assert report.contacts == 6
    assert report.coverage[0].total == 6
    assert report.sendable == {"newsletter": 1}
    assert report.by_state() == {"CLAIMED": 1, "GRANTED": 2}
    assert (report.pending.count, report.pending.noes) == (1, 1)
    assert report.pending.late(clock.now())
    assert report.withdrawals == 1
    assert report.reviews == 1
    assert report.log.entries == 5
    assert len(report.log.root) == 64
    assert report.previous_at is None
    assert report.titles == {"newsletter": TITLE}


def test_the_second_night_knows_what_is_new_unchanged_and_resolved(mirror, clock, trouble):
    night(mirror, clock)
    _anna, bo, *_ = trouble
    clock.at += DAY_MS
    with mirror.write(PORTAL) as work:
        work.log.append([(bo.id, event(EventType.RESUBSCRIBE_REJECTED, row=14))])
        work.cases.settle(777, CaseKind.REAPPEARED)
    tomorrow = groups(report_of(mirror, clock, TODAY + timedelta(days=1)).report)
    again = tomorrow[Kind.RESUBSCRIBED_AGAINST_NO]
    assert (again.new, again.unchanged, again.resolved) == (1, 0, 1)
    assert again.items[0].subject_ref == bo.ref
    assert (tomorrow[Kind.STATUS_WITHOUT_EVIDENCE].new, tomorrow[Kind.STATUS_WITHOUT_EVIDENCE].unchanged) == (
        0,
        1,
    )
    assert (tomorrow[Kind.ERASED_REAPPEARED].count, tomorrow[Kind.ERASED_REAPPEARED].resolved) == (0, 1)
    assert tomorrow[Kind.CHANGED_WITHOUT_ACT].resolved == 1


def test_a_confirmed_no_is_no_discrepancy_and_counts_as_latency(mirror, clock, trouble):
    with mirror.write(PORTAL) as work:
        (taken,) = work.outbox.claim(10, clock.now(), 60_000)
        sent = work.outbox.attempt(taken, clock.now())
        work.outbox.confirm(sent, clock.now() + 2_000)
    report = report_of(mirror, clock).report
    assert Kind.OPTOUT_NOT_CONFIRMED not in groups(report)
    assert (report.pushed, report.confirmed, report.pending.count) == (1, 1, 0)
    assert report.latency.count == 1
    assert report.latency.p50 == 20 * HOUR_MS + 2_000
    assert report.latency.over_1_h == 1


def test_history_grows_by_one_point_a_night(mirror, clock, trouble):
    for each in range(3):
        night(mirror, clock, TODAY + timedelta(days=each))
        clock.at += DAY_MS
    report = report_of(mirror, clock, TODAY + timedelta(days=3)).report
    assert [day.date for day in report.history] == ["2026-11-24", "2026-11-25", "2026-11-26"]
    assert report.history[0].states == {"CLAIMED": 1, "GRANTED": 2}


def test_what_lies_in_the_database_names_nobody(mirror, clock, trouble):
    night(mirror, clock)
    with mirror.read(PORTAL) as work:
        lying = msgspec.json.encode(work.reports.get("2026-11-24").document).decode()
    assert "•••" not in lying
    assert not [person for person in trouble if person.ref in lying]


def test_a_night_made_twice_is_one_night(mirror, clock, trouble):
    first = night(mirror, clock)
    with mirror.write(PORTAL) as work:
        note(work, TODAY, settled(Tries(), clock.now(), Outcome.SENT))
    clock.at += 1_000
    second = night(mirror, clock)
    with mirror.read(PORTAL) as work:
        kept = stored(work, TODAY)
        assert before(work, TODAY) is None
        assert work.reports.get("2026-11-24").sent_at == NOW
        assert work.reports.get("2026-11-24").message_id == "<report.2026-11-24.62515@exempel.se>"
    assert kept.tries.outcome is Outcome.SENT
    assert kept.report.made_at == NOW + 1_000
    assert [group.new for group in second.groups] == [group.new for group in first.groups]


def test_tries_are_kept_and_failures_are_seen(mirror, clock, trouble):
    night(mirror, clock)
    with mirror.write(PORTAL) as work:
        note(work, TODAY, put_off(Tries(), clock.now(), 0.0), error="mail_unavailable")
    with mirror.read(PORTAL) as work:
        assert stored(work, TODAY).tries.next == NOW + 60_000
        assert work.reports.get("2026-11-24").error == "mail_unavailable"
        assert work.reports.get("2026-11-24").sent_at is None


def test_a_night_without_a_mail_shows_in_the_next_one_and_then_no_more(mirror, clock, trouble):
    days = [TODAY + timedelta(days=each) for each in range(5)]

    def one(day, outcome):
        report = night(mirror, clock, day)
        with mirror.write(PORTAL) as work:
            note(
                work,
                day,
                settled(Tries(), clock.now(), outcome),
                error=None if outcome is Outcome.SENT else "x",
            )
        clock.at += DAY_MS
        return report

    assert one(days[0], Outcome.SENT).missed_nights == ()
    assert one(days[1], Outcome.FAILED).missed_nights == ()
    clock.at += DAY_MS  # the third night nothing ran
    told = one(days[3], Outcome.SENT)
    assert told.missed_nights == ("2026-11-25", "2026-11-26")
    assert groups(told)[Kind.NO_MAIL_PATH].count == 2
    last = one(days[4], Outcome.SENT)
    assert last.missed_nights == ()
    assert groups(last)[Kind.NO_MAIL_PATH].resolved == 2
    with mirror.read(PORTAL) as work:
        assert missed(work, days[4] + timedelta(days=1)) == ()


def test_where_no_mail_is_wanted_none_is_missed(mirror, clock, trouble):
    night(mirror, clock)
    clock.at += 2 * DAY_MS
    about = replace(ABOUT, mailed=False)
    report = report_of(mirror, clock, TODAY + timedelta(days=2), about=about).report
    assert report.missed_nights == ()


def test_open_breakers_and_the_findings_of_others_are_in_the_report(mirror, clock, trouble):
    outside = Outside(
        breakers={"erasures": NOW - HOUR_MS},
        findings=(without_person(Kind.WORDING, NOW - DAY_MS, "form:7"),),
    )
    report = report_of(mirror, clock, outside=outside).report
    assert report.breakers == ("erasures",)
    assert groups(report)[Kind.BREAKER_OPEN].items[0].reference == "erasures"
    assert groups(report)[Kind.WORDING].count == 1


def test_runs_tell_how_fresh_the_data_is_and_what_it_cost(mirror, clock, trouble):
    with mirror.write(PORTAL) as work:
        for job, outcome, calls in (("pull", "ok", 7), ("sweep", "ok", 90), ("pull", "failed", 3)):
            run = work.runs.start(job, f"{job}-{outcome}", clock.now())
            clock.at += 1_000
            work.runs.finish(run.id, outcome, clock.now(), {"calls": calls})
    report = report_of(mirror, clock).report
    assert report.last_sweep == NOW + 2_000
    assert report.last_pull == NOW + 2_000
    assert report.calls == 100


def test_an_erased_person_leaves_only_the_count(mirror, clock, trouble):
    anna = trouble[0]
    with mirror.write(PORTAL) as work:
        work.log.append([(anna.id, Event(type=EventType.ERASED))])
        work.people.shred(anna.id)
    report = report_of(mirror, clock).report
    assert report.erased == 1
    assert "a•••@e•••.se" not in str(report.document())


def test_an_empty_mirror_has_a_report(mirror, clock):
    report = report_of(mirror, clock).report
    assert report.total == 0
    assert report.log.entries == 0
    assert "Inget har hämtats" in render(report, "sv", ()).text
