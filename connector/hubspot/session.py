"""Sending one request: the official client's builder, our own pooled session (HA 16, decision).

The builder's quirks that matter here: it joins the path unescaped (families.py escapes), it writes `None` in
a query as "None", it changes the options it is given, and its own `send` has no session, no time-out, prints
what fails, and turns an unknown method into GET. So only its URL, headers and body are used.

What the builder made goes to the session's adapter as it is. A session of `requests` would prepare it once
more (cookies, netrc, hooks: a third of a call's CPU), and a sweep makes three calls for a hundred contacts.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
import urllib3
from hubspot.utils.requests.http_request_builder import Request
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies

from connector.clock import Clock
from connector.hubspot.answers import Answer
from connector.hubspot.families import Route
from connector.hubspot.hosts import is_loopback
from connector.punctual import ANSWER_S, PunctualAdapter

CONNECT_S: Final = 5.0
READ_S: Final = 30.0
LARGEST_ANSWER: Final = 32 * 1024 * 1024
CHUNK: Final = 64 * 1024
USER_AGENT: Final = "consent-mirror"
PACKED: Final = {"Accept-Encoding": "gzip, deflate"}


class NotSent(Exception):
    """The request never left: it may be repeated, whatever it was. The argument names why, in a word."""


class Untrusted(NotSent):
    """The certificate of the other side could not be verified: repeating cannot help."""


class Lost(Exception):
    """The request may have arrived, but no whole answer came back. The argument names why, in a word."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request as it will be sent; it holds addresses, so it never prints itself."""

    route: Route
    query: Mapping[str, Any] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


class Session:
    """A pool of connections to one host, for several threads. Follows no redirect, keeps no cookie."""

    def __init__(self, base_url: str, *, clock: Clock, pool_size: int) -> None:
        self._base_url = base_url
        self._clock = clock
        self._session = pooled(base_url, pool_size, clock)

    def send(self, outgoing: Outgoing, token: str) -> Answer:
        """One exchange. Raises NotSent or Lost, without what requests says: it quotes URLs."""
        try:
            with self._open(outgoing, token) as response:
                return Answer(response.status_code, response.headers, whole_body(response, self._clock))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise named(error) from None

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _open(self, outgoing: Outgoing, token: str) -> requests.Response:
        built = _built(self._base_url, outgoing, token)
        return self._session.get_adapter(self._base_url).send(
            _prepared(built.get_method(), built.get_url(), built.headers, outgoing.body),
            stream=True,
            timeout=(CONNECT_S, READ_S),
            verify=self._session.verify or True,
            proxies=self._session.proxies,
        )


def _prepared(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> requests.PreparedRequest:
    prepared = requests.PreparedRequest()
    prepared.method, prepared.url, prepared.body = method, url, body
    prepared.headers = CaseInsensitiveDict({**PACKED, **headers})
    if body is not None or method != "GET":
        prepared.headers["Content-Length"] = str(len(body or b""))
    return prepared


def whole_body(response: requests.Response, clock: Clock, largest: int = LARGEST_ANSWER) -> bytes:
    """The whole body, unpacked. `read1` returns what has come: a slow drip meets the deadline; Lost then."""
    until = clock.monotonic() + ANSWER_S
    body = bytearray()
    while chunk := response.raw.read1(CHUNK, decode_content=True):
        body += chunk
        if len(body) > largest:
            raise Lost("answer_too_large")
        if clock.monotonic() > until:
            raise Lost("answer_too_slow")
    return bytes(body)


def pooled(base_url: str, pool_size: int, clock: Clock) -> requests.Session:
    """Connections that read no ~/.netrc, keep no cookie and repeat nothing by themselves."""
    session = requests.Session()
    session.trust_env = False  # else ~/.netrc would replace the Authorization header
    session.proxies = {} if is_loopback(base_url) else get_environ_proxies(base_url)
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True  # a company's own CA, never "no check"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = PunctualAdapter(clock, ANSWER_S, pool_connections=1, pool_maxsize=pool_size, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _built(base_url: str, outgoing: Outgoing, token: str) -> Any:
    options: dict[str, Any] = {
        "method": outgoing.route.method,
        "path": outgoing.route.path,
        "qs": {name: value for name, value in outgoing.query.items() if value is not None},
    }
    if outgoing.body is not None:
        options["body"] = outgoing.body
    return Request({"base_url": base_url, "access_token": token, "user_agent": USER_AGENT}, options)


def named(error: Exception) -> NotSent | Lost:
    """What a library's error means; without its text, which quotes URLs."""
    if _certificate(error):
        return Untrusted("certificate")
    if isinstance(error, requests.ConnectTimeout):
        return NotSent("connect_timeout")
    if isinstance(error, requests.exceptions.ProxyError):
        return NotSent("proxy")
    if _never_connected(error):
        return NotSent("connect")
    timed_out = isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError)
    return Lost("read_timeout" if timed_out else "connection_lost")


def _never_connected(error: Exception) -> bool:
    """requests wraps urllib3's reason; only these two mean that no connection was ever made."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError)


def _certificate(error: Exception) -> bool:
    return isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error)
