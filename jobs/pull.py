"""What changed since the last pull: by search, and by the totals of the opt-out properties.

A preference change may not move `lastmodifieddate` (HA 6), so the pull also counts who carries an opt-out
(design 4.4): where HubSpot and the mirror disagree, those people are read again.
"""

from collections.abc import Iterable

import structlog

from connector.acts.desk import Desk
from connector.acts.tally import Tally
from connector.errors import RequestRejected
from connector.hubspot.feeds import changed_since, opted_out
from connector.store.observed import WIDE
from jobs.ahead import BATCH
from jobs.backfill import CHANGED, TOTALS, ahead_ms
from jobs.reading import Beat, Reader, still

log = structlog.get_logger()


def pull(desk: Desk, tally: Tally, *, beat: Beat = still) -> None:
    """Read what changed; the cursor moves on only when all of it is in the mirror (I23)."""
    started = desk.clock.now()
    with desk.mirror.read(desk.portal) as work:
        since = work.cursors.get(CHANGED)["since"]
    reader = Reader(desk, tally, beat)
    for page in changed_since(desk.hubspot, since):
        reader.bring_in(page.contacts)
    for subscription in (None, *desk.purposes.subscription_ids):
        _compare(desk, reader, subscription)
    reader.judge()
    with desk.mirror.write(desk.portal) as work:
        work.cursors.put(CHANGED, {"since": started - ahead_ms(desk)})


def _compare(desk: Desk, reader: Reader, subscription: int | None) -> None:
    """Who is opted out of one type, here and there; one call where nothing moved.

    Someone opted out of everything may or may not carry the property of each type: either is agreement.
    """
    try:
        first = desk.hubspot.search_opted_out(subscription, 0)
    except RequestRejected as error:  # a portal without this property: the sweep finds what this would
        log.warning("optouts_not_searchable", type=subscription, status=error.status)
        return
    counted = first.after is not None and first.total is not None
    if counted and first.total == _total_before(desk, subscription):
        return
    pages = [first] if first.after is None else opted_out(desk.hubspot, subscription)
    theirs = {contact.id: contact for page in pages for contact in page.contacts}
    with desk.mirror.read(desk.portal) as work:
        mine = work.contacts.opted_out(subscription or WIDE)
        everything = work.contacts.opted_out(WIDE)
    new = [contact for number, contact in theirs.items() if number not in mine | everything]
    for start in range(0, len(new), BATCH):
        reader.bring_in(new[start : start + BATCH], always=True)
    read_by_id(desk, reader, sorted(mine - theirs.keys()))
    _remember_total(desk, subscription, first.total)


def _total_before(desk: Desk, subscription: int | None) -> int | None:
    with desk.mirror.read(desk.portal) as work:
        return (work.cursors.get(TOTALS) or {}).get(str(subscription or WIDE))


def _remember_total(desk: Desk, subscription: int | None, total: int | None) -> None:
    with desk.mirror.write(desk.portal) as work:
        totals = work.cursors.get(TOTALS) or {}
        if totals.get(str(subscription or WIDE)) != total:
            work.cursors.put(TOTALS, {**totals, str(subscription or WIDE): total})


def read_by_id(desk: Desk, reader: Reader, contact_ids: Iterable[int]) -> list[int]:
    """Read these again and take them in; the ids that HubSpot does not answer."""
    wanted: list[int] = list(contact_ids)
    lost: list[int] = []
    for start in range(0, len(wanted), BATCH):
        found, missing = desk.hubspot.contacts_by_id(wanted[start : start + BATCH])
        reader.bring_in(found, always=True)
        lost += missing
    return lost
