"""Two portals in one process: whatever is named in one is nothing in the other (ASVS 5.0, 8.4.1).

Each page, act, link and file reference of one portal is asked for at the other. The answer is, byte for byte,
that to something which never was; nothing is changed by it, and neither log tells of the other's people.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from connector import wiring, wiring_web
from connector.acts import exports
from connector.acts.desk import Desk
from connector.acts.first_push import confirm_first_push, dry_run_shown
from connector.acts.links import links_of
from connector.acts.receiving import Received, receive
from connector.acts.record import Act, File, record
from connector.acts.when import moment
from connector.acts.who import people_at, purpose_of
from connector.consent.decision import Review
from connector.consent.events import EventType, Source
from connector.sandbox.options import Options, Tier
from connector.sandbox.server import Sandbox
from connector.store.requests import RequestKind
from connector.store.reviews import NewReview
from connector.store.users import Role
from connector.web.dashboard.gate import Page
from connector.web.dashboard.routes import PAGES
from connector.web.server import WebServer
from jobs.lending import lent_of
from jobs.turn import Plan, turn
from tests.web.office import PASSWORD, WEB, sign_in, token
from tests.world import HOUR, World, WorldClock, world

ONE, TWO = "main", "other"
PEOPLE = {ONE: "anna.ett@example.org", TWO: "bodil.two@example.org"}
TOKEN = "CONSENT_MIRROR_SECOND_TOKEN"
NUMBER = 62_600


@dataclass
class Named:
    """What a portal has, as its paths name it."""

    desk: Desk
    ref: str
    review: int
    request: int
    file: int
    wording: str

    def filled(self, path: str, portal: str, *, strange: bool = False) -> str:
        """A path with the names of this portal's things, at a portal; `strange`: with names of nothing."""
        number = {"reviews": self.review, "requests": self.request, "exports": self.file}
        place = path.replace("{portal}", portal)
        place = place.replace("{ref}", "0" * 32 if strange else self.ref)
        place = place.replace("{hash}", "0" * 16 if strange else self.wording[:16])
        for word, known in number.items():
            place = place.replace(f"/{word}/{{number:int}}", f"/{word}/{999_999 if strange else known}")
        return place


@dataclass
class Two:
    """The process, its portals and a browser."""

    w: World
    url: str
    at: dict[str, Named]
    client: httpx.Client

    def asked(self, page: Page, path: str) -> httpx.Response:
        if not page.post:
            return self.client.get(path)
        said = token(self.client.get(f"/dashboard/p/{ONE}/search").text)
        fields = {
            "token": said, "reason": "because", "answer": "reject", "act": "take", "sure": "yes",
            "make": "receipt.html", "purpose": "newsletter", "event": "0" * 64, "payloads": "yes",
        }  # fmt: skip
        return self.client.post(path, data=fields)

    def state(self) -> dict[str, object]:
        """Everything that an act could change, in both portals."""
        found: dict[str, object] = {}
        for name, each in self.at.items():
            with each.desk.mirror.read(each.desk.portal) as work:
                found[name] = (
                    work.log.head(),
                    [(one.id, one.decided_at, one.approvals) for one in work.reviews.pending(100)],
                    [(one.id, one.owner, one.settled_at) for one in work.requests.all()],
                    [(one.id, one.ended_at) for one in work.exports.every()],
                    work.people.by_ref(each.ref),
                )
        return found


@contextmanager
def two(folder: Path) -> Iterator[Two]:
    clock = WorldClock()
    second = Sandbox(0, 9, Tier.ENTERPRISE, options=Options(limits=False), clock=clock, portal_id=NUMBER)
    second.colleague.create({"email": PEOPLE[TWO]})
    served = second.start()
    os.environ[TOKEN] = served.token
    extra = (
        f'{WEB}[[portals]]\nname = "{TWO}"\nportal_id = {NUMBER}\ntoken_env = "{TOKEN}"\n'
        f'api = "{served.base_url}"\n'
    )
    try:
        with world(folder, contacts=(PEOPLE[ONE],), extra=extra, clock=clock) as w:
            desks = {name: wiring.desk_of(w.settings, w.mirror, name, w.tools) for name in (ONE, TWO)}
            at = {name: furnished(desk, folder, PEOPLE[name], clock) for name, desk in desks.items()}
            with desks[ONE].mirror.write(desks[ONE].portal) as work:
                work.users.add("eva", Role.ADMIN, PASSWORD, w.now)
            with wiring_web.web_of(w.settings, desks.values(), w.tools, lent_of(w.settings)) as server:
                assert isinstance(server, WebServer)
                url = f"http://127.0.0.1:{server.port}"
                with httpx.Client(base_url=url, timeout=60) as client:
                    assert sign_in(client, "eva").status_code == 303
                    yield Two(w, url, at, client)
    finally:
        served.stop()
        os.environ.pop(TOKEN, None)


