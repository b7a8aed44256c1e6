"""How much is written at once: much where nobody else writes, little beside who waits for the database."""

from pathlib import Path

from connector.acts.tally import Tally
from jobs.reading import ALONE_S, BESIDE_S, COMPANY_S, TOGETHER, Reader
from tests.world import ANNA, BO, World, world

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
