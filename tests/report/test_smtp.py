"""Mail over a real server with real TLS: what it takes, refuses, puts off, drops and drips."""

import socket
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from connector.clock import SystemClock
from connector.errors import ConfigurationError, ConnectorError, MailUnavailable
from connector.report import smtp
from connector.report.mail import MAIL_POLICY, Envelope, compose
from connector.report.outcome import LetterPutOff, LetterRefused, MailAmbiguous, MailRefused
from connector.report.render import render
from connector.report.smtp import MailServer, send, wire
from tests.report.authority import Authority, make_authority
from tests.report.examples import NOW, small
from tests.report.mailbox import PASSWORD, Box, serving

TO = "dataskydd@exempel.se"
SECOND = "it@exempel.se"


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


def message(*to):
    report = small()
    return compose(
        report, render(report, "sv", ()), Envelope(sender="mirror@exempel.se", recipients=to or (TO,)), NOW
    )


def hand_over(
    port,
    authority=None,
    *,
    security="starttls",
    user="mirror",
    password=PASSWORD,
    to=(TO,),
    host="127.0.0.1",
    deadline_s=60.0,
    clock=None,
):
    server = MailServer(
        host=host,
        port=port,
        security=security,
        user=user,
        password=password,
        ca_file=authority.ca if authority else None,
    )
    return send(message(*to), server, clock or SystemClock(), deadline_s=deadline_s)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_mail_arrives_over_verified_tls_with_login(authority, security):
    box = Box()
    with serving(box, **{security: authority.context}) as port:
        # aiosmtpd offers AUTH after STARTTLS only: it does not see that TLS came with the first byte
        user = "mirror" if security == "starttls" else None
        delivery = hand_over(port, authority, security=security, user=user)
    assert delivery.accepted == 1
    assert not delivery.refused
    assert box.users == (["mirror"] if user else [])
    ((recipients, content),) = box.mails
    assert recipients == (TO,)
    assert (
        message_from_bytes(content, policy=policy.default)["Message-ID"]
        == "<report.2026-11-24.62515@exempel.se>"
    )


def test_a_server_that_knows_only_the_older_login_gets_it(authority):
    box = Box()
    with serving(box, starttls=authority.context, login_only=True) as port:
        assert hand_over(port, authority).accepted == 1
    assert box.users == ["mirror"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_nobody_known_is_refused_before_the_password(authority, security):
    box = Box()
    with (
        serving(box, **{security: authority.context}) as port,
        pytest.raises(MailRefused, match="certificate"),
    ):
        hand_over(port, None, security=security)
    assert box.mails == box.users == []


def test_a_certificate_of_another_name_is_refused(authority):
    box = Box()
    served = serving(box, starttls=authority.context, host="127.0.0.2")
    with served as port, pytest.raises(MailRefused, match="certificate"):
        hand_over(port, authority, host="127.0.0.2")
    assert box.mails == box.users == []


def test_a_server_without_starttls_gets_neither_password_nor_mail():
    box = Box()
    with serving(box) as port, pytest.raises(MailRefused):
        hand_over(port)
    assert box.mails == box.users == []


def test_a_wrong_password_is_for_a_person_to_mend(authority):
    box = Box()
    with (
        serving(box, starttls=authority.context) as port,
        pytest.raises(MailRefused, match=r"login.*535") as caught,
    ):
        hand_over(port, authority, password="wrong")
    assert "wrong" not in str(caught.value.document())


@pytest.mark.parametrize(
    ("reply", "error", "exit_code"),
    [("451 busy with anna@exempel.se", LetterPutOff, 75), ("550 no anna@exempel.se", LetterRefused, 2)],
    ids=["451: later", "550: never"],
)
def test_what_the_server_answers_decides_whether_to_try_again(reply, error, exit_code):
    box = Box(replies=[reply])
    with serving(box) as port:
        with pytest.raises(error) as caught:
            hand_over(port, security="none", user=None)
        assert type(caught.value) is error
        assert caught.value.exit_code == exit_code
        assert caught.value.worth_retrying is (exit_code == 75)
        assert "anna" not in str(caught.value.document())
        assert hand_over(port, security="none", user=None).accepted == 1


def test_a_refused_recipient_is_recorded_and_the_others_get_the_mail():
    box = Box(refuse={SECOND: "550 unknown"})
    with serving(box) as port:
        delivery = hand_over(port, security="none", user=None, to=(TO, SECOND))
    assert delivery.accepted == 1
    assert delivery.refused == {"i•••@e•••.se": 550}


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ({TO: "550 unknown", SECOND: "550 unknown"}, LetterRefused),
        ({TO: "550 unknown", SECOND: "450 greylisted"}, LetterPutOff),
    ],
    ids=["all for good", "one may work later"],
)
def test_when_every_recipient_is_refused_nothing_was_sent(replies, error):
    box = Box(refuse=replies)
    with serving(box) as port, pytest.raises(error) as caught:
        hand_over(port, security="none", user=None, to=(TO, SECOND))
    assert type(caught.value) is error


