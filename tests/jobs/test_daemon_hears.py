"""docs/sandbox.md, command by command: a portal, a daemon, and a change that one tells the other."""

import json
import re
import shlex
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from connector.sandbox.server import Running
from tests.jobs.test_daemon import Place
from tests.scenarios.test_hubspot_tells import free_port

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text("utf-8")
TOML, *SHELL = re.findall(r"(?s)```(?:toml|sh)\n(.*?)```", PAGE)
PORTAL, MIRROR, ACTS = SHELL[:3]


class Reader(Place):
    """Somebody who does what the page says, with ports and paths of their own."""

    def __init__(self, folder: Path) -> None:
        self.ports = {"8090": str(free_port()), "8080": str(free_port())}
        nowhere = cast("Running", SimpleNamespace(portal_id=0, base_url="", token=""))
        super().__init__(folder, nowhere)
        self.env["CONSENT_MIRROR__SCHEDULE__PULL"] = "12h"  # no pull sees a change on its own
        text = self.own(TOML).replace("mirror.db", f"{folder}/mirror.db")
        text = text.replace('"mirror.keys', f'"{folder}/mirror.keys')
        (folder / "config.toml").write_text(text, "utf-8")

    def own(self, text: str) -> str:
        for theirs, ours in self.ports.items():
            text = text.replace(theirs, ours)
        return text

    def words(self, line: str) -> list[str]:
        """A command of the page, without its name."""
        name, *words = shlex.split(self.own(line))
        assert name == "consent-mirror"
        return words

    def exported(self, line: str) -> None:
        self.env |= dict(each.split("=", 1) for each in shlex.split(line)[1:])

    def curl(self, line: str) -> None:
        _, _, body, url = shlex.split(self.own(line))
        with urllib.request.urlopen(urllib.request.Request(url, body.encode()), timeout=10) as answer:
            assert answer.status == 200


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    here = Reader(tmp_path)
    yield here
    for process in reversed(here.running):
        if process.poll() is None:
            process.kill()
            process.wait()


def test_a_colleague_unsubscribes_somebody_and_the_mirror_knows_within_seconds(reader: Reader) -> None:
    portal = reader.start("--json", *reader.words(PORTAL.strip()), "--people", "20")
    assert portal.stdout is not None
    told = json.loads(portal.stdout.readline())
    exports, *commands, last = MIRROR.splitlines()
    reader.exported(exports)
    assert (told["token"], told["client_secret"]) == (
        reader.env["HUBSPOT_TOKEN"],
        reader.env["HUBSPOT_CLIENT_SECRET"],
    )
    for command in commands:
        assert reader.run(*reader.words(command))[0] == 0
    daemon = len(reader.running)
    reader.start(*reader.words(last))
    reader.until(daemon, "job_ended")  # the pull; the next one is in twelve hours
    create, unsubscribe, show = ACTS.splitlines()
    reader.curl(create)
    reader.until(daemon, "hints_looked_at")
    began = time.monotonic()
    reader.curl(unsubscribe)
    reader.until(daemon, "hints_looked_at", 2)
    took = time.monotonic() - began
    code, shown = reader.run(*reader.words(show))
    assert code == 0
    assert {each["purpose"]: each["state"] for each in shown["purposes"]} == {"newsletter": "WITHDRAWN"}
    assert took < 15, "a tick is five seconds; the rest is a busy machine"
