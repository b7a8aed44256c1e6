"""Contacts that HubSpot does not have any more (rows 31, 36 and 37): nobody's act, and no no is lost.

404 without and with `archived=true` means *erased from outside* only where the contact was live at the last
complete sweep and the account's audit log tells of a privacy deletion; else row 31 (design 4.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from connector.acts.desk import Desk
from connector.acts.reconcile import Circumstances, reconcile
from connector.acts.tally import Tally
from connector.consent import breaker
from connector.consent.situation import Identity, Privacy
from connector.store.cases import CaseKind
from connector.store.work import Work

DAY_MS = 86_400_000
PRIVACY_DELETION = "GDPR_DELETE"


@dataclass(frozen=True, slots=True)
class Absence:
    """One contact that a read by id did not find: in the recycle bin, merged into another, or neither."""

    contact_id: int
    archived: bool
    merged_into: int | None = None


def absent(desk: Desk, gone: Sequence[Absence], tally: Tally) -> None:
    """Mark them; restrict the people whose erasure outside is proved, and hold it for 24 h."""
    erased = _erased_outside(desk, [each for each in gone if not each.archived and each.merged_into is None])
    for each in gone:
        with desk.mirror.write(desk.portal) as work:
            _one(desk, work, each, erased, tally)


def _erased_outside(desk: Desk, gone: Sequence[Absence]) -> set[int]:
    if not gone or not desk.hubspot.capabilities().audit:
        return set()
    with desk.mirror.read(desk.portal) as work:
        since = work.meta.get("last_sweep") or 0
    told = {row.object_id for row in desk.hubspot.audit(since - DAY_MS) if row.type == PRIVACY_DELETION}
    return {each.contact_id for each in gone if str(each.contact_id) in told}


def _one(desk: Desk, work: Work, gone: Absence, erased: set[int], tally: Tally) -> None:
    row = work.contacts.by_ids([gone.contact_id]).get(gone.contact_id)
    if row is None or row.gone_at is not None:
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
    around = Circumstances(identity=Identity.ABSENT, privacy=privacy)
    if privacy is not Privacy.NONE:
        work.cases.open(gone.contact_id, CaseKind.DELETED_OUTSIDE, now, hold_until=now + DAY_MS)
    tally.vanished += privacy is Privacy.NONE
    reconcile(desk, work, row.person_id, {}, tally, around)


def _privacy(desk: Desk, work: Work, contact_id: int, erased: set[int]) -> Privacy:
    if contact_id not in erased:
        return Privacy.NONE
    before = work.cases.opened_since(CaseKind.DELETED_OUTSIDE, desk.clock.now() - DAY_MS)
    allowed = breaker.erasures_allowed(desk.limits, register=work.people.count(), in_window=before)
    return Privacy.VERIFIED if allowed else Privacy.DOUBTFUL
