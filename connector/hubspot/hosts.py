"""Where the token may be sent: HubSpot's own hosts over TLS, and this machine (CD 9, threat 10)."""

from typing import Final
from urllib.parse import urlsplit

from connector.errors import ConfigurationError

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
DOMAIN: Final = "hubapi.com"


def checked(base_url: str) -> str:
    """The base URL without a trailing slash. Raises ConfigurationError for any host but the allowed ones."""
    url = base_url.rstrip("/")
    if not _allowed(url):
        raise ConfigurationError(
            "The token may only be sent to HubSpot or to this machine.",
            where="portals.api",
            next_step="Use https://api.hubapi.com or another *.hubapi.com host (http only on loopback).",
        )
    return url


def is_loopback(base_url: str) -> bool:
    """Whether the host is this machine: there no proxy of the environment is used."""
    return _host(base_url) in LOOPBACK


def host_of(base_url: str) -> str:
    """Host and port, for messages."""
    return urlsplit(base_url).netloc


def _allowed(url: str) -> bool:
    try:
        parts = urlsplit(url)
        bare = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
        port = parts.port
    except ValueError:
        return False
    if not bare or any(character.isspace() or character == "\\" for character in url):
        return False
    if _host(url) in LOOPBACK:
        return parts.scheme in {"http", "https"}
    return parts.scheme == "https" and port in {None, 443} and _host(url).endswith(f".{DOMAIN}")


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()
