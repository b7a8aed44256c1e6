"""Put a backup in the mirror's place, without forgetting a no or bringing anybody back (design 3).

The copy is filled up beside the mirror before anything else can open it: the suppression list, then who was
erased, which proofs of ended consents were destroyed, then every no, restriction and hold since. The log says
what was lost; nothing that reconcile derives is written until a person has seen a dry run again, and every
status is read anew.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from connector.acts import erasure
from connector.acts.desk import Desk
from connector.acts.erasure import Erasure, Stage
from connector.acts.first_push import CONFIRMED, SHOWN
from connector.acts.late_stops import RESTORED
from connector.acts.projection import project
from connector.acts.proofs import destroy_again
from connector.clock import Chance, Clock
from connector.consent.events import Event, EventType, Overlay, Source
from connector.errors import Refused
from connector.proof.keys import Keys
from connector.store import copies, notes
from connector.store.journal import ERASED, NO, PROOFS, Journal, Line
from connector.store.mirror import Mirror
from connector.store.notes import Note
from connector.store.people import AddressKind
from connector.store.work import Work

DESKS = Callable[[Mirror], Iterable[Desk]]
ASKED: Final = "erase:"  # the source_ref of an erasure that somebody asked for
READERS: Final = ("backfill", "changed", "opted_out")  # cursors of what has been read in full


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One portal. `lost`: entries that the former log had and the copy has not, first and last."""

    portal: int
    entries: int
    lost: tuple[int, int] | None
    noes: int
    erasures: int
    proofs: int = 0

    def document(self) -> dict[str, Any]:
        """One log of the `--json` document."""
        return {
            "portal_id": self.portal,
            "entries": self.entries,
            "lost": list(self.lost) if self.lost else None,
            "replayed": self.noes,
            "erased_again": self.erasures,
            "proofs_destroyed_again": self.proofs,
        }


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back; `kept`: where the former database is."""

    logs: tuple[Replayed, ...]
    suppressed: int
    kept: str | None

    def document(self) -> dict[str, Any]:
        """The `--json` document of `restore`."""
        return {
            "logs": [each.document() for each in self.logs],
            "suppressed": self.suppressed,
            "former_database": self.kept,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where, with which keys, and beside which journal."""

    url: str
    keys: Keys
    journal: Journal
    clock: Clock
    chance: Chance


def restore(place: Place, file: Path, desks: DESKS) -> Restored:
    """All of it, or nothing: the former database stays until the new one is whole.

    Raises ConfigurationError for a damaged copy, or one of another mirror's keys.
    """
    former = copies.heads(place.url)
    kept_list, lines = place.journal.suppressions(), list(place.journal.lines())
    with copies.staged(place.url, file) as beside:
        mirror = Mirror.open(beside, place.keys, place.clock, place.chance)
        try:
            mirror.suppress_again(kept_list)
            logs = _replayed(mirror, list(desks(mirror)), lines, former)
            mirror.truncate_wal()
        finally:
            mirror.close()
        kept = copies.install(place.url, beside)
    return Restored(tuple(logs), len(kept_list), kept)


def _replayed(
    mirror: Mirror, desks: Sequence[Desk], lines: Sequence[Line], former: dict[int, int]
) -> list[Replayed]:
    unknown = {*mirror.portals(), *(line.portal for line in lines)} - {desk.portal for desk in desks}
    if unknown:
        raise Refused(
            f"The copy or the journal has a portal that is not configured ({min(unknown)}).",
            where="portals",
            next_step="Add it to the configuration, so that its people's states can be worked out.",
        )
    mine = [(desk, [line for line in lines if line.portal == desk.portal]) for desk in desks]
    return [_portal(desk, of_it, former.get(desk.portal, 0)) for desk, of_it in mine]


def _portal(desk: Desk, lines: Sequence[Line], former: int) -> Replayed:
    told = [(line.ref, notes.read(line)) for line in lines if line.kind == NO]
    with desk.mirror.write(desk.portal) as work:
        size = work.log.size()
        last = max([former, *(note.seq for _, note in told)])
        erased = [line.ref for line in lines if line.kind == ERASED and _erase_again(work, line.ref)]
        ended = [notes.read_destroyed(line) for line in lines if line.kind == PROOFS]
        destroyed = sum(destroy_again(work, each) for each in ended)
        people = [person for ref, note in told for person in _say_again(desk, work, ref, note)]
        for person in dict.fromkeys(people):
            project(desk, work, person)
        made = Replayed(
            portal=desk.portal,
            entries=size,
            lost=(size + 1, last) if last > size else None,
            noes=len(people),
            erasures=len(erased),
            proofs=destroyed,
        )
        work.log.append([(None, _restored(made))])
        _close(work)
    return made


