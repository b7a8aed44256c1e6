"""One exchange over real sockets: what may leave, what may come back, and how it can go wrong."""

import gzip
import socket
import ssl
import threading
import time
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from connector.clock import SystemClock
from connector.hubspot import session as module
from connector.hubspot.families import contacts, statuses, unsubscribe_all
from connector.hubspot.session import Lost, NotSent, Outgoing, Session, Untrusted
from tests.hubspot.helpers import TOKEN, Scripted, ToldClock, raw, raw_json, scripted, silence

LIST = Outgoing(contacts())


def opened(url: str) -> Session:
    return Session(url, clock=SystemClock(), pool_size=2)


def test_a_request_carries_token_path_query_and_body_as_the_builder_makes_them() -> None:
    with scripted(raw_json("200 OK", {})) as server:
        outgoing = Outgoing(statuses("anna+x@exempel.se"), {"channel": "EMAIL", "after": None}, b'{"a":1}')
        opened(server.url).send(outgoing, TOKEN)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(
        b"GET /communication-preferences/2026-03/statuses/anna%2Bx@exempel.se?channel=EMAIL "
    )
    assert f"Authorization: Bearer {TOKEN}".encode() in head
    assert b"Content-Type: application/json" in head
    assert body == b'{"a":1}'


def test_a_redirect_is_never_followed_with_the_token() -> None:
    with scripted(raw("200 OK")) as elsewhere:
        moved = raw("302 Found", b"", f"Location: {elsewhere.url}/steal")
        with scripted(moved) as server:
            answer = opened(server.url).send(LIST, TOKEN)
        assert answer.status == 302
        assert elsewhere.requests == []


def test_proxies_of_the_environment_are_not_used_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(raw("200 OK")) as proxy, scripted(raw_json("200 OK", {"ours": True})) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        answer = opened(server.url).send(LIST, TOKEN)
        assert b"ours" in answer.body
        assert proxy.requests == []


def test_proxies_and_a_companys_own_ca_are_used_for_hubspot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.exempel.se:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/company.pem")
    monkeypatch.delenv("NO_PROXY", raising=False)
    session = opened("https://api.hubapi.com")._session
    assert session.proxies["https"] == "http://proxy.exempel.se:3128"
    assert session.verify == "/etc/ssl/company.pem"
    assert session.trust_env is False


def test_a_call_goes_through_the_companys_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    with scripted(raw("502 Bad Gateway")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(NotSent, match="proxy"):
            opened("https://api.hubapi.com").send(LIST, TOKEN)
    assert proxy.requests[0].startswith(b"CONNECT api.hubapi.com:443 ")
    assert TOKEN.encode() not in proxy.requests[0]


def test_a_companys_own_ca_is_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with scripted(raw_json("200 OK", {"ours": True}), tls=self_signed(tmp_path)) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "server.pem"))
        assert b"ours" in opened(server.url).send(LIST, TOKEN).body


def test_an_answer_is_asked_for_packed_and_a_write_says_how_long_it_is() -> None:
    with scripted(raw_json("200 OK", {}), raw_json("200 OK", {})) as server:
        session = opened(server.url)
        session.send(LIST, TOKEN)
        session.send(Outgoing(unsubscribe_all("anna@exempel.se")), TOKEN)
    first, second = server.requests
    assert b"Accept-Encoding: gzip, deflate\r\n" in first
    assert b"Content-Length" not in first
    assert b"Content-Length: 0\r\n" in second


def test_the_certificate_is_checked_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    assert opened("https://api.hubapi.com")._session.verify is True


def test_one_connection_serves_call_after_call() -> None:
    def three(connection: socket.socket) -> None:
        for _ in range(3):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            connection.recv(65536)

    with scripted(three) as server:
        session = opened(server.url)
        bodies = [session.send(LIST, TOKEN).body for _ in range(3)]
        session.close()
        assert bodies == [b"{}"] * 3
        assert len(server.requests) == 1


def test_a_netrc_file_does_not_replace_the_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with scripted(raw_json("200 OK", {})) as server:
        opened(server.url).send(LIST, TOKEN)
    assert f"Authorization: Bearer {TOKEN}".encode() in server.requests[0]
    assert b"Basic" not in server.requests[0]


