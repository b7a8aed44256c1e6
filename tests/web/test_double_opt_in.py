"""A yes at the page: asked for, mailed, confirmed by POST, and void after any no."""

import re

import pytest

from connector.acts.links import PersonLinks
from connector.acts.mail_out import send_letters
from connector.acts.sign_up import end_sign_ups
from connector.consent.events import Grade
from tests.web.conftest import Answer, Visitor
from tests.world import ANNA, DAY, HOUR, MINUTE, NEWSLETTER, SUBSCRIBED, World

YES = {"yes": "newsletter", "agree": "newsletter"}
WEEK = 7 * DAY


def mailed(here: World) -> list[str]:
    """Links in the mails that wait for Anna, as she would find them."""
    with here.mirror.write(here.desk.portal) as work:  # looking for one to send locks it
        row = work.mail.due(here.now)
    told = (row.body if row is not None else None) or b""
    found = re.findall(rb"https://consent\.example/[cp]/[\w.-]+", told)
    return [each.decode() for each in dict.fromkeys(found)]


def confirm(here: World, visitor: Visitor, link: str) -> Answer:
    return visitor.press(link, confirm="yes")


def test_a_yes_counts_once_it_is_confirmed(here: World, visitor: Visitor, anna: PersonLinks) -> None:
    answer = visitor.press(anna.unsubscribe + "?lang=sv", **YES)
    assert answer.status == 200 and "har vi skickat ett mejl" in answer.text
    assert here.state(ANNA) == "PENDING"
    assert not here.may_send(ANNA)
    (link,) = mailed(here)
    here.wait(MINUTE)
    for method in ("GET", "HEAD", "GET"):  # a scanner opens it
        assert visitor.ask(link + "?confirm=yes", method).status == 200
    assert here.state(ANNA) == "PENDING"
    here.wait(HOUR)
    assert "Klart." in confirm(here, visitor, link + "?lang=sv").text
    grant = next(e for e in here.log(ANNA) if str(e.type) == "grant")
    assert (grant.grade, grant.t_lo, grant.actor) == (Grade.E3, here.now, "subject")
    assert grant.evidence[0]["kind"] == "doi_confirmation"
    assert here.state(ANNA) == "GRANTED"
    here.sync()
    here.wait(MINUTE)
    here.sync()
    assert here.hubspot(ANNA, NEWSLETTER) == SUBSCRIBED


def test_the_words_that_were_shown_are_the_words_that_are_kept(
    here: World, visitor: Visitor, anna: PersonLinks
) -> None:
    page = visitor.ask(anna.unsubscribe + "?lang=sv").text
    visitor.press(anna.unsubscribe + "?lang=sv", **YES)
    request = next(e for e in here.log(ANNA) if str(e.type) == "request")
    with here.mirror.read(here.desk.portal) as work:
        text = work.blobs.get([request.wording or ""])[request.wording or ""].data.decode()
    assert text.startswith("Ja, Exempel AB får skicka newsletter") and text.strip() in page
    assert text.strip() in visitor.ask(mailed(here)[0]).text


def test_a_confirmation_right_after_a_no_says_that_it_does_not_count_yet(
    here: World, visitor: Visitor, anna: PersonLinks
) -> None:
    """Within sigma of a no a yes does not lift it: the page does not say "done", and the link stays good."""
    visitor.press(anna.unsubscribe, stop="*")
    here.wait(1_000)
    visitor.press(anna.unsubscribe, **YES)
    (link,) = mailed(here)
    here.wait(1_000)
    assert "Wait five minutes" in confirm(here, visitor, link).text
    assert "grant" not in here.types(ANNA)
    here.wait(6 * MINUTE)
    assert "Done." in confirm(here, visitor, link).text
    assert here.state(ANNA) == "GRANTED"


def test_a_box_that_is_not_ticked_is_no_yes(here: World, visitor: Visitor, anna: PersonLinks) -> None:
    answer = visitor.press(anna.preferences, yes="newsletter")
    assert answer.status == 400 and "Tick the box first" in answer.text
    assert here.state(ANNA) == "UNKNOWN"


@pytest.mark.parametrize("stop", ["newsletter", "*"])
def test_any_no_voids_what_waits(here: World, visitor: Visitor, anna: PersonLinks, stop: str) -> None:
    visitor.press(anna.preferences, **YES)
    (link,) = mailed(here)
    here.wait(MINUTE)
    visitor.press(anna.preferences, stop=stop)
    here.wait(HOUR)
    assert confirm(here, visitor, link).status == 404
    assert here.state(ANNA) == "WITHDRAWN"


def test_a_no_from_hubspot_voids_it_too(here: World, visitor: Visitor, anna: PersonLinks) -> None:
    visitor.press(anna.preferences, **YES)
    (link,) = mailed(here)
    here.wait(MINUTE)
    here.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
    here.wait(MINUTE)
    here.sync()
    here.wait(HOUR)
    assert confirm(here, visitor, link).status == 404
    assert here.state(ANNA) == "WITHDRAWN"


