"""Links that were made after the copy from which a mirror was restored: their noes are kept, and found again.

A link's id is worked out from its address: every address that the mirror has, or gets back from HubSpot,
leads to the same link again. A stop for somebody who has not come back yet waits by the id alone, which names
nobody.
"""

from typing import Final

from connector.acts.choices import Stop, record_stop
from connector.acts.desk import Desk
from connector.acts.links import bearer
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


def take_stop(desk: Desk, work: Work, stop: Stop) -> tuple[str, ...]:
    """Record a stop; one whose link is not known waits, where the mirror was restored. Refs to push."""
    if bearer(work, stop.ticket) is None and work.meta.get(RESTORED):
        held = work.meta.get(HELD) or []
        key = stop.purpose.key if stop.purpose else None
        new = [stop.ticket.id.hex(), key, str(stop.source), stop.at]
        if len(held) < MOST and not any(each[:2] == new[:2] for each in held):
            work.meta.put(HELD, [*held, new])
    return tuple(record_stop(desk, work, stop))


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
    waiting, said = [], 0
    for number, key, source, at in work.meta.get(HELD) or []:
        ticket = Ticket(scope=Scope.STOP, portal=desk.portal, id=bytes.fromhex(number), made_at=0)
        if bearer(work, ticket) is None:
            waiting += [[number, key, source, at]] if desk.clock.now() - at < HELD_MS else []
            continue
        purpose = desk.purposes.get(key) if key else None
        record_stop(
            desk, work, Stop(ticket=ticket, purpose=purpose, source=Source(source), language=None, at=at)
        )
        said += 1
    work.meta.put(HELD, waiting)
    return said
