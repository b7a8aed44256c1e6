"""What an answer means for the call: the table of HA 4 and HQ 40-44, as a pure function."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connector.hubspot.answers import Answer, is_rate_limit, policy

WINDOW_S: Final = 10.0  # HubSpot's burst window (HA 3)
LONGEST_WAIT_S: Final = 60.0  # a larger Retry-After on a 429 is somebody's milliseconds (HQ 40)
LOCKED_S: Final = 2.0  # 423: at least two seconds (HA 4)
MIGRATION_S: Final = 3_600.0  # 477 without Retry-After
LONGEST_MIGRATION_S: Final = 86_400.0  # HA 4: up to about 24 hours

#: The edge in front of HubSpot rejects these itself, with a body of its own; repeating cannot help.
REJECTED_BY_THE_EDGE: Final = frozenset({400, 413, 414, 431})


class Ending(StrEnum):
    """How a call ended."""

    DONE = "done"
    MISSING = "missing"  # 404 of HubSpot's own: a fact, not a fault
    NOT_APPLIED = "not_applied"  # certainly nothing happened: anything may be repeated
    UNKNOWN = "unknown"  # may have happened: reads are repeated, writes are read back
    TOKEN = "token"  # noqa: S105 - the name of an ending: token or host wrong
    FORBIDDEN = "forbidden"
    REJECTED = "rejected"
    SUSPENDED = "suspended"  # nothing for longer than a retry may wait
    ELSEWHERE = "elsewhere"  # a redirect: never followed with the token


@dataclass(frozen=True, slots=True)
class Verdict:
    """An ending, and how long HubSpot wants us to wait (None: our own back-off; with DAILY: midnight)."""

    ending: Ending
    wait_s: float | None = None


def judge(answer: Answer) -> Verdict:
    """HA 4: key on the status, then on `policyName`; never on `message`."""
    if answer.ok:
        return Verdict(Ending.DONE)
    if answer.status in WAITING:
        return WAITING[answer.status](answer)
    return Verdict(_ending(answer))


def _ending(answer: Answer) -> Ending:
    status = answer.status
    if status in {401, 530}:  # 530: a token of the wrong shape (HQ 44)
        return Ending.TOKEN
    if status in REJECTED_BY_THE_EDGE:
        return Ending.REJECTED
    if 300 <= status < 400:
        return Ending.ELSEWHERE
    if status == 408 or status >= 500 or not answer.from_hubspot:
        return Ending.UNKNOWN
    return {403: Ending.FORBIDDEN, 404: Ending.MISSING}.get(status, Ending.REJECTED)


def _too_many(answer: Answer) -> Verdict:
    name = policy(answer.problem)
    if name == "DAILY":
        return Verdict(Ending.SUSPENDED)
    window = 1.0 if name == "SECONDLY" else WINDOW_S
    return Verdict(Ending.NOT_APPLIED, _capped(answer, window))


def _unavailable(answer: Answer) -> Verdict:
    if is_rate_limit(answer.problem):
        return Verdict(Ending.NOT_APPLIED, _capped(answer, WINDOW_S))
    return Verdict(Ending.UNKNOWN, None if answer.retry_after is None else _capped(answer, WINDOW_S))


def _locked(answer: Answer) -> Verdict:
    return Verdict(Ending.NOT_APPLIED, max(LOCKED_S, _capped(answer, LOCKED_S)))


def _migrating(answer: Answer) -> Verdict:
    wait = MIGRATION_S if answer.retry_after is None else answer.retry_after
    return Verdict(Ending.SUSPENDED, min(wait, LONGEST_MIGRATION_S))


def _capped(answer: Answer, default: float) -> float:
    return default if answer.retry_after is None else min(answer.retry_after, LONGEST_WAIT_S)


WAITING: Final = {423: _locked, 429: _too_many, 477: _migrating, 503: _unavailable}
