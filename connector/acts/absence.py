"""Contacts that HubSpot does not have any more (rows 31, 36 and 37): nobody's act, and no no is lost.

404 without and with `archived=true` means *erased from outside* only where the contact was live at the last
complete sweep and the account's audit log tells of a privacy deletion; else row 31 (design 4.4). Where that
log names the very id, it is erased although `archived=true` still answers: nobody restores a privacy
deletion, and HubSpot may show the id until it purges it (HA 7, undecided there).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.acts import archived
from connector.acts.desk import Desk
from connector.acts.reconcile import Circumstances, reconcile
from connector.acts.tally import Tally
from connector.consent import breaker
from connector.consent.events import Event, EventType, Source
from connector.consent.situation import Identity, Privacy
from connector.store.cases import CaseKind
from connector.store.people import AddressKind
from connector.store.work import Work

DAY_MS = 86_400_000
PRIVACY_DELETION = "GDPR_DELETE"


@dataclass(frozen=True, slots=True)
class Absence:
    """One contact that a read by id did not find: in the recycle bin, merged into another, or neither.

    `known`: it was missed before, and something more is told of it now.
    """

    contact_id: int
    archived: bool
    merged_into: int | None = None
    known: bool = False


def absent(
    desk: Desk,
    gone: Sequence[Absence],
    tally: Tally,
    *,
    heard: Mapping[int, int] | None = None,
) -> None:
    """Mark them; restrict the people whose erasure outside is proved, and hold it for 24 h.

    `heard`: privacy deletions that HubSpot told us of under its signature, record id -> when (ms UTC).
    """
    told = _privacy_deletions(desk) | dict(heard or {})
    erased = {each.contact_id for each in gone if each.merged_into is None} & told.keys()
    later = _out_of_the_bin(desk, told)
    asked = {each.contact_id for each in gone if each.archived}
    asked = asked if len(asked) <= archived.AT_ONCE else set()
    for each in (*gone, *later):
        with desk.mirror.write(desk.portal) as work:
            _one(desk, work, each, erased | {each.contact_id for each in later}, tally)
            if each.contact_id in asked - erased:
                _ask(desk, work, each.contact_id)


def still_there(desk: Desk, contact_id: int, tally: Tally) -> None:
    """HubSpot told of a privacy deletion and shows the record all the same (row 37): processing stops, and
    nothing is destroyed before a person has looked."""
    with desk.mirror.write(desk.portal) as work:
        row = work.contacts.by_ids([contact_id]).get(contact_id)
        if row is None or row.person_id is None or is_told(work, contact_id):
            return
        now = desk.clock.now()
        work.cases.open(contact_id, CaseKind.DELETED_OUTSIDE, now, hold_until=now + DAY_MS)
        reconcile(desk, work, row.person_id, {}, tally, Circumstances(privacy=Privacy.DOUBTFUL))


def is_told(work: Work, contact_id: int) -> bool:
    """Its deletion for privacy is known already, and waits or is being carried out."""
    known = work.cases.of([contact_id]).get(contact_id, [])
    return any(each.kind is not CaseKind.REAPPEARED for each in known)


def _privacy_deletions(desk: Desk) -> dict[int, int]:
    """Record id -> when HubSpot's audit log says that it was deleted for privacy, since the last sweep."""
    if not desk.hubspot.capabilities().audit:
        return {}
    with desk.mirror.read(desk.portal) as work:
        since = work.meta.get("last_sweep") or 0
    told = [row for row in desk.hubspot.audit(since - DAY_MS) if row.type == PRIVACY_DELETION]
    return {int(row.object_id): row.at for row in told if row.object_id and row.object_id.isdecimal()}


def _out_of_the_bin(desk: Desk, told: Mapping[int, int]) -> list[Absence]:
    """Records that we saw go, and that were deleted for privacy after that: archived first, erased later."""
    with desk.mirror.read(desk.portal) as work:
        rows = work.contacts.by_ids(told)
    return [
        Absence(number, archived=False, known=True)
        for number, row in rows.items()
        if row.person_id is not None and row.gone_at is not None and row.gone_at < told[number]
    ]


def _one(desk: Desk, work: Work, gone: Absence, erased: set[int], tally: Tally) -> None:
    row = work.contacts.by_ids([gone.contact_id]).get(gone.contact_id)
    if row is None or (row.gone_at is not None and not gone.known):
        return
    now = desk.clock.now()
    work.contacts.mark_gone([gone.contact_id], now)
    live = [
        r
        for r in work.contacts.of_persons([row.person_id or 0]).get(row.person_id or 0, [])
        if r.gone_at is None
    ]
    if row.person_id is None or live or gone.merged_into is not None:
        return
    privacy = _privacy(desk, work, gone.contact_id, erased)
    heir = _heir(work, row.person_id) if privacy is Privacy.NONE else None
    if heir is not None:
        _inherit(desk, work, row.person_id, heir, tally)
        return
    around = Circumstances(identity=Identity.ABSENT, privacy=privacy)
    if privacy is not Privacy.NONE:
        work.cases.open(gone.contact_id, CaseKind.DELETED_OUTSIDE, now, hold_until=now + DAY_MS)
    tally.vanished += privacy is Privacy.NONE
    reconcile(desk, work, row.person_id, {}, tally, around)


def _ask(desk: Desk, work: Work, contact_id: int) -> None:
    """In the bin, and the person has no other record: is that meant for good?"""
    row = work.contacts.by_ids([contact_id]).get(contact_id)
    person = (
        None
        if row is None or row.person_id is None
        else work.people.by_ids([row.person_id]).get(row.person_id)
    )
    if person is None or person.merged_into is not None or person.overlay is not None:
        return
    records = work.contacts.of_persons([person.id]).get(person.id, [])
    if all(each.gone_at is not None for each in records):
        archived.ask(desk, work, contact_id, person.id)


def _heir(work: Work, person_id: int) -> int | None:
    """Who has the primary address of a record that is gone: it was deleted and made anew between two looks.

    HubSpot gives an address to one live record only, so that both are the same person's (row 32).
    """
    refs = _primary(work, person_id)
    users = sorted({each for found in work.people.persons_of(refs).values() for each in found} - {person_id})
    records = work.contacts.of_persons(users)
    alive = [each for each in users if any(row.gone_at is None for row in records.get(each, []))]
    return next((each for each in alive if refs & _primary(work, each)), None)


def _primary(work: Work, person_id: int) -> set[str]:
    held = work.people.addresses([person_id]).get(person_id, [])
    return {each.ref for each in held if each.kind is AddressKind.PRIMARY}


def _inherit(desk: Desk, work: Work, loser: int, heir: int, tally: Tally) -> None:
    """The noes go with the person, to whichever record is theirs now (rows 32 and 33)."""
    work.people.merge(loser, heir)
    work.log.append([(heir, Event(type=EventType.MERGE, source=Source.HUBSPOT))])
    tally.events += 1
    reconcile(desk, work, heir, {}, tally, Circumstances(identity=Identity.RESTORED))


def _privacy(desk: Desk, work: Work, contact_id: int, erased: set[int]) -> Privacy:
    if contact_id not in erased:
        return Privacy.NONE
    before = work.cases.opened_since(CaseKind.DELETED_OUTSIDE, desk.clock.now() - DAY_MS)
    allowed = breaker.erasures_allowed(desk.limits, register=work.people.count(), in_window=before)
    return Privacy.VERIFIED if allowed else Privacy.DOUBTFUL
