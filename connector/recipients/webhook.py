"""One signed POST to a recipient: https, no redirect, a time limit, confirmed by a 2xx.

The signature is over time, number and body, so that nobody can forge, change or replay a message; the format
is in docs/requests.md. The recipient's answer is never read: it could hold anything.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

import requests

from connector.clock import Clock
from connector.errors import ConfigurationError, Temporary
from connector.punctual import ANSWER_S, PunctualAdapter

CONNECT_S: Final = 5.0
READ_S: Final = 20.0
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
USER_AGENT: Final = "consent-mirror"
SIGNATURE: Final = "Consent-Mirror-Signature"
NUMBER: Final = "Consent-Mirror-Message"
#: A recipient who answers so wants a person to look: another try changes nothing.
NEVER: Final = frozenset({400, 401, 403, 404, 405, 410, 413, 415, 422})


class RecipientUnreachable(Temporary):
    """No answer, or one that says later."""

    code = "recipient_unreachable"


class RecipientRefused(ConfigurationError):
    """It refuses for good until a person changes something: address, secret, or the recipient's side."""

    code = "recipient_refused"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where and with which key. `secret` is asked for at each message: keys may rotate."""

    name: str
    url: str = field(repr=False)
    secret: Callable[[], str] = field(repr=False)
    clock: Clock

    def tell(self, number: str, body: bytes) -> None:
        """Hand one message over. Raises RecipientUnreachable or RecipientRefused."""
        if not is_allowed(self.url):
            raise self._refused("its address is not https")
        at = self.clock.now()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            NUMBER: number,
            SIGNATURE: f"t={at},v1={signature(self.secret(), at, number, body)}",
        }
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy and no .netrc between us and the configured host
                session.mount(self.url, PunctualAdapter(self.clock, ANSWER_S))
                with session.post(
                    self.url,
                    data=body,
                    headers=headers,
                    timeout=(CONNECT_S, READ_S),
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    status = answer.status_code
        except requests.exceptions.SSLError:
            raise self._refused("its certificate cannot be verified") from None
        except requests.RequestException as error:  # its text quotes the address
            raise self._unreachable(type(error).__name__) from None
        self._judge(status)

    def _judge(self, status: int) -> None:
        if 200 <= status < 300:
            return
        if 300 <= status < 400:
            raise self._refused("it answers with a redirect, which is not followed")
        if status in NEVER:
            raise self._refused(f"it answers {status}")
        raise self._unreachable(f"it answers {status}")

    def _refused(self, why: str) -> RecipientRefused:
        return RecipientRefused(
            f"The recipient {self.name} cannot be told: {why}.",
            where="recipients",
            next_step="Mend its url or secret with the recipient, then run `consent-mirror sync`.",
        )

    def _unreachable(self, why: str) -> RecipientUnreachable:
        return RecipientUnreachable(
            f"The recipient {self.name} did not confirm: {why}.",
            where="recipients",
            next_step="Nothing to do: it is told again by itself.",
        )


def signature(secret: str, at: int, number: str, body: bytes) -> str:
    """HMAC-SHA256, hexadecimal, over `<ms>.<number>.<body>`."""
    return hmac.new(secret.encode(), f"{at}.{number}.".encode() + body, sha256).hexdigest()


def is_allowed(url: str) -> bool:
    """https, or http to this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
