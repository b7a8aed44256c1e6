"""SIGKILL, on real processes, over real sockets, on both databases.

`make sigkill` kills at more moments (SIGKILLS); every CI run at three on each database.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connector import wiring
from connector.acts.first_push import confirm_first_push, dry_run_shown
from connector.clock import SystemChance, SystemClock
from connector.sandbox.options import Options
from connector.sandbox.server import Sandbox
from connector.settings import Settings, load
from jobs.turn import Plan, turn
from tests.store.conftest import postgresql_database
from tests.world import TOKEN, _toml

ROOT = Path(__file__).parent.parent.parent
KILLS = int(os.environ.get("SIGKILLS", "3"))


class Later(SystemClock):
    """Ten minutes on."""

    def now(self) -> int:
        return super().now() + 600_000


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Settings, Path, Sandbox]]:
    with ExitStack() as stack:
        sandbox = Sandbox(0, 1, options=Options(limits=False))
        for number in range(KILLS + 1):
            sandbox.colleague.create({"email": f"person{number}@example.org"})
            sandbox.app.set_status(f"person{number}@example.org", 101, "SUBSCRIBED", source="Zorp")
        server = stack.enter_context(sandbox.start())
        text = _toml(tmp_path, server.portal_id, server.base_url)
        if request.param == "postgresql":
            url = stack.enter_context(postgresql_database(f"cm_kill_{os.getpid()}"))
            text = text.replace(f"sqlite:///{tmp_path}/mirror.db", url)
        config = tmp_path / "config.toml"
        config.write_text(text, "utf-8")
        os.environ[TOKEN] = server.token
        stack.callback(os.environ.pop, TOKEN, None)
        settings = load(config)
        wiring.prepare(settings)
        with wiring.opened(settings, None) as desk:
            turn(desk, Plan())
            dry_run_shown(desk)
            confirm_first_push(desk)
        yield settings, config, sandbox


def run(config: Path, at: int, *words: str) -> tuple[int, str]:
    """Its exit code, and how many moments it had: the last line on stderr where it lived to the end."""
    command = [sys.executable, "-m", "tests.crash.child", str(config), str(at), *words]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300, check=False, text=True)
    return ended.returncode, ended.stderr


def test_a_killed_withdrawal_is_whole_when_it_is_said_again(place: tuple[Settings, Path, Sandbox]) -> None:
    settings, config, sandbox = place
    code, said = run(config, 0, "withdraw", "person0@example.org")
    moments = int(said.split()[-1])
    assert (code, moments > 10) == (0, True), said
    for number in range(1, KILLS + 1):
        who = f"person{number}@example.org"
        at = 1 + number * 4 % moments
        assert run(config, at, "withdraw", who)[0] == -signal.SIGKILL, f"at {at} of {moments}"
        code, said = run(config, 0, "withdraw", who)
        assert code == 0, f"after a death at {at} of {moments}: {said}"
    assert run(config, 0, "log", "verify", "--payloads")[0] == 0
    later = wiring.Tools(clock=Later(), chance=SystemChance())
    with wiring.opened(settings, None, later) as desk:  # a letter that the dead had claimed is free by then
        turn(desk, Plan(full=True))
        with desk.mirror.read(desk.portal) as work:
            assert work.outbox.waiting().noes == 0
    assert all(sandbox.machine.address(f"person{number}@example.org")["wide"] for number in range(KILLS + 1))
