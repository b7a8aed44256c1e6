"""`person access`: every datum that the mirror and HubSpot hold about one person (Art. 15 and 20).

HubSpot is read now, every property of every record; nothing of it is kept. Whoever is in HubSpot only is told
that too, and no row of theirs is made. What the report says about the suppression list is the same for
everybody: whether somebody is on it is not told, for then anyone could ask who had themselves erased.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.acts.desk import Desk
from connector.acts.erasing import looked_up as in_hubspot
from connector.acts.facts import Facts, facts_of
from connector.acts.looks import Kind, Look, looks_in, note
from connector.acts.receipt import Asked, receipt_of
from connector.acts.who import address_of, users_of
from connector.acts.why import why_of
from connector.consent.events import EventType
from connector.errors import Stopped
from connector.proof.subject_access import AccessReport, Disclosed, Held, Subscribed, Value
from connector.store.errands import TO, Errand
from connector.store.people import Person
from connector.store.work import Work
from mappings.records import WholeRecord
from mappings.times import iso
from mappings.words import Status

HUBSPOT = "HubSpot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Who asks for whose report, and who answers for the data."""

    look: Look
    controller: str
    contact: str
    language: str


def access(desk: Desk, wanted: Wanted) -> AccessReport:
    """The report; `known` is False where neither the mirror nor HubSpot holds anything.

    Raises Stopped where several people share the address, and what HubSpot raises when it cannot be read:
    half a report is none.
    """
    normalised, original = address_of(wanted.look.address), wanted.look.address.strip()
    with desk.mirror.read(desk.portal) as work:
        person = _only(work, normalised)
    if person is not None:
        note(desk, person, wanted.look.user, Kind.ACCESS, door=wanted.look.door)
    bare = AccessReport(
        language=wanted.language,
        controller=wanted.controller,
        contact=wanted.contact,
        zone=desk.zone.key,
        portal=desk.portal,
        made_at=desk.clock.now(),
        made_by=wanted.look.user,
        address=original,
        recipients=_recipients(desk, wanted.language, []),
    )
    return _of_stranger(desk, bare) if person is None else _of_person(desk, bare, person, wanted)


def _only(work: Work, normalised: str) -> Person | None:
    people = users_of(work, normalised)
    if len(people) > 1:
        raise Stopped(
            f"{len(people)} people share this address: a report about one would tell about the others.",
            where="ADDRESS",
            kind="shared_report",
            next_step="Verify who asks, then name that person by an address that nobody else has.",
        )
    return people[0] if people else None


def _of_stranger(desk: Desk, bare: AccessReport) -> AccessReport:
    contact = in_hubspot(desk, bare.address)
    if contact is None:
        return bare
    records = _records(desk, [contact.id])
    return _with(bare, records=records, subscriptions=_subscriptions(desk, contact.addresses))


def _of_person(desk: Desk, bare: AccessReport, person: Person, wanted: Wanted) -> AccessReport:
    language = wanted.language
    asked = Asked(look=wanted.look, controller=wanted.controller, contact=wanted.contact, language=language)
    receipt, why = receipt_of(desk, person, asked), why_of(desk, person, language)
    with desk.mirror.read(desk.portal) as work:
        facts = facts_of(desk, work, person)
        errands = work.errands.of_person(person.id)
        requests = [_request(each) for each in work.requests.of_person(person.id)]
        reviews = [_review(each) for each in work.reviews.of_person(person.id)]
        letters = work.outbox.of_refs([each.ref for each in facts.addresses])
        others = list(_others(work, facts))
    waiting = [_letter(each) for held in letters.values() for each in held if each.confirmed_at is None]
    waiting += [_errand(each) for each in errands if each.confirmed_at is None and each.recipient is None]
    numbers = [row.id for row in facts.contacts] or _found(desk, facts)
    return _with(
        bare,
        receipt=receipt,
        why=why,
        records=_records(desk, numbers),
        subscriptions=_subscriptions(desk, [each.original for each in facts.present]),
        events=tuple(each for each in facts.events if each.type is not EventType.ACCESSED),
        looks=tuple((each.at, each.user, each.kind) for each in looks_in(facts.events)),
        recipients=_recipients(desk, language, errands),
        requests=tuple(requests),
        reviews=tuple(reviews),
        waiting=tuple(waiting),
        others=tuple(others),
    )


def _with(report: AccessReport, **more: Any) -> AccessReport:
    fields = {name: getattr(report, name) for name in report.__dataclass_fields__}
    return AccessReport(**fields | more)


def _found(desk: Desk, facts: Facts) -> list[int]:
    """Somebody without a record of ours may have one in HubSpot since the last reading."""
    found = [in_hubspot(desk, each.original) for each in facts.present]
    return [contact.id for contact in found if contact is not None]


