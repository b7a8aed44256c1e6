"""What HubSpot's pull journal tells us (HA 13.3): which record to look at again, and nothing else."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEvent:
    """One event. `action` is kept as HubSpot spells it; `others`: further records of a merge."""

    portal: int
    object_type: str
    action: str
    object_id: int
    others: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPage:
    """One file. `offset` names it; `torn`: it, or a part of it, could not be read and may have told more."""

    offset: str
    events: tuple[JournalEvent, ...]
    torn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSubscription:
    """What the app's journal tells of one portal. Words as HubSpot spells them."""

    kind: str
    portal: int
    object_type: str
    actions: frozenset[str]


class JournalGap(Exception):
    """HubSpot does not know the offset (any more): what came after it may be lost."""
