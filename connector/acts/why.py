"""`person why`: why somebody is in the register, by purpose, and until when (consent-domain 2, K1)."""

from collections.abc import Mapping
from typing import Any, Final

from connector.acts.desk import Desk
from connector.acts.destroying import waits_for
from connector.acts.facts import Facts, facts_of
from connector.acts.looks import Kind, Look, looked_up
from connector.acts.terms import Stay, stays_of
from connector.consent.events import Event
from connector.consent.reasons import REASONS
from connector.consent.retention import HOLD_MS, Stays
from connector.proof.receipt import gone_of
from connector.proof.receipt_page import gone_line
from connector.proof.retention_words import anchor_said, rule_said
from connector.proof.words import WORDS, named
from connector.store.leaving import Leaver
from connector.store.people import Person
from mappings.purposes import Purpose
from mappings.times import iso

UNTIL: Final[Mapping[str, Mapping[str, str]]] = {
    "sv": {
        "due": "{rule}: {at}",
        "proof": "{rule}; nejet och dess bevis sparas till {at}: {motive}",
        "gone": "{rule}; underlaget för det upphörda samtycket förstördes {at}, nejet finns kvar",
        "until": "{rule}: ingen dag, eftersom personen inte har sagt nej",
        "open": "{rule}: ingen dag än, eftersom inget datum är känt ({anchor})",
        "unread": "{rule}: datumet i HubSpot är inte läst än",
        Stays.RESTRICTED: "behandlingen är begränsad: inget gallras så länge (art. 18)",
        Stays.REQUEST: "tiden är ute, men personen väntar på svar på en begäran",
        Stays.HELD: "tiden är ute, men uppgifterna behövs för ett rättsligt anspråk (art. 17.3 e)",
        Stays.NO_DATE: "minst ett ändamål har ingen dag än",
        Stays.NOT_READ: "datum i HubSpot är inte lästa än: inget gallras innan dess",
        Stays.UNTIL_WITHDRAWN: "när personen säger nej; så länge finns ett skäl",
        Stays.NO_PURPOSE: "inget ändamål är inställt, så ingen regel gallrar",
        "last": "när det sista ändamålets tid är ute",
        "nothing": "inget ändamål bär personens uppgifter: när varje ändamåls gallringsregel är ute",
        "hold": "tiden är ute: gallras efter väntetiden, tidigast {at}",
        "asked": "tiden är ute: väntar på att människor bestämmer",
    },
    "en": {
        "due": "{rule}: {at}",
        "proof": "{rule}; the no and its proof are kept until {at}: {motive}",
        "gone": "{rule}; the proof of the ended consent was destroyed {at}, the no stays",
        "until": "{rule}: no day, as the person has not said no",
        "open": "{rule}: no day yet, as no date is known ({anchor})",
        "unread": "{rule}: the date in HubSpot has not been read yet",
        Stays.RESTRICTED: "processing is restricted: nothing is erased meanwhile (Art. 18)",
        Stays.REQUEST: "the time is over, but the person waits for the answer to a request",
        Stays.HELD: "the time is over, but the data are needed for a legal claim (Art. 17(3)(e))",
        Stays.NO_DATE: "at least one purpose has no day yet",
        Stays.NOT_READ: "dates in HubSpot have not been read yet: nothing is erased before",
        Stays.UNTIL_WITHDRAWN: "when the person says no; until then there is a reason",
        Stays.NO_PURPOSE: "no purpose is configured, so that no rule erases",
        "last": "when the last purpose's time is over",
        "nothing": "no purpose carries the person's data: when every purpose's retention rule is over",
        "hold": "the time is over: erased after the hold, at the earliest {at}",
        "asked": "the time is over: waits for people to decide",
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
        (stay,) = stays_of(desk, work, [person])
        leaving = next((each for each in work.leaving.all() if each.person_id == person.id), None)
    purposes = [_purpose(desk, (facts, stay), purpose, language) for purpose in desk.purposes]
    return {
        "known": True,
        "subject": person.ref,
        "overlay": person.overlay,
        "origin": _origin(facts),
        "purposes": purposes,
        "erase": _erase(desk, stay, leaving, language),
    }


def _purpose(desk: Desk, known: tuple[Facts, Stay], purpose: Purpose, language: str) -> dict[str, Any]:
    facts, stay = known
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
        "retention": _retention(desk, stay, purpose, language),
        "proof_destroyed": _gone(desk, facts, purpose, language),
    }


def _gone(desk: Desk, facts: Facts, purpose: Purpose, language: str) -> list[dict[str, Any]]:
    """Proofs of ended consents that were destroyed, when and by which rule."""
    return [
        each.document() | {"means": gone_line(each, desk.zone.key, WORDS[language])}
        for each in gone_of(facts.events, purpose.key)
    ]


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


def _retention(desk: Desk, stay: Stay, purpose: Purpose, language: str) -> dict[str, Any]:
    said, words = UNTIL[language], WORDS[language]
    term = next(each for each in stay.terms if each.purpose == purpose.key)
    gone = gone_of(stay.facts.events, purpose.key)
    at = "" if term.due is None else words.moment(term.due, desk.zone.key)
    text = said["due"]
    if not term.read:
        text = said["unread"]
    elif term.due is None:
        text = said["until"] if term.is_open else said["open"]
    elif term.rule.due({term.rule.anchor: term.since or 0}, desk.zone) != term.due:
        text = said["proof"]
        if gone:
            text, at = said["gone"], words.moment(gone[-1].at, desk.zone.key)
    return {
        "rule": str(term.rule),
        "since": iso(term.since),
        "due": iso(term.due) if term.read else None,
        "means": text.format(
            rule=rule_said(term.rule, language),
            at=at,
            anchor=anchor_said(term.rule, language),
            motive=desk.retention.motive,
        ),
        "carries": term.carries,
    }


def _erase(desk: Desk, stay: Stay, known: Leaver | None, language: str) -> dict[str, Any]:
    """When the person leaves the register, and what keeps them: not before every purpose has ended."""
    said, found = UNTIL[language], stay.verdict
    words, counted = WORDS[language], "last" if any(each.carries for each in stay.terms) else "nothing"
    if found.stays is Stays.NOT_YET:
        return {"at": iso(found.due), "keeps": found.stays, "means": said[counted]}
    if found.stays is not None:
        return {"at": None, "keeps": found.stays, "means": said[found.stays]}
    waits = None if known is None else waits_for(known, stay.facts.now)
    at = (stay.facts.now if known is None else known.found_at) + HOLD_MS
    text = said["hold"].format(at=words.moment(at, desk.zone.key)) if waits is None else said["asked"]
    return {"at": iso(at) if waits is None else None, "keeps": None, "means": text, "waits": waits}
