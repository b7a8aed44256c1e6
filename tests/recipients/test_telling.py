"""Recipients are told of erasure, restriction and rectification, whatever becomes of them or us (Art. 19)."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from connector.acts import erasing, telling
from connector.acts.erase import Order, erase, resume_erasures
from connector.acts.telling import deliver
from connector.clock import SystemClock
from connector.punctual import ANSWER_S
from connector.recipients.webhook import RecipientRefused, RecipientUnreachable, Webhook
from tests.acts.post import post_world
from tests.recipients.receiver import SECRET, Receiver, receiving
from tests.report.authority import make_authority
from tests.report.mailbox import Box
from tests.tcp_proxy.lives import HurriedClock
from tests.tcp_proxy.proxy import Proxy
from tests.world import ANNA, BO, DAY, HOUR, MINUTE, World, world

VARIABLE = "CONSENT_MIRROR_TEST_RECIPIENT"


def recipient(url: str, *, name: str = "Byrån", purposes: str = '["newsletter"]') -> str:
    return (
        f'[[recipients]]\nname = "{name}"\nurl = "{url}"\nsecret_env = "{VARIABLE}"\n'
        f'purposes = {purposes}\ncountry = "Sverige"\n'
    )


@pytest.fixture
def agency(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv(VARIABLE, SECRET)
    with receiving(Receiver()) as made:
        yield made


@pytest.fixture
def place(tmp_path: Path, agency: Receiver) -> Iterator[World]:
    with world(tmp_path, contacts=(ANNA, BO), extra=recipient(agency.url)) as made:
        made.begin()
        made.grant(ANNA)
        yield made


def recipients(place: World) -> dict[str, Any]:
    told = place.cli("status", "--json").json["portals"][0]["recipients"]
    assert isinstance(told, dict)
    return told


def test_an_erasure_tells_the_recipient_and_shows_it(place: World, agency: Receiver) -> None:
    ended = place.cli("erase", ANNA, "--confirm", "--json").json
    assert ended["stage"] == "erased"
    (told,) = ended["recipients"]
    assert (told["recipient"], told["kind"], told["tries"]) == ("Byrån", "erasure", 1)
    assert told["confirmed_at"] is not None
    (message,) = agency.messages
    assert (message["kind"], message["addresses"], message["purposes"]) == ("erasure", [ANNA], ["newsletter"])
    assert set(message) == {
        "schema", "message", "kind", "at", "portal_id", "addresses", "purposes",
    }  # fmt: skip
    assert recipients(place) == {"waiting": 0, "overdue": 0, "oldest_s": None}
    assert agency.bad == []


def test_nobody_is_told_about_a_person_whose_data_they_never_got(place: World, agency: Receiver) -> None:
    assert place.cli("erase", BO, "--confirm").code == 0
    assert agency.messages == []


def test_a_recipient_who_is_away_is_told_after_the_person_is_gone(place: World, agency: Receiver) -> None:
    agency.replies = [503, 500]
    ended = erase(place.desk, ANNA, Order())
    assert ended.stage == "erased", "no recipient holds an erasure up"
    assert ended.recipients[0]["confirmed_at"] is None
    assert place.person(ANNA) is None
    for _ in range(4):
        place.wait(10 * MINUTE)
        place.sync()
    assert len(set(agency.numbers)) == 1, "every try has the same number"
    assert len(agency.numbers) == 3
    assert agency.messages[-1]["addresses"] == [ANNA]
    assert recipients(place)["waiting"] == 0


def test_late_after_a_day_is_an_alarm(place: World, agency: Receiver) -> None:
    agency.replies = [503] * 99
    erase(place.desk, ANNA, Order())
    assert recipients(place)["overdue"] == 0
    place.wait(DAY)
    assert recipients(place) == {"waiting": 1, "overdue": 1, "oldest_s": 86_400}
    report = place.cli("report", "--json").json
    (found,) = [each for each in report["discrepancies"] if each["kind"] == "recipient_not_told"]
    assert found["count"] == 1
    assert ANNA not in json.dumps(report)


def test_the_first_answer_lost_is_a_repeat_with_the_same_number(place: World, agency: Receiver) -> None:
    agency.hang_up = 1
    erase(place.desk, ANNA, Order())
    place.wait(HOUR)
    deliver(place.desk)
    assert len(agency.numbers) == 2
    assert len(set(agency.numbers)) == 1
    assert recipients(place)["waiting"] == 0


class Crash(Exception):
    """The process dies here."""


def dying(*_: Any, **__: Any) -> None:
    raise Crash


@pytest.mark.parametrize(
    "where", ["before_telling", "while_telling", "before_confirming", "before_shredding"]
)
def test_a_crash_at_each_point_tells_and_erases_all_the_same(
    place: World, agency: Receiver, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    with monkeypatch.context() as broken:
        if where == "before_telling":
            broken.setattr(erasing, "tell", dying)
        elif where == "while_telling":
            broken.setattr(erasing, "deliver", dying)
        elif where == "before_confirming":
            broken.setattr(telling, "_confirmed", dying)
        else:
            broken.setitem(erasing.STEPS, erasing.Stage.TOLD, dying)  # type: ignore[arg-type] # a test
        with pytest.raises(Crash):
            erase(place.desk, ANNA, Order())
    place.wait(10 * MINUTE)
    resume_erasures(place.desk)
    deliver(place.desk)
    assert place.person(ANNA) is None
    assert len(set(agency.numbers)) == 1
    assert agency.messages[-1]["addresses"] == [ANNA]
    assert recipients(place)["waiting"] == 0
    assert place.cli("log", "verify", "--payloads").code == 0


def test_no_byte_of_the_message_is_left_once_it_is_confirmed(place: World, agency: Receiver) -> None:
    agency.replies = [503]
    erase(place.desk, ANNA, Order())
    place.wait(HOUR)
    with place.mirror.read(place.desk.portal) as work:
        (waiting,) = work.errands.pending()
        assert waiting.said["addresses"] == [ANNA]
    deliver(place.desk)
    with place.mirror.read(place.desk.portal) as work:
        assert [each.said for each in work.errands.of_cause(waiting.cause)] == [{}]
    for path in place.folder.iterdir():
        if path.name.startswith("mirror.db"):
            assert ANNA.encode() not in path.read_bytes(), path.name


def test_a_restriction_and_its_end_are_told(place: World, agency: Receiver) -> None:
    assert place.cli("restrict", ANNA, "--reason", "disputes").code == 0
    assert place.cli("unrestrict", ANNA).code == 0
    assert [each["kind"] for each in agency.messages] == ["restriction", "restriction_lifted"]
    place.cli("restrict", ANNA)
    place.cli("restrict", ANNA)
    assert [each["kind"] for each in agency.messages].count("restriction") == 2, "twice is once"


def test_what_waits_about_a_restriction_goes_with_an_erased_person(place: World, agency: Receiver) -> None:
    agency.replies = [503]
    place.cli("restrict", ANNA)
    erase(place.desk, ANNA, Order())
    assert [each["kind"] for each in agency.messages] == ["restriction", "erasure"]
    assert recipients(place)["waiting"] == 0


def test_a_recipient_by_mail_gets_a_letter(tmp_path: Path) -> None:
    box = Box()
    extra = '[[recipients]]\nname = "Tryckeriet"\nkind = "mail"\naddress = "gdpr@tryck.example"\n'
    with post_world(tmp_path, box, extra=extra) as made:
        made.begin()
        assert made.cli("erase", ANNA, "--confirm").code == 0
        assert recipients(made)["waiting"] == 0
    (content,) = [content for to, content in box.mails if to == ("gdpr@tryck.example",)]
    assert b"application/json" in content


# --- the webhook itself ------------------------------------------------------------------------------------


def hook(url: str) -> Webhook:
    return Webhook("Byrån", url, lambda: SECRET, SystemClock())


@pytest.mark.parametrize(
    ("status", "error"),
    [(302, RecipientRefused), (307, RecipientRefused), (401, RecipientRefused), (410, RecipientRefused),
     (500, RecipientUnreachable), (429, RecipientUnreachable), (408, RecipientUnreachable)],
)  # fmt: skip
def test_only_a_2xx_confirms_and_no_redirect_is_followed(
    agency: Receiver, status: int, error: type[Exception]
) -> None:
    agency.replies = [status]
    with pytest.raises(error):
        hook(agency.url).tell("1", b'{"message":"1"}')
    assert len(agency.messages) == 1


def test_a_wrong_secret_is_refused_by_the_recipient(agency: Receiver) -> None:
    with pytest.raises(RecipientRefused):
        Webhook("x", agency.url, lambda: "another", SystemClock()).tell("1", b'{"message":"1"}')
    assert (agency.bad, agency.messages) == (["1"], [])


def test_plain_http_to_another_machine_is_never_spoken() -> None:
    with pytest.raises(RecipientRefused):
        hook("http://byran.example/x").tell("1", b"{}")


def test_nobody_there_is_a_later_try_and_the_address_stays_out_of_the_error() -> None:
    with pytest.raises(RecipientUnreachable) as caught:
        hook("http://127.0.0.1:9/secret-path").tell("1", b"{}")
    assert "secret-path" not in f"{caught.value}{caught.value.document()}"


def test_headers_that_drip_for_ever_end_with_the_deadline_of_a_whole_answer(agency: Receiver) -> None:
    """Each byte comes before the socket's own time-out; nothing else would end it in the test's time."""
    clock = HurriedClock()
    parts = urlsplit(agency.url)
    with Proxy(parts.port or 0) as line:
        line.arm("endless headers", {1})
        slow = Webhook("Byrån", f"http://127.0.0.1:{line.port}{parts.path}", lambda: SECRET, clock)
        began = clock.monotonic()
        with pytest.raises(RecipientUnreachable):
            slow.tell("1", b'{"message":"1"}')
        assert clock.monotonic() - began >= ANSWER_S, "the whole answer's time was over, no single byte's"
        assert line.injected["endless headers"] == 1
        slow.tell("1", b'{"message":"1"}')
    assert agency.numbers == ["1", "1"], "the same message again, once the line is well"


def test_a_certificate_of_nobody_we_trust_is_refused(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            try:
                authority.context.wrap_socket(connection, server_side=True)
            except OSError:
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(RecipientRefused):
            hook(f"https://127.0.0.1:{listener.getsockname()[1]}/x").tell("1", b"{}")
