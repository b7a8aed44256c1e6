"""Where the bearer token comes from: read once, and again after HubSpot refused it (HA 2)."""

import threading
from collections.abc import Callable

from connector.errors import ConfigurationError
from connector.logs import remember_secret


class TokenSource:
    """A token that may be rotated under us.

    `read` fetches it from where it is kept (a variable, a file) and may raise ConfigurationError.
    Every value seen is made known to the logs, which replace it wherever it turns up.
    """

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._token: str | None = None

    def current(self) -> str:
        """The token in use; read at the first call."""
        with self._lock:
            if self._token is None:
                self._token = self._fresh()
            return self._token

    def renewed(self, refused: str) -> str | None:
        """The token that replaced a refused one, None when the source still holds the refused one."""
        with self._lock:
            if self._token == refused:
                self._token = self._fresh()
            return self._token if self._token != refused else None

    def _fresh(self) -> str:
        token = self._read()
        if not token.isascii() or not token.isprintable() or " " in token or not token:
            raise ConfigurationError(
                "The token is not one line of printable characters.",
                where="portals.token_env or token_file",
                next_step="Copy it from HubSpot again, without spaces or line breaks.",
            )
        remember_secret(token)
        return token
