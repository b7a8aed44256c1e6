"""The formula of consent-domain 3.2, case by case."""

import pytest

from connector.consent.events import Basis, EventType, State
from connector.consent.state import standing, standings, wide_no_stands
from tests.consent.make import (
    DAY,
    E0,
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
    objection,
    request,
    sale,
    yes,
)

GRANTED, WITHDRAWN, UNKNOWN = State.GRANTED, State.WITHDRAWN, State.UNKNOWN


def state(*events, purpose=NEWSLETTER, now=NOW, current=(HERE,), **more):
    return standing(events, purpose, current, now, **more).state


FLAWED = yes(100)
BOT = no(900)
SEEN = no(None, recorded=900, observation="o")
LEFT = no(900, observation="o")

CASES = [
    pytest.param([], UNKNOWN, id="nothing said"),
    pytest.param([yes(100)], GRANTED, id="a proved yes"),
    pytest.param([yes(100, E3)], GRANTED, id="a confirmed yes"),
    pytest.param([yes(100, E1)], State.CLAIMED, id="a yes without wording is a claim"),
    pytest.param([yes(100, E0)], State.CLAIMED, id="a status alone is a claim"),
    pytest.param([yes(100, E2, wording=None)], State.CLAIMED, id="E2 asks for the wording"),
    pytest.param([yes(None, recorded=100)], State.CLAIMED, id="an undated yes is a claim"),
    pytest.param([yes(900, recorded=100)], State.CLAIMED, id="a yes from the future is a claim"),
    pytest.param([yes(400, recorded=100)], GRANTED, id="a clock ahead by sigma is forgiven"),
    pytest.param([yes(401, recorded=100)], State.CLAIMED, id="a clock ahead by more is not"),
    pytest.param([yes(100, purpose="offers")], UNKNOWN, id="a yes to another purpose"),
    pytest.param([yes(100, purpose="*")], UNKNOWN, id="nobody consents to everything"),
    pytest.param([yes(100, address=ELSEWHERE)], UNKNOWN, id="a yes stays with its address"),
    pytest.param([yes(100, address=None)], UNKNOWN, id="a yes without an address binds to none"),
    pytest.param([yes(100), no(900)], WITHDRAWN, id="changed their mind"),
    pytest.param([yes(100), no(900, address=ELSEWHERE)], WITHDRAWN, id="a no follows from any address"),
    pytest.param([yes(100), no(900, purpose="offers")], GRANTED, id="a no to another purpose"),
    pytest.param([yes(100), objection(900)], WITHDRAWN, id="a no to everything"),
    pytest.param([no(100), yes(400)], WITHDRAWN, id="later by sigma exactly: no"),
    pytest.param([no(100), yes(401)], GRANTED, id="later by more than sigma"),
    pytest.param([no(100), yes(900, actor="staff:x")], WITHDRAWN, id="staff never lift a no"),
    pytest.param([no(100), yes(900, actor="guardian")], GRANTED, id="a guardian may"),
    pytest.param([no(100), yes(900, E1)], WITHDRAWN, id="an unproved yes never lifts a no"),
    pytest.param([no(100), claim(9_000)], WITHDRAWN, id="a claim never lifts a no"),
    pytest.param([no(None, recorded=500), yes(700)], WITHDRAWN, id="an undated no is as late as its record"),
    pytest.param([no(None, recorded=500), yes(900)], GRANTED, id="and later yeses lift it"),
    pytest.param(
        [no(99_000, recorded=500), yes(900)], GRANTED, id="a no from the future blocks no yes for ever"
    ),
    pytest.param([event(EventType.REFUSE, 100)], State.DENIED, id="asked and refused"),
    pytest.param([event(EventType.REFUSE, 100), no(200)], WITHDRAWN, id="refused, then withdrawn"),
    pytest.param([no(500), yes(100), yes(900)], GRANTED, id="renewed"),
    pytest.param([no(500), yes(100), yes(550)], WITHDRAWN, id="not transitive by pairs, the set decides"),
    pytest.param([yes(100, valid_until=NOW)], State.EXPIRED, id="past its end"),
    pytest.param([yes(100, valid_until=NOW + 1)], GRANTED, id="not yet past it"),
    pytest.param([yes(100, valid_until=NOW), yes(200)], GRANTED, id="one of two has ended"),
    pytest.param([yes(100), event(EventType.EXPIRE, None, 300)], State.EXPIRED, id="ended by an event"),
    pytest.param([yes(100, valid_until=NOW), no(900)], WITHDRAWN, id="ended, then a no"),
    pytest.param([no(100), yes(900, valid_until=NOW)], State.EXPIRED, id="renewed, then ended"),
    pytest.param([FLAWED, invalidate(300, target=FLAWED.id)], State.INVALIDATED, id="found defective"),
    pytest.param([yes(100), invalidate(300, wording="w")], State.INVALIDATED, id="its wording was defective"),
    pytest.param([yes(100), invalidate(300, wording="v")], GRANTED, id="another wording was"),
    pytest.param(
        [FLAWED, yes(200), invalidate(300, target=FLAWED.id)], GRANTED, id="one of two is defective"
    ),
    pytest.param([FLAWED, no(900), invalidate(300, target=FLAWED.id)], WITHDRAWN, id="defective and a no"),
    pytest.param([request(1000)], State.PENDING, id="signed up, not confirmed"),
    pytest.param([request(1000), confirm(2000)], GRANTED, id="confirmed by POST"),
    pytest.param([request(1000), confirm(2000, grade=E1)], State.PENDING, id="a weak confirmation is none"),
    pytest.param([confirm(2000)], UNKNOWN, id="a confirmation without its sign-up"),
    pytest.param([request(2000), confirm(1000)], State.PENDING, id="confirmed before signing up"),
    pytest.param([request(1000), confirm(2000, address=ELSEWHERE)], State.PENDING, id="confirmed elsewhere"),
    pytest.param([request(1000), no(1500), confirm(2000)], WITHDRAWN, id="a no voids the open opt-in"),
    pytest.param([no(100), request(1000), confirm(2000)], GRANTED, id="opted in anew after a no"),
    pytest.param([no(100), request(300), confirm(2000)], WITHDRAWN, id="the sign-up is too close to the no"),
    pytest.param([request(1000), no(1500)], WITHDRAWN, id="a no ends PENDING"),
    pytest.param([sale(100)], State.SOFT_OPTIN, id="a sale with an opt-out offered"),
    pytest.param([sale(900), no(100)], WITHDRAWN, id="a sale does not revive an objection"),
    pytest.param([sale(100, valid_until=NOW)], UNKNOWN, id="a soft opt-in that has ended"),
    pytest.param([sale(100), yes(200)], GRANTED, id="consent comes before a sale"),
    pytest.param(
        [sale(100), request(200), claim(300)], State.SOFT_OPTIN, id="a sale before a sign-up and a claim"
    ),
    pytest.param([claim(100)], State.CLAIMED, id="a claim"),
    pytest.param([claim(100, address=None)], State.CLAIMED, id="a claim needs no address"),
    pytest.param([BOT, yes(100), annul(BOT, 1000)], GRANTED, id="a mistaken no is annulled"),
    pytest.param([BOT, yes(100), annul(BOT, 1000, approved_by=())], WITHDRAWN, id="never by one person"),
    pytest.param(
        [BOT, yes(100), annul(BOT, 1000, approved_by=("staff:one",))], WITHDRAWN, id="nor by one twice"
    ),
    pytest.param([BOT, yes(100), annul(BOT, 1000, actor="system:x")], WITHDRAWN, id="never by a machine"),
    pytest.param([BOT, yes(100), annul(BOT, 1000, reason=None)], WITHDRAWN, id="never without a reason"),
    pytest.param([BOT, no(950), yes(100), annul(BOT, 1000)], WITHDRAWN, id="another no still stands"),
    pytest.param(
        [SEEN, yes(100), annul(SEEN, 1000), event(EventType.DATED, 1100, observation="o")],
        WITHDRAWN,
        id="what was done after the annulment stands",
    ),
    pytest.param(
        [SEEN, yes(500), event(EventType.DATED, 150, 950, observation="o")],
        GRANTED,
        id="a date fills an undated sighting",
    ),
    pytest.param(
        [SEEN, yes(500), event(EventType.DATED, 150, 950, observation="p")],
        WITHDRAWN,
        id="but only its own",
    ),
    pytest.param(
        [SEEN, no(None, recorded=9_000, observation="o"), yes(1300)], GRANTED, id="seen twice, one no"
    ),
    pytest.param([SEEN, no(None, recorded=9_000, observation="p"), yes(1300)], WITHDRAWN, id="two noes"),
    pytest.param(
        [yes(1300), no(None, recorded=900), no(None, recorded=1200)], WITHDRAWN, id="the later no counts"
    ),
    pytest.param(
        [event(EventType.PUSHED, 9_000), event(EventType.OBSERVED, 9_000)], UNKNOWN, id="writes say nothing"
    ),
]


