"""Is what we read in HubSpot what we wrote ourselves? An echo is never evidence (consent-domain 0.8)."""

from dataclasses import dataclass
from typing import Final

from mappings.sources import SourceKind
from mappings.words import Status

#: HubSpot stamps a write with its own clock: it may differ from ours by this much.
CLOCKS_MS: Final = 2_000


@dataclass(frozen=True, slots=True)
class OwnWrite:
    """A write of ours: its target, when it was sent, and when its answer came. Milliseconds UTC."""

    status: Status
    sent_at: int
    answered_at: int


def is_echo(
    status: Status | str | None,
    at: int | None,
    source: SourceKind,
    writes: tuple[OwnWrite, ...],
    clocks_ms: int = CLOCKS_MS,
) -> bool:
    """Our status, our source (the API), and HubSpot's own time inside one of our writes' windows.

    `writes` are those to the same address and subscription type. An undated read, as a property is,
    establishes no echo (design 4.4).
    """
    if at is None or source is not SourceKind.API:
        return False
    return any(
        write.status == status and write.sent_at - clocks_ms <= at <= write.answered_at + clocks_ms
        for write in writes
    )
