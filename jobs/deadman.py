"""The dead-man switch: a ping after good work, so that somebody outside notices when none comes (RE 7).

The body is one word. https, no redirects, ten seconds; a failed ping is told in the log and fails nothing.
"""

import http.client
import ssl
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import structlog

from connector.errors import ConfigurationError
from connector.logs import remember_secret
from connector.settings import LOOPBACK, Settings, secret

TIMEOUT_S: Final = 10.0
READING: Final = frozenset({"pull", "sweep"})
KEY: Final = "health.ping_url_env"

log = structlog.get_logger()


@dataclass(slots=True)
class DeadMan:
    """Where to ping, and which portals were read well since the last ping: only all together count."""

    url: str
    portals: frozenset[str]
    tls: ssl.SSLContext | None = None
    _good: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def went_well(self, portal: str, job: str) -> None:
        """A job ended well. The ping leaves once every portal has been read."""
        if job not in READING:
            return
        with self._lock:
            self._good.add(portal)
            if self._good != self.portals:
                return
            self._good.clear()
        self._ping("", "ok")

    def went_wrong(self, portal: str, job: str) -> None:
        """The nightly report did not go out: told at once. Others are tried again; the ping stays away."""
        del portal
        if job == "report":
            self._ping("/fail", "report")

    def _ping(self, path: str, word: str) -> None:
        try:
            status = _post(self.url + path, word, self.tls)
        except (OSError, http.client.HTTPException) as error:
            log.warning("ping_failed", kind=type(error).__name__)
        else:
            log.log(20 if status < 300 else 30, "pinged", status=status)


def dead_man(settings: Settings, portals: Iterable[str]) -> DeadMan | None:
    """The switch, where one is configured. Raises ConfigurationError: no secret, no https."""
    said = settings.health
    url = secret(said.ping_url_env, said.ping_url_file, key=KEY)
    if url is None:
        return None
    remember_secret(url)  # whoever knows it can silence the switch
    parts = urlsplit(url)
    here = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or here):
        raise ConfigurationError(
            "The ping address is not https.", where=KEY, next_step="Use https (http only on this machine)."
        )
    return DeadMan(url.rstrip("/"), frozenset(portals))


def _post(url: str, word: str, tls: ssl.SSLContext | None) -> int:
    """One POST; http.client follows no redirect."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    made: http.client.HTTPConnection
    if parts.scheme == "https":
        context = tls or ssl.create_default_context()
        made = http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT_S, context=context)
    else:
        made = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        made.request("POST", path, body=word.encode(), headers={"user-agent": "consent-mirror"})
        return made.getresponse().status
    finally:
        made.close()
