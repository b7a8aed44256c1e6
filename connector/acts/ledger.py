"""Writes down what a group of cases came to: observations, entries, letters, questions and states at once.

Everything of one group commits together (design 2, flow): the log never claims a write that was not queued.
"""

from collections.abc import Sequence

from connector.acts.case import Case
from connector.acts.desk import Desk
from connector.acts.letters import queued_entries
from connector.acts.projection import project_cases
from connector.acts.tally import Tally
from connector.consent.events import Event, Overlay
from connector.store.work import Work

Item = tuple[int | None, Event]


def write_down(
    desk: Desk, work: Work, cases: Sequence[Case], tally: Tally, *, first: Sequence[Item] = ()
) -> None:
    """`first`: entries that stand before those of the cases, such as who is new."""
    work.observed.put([row for case in cases for each in case.sightings.values() for row in each.changed])
    for case in cases:
        if case.restricted:
            work.people.set_overlay(case.person_id, Overlay.RESTRICTED)
    letters = [letter for case in cases for letter in case.letters_due]
    queued = queued_entries(work, letters, desk.clock.now())
    _append(work, cases, first, queued, tally)
    tally.queued += len(queued)
    questions = [question for case in cases for question in case.questions]
    work.reviews.open(questions, desk.clock.now())
    project_cases(desk, work, cases)


def _append(
    work: Work, cases: Sequence[Case], first: Sequence[Item], queued: Sequence[Item], tally: Tally
) -> None:
    """One append; each case gets its entries back with the ids, numbers and times that the log gave."""
    items = [*first, *((case.person_id, event) for case in cases for event in case.fresh), *queued]
    written = work.log.append(items)
    place = len(first)
    for case in cases:
        count = len(case.fresh)
        if count:
            case.recorded(written[place : place + count])
            place += count
    tally.events += len(items)
