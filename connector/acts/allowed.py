"""What plan and token allow, kept from one process to the next: a turn of a new one need not ask again.

Finding out costs four calls. What is kept is believed for a day; it goes as soon as HubSpot refuses
something, so that the next turn asks anew. `doctor` always asks.
"""

from dataclasses import asdict
from typing import Final

from connector.acts.desk import Desk
from connector.store.work import Work
from mappings.records import Capabilities

KEY: Final = "allowed"
VALID_MS: Final = 86_400_000


def recall(desk: Desk) -> None:
    """Spare the probes where an earlier process made them within a day."""
    with desk.mirror.read(desk.portal) as work:
        found = work.meta.get(KEY)
    if found and 0 <= desk.clock.now() - found["at"] < VALID_MS:
        desk.hubspot.recall(Capabilities(**found["allowed"]))


def kept(work: Work) -> Capabilities | None:
    """What was found out last, however old; None: nobody asked, or HubSpot has refused something since."""
    found = work.meta.get(KEY)
    return Capabilities(**found["allowed"]) if found else None


def keep(desk: Desk) -> None:
    """Write down what this process found out, or that what was kept is not true any more."""
    learned = desk.hubspot.learned()
    with desk.mirror.read(desk.portal) as work:
        found = work.meta.get(KEY)
    now = desk.clock.now()
    said = None if learned is None else asdict(learned)
    if found and found["allowed"] == said and 0 <= now - found["at"] < VALID_MS:
        return
    if found or said:
        with desk.mirror.write(desk.portal) as work:
            work.meta.put(KEY, {"at": now, "allowed": said}) if said else work.meta.remove(KEY)
