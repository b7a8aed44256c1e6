"""A fleet of real workers over PostgreSQL: every portal has its turns, one at a time, whoever dies."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.settings import load
from connector.store.due import DueRow
from jobs.cli_fleet import asked
from jobs.due import timetable
from tests.farm import FIRST_PORTAL, Farm, pid_named, until
from tests.store.conftest import postgresql_database

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(600)]
PORTALS = 4


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    folder = tmp_path_factory.mktemp("fleet")
    with postgresql_database(pid_named()) as url, Farm(folder, url, portals=PORTALS + 1) as made:
        made.late = made.folder / "portals.d" / f"p{FIRST_PORTAL + PORTALS}.toml"
        made.late.rename(made.folder / "late.toml")  # joins while the workers run
        made.start()
        made.start()
        until(lambda: turned(made) == PORTALS, 240)
        yield made


def turned(farm: Farm) -> int:
    return farm.rows("SELECT count(*) FROM due WHERE job = 'pull' AND done_at IS NOT NULL")[0][0]


def last_turns(farm: Farm) -> dict[int, int]:
    return dict(tuple(row) for row in farm.rows("SELECT portal, done_at FROM due WHERE job = 'pull'"))


def everybody_turns(farm: Farm) -> float:
    """Seconds until every portal has had a turn from now on."""
    before = last_turns(farm)
    return until(lambda: all(at > before[portal] for portal, at in last_turns(farm).items()), 240)


def test_workers_share_the_portals_and_never_meet(farm: Farm) -> None:
    everybody_turns(farm)
    assert farm.overlaps() == 0
    said = json.loads(farm.run("fleet", "status", "--json").stdout)
    assert [each["portal_id"] for each in said["portals"]] == list(farm.sandboxes)[:PORTALS]
    assert all(each["last_turn"] for each in said["portals"])
    assert len(said["workers"]) == 2


def test_a_new_file_joins_without_a_restart_and_a_broken_one_disturbs_nobody(farm: Farm) -> None:
    (farm.folder / "portals.d" / "broken.toml").write_text("portal_id = 1\ncolour = 2\n", "utf-8")
    (farm.folder / "late.toml").rename(farm.late)
    until(lambda: turned(farm) == PORTALS + 1, 240)
    (broken,) = json.loads(farm.run("fleet", "status", "--json").stdout)["broken"]
    assert broken["file"].endswith("broken.toml")
    assert "colour: unknown key" in broken["problem"]
    (farm.folder / "portals.d" / "broken.toml").unlink()


def test_a_killed_worker_loses_no_turn(farm: Farm) -> None:
    farm.workers[0].kill()
    everybody_turns(farm)
    assert farm.overlaps() == 0


def test_a_paused_worker_is_replaced_and_writes_nothing_when_it_wakes(farm: Farm) -> None:
    farm.workers[1].send_signal(signal.SIGSTOP)
    farm.start()
    everybody_turns(farm)
    farm.workers[1].send_signal(signal.SIGCONT)
    everybody_turns(farm)
    assert farm.overlaps() == 0


def test_a_daemon_beside_workers_is_refused_and_a_worker_ends_when_told(farm: Farm) -> None:
    refused = farm.run("daemon")
    assert refused.returncode == 3, refused.stderr
    farm.workers[2].send_signal(signal.SIGTERM)
    assert farm.workers[2].wait(60) == 0


def test_nobody_is_named_in_the_workers_logs(farm: Farm) -> None:
    logged = farm.logged()
    assert logged
    for sandbox in farm.sandboxes.values():
        assert sandbox.token not in logged
    assert "@" not in logged.replace("[address]", "")


def test_a_fleet_on_sqlite_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with Farm(tmp_path, f"sqlite:///{tmp_path}/mirror.db", portals=1) as small:
        refused = small.run("worker", "--json")
    assert refused.returncode == 2
    assert "migrate-database" in json.loads(refused.stdout)["error"]["next_step"]


def test_what_is_due_is_asked_for_once_the_longest_due_first(farm: Farm) -> None:
    settings = load(farm.config)
    first, second, third, *_ = farm.sandboxes
    jobs = [each.job for each in timetable(settings.schedule)]

    def rows(at: int, **own: int) -> dict[str, DueRow]:
        return {job: DueRow(job=job, next_at=own.get(job, at), done_at=1) for job in jobs}

    tables = {
        first: rows(2_000),  # not yet
        second: rows(2_000, pull=500),
        third: rows(2_000, pull=400, sweep=600),
    }
    found = asked(settings, tables, set(list(farm.sandboxes)[3:]), 1_000)
    assert [(each.portal, each.is_long) for each in found] == [(third, True), (second, False)]