def test_cookies_are_not_kept() -> None:
    with scripted(raw("200 OK", b"", "Set-Cookie: a=b; Path=/"), raw("200 OK")) as server:
        session = opened(server.url)
        session.send(LIST, TOKEN)
        session.send(LIST, TOKEN)
    assert b"Cookie" not in server.requests[1]


def test_gzip_is_unpacked() -> None:
    packed = gzip.compress(b'{"results":[]}')
    with scripted(raw("200 OK", packed, "Content-Encoding: gzip")) as server:
        assert opened(server.url).send(LIST, TOKEN).body == b'{"results":[]}'


def test_an_answer_may_not_unpack_to_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_ANSWER", 100_000)
    bomb = gzip.compress(b"x" * 50_000_000)
    answer = raw("200 OK", bomb, "Content-Encoding: gzip")
    with scripted(answer) as server, pytest.raises(Lost, match="answer_too_large"):
        opened(server.url).send(LIST, TOKEN)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="reset"),
        pytest.param(b"", id="closed without a word"),
        pytest.param(b"SSH-2.0-hello\r\n", id="another protocol"),
        pytest.param(raw("200 OK", b'{"results":', length=5000), id="cut in the body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", id="cut in a chunk"),
        pytest.param(raw("200 OK", b"no gzip", "Content-Encoding: gzip"), id="not what it says"),
    ],
)
def test_an_exchange_that_breaks_off_is_lost(answer: bytes | None) -> None:
    with scripted(answer) as server, pytest.raises(Lost, match="connection_lost"):
        opened(server.url).send(LIST, TOKEN)


def test_nobody_there_means_nothing_was_sent() -> None:
    server = Scripted()
    server.close()
    with pytest.raises(NotSent, match="connect"):
        opened(server.url).send(LIST, TOKEN)


def test_silence_ends_with_the_read_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_S", 0.05)
    with scripted(silence) as server, pytest.raises(Lost, match="read_timeout"):
        opened(server.url).send(LIST, TOKEN)


def test_a_certificate_that_nobody_vouches_for_ends_it_before_anything_is_sent(tmp_path: Path) -> None:
    with scripted(raw("200 OK"), tls=self_signed(tmp_path)) as server:
        with pytest.raises(Untrusted):
            opened(server.url).send(LIST, TOKEN)
        assert server.requests == []


def test_the_words_of_an_error_hold_no_address() -> None:
    server = Scripted()
    server.close()
    with pytest.raises(NotSent) as caught:
        opened(server.url).send(Outgoing(statuses("anna@exempel.se")), TOKEN)
    assert "anna" not in repr(caught.value)
    assert caught.value.__suppress_context__


def test_outgoing_prints_neither_query_nor_body() -> None:
    outgoing = Outgoing(statuses("anna@exempel.se"), {"email": "anna@exempel.se"}, b"anna@exempel.se")
    assert "anna" not in repr(outgoing)


def test_a_slow_drip_meets_the_deadline() -> None:
    class Hurried(ToldClock):
        """A minute and a half passes between any two looks at it."""

        def monotonic(self) -> float:
            self.at += 90_000
            return self.at / 1000

    with scripted(raw("200 OK", b"x" * 200_000)) as server:
        session = Session(server.url, clock=Hurried(), pool_size=1)
        with pytest.raises(Lost, match="read_timeout"):
            session.send(LIST, TOKEN)


def test_headers_that_drip_meet_the_deadline_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes well within the socket's own time-out."""
    monkeypatch.setattr(module, "ANSWER_S", 0.2)
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not over.wait(0.01):
            connection.sendall(b"x")

    with scripted(drip) as server:
        began = time.monotonic()
        with pytest.raises(Lost, match="read_timeout"):
            opened(server.url).send(LIST, TOKEN)
        took = time.monotonic() - began
        over.set()
    assert took < 20


def self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate for this machine by nobody in particular."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), day, day.replace(2100)
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "server.pem"
    file.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
