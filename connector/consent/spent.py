"""The proof of a consent that a no has ended: what of it may be destroyed while the person stays. Pure.

Consent-domain 7: proof is kept for a while after a withdrawal, then shredded. Only what the standing no ended
counts: a consent that ran out or whose wording was found invalid has no no above it, and without its proof
the same form could be read as a new consent.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from connector.consent.events import Event, EventType, State
from connector.consent.state import SIGMA_MS, standing
from mappings.purposes import Purpose

#: What proves a yes. A claim is HubSpot's word, and a no is never touched.
PROOFS: Final = frozenset({EventType.REQUEST, EventType.GRANT, EventType.CONFIRM, EventType.SOFT_OPTIN})
ENDED: Final = frozenset({State.WITHDRAWN, State.DENIED})


@dataclass(frozen=True, slots=True)
class Spent:
    """The yeses to one purpose that the last no ended, and when that was (ms UTC)."""

    ended: int
    proofs: tuple[Event, ...]


def spent(
    events: Sequence[Event],
    purpose: Purpose,
    current: Collection[str],
    now: int,
    sigma_ms: int = SIGMA_MS,
) -> Spent | None:
    """None: no consent has ended, or the answer of the formula would not be the same without its proof."""
    before = standing(events, purpose, current, now, sigma_ms)
    if before.state not in ENDED or before.last_no is None:
        return None
    ended = before.last_no
    proofs = tuple(each for each in events if _is_proof(each, purpose) and _latest(each) <= ended)
    if not proofs:
        return None
    gone = {each.id for each in proofs}
    after = standing([each for each in events if each.id not in gone], purpose, current, now, sigma_ms)
    same = (after.state, after.last_no, after.wide_no) == (before.state, before.last_no, before.wide_no)
    return Spent(ended, proofs) if same else None


def _is_proof(event: Event, purpose: Purpose) -> bool:
    return event.type in PROOFS and event.purpose == purpose.key


def _latest(event: Event) -> int:
    """When the person can have acted at the latest; not known: when we heard of it."""
    return event.recorded_at if event.t_hi is None else min(event.t_hi, event.recorded_at)
