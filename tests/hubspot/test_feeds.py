"""Loops over the contact list: they go forward or stop."""

from collections.abc import Sequence

import pytest

from connector.errors import HubSpotUnreachable
from connector.hubspot.feeds import all_contacts, changed_since
from mappings.records import Contact, ContactPage


class Pages:
    """A portal that answers what it was given, page by page; the last page stays."""

    def __init__(self, *pages: tuple[Sequence[int], str | None]) -> None:
        self.pages = list(pages)
        self.asked: list[str | None] = []

    def contacts_page(self, after: str | None, *, archived: bool = False) -> ContactPage:
        self.asked.append(after)
        return self._next()

    def search_changed(self, since: int, after_id: int, until: int | None = None) -> ContactPage:
        return self._next()

    def search_opted_out(self, subscription: int | None, after_id: int) -> ContactPage:
        return self._next()

    def _next(self) -> ContactPage:
        ids, after = self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]
        return ContactPage(contacts=tuple(Contact(id=each, email=None) for each in ids), after=after)


def test_all_pages_come_in_order() -> None:
    portal = Pages(((1, 2), "2"), ((3,), "3"), ((), None))
    assert [[each.id for each in page.contacts] for page in all_contacts(portal)] == [[1, 2], [3], []]
    assert portal.asked == [None, "2", "3"]


def test_a_run_goes_on_where_it_stopped() -> None:
    portal = Pages(((3,), None))
    list(all_contacts(portal, "2"))
    assert portal.asked == ["2"]


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([((1,), "1"), ((2,), "1")], id="a cursor that stays"),
        pytest.param([((1,), "1"), ((2,), "2"), ((3,), "1")], id="a cursor that comes back"),
        pytest.param([((2, 1), None)], id="ids that fall within a page"),
        pytest.param([((1, 1), None)], id="an id twice"),
        pytest.param([((1, 5), "5"), ((3,), None)], id="ids that fall from page to page"),
    ],
)
def test_a_list_that_goes_nowhere_stops(pages: list[tuple[Sequence[int], str | None]]) -> None:
    with pytest.raises(HubSpotUnreachable) as caught:
        list(all_contacts(Pages(*pages)))
    assert caught.value.where == "GET /crm/objects/2026-03/contacts"


def test_the_recycle_bin_has_no_order_but_a_cursor_that_moves() -> None:
    unordered = Pages(((9, 4), "a"), ((7,), None))
    assert len(list(all_contacts(unordered, archived=True))) == 2
    with pytest.raises(HubSpotUnreachable, match="cursor"):
        list(all_contacts(Pages(((9,), "a")), archived=True))


@pytest.mark.parametrize("after", ["1795000000000:5", "1795000000000:4", "1794000000000:0"])
def test_a_search_that_does_not_come_forward_stops(after: str) -> None:
    portal = Pages(((1,), "1795000000000:5"), ((2,), after))
    with pytest.raises(HubSpotUnreachable, match="cursor"):
        list(changed_since(portal, 1_795_000_000_000))
