"""Random histories of one person for hypothesis: dense in ties, doubles, undated and future acts.

Events are drawn from a fixed catalogue of made-up ones, so that thousands of histories take seconds and a
failing one shrinks to few events.
"""

from random import Random

from hypothesis import strategies as st

from connector.consent.events import SALE, Basis, Event, EventType, Grade, Source, State
from connector.consent.state import standing
from tests.consent.make import ELSEWHERE, HERE, NEWSLETTER

SIGMA = 300_000
BALANCED_AT = 12_000_000
TIMES = (0, 100_000, 250_000, 400_000, 500_000, 800_000, 801_000, 1_200_000, 2_000_000, 9_000_000)
FORMULA = (
    EventType.GRANT,
    EventType.GRANT,
    EventType.GRANT,
    EventType.WITHDRAW,
    EventType.OBJECT,
    EventType.REFUSE,
    EventType.CLAIM,
    EventType.SOFT_OPTIN,
    EventType.REQUEST,
    EventType.CONFIRM,
    EventType.DATED,
    EventType.EXPIRE,
    EventType.INVALIDATE,
    EventType.ANNUL,
)
IDS = tuple(f"id-{number}" for number in range(12))


def made_up(random: Random) -> Event:
    at = random.choice((None, *TIMES))
    pick = random.choice
    return Event(
        type=pick(FORMULA),
        id=pick(IDS),
        recorded_at=max(0, (at or 0) + pick(TIMES) - pick((0, 0, 0, 500_000))),
        purpose=pick(("newsletter", "newsletter", "newsletter", "*", "offers", "service")),
        basis=pick((Basis.CONSENT, Basis.CONSENT, Basis.CONTRACT)),
        t_lo=at,
        t_hi=None if at is None else at + pick((0, 0, 60_000, 600_000)),
        actor=pick(("subject", "subject", "subject", "guardian", "staff:a", "unknown")),
        source=Source.FORM,
        source_ref=pick((None, None, None, "r1", "r2")),
        grade=pick((Grade.E0, Grade.E1, Grade.E2, Grade.E3, Grade.E3)),
        address=pick((HERE, HERE, HERE, ELSEWHERE, None)),
        wording=pick(("w1", "w1", "w2", None)),
        valid_until=pick((None, None, None, *TIMES)),
        observation=pick((None, "o1", "o2")),
        target=pick((None, *IDS)),
        reason=pick(("because", "because", None)),
        approved_by=pick((("staff:b",), ("staff:b",), ("staff:a",), ())),
        detail=pick(({}, {SALE: "order"})),
    )


CATALOGUE = tuple(made_up(Random(seed)) for seed in range(6_000))


def events(*kinds: EventType) -> st.SearchStrategy[Event]:
    """One event, of these kinds if any are named."""
    return st.sampled_from([each for each in CATALOGUE if not kinds or each.type in kinds])


def histories(most: int = 7) -> st.SearchStrategy[list[Event]]:
    """What may have happened to one person, in any order."""
    return st.lists(st.sampled_from(CATALOGUE), max_size=most, unique_by=lambda each: each.id)


def _is_telling(event: Event) -> bool:
    """Events that can lead somewhere: about this purpose, at this address, proved where they grant."""
    if event.purpose not in ("newsletter", "*") or event.address != HERE:
        return False
    if event.type in (EventType.GRANT, EventType.CONFIRM):
        return event.grade >= Grade.E2 and event.wording is not None and event.t_lo is not None
    return True


TELLING = tuple(event for event in CATALOGUE if _is_telling(event))


def balanced(random: Random, tries: int, most: int) -> tuple[tuple[Event, ...], ...]:
    """Histories with as many of each state as of any other, `most` at the most."""
    kept: dict[State, list[tuple[Event, ...]]] = {state: [] for state in State}
    for _ in range(tries):
        drawn = random.choices(
            random.choice((TELLING, TELLING, CATALOGUE)), k=random.choice((1, 1, 2, 2, 3, 5))
        )
        history = tuple({event.id: event for event in drawn}.values())
        state = standing(history, NEWSLETTER, (HERE,), BALANCED_AT, SIGMA).state
        if len(kept[state]) < most:
            kept[state].append(history)
    return tuple(history for histories in kept.values() for history in histories)