def furnished(desk: Desk, folder: Path, address: str, clock: WorldClock) -> Named:
    """A person with a yes, a question, a request and a file."""
    turn(desk, Plan())
    dry_run_shown(desk)
    confirm_first_push(desk)
    clock.advance(HOUR)
    said = Act(
        type=EventType.GRANT, source=Source.PAPER, at=moment("2026-06-14", desk.zone, desk.clock.now()),
        purpose=purpose_of(desk.purposes, "newsletter"), signed=True,
        wording=File("words.txt", f"Yes, {desk.name} may send me the newsletter by e-mail.".encode()),
    )  # fmt: skip
    assert record(desk, address, said).event is not None
    asked = receive(
        desk, Received(kind=RequestKind.ACCESS, address=address, received_at=desk.clock.now(), note="please")
    )
    wanted = exports.Wanted(path=folder / f"{desk.name}.csv", kind=exports.FileKind.GAPS, by="staff:x")
    file = exports.write(desk, wanted, address.encode())
    with desk.mirror.write(desk.portal) as work:
        (person,) = people_at(work, address)
        question = NewReview(
            kind=Review.CLEARED, key=f"x:{desk.name}", question="Which?", options=("approve", "reject"),
            person_id=person.id, purpose="newsletter", row=23,
        )  # fmt: skip
        review = work.reviews.open([question], desk.clock.now())[0].id
        texts = work.blobs.get({use.hash for use in work.blobs.uses()})
        wording = next(each for each, blob in texts.items() if f"Yes, {desk.name} may".encode() in blob.data)
    return Named(desk, person.ref, review, asked.id, file, wording)


@pytest.fixture(name="both", scope="module")
def _both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with two(tmp_path_factory.mktemp("two")) as made:
        yield made


NAMING = [each for each in PAGES if any(word in each.path for word in ("{ref}", "{number", "{hash}"))]


def plain(answer: httpx.Response) -> tuple[int, str, list[tuple[str, str]]]:
    """Status, body and headers; the time and the token of the session's forms are the session's own."""
    headers = [
        (name, value) for name, value in answer.headers.items() if name not in {"date", "content-length"}
    ]
    return answer.status_code, re.sub(r'name="token" value="[^"]+"', "", answer.text), headers


@pytest.mark.parametrize("page", NAMING, ids=lambda page: f"{page.method} {page.path}")
@pytest.mark.parametrize(("theirs", "here"), [(ONE, TWO), (TWO, ONE)])
def test_what_one_portal_names_is_nothing_in_the_other(both: Two, page: Page, theirs: str, here: str) -> None:
    own = both.at[theirs]
    before = both.state()
    known = both.asked(page, own.filled(page.path, here))
    nothing = both.asked(page, own.filled(page.path, here, strange=True))
    assert known.status_code in {403, 404}
    assert plain(known) == plain(nothing)
    assert both.state() == before
    assert PEOPLE[theirs] not in known.text
    assert own.ref not in known.text


def test_every_reference_is_somebody_where_it_belongs(both: Two) -> None:
    """The test above would prove nothing with references that are nothing anywhere."""
    for name, each in both.at.items():
        for page in NAMING:
            if not page.post and not page.path.endswith(("/file",)):
                answer = both.client.get(each.filled(page.path, name))
                assert answer.status_code == 200, (page.path, answer.text)


@pytest.mark.parametrize(("theirs", "here"), [(ONE, TWO), (TWO, ONE)])
def test_a_search_here_finds_nobody_from_there(both: Two, theirs: str, here: str) -> None:
    at = f"/dashboard/p/{here}/search"
    pages = []
    before = both.state()
    for address in (PEOPLE[theirs], "never.was@example.org"):
        said = token(both.client.get(at).text)
        pages.append(plain(both.client.post(at, data={"token": said, "address": address})))
    assert pages[0] == pages[1]
    assert both.state() == before


def test_no_page_of_a_portal_tells_of_the_others_people(both: Two) -> None:
    for name, other in ((ONE, TWO), (TWO, ONE)):
        for page in PAGES:
            if not page.post and "{portal}" in page.path:
                text = both.client.get(both.at[name].filled(page.path, name), follow_redirects=True).text
                assert PEOPLE[other] not in text, page.path
                assert both.at[other].ref not in text, page.path
                assert both.at[other].ref[:8] not in text, page.path


def test_a_persons_link_shows_only_their_portal(both: Two) -> None:
    for name, other in ((ONE, TWO), (TWO, ONE)):
        desk = replace(both.at[name].desk, public_url=both.url)
        text = both.client.get(links_of(desk, PEOPLE[name]).preferences).text
        assert PEOPLE[other].partition("@")[0] not in text


def test_neither_log_names_the_others_people(both: Two) -> None:
    for name, other in ((ONE, TWO), (TWO, ONE)):
        desk = both.at[name].desk
        with desk.mirror.read(desk.portal) as work:
            refs = {header.subject_ref for header in work.log.headers(0, 10_000)}
        assert both.at[name].ref in refs
        assert both.at[other].ref not in refs
