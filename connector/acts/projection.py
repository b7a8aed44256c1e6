"""Brings the state rows in step with the events: a projection, never a source of truth."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from connector.acts.case import Case
from connector.acts.desk import Desk
from connector.acts.facts import NOES_STAND, Facts, facts_of_many
from connector.acts.held_before import Heard, pass_on
from connector.acts.letters import letter_for, queued_entries
from connector.consent.decision import Push
from connector.consent.events import ALL_MARKETING, Event, State
from connector.consent.sendable import by_state
from connector.consent.state import Standing
from connector.store.outbox import Origin
from connector.store.states import StateLike, StateRow
from connector.store.work import Work
from mappings.purposes import Purpose


class Alike(Protocol):
    """Somebody new who was decided by a pattern (newcomers)."""

    @property
    def person_id(self) -> int: ...

    @property
    def refs(self) -> Sequence[str]: ...

    @property
    def says_no(self) -> bool: ...

    def states(self) -> Sequence[StateLike]:
        """The states that follow from the entries as they were recorded."""


class Projected(NamedTuple):
    """Somebody's rows by purpose, and the facts that they were worked out from."""

    facts: Facts
    rows: Mapping[str, StateRow]


Flags = Mapping[str, tuple[bool, bool]]  # purpose -> (hold, review)
SILENCE = 21  # of somebody UNKNOWN: no row says as much (design 3)


def project(
    desk: Desk,
    work: Work,
    person_id: int,
    *,
    decided: Mapping[str, int] | None = None,
    flags: Flags | None = None,
    alone: bool = False,
) -> dict[str, StateRow]:
    """Work out every purpose of one person anew and store the rows.

    `decided`: the table row that decided, per purpose. `flags`: hold and review where they change. Those who
    share the address are worked out too, unless `alone`: one's no is the other's obstacle.
    """
    facts = _facts(desk, work, [person_id])
    rows = _worked_out(desk, facts[person_id], decided or {}, flags or {})
    _store(desk, work, facts, {person_id: rows}, alone=alone)
    return rows


def project_all(
    desk: Desk, work: Work, person_ids: Collection[int], *, alone: bool = False
) -> dict[int, Projected]:
    """The same for many people, in as many queries as for one; by person."""
    facts = _facts(desk, work, person_ids)
    rows = {number: _worked_out(desk, each, {}, {}) for number, each in facts.items()}
    _store(desk, work, facts, rows, alone=alone)
    return {number: Projected(each, rows[number]) for number, each in facts.items()}


def _facts(desk: Desk, work: Work, person_ids: Collection[int]) -> dict[int, Facts]:
    people = work.people.by_ids(person_ids)
    return facts_of_many(desk, work, [people[each] for each in person_ids])


def _worked_out(desk: Desk, facts: Facts, decided: Mapping[str, int], flags: Flags) -> dict[str, StateRow]:
    rows = {}
    for purpose in desk.purposes:
        standing, before = facts.standing(purpose), facts.states.get(purpose.key)
        row = state_row(
            facts.events,
            standing,
            before,
            decided.get(purpose.key),
            flags.get(purpose.key),
        )
        rows[purpose.key] = _asked(row, facts, purpose) if may_be_sendable(row, standing, purpose) else row
    return rows


def _store(
    desk: Desk,
    work: Work,
    facts: Mapping[int, Facts],
    rows: Mapping[int, Mapping[str, StateRow]],
    *,
    alone: bool,
) -> None:
    work.states.put({(number, key): row for number, each in rows.items() for key, row in each.items()})
    if not alone:
        refs = {number: [address.ref for address in each.addresses] for number, each in facts.items()}
        _project_sharers(desk, work, refs, Origin.ASKED)


def _project_sharers(desk: Desk, work: Work, refs: Mapping[int, Sequence[str]], origin: Origin) -> None:
    """Whoever has or had an address of these people (id -> references): one's no is the other's obstacle,
    and the no of whoever left an address is that of whoever has it now."""
    theirs = [ref for each in refs.values() for ref in each]
    users = work.people.users_of(theirs) if theirs else {}
    heard = pass_on(desk, work, users, refs)
    touched = {number for each in users.values() for number, _ in each} - refs.keys() | heard.keys()
    if touched:
        projected = project_all(desk, work, sorted(touched), alone=True)
        _tell(desk, work, heard, projected, origin)


