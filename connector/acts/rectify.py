"""Rectification (Art. 16, 19): a corrected datum is an event, reaches HubSpot by record id, and recipients.

What HubSpot has to take lies sealed in the mirror until HubSpot shows it, so that a crash at any point loses
nothing. A corrected address is row 33: noes follow the person, yeses do not move. So the new address is
unsubscribed from whatever the person said no to before HubSpot moves the record to it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from connector.acts.desk import Desk
from connector.acts.facts import facts_of
from connector.acts.letters import queue
from connector.acts.projection import project
from connector.acts.push import push
from connector.acts.take_in import Group, take_in
from connector.acts.tally import Tally
from connector.acts.telling import deliver, is_due, later, stages, tell
from connector.acts.who import address_of, one_user, users_of
from connector.consent.events import ALL_MARKETING, Event, EventType, Overlay, Source, State
from connector.errors import (
    AmbiguousWrite,
    ConfigurationError,
    ConnectorError,
    HubSpotRefused,
    Refused,
    RequestRejected,
    Stopped,
    Temporary,
)
from connector.store.errands import HUBSPOT, Errand, ErrandKind, NewErrand
from connector.store.observed import WIDE
from connector.store.outbox import Letter, NewLetter, Origin
from connector.store.people import AddressKind, NewAddress, Person
from connector.store.work import Work
from mappings.addresses import NotAnAddress, normalise
from mappings.records import Contact
from mappings.words import EMAIL, Status

LEASE_MS: Final = 120_000
STOPPED: Final = frozenset({State.WITHDRAWN, State.DENIED})
MOST: Final = 100  # records of one read by id (HA 5)
LONGEST: Final = 65_536  # characters of one property value in HubSpot (HA 5)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectified:
    """What it came to. `pending`: records that HubSpot does not show corrected yet; `refused`: never will."""

    subject: str
    what: str
    event: str
    pending: int
    refused: str | None = None
    recipients: tuple[dict[str, Any], ...] = ()

    def document(self) -> dict[str, Any]:
        """The `--json` document of `rectify`."""
        return {
            "subject": self.subject,
            "property": self.what,
            "event": self.event,
            "pending": self.pending,
            "refused": self.refused,
            "recipients": list(self.recipients),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is corrected: one property with its value (empty clears it), or the address."""

    property: str | None = None
    value: str | None = None
    email: str | None = None


def correct(desk: Desk, address: str, what: Correction, actor: str, reason: str | None = None) -> Rectified:
    """Correct one datum. Raises ConfigurationError unless exactly one is said, and as `rectify` does."""
    if what.email is not None and what.property is None and what.value is None:
        return rectify_email(desk, address, what.email, actor, reason)
    if what.email is None and what.property is not None and what.value is not None:
        return rectify(desk, address, what.property, what.value, actor, reason)
    raise ConfigurationError(
        "Say what is corrected: one property with its value, or the address.",
        where="rectify",
        kind="nothing_to_correct",
        next_step="--property NAME --value V, or --email NEW.",
    )


# --- a property --------------------------------------------------------------------------------------------


def rectify(
    desk: Desk, address: str, name: str, value: str, actor: str, reason: str | None = None
) -> Rectified:
    """Correct one property of a person's records in HubSpot.

    Raises ConfigurationError for a property that the portal does not have, Refused for one that nobody may
    write, for a stranger and for somebody without a record in HubSpot, Stopped where it is not clear who.
    """
    _writable(desk, name, value)
    with desk.mirror.write(desk.portal) as work:
        person = one_user(work, address_of(address))
        rows = [row.id for row in _records(work, person)]
        if not rows:
            raise Refused(
                "HubSpot has no record of this person.",
                where="ADDRESS",
                kind="no_record",
                next_step="Run `sync`; what the mirror alone holds is corrected with `record` or `annul`.",
            )
        entry = _entry(desk, work, person, name, actor, reason)
        _stage(desk, work, person, entry, [{"contact": n, "property": name, "value": value} for n in rows])
        held = work.people.addresses([person.id]).get(person.id, [])
        names = [each.original for each in held if each.kind is not AddressKind.PAST]
        tell(desk, work, ErrandKind.RECTIFICATION, _cause(entry), person.id, names, changes={name: value})
    return _carried(desk, person, entry, name)


