"""The sweep: every contact once a night. Search and webhooks are hints, this is the truth (design 4.4).

It finds what leaves no trace elsewhere: archived, erased and merged contacts, restored ones, changed
addresses. A contact that is missing from the list is read again by id before it is believed.
"""

from collections.abc import Sequence

from connector.acts.absence import Absence, absent
from connector.acts.breakers import VANISHED, is_believable, open_breaker, swept
from connector.acts.desk import Desk
from connector.acts.tally import Tally
from jobs.backfill import reach
from jobs.reading import Beat, Progress, Reader, Tell, still, untold
from jobs.stretches import WHOLE, Piece, pieces
from jobs.unchanged import Unchanged
from mappings.records import Contact

LAST_SWEEP = "last_sweep"
UNKNOWN = (b"", None)


def sweep(desk: Desk, tally: Tally, *, beat: Beat = still, tell: Tell = untold) -> None:
    """Compare the whole register; statuses again where the plan has batches."""
    started, calls = desk.clock.now(), desk.hubspot.calls_made
    unchanged = Unchanged(desk) if desk.hubspot.capabilities().batch_statuses else None
    reader = Reader(desk, tally, beat, unchanged)
    compared = _Compared(desk, unchanged)
    total = desk.hubspot.search_changed(0, 0).total
    with reader.ahead(pieces(desk.hubspot, WHOLE, reach(desk, lambda: total)), compared.choose) as pages:
        for group in pages.together(reader.at_once):
            reader.take(group)
            tell(Progress("sweep", reader.seen, total, desk.hubspot.calls_made - calls))
    complete = _absent(desk, reader, compared.missing)
    reader.judge()
    if not complete:
        return
    with desk.mirror.write(desk.portal) as work:
        work.meta.put(LAST_SWEEP, started)
        swept(work)


class _Compared:
    """The list beside the mirror, page by page: one query for a stretch of ids says who is new, changed or
    missing. `unchanged`: those are wanted too, for their statuses."""

    def __init__(self, desk: Desk, unchanged: Unchanged | None) -> None:
        self._desk = desk
        self._unchanged = unchanged
        self.missing: list[int] = []

    def choose(self, piece: Piece) -> Sequence[Contact]:
        """Whom to take in; a piece says for which ids it speaks. An empty one in between says nothing."""
        if piece.low == piece.high:
            return ()
        with self._desk.mirror.read(self._desk.portal) as work:
            known = work.contacts.known_between(piece.low, piece.high)
        self.missing += known.keys() - {contact.id for contact in piece.contacts}
        if self._unchanged is not None:
            here = {each.id: known[each.id] for each in piece.contacts if each.id in known}
            self._unchanged.known.update((number, said) for number, (said, who) in here.items() if who)
            return piece.contacts
        return [each for each in piece.contacts if known.get(each.id, UNKNOWN)[0] != each.fingerprint]


def _absent(desk: Desk, reader: Reader, missing: list[int]) -> bool:
    """Read each again by id; too many at once are a broken read until a person has looked.

    False: this was no complete sweep. The audit log is asked from the last complete one on (row 36).
    """
    with desk.mirror.write(desk.portal) as work:
        if not is_believable(desk, work, read=reader.seen, vanished=len(missing)):
            open_breaker(desk, work, VANISHED, vanished=len(missing), read=reader.seen)
            return False
    gone: list[Absence] = []
    for number in sorted(missing):
        found = desk.hubspot.contact(number)
        if found is not None:
            reader.bring_in([found], always=True)
        if found is None or found.id != number:
            archived = desk.hubspot.contact(number, archived=True) is not None
            gone.append(Absence(number, archived=archived, merged_into=found.id if found else None))
    absent(desk, gone, reader.tally)
    return True
