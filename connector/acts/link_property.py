"""Each person's link in a HubSpot contact property, for marketers to put into mails (consent-domain 8).

Opt-in. The link is that of the record's own address, says no and never ends; it is written by record id
where it is missing or another. Records are looked at in groups: a group that has not changed is not asked
about for 30 days, so that a quiet day costs a few calls, and a value that somebody overwrote comes back.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any, Final

import structlog

from connector.acts.breakers import is_breaker_open
from connector.acts.desk import Desk
from connector.acts.links import PAGE, keep_links, signer_of, stop_token, url
from connector.acts.push import first_push_confirmed
from connector.errors import ConfigurationError, HubSpotRefused
from connector.store.suppression import Suppressed, SuppressionKind
from connector.store.work import Work
from mappings.addresses import normalise
from mappings.records import WholeRecord
from mappings.words import EMAIL

SCOPE: Final = "crm.schemas.contacts.write"
LABEL: Final = "Länk till val för utskick / Link to mailing choices"
DESCRIPTION: Final = (
    "Skrivs av Consent Mirror: personens egen länk för att säga nej till utskick. "
    "Written by Consent Mirror: the person's own link for saying no to mailings."
)
WRITTEN: Final = "links:written"  # the mirror's note: group -> fingerprint of what was looked at
BATCH: Final = 100  # HubSpot's largest batch (HA 5)
GROUP_SIZE: Final = 64  # records a group has on average, at most
LOOK_AGAIN_DAYS: Final = 30
DAY_MS: Final = 86_400_000

log = structlog.get_logger()


@dataclass(slots=True)
class Written:
    """What a run came to. `failed`: HubSpot did not show the value; they are tried again next time."""

    created: bool = False
    looked_at: int = 0
    written: int = 0
    failed: int = 0
    held: bool = False  # nothing was written: the first push is not confirmed, or a breaker is open

    def figures(self) -> dict[str, Any]:
        """For the run's row."""
        return asdict(self)


def write_links(desk: Desk, name: str, beat: Callable[[], None]) -> Written:
    """Bring the property in step. HubSpotRefused: no scope; ConfigurationError: a bad name."""
    done = Written()
    if _is_held(desk):
        done.held = True
        return done
    groups, seen = _groups(desk, name)
    due = {group: found for group, found in groups.items() if seen.get(group) != found.mark}
    if not due:
        return done
    done.created = _have_property(desk, name)
    settled = {group: mark for group, mark in seen.items() if group in groups}
    for batch in _batches(due):
        beat()
        if _is_held(desk):
            done.held = True
            break
        failed = _bring_in_step(desk, name, [each for _, found in batch for each in found.ids], done)
        settled |= {group: found.mark for group, found in batch if not failed.intersection(found.ids)}
        _remember(desk, settled)
    log.info("links_written", looked_at=done.looked_at, written=done.written, failed=done.failed)
    return done


@dataclass(frozen=True, slots=True)
class _Group:
    ids: tuple[int, ...]
    mark: str


def _is_held(desk: Desk) -> bool:
    with desk.mirror.read(desk.portal) as work:
        return is_breaker_open(work) or not first_push_confirmed(work)


def _groups(desk: Desk, name: str) -> tuple[dict[str, _Group], dict[str, str]]:
    """Every live record with a person who may get a link, in groups; and what was looked at before."""
    with desk.mirror.read(desk.portal) as work:
        known = work.contacts.known_between(0, None)
        seen: dict[str, str] = work.meta.get(WRITTEN) or {}
        free = _free(work, {person for _, person in known.values() if person is not None})
    mine = {number: print_ for number, (print_, person) in known.items() if person in free}
    count = 1
    while count * GROUP_SIZE < len(mine):
        count *= 2  # a power of two: groups stay as they are while the register grows a little
    gathered: dict[int, list[int]] = {}
    for number in sorted(mine):
        gathered.setdefault(number % count, []).append(number)
    # The link of nobody stands for all: another key or address of the pages makes every link another.
    sample = url(desk, PAGE, stop_token(desk, signer_of(desk).id_of(desk.portal, "00" * 16)))
    today = desk.clock.now() // DAY_MS
    groups: dict[str, _Group] = {}
    for group, ids in gathered.items():
        turn = (today + group) // LOOK_AGAIN_DAYS
        said = f"{name}|{sample}|{turn}|" + "|".join(f"{number}:{mine[number].hex()}" for number in ids)
        mark = blake2b(said.encode(), digest_size=8).hexdigest()
        groups[f"{count}:{group}"] = _Group(tuple(ids), mark)
    return groups, seen