@pytest.mark.parametrize(("events", "expected"), CASES)
def test_the_state_is_what_the_events_add_up_to(events, expected):
    assert state(*events) is expected


def test_an_opt_out_of_everything_covers_marketing_only():
    mailed = [yes(100, purpose="service", basis=Basis.CONSENT), objection(900)]
    assert state(*mailed, purpose=SERVICE) is GRANTED
    assert state(*mailed, no(950, purpose="service"), purpose=SERVICE) is WITHDRAWN


def test_an_unconfirmed_sign_up_ends_after_seven_days():
    asked = request(1000)
    assert state(asked, now=1_000_000 + 7 * DAY - 1) is State.PENDING
    assert state(asked, now=1_000_000 + 7 * DAY) is UNKNOWN
    late = confirm(1000 + 7 * 86_400 + 1)
    assert state(asked, late, now=1_000_000 + 8 * DAY) is UNKNOWN


def test_the_sign_up_gives_its_wording_to_the_confirmation():
    told = standing([request(1000, wording="shown"), confirm(2000)], NEWSLETTER, (HERE,), NOW)
    assert (told.wording, told.grade, told.since) == ("shown", E3, 2_000_000)


def test_the_strongest_consent_decides():
    weak, strong = yes(900, E2), yes(100, E3)
    staff, ended = yes(950, E3, actor="staff:x"), yes(990, E3, valid_until=NOW)
    told = standing([weak, strong, staff, ended], NEWSLETTER, (HERE,), NOW)
    assert told.event == strong.id
    assert [each.event for each in told.yeses] == [strong.id, weak.id, staff.id, ended.id]


