"""Second half of an import: what waits in the spool becomes events, chunk by chunk, exactly once.

The marker in the mirror says that the import is decided; each chunk moves it on in its own transaction. A
crash leaves the marker and the spool, and the next `import` (or the daemon's start) goes on from there.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from connector.acts.case import Case
from connector.acts.desk import Desk
from connector.acts.facts import Facts, facts_of_many, facts_of_new
from connector.acts.letters import letter_for, queued_entries
from connector.acts.projection import project_cases
from connector.acts.staging import STOPPED
from connector.consent.decision import Push
from connector.consent.events import (
    ALL_MARKETING,
    SUBJECT,
    UNKNOWN_ACTOR,
    Basis,
    Event,
    EventType,
    Grade,
    Source,
)
from connector.store.outbox import NewLetter, Origin
from connector.store.people import Address, AddressKind, NewAddress
from connector.store.spool import Spool
from connector.store.work import Work

PREFIX: Final = "import:"
CHUNK: Final = 100  # facts in one transaction: well under 100 ms, so that noes from elsewhere get in between
YESES: Final = frozenset({EventType.CLAIM, EventType.GRANT})
PAUSE_S: Final = 0.002  # between two of them: SQLite hands the lock to whoever asks next
Said = Mapping[str, Any]


@dataclass(slots=True)
class Marker:
    """How far a decided import is; kept in the mirror, without anything about people."""

    facts: int
    done: int = 0  # number of the last fact that was recorded
    events: int = 0
    people: int = 0
    queued: int = 0
    finished: bool = False

    def document(self) -> dict[str, int | bool]:
        """As stored."""
        return {name: getattr(self, name) for name in self.__slots__}


def key(name: str) -> str:
    """The marker's key of an import."""
    return PREFIX + name


def unfinished(work: Work) -> dict[str, Marker]:
    """Imports that are decided and not at their end: interrupted, or at work."""
    kept = {each: value for each, value in work.meta.all().items() if each.startswith(PREFIX)}
    return {
        each.removeprefix(PREFIX): Marker(**value) for each, value in kept.items() if not value["finished"]
    }


def apply(desk: Desk, spool: Spool, name: str, marker: Marker) -> Marker:
    """Record everything that is left, and close the marker."""
    while facts := spool.facts(marker.done, CHUNK):
        with desk.mirror.write(desk.portal) as work:
            _record(desk, work, [(line, said) for _, line, said in facts], name, marker)
            marker.done = facts[-1][0]
            work.meta.put(key(name), marker.document())
        desk.clock.sleep(PAUSE_S)
    marker.finished = True
    with desk.mirror.write(desk.portal) as work:
        work.meta.put(key(name), marker.document())
    return marker


def _record(desk: Desk, work: Work, facts: Sequence[tuple[int, Said]], name: str, marker: Marker) -> None:
    """One chunk: screened again, as somebody may have been erased since it was staged."""
    hits = work.suppression.screen(said["address"] for _, said in facts)
    kept = [(line, said) for line, said in facts if said["address"] not in hits]
    people = _people(work, [said for _, said in kept])
    items: list[tuple[int | None, Event]] = list(people.added)
    for line, said in kept:
        event = _event(desk, work, line, said, name)
        items += [(each, _beside_a_no(event, each, people)) for each in _who(said, people)]
    size = work.log.size()
    written = work.log.append(items)
    fresh = [(p, e) for (p, _), e in zip(items, written, strict=True) if p and (e.seq or 0) > size]
    marker.people += len(people.added)
    marker.events += len({event.seq for _, event in fresh}) - len(people.added)
    _follow(desk, work, fresh, people, marker)


@dataclass(frozen=True, slots=True)
class _People:
    users: Mapping[str, Sequence[int]]  # address -> who gets what is said about it
    stopped: frozenset[tuple[int, str]]
    added: Sequence[tuple[int, Event]]  # entries that say who is new
    made: Mapping[int, Address]


def _people(work: Work, said: Sequence[Said]) -> _People:
    """Whose the addresses are; strangers become people of their own."""
    spelled = {each["address"]: each["spelled"] for each in said}
    refs = work.people.address_refs(spelled)
    found = work.people.persons_of(refs.values())
    users = {address: _users(work, address, found[ref]) for address, ref in refs.items() if ref in found}
    strangers = [address for address in spelled if address not in users]
    made = work.people.create([[NewAddress(each, spelled[each])] for each in strangers])
    ids = {each for known in users.values() for each in known}
    states = work.states.of(ids) if ids else {}
    new = {
        person.id: Address(person.id, refs[address], AddressKind.PRIMARY, address, spelled[address])
        for person, address in zip(made, strangers, strict=True)
    }
    return _People(
        users={**users, **{address.normalised: [number] for number, address in new.items()}},
        stopped=frozenset(key for key, row in states.items() if row.state in STOPPED),
        added=[(number, _added(address)) for number, address in new.items()],
        made=new,
    )


