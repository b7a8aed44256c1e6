"""The access report: everything, and nothing about anybody else (Art. 15, 20)."""

import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.consent.events import FORMULA_TYPES, EventType
from connector.proof.subject_access_words import ACCESS_WORDS
from connector.store.leaving import WHOLE
from connector.store.people import NewAddress
from tests.proof.bundles import filled
from tests.proof.test_receipt import Reader, squeezed, words_of_pdf
from tests.world import ANNA, BO, CARIN, DAVID, World, world

NAMES = {"firstname": "Åsa-Märta", "lastname": "Öberg", "city": "Växjö", "phone": "+46 70 123 45 67"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, contacts=(ANNA, BO, CARIN)) as made:
        filled(made)
        made.sandbox.colleague.edit(ANNA, NAMES)
        yield made


def report(place: World, address: str = ANNA, *more: str, code: int = 0) -> dict[str, Any]:
    ran = place.cli("person", "access", address, *more, "--json")
    assert ran.code == code, ran.err
    told = ran.json
    assert isinstance(told, dict)
    return told


def test_every_datum_of_hubspot_and_of_the_mirror_is_in_it(place: World) -> None:
    place.cli("person", "show", ANNA)
    told = report(place)
    (record,) = told["hubspot"]["records"]
    whole = place.desk.hubspot.whole_record(
        place.contact_ids[ANNA], [each.name for each in place.desk.hubspot.properties()]
    )
    assert whole is not None
    assert {name: each["value"] for name, each in record["properties"].items()} == dict(whole.values)
    assert record["properties"]["city"] == {"label": "City", "value": "Växjö"}
    logged = [event for event in place.log(ANNA) if event.type is not EventType.ACCESSED]
    assert [each["seq"] for each in told["events"]] == [event.seq for event in logged]
    assert [each["what"] for each in told["looks"]] == ["show", "access"]
    assert told["authority"]["url"] == "https://www.imy.se/en"
    newsletter = next(each for each in told["purposes"] if each["purpose"] == "newsletter")
    assert newsletter["acts"][0]["wording"]["text"]
    assert newsletter["retention"]["rule"] == "until withdrawn"
    assert [each["name"] for each in told["recipients"]] == ["HubSpot"]


def test_letters_and_dates_are_in_it_too(place: World) -> None:
    person = place.person(ANNA)
    assert person is not None
    with place.mirror.write(place.desk.portal) as work:
        work.moments.put({place.contact_ids[ANNA]: {"invoice_date": place.now}}, place.now)
        work.leaving.put([((person.id, WHOLE), place.now)], place.now)
    told = report(place)
    assert [each["what"] for each in told["others"]] == ["dates", "leaving"]
    assert told["others"][0]["invoice_date"].startswith("2026-06-15")
    assert "planerad gallring" in place.cli("person", "access", ANNA, "--language", "sv").out


def test_nothing_of_what_was_read_from_hubspot_is_kept(place: World) -> None:
    before = {path.name for path in place.folder.iterdir()}
    report(place)
    assert {path.name for path in place.folder.iterdir()} == before
    for path in place.folder.glob("mirror.db*"):
        assert b"berg" not in path.read_bytes(), path.name


def test_somebody_whom_only_hubspot_knows_is_told_and_gets_no_row(place: World) -> None:
    place.create(DAVID, firstname="David")
    told = report(place, DAVID)
    assert told["known"] is True
    assert told["subject"] is None
    assert told["hubspot"]["records"][0]["properties"]["firstname"]["value"] == "David"
    assert place.person(DAVID) is None


def test_a_stranger_and_somebody_erased_get_the_same_answer(place: World) -> None:
    place.suppress("gone@example.org")
    stranger = report(place, "nobody@example.org", code=3)
    erased = report(place, "gone@example.org", code=3)
    for each in (stranger, erased):
        assert each.pop("asked")
    assert stranger == erased
    assert stranger["known"] is False