def _tell(desk: Desk, work: Work, heard: Heard, projected: Mapping[int, Projected], origin: Origin) -> None:
    """HubSpot, of what was passed on: for all addresses of whoever has got a no (row 33)."""
    letters = [
        letter_for(Push.UNSUB, address, purpose, origin=origin)
        for number, noes in heard.items()
        for address in projected[number].facts.present
        for purpose in desk.purposes
        if any(no.purpose in {purpose.key, ALL_MARKETING} for no in noes)
        and projected[number].rows[purpose.key].state in NOES_STAND
    ]
    due = [letter for letter in letters if letter is not None]
    work.log.append(queued_entries(work, due, desk.clock.now()))


def project_cases(desk: Desk, work: Work, cases: Sequence[Case], newcomers: Sequence[Alike] = ()) -> None:
    """The same for people who were just decided: only what changed is stored, and only those who may be
    mailed as far as their own acts go are looked at in full."""
    rows: dict[tuple[int, str], StateRow] = {}
    full: list[tuple[Case, Purpose]] = []
    for case in cases:
        flags = {**case.flags, **case.ended_flags()}
        for purpose in desk.purposes:
            standing, before = case.standing(purpose), case.facts.states.get(purpose.key)
            row = state_row(case.events, standing, before, case.rows.get(purpose.key), flags.get(purpose.key))
            rows[case.person_id, purpose.key] = row
            if may_be_sendable(row, standing, purpose):
                full.append((case, purpose))
    rows |= _in_full(desk, work, full, rows)
    known = {(case.person_id, key): row for case in cases for key, row in case.facts.states.items()}
    work.states.put({key: row for key, row in rows.items() if row != known.get(key, NO_ROW)})
    work.states.put_alike([state for each in newcomers for state in each.states()])
    said_no: dict[int, Sequence[str]] = {
        case.person_id: [address.ref for address in case.facts.addresses] for case in cases if case.said_no
    }
    said_no |= {each.person_id: each.refs for each in newcomers if each.says_no}
    _project_sharers(desk, work, said_no, Origin.RECONCILE)


NO_ROW = StateRow(state=State.UNKNOWN)


def _in_full(
    desk: Desk,
    work: Work,
    full: Sequence[tuple[Case, Purpose]],
    rows: Mapping[tuple[int, str], StateRow],
) -> dict[tuple[int, str], StateRow]:
    """Sendable or not: people who share the address, suppression and HubSpot's own word are asked too."""
    if not full:
        return {}
    people = work.people.by_ids({case.person_id for case, _ in full})
    facts = facts_of_many(desk, work, list(people.values()))
    keys = [((case.person_id, purpose.key), purpose) for case, purpose in full]
    return {key: _asked(rows[key], facts[key[0]], purpose) for key, purpose in keys}


def state_row(
    events: Sequence[Event],
    standing: Standing,
    before: StateRow | None,
    decided: int | None,
    flags: tuple[bool, bool] | None,
) -> StateRow:
    hold, review = flags or ((before.hold, before.review) if before else (False, False))
    row = decided
    if decided is None and before is not None and before.state is standing.state:
        row = before.row  # otherwise an act of somebody's changed it, and no row of the table
    if standing.state is State.UNKNOWN and row in (None, SILENCE) and not (hold or review):
        return NO_ROW
    return StateRow(
        state=standing.state,
        since=standing.since,
        last_no=standing.last_no,
        grade=standing.grade,
        basis=standing.basis,
        hold=hold,
        review=review,
        expires_at=standing.valid_until,
        seq=next((event.seq for event in events if event.id == standing.event), None),
        row=row,
    )


def may_be_sendable(row: StateRow, standing: Standing, purpose: Purpose) -> bool:
    """The person's own acts allow it and nothing waits for a human look."""
    return not (row.hold or row.review) and by_state(standing, purpose).allowed


def _asked(row: StateRow, facts: Facts, purpose: Purpose) -> StateRow:
    return replace(row, sendable=facts.answer(purpose).allowed)