def _free(work: Work, people: Iterable[int]) -> set[int]:
    """Neither erased nor restricted: nothing is written about those."""
    return {number for number, person in work.people.by_ids(people).items() if person.overlay is None}


def _batches(due: Mapping[str, _Group]) -> Iterable[list[tuple[str, _Group]]]:
    """Groups together as long as they fill one call; a larger group is a batch of its own."""
    batch: list[tuple[str, _Group]] = []
    size = 0
    for group, found in due.items():
        if batch and size + len(found.ids) > BATCH:
            yield batch
            batch, size = [], 0
        batch.append((group, found))
        size += len(found.ids)
    if batch:
        yield batch


def _have_property(desk: Desk, name: str) -> bool:
    """True: it was made just now."""
    fits = desk.hubspot.holds_text(name)
    if fits is False:
        raise ConfigurationError(
            "HubSpot has this property, and it is no text of your own.",
            where="web.link_property",
            next_step="Take another name.",
        )
    if fits:
        return False
    try:
        desk.hubspot.create_text(name, LABEL, DESCRIPTION)
    except HubSpotRefused as error:
        log.error("link_property_refused", property=name, scope=SCOPE)
        raise HubSpotRefused(
            f"The token may not make the contact property {name}.",
            where="web.link_property",
            next_step=f"Add the scope {SCOPE} to the key in HubSpot, or make it there: a single-line text.",
            scopes=error.scopes or (SCOPE,),
        ) from error
    return True


def _bring_in_step(desk: Desk, name: str, ids: Sequence[int], done: Written) -> set[int]:
    """Read, compare, write what differs. The ids that did not take the value."""
    failed: set[int] = set()
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        shown = desk.hubspot.records(some, (EMAIL, name))
        wanted = _wanted(desk, [each for each in shown if each.id in some])
        has = {each.id: each.values.get(name) for each in shown}
        other = {number: link for number, link in wanted.items() if has[number] != link}
        took = desk.hubspot.write_property(name, other) if other else frozenset()
        done.looked_at += len(some)
        done.written += len(took)
        failed |= other.keys() - took
    done.failed += len(failed)
    return failed


def _is_erased(found: Iterable[Suppressed]) -> bool:
    return any(each.kind is SuppressionKind.ERASED for each in found)


def _remember(desk: Desk, settled: Mapping[str, str]) -> None:
    with desk.mirror.write(desk.portal) as work:
        work.meta.put(WRITTEN, dict(settled))


def _wanted(desk: Desk, shown: Sequence[WholeRecord]) -> dict[int, str]:
    """Record -> link of the address that HubSpot shows now, where the mirror knows it as this person's."""
    emails = {each.id: normalise(each.values.get(EMAIL, "")) for each in shown if each.values.get(EMAIL)}
    wanted: dict[int, str] = {}
    with desk.mirror.write(desk.portal) as work:
        rows = work.contacts.by_ids(emails)
        people = {row.person_id for row in rows.values() if row.person_id is not None and row.gone_at is None}
        held = work.people.addresses(_free(work, people))
        erased = work.suppression.screen(emails.values())
        refs: dict[int, str] = {}
        for number, row in rows.items():
            theirs = held.get(row.person_id or 0, ())
            ref = next((each.ref for each in theirs if each.normalised == emails[number]), None)
            if ref is not None and not _is_erased(erased.get(emails[number], ())):
                refs[number] = ref
        ids = keep_links(desk, work, list(refs.values()))
        for number, link in zip(refs, ids, strict=True):
            wanted[number] = url(desk, PAGE, stop_token(desk, link))
    return wanted
