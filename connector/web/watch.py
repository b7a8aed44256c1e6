"""The operator's listener: `/healthz`, `/readyz`, `/metrics`. A socket of its own, no secrets, nobody.

Liveness asks no database: a database that is away must not make a supervisor restart us for ever. Readiness
writes to it. Answers are short words of ours.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import anyio.to_thread
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connector.acts.gauges import Gauges
from connector.errors import ConnectorError
from connector.web.metrics import Instruments, exposition

#: A tick older than this is no life (reliability 7); a rate limit may hold one for 60 s, so that a daemon's
#: own patience (jobs/daemon.py) is longer: this says "look", that one ends the process.
STALE_S: Final = 180.0
HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the listener asks. `tick_age` None: this process has no timetable. `threads`: name -> alive."""

    portals: Iterable[Callable[[], Gauges]]
    probe: Callable[[], bool]
    instruments: Instruments
    tick_age: Callable[[], float] | None = None
    threads: Mapping[str, Callable[[], bool]] = field(default_factory=dict)


def watch_app(watched: Watched) -> Starlette:
    """The three routes."""

    async def healthz(request: Request) -> Response:
        del request
        return _answer(_health(watched))

    async def readyz(request: Request) -> Response:
        del request
        return _answer(await anyio.to_thread.run_sync(_readiness, watched))

    async def metrics(request: Request) -> Response:
        del request
        text = await anyio.to_thread.run_sync(exposition, watched.instruments)
        return Response(text, media_type=CONTENT_TYPE_LATEST, headers=HEADERS)

    return Starlette(
        routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    )


def _health(watched: Watched) -> dict[str, bool]:
    alive = {f"thread_{name}": lives() for name, lives in watched.threads.items()}
    if watched.tick_age is not None:
        alive["tick"] = watched.tick_age() <= STALE_S
    return alive


def _readiness(watched: Watched) -> dict[str, bool]:
    """Runs in a thread: the probe may wait for the database."""
    try:
        known = watched.probe()
        refused = {each.portal: each.token_refused for each in (read() for read in watched.portals)}
    except ConnectorError:
        return {"database": False}
    return {"database": True, "schema": known} | {f"token_{name}": not no for name, no in refused.items()}


def _answer(checks: dict[str, bool]) -> Response:
    ok = all(checks.values())
    return JSONResponse({"ok": ok, "checks": checks}, status_code=200 if ok else 503, headers=HEADERS)
