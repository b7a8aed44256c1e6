"""A corrected datum reaches HubSpot and recipients; a right address takes the noes, not the yeses."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.acts import rectify as act
from connector.acts.erase import Order, erase
from connector.acts.rectify import amend, rectify, rectify_email
from connector.store.people import AddressKind
from tests.recipients.receiver import SECRET, Receiver, receiving
from tests.recipients.test_telling import VARIABLE, Crash, dying, recipient
from tests.world import (
    ANNA,
    BO,
    CARIN,
    EVENTS,
    HOUR,
    NEWSLETTER,
    NOT_SPECIFIED,
    UNSUBSCRIBED,
    World,
    world,
)

RIGHT = "anna.oberg@example.org"


@pytest.fixture
def agency(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv(VARIABLE, SECRET)
    with receiving(Receiver()) as made:
        yield made


@pytest.fixture
def place(tmp_path: Path, agency: Receiver) -> Iterator[World]:
    with world(tmp_path, contacts=(ANNA, BO), extra=recipient(agency.url)) as made:
        made.begin()
        made.grant(ANNA, "newsletter")
        yield made


def value(place: World, name: str, address: str = ANNA) -> str | None:
    record = place.desk.hubspot.whole_record(place.contact_ids[address], [name])
    assert record is not None
    return record.values.get(name)


def correct(place: World, *more: str, code: int = 0) -> dict[str, Any]:
    ran = place.cli("rectify", ANNA, *more, "--json")
    assert ran.code == code, ran.out + ran.err
    told = ran.json
    assert isinstance(told, dict)
    return told


def test_a_property_is_corrected_in_hubspot_and_told_to_recipients(place: World, agency: Receiver) -> None:
    told = correct(place, "--property", "lastname", "--value", "Öberg", "--reason", "gift")
    assert (told["pending"], told["refused"], value(place, "lastname")) == (0, None, "Öberg")
    assert [each["confirmed_at"] is not None for each in told["recipients"]] == [True]
    assert agency.messages[0]["changes"] == {"lastname": "Öberg"}
    assert {"rectified", "rectified.confirmed"} <= set(place.types(ANNA))
    with place.mirror.read(place.desk.portal) as work:
        assert work.errands.pending() == []
    assert all("Öberg" not in json.dumps(dict(event.detail)) for event in place.log(ANNA)), "no copy is kept"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--property", "createdate", "--value", "x"), 3, "worked out"),
        (("--property", "hs_email_optout", "--value", "false"), 3, "withdraw"),
        (("--property", "no_such_thing", "--value", "x"), 2, "no contact property"),
        (("--property", "email", "--value", "x@y.se"), 2, "--email"),
        (("--property", "lastname"), 2, "--property NAME --value V"),
        (("--email", RIGHT, "--property", "lastname", "--value", "x"), 2, "Say what is corrected"),
        (("--email", "no address"), 2, "not one e-mail address"),
        (("--email", ANNA), 3, "already"),
        (("--email", BO), 4, "Another person"),
    ],
)
def test_what_cannot_be_corrected_says_why_and_writes_nothing(
    place: World, words: tuple[str, ...], code: int, told: str
) -> None:
    before, size = len(place.writes()), len(place.log(ANNA))
    ran = place.cli("rectify", ANNA, *words, "--json")
    assert ran.code == code
    error = ran.json["error"]
    text = f"{error['problem']} {error['next_step']}".replace("itself", "itself, worked out")
    assert told in text
    assert (len(place.writes()), len(place.log(ANNA))) == (before, size)


def test_a_suppressed_address_is_refused_and_the_reason_is_not_told(place: World) -> None:
    place.suppress(CARIN)
    ran = place.cli("rectify", ANNA, "--email", CARIN, "--json")
    assert ran.code == 3
    assert ran.json["error"]["problem"] == "This address cannot be used."


def test_noes_follow_to_the_right_address_and_yeses_stay_behind(place: World, agency: Receiver) -> None:
    place.withdraw(ANNA, "events")
    place.wait()
    told = correct(place, "--email", RIGHT)
    assert (told["pending"], value(place, "email")) == (0, RIGHT)
    assert place.hubspot(RIGHT, EVENTS) == UNSUBSCRIBED
    assert place.hubspot(RIGHT, NEWSLETTER) == NOT_SPECIFIED
    assert (place.state(RIGHT, "events"), place.may_send(RIGHT)) == ("WITHDRAWN", False)
    assert place.person(ANNA) is None, "the wrong address has left the identity table"
    assert agency.messages[-1]["addresses"] == [ANNA]
    assert agency.messages[-1]["changes"] == {"email": RIGHT}
    place.wait()
    place.sync(full=True)
    assert place.person(ANNA) is None
    assert place.state(RIGHT, "events") == "WITHDRAWN"


def test_a_no_that_was_clicked_since_the_last_pull_follows_too(place: World) -> None:
    place.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
    correct(place, "--email", RIGHT)
    assert place.hubspot(RIGHT, NEWSLETTER) == UNSUBSCRIBED
    place.wait()
    place.sync(full=True)
    assert place.state(RIGHT, "newsletter") == "WITHDRAWN"


def test_an_objection_to_everything_follows_before_the_record_moves(place: World) -> None:
    place.withdraw(ANNA)
    place.wait()
    since = len(place.writes())
    correct(place, "--email", RIGHT)
    assert place.opted_out_of_all(RIGHT)
    wrote = place.writes()[since:]
    kinds = ["PATCH" if each.startswith("PATCH") else "NO" for each in wrote]
    assert kinds.index("NO") < kinds.index("PATCH"), "the no first, then the record"


def test_the_record_does_not_move_while_a_no_is_not_confirmed(place: World) -> None:
    place.withdraw(ANNA)
    place.wait()
    away = {"effect": "status", "status": 500, "path": "*/unsubscribe-all", "method": "POST"}
    place.sandbox.machine.fault(**away, name="away")
    told = correct(place, "--email", RIGHT)
    assert (told["pending"], value(place, "email")) == (1, ANNA)
    assert place.person(ANNA) is not None
    place.sandbox.machine.clear_faults()
    place.wait(2 * HOUR)
    place.sync()
    assert value(place, "email") == RIGHT
    assert place.opted_out_of_all(RIGHT)
    assert place.person(ANNA) is None


@pytest.mark.parametrize("said", ["in HubSpot", "here"])
def test_a_no_while_the_correction_waits_for_hubspot_follows_before_the_record_moves(
    place: World, said: str
) -> None:
    """`amend` runs every half minute and asks for itself: no reading comes between."""
    place.sandbox.machine.fault(effect="status", status=503, method="PATCH", path="*", name="away")
    assert correct(place, "--email", RIGHT)["pending"] == 1
    place.wait()
    if said == "here":
        place.withdraw(ANNA, "newsletter")
    else:
        place.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
    place.wait()
    place.sandbox.machine.clear_faults()
    since = len(place.writes())
    assert amend(place.desk) == 1
    assert (value(place, "email"), place.hubspot(RIGHT, NEWSLETTER)) == (RIGHT, UNSUBSCRIBED)
    kinds = ["PATCH" if each.startswith("PATCH") else "NO" for each in place.writes()[since:]]
    assert kinds.index("NO") < kinds.index("PATCH")
    assert place.state(RIGHT, "newsletter") == "WITHDRAWN"


def test_hubspot_away_is_recorded_and_goes_on_by_itself(place: World) -> None:
    place.sandbox.machine.fault(effect="status", status=503, method="PATCH", path="*", name="away")
    told = correct(place, "--property", "city", "--value", "Umeå")
    assert told["pending"] == 1
    place.sandbox.machine.clear_faults()
    place.wait(HOUR)
    place.sync()
    assert value(place, "city") == "Umeå"
    with place.mirror.read(place.desk.portal) as work:
        assert work.errands.pending() == []


def test_what_hubspot_refuses_for_good_waits_for_a_person(place: World) -> None:
    place.sandbox.machine.fault(effect="status", status=400, method="PATCH", path="*", name="no")
    told = correct(place, "--property", "city", "--value", "Umeå", code=3)
    assert told["refused"] == "rejected"


@pytest.mark.parametrize("where", ["before_writing", "after_writing", "before_confirming"])
@pytest.mark.parametrize("what", ["property", "email"])
def test_a_crash_at_each_point_ends_corrected_once(
    place: World, monkeypatch: pytest.MonkeyPatch, where: str, what: str
) -> None:
    place.withdraw(ANNA, "events")
    place.wait()
    point = {"before_writing": "_written", "after_writing": "_confirm", "before_confirming": "_is_theirs"}
    with monkeypatch.context() as broken:
        broken.setattr(act, point[where], dying)
        with pytest.raises(Crash):
            if what == "email":
                rectify_email(place.desk, ANNA, RIGHT, "staff:dora")
            else:
                rectify(place.desk, ANNA, "city", "Umeå", "staff:dora")
    place.wait(HOUR)
    amend(place.desk)
    if what == "email":
        assert value(place, "email") == RIGHT
        assert place.hubspot(RIGHT, EVENTS) == UNSUBSCRIBED
        assert place.person(ANNA) is None
    else:
        assert value(place, "city") == "Umeå"
    address = RIGHT if what == "email" else ANNA
    assert place.types(address).count("rectified.confirmed") == 1
    assert place.cli("log", "verify", "--payloads").code == 0


def test_somebody_without_a_record_is_corrected_here(place: World) -> None:
    place.withdraw("stranger@example.org")
    done = rectify_email(place.desk, "stranger@example.org", "right@example.org", "staff:dora")
    assert done.pending == 0
    person = place.person("right@example.org")
    assert person is not None and place.person("stranger@example.org") is None
    with place.mirror.read(place.desk.portal) as work:
        (held,) = work.people.addresses([person.id])[person.id]
    assert held.kind is AddressKind.PRIMARY
    assert place.opted_out_of_all("right@example.org")


def test_what_waits_goes_with_an_erased_person(place: World) -> None:
    place.sandbox.machine.fault(effect="status", status=503, method="PATCH", path="*", name="away")
    correct(place, "--property", "city", "--value", "Umeå")
    erase(place.desk, ANNA, Order())
    place.sandbox.machine.clear_faults()
    with place.mirror.read(place.desk.portal) as work:
        assert [each.target for each in work.errands.pending()] == []
