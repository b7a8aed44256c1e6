"""The contact list in several stretches of ids, read side by side and split where work is left.

Each page names the next one, so that one list alone asks for four pages a second where HubSpot takes a
quarter of a second to answer: a fifth of what its limit allows. So while one stretch is read, a guess is made
at an id in the middle of the largest part that is left; the page that HubSpot answers is the first of a new
stretch, and the old one ends where the new one was *seen* to begin. Nobody is left out by that, whatever
HubSpot makes of a guess (HA 5: `paging.next.after` is the next id), and no call is lost: the guess is read as
a page. Where HubSpot refuses guesses or answers them with earlier ids, the list is read with one cursor.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from typing import Final

from connector.acts.ports import HubSpot
from connector.clock import Clock
from connector.errors import RequestRejected
from connector.hubspot.feeds import all_contacts
from mappings.records import Contact, ContactPage

PAGE: Final = 100
SMALL: Final = 5_000  # contacts; below, one stretch is quick enough
#: Calls a second that HubSpot's largest limit comes to (250 in 10 s with the add-on, HA 3).
CALLS_PER_S: Final = 25
MOST: Final = 16  # stretches at once
WORTH_IT: Final = 4  # pages that a part must hold to be split


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where to go on, and the first id that belongs to the next stretch (None: to the end)."""

    after: str | None = None
    until: int | None = None


WHOLE: Final = (Stretch(),)


@dataclass(frozen=True, slots=True)
class Piece:
    """One page of one stretch. `left`: what is to be read once this page and all before it are written.

    The page holds everybody with an id above `low` up to `high` (None: to the end of the list).
    """

    page: ContactPage
    left: tuple[Stretch, ...]
    low: int
    high: int | None

    @property
    def contacts(self) -> Sequence[Contact]:
        """The contacts of the page that belong to the stretch."""
        return self.page.contacts


@dataclass(frozen=True, slots=True)
class Reach:
    """How far to go: `share` of the calls are pages of the list, of which there are `total()` contacts (None:
    nobody knows yet, one stretch)."""

    total: Callable[[], int | None]
    clock: Clock
    share: float = 1.0

    def side_by_side(self, latency_s: float) -> int:
        """Stretches that together keep as many calls on their way as HubSpot's limit allows."""
        total = self.total()
        if total is None or total < SMALL:
            return 1
        return min(MOST, 1 + ceil(CALLS_PER_S * latency_s * self.share))


def pieces(portal: HubSpot, stretches: Sequence[Stretch], reach: Reach) -> Iterator[Piece]:
    """Pages of all stretches as they come; those of one stretch in order."""
    with ThreadPoolExecutor(MOST, thread_name_prefix="stretch") as pool:
        yield from _Reading(portal, reach, pool).run(stretches)


class _Track:
    """One stretch while it is read. Ids up to `last` are read; from `none_from` on nobody is expected."""

    __slots__ = ("after", "last", "none_from", "pages", "until")

    def __init__(
        self,
        pages: Iterator[ContactPage],
        after: str | None,
        until: int | None,
        last: int,
        none_from: int | None,
    ) -> None:
        self.pages = pages
        self.after = after
        self.until = until
        self.last = last
        self.none_from = none_from

    @property
    def stretch(self) -> Stretch:
        return Stretch(self.after, self.until)


