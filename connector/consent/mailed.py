"""Was this mail lawful when it left? A formula over what was known of that moment (CD 2, K6). Pure.

A mail is wrong *after a no* where a no stood when it left, and *not given* where nothing at all carried it. A
claim is neither: HubSpot shows a yes that nobody can prove, which the report tells under its own name.
"""

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import Final

from connector.consent.events import ALL_MARKETING, Event, EventType, State
from connector.consent.state import SIGMA_MS, Standing, standing
from mappings.purposes import Purpose


class Wrong(StrEnum):
    """What was wrong with a mail."""

    AFTER_NO = "after_no"
    NOT_GIVEN = "not_given"


NOES_STAND: Final = frozenset({State.WITHDRAWN, State.DENIED})
CARRIED: Final = frozenset({State.GRANTED, State.SOFT_OPTIN, State.CLAIMED})


def wrong(
    events: Iterable[Event],
    asked: Purpose | None,
    purposes: Sequence[Purpose],
    current: Collection[str],
    sent_at: int,
    sigma_ms: int = SIGMA_MS,
) -> tuple[str, Wrong] | None:
    """(purpose, what was wrong), None where nothing was. `asked` None: nobody tells what the mail was for.

    Without its purpose a mail is wrong only where it would be for every marketing purpose.
    """
    before = [event for event in events if _was(event, sent_at, sigma_ms)]
    if asked is not None:
        if not asked.marketing:
            return None
        found = _of(standing(before, asked, current, sent_at, sigma_ms))
        return None if found is None else (asked.key, found)
    marketing = [purpose for purpose in purposes if purpose.marketing]
    verdicts = {_of(standing(before, each, current, sent_at, sigma_ms)) for each in marketing}
    if not verdicts or None in verdicts:
        return None
    return (ALL_MARKETING, Wrong.AFTER_NO if Wrong.AFTER_NO in verdicts else Wrong.NOT_GIVEN)


def _was(event: Event, sent_at: int, sigma_ms: int) -> bool:
    """It had happened when the mail left: a no clearly before it, anything else by any chance before it.

    Two clocks may differ, and a mail takes a moment: what is too close to call is not held against anyone.
    """
    if event.type is EventType.ANNUL:
        return True  # a no that was never said is none for any mail
    if event.is_no:
        said = event.recorded_at if event.t_hi is None else min(event.t_hi, event.recorded_at)
        return said + sigma_ms <= sent_at
    return (event.recorded_at if event.t_lo is None else event.t_lo) - sigma_ms <= sent_at


def _of(found: Standing) -> Wrong | None:
    if found.state in NOES_STAND:
        return Wrong.AFTER_NO
    return None if found.state in CARRIED else Wrong.NOT_GIVEN