def _writable(desk: Desk, name: str, value: str) -> None:
    if name == EMAIL:
        raise ConfigurationError(
            "An address is corrected with its own option: noes have to follow it.",
            where="--property",
            kind="address_own_way",
            next_step="Say --email NEW instead.",
        )
    known = {each.name: each for each in desk.hubspot.properties()}
    if name not in known:
        raise ConfigurationError(
            "HubSpot has no contact property of this name.",
            where="--property",
            kind="no_such_property",
            next_step="Use the internal name that HubSpot shows under Settings, Properties.",
        )
    if known[name].read_only:
        raise Refused(
            f"HubSpot works {name} out itself, or lets nobody write it.",
            where="--property",
            kind="worked_out",
            next_step="Correct what it is worked out from. A mailing choice: `withdraw` or `record`.",
        )
    if len(value) > LONGEST:
        raise ConfigurationError(
            f"A value has at most {LONGEST} characters.",
            where="--value",
            kind="value_too_long",
            next_step="Shorten it.",
        )


def _records(work: Work, person: Person) -> list[Any]:
    rows = work.contacts.of_persons([person.id]).get(person.id, [])
    return [row for row in rows if row.gone_at is None]


def _entry(desk: Desk, work: Work, person: Person, name: str, actor: str, reason: str | None) -> Event:
    word = Event(
        type=EventType.RECTIFIED,
        actor=actor,
        source=desk.door,
        reason=reason,
        detail={"property": name},
    )
    return work.log.append([(person.id, word)])[0]


def _cause(entry: Event) -> str:
    return f"rectified:{entry.id}"


def _stage(desk: Desk, work: Work, person: Person, entry: Event, said: Iterable[dict[str, Any]]) -> None:
    errands = [
        NewErrand(
            target=HUBSPOT,
            kind=ErrandKind.AMENDMENT,
            cause=f"{_cause(entry)}:{each['contact']}",
            person_id=person.id,
            said=each,
        )
        for each in said
    ]
    work.errands.queue(errands, desk.clock.now())


def _carried(desk: Desk, person: Person, entry: Event, what: str) -> Rectified:
    """Pushed now; what HubSpot or a recipient does not take is repeated by the daemon and `sync`."""
    amend(desk)
    deliver(desk, [_cause(entry)])
    with desk.mirror.read(desk.portal) as work:
        mine = work.errands.of_kind(ErrandKind.AMENDMENT, _cause(entry))
        told = work.errands.of_cause(_cause(entry))
    waiting = [each for each in mine if each.confirmed_at is None]
    return Rectified(
        subject=person.ref,
        what=what,
        event=entry.id,
        pending=len(waiting),
        refused=next((each.parked for each in waiting if each.parked), None),
        recipients=tuple(stages(told)),
    )


# --- the address -------------------------------------------------------------------------------------------


def rectify_email(desk: Desk, address: str, new: str, actor: str, reason: str | None = None) -> Rectified:
    """The person's address was wrong: their records move to the right one, their noes with them.

    Raises as `rectify` does; Refused for an address that may not be used, Stopped where another has it.
    """
    old, wanted, spelled = address_of(address), address_of(new, "--email"), new.strip()
    if old == wanted:
        raise Refused(
            "That is the address already.", where="--email", kind="same_address", next_step="Nothing to do."
        )
    with desk.mirror.read(desk.portal) as work:
        person = one_user(work, old)
        mine = {row.id for row in _records(work, person)}
    _free(desk, wanted, spelled, person, mine)
    _catch_up(desk, old, address.strip(), sorted(mine))
    with desk.mirror.write(desk.portal) as work:
        person = one_user(work, old)
        _screened(work, wanted)
        letters = _noes_first(desk, work, person, wanted, spelled)
        queue(work, None, letters, desk.clock.now(), Tally())
        entry = _entry(desk, work, person, EMAIL, actor, reason)
        rows = [row.id for row in _records(work, person)]
        said = [{"contact": n, "property": EMAIL, "value": spelled, "old": old} for n in rows]
        _stage(desk, work, person, entry, said)
        if not rows:
            _moved_here(desk, work, person, old, wanted, spelled)
        held = work.people.addresses([person.id]).get(person.id, [])
        names = [each.original for each in held if each.normalised == old] or [address.strip()]
        tell(
            desk,
            work,
            ErrandKind.RECTIFICATION,
            _cause(entry),
            person.id,
            names,
            changes={EMAIL: spelled},
        )
    _push_noes(desk, [letter.ref for letter in letters])
    return _carried(desk, person, entry, EMAIL)


def _screened(work: Work, wanted: str) -> None:
    """Suppression is looked at before anything is stored; why an address may not be used is not told."""
    if work.suppression.screen([wanted]):
        raise Refused(
            "This address cannot be used.",
            where="--email",
            kind="address_unusable",
            next_step="Ask the person for another one, or let them sign up with it themselves.",
        )


