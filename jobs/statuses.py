"""Full statuses of those who are due: never read, changed since, or read longest ago (HA 8.4).

With batches a hundred people cost three calls. Without them each is two calls: the new and the changed come
first, within the day's budget; then, at each turn, some of those whose reading is oldest: a few seconds'
worth, and beyond that, for readings older than a day, as many as the hour of the day has set free of the
budget. So that lies evenly over the day, and a register of any size is read again as often as it allows.
"""

from datetime import datetime, time

from connector.acts.desk import Desk
from connector.acts.tally import Tally
from connector.store.coverage import NEVER
from connector.store.work import Work
from jobs.ahead import BATCH
from jobs.due import local_day
from jobs.reading import Beat, Progress, Reader, Tell, still, untold
from mappings.records import Contact

SINGLES = 25  # read again one by one at each turn: some three seconds at Starter's limit
MOST_SINGLES = 500  # of those that are due: a minute at Starter's limit, pushes go between two batches
DAY_MS = 86_400_000
DUE_MS = DAY_MS  # a reading is due again after a day
SMALL_WITH_BATCHES = 1_000  # the same at three calls a hundred
SOME = 90  # of a larger one: with their additional addresses they fill one batch
SPENT = "statuses_spent"


def read_statuses(
    desk: Desk, tally: Tally, *, recheck: bool = False, beat: Beat = still, tell: Tell = untold
) -> None:
    """Read those never read; with `recheck` also some of those whose reading is oldest."""
    if desk.hubspot.capabilities().batch_statuses:
        _first(desk, Reader(desk, tally, beat), limit=None, tell=tell)
        if recheck:
            _again(desk, Reader(desk, tally, beat), small=SMALL_WITH_BATCHES, some=SOME)
        return
    left = _left(desk)
    reader = Reader(desk, tally, beat, singles=left)
    _first(desk, reader, limit=left, tell=tell)
    if recheck:
        _oldest(desk, reader, budget=desk.statuses_per_day, spent=desk.statuses_per_day - reader.singles)
    _spend(desk, left - reader.singles)


def _first(desk: Desk, reader: Reader, limit: int | None, tell: Tell) -> None:
    """Those whose statuses were never read, or who changed since."""
    asked: set[int] = set()
    calls, due_in_all = desk.hubspot.calls_made, 0
    while limit is None or reader.singles > 0:
        with desk.mirror.read(desk.portal) as work:
            due = [row.id for row in work.contacts.due_for_statuses(len(asked) + BATCH, 0)]
        wanted = [number for number in due if number not in asked][:BATCH]
        if not wanted:
            return
        due_in_all = due_in_all or _due(desk, limit)  # counts everybody: not where nobody is due
        asked.update(wanted)
        _read(desk, reader, wanted)
        tell(Progress("statuses", len(asked), due_in_all, desk.hubspot.calls_made - calls))


def _due(desk: Desk, limit: int | None) -> int:
    """How many of them this turn may read."""
    with desk.mirror.read(desk.portal) as work:
        never = work.ages.of_everybody(desk.clock.now()).within[NEVER]
    return never if limit is None else min(never, limit)


def _oldest(desk: Desk, reader: Reader, *, budget: int, spent: int) -> None:
    """A few in any case; more of those that are due, as far as the day has come.

    `spent`: of the day's `budget`, before this.
    """
    few = min(reader.singles, SINGLES)
    more = min(reader.singles, MOST_SINGLES, budget * _day_so_far(desk) // DAY_MS - spent)
    with desk.mirror.read(desk.portal) as work:
        due = len(work.contacts.due_for_statuses(max(more, 1), desk.clock.now() - DUE_MS))
    some = max(few, min(more, due))
    _again(desk, reader, small=some, some=some)


def _day_so_far(desk: Desk) -> int:
    """Milliseconds of the local day that are over."""
    now = desk.clock.now()
    day = local_day(now, desk.zone)
    return now - int(datetime.combine(day, time(), tzinfo=desk.zone).timestamp() * 1000)


def _again(desk: Desk, reader: Reader, *, small: int, some: int) -> None:
    """A register of up to `small` whole; of a larger one `some`, those who were read longest ago."""
    with desk.mirror.read(desk.portal) as work:
        due = [row.id for row in work.contacts.due_for_statuses(small + 1, desk.clock.now())]
    wanted = due if len(due) <= small else due[:some]
    for start in range(0, len(wanted), BATCH):
        _read(desk, reader, wanted[start : start + BATCH])
    reader.judge()  # a status that was cleared moves no date: most are found here, not by the pull


def _read(desk: Desk, reader: Reader, contact_ids: list[int]) -> None:
    found, _ = desk.hubspot.contacts_by_id(contact_ids)
    reader.bring_in(_known(found, contact_ids), always=True)


def _known(found: tuple[Contact, ...], asked: list[int]) -> list[Contact]:
    """A merged id answers with its winner, who is read in its own turn."""
    return [contact for contact in found if contact.id in set(asked)]


def _left(desk: Desk) -> int:
    with desk.mirror.read(desk.portal) as work:
        return max(0, desk.statuses_per_day - _spent(desk, work))


def _spent(desk: Desk, work: Work) -> int:
    found = work.meta.get(SPENT)
    return int(found["count"]) if found and found["day"] == _today(desk) else 0


def _spend(desk: Desk, count: int) -> None:
    if count:
        with desk.mirror.write(desk.portal) as work:
            work.meta.put(SPENT, {"day": _today(desk), "count": _spent(desk, work) + count})


def _today(desk: Desk) -> str:
    return local_day(desk.clock.now(), desk.zone).isoformat()
