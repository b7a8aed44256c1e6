"""What stands before every page, over a real connection."""

import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector import wiring_web
from connector.web import guard, server
from connector.web.languages import chosen
from connector.web.server import WebServer
from tests.world import World, world

PUBLIC = '[web]\nlisten = "127.0.0.1:0"\npublic_url = "https://consent.example"\n'


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, extra=PUBLIC) as made:
        yield made


@pytest.fixture
def web(here: World) -> Iterator[WebServer]:
    with wiring_web.web_of(here.settings, [here.desk], here.tools) as served:
        assert served is not None
        yield served


def ask(
    web: WebServer, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Host": "consent.example"} | named)
    return connection.getresponse()


def test_every_answer_carries_the_headers(web: WebServer) -> None:
    """Errors and the stylesheet included."""
    for path in ("/nothing", "/static/none.css", "/"):
        answer = ask(web, path)
        for name, value in guard.HEADERS.items():
            assert answer.headers[name.decode()] == value.decode(), (path, name)
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Server"] is None


def test_only_the_stylesheet_may_be_kept(web: WebServer) -> None:
    text = ask(web, "/nothing").read().decode()
    style = text.partition('stylesheet" href="')[2].partition('"')[0]
    answer = ask(web, style)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("host", ["evil.example", "", "consent.example.evil.example", "consent.example@evil"])
def test_another_host_is_refused(web: WebServer, host: str) -> None:
    assert ask(web, "/nothing", Host=host).status == 421


def test_what_is_forwarded_changes_nothing(web: WebServer) -> None:
    """X-Forwarded-Host is anybody's word (ASVS 4.1.3)."""
    answer = ask(web, "/nothing", Host="evil.example", X_Forwarded_Host="consent.example")
    assert answer.status == 421


def test_too_much_is_refused_before_a_page_sees_it(web: WebServer) -> None:
    assert ask(web, "/x", "POST", b"a" * (guard.LARGEST_BODY + 1)).status == 413
    assert ask(web, "/" + "a" * guard.LONGEST_PATH).status == 414


def test_a_body_without_a_length_is_counted_while_it_comes(web: WebServer) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as line:
        line.sendall(b"POST /x HTTP/1.1\r\nHost: consent.example\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(70):
            line.sendall(b"400\r\n" + b"a" * 1024 + b"\r\n")
        assert b" 413 " in line.recv(100)


def test_a_slow_head_and_a_slow_body_are_given_up(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_S", 0.3)
    monkeypatch.setattr(guard, "SLOWEST_S", 0.3)
    for sent in (
        b"GET / HTTP/1.1\r\nHo",
        b"POST /x HTTP/1.1\r\nHost: consent.example\r\nContent-Length: 9\r\n\r\na",
    ):
        with socket.create_connection(("127.0.0.1", web.port), timeout=10) as line:
            line.sendall(sent)
            time.sleep(0.1)
            answer = line.recv(200)
            assert answer == b"" or b" 408 " in answer


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("en", "sv", "en"),
        (None, "en-GB,en;q=0.9,sv;q=0.8", "en"),
        (None, "de,sv;q=0.5,en;q=0.4", "sv"),
        ("de", "fr", "sv"),
        (None, "en;q=0,sv;q=0.1", "sv"),
        (None, "en;q=nonsense", "sv"),
        (None, None, "sv"),
    ],
)
def test_the_language_is_the_readers(wanted: str | None, accepted: str | None, language: str) -> None:
    assert chosen(wanted, accepted, ("sv", "en")) == language


def test_a_portal_without_web_has_none(tmp_path: Path) -> None:
    with world(tmp_path) as made, wiring_web.web_of(made.settings, [made.desk], made.tools) as served:
        assert served is None
