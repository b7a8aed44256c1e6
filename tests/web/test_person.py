"""The person's page over HTTP: looking changes nothing, a no is on disk before it is answered, and pushed."""

import itertools
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from sqlalchemy import event

from connector.acts.erase import Order, erase
from connector.acts.links import PersonLinks, links_of, look_token, stop_token, url
from connector.web import person
from mappings.addresses import normalise
from tests.acts.test_backup import copied, put_back
from tests.web.conftest import Visitor
from tests.world import ANNA, BO, DAY, NEWSLETTER, UNSUBSCRIBED, World

ASK = {"yes": "newsletter", "agree": "newsletter"}
COPY, ERASE, LOOK = {"ask": "access"}, {"ask": "erase", "sure": "erase"}, {"ask": "look"}

PRESSES = (
    {},
    {"stop": "newsletter"},
    {"stop": "*"},
    {"yes": "offers"},
    {"stop": "-"},
    ASK,
    COPY,
    ERASE,
    LOOK,
)


def entries(here: World) -> int:
    with here.mirror.read(here.desk.portal) as work:
        return int(work.log.size())


def wait_for(happened) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(here: World, visitor: Visitor, anna: PersonLinks, method: str) -> None:
    """Every link, with every query that a button would send."""
    before, writes = entries(here), here.writes()
    for link in (anna.preferences, anna.unsubscribe, anna.one_click):
        for query in (
            "",
            "?stop=*",
            "?stop=newsletter",
            "?List-Unsubscribe=One-Click",
            "?ask=erase&sure=erase",
        ):
            assert visitor.ask(link + query, method).status in (200, 302)
    assert (entries(here), here.writes()) == (before, writes)


def test_a_stop_of_one_purpose_is_recorded_and_pushed(
    here: World, visitor: Visitor, anna: PersonLinks
) -> None:
    here.grant(ANNA, "newsletter")
    here.grant(ANNA, "offers")
    here.wait()
    answer = visitor.press(anna.unsubscribe + "?lang=sv", stop="newsletter")
    assert answer.status == 200
    assert "Klart. Du får inga fler newsletter från oss. Registrerat 2026-" in answer.text
    assert here.state(ANNA, "newsletter") == "WITHDRAWN"
    assert here.state(ANNA, "offers") == "GRANTED"
    wait_for(lambda: here.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED)
    no = here.log(ANNA)[-1] if here.log(ANNA)[-1].is_no else next(e for e in here.log(ANNA) if e.is_no)
    assert (no.actor, no.source, no.language) == ("subject", "prefpage", "sv")


def test_stop_all_is_an_objection_to_all_marketing(here: World, visitor: Visitor, anna: PersonLinks) -> None:
    here.grant(ANNA, "newsletter")
    here.wait()
    answer = visitor.press(anna.preferences, stop="*")
    assert "Done. You will get no more marketing from us." in answer.text
    assert here.state(ANNA, "newsletter") == "WITHDRAWN"
    wait_for(lambda: here.opted_out_of_all(ANNA))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
        ),
        ("", b""),
    ],
)
def test_one_click_ends_a_mailing(
    here: World, visitor: Visitor, anna: PersonLinks, kind: str, body: bytes
) -> None:
    """RFC 8058: no cookie, no redirect, 200; the same request again is the same no."""
    headers = {"Content_Type": kind} if kind else {}
    first = visitor.ask(anna.one_click, "POST", body, **headers)
    assert (first.status, first.headers["Location"], first.headers["Set-Cookie"]) == (200, None, None)
    size = sum(e.is_no for e in here.log(ANNA))
    assert visitor.ask(anna.one_click, "POST", body, **headers).body == first.body
    assert sum(e.is_no for e in here.log(ANNA)) == size == 1
    assert here.state(ANNA) == "WITHDRAWN"
    wait_for(lambda: here.opted_out_of_all(ANNA))


def test_a_no_is_in_the_journal_before_it_is_answered(
    here: World, visitor: Visitor, anna: PersonLinks
) -> None:
    journal = here.mirror.journal
    assert journal is not None
    before = journal.path.stat().st_size if journal.path.exists() else 0
    visitor.press(anna.one_click, x="1")
    assert journal.path.stat().st_size > before


