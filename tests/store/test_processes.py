"""Several processes on one database, and processes that are killed."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from connector.clock import SystemClock
from connector.errors import Refused, Temporary
from connector.proof.verify import End, verify_log
from connector.store.locks import daemon_lock, job_lock

from .conftest import PORTAL

ROOT = Path(__file__).parents[2]


def start(*words) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store.child", *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def ended(process) -> list[str]:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return out.split()


def sound(mirror):
    with mirror.read(PORTAL) as work:
        head = work.log.head()
        end = End(head.size, head.last, head.root)
        return verify_log(work.log.records(payloads=True), payloads=True, end=end)


def test_two_processes_append_to_one_chain(mirror, url):
    processes = [start("append", url, name, 40) for name in ("a", "b")]
    seqs = [int(each) for process in processes for each in ended(process)]
    verdict = sound(mirror)
    assert (verdict.ok, verdict.entries, len(set(seqs))) == (True, 160, 80)


def test_no_update_is_lost_between_processes(mirror, url):
    for process in [start("count", url, 60) for _ in range(2)]:
        ended(process)
    with mirror.read(PORTAL) as work:
        assert work.meta.get("count") == 120


def test_what_was_acknowledged_survives_a_kill_and_what_was_not_leaves_no_half(mirror, url):
    acknowledged, expected = 0, 0
    for kill_after in (1, 7, 20):
        process = start("append", url, f"run{kill_after}", 10_000)
        for _ in range(kill_after):
            acknowledged = int(process.stdout.readline())
        process.kill()
        rest = process.communicate()[0].split()
        acknowledged = int(rest[-1]) if rest and rest[-1].isdigit() else acknowledged
        verdict = sound(mirror)
        assert verdict.ok
        assert verdict.entries >= acknowledged
        assert verdict.entries % 2 == 0, "a transaction is there or not: two entries each"
        assert verdict.entries > expected
        expected = verdict.entries


@contextmanager
def held(url, lock):
    process = start("hold", url, lock)
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_daemon_is_told_who_the_first_one_is(url):
    with held(url, "daemon") as process:
        with pytest.raises(Refused, match=str(process.pid)), daemon_lock(url):
            pytest.fail("two daemons")
        with job_lock(url, PORTAL, "pull"):
            pass


def test_a_job_runs_once_per_portal(url):
    with held(url, "pull") as process:
        with pytest.raises(Temporary, match=str(process.pid)), job_lock(url, PORTAL, "pull"):
            pytest.fail("two pulls")
        with job_lock(url, PORTAL + 1, "pull"), job_lock(url, PORTAL, "push"), daemon_lock(url):
            pass


@pytest.mark.parametrize("lock", ["daemon", "pull"])
def test_a_killed_holder_gives_its_lock_back(url, lock):
    with held(url, lock):
        pass
    clock, end = SystemClock(), SystemClock().monotonic() + 60
    while True:
        try:
            with daemon_lock(url) if lock == "daemon" else job_lock(url, PORTAL, lock):
                return
        except (Refused, Temporary):  # the server notices a dead client within milliseconds
            assert clock.monotonic() < end
            clock.sleep(0.02)


def test_a_lock_is_free_again_after_its_block_however_that_ended(url):
    with pytest.raises(ZeroDivisionError), job_lock(url, PORTAL, "pull"):
        raise ZeroDivisionError
    with (
        job_lock(url, PORTAL, "pull"),
        job_lock(url, PORTAL, "push"),
        pytest.raises(Temporary),
        job_lock(url, PORTAL, "pull"),
    ):
        pytest.fail("taken twice in one process")


def test_three_processes_share_one_limit(url):
    limit, seconds = 60, 4
    processes = [start("call", url, limit, seconds) for _ in range(3)]
    granted = sorted(int(each) for process in processes for each in ended(process))
    windows = 1 + (granted[-1] - granted[0]) // 10_000  # more than one where processes are slow to start
    assert limit - 3 <= len(granted) <= (limit - 3) * windows, "all that bulk work may take, and not one more"
