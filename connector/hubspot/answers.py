"""What came back over the wire, before anybody knows what it means."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

from connector.hubspot.pace import Limits

CORRELATION: Final = "X-HubSpot-Correlation-Id"
LIMIT: Final = "X-HubSpot-RateLimit-"
WORD: Final = re.compile(r"[A-Z][A-Z0-9_]{0,79}")
SCOPE: Final = re.compile(r"[a-z][a-z0-9._-]{2,99}")
IDENTIFIER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
SCOPE_KEYS: Final = ("requiredGranularScopes", "requiredScopes", "scopes")


class Problem(msgspec.Struct, rename="camel"):
    """An error body: every field is optional in practice (HA 4); `message` is never read."""

    category: Any = None
    error_type: Any = None
    policy_name: Any = None
    context: Any = None
    errors: Any = None


PROBLEM: Final = msgspec.json.Decoder(Problem)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of whoever answered. `headers` compare without regard to case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False, default=b"")

    @property
    def ok(self) -> bool:
        """2xx; 207 too: what failed inside is the reader's to find (HQ 34)."""
        return 200 <= self.status < 300

    @property
    def correlation(self) -> str | None:
        """HubSpot's name for this exchange, for the log."""
        value = self.headers.get(CORRELATION, "")
        return value if IDENTIFIER.fullmatch(value) else None

    @property
    def retry_after(self) -> float | None:
        """`Retry-After` as seconds, never milliseconds (HQ 40); None when absent or not a number."""
        value = self.headers.get("Retry-After", "").strip()
        return float(value) if re.fullmatch(r"\d{1,9}(\.\d+)?", value) else None

    @property
    def problem(self) -> Problem | None:
        """The error body; None when it is not JSON of HubSpot's shape."""
        try:
            return PROBLEM.decode(self.body)
        except msgspec.MsgspecError:
            return None

    @property
    def from_hubspot(self) -> bool:
        """Whether HubSpot itself says so, not a proxy or a captive portal on the way.

        Only then is a 404 the fact that something is gone (HA 4).
        """
        return self.correlation is not None or self.problem is not None


def limits(headers: Mapping[str, str]) -> Limits | None:
    """The rate-limit headers (HA 3); None where there are none, as on search."""
    found = Limits(
        window_ms=_count(headers, "Interval-Milliseconds"),
        window_max=_count(headers, "Max"),
        window_remaining=_count(headers, "Remaining"),
        daily=_count(headers, "Daily"),
        daily_remaining=_count(headers, "Daily-Remaining"),
    )
    return None if found == Limits() else found


def category(problem: Problem | None) -> str:
    """HubSpot's word for what is wrong; "" when there is none. Never free text."""
    if problem is None:
        return ""
    codes = (_mapping(error).get("code") for error in _sequence(problem.errors))
    return next((word for word in map(word_of, (*codes, problem.category, problem.error_type)) if word), "")


def policy(problem: Problem | None) -> str | None:
    """Which limit was hit: `policyName` of a 429 (HA 3)."""
    return (word_of(problem.policy_name) or None) if problem else None


def is_rate_limit(problem: Problem | None) -> bool:
    """Whether the body speaks of a rate limit: then nothing was applied."""
    if problem is None:
        return False
    words = {word_of(problem.category), word_of(problem.error_type)}
    return bool(words & {"RATE_LIMIT", "RATE_LIMITS"}) or policy(problem) is not None


def scopes(problem: Problem | None) -> tuple[str, ...]:
    """The scopes that a 403 names (HA 4), in order, each once."""
    if problem is None:
        return ()
    contexts = [problem.context, *(_mapping(error).get("context") for error in _sequence(problem.errors))]
    return tuple(dict.fromkeys(name for context in contexts for name in _scopes_in(_mapping(context))))


def word_of(value: object) -> str:
    """A word of HubSpot's (capitals, digits, underscores); "" for anything else, so that no text leaks."""
    return value if isinstance(value, str) and WORD.fullmatch(value) else ""


def _scopes_in(context: Mapping[str, Any]) -> Iterator[str]:
    for key in SCOPE_KEYS:
        for name in _sequence(context.get(key)):
            if isinstance(name, str) and SCOPE.fullmatch(name):
                yield name


def _count(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(LIMIT + name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None


def _sequence(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def answered_at(headers: Mapping[str, str]) -> int | None:
    """HubSpot's own time of an answer (the `Date` header), in ms UTC; None where it gives none."""
    try:
        return int(parsedate_to_datetime(headers.get("Date", "")).timestamp() * 1000)
    except ValueError:
        return None
