"""The web part alone follows the portals' files: new, changed, broken, mended, gone; nobody is cut off."""

import asyncio
import io
import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from connector import wiring_web
from connector.hubspot.signatures import v1
from connector.sandbox import Sandbox
from connector.store.users import Role
from connector.web.relay import Relay
from connector.web.webhooks import PATH
from jobs.lending import lent_of
from jobs.roster import Roster
from jobs.serving import Front, Portals
from tests.jobs.test_daemon import Place, waited
from tests.scenarios.test_hubspot_tells import free_port
from tests.web.office import PASSWORD, sign_in
from tests.world import ANNA, World, logging_to, world

HERE, THERE = 62_515, 62_600
TOKEN, SECRETS = "SERVING_TEST_TOKEN", ("SERVING_TEST_SECRET", "SERVING_TEST_OTHER")


def portal_file(secret: str = SECRETS[0]) -> str:
    return (
        f'portal_id = {THERE}\ntoken_env = "{TOKEN}"\napi = "http://127.0.0.1:9"\n'
        f'webhook_secret_env = "{secret}"\n[[purposes]]\nkey = "kund"\nsubscription_id = 7\n'
    )


class Served:
    """The web part of a world, and the folder that it follows."""

    def __init__(self, w: World, front: Front, portals: Portals, url: str, log: Any) -> None:
        self.w, self.front, self.portals, self.url, self.log = w, front, portals, url, log
        self.file = w.folder / "portals.d" / "kund.toml"

    def write(self, text: str) -> None:
        self.file.write_text(text, "utf-8")
        self.front.look()

    def told(self, secret: str, portal: int = THERE) -> int:
        """The answer to a webhook of the portal under this secret."""
        event = {
            "objectId": 11, "portalId": portal, "occurredAt": self.w.now,
            "subscriptionType": "contact.creation",
        }  # fmt: skip
        body = json.dumps([event]).encode()
        headers = {"X-HubSpot-Signature": v1(secret, body), "X-HubSpot-Signature-Version": "v1"}
        return httpx.post(self.url + PATH, content=body, headers=headers, timeout=20).status_code

    def heard(self, portal: int = THERE) -> int:
        with self.w.mirror.read(portal) as work:
            return int(work.hints.count()[0])

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = self.log.getvalue().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    for name, value in ((TOKEN, "pat-nobody"), (SECRETS[0], "one" * 9), (SECRETS[1], "two" * 9)):
        monkeypatch.setenv(name, value)
    (tmp_path / "portals.d").mkdir()
    port = free_port()
    extra = (
        f'[fleet]\nportals = "{tmp_path}/portals.d"\n'
        f'[web]\nlisten = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}"\n'
    )
    secret = f'webhook_secret_env = "{SECRETS[1]}"\n'
    log = io.StringIO()
    with ExitStack() as stack:
        w = stack.enter_context(world(tmp_path, extra=extra, portal=secret, contacts=(ANNA,)))
        stack.enter_context(logging_to(log))
        roster = Roster(w.config, hold=True)
        settings = roster.settings()
        portals = Portals(w.mirror, None, w.tools)
        portals.follow(settings)
        web = stack.enter_context(
            wiring_web.web_part_of(settings, portals.desks.values(), w.tools, lent_of(settings))
        )
        stack.enter_context(web.served())
        yield Served(w, Front(roster, settings, portals, web), portals, f"http://127.0.0.1:{port}", log)


ONE, TWO = "one" * 9, "two" * 9


def test_a_new_changed_and_removed_portal_is_seen_without_a_restart(served: Served) -> None:
    main = served.portals.desks["main"]
    assert served.told(ONE) == 401
    served.write(portal_file())
    assert (served.told(ONE), served.heard()) == (200, 1)
    served.write(portal_file(SECRETS[1]))
    assert served.told(ONE) == 401
    assert served.told(TWO) == 200
    served.file.unlink()
    served.front.look()
    assert served.told(ONE) == 401
    assert list(served.portals.desks) == ["main"]
    assert served.portals.desks["main"] is main, "whose own settings stay keeps its desk and connections"
    assert served.told(TWO, HERE) == 200
    assert [each["event"] for each in served.events].count("portals_changed") == 3