def test_a_connection_that_breaks_after_the_mail_is_repeated_as_the_same_mail():
    box = Box(drop_after_data=True)
    with serving(box) as port:
        with pytest.raises(MailAmbiguous):
            hand_over(port, security="none", user=None)
        box.drop_after_data = False
        assert hand_over(port, security="none", user=None).accepted == 1
    ids = {message_from_bytes(content, policy=policy.default)["Message-ID"] for _, content in box.mails}
    assert len(box.mails) == 2
    assert len(ids) == 1


class Until(SystemClock):
    """Its sleeper's time is over once something has happened, on any machine."""

    def __init__(self):
        self.happened = threading.Event()

    def sleep(self, seconds, wake=None):
        self.happened.wait(60)
        return False


def _dripping(lines, over):
    """A server that never stops talking and never says anything."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        try:
            connection, _ = listener.accept()
            with connection:
                for line in lines:
                    connection.sendall(line)
                    connection.recv(4096)
                while True:
                    connection.sendall(b"2")
                    time.sleep(0.05)
                    over.set()
        except OSError:
            pass

    threading.Thread(target=serve, daemon=True).start()
    return listener


@pytest.mark.parametrize("security", ["none", "tls", "starttls"])
def test_a_server_that_drips_is_cut_off_at_the_deadline(security):
    lines = [b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n"] if security == "starttls" else []
    clock = Until()
    with _dripping(lines, clock.happened) as listener, pytest.raises(MailUnavailable):
        hand_over(listener.getsockname()[1], security=security, user=None, clock=clock)
    for sending in [each for each in threading.enumerate() if each.name == "report-mail"]:
        sending.join(60)
        assert not sending.is_alive()


def test_a_server_that_drips_after_the_mail_leaves_open_whether_it_came():
    lines = [b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n"]
    clock = Until()
    with _dripping_after_data(lines, clock.happened) as listener, pytest.raises(MailAmbiguous):
        hand_over(listener.getsockname()[1], security="none", user=None, clock=clock)


def test_a_connection_that_comes_about_after_the_deadline_carries_no_mail(monkeypatch):
    """Whoever waited was told that nothing went out, and tries again."""
    honest, may_connect = socket.create_connection, threading.Event()

    def late(*words):
        may_connect.wait(30)
        return honest(*words)

    box = Box()
    with serving(box) as port:
        monkeypatch.setattr(smtp.socket, "create_connection", late)
        monkeypatch.setattr(smtp, "GRACE_S", 0.0)
        with pytest.raises(MailUnavailable):
            hand_over(port, security="none", user=None, deadline_s=0.0)
        (sending,) = (each for each in threading.enumerate() if each.name == "report-mail")
        may_connect.set()
        sending.join(30)
    assert not sending.is_alive()
    assert box.mails == []


def _dripping_after_data(lines, over):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        try:
            connection, _ = listener.accept()
            with connection:
                for line in [*lines, b"354 go\r\n"]:
                    connection.sendall(line)
                    connection.recv(65_536)
                while True:
                    connection.sendall(b"2")
                    time.sleep(0.05)
                    over.set()
        except OSError:
            pass

    threading.Thread(target=serve, daemon=True).start()
    return listener


def test_a_closed_port_is_tried_again_later():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(MailUnavailable) as caught:
        hand_over(port, security="none", user=None)
    assert not isinstance(caught.value, MailAmbiguous)


@pytest.mark.parametrize(
    "settings",
    [
        {"host": "mail.exempel.se", "security": "none"},
        {"host": "localhost", "security": "none", "user": "mirror"},
    ],
    ids=["plain to another machine", "a password in the clear"],
)
def test_nothing_leaves_without_tls(settings):
    with pytest.raises(ConfigurationError):
        MailServer(**settings)


def test_a_missing_ca_file_is_named(tmp_path):
    server = MailServer(host="127.0.0.1", port=9, ca_file=tmp_path / "none.pem")
    with pytest.raises(ConfigurationError) as caught:
        send(message(), server, SystemClock(), deadline_s=5)
    assert caught.value.where == "report.smtp_ca_file"


def test_a_password_shows_nowhere():
    assert PASSWORD not in repr(MailServer(host="127.0.0.1", user="mirror", password=PASSWORD))
    assert issubclass(MailRefused, ConnectorError)


def test_a_line_that_begins_with_from_arrives_as_it_was_written():
    box = Box()
    text = "From lists and other systems.\n.A line that begins with a dot.\n"
    with serving(box) as port:
        message = compose_plain(text)
        send(message, MailServer(host="127.0.0.1", port=port, security="none"), SystemClock())
    assert box.mails[0][1] == wire(message)
    assert b"\r\nFrom lists" in box.mails[0][1]


def compose_plain(text):
    message = EmailMessage(policy=MAIL_POLICY)
    message["From"], message["To"], message["Subject"] = "a@exempel.se", "b@exempel.se", "x"
    message.set_content(f"First.\n{text}")
    return message
