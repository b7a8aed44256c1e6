"""The edges of the formula, and what its answer carries: each case is a small change that once went unseen.

`make mutate` made the changes; the cases are those that its ordinary tests let pass.
"""

import time
from dataclasses import replace

import pytest

from connector.consent.decision import Decision, Push
from connector.consent.events import Basis, EventType, Grade, Source, State
from connector.consent.gate import Refusal, explanation, may_subscribe
from connector.consent.grades import recorded_grade
from connector.consent.row import Row, decide_by
from connector.consent.sendable import Answer, Reason, by_state
from connector.consent.situate import sighting
from connector.consent.situation import Time
from connector.consent.state import Standing, standing, standings
from mappings.words import LegalBasis, Status
from tests.consent.make import (
    DAY,
    E1,
    E2,
    E3,
    ELSEWHERE,
    HERE,
    NEWSLETTER,
    NOW,
    OFFERS,
    SERVICE,
    annul,
    claim,
    confirm,
    event,
    invalidate,
    no,
    request,
    sale,
    yes,
)
from tests.consent.test_gate import GIVEN, RIGHT
from tests.consent.test_situate import SUB, UNSUB, cell, said, wide

GRANTED, WITHDRAWN = State.GRANTED, State.WITHDRAWN
PENDING, CLAIMED, UNKNOWN = State.PENDING, State.CLAIMED, State.UNKNOWN
WEEK_S = 7 * 86_400


def told(*events, purpose=NEWSLETTER, now=NOW, current=(HERE,), **more) -> Standing:
    return standing(events, purpose, current, now, **more)


ASKED = request(1000)
FLAWED_REQUEST = request(1000)
GIVEN_AT_100 = yes(100)
SEEN = no(None, recorded=900, observation="o")
LEFT = no(900, observation="o")
UNDONE = no(1000)


@pytest.mark.parametrize(
    ("events", "expected", "current"),
    [
        pytest.param([ASKED, confirm(2000, target="another")], PENDING, (HERE,), id="of another sign-up"),
        pytest.param([ASKED, confirm(2000, target=ASKED.id)], GRANTED, (HERE,), id="of this sign-up"),
        pytest.param(
            [ASKED, confirm(2000, address=ELSEWHERE)], PENDING, (HERE, ELSEWHERE), id="at another address"
        ),
        pytest.param([ASKED, confirm(None, recorded=2000)], PENDING, (HERE,), id="undated"),
        pytest.param([ASKED, confirm(2000, actor="staff:x")], PENDING, (HERE,), id="by staff"),
        pytest.param([ASKED, confirm(1000)], GRANTED, (HERE,), id="in the same moment"),
        pytest.param(
            [FLAWED_REQUEST, confirm(2000), invalidate(3000, target=FLAWED_REQUEST.id)],
            UNKNOWN,
            (HERE,),
            id="of a sign-up that was found defective",
        ),
        pytest.param([no(100), request(400), confirm(2000)], WITHDRAWN, (HERE,), id="sigma after the no"),
        pytest.param([no(100), request(401), confirm(2000)], GRANTED, (HERE,), id="clearly after the no"),
    ],
)
def test_a_confirmation_confirms(events, expected, current):
    assert told(*events, current=current).state is expected


def test_a_confirmation_counts_to_the_last_moment_of_the_week():
    asked, later = request(1000), 1_000_000 + 8 * DAY
    assert told(asked, confirm(1000 + WEEK_S), now=later).state is GRANTED
    assert told(asked, confirm(1001 + WEEK_S), now=later).state is UNKNOWN


def test_a_sign_up_of_unknown_time_lives_from_its_record():
    asked = request(None, recorded=1000)
    assert told(asked, confirm(2000)).state is GRANTED
    late = request(500, recorded=1000)  # dated: from then on
    assert told(late, confirm(501 + WEEK_S), now=1_000_000 + 8 * DAY).state is UNKNOWN


@pytest.mark.parametrize(
    ("t_lo", "t_hi", "expected"),
    [(100, 400_000, GRANTED), (100, 400_001, CLAIMED), (100, None, GRANTED), (900, 100_000, CLAIMED)],
)
def test_a_yes_within_an_interval_is_proved_by_its_end(t_lo, t_hi, expected):
    assert told(yes(t_lo, recorded=100, t_hi=t_hi)).state is expected


