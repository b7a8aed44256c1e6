"""How far HubSpot's clock and ours were ever apart, as far as `sigma` does not cover it (acts/clocks.py)."""

from typing import Final

from connector.acts.desk import Desk
from connector.consent.state import SIGMA_LIMIT_MS
from connector.store.work import Work

DOUBT: Final = "clock_doubt_ms"
#: In such steps: each makes every consent over a no be weighed again.
STEP_MS: Final = 300_000
LARGEST_MS: Final = SIGMA_LIMIT_MS


def needed_ms(skew_ms: int | None, sigma_ms: int) -> int:
    """What has to be added to sigma; 0 where sigma covers the difference, or none was ever measured."""
    difference = abs(skew_ms or 0)
    return 0 if difference <= sigma_ms else -(-difference // STEP_MS) * STEP_MS


def doubt_of(work: Work) -> int:
    """What is added to sigma in this mirror, ms."""
    return int(work.meta.get(DOUBT) or 0)


def sigma_of(desk: Desk, work: Work) -> int:
    """By how much a yes has to be later than a no, ms: at most an hour."""
    return min(desk.sigma_ms + doubt_of(work), LARGEST_MS)


def clocks_agree(desk: Desk, work: Work) -> bool:
    """The difference that HubSpot's last answer showed is covered, so that a later no can be told."""
    return desk.sigma_ms + needed_ms(desk.hubspot.clock_skew_ms(), desk.sigma_ms) <= sigma_of(desk, work)
