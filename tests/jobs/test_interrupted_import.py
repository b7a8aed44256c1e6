"""An import that was cut off: finished before somebody is erased, and nothing stands still for it."""

import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector.acts.bring_in import Wanted, bring_in, is_unfinished
from connector.acts.gauges import gauges
from connector.acts.staged import CHUNK
from connector.store.locks import job_lock
from jobs.cli_import import room_of
from jobs.tick import JOBS
from tests.jobs.test_daemon import Place, place, sandbox  # noqa: F401 - fixtures
from tests.web.office import AT, office, post
from tests.world import ANNA, BO, NEWSLETTER, UNSUBSCRIBED, World, world


class Crash(BaseException):
    """Power is gone."""


def cut_off(w: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Anna's no waits in the second chunk of an import that died after its first; where its rows lie."""

    def die(*_: object) -> None:
        raise Crash

    rows = "".join(f"p{number}@example.org;yes\n" for number in range(CHUNK)) + f"{ANNA};no\n{BO};no\n"
    sheet = w.folder / "sheet.csv"
    sheet.write_text("email;consent\n" + rows, "utf-8")
    room = room_of(w.settings, w.desk.portal)
    with monkeypatch.context() as broken, pytest.raises(Crash):
        broken.setattr(w.clock, "sleep", die)
        bring_in(w.desk, room, Wanted(path=sheet, purpose="newsletter", confirm=True)).__enter__()
    assert is_unfinished(w.desk)
    return next(room.folder.glob("*.spool"))


@pytest.fixture(name="w")
def _w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, contacts=(ANNA, BO)) as made:
        made.begin()
        yield made


def ask_about_anna(w: World) -> int:
    """Her record was archived in HubSpot: shall she be erased?"""
    w.sandbox.colleague.archive(w.contact_ids[ANNA])
    w.wait()
    w.sync(full=True)
    (question,) = w.reviews()
    assert question.kind == "archived"
    return question.id


