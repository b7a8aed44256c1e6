"""`person show` and `check`: what we know about one person, and whether we may write to them."""

from dataclasses import dataclass
from typing import Any

from connector.acts.desk import Desk
from connector.acts.facts import Facts, facts_of
from connector.acts.looks import Kind, Look, is_erased, looked_up
from connector.acts.who import address_of, people_at, purpose_of, users_of
from connector.consent.events import Overlay
from connector.store.people import Person
from connector.store.work import Work
from mappings.purposes import Purpose
from mappings.times import iso


def show(desk: Desk, look: Look) -> dict[str, Any]:
    """The document of `person show` (design 1.1); `known` is False for a stranger. The look is noted."""
    normalised = address_of(look.address)
    if looked_up(desk, look, Kind.SHOW) is None:
        erased = is_erased(desk, look.address)
        return {"known": False} | ({"overlay": Overlay.ERASED} if erased else {})
    with desk.mirror.read(desk.portal) as work:
        people = people_at(work, normalised)
        if not people:  # erased in this very moment
            return {"known": False}
        found = facts_of(desk, work, people[0])
        return _document(desk, work, found) | {"shared_with": len(people) - 1}


def shown(desk: Desk, person: Person) -> dict[str, Any]:
    """The same of somebody whom the caller has looked up and noted."""
    with desk.mirror.read(desk.portal) as work:
        return _document(desk, work, facts_of(desk, work, person))


def _document(desk: Desk, work: Work, facts: Facts) -> dict[str, Any]:
    return {
        "known": True,
        "subject": facts.person.ref,
        "contacts": [row.id for row in facts.contacts if row.gone_at is None],
        "addresses": [{"address": a.original, "kind": a.kind} for a in facts.addresses],
        "overlay": facts.person.overlay,
        "purposes": [_purpose(work, facts, purpose) for purpose in desk.purposes],
    }


def _purpose(work: Work, facts: Facts, purpose: Purpose) -> dict[str, Any]:
    standing, answer = facts.standing(purpose), facts.answer(purpose)
    row = facts.states.get(purpose.key)
    return {
        "purpose": purpose.key,
        "state": standing.state,
        "sendable": answer.allowed,
        "basis": standing.basis,
        "grade": str(standing.grade),
        "since": iso(standing.since),
        "hubspot": facts.hubspot(purpose),
        "pending_push": _pending(work, facts, purpose),
        "reason": answer.reason,
        "row": None if row is None else row.row,
    }


def _pending(work: Work, facts: Facts, purpose: Purpose) -> bool:
    letters = work.outbox.of_refs([address.ref for address in facts.addresses])
    return any(
        letter.confirmed_at is None and letter.subscription in {0, purpose.subscription_id}
        for each in letters.values()
        for letter in each
    )


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer of `check`."""

    allowed: bool
    state: str
    reason: str


def check(desk: Desk, address: str, purpose_key: str) -> Checked:
    """May we send? Default deny; everyone who shares the address has to allow it."""
    normalised = address_of(address)
    purpose = purpose_of(desk.purposes, purpose_key)
    with desk.mirror.read(desk.portal) as work:
        if work.suppression.screen([normalised]):
            return Checked(False, "UNKNOWN", "suppressed")
        people = users_of(work, normalised)
        if not people:
            return Checked(False, "UNKNOWN", "unknown_person")
        return _asked(desk, work, normalised, purpose)


def _asked(desk: Desk, work: Work, normalised: str, purpose: Purpose) -> Checked:
    everyone = [facts_of(desk, work, person) for person in users_of(work, normalised)]
    first = everyone[0]
    if work.people.address_ref(normalised) not in first.current:
        return Checked(False, first.standing(purpose).state, "not_the_present_address")
    for facts in everyone:
        answer = facts.answer(purpose)
        if not answer.allowed:
            return Checked(False, facts.standing(purpose).state, answer.reason)
    return Checked(True, first.standing(purpose).state, first.answer(purpose).reason)
