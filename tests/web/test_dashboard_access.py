"""Who gets in, and what refuses: no session, too small a role, another portal, a strange form.

The matrix is made from the table of routes itself: a new page is tried without being named here.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from connector.store.sessions import IDLE_MS, LONGEST_MS
from connector.store.users import Role, rank
from connector.web.dashboard import entry
from connector.web.dashboard.gate import Page
from connector.web.dashboard.routes import PAGES
from connector.web.dashboard.throttle import PER_CALLER, PER_NAME, WINDOW_MS
from tests.web.office import AT, PASSWORD, USERS, WEB, Office, office, post, sign_in, token
from tests.world import ANNA

IDS = [f"{page.method} {page.path}" for page in PAGES]


@pytest.fixture(name="o", scope="module")
def _o(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("access")) as made:
        yield made


@pytest.fixture(name="fresh")
def _fresh(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        yield made


def path_of(o: Office, page: Page, portal: str = "main") -> str:
    person = o.w.person(ANNA)
    assert person is not None
    values = {"{portal}": portal, "{ref}": person.ref, "{number:int}": "1", "{hash}": "0000"}
    path = page.path
    for name, value in values.items():
        path = path.replace(name, value)
    return path


def size(o: Office) -> int:
    """The log's entries: what nobody was allowed to do has left none."""
    with o.w.mirror.read(o.w.desk.portal) as work:
        return work.log.size()


def send(client: httpx.Client, page: Page, path: str, said: str = "") -> httpx.Response:
    return client.post(path, data={"token": said}) if page.post else client.get(path)


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_without_a_session_nothing_is_shown_or_done(o: Office, page: Page) -> None:
    before = size(o)
    answer = send(o.client(), page, path_of(o, page))
    assert answer.status_code == (403 if page.post else 303)
    if not page.post:
        assert answer.headers["location"].startswith("/dashboard/sign-in?next=/dashboard")
    assert ANNA not in answer.text
    assert size(o) == before


@pytest.mark.parametrize("page", [p for p in PAGES if p.role is not Role.VIEWER], ids=lambda p: p.path)
def test_a_role_below_is_refused(o: Office, page: Page) -> None:
    below = max((role for role in Role if rank(role) < rank(page.role)), key=rank)
    client = o.signed_in(next(name for name, role in USERS.items() if role is below))
    before, said = size(o), token(client.get(AT).text)
    answer = send(client, page, path_of(o, page), said)
    assert answer.status_code == 403
    assert "Your role may not do this" in answer.text
    assert ANNA not in answer.text
    assert size(o) == before


@pytest.mark.parametrize("page", [p for p in PAGES if p.post], ids=lambda p: p.path)
@pytest.mark.parametrize("said", ["", "x", "another session's"])
def test_a_form_without_its_token_does_nothing(o: Office, page: Page, said: str) -> None:
    client = o.signed_in("adam")
    if said == "another session's":
        said = token(o.signed_in("dora").get(AT).text)
    before = size(o)
    answer = send(client, page, path_of(o, page), said)
    assert answer.status_code == 403
    assert size(o) == before
    assert client.get(AT).status_code == 200  # not signed out either


@pytest.mark.parametrize("page", [p for p in PAGES if p.post], ids=lambda p: p.path)
def test_a_form_from_another_site_does_nothing_though_its_token_were_known(o: Office, page: Page) -> None:
    client = o.signed_in("adam")
    said, before = token(client.get(AT).text), size(o)
    client.headers["sec-fetch-site"] = "cross-site"
    assert send(client, page, path_of(o, page), said).status_code == 403
    assert size(o) == before


@pytest.mark.parametrize("page", [p for p in PAGES if "{portal}" in p.path], ids=lambda p: p.path)
def test_a_portal_that_is_not_served_here_is_no_page(o: Office, page: Page) -> None:
    client = o.signed_in("adam")
    said = token(client.get(AT).text)
    assert send(client, page, path_of(o, page, "other"), said).status_code == 404


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_only_the_method_of_the_table_is_answered(o: Office, page: Page) -> None:
    methods, client = {p.method for p in PAGES if p.path == page.path}, o.signed_in("adam")
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - methods:
        assert client.request(method, path_of(o, page)).status_code == 405