def test_a_yes_to_an_erasure_finishes_the_import_first(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    number = ask_about_anna(w)
    spool = cut_off(w, monkeypatch)
    assert w.cli("review", "reject", "999").code == 3
    assert spool.exists()
    assert w.cli("review", "approve", str(number)).code == 0
    assert (spool.exists(), is_unfinished(w.desk), w.person(ANNA)) == (False, False, None)
    assert w.state(BO) == "DENIED"


def test_so_does_a_yes_at_the_dashboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with office(tmp_path) as o:
        for each in o.w.reviews():
            with o.w.mirror.write(o.w.desk.portal) as work:
                work.reviews.decide(each.id, "reject", "test", o.w.now)
        number = ask_about_anna(o.w)
        spool, client = cut_off(o.w, monkeypatch), o.signed_in("dora")
        answer = post(client, f"{AT}/reviews/{number}", answer="approve", reason="meant so")
        assert answer.status_code == 303
        assert (spool.exists(), o.w.person(ANNA)) == (False, None)


@pytest.mark.parametrize("door", ["sync", "pull"])
def test_the_next_turn_finishes_it_and_its_noes_reach_hubspot(
    w: World, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    spool = cut_off(w, monkeypatch)
    assert w.cli("sync", "--dry-run").code == 0
    assert spool.exists()
    if door == "sync":
        assert w.cli("sync").code == 0
    else:
        JOBS["pull"](w.settings, w.desk, lambda: None)
    assert (spool.exists(), w.state(ANNA)) == (False, "DENIED")
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED


def test_a_turn_goes_on_without_rows_that_are_gone(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(w, monkeypatch).unlink()
    w.sandbox.person.unsubscribe(BO, NEWSLETTER)
    JOBS["pull"](w.settings, w.desk, lambda: None)
    assert w.state(BO) == "WITHDRAWN"
    assert [each.kind for each in w.reviews()] == ["import_rows_gone"]
    assert gauges(w.desk).imports == 1
    ran = w.cli("erase", ANNA, "--confirm", "--json")
    assert ran.code == 2
    assert "review list" in ran.json["error"]["next_step"]
    w.decide("approve")
    assert gauges(w.desk).imports == 0
    assert w.cli("erase", ANNA, "--confirm").code == 0


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def overwritten(path: Path) -> None:
    path.write_bytes(b"no spool at all, " * 400)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def edited(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE fact SET sealed = zeroblob(90) WHERE number > ?", (CHUNK,))


def thinned(path: Path) -> None:
    """The last row has been taken out: nothing else is wrong with the file."""
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM fact WHERE number = (SELECT max(number) FROM fact)")


@pytest.mark.parametrize("damage", [cut, overwritten, emptied, edited, thinned])
def test_damaged_rows_stop_nothing_and_are_told(
    w: World, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]
) -> None:
    spool = cut_off(w, monkeypatch)
    damage(spool)
    w.sandbox.person.unsubscribe(BO, NEWSLETTER)
    JOBS["pull"](w.settings, w.desk, lambda: None)
    assert w.state(BO) == "WITHDRAWN", "the noes of HubSpot do not wait for the file"
    assert [each.kind for each in w.reviews()] == ["import_rows_gone"]
    aside = spool.with_suffix(".damaged")
    assert (spool.exists(), aside.exists()) == (False, True), "the file is kept until a person has decided"
    (told,) = w.cli("status", "--json").json["portals"][0]["imports"]
    assert (told["recorded"], told["of"]) == (CHUNK, CHUNK + 2)
    assert "an import is not at its end" in " ".join(w.cli("status").out.split())
    assert w.cli("erase", ANNA, "--confirm").code == 2
    JOBS["pull"](w.settings, w.desk, lambda: None)
    assert (len(w.reviews()), aside.exists()) == (1, True), "asked once"
    again = w.cli("import", str(w.folder / "sheet.csv"), "--purpose", "newsletter", "--confirm", "--json")
    assert (again.code, again.json["confirmed"]) == (0, True)
    assert w.state(ANNA) == "DENIED"
    assert (w.reviews(), is_unfinished(w.desk)) == ([], False)
    assert w.cli("erase", ANNA, "--confirm").code == 0
    assert not aside.exists(), "nobody waits for it any more"


def test_nobody_is_erased_while_another_process_is_at_the_import(
    w: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off(w, monkeypatch)
    with job_lock(w.settings.mirror.database, w.desk.portal, "import"):
        ran = w.cli("erase", ANNA, "--confirm")
        assert ran.code == 75
        assert w.person(ANNA) is not None
        JOBS["pull"](w.settings, w.desk, lambda: None)
    assert w.cli("erase", ANNA, "--confirm").code == 0


def test_a_file_that_is_still_being_read_by_another_process_stops_nobody(w: World) -> None:
    with job_lock(w.settings.mirror.database, w.desk.portal, "import"):
        assert w.cli("erase", ANNA, "--confirm").code == 0


def test_the_daemon_starts_without_rows_that_are_gone(
    place: Place,  # noqa: F811 - the fixture
) -> None:
    sheet = place.folder / "sheet.csv"
    sheet.write_text("email;consent\na@example.org;no\n", "utf-8")
    assert place.run("import", str(sheet), "--purpose", "newsletter", "--confirm")[0] == 0
    reopen(place)
    daemon = place.start("daemon")
    place.until(2, "import_rows_gone")
    place.until(2, "job_ended")
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(timeout=20) == 0
    code, told = place.run("review", "list")
    assert code == 0
    assert [each["kind"] for each in told["reviews"]] == ["import_rows_gone"]


def reopen(place: Place) -> None:  # noqa: F811 - the fixture's type
    """The marker of an import as it was before its last chunk; its rows have gone."""
    from connector import wiring
    from connector.settings import load

    settings = load(place.folder / "config.toml")
    with wiring.mirror_of(settings, wiring.tools()) as mirror, mirror.write(place.server.portal_id) as work:
        for key, value in work.meta.all().items():
            if key.startswith("import:"):
                work.meta.put(key, value | {"finished": False})
