"""HubSpot's push webhooks, sent by the portal over HTTP to the web part.

What is told is in the mirror with the next look, whatever happens to the telling; what was never told is
found by the next sync.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connector import wiring_web
from connector.sandbox.webhooks import client_secret
from connector.web.webhooks import PATH
from jobs.tick import JOBS
from tests.world import ANNA, BO, CARIN, HOUR, MINUTE, NEWSLETTER, World, world

VARIABLE = "CONSENT_MIRROR_TEST_CLIENT_SECRET"
SECRET = client_secret(7)


def free_port() -> int:
    """A port of this machine that nobody had a moment ago."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Line:
    """A world with a web part, and a portal that tells it. Nothing is sent but when the test says so."""

    def __init__(self, w: World, url: str, settings: dict[str, Any]) -> None:
        self.w = w
        w.sandbox.engine.postman.close()
        w.sandbox.machine.webhooks(url=url + PATH, secret=SECRET, **settings)

    def tell(self) -> None:
        """The portal sends what is due, and the daemon's next turn looks at it."""
        self.w.sandbox.machine.deliver()
        self.look()

    def look(self) -> None:
        JOBS["hints"](self.w.settings, self.w.desk, lambda: None)

    def fault(self, effect: str, **more: Any) -> None:
        self.w.sandbox.machine.fault(effect=effect, count=1, **more)

    @property
    def statuses(self) -> list[int]:
        return [status for each in self.w.sandbox.machine.deliveries()["sent"] for status in each["statuses"]]

    @property
    def waiting(self) -> int:
        return int(self.w.sandbox.machine.deliveries()["waiting"])


@contextmanager
def line(
    folder: Path,
    *,
    options: dict[str, Any] | None = None,
    contacts: tuple[str, ...] = (ANNA, BO),
    **settings: Any,
) -> Iterator[Line]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    web = f'[web]\nlisten = "127.0.0.1:{port}"\npublic_url = "{url}"\n'
    secret = f'webhook_secret_env = "{VARIABLE}"\n'
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(VARIABLE, SECRET)
        with world(folder, extra=web, portal=secret, contacts=contacts, options=options) as w:
            w.begin()
            w.grant(ANNA)
            w.wait()
            with wiring_web.web_of(w.settings, [w.desk], w.tools):
                yield Line(w, url, settings)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Line]:
    with line(tmp_path) as made:
        yield made


@pytest.mark.parametrize("signature", ["v1", "v3", "both"])
def test_what_a_colleague_does_is_in_the_mirror_at_once(tmp_path: Path, signature: str) -> None:
    with line(tmp_path, signature=signature) as told:
        told.w.sandbox.colleague.unsubscribe(ANNA, NEWSLETTER)
        told.w.wait(5_000)
        told.tell()
        assert told.statuses == [200]
        assert told.w.state(ANNA) == "WITHDRAWN"
        assert not told.w.may_send(ANNA)


@pytest.mark.parametrize(
    ("options", "settings", "heard"),
    [
        ({}, {}, True),
        (
            {"webhook_opt_outs": False, "opt_out_workflow": "consent_changed_at"},
            {"properties": ["consent_changed_at"]},
            True,
        ),
        ({"webhook_opt_outs": False}, {}, False),
    ],
    ids=["by the opt-out property", "by a workflow's property", "not at all"],
)
def test_an_opt_out_is_found_whether_hubspot_tells_of_it_or_not(
    tmp_path: Path, options: dict[str, Any], settings: dict[str, Any], *, heard: bool
) -> None:
    """What is open in HubSpot's documents (HA 13.1) decides how soon, never whether."""
    with line(tmp_path, options=options, **settings) as told:
        told.w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
        told.w.wait(MINUTE)
        told.tell()
        assert (told.w.state(ANNA) == "WITHDRAWN") is heard
        told.w.sync()
        assert told.w.state(ANNA) == "WITHDRAWN"