class _Reading:
    """All stretches of one reading, and the calls on their way."""

    def __init__(self, portal: HubSpot, reach: Reach, pool: ThreadPoolExecutor) -> None:
        self._portal = portal
        self._reach = reach
        self._pool = pool
        self._tracks: list[_Track] = []
        self._asked: dict[Future[ContactPage | None], _Track] = {}
        self._guesses: dict[Future[ContactPage | None], int] = {}
        self._read = 0
        self._ids_each = 0.0  # between one contact and the next, as seen last
        self._latency_s: float | None = None
        self._splits = True

    def run(self, stretches: Sequence[Stretch]) -> Iterator[Piece]:
        started = self._reach.clock.monotonic()
        for each in stretches:
            last = int(each.after) - 1 if each.after and each.after.isdigit() else 0
            pages = all_contacts(self._portal, each.after)
            self._start(_Track(pages, each.after, each.until, last, None))
        while self._asked or self._guesses:
            done, _ = wait([*self._asked, *self._guesses], return_when=FIRST_COMPLETED)
            if self._latency_s is None:
                self._latency_s = self._reach.clock.monotonic() - started
            for future in done:
                piece = self._came(future)
                self._guess()
                if piece is not None:
                    yield piece

    def _came(self, future: Future[ContactPage | None]) -> Piece | None:
        track = self._asked.pop(future, None)
        if track is None:
            return self._guessed(self._guesses.pop(future), future)
        page = future.result()
        if page is None:
            self._tracks.remove(track)
            return None
        return self._taken(track, page)

    def _start(self, track: _Track) -> None:
        self._tracks.append(track)
        self._next(track)

    def _next(self, track: _Track) -> None:
        self._asked[self._pool.submit(next, track.pages, None)] = track

    def _taken(self, track: _Track, page: ContactPage) -> Piece:
        """The part of a page that belongs to its stretch."""
        ours = page.contacts
        if track.until is not None:
            ours = tuple(contact for contact in ours if contact.id < track.until)
        ended = page.after is None or len(ours) < len(page.contacts)
        low = track.last
        if ended:
            self._tracks.remove(track)
            high = None if track.until is None else track.until - 1
        else:
            high = ours[-1].id if ours else low
            track.last, track.after = high, page.after
            self._next(track)
        self._read += len(ours)
        if len(ours) > 1:
            self._ids_each = (ours[-1].id - ours[0].id) / (len(ours) - 1)
        return Piece(replace(page, contacts=ours), tuple(each.stretch for each in self._tracks), low, high)

    def _guess(self) -> None:
        """Ask in the middle of the largest parts, as long as more calls can be on their way."""
        if not self._splits or self._latency_s is None or not self._ids_each:
            return
        wanted = self._reach.side_by_side(self._latency_s)
        while len(self._tracks) + len(self._guesses) < wanted:
            width, guess = max(self._parts(), default=(0.0, 0))
            if width < WORTH_IT * PAGE * self._ids_each:
                return
            self._guesses[self._pool.submit(self._portal.contacts_page, str(guess))] = guess

    def _parts(self) -> Iterator[tuple[float, int]]:
        """(width, middle) of what is left between the places where somebody reads or asks."""
        for track in self._tracks:
            end = self._end(track)
            inside = [guess for guess in self._guesses.values() if track.last < guess < end]
            places = [track.last, *sorted(inside), end]
            for low, high in pairwise(places):
                yield high - low, (low + high) // 2

    def _end(self, track: _Track) -> int:
        """Where a stretch ends, as far as anybody can tell."""
        known = [each for each in (track.until, track.none_from) if each is not None]
        if known:
            return min(known)
        left = max(0, (self._reach.total() or 0) - self._read)
        return track.last + int(left * self._ids_each) + 1

    def _guessed(self, guess: int, future: Future[ContactPage | None]) -> Piece | None:
        """A new stretch begins where HubSpot showed somebody, if nobody has read as far by now."""
        try:
            page = future.result()
        except RequestRejected:
            self._splits = False
            return None
        if page is None or not page.contacts:
            self._nobody_from(guess)
            return None
        ids = [contact.id for contact in page.contacts]
        if ids[0] < guess or ids != sorted(set(ids)):
            self._splits = False
            return None
        first = ids[0]
        old = next((each for each in self._tracks if each.last < first and _reaches(each, first)), None)
        if old is None or first == old.until:
            self._nothing_before(guess, first)
            return None
        new = _Track(_following(self._portal, page), None, old.until, first - 1, old.none_from)
        old.until, old.none_from = first, guess
        self._tracks.append(new)
        return self._taken(new, page)

    def _nobody_from(self, guess: int) -> None:
        for track in self._tracks:
            if track.until is None and track.last < guess:
                track.none_from = guess

    def _nothing_before(self, guess: int, first: int) -> None:
        for track in self._tracks:
            if track.until == first and track.last < guess:
                track.none_from = guess


def _reaches(track: _Track, number: int) -> bool:
    return track.until is None or number <= track.until


def _following(portal: HubSpot, page: ContactPage) -> Iterator[ContactPage]:
    """The pages after one that is at hand already."""
    if page.after is not None:
        yield from all_contacts(portal, page.after)