def _restored(made: Replayed) -> Event:
    first, last = made.lost or (0, 0)
    return Event(
        type=EventType.RESTORED,
        source=Source.CLI,
        detail={
            "entries": made.entries,
            "lost_first": first,
            "lost_last": last,
            "replayed": made.noes,
            "erased_again": made.erasures,
            "proofs_destroyed_again": made.proofs,
        },
    )


def _close(work: Work) -> None:
    """Reading only, until a person has seen a dry run; a yes that waited may be older than a no."""
    for key in (CONFIRMED, SHOWN):
        work.meta.remove(key)
    for reader in READERS:
        work.cursors.remove(reader)
    work.contacts.forget_statuses()
    work.outbox.drop_yeses()
    work.meta.put(RESTORED, True)
    work.due.ask("pull")


def _erase_again(work: Work, ref: str) -> bool:
    """Erased since the copy was made: at once, before anybody can see them."""
    found = work.people.by_ref(ref)
    if found is None or found.overlay is Overlay.ERASED:
        return False
    under_way = erasure.of_person(work, found.id)
    if under_way is not None:
        erasure.remove(work, under_way)
    family = work.people.family([found.id])[found.id]
    done = work.people.shred(found.id)
    counts = {each.ref: each.payloads for each in done}
    for person in work.people.by_ids(family).values():
        detail = {"count": counts.get(person.ref, 0)}
        event = Event(type=EventType.ERASED, actor="system:restore", reason="restored", detail=detail)
        work.log.append([(person.id, event)])
    return True


def _say_again(desk: Desk, work: Work, ref: str, note: Note) -> list[int]:
    """A no that the copy does not know; of everyone it may be about. Their ids."""
    if work.log.event(note.event.id) is not None:
        return []
    people = _whose(work, ref, note)
    event = replace(
        note.event,
        id="",
        seq=None,
        recorded_at=0,
        source_ref=note.event.source_ref or f"journal:{note.event.id}",
    )
    for person in people:
        work.log.append([(person, event)])
        _overlay(desk, work, person, note.event)
    return people


def _whose(work: Work, ref: str, note: Note) -> list[int]:
    """By their ref; else by the addresses; else they are made again. A suppressed address makes nobody."""
    found = work.people.by_ref(ref)
    if found is not None:
        living = work.people.living(found.id)
        return [] if living is None or living.overlay is Overlay.ERASED else [living.id]
    names = [address.normalised for address in note.addresses]
    if not names or work.suppression.screen(names):
        return []
    current = [a.normalised for a in note.addresses if a.kind is not AddressKind.PAST]
    known = {person.id for name in current for person in work.people.by_address(name)}
    return sorted(known) or [work.people.create([note.addresses], [ref])[0].id]


def _overlay(desk: Desk, work: Work, person: int, event: Event) -> None:
    """A restriction that was put on or taken off, and an erasure that somebody is waiting for."""
    if event.type in (EventType.RESTRICT, EventType.ERASE_REQUESTED):
        work.people.set_overlay(person, Overlay.RESTRICTED)
    known = erasure.of_person(work, person)
    if event.type is EventType.UNRESTRICT:
        work.people.set_overlay(person, None)
        if known is not None:
            erasure.remove(work, known)
    asked = (event.source_ref or "").startswith(ASKED) and event.type is EventType.ERASE_REQUESTED
    if asked and known is None:
        erasure.save(work, _waiting(desk, person, event))


def _waiting(desk: Desk, person: int, event: Event) -> Erasure:
    return Erasure(
        id=(event.source_ref or "").removeprefix(ASKED),
        stage=Stage.RESTRICTED,
        origin=erasure.Origin.OUTSIDE if event.source is Source.HUBSPOT else erasure.Origin.ASKED,
        person=person,
        contacts=(),
        opened_at=desk.clock.now(),
        actor=event.actor,
    )