def test_a_shared_box_is_told_to_nobody_before_it_is_clear_who_asks(place: World) -> None:
    with place.mirror.write(place.desk.portal) as work:
        bo = place.person(BO)
        work.people.add_addresses([(bo.id, NewAddress(CARIN, CARIN))])
    ran = place.cli("person", "access", CARIN, "--json")
    assert ran.code == 4
    assert BO not in ran.out + ran.err


def test_the_portable_copy_holds_what_the_person_gave_and_nothing_worked_out(place: World) -> None:
    told = report(place, ANNA, "--portable")
    properties = told["records"][0]["properties"]
    assert properties["firstname"] == "Åsa-Märta"
    assert not any(name.startswith("hs_") or name == "createdate" for name in properties)
    assert {each["type"] for each in told["choices"]} <= {"grant", "request", "withdraw", "object"}
    assert all(each["actor"] == "subject" for each in told["choices"])


def test_the_portable_copy_is_itself_on_the_screen_and_never_a_paper_of_everything(
    place: World, tmp_path: Path
) -> None:
    on_screen = json.loads(place.cli("person", "access", ANNA, "--portable").out)
    assert on_screen.keys() == report(place, ANNA, "--portable").keys()
    for kind in ("pdf", "html"):
        path = tmp_path / f"a.{kind}"
        ran = place.cli("person", "access", ANNA, "--portable", f"--{kind}", str(path))
        assert (ran.code, path.exists()) == (2, False)
        assert "--out" in ran.err


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")
@pytest.mark.parametrize("language", ["sv", "en"])
def test_paper_and_screen_say_the_same(place: World, tmp_path: Path, language: str) -> None:
    files = {kind: tmp_path / f"a.{kind}" for kind in ("pdf", "html", "out")}
    words = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    assert place.cli("person", "access", ANNA, "--language", language, *words).code == 0
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
    paper = words_of_pdf(files["pdf"].read_bytes(), tmp_path / "copy.pdf")
    assert paper == squeezed("".join(Reader(files["html"].read_text("utf-8")).texts))
    assert "Åsa-Märta" in paper and "Växjö" in paper
    assert json.loads(files["out"].read_text("utf-8"))["language"] == language
    assert b"<pdfaid:part>2</pdfaid:part>" in files["pdf"].read_bytes()


def test_a_day_to_be_gone_by_is_told_as_a_day(place: World, tmp_path: Path) -> None:
    for name in ("first.html", "second.html"):
        assert (
            place.cli("person", "access", ANNA, "--language", "sv", "--html", str(tmp_path / name)).code == 0
        )
    told = " ".join((tmp_path / "second.html").read_text("utf-8").split())
    assert "ska förstöras senast 2026-07-1" in told, "not our milliseconds"
    assert "destroy_by" not in told


def test_hubspot_away_is_no_report_and_the_look_stands(place: World) -> None:
    place.sandbox.machine.fault(effect="status", status=503, path="*/contacts/batch/read", name="away")
    ran = place.cli("person", "access", ANNA, "--json")
    assert ran.code == 75
    assert "Öberg" not in ran.out
    assert place.log(ANNA)[-1].detail["command"] == "access"


def test_what_people_do_and_what_is_done_to_them_has_a_name_in_both_languages() -> None:
    """An entry about the portal is in nobody's report; a new type reads as its own word until named."""
    rights = {each for each in EventType if str(each).split(".")[0] in {"right", "rectified", "recipient"}}
    for words in ACCESS_WORDS.values():
        assert {str(each) for each in FORMULA_TYPES | rights} - set(words.types) == set()
    assert set(ACCESS_WORDS["sv"].types) == set(ACCESS_WORDS["en"].types)
    assert set(ACCESS_WORDS["sv"].texts) == set(ACCESS_WORDS["en"].texts)
    assert set(ACCESS_WORDS["sv"].details) == set(ACCESS_WORDS["en"].details)
