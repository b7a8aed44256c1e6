"""The portals that a web part serves: each with its desk and the place where its noes are taken."""

from collections.abc import Callable, Collection
from dataclasses import replace

from connector.acts.desk import Desk
from connector.clock import Chance, Clock
from connector.settings import Settings
from connector.web.intake import Intake
from connector.web.limits import RATES, Limiter
from connector.web.site import Check, Site

#: How HubSpot's signatures are checked for these portals; raises ConfigurationError for a missing secret.
CheckOf = Callable[[Settings, Collection[int]], Check | None]


class Door:
    """A portal's desk as the web part has it: a person waits, and bulk work gives way."""

    def __init__(self, desk: Desk) -> None:
        self.of = desk
        self.desk = replace(desk, mirror=desk.mirror.first())
        self.intake = Intake(self.desk)


class Doors:
    """The doors of a process, opened and closed as portals come and go."""

    def __init__(self, clock: Clock, chance: Chance, check_of: CheckOf) -> None:
        self._clock, self._chance, self._check_of = clock, chance, check_of
        self._open: dict[int, Door] = {}
        self._limiters = {name: Limiter(rate, clock) for name, rate in RATES.items()}

    def site(self, settings: Settings, desks: Collection[Desk]) -> tuple[Site, list[Door]]:
        """What the pages need for these portals, and the doors that are needed no more.

        Raises ConfigurationError, and then all stays.
        """
        check = self._check_of(settings, {desk.portal for desk in desks})
        before, self._open = self._open, {desk.portal: self._door(desk) for desk in desks}
        made = Site(
            settings=settings,
            desks={number: door.desk for number, door in self._open.items()},
            clock=self._clock,
            chance=self._chance,
            intakes={number: door.intake for number, door in self._open.items()},
            check=check,
            limiters=self._limiters,
        )
        return made, [door for number, door in before.items() if self._open.get(number) is not door]

    def _door(self, desk: Desk) -> Door:
        known = self._open.get(desk.portal)
        return known if known is not None and known.of is desk else Door(desk)

    def close(self) -> None:
        """What was accepted is on disk."""
        for door in self._open.values():
            door.intake.stop()
