"""Links that were made after the copy from which a mirror was restored: their noes are kept, and found again.

A link's id is worked out from its address: every address that the mirror has, or gets back from HubSpot,
leads to the same link again. A stop for somebody who has not come back yet waits by the id alone, which names
nobody.
"""

from collections.abc import Sequence
from typing import Final

from connector.acts.choices import Stop, record_stops
from connector.acts.desk import Desk
from connector.acts.links import bearers
from connector.acts.push import push
from connector.acts.tally import Tally
from connector.consent.events import Source
from connector.proof.links import Scope, Ticket
from connector.store.work import Work

#: The mirror's note that it was restored: links that it does not know may be out there.
RESTORED: Final = "links_restored"
HELD: Final = "stops_held"
MOST: Final = 10_000
GROUP: Final = 500
HELD_MS: Final = 30 * 86_400_000


def take_stops(desk: Desk, work: Work, stops: Sequence[Stop]) -> list[Sequence[str]]:
    """Record stops; for each the refs to push. One whose link is not known waits, where we were restored."""
    found = bearers(work, [stop.ticket for stop in stops])
    lost = [stop for stop, address in zip(stops, found, strict=True) if address is None]
    if lost and work.meta.get(RESTORED):
        _hold(work, lost)
    return record_stops(desk, work, stops, found)


def _hold(work: Work, stops: Sequence[Stop]) -> None:
    before = work.meta.get(HELD) or []
    held = {(number, key): [number, key, source, at] for number, key, source, at in before}
    for stop in stops:
        number, key = stop.ticket.id.hex(), stop.purpose.key if stop.purpose else None
        if len(held) < MOST:
            held.setdefault((number, key), [number, key, str(stop.source), stop.at])
    if len(held) > len(before):
        work.meta.put(HELD, list(held.values()))


def find_links_again(desk: Desk) -> int:
    """After a reading: every address has its link again, and stops that waited for one are recorded; how
    many. Nothing to do where the mirror was never restored."""
    with desk.mirror.read(desk.portal) as work:
        restored = work.meta.get(RESTORED)
    if not restored or desk.signer is None:
        return 0
    while _fill(desk) == GROUP:
        pass
    with desk.mirror.write(desk.portal) as work:
        said = _say_held(desk, work)
    if said:
        push(desk, Tally(), urgent_only=True)
    return said


def _fill(desk: Desk) -> int:
    assert desk.signer is not None  # noqa: S101 - the caller looked
    with desk.mirror.write(desk.portal) as work:
        refs = work.links.unkept(GROUP)
        work.links.keep({ref: desk.signer.id_of(desk.portal, ref) for ref in refs})
    return len(refs)


def _say_held(desk: Desk, work: Work) -> int:
    held = work.meta.get(HELD) or []
    tickets = [
        Ticket(scope=Scope.STOP, portal=desk.portal, id=bytes.fromhex(each[0]), made_at=0) for each in held
    ]
    found = bearers(work, tickets)
    stops, waiting = [], []
    for ticket, address, each in zip(tickets, found, held, strict=True):
        _, key, source, at = each
        if address is None:
            waiting += [each] if desk.clock.now() - at < HELD_MS else []
            continue
        purpose = desk.purposes.get(key) if key else None
        stops.append(Stop(ticket=ticket, purpose=purpose, source=Source(source), language=None, at=at))
    record_stops(desk, work, stops, [address for address in found if address is not None])
    work.meta.put(HELD, waiting)
    return len(stops)
