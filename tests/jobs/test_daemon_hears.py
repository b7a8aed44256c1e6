"""docs/sandbox.md, command by command: a portal, a daemon, and a change that one tells the other."""

import json
import re
import shlex
import socket
import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from connector.sandbox import Options, Sandbox
from connector.sandbox.server import Running
from connector.sandbox.webhooks import client_secret
from tests.jobs.test_daemon import Place, waited
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
    assert took < 60, "a tick is five seconds, the next pull twelve hours off; the rest is a busy machine"


def test_no_notice_that_was_answered_goes_with_a_killed_process(tmp_path: Path) -> None:
    """SIGKILL in a flood: each event that was answered 200 is on disk, and the others come again."""
    port, people = free_port(), 200
    made = Sandbox(0, 5, options=Options(limits=False))
    with made.start() as server:
        place = Place(tmp_path, server)
        hearing(tmp_path / "config.toml", port)
        place.env["CONSENT_MIRROR_TEST_CLIENT_SECRET"] = client_secret(5)
        assert place.run("init")[0] == 0
        try:
            process = place.start("serve")
            waited(lambda: listens(port), 60)
            told = {"url": f"http://127.0.0.1:{port}/webhooks/hubspot", "secret": client_secret(5)}
            made.machine.webhooks(**told, batch=4, at_once=6, patience_s=20)
            for number in range(people):
                made.colleague.create({"email": f"p{number}@example.org"})
            waited(lambda: answered(made) >= people // 5)
            process.kill()
            process.wait()
            waited(lambda: made.machine.deliveries()["waiting"] + answered(made) == people)
            taken = answered(made)
            assert taken < people, "it was killed in the middle"
            assert hints(tmp_path) >= taken
            place.start("serve")
            waited(lambda: listens(port), 60)
            made.machine.advance(2 * 60_000)
            waited(lambda: answered(made) == people)
            assert hints(tmp_path) == people
        finally:
            for each in place.running:
                each.kill()
                each.wait()


def hearing(path: Path, port: int) -> None:
    """A web part, and the secret that signs what it hears."""
    text = path.read_text("utf-8")
    text = re.sub("(?m)^api = .*$", r'\g<0>\nwebhook_secret_env = "CONSENT_MIRROR_TEST_CLIENT_SECRET"', text)
    web = f'[web]\nlisten = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}"\n'
    path.write_text(text + web, "utf-8")


def answered(made: Sandbox) -> int:
    """Events whose delivery was answered with 200; each is of another record."""
    return sum(each["events"] for each in made.machine.deliveries()["sent"] if each["statuses"] == [200])


def hints(folder: Path) -> int:
    """Records that wait to be looked at, as they stand on disk."""
    with closing(sqlite3.connect(folder / "mirror.db")) as disk:
        return int(disk.execute("SELECT count(*) FROM hint").fetchone()[0])


def listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0
