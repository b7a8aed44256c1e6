"""The sweep: every contact once a night. Search and webhooks are hints, this is the truth (design 4.4).

It finds what leaves no trace elsewhere: archived, erased and merged contacts, restored ones, changed
addresses. A contact that is missing from the list is read again by id before it is believed.
"""

from connector.acts.absence import Absence, absent
from connector.acts.breakers import open_breaker
from connector.acts.desk import Desk
from connector.acts.tally import Tally
from connector.consent import breaker
from connector.hubspot.feeds import all_contacts
from jobs.reading import Beat, Reader, still

LAST_SWEEP = "last_sweep"


def sweep(desk: Desk, tally: Tally, *, beat: Beat = still) -> None:
    """Compare the whole register; statuses again where the plan has batches."""
    started = desk.clock.now()
    reader = Reader(desk, tally, beat)
    batches = desk.hubspot.capabilities().batch_statuses
    missing: list[int] = []
    last = 0
    for page in all_contacts(desk.hubspot):
        upto = page.contacts[-1].id if page.contacts and page.after is not None else None
        missing += _missing(desk, last, upto, {contact.id for contact in page.contacts})
        reader.bring_in(page.contacts, always=batches)
        last = upto or last
    _absent(desk, reader, missing)
    reader.judge()
    with desk.mirror.write(desk.portal) as work:
        work.meta.put(LAST_SWEEP, started)


def _missing(desk: Desk, after: int, upto: int | None, listed: set[int]) -> list[int]:
    with desk.mirror.read(desk.portal) as work:
        return [number for number in work.contacts.ids_between(after, upto) if number not in listed]


def _absent(desk: Desk, reader: Reader, missing: list[int]) -> None:
    """Read each again by id; too many at once are a broken read until a person has looked."""
    if not breaker.read_is_plausible(desk.limits, read=max(reader.seen, 1), vanished=len(missing)):
        with desk.mirror.write(desk.portal) as work:
            open_breaker(desk, work, "vanished", vanished=len(missing), read=reader.seen)
        return
    gone: list[Absence] = []
    for number in missing:
        found = desk.hubspot.contact(number)
        if found is not None:
            reader.bring_in([found], always=True)
        if found is None or found.id != number:
            archived = desk.hubspot.contact(number, archived=True) is not None
            gone.append(Absence(number, archived=archived, merged_into=found.id if found else None))
    absent(desk, gone, reader.tally)
