"""Laws of the formula over random histories (I1-I4), and a second reading of the text beside it."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.consent.events import NOES, Event, EventType, Grade, State
from connector.consent.sendable import by_state
from connector.consent.state import standing
from tests.consent.histories import SIGMA, TIMES, events, histories
from tests.consent.make import ELSEWHERE, HERE, NEWSLETTER, OFFERS, SERVICE
from tests.consent.naive import naive_state

NOWS = st.sampled_from([0, 900_000, 3_000_000, 700_000_000])
MANY = settings(max_examples=800, deadline=None)


def told(history, now=3_000_000, purpose=NEWSLETTER, current=(HERE,)):
    return standing(history, purpose, current, now, SIGMA)


def may(history, now=3_000_000, purpose=NEWSLETTER):
    return by_state(told(history, now, purpose), purpose).allowed


@settings(max_examples=4_000, deadline=None)
@given(
    histories(),
    NOWS,
    st.sampled_from([NEWSLETTER, OFFERS, SERVICE, replace(NEWSLETTER, marketing=False)]),
    st.sampled_from([(HERE,), (HERE, ELSEWHERE), ()]),
    st.sampled_from([0, SIGMA, 3_600_000]),
)
def test_a_second_reading_of_the_rule_agrees(history, now, purpose, current, sigma):
    naive = naive_state(
        history, purpose.key, marketing=purpose.marketing, current=set(current), now=now, sigma=sigma
    )
    assert standing(history, purpose, current, now, sigma).state == naive


@MANY
@given(histories(), NOWS, st.randoms(use_true_random=False))
def test_order_and_repeats_never_matter(history, now, random):
    again = history + random.choices(history, k=3) if history else []
    random.shuffle(again)
    assert told(again, now) == told(history, now)


def appended(history, event):
    """As the log would take it: recorded after all else, whoever claims otherwise."""
    last = max((each.recorded_at for each in history), default=0)
    return replace(event, id="new", recorded_at=max(event.recorded_at, last), source_ref=None)


@MANY
@given(histories(), events(), st.sampled_from(sorted(NOES)), NOWS)
def test_a_no_never_makes_anything_more_permissive(history, event, kind, now):
    no = replace(appended(history, event), type=kind)
    for purpose in (NEWSLETTER, OFFERS, SERVICE):
        assert may(history, now, purpose) or not may([*history, no], now, purpose)


@MANY
@given(histories(), events(), NOWS)
def test_after_a_no_only_the_persons_own_proved_and_clearly_later_act_lifts_it(history, event, now):
    before = told(history, now)
    if before.last_no is None or before.state is State.GRANTED:
        return
    new = appended(history, event)
    if new.type in (EventType.ANNUL, EventType.DATED):
        return  # two people undo a mistake; a date is read for what was seen
    after = told([*history, new], now)
    if after.state is State.GRANTED:
        best = after.yeses[0]
        assert best.by_person and best.grade >= Grade.E2 and best.wording
        assert best.t_lo > before.last_no + SIGMA


@MANY
@given(histories(), st.sampled_from(TIMES), NOWS)
def test_the_same_no_seen_again_changes_nothing(history, later, now):
    last = max((each.recorded_at for each in history), default=0)
    seen = [each for each in history if each.is_no and each.observation and each.t_hi is None]
    again = [replace(each, id=f"again-{each.id}", recorded_at=last + later) for each in seen]
    before, after = told(history, now), told([*history, *again], now)
    assert (before.state, before.last_no) == (after.state, after.last_no)


@MANY
@given(histories(), NOWS, st.sampled_from(sorted(set(EventType) - set(NOES))), st.sampled_from(TIMES))
def test_our_own_account_keeping_is_no_evidence(history, now, kind, at):
    if kind in (EventType.GRANT, EventType.CONFIRM, EventType.CLAIM, EventType.SOFT_OPTIN, EventType.REQUEST):
        return
    if kind in (EventType.EXPIRE, EventType.INVALIDATE, EventType.ANNUL, EventType.DATED):
        return
    echo = Event(type=kind, id="echo", purpose="newsletter", t_lo=at, t_hi=at, recorded_at=at, address=HERE)
    assert told([*history, echo], now) == told(history, now)


@MANY
@given(histories(), events(), NOWS)
def test_a_claim_is_never_a_consent(history, event, now):
    claim = replace(appended(history, event), type=EventType.CLAIM)
    assert (told([*history, claim], now).state is State.GRANTED) == (
        told(history, now).state is State.GRANTED
    )


@MANY
@given(histories(), NOWS)
def test_yeses_do_not_move_and_noes_follow(history, now):
    moved = told(history, now, current=("address-new",))
    assert moved.state not in (State.GRANTED, State.EXPIRED, State.SOFT_OPTIN, State.PENDING)
    here = told(history, now)
    if here.state in (State.WITHDRAWN, State.DENIED):
        assert moved.state is here.state
