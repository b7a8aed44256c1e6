"""Who lacks a proof, and by what; nobody with a proof or a no is listed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.acts.gaps import Gap, Gaps
from connector.consent.events import EventType, Grade, Source
from tests.world import ANNA, BO, CARIN, DAVID, DAY, EVA, NEWSLETTER, World, world


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, contacts=(ANNA, BO, CARIN, DAVID, EVA)) as made:
        made.begin()
        yield made


def walk(w: World, *, legacy: bool = False) -> dict[str, Gap]:
    found = Gaps(w.desk, legacy=legacy)
    return {gap.address: gap for gap in found.walk()}


def claim(w: World, address: str, **more: object) -> None:
    told = {"grade": Grade.E1, "t_lo": w.now, "t_hi": w.now, "source": Source.PHONE}
    w.add(address, EventType.CLAIM, **told | more)


def test_each_is_listed_by_what_is_missing(w: World) -> None:
    claim(w, ANNA)
    claim(w, BO, t_lo=None, t_hi=None, source=Source.IMPORT, actor="unknown", grade=Grade.E0)
    w.add(CARIN, EventType.REQUEST, t_lo=w.now, t_hi=w.now, wording="a" * 64)
    w.grant(DAVID)
    w.withdraw(EVA, "newsletter")
    found = walk(w)
    assert {each: sorted(gap.missing) for each, gap in found.items()} == {
        "a•••@e•••.org": ["form_or_document", "wording"],
        "b•••@e•••.org": ["form_or_document", "own_act", "time", "wording"],
        "c•••@e•••.org": ["confirmation"],
    }
    assert [gap.address[0] for gap in walk(w, legacy=True).values()] == ["b"]


def test_a_consent_of_another_address_says_so(w: World) -> None:
    w.grant(ANNA)
    w.sandbox.colleague.edit_email(str(w.contact_ids[ANNA]), "anna.ny@example.org")
    w.wait(DAY)
    w.sync()
    assert w.state("anna.ny@example.org") == "UNKNOWN"
    assert walk(w) == {}


def test_an_ended_consent_is_a_gap_until_it_is_renewed(w: World) -> None:
    w.grant(ANNA, valid_until=w.now + DAY)
    assert walk(w) == {}
    w.wait(2 * DAY)
    w.sync()
    assert [tuple(gap.missing) for gap in walk(w).values()] == [("renewal",)]
    assert w.held(ANNA, NEWSLETTER) == "UNSUBSCRIBED"


def test_the_counts_add_up(w: World) -> None:
    claim(w, ANNA)
    w.grant(BO)
    found = Gaps(w.desk)
    w.sale(CARIN)
    people = list(found.walk())
    assert (found.counts["offers"].proved, found.counts["offers"].without) == (1, 0)
    news = found.counts["newsletter"]
    assert (news.proved, news.without, len(people)) == (1, 1, 1)
    assert found.document()["coverage"] == 1.0


def test_the_worklist_says_whom_one_may_ask_again_and_why_not(w: World) -> None:
    """Asking by mail is itself marketing: only those who get another mailing lawfully may be asked in it."""
    old = {"t_lo": None, "t_hi": None, "source": Source.IMPORT, "actor": "unknown", "grade": Grade.E0}
    for address in (ANNA, BO, CARIN, DAVID):
        claim(w, address, **old)
    w.sale(ANNA)
    w.withdraw(CARIN)
    w.grant(DAVID, "events")
    assert w.cli("restrict", DAVID).code == 0
    document = w.cli("gaps", "--legacy", "--json").json
    found = {each["address"][0]: each for each in document["people"] if each["purpose"] == "newsletter"}
    told = {name: (each["may_ask"], each["ask_in"], each["ask_why"]) for name, each in found.items()}
    assert told == {
        "a": (True, "offers", "in_a_mailing_they_get"),
        "b": (False, None, "asking_is_marketing"),
        "d": (False, None, "restricted"),
    }
    assert "c" not in found, "a no needs no proof, and is never asked again"
    shown = w.cli("gaps", "--legacy").out
    assert "1 may be asked by mail" in shown
