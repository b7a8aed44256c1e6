"""A static HubSpot list that is kept in step with an audience (consent-domain 2, N4; HA 12).

Only members that we put there or that a list had from us: a list of somebody else's with the same name is not
touched. Removals go first; whoever is added was asked about just before, and the list is read back. A
removal is a no: no gate, no breaker and no missing purpose holds it (design 4.2).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import structlog

from connector.acts import lists_left
from connector.acts.audience import Audience, Filters, Member, members
from connector.acts.breakers import is_breaker_open
from connector.acts.desk import Desk
from connector.acts.push import first_push_confirmed
from connector.consent.events import Basis, Event, EventType, Grade, Source
from connector.errors import AmbiguousWrite, ConnectorError, Refused, Stopped
from connector.store.work import Work
from mappings.purposes import Purpose
from mappings.records import ListInfo

PREFIX: Final = "list:"
BATCH: Final = 500  # HubSpot documents no maximum (HA 12)
CHANGEABLE: Final = frozenset({"MANUAL", "SNAPSHOT"})
ROUNDS: Final = 2  # of changing and reading back

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A list that we keep in step: HubSpot's id, its name, and whom it is to hold."""

    id: int
    name: str
    purpose: str
    filters: Filters
    synced_at: int | None = None
    left: bool = False  # its purpose left the configuration, and a person was asked about it

    def stored(self) -> dict[str, Any]:
        """As the mirror keeps it."""
        filters = asdict(self.filters)
        grade = self.filters.grade
        return asdict(self) | {"filters": filters | {"grade": None if grade is None else int(grade)}}


@dataclass(slots=True)
class Synced:
    """What keeping a list in step came to."""

    list_id: int
    name: str
    purpose: str
    wanted: int = 0
    added: int = 0
    removed: int = 0
    missing: int = 0  # wanted, and HubSpot does not show them
    extra: int = 0  # shown, and not wanted
    skipped: int = 0  # sendable people with several live records: which one is meant is not clear
    held: int = 0  # not added while a breaker is open or the first push is not confirmed

    @property
    def confirmed(self) -> bool:
        """The list was read back and holds who is wanted."""
        return not (self.missing or self.extra or self.held)

    def document(self) -> dict[str, Any]:
        """The `--json` document of `audience --push-list`."""
        return asdict(self) | {"confirmed": self.confirmed}


def kept_lists(work: Work) -> list[Kept]:
    """Every list of a portal that is kept in step."""
    found = [value for key, value in work.meta.all().items() if key.startswith(PREFIX)]
    return [_kept(value) for value in found]


def _kept(value: dict[str, Any]) -> Kept:
    filters = value["filters"]
    made = Filters(
        basis=None if filters["basis"] is None else Basis(filters["basis"]),
        grade=None if filters["grade"] is None else Grade(filters["grade"]),
        wording=filters["wording"],
        before=filters["before"],
    )
    return Kept(**value | {"filters": made})


def push_list(desk: Desk, purpose: Purpose, name: str, filters: Filters) -> Synced:
    """Make the list, or take the one that we made; then bring it in step.

    Raises Stopped before the first push was confirmed, Refused where the name belongs to a list of others.
    """
    _gate(desk)
    with desk.mirror.read(desk.portal) as work:
        known = next((each for each in kept_lists(work) if each.name == name), None)
    if known is not None and known.purpose != purpose.key:
        raise Refused(
            f"The list holds the audience of {known.purpose}.",
            where="--push-list",
            kind="list_of_another",
            next_step="Take another name.",
        )
    found = None if known is None else desk.hubspot.list_by_id(known.id)
    if found is None:
        found = _new(desk, name)
    kept = Kept(id=found.id, name=name, purpose=purpose.key, filters=filters)
    with desk.mirror.write(desk.portal) as work:
        work.meta.put(PREFIX + name, kept.stored())
    return bring_in_step(desk, kept)


def forget_list(desk: Desk, name: str) -> bool:
    """It is kept in step no more; what it holds in HubSpot stays. False: it was not known."""
    with desk.mirror.write(desk.portal) as work:
        known = work.meta.get(PREFIX + name) is not None
        work.meta.remove(PREFIX + name)
    return known


def sync_lists(desk: Desk, beat: Callable[[], None]) -> list[Synced]:
    """Every list in step again; one that fails does not keep the others."""
    with desk.mirror.read(desk.portal) as work:
        known = kept_lists(work)
    done: list[Synced] = []
    for each in known:
        try:
            done.append(bring_in_step(desk, each))
        except ConnectorError as error:
            log.error("list_not_synced", list=each.id, error=error.code)
        beat()
    return done


def _gate(desk: Desk) -> None:
    with desk.mirror.read(desk.portal) as work:
        if first_push_confirmed(work):
            return
    raise Stopped(
        "Nothing is written to HubSpot before the first push was shown and confirmed.",
        where="--push-list",
        kind="first_push_gate",
        next_step="Run `consent-mirror sync --dry-run`, then `sync --confirm-first-push`.",
    )