def test_a_broken_file_takes_no_door_away(served: Served) -> None:
    """A slip in a file must not leave people's noes, or what HubSpot tells, outside."""
    served.write(portal_file())
    served.write("portal_id = [\n")
    assert (served.told(ONE), served.told(TWO, HERE)) == (200, 200)
    (broken,) = [each for each in served.events if each["event"] == "portal_file_broken"]
    assert "kund.toml" in broken["where"]
    served.front.look()
    assert [each["event"] for each in served.events].count("portal_file_broken") == 1, "told once"
    served.write(portal_file(SECRETS[1]))
    assert (served.told(ONE), served.told(TWO)) == (401, 200)


def test_a_broken_main_file_changes_nothing(served: Served) -> None:
    served.write(portal_file())
    said = served.w.config.read_text("utf-8")
    served.w.config.write_text("[mirror", "utf-8")
    served.front.look()
    assert served.told(ONE) == 200
    served.w.config.write_text(said, "utf-8")
    served.front.look()
    assert served.told(ONE) == 200


def test_a_portal_whose_secret_is_missing_waits_for_it(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SECRETS[0])
    served.write(portal_file())
    served.front.look()
    assert (served.told(ONE), served.told(TWO, HERE)) == (401, 200)
    (told,) = [each for each in served.events if each["event"] == "configuration_broken"]
    assert "webhook_secret" in told["where"]
    monkeypatch.setenv(SECRETS[0], ONE)
    served.front.look()
    assert served.told(ONE) == 200


def test_what_a_process_takes_once_is_named_when_it_changes(served: Served) -> None:
    said = served.w.config.read_text("utf-8")
    served.w.config.write_text(
        said.replace("[web]\n", "[web]\nlink_property = 'consent_mirror_link'\n"), "utf-8"
    )
    served.front.look()
    assert "restart_needed" not in {each["event"] for each in served.events}
    port = served.url.rpartition(":")[2]
    served.w.config.write_text(
        said.replace(f'listen = "127.0.0.1:{port}"', 'listen = "127.0.0.1:9"'), "utf-8"
    )
    served.front.look()
    (told,) = [each for each in served.events if each["event"] == "restart_needed"]
    assert told["keys"] == ["web.listen"]
    assert served.told(TWO, HERE) == 200


def test_whoever_is_signed_in_stays_so_and_sees_a_new_portal(served: Served) -> None:
    with served.w.mirror.write(HERE) as work:
        work.users.add("eva", Role.ADMIN, PASSWORD, served.w.now)
    with httpx.Client(base_url=served.url, timeout=60) as client:
        assert sign_in(client, "eva").status_code == 303
        assert client.get("/dashboard/p/kund").status_code == 404
        served.write(portal_file())
        assert client.get("/dashboard/p/kund").status_code == 200
        assert client.get("/dashboard/p/main").status_code == 200


def test_a_request_ends_where_it_began() -> None:
    """The former application is done only once its last request is answered."""

    async def played() -> None:
        gate, answered = asyncio.Event(), []

        def app(name: str) -> Any:
            async def answer(scope: Scope, receive: Receive, send: Send) -> None:
                if scope["slow"]:
                    await gate.wait()
                answered.append(name)

            return answer

        relay = Relay(app("old"))
        slow = asyncio.create_task(relay({"slow": True}, None, None))  # type: ignore[arg-type] # not used
        await asyncio.sleep(0)
        former = relay.change(app("new"))
        assert not relay.is_done(former)
        await relay({"slow": False}, None, None)  # type: ignore[arg-type] # not used
        gate.set()
        await slow
        assert answered == ["new", "old"]
        assert relay.is_done(former)

    asyncio.run(played())


def test_serve_follows_the_files_as_a_process(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "portals.d"
    folder.mkdir()
    with Sandbox(0, 5).start() as server:
        place = Place(tmp_path, server)
        config = tmp_path / "config.toml"
        web = f'[web]\nlisten = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}"\n'
        config.write_text(config.read_text("utf-8") + f'[fleet]\nportals = "{folder}"\n{web}', "utf-8")
        place.env |= {TOKEN: "pat-nobody", SECRETS[0]: ONE}
        assert place.run("init")[0] == 0
        process = place.start("serve")
        try:
            waited(lambda: answers(port))
            (folder / "kund.toml").write_text(portal_file(), "utf-8")
            (changed,) = place.until(1, "portals_changed")
            assert changed["new"] == ["kund"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{PATH}", timeout=5).status_code == 405
    except httpx.HTTPError:
        return False
