"""Writes down what a group of cases came to: observations, entries, letters, questions and states at once.

Everything of one group commits together (design 2, flow): the log never claims a write that was not queued.
"""

from collections.abc import Sequence

from connector.acts.case import Case
from connector.acts.desk import Desk
from connector.acts.letters import queued_entries
from connector.acts.newcomers import Newcomer
from connector.acts.projection import project_cases
from connector.acts.tally import Tally
from connector.consent.events import Event, Overlay
from connector.store.log import Items, Written
from connector.store.payloads import Draft
from connector.store.work import Work


def write_down(
    desk: Desk, work: Work, decided: Sequence[Case | Newcomer], tally: Tally, *, first: Items = ()
) -> None:
    """`first`: entries that stand before those of the cases, such as who is new."""
    cases = [each for each in decided if isinstance(each, Case)]
    newcomers = [each for each in decided if isinstance(each, Newcomer)]
    work.observed.put([row for case in cases for each in case.sightings.values() for row in each.changed])
    work.observed.put_alike([row for each in newcomers for row in each.observed()])
    for case in cases:
        if case.restricted:
            work.people.set_overlay(case.person_id, Overlay.RESTRICTED)
    letters = [letter for case in cases for letter in case.letters_due]
    queued = queued_entries(work, letters, desk.clock.now())
    _append(work, decided, first, queued, tally)
    tally.queued += len(queued)
    questions = [question for case in cases for question in case.questions]
    work.reviews.open(questions, desk.clock.now())
    project_cases(desk, work, cases, newcomers)


def _append(
    work: Work, decided: Sequence[Case | Newcomer], first: Items, queued: Items, tally: Tally
) -> None:
    """One append; each case gets its entries back with the ids, numbers and times that the log gave."""
    items: list[tuple[int | None, Event | Draft]] = list(first)
    places = []
    for each in decided:
        places.append(len(items))
        items += [(each.person_id, entry) for entry in _entries(each)]
    items += queued
    appended = work.log.append_all(items)
    written = appended.written
    for each, place in zip(decided, places, strict=True):
        if isinstance(each, Newcomer):
            alike = written[place : place + len(each.drafts)]
            each.recorded([entry for entry in alike if isinstance(entry, Written)], appended.recorded_at)
        elif each.fresh:
            theirs = written[place : place + len(each.fresh)]
            each.recorded([entry for entry in theirs if isinstance(entry, Event)])
    tally.events += len(items)


def _entries(each: Case | Newcomer) -> Sequence[Event | Draft]:
    return each.drafts if isinstance(each, Newcomer) else each.fresh
