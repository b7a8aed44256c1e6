"""Until when each purpose is a reason to keep somebody, by the mirror and HubSpot's dates (CD 2, K7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connector.acts.desk import Desk
from connector.acts.erasure import is_held
from connector.acts.facts import NOES_STAND, Facts, facts_of_many
from connector.consent.events import Event, EventType, State
from connector.consent.retention import LAST_ACTIVITY, Rule, Term, Verdict, later, parse, verdict
from connector.consent.state import Standing
from connector.store.moments import Moment
from connector.store.people import Person
from connector.store.requests import RequestKind
from connector.store.work import Work
from mappings.purposes import Purpose

Moments = Sequence[Moment | None]


@dataclass(frozen=True, slots=True)
class Stay:
    """One person: their terms, what follows from them, and the live records that dates are read from."""

    person: Person
    facts: Facts
    terms: tuple[Term, ...]
    verdict: Verdict
    contacts: tuple[int, ...]
    asked: bool  # they wait for an answer that their data is needed for


def stays_of(desk: Desk, work: Work, people: Sequence[Person]) -> list[Stay]:
    """Of many at once."""
    found = facts_of_many(desk, work, people, with_others=False)
    live = {number: _live(facts) for number, facts in found.items()}
    moments = work.moments.of(contact for contacts in live.values() for contact in contacts)
    asking = _asking(work)
    return [
        _stay(
            desk,
            found[person.id],
            live[person.id],
            [moments.get(each) for each in live[person.id]],
            asked=person.id in asking,
        )
        for person in people
    ]


def _asking(work: Work) -> set[int | None]:
    """Who waits for an answer that their data is needed for; an erasure is what retention does anyway."""
    return {each.person_id for each in work.requests.open() if each.kind is not RequestKind.ERASURE}


def _live(facts: Facts) -> tuple[int, ...]:
    return tuple(row.id for row in facts.contacts if row.gone_at is None)


def _stay(
    desk: Desk, facts: Facts, contacts: tuple[int, ...], moments: Moments, *, asked: bool = False
) -> Stay:
    terms = tuple(term_of(desk, facts, purpose, moments) for purpose in desk.purposes)
    held = is_held(facts.events)
    found = verdict(terms, overlay=facts.person.overlay, held=held, now=facts.now, asked=asked)
    return Stay(facts.person, facts, terms, found, contacts, asked)


def term_of(desk: Desk, facts: Facts, purpose: Purpose, moments: Moments) -> Term:
    """One purpose's term. Raises BadRule where the rule cannot be read."""
    rule, standing = parse(purpose.retain), facts.standing(purpose)
    dates = _dates(desk, facts, standing, rule, moments)
    due = rule.due(dates, desk.zone)
    no = standing.last_no if standing.state in NOES_STAND else None
    if no is not None:
        due = later(due, desk.retention.proof.due({desk.retention.proof.anchor: no}, desk.zone))
    return Term(
        purpose=purpose.key,
        rule=rule,
        since=dates.get(rule.anchor),
        due=due,
        carries=standing.state is not State.UNKNOWN,
        read=_is_read(desk, rule, moments),
    )


def _is_read(desk: Desk, rule: Rule, moments: Moments) -> bool:
    """Every property that the rule counts from was read, on each live record."""
    wanted: Iterable[str] = ()
    if rule.of_property:
        wanted = (rule.anchor,)
    elif rule.anchor == LAST_ACTIVITY:
        wanted = desk.retention.activity
    return all(each is not None and each.dates.keys() >= set(wanted) for each in moments) if wanted else True


def _dates(desk: Desk, facts: Facts, standing: Standing, rule: Rule, moments: Moments) -> Mapping[str, int]:
    """The moments that a rule may count from, ms UTC; of several records the latest."""
    if rule.of_property:
        found = _latest(moments, (rule.anchor,))
        return {} if found is None else {rule.anchor: found}
    own = _own(facts, standing)
    there = _latest(moments, desk.retention.activity)
    acted = max((at for at in (own.get(LAST_ACTIVITY), there) if at is not None), default=None)
    return own if acted is None else {**own, LAST_ACTIVITY: acted}


def _latest(moments: Moments, names: Iterable[str]) -> int | None:
    found = (each.dates.get(name) for name in names for each in moments if each is not None)
    return max((at for at in found if at is not None), default=None)


def _own(facts: Facts, standing: Standing) -> dict[str, int]:
    """What the mirror itself knows. What an app or a colleague changes in HubSpot is no activity."""
    grant, acts = standing.grant, [_at(each) for each in facts.events if each.by_person]
    sales = [_at(each) for each in facts.events if each.type is EventType.SOFT_OPTIN]
    seen = [row.first_seen for row in facts.contacts] + [facts.person.created_at]
    found = {
        "first_seen": min(seen),
        "consent": None if grant is None else grant.t_lo,
        "withdrawn": standing.last_no if standing.state in NOES_STAND else None,
        "last_purchase": max(sales, default=None),
        LAST_ACTIVITY: max(acts, default=None),
    }
    return {name: at for name, at in found.items() if at is not None}


def _at(event: Event) -> int:
    known = event.t_hi if event.t_hi is not None else event.t_lo
    return event.recorded_at if known is None else min(known, event.recorded_at)
