"""A wording that two people find defective: every yes on it ends, HubSpot follows, nobody is written to."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from connector.acts.invalid_wordings import GROUP, carry_on
from connector.acts.tally import Tally
from connector.consent.events import EventType
from connector.store.people import NewAddress
from connector.store.users import Role
from tests.acts.post import post_world
from tests.report.mailbox import Box
from tests.world import ANNA, BO, CARIN, NEWSLETTER, UNSUBSCRIBED, World

TEXT = "Yes, send me the newsletter.\n"
OTHER = "Yes, Exempel AB may send me the newsletter. I can withdraw at any time.\n"
PASSWORD = "a long enough password"


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def w(tmp_path: Path, box: Box, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("CONSENT_MIRROR_PASSWORD", PASSWORD)
    with post_world(tmp_path, box, contacts=(ANNA, BO, CARIN)) as made:
        made.begin()
        for name, text in (("bad", TEXT), ("good", OTHER)):
            (tmp_path / f"{name}.txt").write_text(text, "utf-8")
        for address, name in ((ANNA, "bad"), (BO, "bad"), (CARIN, "good")):
            record(made, address, name)
        made.sync()
        with made.mirror.write(made.desk.portal) as work:
            for name in ("dora", "erik"):
                work.users.add(name, Role.DPO, PASSWORD, made.now)
        yield made


def record(w: World, address: str, name: str) -> None:
    words = (
        "--purpose",
        "newsletter",
        "--type",
        "grant",
        "--source",
        "paper",
        "--signed",
        "--at",
        "2026-06-14",
    )
    ran = w.cli("record", address, *words, "--wording", str(w.folder / f"{name}.txt"), "--json")
    assert ran.json["state"] == "GRANTED", ran.out


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def invalidate(w: World, user: str, reason: str = "names nobody") -> int:
    return w.cli("wording", "invalidate", hash_of(TEXT)[:12], "--reason", reason, "--user", user).code


def test_one_person_ends_nothing_and_two_end_every_yes_on_it(w: World, box: Box) -> None:
    assert w.hubspot(ANNA, NEWSLETTER) == "SUBSCRIBED"
    assert invalidate(w, "dora") == 4
    assert invalidate(w, "dora") == 4, "the same person twice is one person"
    assert [w.state(each) for each in (ANNA, BO, CARIN)] == ["GRANTED"] * 3
    assert invalidate(w, "erik") == 0
    assert [w.state(each) for each in (ANNA, BO, CARIN)] == ["INVALIDATED", "INVALIDATED", "GRANTED"]
    event = next(each for each in w.log(ANNA) if each.type is EventType.INVALIDATE)
    assert (event.wording, event.reason, event.actor) == (hash_of(TEXT), "names nobody", "staff:erik")
    assert event.approved_by == ("staff:dora",)
    assert not w.may_send(ANNA)
    w.sync()
    assert [w.hubspot(each, NEWSLETTER) for each in (ANNA, BO)] == [UNSUBSCRIBED] * 2
    assert w.hubspot(CARIN, NEWSLETTER) == "SUBSCRIBED"
    assert box.mails == [], "nobody is written to about it"


def test_a_no_of_the_second_person_changes_nothing(w: World) -> None:
    assert invalidate(w, "dora") == 4
    w.decide("reject", "erik")
    assert w.state(ANNA) == "GRANTED"
    assert invalidate(w, "dora") == 4, "it may be asked anew"


def test_a_later_yes_on_the_same_wording_ends_with_the_next_turn(w: World) -> None:
    invalidate(w, "dora")
    invalidate(w, "erik")
    w.wait()
    record_later(w, CARIN, "bad")
    w.sync()
    kinds = [each.type for each in w.log(CARIN)]
    assert kinds.count(EventType.INVALIDATE) == 1
    assert w.state(CARIN) == "GRANTED", "her yes to the other wording stands"


def record_later(w: World, address: str, name: str) -> None:
    words = (
        "--purpose",
        "newsletter",
        "--type",
        "grant",
        "--source",
        "paper",
        "--signed",
        "--at",
        "2026-06-15",
    )
    assert w.cli("record", address, *words, "--wording", str(w.folder / f"{name}.txt")).code == 0


def test_a_new_yes_on_another_wording_counts(w: World) -> None:
    invalidate(w, "dora")
    invalidate(w, "erik")
    w.wait()
    record_later(w, ANNA, "good")
    assert w.state(ANNA) == "GRANTED"


def test_it_goes_on_where_it_was_cut_off_and_each_person_once(w: World) -> None:
    many = GROUP + 20
    with w.mirror.write(w.desk.portal) as work:
        people = work.people.create(
            [[NewAddress(f"p{n}@example.org", f"p{n}@example.org")] for n in range(many)]
        )
    for n in range(many):
        w.grant(f"p{n}@example.org", wording=hash_of(TEXT))
    assert len(people) == many
    invalidate(w, "dora")
    invalidate(w, "erik")
    assert {w.state(f"p{n}@example.org") for n in (0, GROUP - 1, GROUP, many - 1)} == {"INVALIDATED"}
    size = w.cli("status", "--json").json["portals"][0]["log"]["entries"]
    assert carry_on(w.desk, Tally()) == 0
    assert w.cli("status", "--json").json["portals"][0]["log"]["entries"] == size


def test_who_is_to_be_asked_again_and_by_mail_only_where_that_is_lawful(w: World) -> None:
    w.grant(BO, "events")
    w.sync()
    invalidate(w, "dora")
    invalidate(w, "erik")
    w.sync()
    told = w.cli("wording", "reask", "--json").json
    assert told["purposes"] == [{"purpose": "newsletter", "people": 2}]
    assert [each["hash"] for each in told["invalid_wordings"]] == [hash_of(TEXT)]
    by_mail = {each["address"]: each["by_mail"] for each in told["people"]}
    assert by_mail == {"a•••@e•••.org": None, "b•••@e•••.org": "events"}
    assert w.cli("wording", "reask").code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("abcd1234", "--reason", "x", "--user", "dora"), 3),
        ((hash_of(TEXT), "--reason", " ", "--user", "dora"), 2),
        ((hash_of(TEXT), "--reason", "x", "--user", "nobody"), 3),
    ],
    ids=["no such wording", "no reason", "no such user"],
)
def test_what_is_refused(words: tuple[str, ...], code: int, w: World) -> None:
    assert w.cli("wording", "invalidate", *words).code == code
    assert w.state(ANNA) == "GRANTED"


def test_twice_is_refused(w: World) -> None:
    invalidate(w, "dora")
    invalidate(w, "erik")
    assert invalidate(w, "dora") == 3
