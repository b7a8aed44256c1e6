"""A dashboard over a real socket, with people, users and clients that sign in as a browser does."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from connector import wiring_web
from connector.acts import exports
from connector.acts.papers import folder_of
from connector.acts.reviews import OPTIONS
from connector.consent.decision import Review
from connector.store.reviews import NewReview
from connector.store.users import Role
from connector.web.dashboard.workshop import Workshop
from connector.web.server import WebServer
from jobs.lending import lent_of
from jobs.mailing import nightly_of
from tests.world import ANNA, BO, CARIN, DAVID, DAY, HOUR, NEWSLETTER, World, world

PASSWORD = "a horse that is correct"
#: One user of each role; `eva` and `dora` are the two people whom some acts ask for.
USERS = {"vera": Role.VIEWER, "olle": Role.OPERATOR, "dora": Role.DPO, "eva": Role.DPO, "adam": Role.ADMIN}
WEB = '[web]\nlisten = "127.0.0.1:0"\n'
FIELD = re.compile(r'name="token" value="([^"]+)"')
AT = "/dashboard/p/main"
T = TypeVar("T")


class Watched(Workshop):
    """The threads beside the pages, and all that they were given."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[Future[Any]] = []

    def begin(self, work: Callable[[], T]) -> Future[T]:
        self.begun.append(super().begin(work))
        return self.begun[-1]


class Office:
    """A world with its dashboard served."""

    def __init__(self, w: World, server: WebServer, threads: Watched) -> None:
        self.w = w
        self.threads = threads
        self.url = f"http://127.0.0.1:{server.port}"
        self._clients: list[httpx.Client] = []

    def client(self, **headers: str) -> httpx.Client:
        """A browser that has not signed in."""
        made = httpx.Client(base_url=self.url, headers=headers, timeout=30)
        self._clients.append(made)
        return made

    def signed_in(self, name: str, language: str = "en") -> httpx.Client:
        """A browser that has."""
        made = self.client(**{"accept-language": language})
        answer = sign_in(made, name)
        assert answer.status_code == 303, answer.text
        return made

    def settle(self) -> None:
        """Wait for everything that was begun beside the pages."""
        for each in self.threads.begun:
            each.exception()

    def close(self) -> None:
        for each in self._clients:
            each.close()


def token(text: str) -> str:
    """The token of the first form on a page."""
    found = FIELD.search(text)
    assert found, text
    return found[1]


def sign_in(client: httpx.Client, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    """The form, filled in and sent."""
    page = client.get("/dashboard/sign-in")
    values = {"token": token(page.text), "name": name, "password": password, "next": ""} | more
    return client.post("/dashboard/sign-in", data=values)


def post(client: httpx.Client, path: str, page: str | None = None, **fields: str) -> httpx.Response:
    """A form of a page (the same path where not said), sent with its token."""
    said = token(client.get(page or path).text)
    return client.post(path, data={"token": said} | fields)


def keep_document(w: World) -> int:
    """A file such as the page of documents makes, once; its number."""
    known = exports.listed(w.desk)
    if known:
        return known[-1].id
    folder_of(w.settings).mkdir(exist_ok=True)
    path = folder_of(w.settings) / "processing.html"
    wanted = exports.Wanted(path=path, kind=exports.FileKind.PROCESSING, by="staff:dora", manifest=True)
    return exports.write(w.desk, wanted, b"<!doctype html>")


def keep_night(w: World) -> None:
    """The nightly report of today, kept for history; nothing is mailed."""
    nightly_of(w.settings, w.desk).run()


def ask(w: World, address: str | None, kind: str) -> int:
    """A question that waits for a person; its number."""
    person = w.person(address) if address else None
    question = NewReview(
        kind=kind,
        key=f"{kind}:{address}",
        question="Somebody cleared a no in HubSpot. Approve: it was cleared on purpose. Reject: it stands.",
        options=OPTIONS,
        person_id=person.id if person else None,
        purpose="newsletter" if person else "",
        row=23 if person else None,
    )
    with w.mirror.write(w.desk.portal) as work:
        return work.reviews.open([question], w.now)[0].id


@contextmanager
def office(folder: Path, *, extra: str = WEB, **more: Any) -> Iterator[Office]:
    """A portal with four people: a proved yes, a no by HubSpot, a no by us, and nothing."""
    with world(folder, contacts=(ANNA, BO, CARIN, DAVID), extra=extra, **more) as w:
        furnish(w)
        with serve(w) as made:
            yield made


@contextmanager
def serve(w: World) -> Iterator[Office]:
    """The dashboard of a world that has a `[web]` with an address."""
    threads = Watched()
    with wiring_web.web_of(w.settings, [w.desk], w.tools, lent_of(w.settings), threads) as server:
        assert server is not None
        made = Office(w, server, threads)
        try:
            yield made
        finally:
            made.close()


def furnish(w: World) -> None:
    """What the pages show."""
    w.sandbox.person.unsubscribe(BO, NEWSLETTER)
    w.begin()
    w.grant(ANNA)
    w.withdraw(CARIN, "newsletter")
    (w.folder / "words.txt").write_text("Yes, Exempel AB may send me the newsletter by e-mail.", "utf-8")
    said = ("--purpose", "newsletter", "--type", "grant", "--source", "paper", "--at", "2026-06-14")
    done = w.cli("record", DAVID, *said, "--signed", "--wording", str(w.folder / "words.txt"))
    assert done.code == 0, done.err
    w.wait(HOUR)
    w.sync()
    for _ in range(3):
        keep_night(w)
        w.wait(DAY)
    ask(w, BO, Review.CLEARED)
    assert w.cli("requests", "add", ANNA, "--kind", "access", "--note", "Send it by letter").code == 0
    add_users(w)


def add_users(w: World) -> None:
    """One of each role, and a second one of those who decide."""
    with w.mirror.write(w.desk.portal) as work:
        for name, role in USERS.items():
            work.users.add(name, role, PASSWORD, w.now)
