"""The overview's figures: counted beside the pages, kept for a while, shown with their age."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connector.store.people import NewAddress
from connector.web.dashboard.workshop import WORKERS
from tests.web.office import AT, Office, office, post
from tests.world import ANNA, MINUTE

MANY = 20_000
PAGES = (AT, f"{AT}/discrepancies")


@pytest.fixture(name="o", scope="module")
def _o(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("figures")) as made:
        fill(made, MANY)
        yield made


def fill(o: Office, many: int) -> None:
    """People with a claim each and no proof: all of them are findings of the report."""
    claimed = o.w.row(ANNA)
    assert claimed is not None
    with o.w.mirror.write(o.w.desk.portal) as work:
        for start in range(0, many, 1_000):
            names = [f"p{start + each}@example.org" for each in range(1_000)]
            people = work.people.create([[NewAddress(name, name)] for name in names])
            work.states.put(
                {(each.id, key): replace(claimed) for each in people for key in ("newsletter", "events")}
            )


def cpu(work: Callable[[], object]) -> float:
    """Of this whole process: the server, the threads beside it and the one who asks."""
    before = time.process_time()
    work()
    return time.process_time() - before


def test_a_page_of_a_large_register_costs_little_however_often_it_is_loaded(o: Office) -> None:
    client = o.signed_in("dora")
    o.w.wait(6 * MINUTE)
    counting = cpu(lambda: [client.get(AT), o.settle()])
    page = client.get(AT)
    assert f"{MANY:,}" in page.text or f"{MANY + 1:,}" in page.text
    for path in PAGES:
        loads = min(cpu(lambda path=path: client.get(path)) for _ in range(5))
        assert loads < counting / 8, (path, loads, counting)


def test_old_figures_are_shown_at_once_with_their_age_while_new_ones_are_counted(o: Office) -> None:
    client = o.signed_in("dora")
    client.get(AT)
    o.settle()
    o.w.wait(4 * MINUTE)
    assert "4 min ago" in client.get(AT).text
    o.w.wait(2 * MINUTE)
    client.get(AT)
    o.settle()
    assert "0 s ago" in client.get(AT).text


def test_who_does_not_want_to_wait_has_them_counted_anew(o: Office) -> None:
    client = o.signed_in("vera")
    client.get(AT)
    o.settle()
    o.w.wait(MINUTE)
    assert "1 min ago" in client.get(AT).text
    answer = post(client, f"{AT}/count", f"{AT}/discrepancies", back="discrepancies")
    assert answer.headers["location"] == f"{AT}/discrepancies"
    o.settle()
    assert "0 s ago" in client.get(AT).text


def test_before_the_first_count_the_last_nights_figures_stand_and_name_nobody(tmp_path: Path) -> None:
    with office(tmp_path) as fresh:
        free = threading.Event()
        waiting = [fresh.threads.begin(lambda: free.wait(30)) for _ in range(WORKERS)]
        page = fresh.signed_in("dora").get(f"{AT}/discrepancies").text
        free.set()
        assert all(each.result() for each in waiting)
        assert "New ones are being counted" in page
        assert re.search(r"people are shown when", page)
        assert "@example.org" not in page


def test_whoever_is_erased_after_a_count_is_named_no_more(tmp_path: Path) -> None:
    with office(tmp_path) as fresh:
        client = fresh.signed_in("dora")
        ref = re.search(r'/people/([0-9a-f]{32})"', client.get(f"{AT}/discrepancies").text)
        assert ref is not None
        person = f"{AT}/people/{ref[1]}"
        assert (
            post(client, f"{person}/erase", person + "/erase", sure="yes", reason="asked").status_code == 303
        )
        with fresh.w.mirror.read(fresh.w.desk.portal) as work:
            found = work.people.by_ref(ref[1])
        assert found is not None
        assert found.overlay == "ERASED"
        assert ref[1] not in client.get(f"{AT}/discrepancies").text
