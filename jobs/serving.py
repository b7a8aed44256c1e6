"""The web part in a process of its own, in step with the configuration's files as a fleet's workers are."""

from collections.abc import Mapping

import structlog

from connector import wiring
from connector.acts.desk import Desk
from connector.errors import ConfigurationError
from connector.settings import Settings
from connector.store.mirror import Mirror
from connector.web.part import WebPart
from jobs.lending import lent_of
from jobs.roster import Roster

log = structlog.get_logger()

#: What a process takes once, at its start.
ONCE = ("mirror", "health")


class Portals:
    """The desks that a process serves, each kept with its connections until its own settings change."""

    def __init__(self, mirror: Mirror, only: str | None, given: wiring.Tools) -> None:
        self._mirror, self._only, self._given = mirror, only, given
        self._made_of: dict[str, Settings] = {}
        self.desks: dict[str, Desk] = {}

    def follow(self, settings: Settings) -> None:
        """Have exactly these. Raises ConfigurationError: then all stays as it was."""
        said = {name: _view(settings, name) for name in self._names(settings)}
        made = {name: self._desk(settings, name, view) for name, view in said.items()}
        self._made_of = said
        self.desks.update(made)
        for name in self.desks.keys() - made.keys():
            del self.desks[name]

    def _names(self, settings: Settings) -> list[str]:
        if self._only is not None:
            return [settings.portal(self._only).name]
        return [portal.name for portal in settings.portals]

    def _desk(self, settings: Settings, name: str, view: Settings) -> Desk:
        known = self.desks.get(name)
        if known is not None and self._made_of[name] == view:
            return known
        return wiring.desk_of(settings, self._mirror, name, self._given)


def _view(settings: Settings, name: str) -> Settings:
    """What of the settings concerns one portal."""
    purposes = tuple(each for each in settings.purposes if each.portal in {None, name})
    return settings.model_copy(update={"portals": (settings.portal(name),), "purposes": purposes})


class Front:
    """Looks at the files now and then, and has the web part serve what they say."""

    def __init__(self, roster: Roster, settings: Settings, portals: Portals, web: WebPart) -> None:
        self._roster, self._portals, self._web = roster, portals, web
        self._first = self._served = self._tried = settings

    def look(self) -> None:
        """Follow the files. What cannot be served is logged once and tried again; the former goes on."""
        said = self._roster.settings()
        if said is not self._served:
            self._follow(said)
        self._web.tidy()

    def _follow(self, said: Settings) -> None:
        settings = said.model_copy(update={key: getattr(self._first, key) for key in ONCE})
        before = dict(self._portals.desks)
        try:
            self._portals.follow(settings)
            self._web.change(settings, self._portals.desks.values(), lent_of(settings))
        except ConfigurationError as error:
            if said is not self._tried:
                log.error("configuration_broken", where=error.where, problem=error.problem)
            self._tried = said
            return
        self._served = self._tried = said
        self._tell(said, before)

    def _tell(self, said: Settings, before: Mapping[str, Desk]) -> None:
        now = self._portals.desks
        log.info(
            "portals_changed",
            new=sorted(now.keys() - before.keys()),
            gone=sorted(before.keys() - now.keys()),
            changed=sorted(name for name in now.keys() & before.keys() if now[name] is not before[name]),
        )
        late = [key for key in ONCE if getattr(said, key) != getattr(self._first, key)]
        if said.web.listen != self._first.web.listen:
            late.append("web.listen")
        if late:
            log.warning("restart_needed", keys=late)