def test_the_answer_names_the_last_no_and_whether_it_has_a_date():
    told = standing([no(100), no(None, recorded=300)], NEWSLETTER, (HERE,), NOW)
    assert (told.last_no, told.since, told.last_no_dated) == (300_000, 300_000, False)
    told = standing([no(100, id="a"), no(300, recorded=500, id="b")], NEWSLETTER, (HERE,), NOW)
    assert (told.last_no, told.event, told.last_no_dated) == (300_000, "b", True)


def test_the_answer_of_an_unanswered_purpose_names_its_event():
    early, late = claim(100, grade=E1, basis=Basis.CONSENT), claim(200)
    told = standing([late, early], NEWSLETTER, (HERE,), NOW)
    assert (told.event, told.grade, told.basis, told.since) == (early.id, E1, Basis.CONSENT, 100_000)
    assert standing([yes(None, E3, recorded=7)], NEWSLETTER, (HERE,), NOW).grade is E1


def test_a_soft_opt_in_is_complete_with_its_sale_and_wording():
    whole = standing([sale(100), sale(200, detail={})], NEWSLETTER, (HERE,), NOW)
    assert whole.complete and whole.since == 100_000
    assert not standing([sale(100, wording=None)], NEWSLETTER, (HERE,), NOW).complete


def test_a_no_to_everything_stands_until_one_purpose_is_granted_again():
    def wide(*events):
        told = standings(events, (NEWSLETTER, OFFERS), (HERE,), NOW)
        return {key: each.wide_no for key, each in told.items()}, wide_no_stands(told.values())

    assert wide(objection(100)) == ({"newsletter": True, "offers": True}, True)
    assert wide(objection(100), yes(900)) == ({"newsletter": False, "offers": True}, False)
    assert wide(no(100)) == ({"newsletter": False, "offers": False}, False)
    assert wide(objection(100), yes(900, valid_until=NOW))[1]
    assert not wide_no_stands(())


def test_another_basis_is_recorded_by_an_assertion_with_date_and_reason():
    def recorded(*events, purpose=SERVICE):
        return standing(events, purpose, (HERE,), NOW).basis_recorded

    told = {"purpose": "service", "basis": Basis.CONTRACT}
    assert recorded(claim(100, grade=E1, **told))
    assert recorded(yes(100, **told))
    assert not recorded(claim(100, grade=E0, **told))
    assert not recorded(claim(100, grade=E1, purpose="service", basis=Basis.CONSENT))
    assert not recorded(claim(100, grade=E1, basis=Basis.CONTRACT), purpose=NEWSLETTER)


@pytest.mark.parametrize("sigma", [-1, 3_600_001])
def test_sigma_has_bounds(sigma):
    with pytest.raises(ValueError, match="sigma"):
        standing([], NEWSLETTER, (HERE,), NOW, sigma)


@pytest.mark.parametrize(("sigma", "expected"), [(0, GRANTED), (1_000, WITHDRAWN)])
def test_sigma_can_be_nothing(sigma, expected):
    assert state(no(100), yes(101), sigma_ms=sigma) is expected


def test_a_repeat_under_one_reference_is_the_first_one():
    first = yes(9_000, recorded=100, source_ref="form-1")  # from the future: never a consent
    again = yes(9_000, recorded=9_100, source_ref="form-1")
    assert state(first, again) is State.CLAIMED
    assert state(again) is GRANTED


def test_a_reference_used_twice_by_mistake_never_loses_a_dated_no():
    assert state(no(100, source_ref="x"), yes(500), no(900, source_ref="x")) is WITHDRAWN
