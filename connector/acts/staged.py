"""Second half of an import: what waits in the spool becomes events, chunk by chunk, exactly once.

The marker in the mirror says that the import is decided; each chunk moves it on in its own transaction. A
crash leaves the marker and the spool, and the next `import` (or the daemon's start) goes on from there.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector.acts.case import Case
from connector.acts.desk import Desk
from connector.acts.facts import facts_of_many
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
from connector.store.people import AddressKind, NewAddress
from connector.store.spool import Spool
from connector.store.work import Work

CHUNK: Final = 150  # facts in one transaction: well under 100 ms, so that noes from elsewhere get in between
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
    return f"import:{name}"


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
    people = _people(work, [said for _, said in kept], marker)
    items = [
        (person, _event(desk, work, line, said, name, stopped=stopped))
        for line, said in kept
        for person, stopped in _who(work, said, people)
    ]
    size = work.log.size()
    written = work.log.append(items)
    fresh = [(p, e) for (p, _), e in zip(items, written, strict=True) if p and (e.seq or 0) > size]
    marker.events += len({event.seq for _, event in fresh})
    _follow(desk, work, fresh, marker)


@dataclass(frozen=True, slots=True)
class _People:
    users: Mapping[str, Sequence[int]]  # address -> who gets what is said about it
    stopped: frozenset[tuple[int, str]]


def _people(work: Work, said: Sequence[Said], marker: Marker) -> _People:
    spelled = {each["address"]: each["spelled"] for each in said}
    refs = work.people.address_refs(spelled)
    found = work.people.persons_of(refs.values())
    users = {address: _users(work, address, found[ref]) for address, ref in refs.items() if ref in found}
    strangers = [address for address in spelled if address not in users]
    made = work.people.create([[NewAddress(each, spelled[each])] for each in strangers])
    entry = EventType.IDENTIFIER_ADDED
    work.log.append(
        [
            (person.id, Event(type=entry, source=Source.IMPORT, address=refs[address]))
            for person, address in zip(made, strangers, strict=True)
        ]
    )
    marker.people += len(made)
    ids = {each for known in users.values() for each in known}
    states = work.states.of(ids) if ids else {}
    users |= {address: [person.id] for person, address in zip(made, strangers, strict=True)}
    return _People(users, frozenset(k for k, row in states.items() if row.state in STOPPED))


def _users(work: Work, address: str, ids: Sequence[int]) -> Sequence[int]:
    """Those who use the address now; those who used it once, only when nobody does."""
    if len(ids) == 1:
        return ids
    held = work.people.addresses(ids)
    now = [each for each in ids if any(_uses(a.kind) for a in held.get(each, ()) if a.normalised == address)]
    return now or ids


def _uses(kind: AddressKind) -> bool:
    return kind is not AddressKind.PAST


def _who(work: Work, said: Said, people: _People) -> list[tuple[int, bool]]:
    """(person, has said no meanwhile). A no is everybody's who uses the address, a yes is one person's."""
    del work
    users = people.users[said["address"]]
    if EventType(said["type"]) in {EventType.CLAIM, EventType.GRANT} and len(users) != 1:
        return []
    return [(each, (each, said["purpose"]) in people.stopped) for each in users]


def _event(desk: Desk, work: Work, line: int, said: Said, name: str, *, stopped: bool) -> Event:
    """`stopped`: a no came after the rows were screened; beside it a yes is a claim and nothing more."""
    kind, grade = EventType(said["type"]), Grade(said["grade"])
    if kind is EventType.GRANT and stopped:
        kind, grade = EventType.CLAIM, Grade.E1
    granted = kind is EventType.GRANT
    is_no = kind not in {EventType.GRANT, EventType.CLAIM}
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
        grade=grade,
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


def _follow(desk: Desk, work: Work, fresh: Sequence[tuple[int, Event]], marker: Marker) -> None:
    """States and, for every no, the letters that tell HubSpot, in the same transaction."""
    ids = list(dict.fromkeys(person for person, _ in fresh))
    if not ids:
        return
    people = work.people.by_ids(ids)
    facts = facts_of_many(desk, work, [people[each] for each in ids], with_others=False)
    cases = {each: Case(desk, facts[each], {}) for each in ids}
    project_cases(desk, work, list(cases.values()))
    letters = [
        letter for person, event in fresh if event.is_no for letter in _letters(desk, cases[person], event)
    ]
    written = queued_entries(work, letters, desk.clock.now())
    work.log.append(written)
    marker.queued += len(written)


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
