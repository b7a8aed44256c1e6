"""The web part of a process: its portals may change while it serves, and nobody is cut off by that."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from connector.acts.desk import Desk
from connector.clock import Clock
from connector.settings import Settings
from connector.web.app import make_app
from connector.web.dashboard.makings import Makings
from connector.web.dashboard.office import Lent
from connector.web.dashboard.routes import Lasting, dashboard_of
from connector.web.dashboard.throttle import Throttle
from connector.web.dashboard.workshop import Workshop
from connector.web.doors import Door, Doors
from connector.web.relay import Relay, Turn
from connector.web.server import WebServer


class WebPart:
    """`seed`: the signing key's, which logs are checked with. `lent`: None, and there is no dashboard."""

    def __init__(
        self,
        settings: Settings,
        desks: Collection[Desk],
        *,
        doors: Doors,
        clock: Clock,
        seed: bytes,
        lent: Lent | None,
        workshop: Workshop,
    ) -> None:
        self._doors, self._seed, self._workshop = doors, seed, workshop
        self._lasting = Lasting(Throttle(clock), Makings(workshop, clock))
        self._leaving: list[tuple[Turn, list[Door]]] = []
        self._listen = str(settings.web.listen)
        app, _ = self._app(settings, desks, lent)
        self._relay = Relay(app)

    def _app(
        self, settings: Settings, desks: Collection[Desk], lent: Lent | None
    ) -> tuple[ASGIApp, list[Door]]:
        site, left = self._doors.site(settings, desks)
        wanted = lent if settings.web.dashboard else None
        rooms = dashboard_of(site, self._seed, wanted, self._workshop, self._lasting) if wanted else ()
        return make_app(site, rooms), left

    def change(self, settings: Settings, desks: Collection[Desk], lent: Lent | None) -> None:
        """Serve these portals from the next request on. Raises ConfigurationError, and then all stays."""
        app, left = self._app(settings, desks, lent)
        self._leaving.append((self._relay.change(app), left))
        self.tidy()

    def tidy(self) -> None:
        """Close the doors of portals that are gone, once nobody stands in them any more."""
        done = [each for each in self._leaving if self._relay.is_done(each[0])]
        self._leaving = [each for each in self._leaving if each not in done]
        for _, doors in done:
            _shut(doors)

    @contextmanager
    def served(self) -> Iterator[WebServer]:
        """On its address, while the block lasts; ends once what it accepted is on disk."""
        try:
            with WebServer(self._relay, self._listen) as server:
                yield server
        finally:
            for _, doors in self._leaving:
                _shut(doors)
            self._doors.close()


def _shut(doors: Collection[Door]) -> None:
    for door in doors:
        door.intake.stop()
