"""What webhooks and journal told us to look at: read again, and believed only as it is read (HA 13.1)."""

from collections.abc import Sequence
from typing import Final

import structlog

from connector.acts.absence import Absence, absent, is_told, still_there
from connector.acts.desk import Desk
from connector.acts.tally import Tally
from connector.store.hints import Hint, HintKind
from jobs.pull import read_by_id
from jobs.reading import Beat, Reader, still

#: Records a round, and rounds a run: other jobs of the portal wait for it.
BATCH: Final = 100
ROUNDS: Final = 20
#: How long HubSpot may show a record that it says it has deleted for privacy, before a person is asked.
PATIENCE_MS: Final = 15 * 60_000
AGAIN_MS: Final = 60_000

log = structlog.get_logger()


def look_again(desk: Desk, tally: Tally, *, beat: Beat = still) -> int:
    """Look at what is due; how many records. Raises what HubSpot makes it raise: then all of it stays due."""
    looked = 0
    for _ in range(ROUNDS):
        with desk.mirror.read(desk.portal) as work:
            due = work.hints.due(desk.clock.now(), BATCH)
        if not due:
            break
        _look(desk, due, tally, beat)
        looked += len(due)
    return looked


class Glance:
    """A look in the middle of a long reading, so that nobody's no waits for its end.

    Nothing is settled by it: pages that were read ahead may show a record as it was before, so that each is
    looked at once more when the reading is over. Records that are gone wait for that look altogether.
    """

    def __init__(self) -> None:
        self._seen: set[tuple[int, int]] = set()  # record, when it was heard of

    def take(self, desk: Desk, tally: Tally) -> int:
        """Take in what is due and was not glanced at yet; how many records. Raises as `look_again` does."""
        with desk.mirror.read(desk.portal) as work:
            due = work.hints.due(desk.clock.now(), BATCH + len(self._seen))
        new = [each for each in due if each.kind is HintKind.CHANGED and _heard(each) not in self._seen]
        if new:
            read_by_id(desk, Reader(desk, tally), sorted({each.contact_id for each in new[:BATCH]}))
            self._seen |= {_heard(each) for each in new[:BATCH]}
            log.info("hints_glanced_at", count=len(new[:BATCH]))
        return len(new[:BATCH])


def _heard(each: Hint) -> tuple[int, int]:
    return each.contact_id, each.heard_at


def _look(desk: Desk, due: Sequence[Hint], tally: Tally, beat: Beat) -> None:
    reader = Reader(desk, tally, beat)
    privacy = {each.contact_id: each for each in due if each.kind is HintKind.ERASED}
    missing = read_by_id(desk, reader, sorted({each.contact_id for each in due}))
    gone = [_absence(desk, reader, number, told=number in privacy) for number in missing]
    erased = privacy.keys() & {each.contact_id for each in gone if each.merged_into is None}
    absent(desk, gone, tally, heard={number: privacy[number].heard_at for number in erased})
    waiting = [each for number, each in privacy.items() if number not in erased]
    late = [each for each in waiting if desk.clock.now() - each.first_at >= PATIENCE_MS]
    for each in late:
        still_there(desk, each.contact_id, tally)
    early = [each for each in waiting if each not in late]
    with desk.mirror.write(desk.portal) as work:
        work.hints.settle([each for each in due if each not in early])
        for each in early:
            work.hints.later(each, desk.clock.now() + AGAIN_MS)
    log.info("hints_looked_at", count=len(due), gone=len(gone), erased=len(erased))


def _absence(desk: Desk, reader: Reader, number: int, *, told: bool) -> Absence:
    """As the sweep asks: in the bin, merged into another, or neither. Deletion and privacy deletion come in
    any order (HQ 23): the second is news of a record that is known to be gone."""
    found = desk.hubspot.contact(number)
    if found is not None:
        reader.bring_in([found], always=True)
    archived = found is None and desk.hubspot.contact(number, archived=True) is not None
    with desk.mirror.read(desk.portal) as work:
        known = told and not is_told(work, number)
    return Absence(number, archived=archived, merged_into=found.id if found else None, known=known)