def _free(desk: Desk, wanted: str, spelled: str, person: Person, mine: set[int]) -> None:
    """Nobody else has the address, here or in HubSpot: two people are never made one by a correction."""
    with desk.mirror.read(desk.portal) as work:
        _screened(work, wanted)
        others = [each for each in users_of(work, wanted) if each.id != person.id]
    found = desk.hubspot.contact_by_email(spelled)
    if others or (found is not None and found.id not in mine):
        raise Stopped(
            "Another person has this address.",
            where="--email",
            kind="address_taken",
            next_step="If both are one person, merge their records in HubSpot; noes of both then count.",
        )


def _catch_up(desk: Desk, old: str, spelled: str, contacts: Sequence[int]) -> None:
    """HubSpot keeps statuses by address: a no since the last pull would stay behind with the wrong one."""
    if not contacts:
        return
    found, _ = desk.hubspot.contacts_by_id(contacts[:MOST])
    read = {old: desk.hubspot.preferences(spelled)}
    with desk.mirror.write(desk.portal) as work:
        take_in(desk, work, Group(found, read), Tally())


def _noes_first(desk: Desk, work: Work, person: Person, wanted: str, spelled: str) -> list[NewLetter]:
    """What the person said no to, as letters to the new address, not theirs before HubSpot shows it."""
    facts = facts_of(desk, work, person, with_others=False)
    stopped = [p for p in desk.purposes if facts.standing(p).state in STOPPED]
    wide = any(event.is_no and event.purpose == ALL_MARKETING for event in facts.events)
    everything = person.overlay is Overlay.RESTRICTED or facts.opted_out_of_all
    if everything or (wide and stopped and len(stopped) >= len(desk.purposes.marketing)):
        targets = [(WIDE, "")]
    else:
        targets = [(purpose.subscription_id, purpose.key) for purpose in stopped]
    ref = work.people.address_ref(wanted)
    return [
        NewLetter(
            ref=ref,
            subscription=subscription,
            status=Status.UNSUBSCRIBED,
            origin=Origin.ASKED,
            address=spelled,
            purpose=key,
            row=33,
        )
        for subscription, key in targets
    ]


def _push_noes(desk: Desk, refs: Sequence[str]) -> None:
    if refs:
        try:
            push(desk, Tally(), refs=refs, urgent_only=True)
        except (Temporary, HubSpotRefused, ConfigurationError):
            return  # the record does not move before they are confirmed


def _moved_here(desk: Desk, work: Work, person: Person, old: str, wanted: str, spelled: str) -> None:
    """Nothing in HubSpot shows the person: the mirror alone is corrected."""
    work.people.add_addresses([(person.id, NewAddress(wanted, spelled, AddressKind.PRIMARY))])
    added = Event(type=EventType.IDENTIFIER_ADDED, source=desk.door, address=work.people.address_ref(wanted))
    work.log.append([(person.id, added)])
    _forget_old(desk, work, person.id, old)


def _forget_old(desk: Desk, work: Work, person_id: int, old: str) -> None:
    """The wrong address leaves the identity table, and HubSpot's word about it where nobody else has it."""
    ref = work.people.address_ref(old)
    held = {each.normalised for each in work.people.addresses([person_id]).get(person_id, ())}
    if old not in held:
        return
    work.people.remove_addresses([(person_id, ref)])
    if not work.people.persons_of([ref]):
        seen = work.observed.of_refs([ref]).get(ref, [])
        work.observed.forget([(row.ref, row.subscription) for row in seen])
    gone = Event(type=EventType.IDENTIFIER_REMOVED, source=desk.door, address=ref)
    work.log.append([(person_id, gone)])
    project(desk, work, person_id)


# --- HubSpot's record --------------------------------------------------------------------------------------


def amend(desk: Desk, *, limit: int = 50) -> int:
    """Write what is due to HubSpot's records and read it back; how many were confirmed.

    What HubSpot cannot be asked now is tried again later; what it refuses for good waits for a person.
    """
    if not is_due(desk, hubspot=True):
        return 0
    with desk.mirror.write(desk.portal) as work:
        taken = work.errands.claim(desk.clock.now(), LEASE_MS, hubspot=True, limit=limit)
    return sum(_amend(desk, each) for each in taken)


def _amend(desk: Desk, each: Errand) -> bool:
    try:
        problem = _written(desk, each)
    except ConnectorError as error:
        log.warning("correction_waits", error=error.code, tries=each.attempts)
        problem = None
        done = False
    else:
        done = problem is None
    with desk.mirror.write(desk.portal) as work:
        if problem is not None:
            work.errands.park(each, problem)
            log.error("correction_refused", reason=problem)
        elif not done:
            work.errands.retry(each, desk.clock.now() + later(each.attempts))
    return done


