"""When a machine stops and a person looks (design 1.2, `[breaker]`; consent-domain 9, threats 5 and 6).

Counts in, an answer out. Only what destroys or subscribes is counted: an UNSUBSCRIBED never is, no breaker
may ever hold one (threat 7).
"""

from dataclasses import dataclass
from typing import Final

#: Erasures and subscribes are counted over this time, rolling.
WINDOW_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The configured limits. `share` and `vanished` are parts of 1.

    `vanished` is the share of one read that may turn empty, not specified or missing; up to `erasures` of
    them are always believed, or one deleted contact in a small read would stop everything.
    """

    erasures: int = 3
    subscribes: int = 20
    vanished: float = 0.05
    share: float = 0.01


def erasures_allowed(limits: Limits, *, register: int, in_window: int, wanted: int = 1) -> bool:
    """May `wanted` more people be erased, `in_window` erased in the last 24 h, `register` people in all?"""
    return in_window + wanted <= _most(limits.erasures, limits.share, register)


def subscribes_allowed(limits: Limits, *, register: int, in_window: int, wanted: int = 1) -> bool:
    """May `wanted` more SUBSCRIBED be written, after `in_window` in the last 24 h?"""
    return in_window + wanted <= _most(limits.subscribes, limits.share, register)


def read_is_plausible(limits: Limits, *, read: int, vanished: int) -> bool:
    """Is one read to be believed, in which `vanished` of `read` known people turned empty or missing?

    Where not, erasures and subscribes are both suspended: rather a broken source than a thousand decisions.
    """
    return vanished <= _most(limits.erasures, limits.vanished, read)


def _most(count: int, share: float, of: int) -> float:
    return max(float(count), share * of)