def test_the_answer_of_a_consent_names_its_end_and_the_no_before_it():
    found = told(no(None, recorded=100), yes(900, valid_until=NOW + 5))
    assert (found.state, found.valid_until, found.purpose) == (GRANTED, NOW + 5, "newsletter")
    assert (found.last_no, found.last_no_dated) == (100_000, False)
    assert found.yeses[0].valid_until == NOW + 5
    assert (told(no(100), yes(900)).last_no, told(no(100), yes(900)).last_no_dated) == (100_000, True)
    assert (told(yes(900)).last_no, told(yes(900)).last_no_dated) == (None, True)


def test_the_answer_of_a_claim_or_a_sale_names_what_it_rests_on():
    found = told(claim(100, recorded=500, wording="v", valid_until=NOW + 5))
    assert (found.state, found.purpose, found.since) == (CLAIMED, "newsletter", 100_000)
    assert (found.wording, found.valid_until) == ("v", NOW + 5)
    assert told(claim(None, recorded=7)).since == 7_000
    assert told(sale(100)).grade is E2
    assert told(yes(None, E3, recorded=100)).grade is E1


def test_a_refusal_names_its_purpose():
    assert (told(no(100)).purpose, told(no(100)).state) == ("newsletter", WITHDRAWN)


@pytest.mark.parametrize(("dated", "undated"), [("a", "b"), ("b", "a")])
def test_of_two_noes_in_one_moment_the_undated_one_speaks(dated, undated):
    found = told(no(300, id=dated), no(None, recorded=300, id=undated))
    assert (found.event, found.last_no_dated) == (undated, False)


def test_of_several_defective_consents_the_best_proved_is_named():
    weak, strong = yes(200), yes(100, E3)
    found = told(weak, strong, invalidate(300, wording="w"))
    assert (found.state, found.event) == (State.INVALIDATED, strong.id)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"target": GIVEN_AT_100.id, "purpose": "offers"}, State.INVALIDATED),
        ({"target": "another", "wording": "w"}, GRANTED),
        ({"wording": "w", "purpose": "offers"}, GRANTED),
    ],
)
def test_an_invalidation_reaches_what_it_names(change, expected):
    assert told(GIVEN_AT_100, invalidate(300, **change)).state is expected


@pytest.mark.parametrize(
    ("recorded", "more", "expected"),
    [
        (300, {"target": "another"}, GRANTED),
        (50, {"target": GIVEN_AT_100.id}, State.EXPIRED),
        (100, {}, State.EXPIRED),
        (99, {}, GRANTED),
    ],
)
def test_an_end_reaches_what_it_names_or_what_was_before_it(recorded, more, expected):
    assert told(GIVEN_AT_100, event(EventType.EXPIRE, None, recorded, **more)).state is expected


def test_an_event_that_comes_twice_is_one_and_nameless_ones_are_each_their_own():
    given = yes(100)
    assert len(told(given, replace(given)).yeses) == 1
    assert len(told(yes(100, id=""), yes(200, id="")).yeses) == 2


def test_what_repeats_a_no_is_known_by_where_it_came_from():
    first, again = no(None, recorded=900, source_ref="s"), no(None, recorded=9_000, source_ref="s")
    assert told(first, again, yes(1300)).state is GRANTED
    nameless = [no(None, recorded=at, id="") for at in (100, 9_000)]
    assert told(*nameless, yes(1300)).state is WITHDRAWN


def test_an_annulled_no_of_the_same_moment_is_undone():
    assert told(UNDONE, yes(100), annul(UNDONE, 1000)).state is GRANTED


@pytest.mark.parametrize("order", [1, -1])
def test_the_last_of_several_annulments_counts(order):
    twice = [annul(SEEN, 1000), annul(SEEN, 500)][::order]
    date = event(EventType.DATED, 700, 700, observation="o")
    assert told(SEEN, yes(100), *twice, date).state is GRANTED
    both = [annul(SEEN, 2000), annul(LEFT, 1000)][::order]
    date = event(EventType.DATED, 1500, 1500, observation="o")
    assert told(*[SEEN, LEFT][::order], yes(100), *both, date).state is GRANTED


def test_a_basis_that_names_no_address_is_recorded_too():
    asserted = claim(100, purpose="service", basis=Basis.CONTRACT, grade=E1, address=None)
    assert told(asserted, purpose=SERVICE).basis_recorded
    assert not told(replace(asserted, basis=Basis.CONSENT), purpose=SERVICE).basis_recorded


def test_the_clocks_allowance_holds_for_each_purpose():
    events = (no(100), yes(101))
    assert standings(events, (NEWSLETTER,), (HERE,), NOW, 0)["newsletter"].state is GRANTED
    assert standings(events, (NEWSLETTER,), (HERE,), NOW)["newsletter"].state is WITHDRAWN