def unknown(here: World) -> PersonLinks:
    """Links that we signed for an address that was never in the mirror."""
    with here.mirror.read(here.desk.portal) as work:
        ref = work.people.address_ref(normalise("nobody@example.org"))
    assert here.desk.signer is not None
    number = here.desk.signer.id_of(here.desk.portal, ref)
    stop = stop_token(here.desk, number)
    return PersonLinks(
        preferences=url(here.desk, "/p/", look_token(here.desk, number)),
        unsubscribe=url(here.desk, "/p/", stop),
        one_click=url(here.desk, "/u/", stop),
        until=0,
    )


def erased(here: World) -> PersonLinks:
    made = links_of(here.desk, BO)
    erase(here.desk, BO, Order())
    assert here.cli("person", "show", BO, "--json").json["known"] is False
    return made


def seen(answer) -> tuple[int, bytes, list[tuple[str, str]]]:
    kept = [(name, value) for name, value in answer.headers.items() if name not in ("date", "Date")]
    return answer.status, answer.body, kept


def test_known_unknown_and_erased_are_answered_byte_for_byte_alike(
    here: World, visitor: Visitor, anna: PersonLinks
) -> None:
    """The page, its presses and the one click; in both languages."""
    links = [anna, unknown(here), erased(here)]
    for language in ("sv", "en"):
        asked = f"?lang={language}"
        for press in (
            {},
            {"stop": "newsletter"},
            {"stop": "*"},
            {"yes": "newsletter"},
            {"stop": "nothing"},
            ASK,
            COPY,
            ERASE,
            LOOK,
        ):
            answers = [visitor.press(each.unsubscribe + asked, **press) for each in links]
            assert len({repr(seen(each)) for each in answers}) == 1, press
        looks = [visitor.ask(each.unsubscribe + asked) for each in links]
        clicks = [visitor.ask(each.one_click + asked, "POST") for each in links]
        assert [len({repr(seen(each)) for each in found}) for found in (looks, clicks)] == [1, 1]
    shown = [visitor.ask(each.preferences) for each in links]
    assert "a•••@e•••.org" in shown[0].text
    assert seen(shown[1]) == seen(shown[2])


@contextmanager
def asked_of(here: World) -> Iterator[list[str]]:
    """The statements that the mirror is asked, in any thread."""
    found: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(here.mirror.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(here.mirror.engine, "before_cursor_execute", note)


def test_a_look_asks_the_mirror_the_same_whoever_it_is_about(
    here: World, visitor: Visitor, anna: PersonLinks
) -> None:
    """No clock is fair on a busy machine: equal work is what makes equal times (threat 14)."""
    stranger, gone = unknown(here), erased(here)
    looks = [anna.unsubscribe, stranger.unsubscribe, gone.unsubscribe, stranger.preferences, gone.preferences]
    asked = []
    for each in looks:
        with asked_of(here) as statements:
            assert visitor.ask(each).status == 200
        asked.append(statements)
    assert asked[:3] == [[], [], []], "the page of a stop needs nothing of the mirror"
    assert asked[3] == asked[4] != []


def test_a_look_that_is_over_shows_what_a_stop_shows(
    here: World, visitor: Visitor, anna: PersonLinks
) -> None:
    assert "a•••@e•••.org" in visitor.ask(anna.preferences).text
    here.wait(30 * DAY)
    assert visitor.ask(anna.preferences).body == visitor.ask(anna.unsubscribe).body
    assert visitor.press(anna.preferences, stop="*").status == 200  # the stop in it never ends
    assert here.state(ANNA) == "WITHDRAWN"


def test_no_page_and_no_link_carries_an_address(here: World, visitor: Visitor, anna: PersonLinks) -> None:
    for link in (anna.preferences, anna.unsubscribe):
        text = visitor.ask(link).text
        assert ANNA not in text + link
        assert "checked" not in text  # nothing is ever ticked beforehand
    assert "a•••@" not in visitor.ask(anna.unsubscribe).text


def test_a_forged_link_is_no_link(here: World, visitor: Visitor, anna: PersonLinks) -> None:
    token = urlsplit(anna.unsubscribe).path.rpartition("/")[2]
    before = entries(here)
    for forged in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        "v1.0.0.0",
        "x" * 500,
        "%00",
        token + ".",
    ):
        for path in ("/p/", "/u/"):
            answer = visitor.press(path + forged, stop="*")
            assert answer.status in (404, 414)
    assert "Write to dataskydd@exempel.example" in visitor.press("/p/x", stop="*").text
    assert entries(here) == before