@pytest.mark.parametrize("page", [p for p in PAGES if not p.post], ids=lambda p: p.path)
def test_asking_for_a_page_changes_nothing_but_the_look(o: Office, page: Page) -> None:
    client = o.signed_in("adam")
    before = size(o)
    send(client, page, path_of(o, page))
    with o.w.mirror.read(o.w.desk.portal) as work:
        added = {header.type for header in work.log.headers(before)}
    assert added <= {"accessed"}


# --- signing in ------------------------------------------------------------------------------------------


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(o: Office) -> None:
    answers = [sign_in(o.client(), name, "wrong") for name in ("adam", "nobody-here")]
    texts = [answer.text.replace(token(answer.text), "T") for answer in answers]
    assert {answer.status_code for answer in answers} == {403}
    assert texts[0] == texts[1]


def test_the_cookie_is_new_at_each_sign_in_and_the_old_one_is_worth_nothing(o: Office) -> None:
    client = o.client()
    client.get("/dashboard/sign-in")
    planted = client.cookies["cm_session"]
    sign_in(client, "vera")
    first = client.cookies["cm_session"]
    assert first != planted
    for old in (planted, "", "x" * 43):
        assert httpx.get(o.url + AT, cookies={"cm_session": old}).status_code == 303
    sign_in(client, "vera")
    assert client.cookies["cm_session"] != first
    assert httpx.get(o.url + AT, cookies={"cm_session": first}).status_code == 303


def test_the_cookie_belongs_to_us_alone(o: Office) -> None:
    said = sign_in(o.client(), "vera").headers["set-cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in said.split(";")}
    assert "Domain" not in said


def test_with_https_the_cookie_is_bound_to_host_and_tls(tmp_path: Path) -> None:
    public = WEB + 'public_url = "https://consent.example"\n'
    with office(tmp_path, extra=public) as o:
        said = o.client(host="consent.example").get("/dashboard/sign-in").headers["set-cookie"]
    assert said.startswith("__Host-cm_session=")
    assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in said.split(";")}


def test_signing_out_ends_the_session_on_the_server(o: Office) -> None:
    client = o.signed_in("vera")
    kept = client.cookies["cm_session"]
    assert post(client, "/dashboard/sign-out", AT).status_code == 303
    assert httpx.get(o.url + AT, cookies={"cm_session": kept}).status_code == 303


def test_the_sign_in_form_of_somebody_else_signs_nobody_in(o: Office) -> None:
    """A page of a third party cannot sign a reader in as the attacker."""
    theirs = token(o.client().get("/dashboard/sign-in").text)
    client = o.client()
    client.get("/dashboard/sign-in")
    answer = client.post("/dashboard/sign-in", data={"token": theirs, "name": "vera", "password": PASSWORD})
    assert answer.status_code == 403
    assert (
        o.client().post("/dashboard/sign-in", data={"name": "vera", "password": PASSWORD}).status_code == 403
    )


@pytest.mark.parametrize(
    "where", ["https://evil.example", "//evil.example", "/elsewhere", "/dashboard/../x", "/dashboard/sign-in"]
)
def test_it_leads_to_pages_of_ours_only(o: Office, where: str) -> None:
    assert sign_in(o.client(), "vera", next=where).headers["location"] == "/dashboard"
    assert sign_in(o.client(), "vera", next=f"{AT}/runs").headers["location"] == f"{AT}/runs"


def test_guessing_is_stopped_for_a_name_and_also_refuses_the_right_password(fresh: Office) -> None:
    for _ in range(PER_NAME):
        assert sign_in(fresh.client(), "vera", "wrong").status_code == 403
    assert sign_in(fresh.client(), "vera").status_code == 429
    assert sign_in(fresh.client(), "olle").status_code == 303
    fresh.w.wait(WINDOW_MS)
    assert sign_in(fresh.client(), "vera").status_code == 303


def test_guessing_many_names_is_stopped_for_the_caller(fresh: Office) -> None:
    for number in range(PER_CALLER):
        sign_in(fresh.client(), f"name{number}", "wrong")
    assert sign_in(fresh.client(), "olle").status_code == 429


