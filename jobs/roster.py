"""The portals of a fleet as their files say now: a new, changed or removed one is seen without a restart."""

import threading
from pathlib import Path

import structlog

from connector.errors import ConfigurationError
from connector.settings import Settings, load_sound

log = structlog.get_logger()

Signature = tuple[tuple[str, int, int], ...]


def sound(path: Path) -> Settings:
    """The settings without the portals whose files are broken, which are logged: the others are served."""
    settings, broken = load_sound(path)
    _tell(broken)
    return settings


def _tell(broken: tuple[ConfigurationError, ...]) -> None:
    for each in broken:
        log.error("portal_file_broken", where=each.where, problem=each.problem)


class Roster:
    """The settings, read again when a file changed; while the main file is broken the last ones hold."""

    def __init__(self, path: Path) -> None:
        self._path = path
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
            self._settings, self.broken = load_sound(self._path)
        except ConfigurationError as error:
            log.error("configuration_broken", where=error.where, problem=error.problem)
            return
        _tell(self.broken)

    def _signature(self) -> Signature:
        folder = self._settings.fleet.portals
        files = [self._path, *(sorted(folder.glob("*.toml")) if folder else ())]
        return tuple(_stamp(path) for path in files)


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return path.name, 0, 0
    return path.name, found.st_mtime_ns, found.st_size
