"""Reconcile: HubSpot's word beside the mirror's state, decided by the table, written down in one go.

A group of people is loaded, decided in memory and written together (design 2, flow). Deciding the same again
changes nothing: every entry names the standing fact it comes from, and a letter names the state to reach.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from connector.acts.case import NOTHING_ELSE, Case, Circumstances
from connector.acts.desk import Desk
from connector.acts.facts import Facts, facts_of_many
from connector.acts.ledger import write_down
from connector.acts.newcomers import Newcomer
from connector.acts.sightings import Sighting
from connector.acts.tally import Tally
from connector.acts.weighing import weigh
from connector.store.log import Items
from connector.store.observed import ObservedRow
from connector.store.outbox import Letter
from connector.store.reviews import Review
from connector.store.work import Work

__all__ = ("NOTHING_ELSE", "Circumstances", "Matter", "reconcile", "reconcile_group")


@dataclass(frozen=True, slots=True)
class Matter:
    """What there is to decide about one person: fresh sightings by address reference; for their other
    addresses what HubSpot said last counts. `facts` only of somebody made in this transaction."""

    person_id: int
    seen: Mapping[str, Sighting]
    around: Circumstances = NOTHING_ELSE
    facts: Facts | None = None


class Familiar(NamedTuple):
    """Somebody new whom a pattern fits, and the ordinary way for when a letter to the address is known."""

    newcomer: Newcomer
    ordinary: Callable[[], Matter]

    @property
    def person_id(self) -> int:
        """Whose it is."""
        return self.newcomer.person_id


def reconcile(
    desk: Desk,
    work: Work,
    person_id: int,
    seen: Mapping[str, Sighting],
    tally: Tally,
    around: Circumstances = NOTHING_ELSE,
) -> None:
    """Decide every (address, purpose) of one person and write down what follows."""
    reconcile_group(desk, work, [Matter(person_id, seen, around)], tally)


def reconcile_group(
    desk: Desk, work: Work, matters: Sequence[Matter | Familiar], tally: Tally, *, first: Items = ()
) -> None:
    """The same for many people. `first`: entries to stand before theirs. Raises KeyError for a stranger."""
    waves = list(_waves(matters)) or [[]]
    for number, wave in enumerate(waves):
        cases = _opened(desk, work, wave)
        for case in cases:
            if isinstance(case, Newcomer):
                tally.count(case.rows)
            else:
                weigh(case, tally)
        write_down(desk, work, cases, tally, first=() if number else first)


def _waves(matters: Sequence[Matter | Familiar]) -> Iterator[list[Matter | Familiar]]:
    """Somebody with several records in one group is decided once for each, and sees what came before."""
    left = list(matters)
    while left:
        people: set[int] = set()
        now: list[Matter | Familiar] = []
        later: list[Matter | Familiar] = []
        for matter in left:
            (later if matter.person_id in people else now).append(matter)
            people.add(matter.person_id)
        yield now
        left = later


def _opened(desk: Desk, work: Work, wave: Sequence[Matter | Familiar]) -> list[Case | Newcomer]:
    if not wave:
        return []
    matters = [each for each in wave if isinstance(each, Matter)]
    facts = _facts(desk, work, matters)
    refs = [address.ref for each in facts.values() for address in each.addresses]
    refs += [ref for each in wave if isinstance(each, Familiar) for ref in each.newcomer.refs]
    letters: Mapping[str, Sequence[Letter]] = work.outbox.of_refs(refs)
    reviews: Mapping[int, Sequence[Review]] = work.reviews.of_people(
        matter.person_id for matter in matters if matter.facts is None
    )

    def opened(each: Matter | Familiar) -> Case | Newcomer:
        if isinstance(each, Familiar):
            if not any(ref in letters for ref in each.newcomer.refs):
                return each.newcomer
            each = each.ordinary()
        known = each.facts or facts[each.person_id]
        seen = {**_remembered(known), **each.seen}
        asked = reviews.get(each.person_id, ())
        return Case(desk, known, seen, around=each.around, letters=letters, reviews=asked)

    return [opened(each) for each in wave]


def _facts(desk: Desk, work: Work, matters: Sequence[Matter]) -> dict[int, Facts]:
    found = {matter.person_id: matter.facts for matter in matters if matter.facts is not None}
    known = [matter.person_id for matter in matters if matter.facts is None]
    if not known:
        return found
    people = work.people.by_ids(known)
    return found | facts_of_many(desk, work, [people[each] for each in known], with_others=False)


def _remembered(facts: Facts) -> dict[str, Sighting]:
    """What HubSpot said last, where nothing fresh was read. Never read is not NOT_SPECIFIED: left out."""
    by_ref: dict[str, dict[int, ObservedRow]] = {}
    for row in facts.observed:
        by_ref.setdefault(row.ref, {})[row.subscription] = row
    was_read = any(contact.statuses_read_at is not None for contact in facts.contacts)
    return {
        address.ref: Sighting(address.ref, by_ref.get(address.ref, {}), (), full=was_read)
        for address in facts.present
        if was_read or address.ref in by_ref
    }
