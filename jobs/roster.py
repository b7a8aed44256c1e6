"""The portals of a fleet as their files say now: a new, changed or removed one is seen without a restart."""

import threading
from pathlib import Path

import structlog

from connector.errors import ConfigurationError
from connector.settings import Settings, load_sound

log = structlog.get_logger()

Signature = tuple[tuple[str, int, int], ...]


def _tell(broken: tuple[ConfigurationError, ...]) -> None:
    for each in broken:
        log.error("portal_file_broken", where=each.where, problem=each.problem)


class Roster:
    """The settings, read again when a file changed; while the main file is broken the last ones hold.

    `hold`: while a portal's file is broken no portal is let go, for it may be the one: people's noes go on
    being taken at its door. Without it, a portal whose file is broken is left out.
    """

    def __init__(self, path: Path, *, hold: bool = False) -> None:
        self._path, self._hold = path, hold
        self._lock = threading.Lock()
        self._seen: Signature = ()
        self._settings, self.broken = load_sound(path)

    def settings(self) -> Settings:
        """As the files say now."""
        with self._lock:
            seen = self._signature()
            if seen != self._seen:
                self._seen = seen
                self._read()
            return self._settings

    def _read(self) -> None:
        try:
            said, self.broken = load_sound(self._path)
        except ConfigurationError as error:
            log.error("configuration_broken", where=error.where, problem=error.problem)
            return
        self._settings = _held(self._settings, said) if self._hold and self.broken else said
        _tell(self.broken)

    def _signature(self) -> Signature:
        folder = self._settings.fleet.portals
        files = [self._path, *(sorted(folder.glob("*.toml")) if folder else ())]
        return tuple(_stamp(path) for path in files)


def _held(before: Settings, said: Settings) -> Settings:
    """What the files say, and the portals that they said before and do not say now."""
    names, numbers = {each.name for each in said.portals}, {each.portal_id for each in said.portals}
    kept = [each for each in before.portals if each.name not in names and each.portal_id not in numbers]
    theirs = {each.name for each in kept}
    own = [each for each in before.purposes if each.portal in theirs]
    return said.model_copy(update={"portals": (*said.portals, *kept), "purposes": (*said.purposes, *own)})


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return path.name, 0, 0
    return path.name, found.st_mtime_ns, found.st_size
