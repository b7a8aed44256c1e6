"""The operator's listener of a process, built from the settings."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from connector.acts.desk import Desk
from connector.acts.gauges import Gauges, gauges
from connector.meters import METERS
from connector.settings import Settings
from connector.store.mirror import Mirror
from connector.web.metrics import Instruments
from connector.web.server import WebServer
from connector.web.watch import Watched, watch_app

Threads = Mapping[str, Callable[[], bool]]


class _Portals:
    """How each portal of the moment is read."""

    def __init__(self, desks: Collection[Desk]) -> None:
        self._desks = desks

    def __iter__(self) -> Iterator[Callable[[], Gauges]]:
        return iter([partial(gauges, desk) for desk in tuple(self._desks)])


@contextmanager
def watching(
    settings: Settings,
    mirror: Mirror,
    desks: Collection[Desk],
    *,
    tick_age: Callable[[], float] | None = None,
    threads: Threads | None = None,
) -> Iterator[WebServer | None]:
    """Health, readiness and metrics while the block runs; None where no listener is configured.

    `desks` may change meanwhile: each question is about those of its moment.
    """
    if not settings.health.listen:
        yield None
        return
    portals = _Portals(desks)
    watched = Watched(
        portals=portals,
        probe=mirror.probe,
        instruments=Instruments(portals, METERS, tick_age),
        tick_age=tick_age,
        threads=threads or {},
    )
    with WebServer(watch_app(watched), settings.health.listen, setting="health.listen") as server:
        yield server