def _new(desk: Desk, name: str) -> ListInfo:
    """A list of that name that holds nobody; one that we were cut off at making is taken."""
    found = desk.hubspot.list_named(name)
    if found is None:
        try:
            return desk.hubspot.create_list(name)
        except AmbiguousWrite:
            found = desk.hubspot.list_named(name)
            if found is None:
                raise
    ids, _ = desk.hubspot.list_members(found.id, None)
    if found.kind not in CHANGEABLE or ids:
        raise Refused(
            "HubSpot has a list of this name that is not ours: its members would be lost.",
            where="--push-list",
            kind="list_not_ours",
            next_step="Take another name, or empty the list.",
        )
    return found


def bring_in_step(desk: Desk, kept: Kept) -> Synced:
    """Remove, add, read back. Raises Refused where the list is gone: it is not made anew by itself.

    A list whose purpose is not configured is to hold nobody.
    """
    purpose = desk.purposes.get(kept.purpose)
    if desk.hubspot.list_by_id(kept.id) is None:
        raise Refused(
            f"The list {kept.id} is not in HubSpot any more.",
            where="--push-list",
            kind="list_gone",
            next_step="Say the command again to make it anew, or --forget-list.",
        )
    done = Synced(kept.id, kept.name, kept.purpose)
    wanted = {} if purpose is None else _wanted(desk, purpose, kept.filters, done)
    shown = _shown(desk, kept.id)
    for _ in range(ROUNDS):
        extra = sorted(shown - wanted.keys())
        missing = [number for number in wanted if number not in shown]
        if not extra and not missing:
            break
        done.removed += _change(desk, kept.id, remove=extra)
        if purpose is not None:
            done.added += _add(desk, kept, purpose, [wanted[number] for number in missing], done)
        shown = _shown(desk, kept.id)
    done.extra, left = len(shown - wanted.keys()), len(wanted.keys() - shown)
    done.missing = max(0, left - done.held)
    _remember(desk, kept, done)
    return done


def _wanted(desk: Desk, purpose: Purpose, filters: Filters, done: Synced) -> dict[int, Member]:
    """Record -> who it is. Somebody with several live records is left out: a yes belongs to one address."""
    found: dict[int, Member] = {}
    for member in Audience(desk, purpose, filters).walk():
        if len(member.contacts) == 1:
            found[member.contacts[0]] = member
        else:
            done.skipped += 1
    done.wanted = len(found)
    return found


def _shown(desk: Desk, list_id: int) -> set[int]:
    found: set[int] = set()
    after: str | None = None
    while True:
        ids, after = desk.hubspot.list_members(list_id, after)
        found |= set(ids)
        if after is None:
            return found


def _change(desk: Desk, list_id: int, *, add: Sequence[int] = (), remove: Sequence[int] = ()) -> int:
    """In batches; what became of one whose end is unknown is told by reading back."""
    count = 0
    for start in range(0, max(len(add), len(remove)), BATCH):
        more, less = add[start : start + BATCH], remove[start : start + BATCH]
        try:
            count += desk.hubspot.change_list(list_id, add=more, remove=less)
        except AmbiguousWrite:
            log.warning("list_ambiguous", list=list_id)
    return count


def _add(desk: Desk, kept: Kept, purpose: Purpose, people: Sequence[Member], done: Synced) -> int:
    """Each batch is asked about again just before: a no of this minute is not passed over."""
    count = 0
    for start in range(0, len(people), BATCH):
        batch = people[start : start + BATCH]
        with desk.mirror.read(desk.portal) as work:
            if is_breaker_open(work) or not first_push_confirmed(work):
                done.held = len(people) - start
                return count
            still = _still(desk, work, purpose, batch)
        count += _change(desk, kept.id, add=[number for number in still if number])
    return count


def _still(desk: Desk, work: Work, purpose: Purpose, batch: Iterable[Member]) -> list[int]:
    states = work.states.of([each.person_id for each in batch])
    page = [(number, row) for (number, key), row in states.items() if key == purpose.key and row.sendable]
    allowed = {each.person_id: each.contacts for each in members(desk, work, purpose, page)}
    return [each.contacts[0] for each in batch if allowed.get(each.person_id) == each.contacts]


def _remember(desk: Desk, kept: Kept, done: Synced) -> None:
    """When it was last in step; and in the log, where something changed."""
    now, key, left = desk.clock.now(), PREFIX + kept.name, kept.purpose not in desk.purposes
    with desk.mirror.write(desk.portal) as work:
        if work.meta.get(key) is not None:
            work.meta.put(key, replace(kept, synced_at=now, left=left).stored())
            if left and not kept.left:
                lists_left.ask(desk, work, key, kept.id, kept.purpose)
            elif kept.left and not left:
                lists_left.back(desk, work, kept.id)
        if done.added or done.removed:
            detail: dict[str, str | int | bool | None] = {
                "kind": "hubspot_list",
                "list": kept.id,
                "count": done.wanted,
                "added": done.added,
                "removed": done.removed,
            }
            event = Event(type=EventType.EXPORTED, purpose=kept.purpose, source=Source.SYSTEM, detail=detail)
            work.log.append([(None, event)])
    log.info("list_synced", list=kept.id, added=done.added, removed=done.removed, confirmed=done.confirmed)