def _records(desk: Desk, numbers: Iterable[int]) -> tuple[Held, ...]:
    """Every property of every record, as HubSpot holds it now; those that are gone are left out."""
    wanted = list(dict.fromkeys(numbers))
    if not wanted:
        return ()
    known = {each.name: each for each in desk.hubspot.properties()}
    names = sorted(known)
    found: dict[int, WholeRecord] = {}
    for number in wanted:
        record = desk.hubspot.whole_record(number, names) or desk.hubspot.whole_record(
            number, names, archived=True
        )
        if record is not None:
            found[record.id] = record
    return tuple(
        Held(
            id=record.id,
            archived=record.archived,
            created_at=record.created_at,
            modified_at=record.modified_at,
            values=tuple(
                Value(
                    name=name,
                    label=known[name].label if name in known else name,
                    value=value,
                    provided=name in known and not known[name].read_only,
                )
                for name, value in sorted(record.values.items())
            ),
        )
        for record in found.values()
    )


def _subscriptions(desk: Desk, addresses: Sequence[str]) -> tuple[Subscribed, ...]:
    """The statuses that HubSpot holds for each address, and an opt-out of everything."""
    titles = {each.id: each.name for each in desk.hubspot.definitions()} if addresses else {}
    made = []
    for address in addresses:
        read = desk.hubspot.preferences(address)
        made += [
            Subscribed(
                address=address,
                title="*",
                status=str(row.status),
                at=row.at,
            )
            for row in read.wide
        ]
        made += [
            Subscribed(
                address=address,
                title=titles.get(row.subscription, str(row.subscription)),
                status=str(row.status),
                at=row.at,
                source=row.source,
                basis=None if row.basis is None else str(row.basis),
                explanation=row.explanation,
            )
            for row in read.statuses
            if row.status != Status.NOT_SPECIFIED
        ]
    return tuple(made)


def _recipients(desk: Desk, language: str, errands: Sequence[Errand]) -> tuple[Disclosed, ...]:
    """HubSpot, then everybody whom the configuration names."""
    titles = {purpose.key: purpose.named(language) for purpose in desk.purposes}
    return (
        Disclosed(name=HUBSPOT, role="processor", purposes=tuple(titles.values())),
        *(
            Disclosed(
                name=each.name,
                role=each.role,
                purposes=tuple(titles.get(key, key) for key in each.purposes or titles),
                country=each.country,
                transfer=each.transfer,
                told=tuple(
                    (str(errand.kind), errand.confirmed_at)
                    for errand in errands
                    if errand.target == TO + each.name
                ),
            )
            for each in desk.recipients
        ),
    )


def _others(work: Work, facts: Facts) -> Iterator[Mapping[str, Any]]:
    """Letters, a sign-up that waits, dates that retention counts from, and a planned erasure."""
    for letter in work.mail.of_people([facts.person.id]).get(facts.person.id, ()):
        yield {"what": "letter", "kind": letter.kind, "state": str(letter.state), "at": iso(letter.queued_at)}
    for address in facts.addresses:
        if (asked_at := work.signups.last(address.ref)) is not None:
            yield {"what": "signup", "at": iso(asked_at)}
    for number, moment in work.moments.of(row.id for row in facts.contacts).items():
        dates = {name: iso(at) for name, at in moment.dates.items() if at is not None}
        yield {"what": "dates", "contact": number, **dates, "at": iso(moment.read_at)}
    for leaver in work.leaving.all():
        if leaver.person_id == facts.person.id:
            yield {"what": "leaving", "due_at": iso(leaver.due_at), "at": iso(leaver.found_at)}
    for proof in work.ending.all():
        if proof.person_id == facts.person.id:
            due = {"due_at": iso(proof.due_at), "at": iso(proof.found_at)}
            yield {"what": "leaving", "purpose": proof.purpose, **due}


def _request(each: Any) -> Mapping[str, Any]:
    return {
        "kind": each.kind,
        "received_at": iso(each.received_at),
        "due_at": iso(each.due_at),
        "settled_at": iso(each.settled_at),
        "outcome": each.outcome,
    }


def _review(each: Any) -> Mapping[str, Any]:
    return {
        "kind": each.kind,
        "purpose": each.purpose,
        "question": each.question,
        "detail": dict(each.detail),
        "opened_at": iso(each.opened_at),
        "decided_at": iso(each.decided_at),
        "decision": each.decision,
        "reason": each.reason,
    }


def _letter(each: Any) -> Mapping[str, Any]:
    return {
        "what": "status",
        "subscription": each.subscription,
        "status": str(each.status),
        "queued_at": iso(each.queued_at),
    }


def _errand(each: Errand) -> Mapping[str, Any]:
    return {"what": "correction", "said": dict(each.said), "queued_at": iso(each.queued_at)}