def test_a_session_ends_idle_and_by_age(fresh: Office) -> None:
    client = fresh.signed_in("vera")
    fresh.w.wait(IDLE_MS - 1_000)
    assert client.get(AT).status_code == 200
    fresh.w.wait(IDLE_MS - 1_000)
    assert client.get(AT).status_code == 200  # being there prolonged it
    fresh.w.wait(IDLE_MS)
    assert client.get(AT).status_code == 303
    client = fresh.signed_in("vera")
    for _ in range(LONGEST_MS // (IDLE_MS - 1_000) + 1):
        fresh.w.wait(IDLE_MS - 1_000)
        last = client.get(f"{AT}/runs").status_code
    assert last == 303


@pytest.mark.parametrize("act", ["role", "out", "remove"])
def test_an_admin_ends_what_another_may(fresh: Office, act: str) -> None:
    theirs = fresh.signed_in("dora")
    admin = fresh.signed_in("adam")
    answer = post(admin, "/dashboard/users", name="dora", act=act, role="viewer")
    assert answer.status_code == 303
    assert theirs.get(AT).status_code == 303


def test_nobody_locks_themselves_out(fresh: Office) -> None:
    answer = post(fresh.signed_in("adam"), "/dashboard/users", name="adam", act="remove")
    assert answer.status_code == 400
    assert "This is you" in answer.text


def test_a_user_removed_by_command_is_out_at_once(fresh: Office) -> None:
    client = fresh.signed_in("olle")
    assert fresh.w.cli("users", "remove", "olle").code == 0
    assert client.get(AT).status_code == 303


# --- single sign-on --------------------------------------------------------------------------------------

SSO = WEB + 'sign_in_header = "X-Forwarded-Preferred-Username"\nsign_in_peers = ["127.0.0.1"]\n'
HEADER = "x-forwarded-preferred-username"


@pytest.fixture(name="sso", scope="module")
def _sso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("sso"), extra=SSO) as made:
        yield made


def test_the_proxys_word_signs_in(sso: Office) -> None:
    client = sso.client(**{HEADER: "dora"})
    answer = client.get(AT, follow_redirects=True)
    assert answer.status_code == 200
    assert "dora" in answer.text


def test_without_it_or_for_a_stranger_there_is_no_way_in_and_no_password_is_taken(sso: Office) -> None:
    for headers in ({}, {HEADER: "stranger"}, {HEADER: ""}):
        client = sso.client(**headers)
        assert client.get(AT, follow_redirects=True).status_code == 403
        answer = client.post("/dashboard/sign-in", data={"name": "dora", "password": PASSWORD, "token": ""})
        assert answer.status_code == 403


def test_a_session_does_not_outlive_the_proxys_word(sso: Office) -> None:
    client = sso.client(**{HEADER: "dora"})
    client.get(AT, follow_redirects=True)
    kept = client.cookies["cm_session"]
    assert httpx.get(sso.url + AT, cookies={"cm_session": kept}).status_code == 303
    other = httpx.get(sso.url + AT, cookies={"cm_session": kept}, headers={HEADER: "adam"})
    assert other.status_code == 303


def test_the_header_of_another_peer_means_nothing(tmp_path: Path) -> None:
    with office(tmp_path, extra=SSO.replace('"127.0.0.1"]', '"192.0.2.7"]')) as o:
        assert o.client(**{HEADER: "adam"}).get(AT, follow_redirects=True).status_code == 403


def test_without_the_setting_the_header_means_nothing(o: Office) -> None:
    assert o.client(**{HEADER: "adam"}).get(AT).status_code == 303


def test_two_values_of_the_header_mean_nothing(sso: Office) -> None:
    client = sso.client()
    answer = client.get("/dashboard/sign-in", headers=[(HEADER, "adam"), (HEADER, "dora")])
    assert answer.status_code == 403


def test_tokens_do_not_tell_the_session() -> None:
    assert entry.token_of("a") != entry.token_of("b")
    assert "a" * 8 not in entry.token_of("a" * 8)
