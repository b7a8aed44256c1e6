"""Reviews, cases and the suppression list."""

import pytest

from connector.clock import SeededChance
from connector.errors import Refused
from connector.proof.keys import Keys
from connector.store.cases import Case, CaseKind
from connector.store.mirror import Mirror
from connector.store.people import NewAddress
from connector.store.reviews import NewReview
from connector.store.suppression import Suppressed, SuppressionCount, SuppressionKind

from .conftest import KEYS, NOW, PORTAL, raw

ERASED, OBJECTED = SuppressionKind.ERASED, SuppressionKind.OBJECTED
ASKED = NewReview(
    kind="cleared",
    key="23:abc",
    question="Was it a no?",
    options=("hold", "release"),
    purpose="news",
    row=23,
    detail={"text": "klipp åäö"},
)


def test_a_question_is_asked_once_until_it_is_answered(work):
    (first,) = work.reviews.open([ASKED], NOW)
    (again,) = work.reviews.open([ASKED], NOW + 5)
    assert (again.id, again.opened_at, again.detail) == (first.id, NOW, {"text": "klipp åäö"})
    work.reviews.decide(first.id, "hold", "anna", NOW + 6, "because")
    (anew,) = work.reviews.open([ASKED], NOW + 7)
    assert anew.id != first.id
    assert (work.reviews.count(), work.reviews.oldest()) == (1, NOW + 7)
    answered = work.reviews.get(first.id)
    assert (answered.decision, answered.decided_by, answered.reason) == ("hold", "anna", "because")
    assert [each.id for each in work.reviews.pending()] == [anew.id]


def test_a_question_knows_whom_it_is_about(work):
    (anna,) = work.people.create([[]])
    (asked,) = work.reviews.open(
        [NewReview(kind="k", key="1", question="q", options=("a",), person_id=anna.id)], NOW
    )
    assert asked.subject_ref == anna.ref
    assert work.reviews.of_person(anna.id) == [asked]


def test_the_same_user_approves_once(work):
    (asked,) = work.reviews.open([ASKED], NOW)
    work.reviews.approve(asked.id, "anna", NOW + 1)
    work.reviews.approve(asked.id, "anna", NOW + 2)
    assert work.reviews.approve(asked.id, "bo", NOW + 3).approvals == (("anna", NOW + 1), ("bo", NOW + 3))


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda work, number: work.reviews.decide(number, "maybe", "anna", NOW), id="no option"),
        pytest.param(lambda work, number: work.reviews.decide(number + 9, "hold", "anna", NOW), id="unknown"),
        pytest.param(
            lambda work, number: work.reviews.approve(number + 9, "anna", NOW), id="approve unknown"
        ),
    ],
)
def test_what_is_no_answer_is_refused(work, act):
    (asked,) = work.reviews.open([ASKED], NOW)
    with pytest.raises(Refused):
        act(work, asked.id)


def test_a_closed_question_stays_closed(work):
    (asked,) = work.reviews.open([ASKED], NOW)
    work.reviews.decide(asked.id, "hold", "anna", NOW)
    with pytest.raises(Refused):
        work.reviews.decide(asked.id, "release", "bo", NOW)


def test_a_case_is_open_until_it_is_settled_and_then_gone(work, mirror):
    case = work.cases.open(51, CaseKind.REAPPEARED, NOW, hold_until=NOW + 9)
    assert (
        work.cases.open(51, CaseKind.REAPPEARED, NOW + 5)
        == case
        == Case(51, CaseKind.REAPPEARED, NOW, NOW + 9)
    )
    other = work.cases.open(51, CaseKind.PENDING_ERASURE, NOW + 1)
    assert work.cases.of([51, 52]) == {51: [other, case]}
    assert work.cases.pending() == [case, other]
    assert work.cases.pending(CaseKind.PENDING_ERASURE) == [other]
    assert work.cases.opened_since(CaseKind.REAPPEARED, NOW) == 1
    assert work.cases.opened_since(CaseKind.REAPPEARED, NOW + 1) == 0
    assert work.cases.settle(51, CaseKind.REAPPEARED)
    assert not work.cases.settle(51, CaseKind.REAPPEARED)
    assert work.cases.of([51]) == {51: [other]}


