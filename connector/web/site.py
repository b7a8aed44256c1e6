"""What every page needs, put together by wiring: desks, settings, checks that belong to other rooms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from starlette.requests import Request

from connector.acts.desk import Desk
from connector.acts.links import Ticket
from connector.clock import Chance, Clock
from connector.settings import LOOPBACK, Settings
from connector.web.intake import Intake
from connector.web.limits import Limiter

#: (method, URL, body, headers by lower-case name, now) -> per portal: "good", or a word that says why not.
Check = Callable[[str, str, bytes, Mapping[str, str], int], Mapping[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The web part of one mirror. `desks`: one for each portal that this process serves, by its id."""

    settings: Settings
    desks: Mapping[int, Desk] = field(default_factory=dict)
    clock: Clock
    chance: Chance
    intakes: Mapping[int, Intake] = field(default_factory=dict)
    limiters: Mapping[str, Limiter] = field(default_factory=dict)
    check: Check | None = None  # HubSpot's signature; the far side's own room knows how

    @property
    def languages(self) -> tuple[str, ...]:
        """Those of the controller, the first one first."""
        return self.settings.controller.languages

    @property
    def is_secure(self) -> bool:
        """People reach us by https."""
        return (self.settings.web.public_url or "").startswith("https://")

    @property
    def hosts(self) -> frozenset[str]:
        """Names under which we may be asked for: the public one, and this machine's own."""
        public = urlsplit(self.settings.web.public_url or "").hostname
        return LOOPBACK | ({public} if public else set())

    def intake(self, desk: Desk) -> Intake:
        """Where the noes of a portal are taken."""
        return self.intakes[desk.portal]

    def limiter(self, name: str) -> Limiter:
        """One of the limits per caller."""
        return self.limiters[name]

    def read_token(self, token: str) -> Ticket | None:
        """A link that this mirror made; every portal of it signs with the same key."""
        signer = next((desk.signer for desk in self.desks.values() if desk.signer), None)
        return signer.read(token) if signer else None

    def signature(self, request: Request, body: bytes) -> Mapping[int, str]:
        """Portal -> what the request's signature is worth under its secret; empty where none has one."""
        if self.check is None or self.settings.web.public_url is None:
            return {}
        query = f"?{request.url.query}" if request.url.query else ""
        url = f"{self.settings.web.public_url}{request.url.path}{query}"
        return self.check(request.method, url, body, dict(request.headers), self.clock.now())

    def caller(self, request: Request) -> str:
        """Who asks, for limits: the connection's other end, or what our own proxy says of it."""
        if self.settings.web.behind_proxy:
            said = request.headers.getlist("x-forwarded-for")
            if said:
                return said[-1].rpartition(",")[2].strip()[:64]
        return request.client.host if request.client else ""


def site_of(request: Request) -> Site:
    """The site that a request is for."""
    return cast("Site", request.app.state.site)
