"""Two clocks, HubSpot's and ours: where they differ, a yes has to come that much more clearly after a no.

`sigma` covers differences of a few minutes. With our clock further ahead, a yes recorded here would look
newer than the opt-out in HubSpot that followed it; with our clock behind, a no recorded here would look older
than the yes before it. What was recorded while the clocks differed keeps its times, so the doubt stays with
the mirror when the clock is right again. It grows in steps and never shrinks.
"""

from typing import Final

import structlog

from connector.acts.desk import Desk
from connector.acts.doubt import DOUBT, LARGEST_MS, doubt_of, needed_ms
from connector.acts.reconcile import Matter, reconcile_group
from connector.acts.tally import Tally
from connector.consent.events import State

log = structlog.get_logger(__name__)

#: Somebody's standing is still to be worked out anew under a larger doubt.
UNSETTLED: Final = "clock_doubt_unsettled"
GROUP: Final = 200


def mind_the_clock(desk: Desk, tally: Tally) -> None:
    """After any answer of HubSpot: remember how far the clocks were apart, and weigh again what that touches.

    Whoever was granted over a no is worked out anew; where the yes is no longer clearly later, the no stands
    and is pushed as any other.
    """
    with desk.mirror.read(desk.portal) as work:
        known, unsettled = doubt_of(work), work.meta.get(UNSETTLED)
    needed = _needed(desk)
    if needed > known:
        desk.hubspot.details()  # once more: one answer that was held up on its way proves nothing
        needed = min(needed, _needed(desk))
    if needed > known:
        log.warning("clocks_differ", doubt_s=needed // 1000)
        with desk.mirror.write(desk.portal) as work:
            work.meta.put_all({DOUBT: needed, UNSETTLED: True})
        unsettled = True
    if unsettled:
        _weighed_again(desk, tally)
        with desk.mirror.write(desk.portal) as work:
            work.meta.remove(UNSETTLED)


def _needed(desk: Desk) -> int:
    needed = needed_ms(desk.hubspot.clock_skew_ms(), desk.sigma_ms)
    return min(needed, LARGEST_MS - desk.sigma_ms)


def _weighed_again(desk: Desk, tally: Tally) -> None:
    for purpose in desk.purposes:
        after = 0
        while True:
            with desk.mirror.write(desk.portal) as work:
                page = work.states.people_in(purpose.key, State.GRANTED, after, GROUP)
                over_a_no = [number for number, row in page if row.last_no is not None]
                reconcile_group(desk, work, [Matter(number, {}) for number in over_a_no], tally)
            if not page:
                break
            after = page[-1][0]
