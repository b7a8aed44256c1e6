"""The dead-man switch against a real server, with and without TLS."""

import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigurationError
from jobs.deadman import DeadMan, dead_man
from tests.report.authority import make_authority
from tests.world import world


class Outside:
    """A server that remembers what it was asked, and answers as told."""

    def __init__(self, status: int = 200, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[str, str, str]] = []
        outside = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                outside.asked.append((self.command, self.path, body))
                self.send_response(status)
                self.send_header("location", "/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            do_GET = do_POST  # noqa: N815 - the library's name

            def log_message(self, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(name="outside")
def _outside() -> Iterator[Outside]:
    made = Outside()
    yield made
    made.server.shutdown()
    made.server.server_close()


def switch(outside: Outside, *portals: str) -> DeadMan:
    return DeadMan(f"http://127.0.0.1:{outside.port}/x", frozenset(portals or ("main",)))


def test_a_good_reading_pings_once_and_says_one_word(outside: Outside) -> None:
    switch(outside).went_well("main", "pull")
    assert outside.asked == [("POST", "/x", "ok")]


def test_a_portal_that_is_dead_is_not_covered_by_one_that_lives(outside: Outside) -> None:
    dead = switch(outside, "a", "b")
    for _ in range(5):
        dead.went_well("a", "pull")
    assert outside.asked == []
    dead.went_well("b", "sweep")
    dead.went_well("b", "sweep")
    assert len(outside.asked) == 1


def test_other_jobs_do_not_count_and_a_failed_report_is_told_at_once(outside: Outside) -> None:
    dead = switch(outside)
    dead.went_well("main", "push")
    dead.went_wrong("main", "pull")
    dead.went_wrong("main", "report")
    assert outside.asked == [("POST", "/x/fail", "report")]


@pytest.mark.parametrize("status", [301, 307, 500])
def test_a_redirect_is_not_followed_and_an_error_fails_nothing(status: int) -> None:
    outside = Outside(status)
    switch(outside).went_well("main", "pull")
    assert [path for _, path, _ in outside.asked] == ["/x"]
    outside.server.shutdown()
    outside.server.server_close()


def test_nobody_there_fails_nothing() -> None:
    DeadMan("http://127.0.0.1:9/x", frozenset({"main"})).went_well("main", "pull")


def test_a_certificate_that_nobody_vouches_for_gets_no_ping(tmp_path: Path) -> None:
    made = make_authority(tmp_path)
    outside = Outside(tls=made.context)
    url = f"https://localhost:{outside.port}/x"
    DeadMan(url, frozenset({"main"})).went_well("main", "pull")
    assert outside.asked == []
    DeadMan(url, frozenset({"main"}), ssl.create_default_context(cafile=made.ca)).went_well("main", "pull")
    assert len(outside.asked) == 1
    outside.server.shutdown()
    outside.server.server_close()


@pytest.mark.parametrize("url", ["http://ping.example/x", "ftp://ping.example/x", "x"])
def test_only_https_is_pinged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PING", url)
    with world(tmp_path, extra='[health]\nping_url_env = "PING"\n') as w, pytest.raises(ConfigurationError):
        dead_man(w.settings, ["main"])


def test_without_a_setting_there_is_no_switch(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        assert dead_man(w.settings, ["main"]) is None