# --- what is weighed against what ------------------------------------------------------------------------


def test_against_a_no_stands_the_best_consent_that_is_clearly_newer():
    earlier = cell(said(UNSUB, 1000), yes(1200, E3), yes(1400, E2))
    assert (earlier.time, earlier.grade) == (Time.EARLIER, E2)
    at_sigma = cell(said(UNSUB, 1000), yes(1300, E3), yes(1400, E2))
    assert (at_sigma.time, at_sigma.grade) == (Time.EARLIER, E2)


def test_a_consent_is_known_whatever_hubspot_says():
    found = cell(said(SUB, 1000), yes(900))
    assert (found.grade, found.by_person) == (E2, True)


def test_an_opt_out_of_everything_dates_no_other_purpose_than_marketing():
    ours = yes(700, purpose="service")
    assert cell(said(UNSUB, 200), ours, wides=(wide(900),), purpose=SERVICE).time is Time.EARLIER
    assert cell(said(UNSUB, 200), yes(700), wides=(wide(1100),)).time is Time.LATER


def test_a_yes_is_weighed_against_the_last_no_alone_while_a_consent_lasts():
    assert cell(said(SUB, 500), no(100), yes(900)).time is Time.LATER
    assert cell(said(SUB, 500), no(100), yes(900, valid_until=NOW)).time is Time.EARLIER


def test_a_legal_basis_that_hubspot_shows_differently_drifts_by_the_purposes_kind():
    legitimate = said(SUB, 1000, basis=LegalBasis.LEGITIMATE_INTEREST_CLIENT)
    assert cell(legitimate, yes(900)).drift
    assert not cell(said(SUB, 1000, basis=LegalBasis.CONSENT_WITH_NOTICE), yes(900)).drift


def test_a_standing_fact_is_named_by_its_date_or_by_our_first_sight():
    assert sighting("a", 101, Status.UNSUBSCRIBED, 5, 9) == "a/101/UNSUBSCRIBED/5"
    assert sighting("a", 0, Status.UNSUBSCRIBED, None, 9) == "a/0/UNSUBSCRIBED/~9"


# --- rows, gate, grades ----------------------------------------------------------------------------------


def test_after_a_broken_clock_the_rows_behind_decide():
    def row(number, answer, restated=None):
        return Row(number, None, lambda _: True, answer, restated)

    never = Row(9, None, lambda _: False, Decision())
    clock = row(1, Decision(), lambda situation: situation)
    rows = [never, clock, row(2, Decision(push=Push.UNSUB)), row(3, Decision())]
    found = decide_by(rows, cell(None))
    assert (found.row, found.as_row, found.push) == (1, 2, Push.UNSUB)
    assert found.log[0] is EventType.CLOCK_SKEW


def test_a_basis_that_is_not_the_purposes_own_is_none():
    own = replace(GIVEN, purpose="service", basis=Basis.CONTRACT, basis_recorded=True)
    asked = replace(RIGHT, purpose=SERVICE, standing=own)
    assert may_subscribe(asked).allowed
    other = replace(asked, standing=replace(own, basis=Basis.LEGAL_OBLIGATION))
    assert may_subscribe(other).refusal is Refusal.BASIS
    for basis in (Basis.CONTRACT, Basis.SOFT_OPTIN, Basis.LEGITIMATE_INTEREST):
        mailed = replace(RIGHT, standing=replace(GIVEN, basis=basis))
        assert may_subscribe(mailed).refusal is Refusal.BASIS, basis


@pytest.fixture
def far_east(monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_explanation_names_the_day_in_utc(far_east):
    assert explanation(replace(GIVEN, since=1_782_864_000_000)) == "evt:0199 w:a1b2c3d4 at:2026-07-01"
    assert explanation(replace(GIVEN, since=1_782_863_999_999)).endswith("at:2026-06-30")


@pytest.mark.parametrize("state", [WITHDRAWN, State.DENIED])
def test_a_no_is_the_reason_for_every_purpose(state):
    for purpose in (NEWSLETTER, OFFERS, SERVICE):
        refused = Standing(purpose=purpose.key, state=state, basis_recorded=True)
        assert by_state(refused, purpose) == Answer(False, Reason.WITHDRAWN)


def test_a_telephone_call_proves_nothing_without_its_note():
    assert recorded_grade(Source.PHONE, wording=True) is Grade.E1
    assert recorded_grade(Source.PHONE, wording=True, call_evidence=True) is Grade.E2
