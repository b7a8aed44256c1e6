"""How much is written at once: much where nobody else writes, little beside who waits for the database."""

from pathlib import Path

import pytest

from connector.acts.tally import Tally
from jobs.reading import ALONE_S, BESIDE_S, COMPANY_S, TOGETHER, Reader
from tests.world import ANNA, BO, TYPES, World, world

PAGE_S = 0.025


def reader(w: World) -> Reader:
    """One to whom a page seemed to take this long."""
    return Reader(w.desk, Tally(), _took_s=PAGE_S)


def read(w: World, made: Reader, address: str) -> None:
    contact = w.desk.hubspot.contact(w.contact_ids[address])
    assert contact is not None
    made.bring_in([contact], always=True)
    made._took_s = PAGE_S


def test_groups_are_large_where_nobody_else_writes(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA, BO)) as w:
        w.begin()
        made = reader(w)
        for address in (ANNA, BO, ANNA):
            read(w, made, address)
        assert made.at_once() == TOGETHER == min(TOGETHER, int(ALONE_S / PAGE_S))


def test_groups_are_small_for_a_while_once_somebody_wrote(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA, BO)) as w:
        w.begin()
        made = reader(w)
        read(w, made, ANNA)
        w.withdraw(BO)
        read(w, made, ANNA)
        assert made.at_once() == int(BESIDE_S / PAGE_S) == 2
        w.wait(int(COMPANY_S * 1000) + 1)
        assert made.at_once() == TOGETHER


def test_the_first_page_is_written_alone(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA,)) as w:
        w.begin()
        assert Reader(w.desk, Tally()).at_once() == 1


@pytest.mark.parametrize("winner_first", [True, False], ids=["winner first", "loser first"])
@pytest.mark.parametrize("known", [True, False], ids=["both known", "both new"])
def test_a_merged_record_and_its_heir_on_one_page_are_one_person(
    tmp_path: Path, winner_first: bool, known: bool
) -> None:
    """The search index lags (HA 6): it may list a record as it was beside the one that it was merged into."""
    with world(tmp_path, contacts=(ANNA, BO)) as w:
        if known:
            w.begin()
        w.sandbox.person.unsubscribe(BO, TYPES["newsletter"])
        as_it_was = w.desk.hubspot.contact(w.contact_ids[BO])
        w.sandbox.colleague.merge(w.contact_ids[ANNA], w.contact_ids[BO])
        heir = w.desk.hubspot.contact(w.contact_ids[ANNA])
        assert as_it_was is not None
        assert heir is not None
        page = [heir, as_it_was] if winner_first else [as_it_was, heir]
        Reader(w.desk, Tally(), singles=9).bring_in(page, always=True)
        for again in (False, True):
            if again:
                w.begin()
                w.sync(full=True)
            anna, bo = w.person(ANNA), w.person(BO)
            assert anna is not None
            assert anna == bo
            assert not w.may_send(ANNA)
            assert not w.may_send(BO)
        assert w.hubspot(ANNA, TYPES["newsletter"]) == "UNSUBSCRIBED"