def test_creation_merge_restore_and_deletion_are_told(told: Line) -> None:
    w = told.w
    w.create(CARIN)
    told.tell()
    assert w.person(CARIN) is not None
    w.sandbox.person.unsubscribe(BO)
    w.sandbox.colleague.merge(w.contact_ids[ANNA], w.contact_ids[BO])
    w.wait(MINUTE)
    told.tell()
    assert w.state(ANNA) == w.state(BO) == "WITHDRAWN", "a no goes with the person"
    w.sandbox.colleague.archive(CARIN)
    w.wait(MINUTE)
    told.tell()
    w.sandbox.colleague.restore(CARIN)
    w.wait(MINUTE)
    told.tell()
    assert w.person(CARIN) is not None
    w.sandbox.colleague.privacy_delete(CARIN)
    w.wait(MINUTE)
    told.tell()
    person = w.person(CARIN)
    assert person is not None and str(person.overlay) == "RESTRICTED"
    assert set(told.statuses) == {200}


# --- what may go wrong on the way --------------------------------------------------------------------------


def test_twice_and_in_any_order_is_told_once(told: Line) -> None:
    told.fault("webhook_twice")
    told.w.sandbox.colleague.unsubscribe(ANNA, NEWSLETTER)
    told.tell()
    assert told.statuses == [200, 200]
    assert told.w.state(ANNA) == "WITHDRAWN"
    told.fault("webhook_shuffled")
    told.w.sandbox.colleague.edit_email(told.w.contact_ids[BO], "bo.new@example.org")
    told.w.sandbox.colleague.edit_email(told.w.contact_ids[BO], BO)
    told.tell()
    told.w.sync(full=True)
    assert told.w.types(ANNA).count("withdraw") == 1
    assert told.w.person(BO) is not None


def test_late_news_says_nothing_about_today(told: Line) -> None:
    """An hour-old creation of somebody who is erased in HubSpot by now brings nobody back (I8)."""
    told.fault("webhook_late", seconds=3_600)
    told.w.create(CARIN)
    told.tell()
    told.w.sandbox.colleague.privacy_delete(CARIN)
    told.w.wait(HOUR + MINUTE)
    told.tell()
    assert told.w.person(CARIN) is None
    assert told.waiting == 0


def test_late_an_opt_out_takes_no_later_word_back(told: Line) -> None:
    told.fault("webhook_late", seconds=3_600)
    told.w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
    told.tell()
    told.w.sync()
    assert told.w.state(ANNA) == "WITHDRAWN"
    before = told.w.types(ANNA)
    told.w.wait(HOUR + MINUTE)
    told.tell()
    assert told.w.types(ANNA) == before


def test_what_was_lost_is_found_by_the_next_sync(told: Line) -> None:
    told.fault("webhook_lost")
    told.w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
    told.w.wait(MINUTE)
    told.tell()
    assert (told.statuses, told.waiting) == ([], 0)
    assert told.w.state(ANNA) == "GRANTED"
    told.w.sync()
    assert told.w.state(ANNA) == "WITHDRAWN"


@pytest.mark.parametrize("effect", ["webhook_forged", "webhook_altered"])
def test_what_is_forged_or_altered_changes_nothing_and_comes_again(told: Line, effect: str) -> None:
    told.fault(effect)
    told.w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
    told.tell()
    assert told.statuses == [401]
    with told.w.mirror.read(told.w.desk.portal) as work:
        assert work.hints.count()[0] == 0
    assert told.w.state(ANNA) == "GRANTED"
    told.w.wait(2 * MINUTE)
    told.tell()
    assert told.statuses == [401, 200]
    assert told.w.state(ANNA) == "WITHDRAWN"


def test_nobody_home_and_the_portal_comes_again(tmp_path: Path) -> None:
    """The web part is away for an hour; what was tried meanwhile is told when it is back."""
    with line(tmp_path) as told:
        there = told.w.settings.web.public_url
        told.w.sandbox.machine.webhooks(url="http://127.0.0.1:9/nobody", secret=SECRET)
        told.w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
        for _ in range(12):
            told.w.sandbox.machine.deliver()
            told.w.wait(5 * MINUTE)
        assert set(told.statuses) == {0}
        told.w.sandbox.machine.webhooks(url=f"{there}{PATH}", secret=SECRET)
        told.w.wait(HOUR)
        told.tell()
        assert told.statuses[-1] == 200
        assert told.w.state(ANNA) == "WITHDRAWN"
