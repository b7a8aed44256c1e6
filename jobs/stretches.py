"""The contact list in several stretches of ids, read side by side.

Each page names the next one, so that one list alone asks for four pages a second where HubSpot takes a
quarter of a second to answer: a fifth of what its limit allows. A stretch begins at an id that was guessed
and ends where the next one was *seen* to begin. So nobody is left out, whatever HubSpot makes of the guess
(HA 5: `paging.next.after` is the next id).
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from connector.acts.ports import HubSpot
from connector.errors import RequestRejected
from connector.hubspot.feeds import all_contacts
from mappings.records import Contact, ContactPage

SMALL = 5_000  # contacts; below, finding the end of the list costs more than it saves
HALVINGS = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where to go on, and the first id that belongs to the next stretch (None: to the end)."""

    after: str | None = None
    until: int | None = None


WHOLE = (Stretch(),)


class _NotTaken(Exception):
    """A cursor that names an id does not lead there."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One page of one stretch, and what is left of the stretch after it; None at its end."""

    number: int
    page: ContactPage
    left: Stretch | None

    @property
    def contacts(self) -> Sequence[Contact]:
        """The contacts of the page that belong to the stretch."""
        return self.page.contacts


def split(portal: HubSpot, count: int, total: int | None) -> tuple[Stretch, ...]:
    """Up to `count` stretches; one where the register is small or HubSpot does not take a guess."""
    if total is None or total < SMALL or count < 2:
        return WHOLE
    try:
        starts = list(_starts(portal, count))
    except (RequestRejected, _NotTaken):
        return WHOLE
    ends: list[int | None] = [*(first for _, first in starts), None]
    cursors: list[str | None] = [None, *(str(guess) for guess, _ in starts)]
    return tuple(Stretch(after, until) for after, until in zip(cursors, ends, strict=True))


def pieces(portal: HubSpot, stretches: Sequence[Stretch]) -> Iterator[Piece]:
    """Pages of all stretches as they come; those of one stretch in order."""
    with ThreadPoolExecutor(len(stretches) or 1, thread_name_prefix="stretch") as pool:
        lists = [_pages(portal, number, each) for number, each in enumerate(stretches)]
        asked: dict[Future[Piece | None], int] = {
            pool.submit(next, each, None): number for number, each in enumerate(lists)
        }
        while asked:
            done, _ = wait(asked, return_when=FIRST_COMPLETED)
            for future in done:
                number = asked.pop(future)
                piece = future.result()
                if piece is not None:
                    asked[pool.submit(next, lists[number], None)] = number
                    yield piece


def _pages(portal: HubSpot, number: int, stretch: Stretch) -> Iterator[Piece]:
    for page in all_contacts(portal, stretch.after):
        ours = page.contacts
        if stretch.until is not None:
            ours = tuple(contact for contact in ours if contact.id < stretch.until)
        ended = page.after is None or len(ours) < len(page.contacts)
        left = None if ended else Stretch(page.after, stretch.until)
        yield Piece(number, replace(page, contacts=ours), left)
        if ended:
            return


def _starts(portal: HubSpot, count: int) -> Iterator[tuple[int, int]]:
    """(guess, first id seen from there on), ascending, where there is somebody."""
    low = _last_id(portal.contacts_page(None))
    high = _beyond(portal, low)
    before = low
    for number in range(1, count):
        guess = low + (high - low) * number // count
        page = _from(portal, guess)
        if page.contacts and page.contacts[0].id > before:
            before = page.contacts[0].id
            yield guess, before


def _beyond(portal: HubSpot, low: int) -> int:
    """An id not far after the last one: doubled until nobody is there, then halved towards the end."""
    high = 2 * low + 1
    while (page := _from(portal, high)).contacts:
        low, high = _last_id(page), 2 * _last_id(page) + 1
    for _ in range(HALVINGS):
        middle = (low + high) // 2
        page = _from(portal, middle)
        low, high = (_last_id(page), high) if page.contacts else (low, middle)
    return high


def _from(portal: HubSpot, guess: int) -> ContactPage:
    page = portal.contacts_page(str(guess))
    if page.contacts and page.contacts[0].id < guess:
        raise _NotTaken
    return page


def _last_id(page: ContactPage) -> int:
    return page.contacts[-1].id if page.contacts else 0