def test_a_crawler_that_follows_everything_it_sees_changes_nothing(
    here: World, visitor: Visitor, anna: PersonLinks
) -> None:
    before, writes = entries(here), here.writes()
    todo, done = {anna.preferences, anna.unsubscribe, anna.one_click}, set()
    while todo:
        link = todo.pop()
        done.add(link)
        answer = visitor.ask(link)
        base = link.partition("?")[0]
        found = re.findall(r'(?:href|action|formaction)="([^"#]+)"', answer.text)
        for each in itertools.chain(found, filter(None, [answer.headers["Location"]])):
            target = base + each if each.startswith("?") else f"https://consent.example{each}"
            if target not in done:
                todo.add(target)
    assert len(done) >= 8
    assert (entries(here), here.writes()) == (before, writes)


def test_a_browser_that_sends_too_much_is_asked_to_wait(visitor: Visitor, anna: PersonLinks) -> None:
    answers = {visitor.press(anna.unsubscribe, stop="x").status for _ in range(40)}
    assert answers == {400, 429}


@pytest.mark.parametrize(
    "body", [b"a=%ff", b"\xff\xfe", b"&".join(b"a=1" for _ in range(100)), b"stop=*&stop=*"]
)
def test_what_is_no_form_of_ours_changes_nothing(
    here: World, visitor: Visitor, anna: PersonLinks, body: bytes
) -> None:
    before = entries(here)
    kind = "application/x-www-form-urlencoded"
    assert visitor.ask(anna.preferences, "POST", body, Content_Type=kind).status == 400
    assert visitor.ask(anna.preferences, "POST", b"{}", Content_Type="application/json").status == 400
    assert entries(here) == before


def test_a_link_of_an_old_address_still_stops(here: World, visitor: Visitor, anna: PersonLinks) -> None:
    """The person changed their address; the mail with the link is older than that."""
    here.sandbox.colleague.edit_email(str(here.contact_ids[ANNA]), "new@example.org")
    here.wait()
    here.sync()
    assert visitor.press(anna.unsubscribe, stop="*").status == 200
    assert here.state("new@example.org") == "WITHDRAWN"
    wait_for(lambda: here.opted_out_of_all("new@example.org"))


NEW = "late@example.org"


def test_a_link_made_after_the_copy_stops_after_a_restore_too(here: World, visitor: Visitor) -> None:
    """Also of somebody whom only HubSpot still has: the stop waits until they are back."""
    file = copied(here)
    here.create(NEW)
    here.wait()
    here.sync()
    links = [links_of(here.desk, address) for address in (ANNA, NEW)]
    put_back(here, file)
    assert [visitor.press(each.unsubscribe, stop="*").status for each in links] == [200, 200]
    assert here.person(NEW) is None
    here.wait()
    here.sync()
    assert [here.state(address) for address in (ANNA, NEW)] == ["WITHDRAWN", "WITHDRAWN"]
    assert here.opted_out_of_all(NEW)
    assert here.opted_out_of_all(ANNA)


def test_a_right_asked_for_at_the_page_is_received_as_at_the_desk(
    here: World, visitor: Visitor, anna: PersonLinks
) -> None:
    """The same entry in the log; in doubt who asks; once, however often the button is pressed."""
    before = here.log(ANNA)
    for _ in range(2):
        assert visitor.press(anna.unsubscribe, **COPY).status == 200
    entry = here.log(ANNA)[-1]
    assert len(here.log(ANNA)) == len(before) + 1
    assert (entry.type, entry.actor, entry.source) == ("right.received", "subject", "prefpage")
    assert entry.detail["right"] == "access"
    (made,) = here.cli("requests", "--json").json["requests"]
    assert (made["via"], made["identity"], made["id"]) == ("page", "doubted", entry.detail["request"])


def test_the_module_decides_nothing() -> None:
    """The page calls acts; it has no store of its own."""
    assert "connector.store" not in (person.__doc__ or "")
    assert not any(name.startswith("connector.store") for name in vars(person))


def test_the_command_tells_links_and_headers(here: World, visitor: Visitor) -> None:
    """For mails of other senders; the look at the person is in the log."""
    told = here.cli("person", "links", ANNA, "--json").json
    assert told["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert visitor.ask(told["headers"]["List-Unsubscribe"].strip("<>"), "POST").status == 200
    assert here.state(ANNA) == "WITHDRAWN"
    assert "accessed" in here.types(ANNA)
    assert here.cli("person", "links", "nobody@example.org").code == 3
