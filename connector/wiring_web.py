"""Builds the web part. Apart from `wiring`, so that a job without pages does not load them (7 MiB)."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from connector import wiring
from connector.acts.desk import Desk
from connector.hubspot.signatures import checked
from connector.logs import remember_secret
from connector.settings import Settings
from connector.web.dashboard.office import Lent
from connector.web.dashboard.workshop import Workshop
from connector.web.doors import Doors
from connector.web.part import WebPart
from connector.web.server import WebServer
from connector.web.site import Check, Site


def check_of(settings: Settings, portals: Collection[int]) -> Check | None:
    """How HubSpot's signatures are checked: with the client secret of each portal that has one.

    Raises ConfigurationError where a secret is named and missing.
    """
    secrets = {}
    for portal in settings.portals:
        found = wiring.webhook_secret_of(portal)
        if found and portal.portal_id in portals:
            secrets[portal.portal_id] = found
            remember_secret(found)

    def check(method: str, url: str, body: bytes, headers: Mapping[str, str], now: int) -> Mapping[int, str]:
        return {
            number: str(checked(each, method, url, body, headers, now)) for number, each in secrets.items()
        }

    return check if secrets else None


def _doors(given: wiring.Tools) -> Doors:
    return Doors(given.clock, given.chance, check_of)


@contextmanager
def site_of(settings: Settings, desks: Collection[Desk], given: wiring.Tools | None = None) -> Iterator[Site]:
    """What the web part needs for the portals of these desks; ends once what it accepted is on disk."""
    doors = _doors(given or wiring.tools())
    try:
        yield doors.site(settings, desks)[0]
    finally:
        doors.close()


@contextmanager
def web_part_of(
    settings: Settings,
    desks: Collection[Desk],
    given: wiring.Tools | None = None,
    lent: Lent | None = None,
    threads: Workshop | None = None,
) -> Iterator[WebPart]:
    """The web part, not yet served. `lent` and `threads` as in `web_of`."""
    at_hand = given or wiring.tools()
    with threads or Workshop() as workshop:
        yield WebPart(
            settings,
            desks,
            doors=_doors(at_hand),
            clock=at_hand.clock,
            seed=wiring.keys_of(settings).signing,
            lent=lent,
            workshop=workshop,
        )


@contextmanager
def web_of(
    settings: Settings,
    desks: Collection[Desk],
    given: wiring.Tools | None = None,
    lent: Lent | None = None,
    threads: Workshop | None = None,
) -> Iterator[WebServer | None]:
    """The web part, served for as long as the block lasts; None where none is configured.

    `lent`: what the dashboard needs of the jobs; without it there is no dashboard. `threads`: who does the
    dashboard's long works; they end with the block.

    Raises ConfigurationError where the address cannot be had.
    """
    if not settings.web.listen:
        yield None
        return
    with web_part_of(settings, desks, given, lent, threads) as web, web.served() as server:
        yield server