def _written(desk: Desk, each: Errand) -> str | None:
    """One record, by id after a read that shows the person's address. The reason where it never will be."""
    number, name, value = int(each.said["contact"]), str(each.said["property"]), str(each.said["value"])
    contact = desk.hubspot.contact(number)
    if contact is None:
        return "record_gone"
    if not _is_theirs(desk, each, contact):
        return "other_address"
    before = _shown(desk, contact.id, name)
    if name == EMAIL:
        if not _same(name, before, value):
            _noes_of_meanwhile(desk, each, contact.id)
        _demand_noes(desk, value)
    if not _same(name, before, value):
        try:
            desk.hubspot.correct(contact.id, {name: value})
        except AmbiguousWrite:
            log.warning("correction_ambiguous")
        except RequestRejected:
            return "rejected"
        after = _shown(desk, contact.id, name)
        if after == before:
            raise _not_shown()
    _confirm(desk, each, contact.id)
    return None


def _noes_of_meanwhile(desk: Desk, each: Errand, number: int) -> None:
    """The correction may have waited for days: a no to the wrong address since then goes to the right one."""
    old, new = str(each.said["old"]), str(each.said["value"])
    _catch_up(desk, old, old, [number])
    with desk.mirror.write(desk.portal) as work:
        person = work.people.by_ids([each.person_id or 0]).get(each.person_id or 0)
        if person is None:
            return
        letters = _noes_first(desk, work, person, normalise(new), new)
        sent = {(row.ref, row.subscription): row.status for row in _letters_to(work, new)}
        left = [row for row in letters if sent.get((row.ref, row.subscription)) is not row.status]
        queue(work, None, left, desk.clock.now(), Tally())


def _letters_to(work: Work, address: str) -> Sequence[Letter]:
    ref = work.people.address_ref(normalise(address))
    return work.outbox.of_refs([ref]).get(ref, ())


def _not_shown() -> Temporary:
    return Temporary(
        "HubSpot does not show the correction yet.",
        where="rectify",
        kind="correction_waits",
        next_step="Nothing to do: it is tried again by itself.",
    )


def _demand_noes(desk: Desk, new: str) -> None:
    """Raises Temporary while a no for the new address is not confirmed: the record must not move before."""
    waiting = _waiting_noes(desk, new)
    if waiting:
        _push_noes(desk, waiting)
        if _waiting_noes(desk, new):
            raise _not_shown()


def _waiting_noes(desk: Desk, new: str) -> list[str]:
    with desk.mirror.read(desk.portal) as work:
        letters = _letters_to(work, new)
    return [row.ref for row in letters if row.confirmed_at is None and row.status is Status.UNSUBSCRIBED]


def _is_theirs(desk: Desk, each: Errand, contact: Contact) -> bool:
    names = set()
    for address in contact.addresses:
        try:
            names.add(normalise(address))
        except NotAnAddress:
            continue
    with desk.mirror.read(desk.portal) as work:
        held = work.people.addresses([each.person_id or 0]).get(each.person_id or 0, ())
    known = {address.normalised for address in held}
    if each.said["property"] == EMAIL:
        known |= {normalise(str(each.said["value"]))}
    return bool(names & known)


def _shown(desk: Desk, number: int, name: str) -> str:
    record = desk.hubspot.whole_record(number, [name])
    return "" if record is None else record.values.get(name, "")


def _same(name: str, shown: str, wanted: str) -> bool:
    if name != EMAIL:
        return shown == wanted
    return bool(shown) and normalise(shown) == normalise(wanted)


def _confirm(desk: Desk, each: Errand, number: int) -> None:
    """HubSpot shows it: the mirror follows, in one transaction with the end of the errand."""
    name = str(each.said["property"])
    contact = desk.hubspot.contact(number) if name == EMAIL else None
    with desk.mirror.write(desk.portal) as work:
        person = each.person_id
        if not work.errands.confirm(each, desk.clock.now()) or person is None:
            return
        if contact is not None:
            take_in(desk, work, Group([contact]), Tally())
            shown = {address.casefold() for address in contact.addresses}
            if str(each.said["old"]).casefold() not in shown:
                _forget_old(desk, work, person, str(each.said["old"]))
        word = Event(
            type=EventType.RECTIFIED_CONFIRMED,
            actor="system:rectify",
            source=Source.SYSTEM,
            detail={"property": name, "contact": number},
        )
        work.log.append([(person, word)])
