"""The sandbox as a process of its own: what the command starts and what ends it."""

import json
import re
import signal
import socket
import subprocess
import sys
from urllib.request import Request, urlopen

import pytest

from connector.sandbox import Sandbox

_CHILD = """
from connector.sandbox import run
run({port}, 1_000_000, 3, "starter", lambda url, token, portal: print(url, token, portal, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_serves_a_million_people_until_it_is_told_to_stop(number: signal.Signals) -> None:
    command = [sys.executable, "-c", _CHILD.format(port=0)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        url, token, portal_id = child.stdout.readline().split()
        asked = Request(f"{url}/account-info/2026-03/details", headers={"Authorization": f"Bearer {token}"})
        with urlopen(asked, timeout=60) as reply:
            assert json.load(reply)["portalId"] == int(portal_id) == 62515
        child.send_signal(number)
        assert child.stdout.read() == "stopped\n"
    assert child.returncode == 0


def test_it_listens_on_loopback_only() -> None:
    with Sandbox(people=1).start() as running:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", running.base_url)


def test_a_taken_port_is_told_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            Sandbox(people=1).start(taken.getsockname()[1])
