"""The charts: what is drawn, what is said in their place, and that none ever holds back a report."""

import os
import struct
import subprocess
import sys

import pytest

from connector.consent.events import State
from connector.report import charts
from connector.report.charts import NIGHTS, STATE_COLOURS, draw, nights, plans
from connector.report.discrepancies import compare, found
from connector.report.figures import Day
from connector.report.languages import WORDS
from tests.report.examples import CLAIMS, history, report

SV = WORDS["sv"]


def size(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def test_both_charts_are_drawn_sharp_enough_for_a_telephone():
    drawn = draw(report(), SV)
    assert [chart.name for chart in drawn] == ["states", "kinds"]
    for chart in drawn:
        wide, high = size(chart.png)
        assert wide >= 1_000
        assert 100 <= high <= wide
        assert len(chart.png) < 150_000


@pytest.mark.parametrize("count", [0, 1, 2, 89])
def test_any_number_of_nights_can_be_drawn(count):
    days = tuple(
        Day(date=f"2026-{8 + each // 30:02d}-{1 + each % 30:02d}", states={"GRANTED": each})
        for each in range(count)
    )
    assert len(draw(report(history=days), SV)) == 2


def test_one_night_is_shown_as_bars_and_more_as_columns():
    assert plans(report(history=()), SV)["states"].told["form"] == "bars"
    assert plans(report(), SV)["states"].told["form"] == "over_time"


def test_a_quarter_of_a_year_is_shown_and_each_night_once():
    days = tuple(Day(date=f"20{each:02d}-01-01", states={}) for each in range(1, 99))
    shown = nights(report(history=(*days, report().today())))
    assert len(shown) == min(NIGHTS, 27)
    assert [day.date for day in shown] == sorted({day.date for day in shown})
    assert shown[-1].date == "2026-11-24"


def test_nothing_to_show_is_no_failure():
    assert draw(report(states=(), groups=(), history=()), SV) == ()


def test_the_text_in_place_of_a_chart_has_its_numbers():
    states, kinds = (plans(report(), SV)[name] for name in ("states", "kinds"))
    assert "2026-11-01 – 2026-11-24" in states.alt
    assert "Samtycke: 8\u00a0129 → 8\u00a0336" in states.alt
    assert "Status utan underlag: 41" in kinds.alt


def test_each_bar_carries_its_number():
    told = plans(report(), SV)["kinds"].told
    assert [each["number"] for each in told["series"]] == ["1", "1", "1", "1", "41"]


def test_every_state_but_unknown_has_a_colour_of_its_own():
    assert set(STATE_COLOURS) == {str(state) for state in State} - {"UNKNOWN"}
    assert len(set(STATE_COLOURS.values())) == len(STATE_COLOURS)


def test_a_drawing_that_takes_too_long_is_given_up():
    assert draw(report(), SV, limit_s=0.01) is None


def test_a_drawing_that_fails_is_given_up(monkeypatch, tmp_path):
    broken = tmp_path / "drawing.py"
    broken.write_text("raise SystemExit(1)", "utf-8")
    monkeypatch.setattr(charts, "DRAWING", broken)
    assert draw(report(), SV) is None


def test_a_drawing_that_answers_nonsense_is_given_up(monkeypatch, tmp_path):
    broken = tmp_path / "drawing.py"
    broken.write_text("print('{}')", "utf-8")
    monkeypatch.setattr(charts, "DRAWING", broken)
    assert draw(report(), SV) is None


def test_the_child_sees_no_secret(monkeypatch, tmp_path):
    spy = tmp_path / "drawing.py"
    seen = tmp_path / "seen"
    spy.write_text(
        f"import os, pathlib; pathlib.Path({str(seen)!r}).write_text(repr(dict(os.environ)))", "utf-8"
    )
    monkeypatch.setattr(charts, "DRAWING", spy)
    monkeypatch.setenv("HUBSPOT_TOKEN", "pat-secret")
    draw(report(), SV)
    assert "PATH" in seen.read_text("utf-8")
    assert "pat-secret" not in seen.read_text("utf-8")


def test_only_the_child_loads_matplotlib():
    code = (
        "import sys, connector.report.render, connector.report.smtp, connector.report.mail\n"
        "assert 'matplotlib' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    )


def test_states_that_nobody_is_in_are_left_out():
    told = plans(report(history=history(3)), SV)["states"].told
    assert len(told["series"]) == 4
    assert all(len(each["counts"]) == len(told["days"]) for each in told["series"])


def test_a_report_without_discrepancies_has_one_chart():
    assert list(plans(report(groups=compare(found(()), {}, None)), SV)) == ["states"]
    assert list(plans(report(states=(), history=(), groups=compare(found(CLAIMS), {}, None)), SV)) == [
        "kinds"
    ]
