"""A list read in stretches holds everybody once, whatever HubSpot makes of a guessed cursor."""

import threading
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.acts.ports import HubSpot
from connector.errors import RequestRejected
from jobs import stretches
from jobs.stretches import WHOLE, Piece, Reach, Stretch, pieces
from mappings.records import Contact, ContactPage

PAGE = 3


class Register:
    """A contact list in memory: its cursors name ids, as HubSpot's do, or places, as other lists' do."""

    def __init__(self, ids: Sequence[int], *, by_place: bool = False, refuses_guesses: bool = False) -> None:
        self.ids = sorted(ids)
        self.by_place = by_place
        self.refuses = refuses_guesses
        self.given: set[str | None] = {None}

    def contacts_page(self, after: str | None, *, archived: bool = False) -> ContactPage:
        if self.refuses and after not in self.given:
            raise RequestRejected("no such cursor", status=400, category="VALIDATION_ERROR", next_step="none")
        start = int(after or 0)
        listed = self.ids[start:] if self.by_place else [each for each in self.ids if each >= start]
        page, rest = listed[:PAGE], listed[PAGE:]
        following = None
        if rest:
            following = str(start + PAGE) if self.by_place else str(rest[0])
        self.given.add(following)
        return ContactPage(contacts=tuple(Contact(id=each, email=None) for each in page), after=following)


def portal(register: Register) -> HubSpot:
    return cast("HubSpot", register)  # of the portal's calls only the list is asked


class Slow:
    """A clock by which each call takes a quarter of a second."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> int:
        return int(self.at * 1000)

    def monotonic(self) -> float:
        self.at += 0.25
        return self.at

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        return False


def read(register: Register, parts: Sequence[Stretch], total: int | None = 10**6) -> list[Piece]:
    return list(pieces(portal(register), parts, Reach(lambda: total, Slow())))


def ids_of(found: Sequence[Piece]) -> list[int]:
    return [contact.id for piece in found for contact in piece.contacts]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "PAGE", PAGE)


registers = st.one_of(
    st.sets(st.integers(1, 10_000), max_size=60),
    st.sets(st.integers(1, 90), max_size=60),
    st.tuples(st.sets(st.integers(1, 60), max_size=40), st.sets(st.integers(10**11, 10**11 + 500))).map(
        lambda both: both[0] | both[1]
    ),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(registers, st.booleans(), st.booleans(), st.sampled_from([None, 5_000, 10**6]))
def test_everybody_is_read_exactly_once(
    ids: set[int], by_place: bool, refuses: bool, total: int | None
) -> None:
    register = Register(list(ids), by_place=by_place, refuses_guesses=refuses)
    assert sorted(ids_of(read(register, WHOLE, total))) == sorted(ids)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(registers)
def test_the_pieces_speak_for_every_id_once(ids: set[int]) -> None:
    """Else a sweep would not see who is missing, or take somebody for missing who is not."""
    found = read(Register(list(ids)), WHOLE)
    spans = sorted((piece.low, float("inf") if piece.high is None else piece.high) for piece in found)
    spans = [(low, high) for low, high in spans if low != high]
    assert spans[0][0] == 0
    assert spans[-1][1] == float("inf")
    assert all(high == low for (_, high), (low, _) in pairwise(spans))
    for piece in found:
        assert all(piece.low < each.id <= (piece.high or 10**12) for each in piece.contacts)


def test_a_large_register_is_split_where_work_is_left() -> None:
    found = read(Register(range(51, 5_000, 7)), WHOLE)
    assert max(len(piece.left) for piece in found) >= 6
    # near the end the stretches that are left are split again
    assert len(found[len(found) * 3 // 4].left) >= 4


@pytest.mark.parametrize("total", [None, 0, stretches.SMALL - 1], ids=["unknown", "empty", "small"])
def test_a_small_register_is_read_in_one_stretch(total: int | None) -> None:
    assert all(len(piece.left) <= 1 for piece in read(Register(range(51, 5_000, 7)), WHOLE, total))


def test_a_portal_that_refuses_guesses_is_read_in_one_stretch() -> None:
    assert all(len(each.left) <= 1 for each in read(Register(range(1, 500), refuses_guesses=True), WHOLE))


def test_a_portal_that_ignores_guesses_is_read_in_one_stretch() -> None:
    class Deaf(Register):
        def contacts_page(self, after: str | None, *, archived: bool = False) -> ContactPage:
            return super().contacts_page(after if after in self.given else None)

    found = read(Deaf(range(1, 500)), WHOLE)
    assert all(len(piece.left) <= 1 for piece in found)
    assert ids_of(found) == list(range(1, 500))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(registers, st.integers(0, 40), st.integers(0, 10))
def test_what_is_left_after_any_page_is_what_was_not_read(ids: set[int], stop: int, again: int) -> None:
    """An interrupted backfill goes on from the stretches that were written with its last page."""
    register = Register(list(ids))
    done: list[int] = []
    left: tuple[Stretch, ...] = WHOLE
    for upto in (stop, again, 10**6):
        for number, piece in enumerate(pieces(portal(register), left, Reach(lambda: 10**6, Slow()))):
            if number == upto:
                break
            done += [contact.id for contact in piece.contacts]
            rest = piece.left
        else:
            rest = ()
        left = rest if upto else left
    assert sorted(done) == sorted(ids)