def _added(address: Address) -> Event:
    return Event(type=EventType.IDENTIFIER_ADDED, source=Source.IMPORT, address=address.ref)


def _users(work: Work, address: str, ids: Sequence[int]) -> Sequence[int]:
    """Those who use the address now; those who used it once, only when nobody does."""
    if len(ids) == 1:
        return ids
    held = work.people.addresses(ids)
    now = [each for each in ids if any(_uses(a.kind) for a in held.get(each, ()) if a.normalised == address)]
    return now or ids


def _uses(kind: AddressKind) -> bool:
    return kind is not AddressKind.PAST


def _who(said: Said, people: _People) -> Sequence[int]:
    """A no is everybody's who uses the address; a yes is one person's, or nobody's."""
    users = people.users[said["address"]]
    return users if said["type"] not in YESES or len(users) == 1 else ()


def _beside_a_no(event: Event, person: int, people: _People) -> Event:
    """A no came after the rows were screened: beside it a yes is a claim and nothing more."""
    if event.type is not EventType.GRANT or (person, event.purpose) not in people.stopped:
        return event
    return replace(event, type=EventType.CLAIM, grade=Grade.E1, basis=Basis.NONE)


def _event(desk: Desk, work: Work, line: int, said: Said, name: str) -> Event:
    kind = EventType(said["type"])
    granted = kind is EventType.GRANT
    is_no = kind not in YESES
    evidence: list[dict[str, str | bool]] = [{"kind": "import_row", "sha256": said["row"], "stored": False}]
    if granted:
        evidence.append({"kind": "paper_scan", "sha256": said["evidence"], "stored": False})
    return Event(
        type=kind,
        purpose=said["purpose"],
        basis=Basis.CONSENT if granted else Basis.NONE,
        t_lo=said["lo"],
        t_hi=_upto(said, desk.clock.now()),
        # A file's word on who acted lifts no no, whatever it claims (consent-domain 3.1).
        actor=SUBJECT if is_no else UNKNOWN_ACTOR,
        source=Source.IMPORT,
        source_ref=said["source"],
        grade=Grade(said["grade"]),
        address=work.people.address_ref(said["address"]),
        wording=_wording(desk, work, said["wording"], name) if granted else None,
        evidence=tuple(evidence),
        detail={"import": name, "row": line, "said_source": said["said"]},
    )


def _upto(said: Said, now: int) -> int | None:
    """A day that is not over yet ends now. Not staged so: the same row is the same, whenever it is read."""
    return None if said["hi"] is None else min(said["hi"], max(said["lo"], now))


def _wording(desk: Desk, work: Work, text: str, name: str) -> str:
    """Canonical bytes of a wording: UTF-8, NFC, LF (consent-domain 3.1)."""
    data = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).encode()
    hashed = work.blobs.put("wording", data)
    work.blobs.used(hashed, f"import:{name}", desk.clock.now())
    return hashed


def _follow(
    desk: Desk, work: Work, fresh: Sequence[tuple[int, Event]], people: _People, marker: Marker
) -> None:
    """States and, for every no, the letters that tell HubSpot, in the same transaction."""
    if not fresh:
        return
    facts = _facts(desk, work, fresh, people)
    cases = {each: Case(desk, found, {}) for each, found in facts.items()}
    for person, event in fresh:
        cases[person].said_no = cases[person].said_no or event.is_no
    project_cases(desk, work, list(cases.values()))
    letters = [
        letter for person, event in fresh if event.is_no for letter in _letters(desk, cases[person], event)
    ]
    written = queued_entries(work, letters, desk.clock.now())
    work.log.append(written)
    marker.queued += len(written)


def _facts(desk: Desk, work: Work, fresh: Sequence[tuple[int, Event]], people: _People) -> dict[int, Facts]:
    """Of somebody made just now all is known: nothing is read back."""
    events: dict[int, list[Event]] = {}
    for person, event in fresh:
        events.setdefault(person, []).append(event)
    known = work.people.by_ids(each for each in events if each not in people.made)
    new = {
        each: replace(facts_of_new(desk, each, [address]), events=events.get(each, []))
        for each, address in people.made.items()
    }
    return new | (facts_of_many(desk, work, list(known.values()), with_others=False) if known else {})


def _letters(desk: Desk, case: Case, event: Event) -> list[NewLetter]:
    """To every address in use. A consent newer than this no keeps its purpose: then type by type."""
    asked = desk.purposes.marketing if event.purpose == ALL_MARKETING else (desk.purposes[event.purpose],)
    stopped = [purpose for purpose in asked if case.standing(purpose).state in STOPPED]
    wanted = [(Push.UNSUB, purpose) for purpose in stopped]
    if event.purpose == ALL_MARKETING and stopped and len(stopped) == len(asked):
        wanted = [(Push.UNSUB_ALL, stopped[0])]
    made = [
        letter_for(push, address, purpose, origin=Origin.ASKED)
        for address in case.facts.present
        for push, purpose in wanted
    ]
    return [letter for letter in made if letter is not None]
