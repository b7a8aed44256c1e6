"""What every page needs, put together by wiring: desks, settings, checks that belong to other rooms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from starlette.requests import Request

from connector.acts.desk import Desk
from connector.clock import Chance, Clock
from connector.settings import LOOPBACK, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The web part of one mirror. `desks`: one for each portal that this process serves, by its id."""

    settings: Settings
    desks: Mapping[int, Desk] = field(default_factory=dict)
    clock: Clock
    chance: Chance

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


def site_of(request: Request) -> Site:
    """The site that a request is for."""
    return cast("Site", request.app.state.site)