def test_a_confirmation_is_used_once(here: World, visitor: Visitor, anna: PersonLinks) -> None:
    visitor.press(anna.preferences, **YES)
    (link,) = mailed(here)
    first = confirm(here, visitor, link)
    here.wait(HOUR)
    assert confirm(here, visitor, link).body == first.body
    assert here.types(ANNA).count("grant") == 1
    visitor.press(anna.preferences, stop="*")
    here.wait(HOUR)
    confirm(here, visitor, link)
    assert (here.types(ANNA).count("grant"), here.state(ANNA)) == (1, "WITHDRAWN")


def test_one_mail_a_day_and_none_after_a_week(here: World, visitor: Visitor, anna: PersonLinks) -> None:
    for _ in range(3):
        visitor.press(anna.preferences, **YES)
    assert here.types(ANNA).count("request") == 1
    (link,) = mailed(here)
    here.wait(WEEK)
    assert confirm(here, visitor, link).status == 404
    assert end_sign_ups(here.desk) == 1
    here.sync()
    assert here.state(ANNA) == "UNKNOWN"


def test_a_look_link_comes_by_mail(here: World, visitor: Visitor, anna: PersonLinks) -> None:
    for _ in range(2):
        assert visitor.press(anna.unsubscribe, ask="look").status == 200
    (link,) = mailed(here)
    assert "a•••@e•••.org" in visitor.ask(link).text
    assert send_letters(here.desk, None).waiting == 1


def test_rights_are_filed_once_with_the_identity_in_doubt(
    here: World, visitor: Visitor, anna: PersonLinks
) -> None:
    for _ in range(2):
        answer = visitor.press(anna.unsubscribe, ask="access")
        assert "We received your request on 2026-06-15 and will answer by 2026-07-15." in answer.text
        visitor.press(anna.unsubscribe, ask="erase", sure="erase")
    assert visitor.press(anna.unsubscribe, ask="erase").status == 400
    with here.mirror.read(here.desk.portal) as work:
        filed = [(str(each.kind), str(each.identity), each.via) for each in work.requests.open()]
    assert sorted(filed) == [("access", "doubted", "page"), ("erasure", "doubted", "page")]


def shredded(here: World) -> tuple[int, int]:
    """Sign-ups of Anna that can still be read, and headers of them in the log."""
    person = here.person(ANNA)
    assert person is not None
    with here.mirror.read(here.desk.portal) as work:
        headers = [each.type for each in work.log.headers(subject_ref=person.ref)]
    return here.types(ANNA).count("request"), headers.count("request")


def test_what_nobody_confirmed_is_shredded_after_a_week_and_the_log_says_why(
    here: World, visitor: Visitor, anna: PersonLinks
) -> None:
    visitor.press(anna.preferences, **YES)
    here.wait(WEEK - HOUR)
    here.sync()
    assert shredded(here) == (1, 1)
    here.wait(2 * HOUR)
    here.sync()
    assert shredded(here) == (0, 1)
    (why,) = [each for each in here.log(ANNA) if str(each.type) == "expire"]
    assert (why.purpose, here.state(ANNA)) == ("newsletter", "UNKNOWN")
    assert here.cli("log", "verify", "--payloads").code == 0
    size = len(here.log(ANNA))
    here.sync()
    assert len(here.log(ANNA)) == size
    visitor.press(anna.preferences, **YES)
    assert here.state(ANNA) == "PENDING", "a new sign-up is a new one"


def test_a_confirmed_sign_up_is_part_of_the_proof_and_stays(
    here: World, visitor: Visitor, anna: PersonLinks
) -> None:
    visitor.press(anna.preferences, **YES)
    here.wait(HOUR)
    confirm(here, visitor, mailed(here)[0])
    here.wait(2 * WEEK)
    here.sync()
    assert shredded(here) == (1, 1)
    assert (here.state(ANNA), "expire" in here.types(ANNA)) == ("GRANTED", False)


def test_a_hold_and_a_restriction_keep_a_sign_up_until_they_end(
    here: World, visitor: Visitor, anna: PersonLinks
) -> None:
    visitor.press(anna.preferences, **YES)
    here.cli("hold", "add", ANNA, "--reason", "a case")
    here.cli("restrict", ANNA)
    for end in (("hold", "remove", ANNA, "--reason", "over"), ("unrestrict", ANNA)):
        here.wait(2 * WEEK)
        here.sync()
        assert shredded(here) == (1, 1)
        assert here.cli(*end).code == 0
    here.sync()
    assert shredded(here) == (0, 1)
    assert here.cli("log", "verify", "--payloads").code == 0
