"""`person why`: why somebody is in the register, by purpose, and until when (consent-domain 2, K1)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connector.acts.desk import Desk
from connector.acts.facts import Facts, facts_of
from connector.acts.looks import Kind, Look, looked_up
from connector.consent.events import Event, EventType, Overlay, State
from connector.consent.reasons import REASONS
from connector.consent.retention import BadRule, parse
from connector.proof.words import WORDS, named
from connector.store.people import Person
from mappings.purposes import Purpose
from mappings.times import iso

#: In these states a purpose carries nobody: nothing is known for it.
CARRIED_NO_MORE: Final = frozenset({State.UNKNOWN})
UNTIL: Final = {
    "sv": {
        "due": "{rule}: gallras {at}",
        "open": "{rule}: ingen dag än, eftersom inget datum för {anchor} är känt",
        "bad": "regeln i konfigurationen går inte att läsa",
        "restricted": "behandlingen är begränsad: inget gallras så länge (art. 18)",
        "never": "minst ett ändamål har ingen dag än",
        "last": "när det sista ändamålets tid är ute",
        "nothing": "inget ändamål bär personens uppgifter; gallringsregeln för varje ändamål gäller",
    },
    "en": {
        "due": "{rule}: erased {at}",
        "open": "{rule}: no day yet, as no date of {anchor} is known",
        "bad": "the rule in the configuration cannot be read",
        "restricted": "processing is restricted: nothing is erased meanwhile (Art. 18)",
        "never": "at least one purpose has no day yet",
        "last": "when the last purpose's time is over",
        "nothing": "no purpose carries the person's data; each purpose's retention rule counts",
    },
}


def why(desk: Desk, look: Look, language: str) -> dict[str, Any] | None:
    """The document of `person why`; None for a stranger. The look is logged first."""
    person = looked_up(desk, look, Kind.WHY)
    return None if person is None else why_of(desk, person, language)


def why_of(desk: Desk, person: Person, language: str) -> dict[str, Any]:
    """The same for somebody whom the caller has looked up and noted."""
    with desk.mirror.read(desk.portal) as work:
        facts = facts_of(desk, work, person)
    purposes = [_purpose(desk, facts, purpose, language) for purpose in desk.purposes]
    return {
        "known": True,
        "subject": person.ref,
        "overlay": person.overlay,
        "origin": _origin(facts),
        "purposes": purposes,
        "erase": _erase(facts, purposes, language),
    }


def _purpose(desk: Desk, facts: Facts, purpose: Purpose, language: str) -> dict[str, Any]:
    standing, answer = facts.standing(purpose), facts.answer(purpose)
    stored, words = facts.states.get(purpose.key), WORDS[language]
    row = None if stored is None else stored.row
    deciding = next((event for event in facts.events if event.id == standing.event), None)
    return {
        "purpose": purpose.key,
        "title": purpose.named(language),
        "state": standing.state,
        "state_means": named(words.states, standing.state),
        "sendable": answer.allowed,
        "reason": answer.reason,
        "reason_means": named(words.reasons, answer.reason),
        "basis": standing.basis,
        "basis_means": named(words.bases, standing.basis),
        "grade": str(standing.grade),
        "since": iso(standing.since),
        "event": standing.event or None,
        "origin": None if deciding is None else _came(deciding, language),
        "row": row,
        "row_means": None if row not in REASONS else REASONS[row].said(language),
        "retention": _retention(desk, facts, purpose, language),
    }


def _came(event: Event, language: str) -> dict[str, Any]:
    words = WORDS[language]
    return {
        "source": event.source,
        "source_means": named(words.sources, event.source),
        "actor": event.actor,
        "recorded_at": iso(event.recorded_at),
    }


def _origin(facts: Facts) -> dict[str, Any]:
    """When and from where the person came into the register."""
    known = [row.first_seen for row in facts.contacts] + [facts.person.created_at]
    return {
        "first_seen": iso(min(known)),
        "contacts": [
            {
                "contact": row.id,
                "object_source": row.object_source,
                "created_at": iso(row.created_at),
                "first_seen": iso(row.first_seen),
            }
            for row in facts.contacts
        ],
    }


def _retention(desk: Desk, facts: Facts, purpose: Purpose, language: str) -> dict[str, Any]:
    said = UNTIL[language]
    try:
        rule = parse(purpose.retain)
    except BadRule:
        return {"rule": purpose.retain, "due": None, "means": said["bad"], "carries": True}
    due = rule.due(dates_of(facts, purpose), desk.zone)
    at = "" if due is None else WORDS[language].moment(due, desk.zone.key)
    text = said["open"] if due is None else said["due"]
    return {
        "rule": str(rule),
        "due": iso(due),
        "means": text.format(rule=rule, at=at, anchor=rule.anchor),
        "carries": facts.standing(purpose).state not in CARRIED_NO_MORE,
    }


def dates_of(facts: Facts, purpose: Purpose) -> Mapping[str, int]:
    """The moments that a retention rule may count from, as far as the mirror knows them, ms UTC.

    `last_activity` is the person's own last act; what an app or a colleague changes in HubSpot is none.
    """
    standing = facts.standing(purpose)
    grant, acts = standing.grant, [_at(each) for each in facts.events if each.by_person]
    sales = [_at(each) for each in facts.events if each.type is EventType.SOFT_OPTIN]
    seen = [row.first_seen for row in facts.contacts] + [facts.person.created_at]
    found = {
        "first_seen": min(seen),
        "consent": None if grant is None else grant.t_lo,
        "withdrawn": standing.last_no if standing.state in {State.WITHDRAWN, State.DENIED} else None,
        "last_purchase": max(sales, default=None),
        "last_activity": max(acts, default=None),
    }
    return {name: at for name, at in found.items() if at is not None}


def _at(event: Event) -> int:
    known = event.t_hi if event.t_hi is not None else event.t_lo
    return event.recorded_at if known is None else min(known, event.recorded_at)


def _erase(facts: Facts, purposes: Sequence[Mapping[str, Any]], language: str) -> dict[str, Any]:
    """When the person leaves the register: not before every purpose that carries them has ended."""
    said = UNTIL[language]
    if facts.person.overlay is Overlay.RESTRICTED:
        return {"at": None, "means": said["restricted"]}
    carrying = [each["retention"]["due"] for each in purposes if each["retention"]["carries"]]
    if not carrying:
        return {"at": None, "means": said["nothing"]}
    if None in carrying:
        return {"at": None, "means": said["never"]}
    return {"at": max(carrying), "means": said["last"]}