def screened(mirror, *addresses, portal=PORTAL):
    with mirror.read(portal) as work:
        return work.suppression.screen(addresses)


def test_a_suppressed_address_is_recognised_and_no_other(mirror):
    assert mirror.suppress(PORTAL, "anna@exempel.se", ERASED)
    assert not mirror.suppress(PORTAL, "anna@exempel.se", ERASED)
    assert mirror.suppress(PORTAL, "anna@exempel.se", OBJECTED, "news")
    found = screened(mirror, "anna@exempel.se", "anna+x@exempel.se", "bo@exempel.se")
    assert {each: set(entries) for each, entries in found.items()} == {
        "anna@exempel.se": {Suppressed(ERASED, "*"), Suppressed(OBJECTED, "news")}
    }
    assert screened(mirror, "anna@exempel.se", portal=PORTAL + 1) == {}
    with mirror.read(PORTAL) as work:
        assert work.suppression.is_erased("anna@exempel.se")
        assert not work.suppression.is_erased("bo@exempel.se")


def test_an_objection_is_no_erasure(mirror):
    mirror.suppress(PORTAL, "anna@exempel.se", OBJECTED)
    with mirror.read(PORTAL) as work:
        assert not work.suppression.is_erased("anna@exempel.se")


def test_an_entry_shows_a_month_and_when_it_is_looked_at_again(mirror):
    mirror.suppress(PORTAL, "anna@exempel.se", ERASED)
    mirror.suppress(PORTAL, "bo@exempel.se", ERASED)
    with mirror.read(PORTAL) as work:
        assert work.suppression.counts() == [SuppressionCount(ERASED, "*", "2026-11", "2029-11", 2)]


def test_an_entry_can_be_lifted_by_a_persons_decision(mirror):
    mirror.suppress(PORTAL, "anna@exempel.se", ERASED)
    mirror.suppress(PORTAL, "anna@exempel.se", OBJECTED)
    with mirror.write(PORTAL) as work:
        assert work.suppression.lift("anna@exempel.se", ERASED) == 1
    assert screened(mirror, "anna@exempel.se") == {"anna@exempel.se": (Suppressed(OBJECTED, "*"),)}


def test_entries_under_an_older_key_are_still_found(mirror, url, clock):
    mirror.suppress(PORTAL, "anna@exempel.se", ERASED)
    ring = Keys(KEYS.master, (bytes(32), *KEYS.suppression), KEYS.links, KEYS.signing)
    newer = Mirror.open(url, ring, clock, SeededChance(3))
    assert not newer.suppress(PORTAL, "anna@exempel.se", ERASED), "it is there, under the older key"
    newer.suppress(PORTAL, "bo@exempel.se", ERASED)
    assert set(screened(newer, "anna@exempel.se", "bo@exempel.se")) == {"anna@exempel.se", "bo@exempel.se"}
    with newer.write(PORTAL) as work:
        assert work.suppression.lift("anna@exempel.se", ERASED) == 1
    newer.close()


def test_nothing_joins_an_entry_to_a_person(mirror, url):
    with mirror.write(PORTAL) as work:
        work.people.create([[NewAddress("anna@exempel.se", "anna@exempel.se")]])
    mirror.suppress(PORTAL, "anna@exempel.se", ERASED)
    with raw(url) as connection:
        (entry,) = connection.exec_driver_sql("SELECT * FROM suppression").mappings()
        refs = {
            bytes(ref)
            for (ref,) in connection.exec_driver_sql("SELECT ref FROM address UNION SELECT ref FROM person")
        }
    assert set(entry) == {"portal", "hash", "kind", "scope", "kid", "month", "review_month"}
    assert not any(ref in bytes(entry["hash"]) for ref in refs)
