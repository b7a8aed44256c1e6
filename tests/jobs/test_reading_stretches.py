"""A list read in stretches holds everybody once, whatever HubSpot makes of a guessed cursor."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.acts.ports import HubSpot
from connector.errors import RequestRejected
from jobs import stretches
from jobs.stretches import WHOLE, Stretch, pieces, split
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


def ids_of(register: Register, parts: Sequence[Stretch]) -> list[int]:
    return [contact.id for piece in pieces(portal(register), parts) for contact in piece.contacts]


@settings(max_examples=150, deadline=None)
@given(
    st.sets(st.integers(1, 10_000), max_size=60),
    st.integers(2, 7),
    st.booleans(),
    st.booleans(),
)
def test_everybody_is_read_exactly_once(ids: set[int], count: int, by_place: bool, refuses: bool) -> None:
    register = Register(list(ids), by_place=by_place, refuses_guesses=refuses)
    parts = split(portal(register), count, stretches.SMALL)
    assert sorted(ids_of(register, parts)) == sorted(ids)


def test_a_large_register_is_split() -> None:
    register = Register(range(51, 5_000, 7))
    parts = split(portal(register), 4, stretches.SMALL)
    assert len(parts) == 4
    assert [each.until for each in parts[:-1]] == sorted(each.until or 0 for each in parts[:-1])


@pytest.mark.parametrize("total", [None, 0, stretches.SMALL - 1], ids=["unknown", "empty", "small"])
def test_a_small_register_is_read_in_one_stretch(total: int | None) -> None:
    assert split(portal(Register([5, 6, 7])), 4, total) == WHOLE


def test_a_portal_that_refuses_guesses_is_read_in_one_stretch() -> None:
    register = Register(range(1, 500), refuses_guesses=True)
    assert split(portal(register), 4, stretches.SMALL) == WHOLE


def test_a_portal_that_ignores_guesses_is_read_in_one_stretch() -> None:
    class Deaf(Register):
        def contacts_page(self, after: str | None, *, archived: bool = False) -> ContactPage:
            return super().contacts_page(after if after in self.given else None)

    assert split(portal(Deaf(range(1, 500))), 4, stretches.SMALL) == WHOLE


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.data())
def test_what_is_left_after_any_page_is_what_was_not_read(stop: int, data: Any) -> None:
    """An interrupted backfill goes on from the cursors that were written with its last page."""
    ids = sorted(data.draw(st.sets(st.integers(1, 2_000), min_size=10, max_size=80)))
    register = Register(ids)
    left = dict(enumerate(split(portal(register), 3, stretches.SMALL)))
    read: list[int] = []
    for number, piece in enumerate(pieces(portal(register), tuple(left.values()))):
        if number == stop:
            break
        read += [contact.id for contact in piece.contacts]
        left[piece.number] = piece.left or Stretch(str(10**9))
    rest = ids_of(register, tuple(each for each in left.values() if each.after != str(10**9)))
    assert sorted(read + rest) == ids
