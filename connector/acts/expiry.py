"""Consents that have reached their end: EXPIRED from that moment on, and decided by the table (row 19)."""

from connector.acts.desk import Desk
from connector.acts.reconcile import Matter, reconcile_group
from connector.acts.tally import Tally

GROUP = 200


def end_consents(desk: Desk, tally: Tally) -> int:
    """Work out anew whoever's `valid_until` has passed; how many people. Each of them once."""
    done: set[int] = set()
    while True:
        with desk.mirror.read(desk.portal) as work:
            due = work.states.expiring(desk.clock.now(), GROUP + len(done))
        wanted = list(dict.fromkeys(number for number, _ in due if number not in done))[:GROUP]
        if not wanted:
            return len(done)
        with desk.mirror.write(desk.portal) as work:
            reconcile_group(desk, work, [Matter(number, {}) for number in wanted], tally)
        done.update(wanted)
