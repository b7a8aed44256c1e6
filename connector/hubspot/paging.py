"""Following HubSpot's page cursors, and stopping when one leads nowhere (design 6)."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from connector.errors import HubSpotUnreachable
from connector.hubspot.complaints import where
from connector.hubspot.families import Route

Page = TypeVar("Page")


def pages(route: Route, read: Callable[[str | None], tuple[Page, str | None]]) -> Iterator[Page]:
    """Every page, one after the other. HubSpotUnreachable when a cursor comes back that was used before."""
    seen: set[str | None] = set()
    after: str | None = None
    while True:
        seen.add(after)
        page, after = read(after)
        yield page
        if after is None:
            return
        if after in seen:
            raise unmoved(where(route))


def unmoved(place: str) -> HubSpotUnreachable:
    """The error for a cursor that does not move: going on would never end."""
    return HubSpotUnreachable(
        "HubSpot's page cursor does not move.",
        where=place,
        next_step="Nothing to do: the next run starts from the last page that was read. "
        "Tell HubSpot's support if it stays.",
    )
