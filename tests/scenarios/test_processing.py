"""The record of processing, the assessment, the threat model, and why each default is as it is."""

import csv
import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.report.decisions import decisions
from connector.report.processing_words import FILL, TEXTS
from connector.store.users import Role
from tests.world import ANNA, BO, World, world

FILLED = """
[[recipients]]
name = "Utskicksbyrån AB"
kind = "mail"
address = "x@byran.example"
country = "Sverige"
[[recipients]]
name = "=HYPERLINK(1)"
kind = "mail"
address = "y@byran.example"
[processing]
dpo = "Dora Dataskydd"
"""


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, contacts=(ANNA, BO), extra=FILLED) as made:
        made.begin()
        made.grant(ANNA)
        yield made


def test_the_record_says_what_article_30_asks_for(w: World) -> None:
    found = w.cli("processing", "--json").json
    assert (found["controller"], found["dpo"]) == ("Exempel AB", "Dora Dataskydd")
    assert found["hosting"] == "eu1"
    assert found["contacts"] == 2
    news = next(each for each in found["purposes"] if each["purpose"] == "newsletter")
    assert (news["basis"], news["retain"], news["people"]) == ("consent", "until withdrawn", 1)
    assert news["retain_means"] == "until the person says no"
    assert [each["name"] for each in found["recipients"]] == ["Utskicksbyrån AB", "=HYPERLINK(1)"]
    assert found["security"]["built_in"]


def test_every_empty_field_is_named_with_what_to_fill_in(w: World) -> None:
    lacking = {(each["setting"], each["whose"]) for each in w.cli("processing", "--json").json["missing"]}
    assert ("processing.dpo", "") not in lacking
    assert ("processing.third_countries", "") in lacking
    assert ("purposes.categories", "offers") in lacking
    assert ("recipients.country", "=HYPERLINK(1)") in lacking
    assert ("recipients.country", "Utskicksbyrån AB") not in lacking


@pytest.mark.parametrize("sheet", ["record", "dpia", "threats"])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_html_pdf_and_sheet_say_the_same(w: World, sheet: str, language: str) -> None:
    paths = {kind: w.folder / f"record.{kind}" for kind in ("html", "pdf", "csv")}
    options = [word for kind, path in paths.items() for word in (f"--{kind}", str(path))]
    done = w.cli("processing", "--sheet", sheet, "--language", language, *options, "--json")
    assert done.code == 0, done.err
    page = paths["html"].read_text("utf-8")
    words = subprocess.run(
        ["pdftotext", "-layout", str(paths["pdf"]), "-"], capture_output=True, text=True, check=True
    ).stdout
    rows = list(csv.reader(io.StringIO(paths["csv"].read_text("utf-8-sig"))))
    cells = {cell for row in rows for cell in row}
    say = TEXTS[language]
    for text in (say[sheet], "Exempel AB"):
        assert text in page
        assert text in cells
        assert text.split(" (")[0] in words
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in paths.values())
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells), "no cell is a formula"
    if sheet == "record":
        assert f"{say['missing']}{FILL[language]['purposes.subjects']} (purposes.subjects)" in cells


@pytest.mark.sqlite
def test_the_threat_model_has_all_twenty_and_follows_the_settings(w: World) -> None:
    found = {each["number"]: each for each in w.cli("processing", "--json").json["threats"]}
    assert list(found) == list(range(1, 21))
    assert found[6]["open"], "nobody may decide"
    assert "20" in found[5]["here"]
    assert found[9]["here"] == "pinned: main = 62515"
    assert found[16]["open"], "nothing was signed"
    with w.mirror.write(w.desk.portal) as work:
        for name in ("dora", "disa"):
            work.users.add(name, Role.DPO, "correct horse battery", w.now)
    w.cli("log", "checkpoint")
    (w.folder / "mirror.db").chmod(0o644)
    found = {each["number"]: each for each in w.cli("processing", "--json").json["threats"]}
    assert not found[6]["open"]
    assert not found[16]["open"]
    assert found[11]["open"], "a file can be read by others"


def test_when_hubspot_is_silent_the_record_is_made_all_the_same(w: World) -> None:
    w.sandbox.machine.fault(effect="status", status=500, path="*", name="down")
    found = w.cli("processing", "--json")
    assert found.code == 0
    assert found.json["hosting"] is None


def test_each_decision_has_value_motive_risk_and_article(w: World) -> None:
    found = w.cli("doctor", "--explain", "--json")
    assert found.code == 0
    made = found.json["decisions"]
    assert len({each["setting"] for each in made}) == len(made)
    for each in made:
        assert all(each[key] for key in ("setting", "value", "motive", "risk", "article"))
    by_setting = {each["setting"]: each for each in made}
    assert by_setting["breaker.erasures"]["value"] == "3"
    assert by_setting["breaker.erasures"]["safe"]
    assert not by_setting["report.to"]["safe"], "nobody gets the report"


def test_a_loosened_setting_is_no_longer_called_safe(tmp_path: Path) -> None:
    extra = '[breaker]\nerasures = 500\n[exports]\nkeep = "400d"\n'
    with world(tmp_path, extra=extra) as made:
        found = {each.setting: each for each in decisions(made.settings, "sv")}
        assert not found["breaker.erasures"].safe
        assert not found["exports.keep"].safe
        assert found["exports.keep"].value == "400d"
        assert found["breaker.subscribes"].safe
