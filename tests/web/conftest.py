"""A world with a web part, and a plain HTTP client that follows nothing."""

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from connector import wiring_web
from connector.acts.links import PersonLinks, links_of
from connector.web.server import WebServer
from tests.world import ANNA, BO, World, world

PUBLIC = '[web]\nlisten = "127.0.0.1:0"\npublic_url = "https://consent.example"\n'


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Visitor:
    """Somebody with a browser without script."""

    web: WebServer

    def ask(self, url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body, {"Host": "consent.example"} | named)
        found = connection.getresponse()
        answer = Answer(found.status, found.headers, found.read())
        connection.close()
        return answer

    def press(self, url: str, **fields: str) -> Answer:
        body = urlencode(fields).encode()
        return self.ask(url, "POST", body, Content_Type="application/x-www-form-urlencoded")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, extra=PUBLIC, contacts=(ANNA, BO)) as made:
        made.begin()
        yield made


@pytest.fixture
def web(here: World) -> Iterator[WebServer]:
    with wiring_web.web_of(here.settings, [here.desk], here.tools) as served:
        assert served is not None
        yield served


@pytest.fixture
def visitor(web: WebServer) -> Visitor:
    return Visitor(web)


@pytest.fixture
def anna(here: World) -> PersonLinks:
    return links_of(here.desk, ANNA)
