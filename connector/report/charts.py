"""Charts as PNG with a text alternative. What to draw is decided here; a child process draws it.

A chart that cannot be drawn never holds back a report: `draw` answers None and the page says so.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from connector.report.discrepancies import Urgency
from connector.report.figures import Day, Report
from connector.report.words import Words

DRAWING: Final = Path(__file__).with_name("drawing.py")
#: Long enough for matplotlib's first start, when it reads all fonts.
LIMIT_S: Final = 60.0
#: Nights shown: a quarter of a year still tells columns apart.
NIGHTS: Final = 90
#: All that the child gets to see of the environment: no token, no password.
PASSED_ON: Final = (
    "PATH",
    "HOME",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "MPLCONFIGDIR",
    "SYSTEMROOT",
)

#: Okabe and Ito's palette, told apart by all common kinds of colour blindness; drawn from below.
STATE_COLOURS: Final[Mapping[str, str]] = {
    "GRANTED": "#009E73",
    "SOFT_OPTIN": "#56B4E9",
    "PENDING": "#F0E442",
    "CLAIMED": "#E69F00",
    "EXPIRED": "#B3B3B3",
    "INVALIDATED": "#777777",
    "DENIED": "#CC79A7",
    "WITHDRAWN": "#D55E00",
}
URGENCY_COLOURS: Final[Mapping[Urgency, str]] = {
    Urgency.ACT: "#D55E00",
    Urgency.LOOK: "#E69F00",
    Urgency.KNOW: "#0072B2",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawn chart: `name` is its content id, `alt` says the same numbers in words."""

    name: str
    title: str
    png: bytes
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A chart to draw: what the child is told, the heading above it, the text in its place."""

    told: dict[str, Any]
    title: str
    alt: str


def draw(report: Report, words: Words, *, limit_s: float = LIMIT_S) -> tuple[Chart, ...] | None:
    """Draw the charts of a report; empty when there is nothing to show, None when drawing failed."""
    return drawn(plans(report, words), limit_s=limit_s)


def drawn(wanted: Mapping[str, Plan], *, limit_s: float = LIMIT_S) -> tuple[Chart, ...] | None:
    """Draw what was planned, by name; empty when there is nothing to show, None when drawing failed."""
    if not wanted:
        return ()
    images = _drawn({name: plan.told for name, plan in wanted.items()}, limit_s)
    if images is None or set(images) != set(wanted):
        return None
    return tuple(
        Chart(name=name, title=plan.title, png=images[name], alt=plan.alt) for name, plan in wanted.items()
    )


def _drawn(wanted: Mapping[str, Any], limit_s: float) -> dict[str, bytes] | None:
    try:
        done = subprocess.run(  # noqa: S603 - our own file, run by our own interpreter, no shell
            [sys.executable, "-I", str(DRAWING)],
            input=json.dumps(wanted).encode(),
            capture_output=True,
            timeout=limit_s,
            check=True,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        )
        return {name: base64.b64decode(image) for name, image in json.loads(done.stdout).items()}
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def plans(report: Report, words: Words) -> dict[str, Plan]:
    """What to draw, by name."""
    days = nights(report)
    made = {"states": _states(days, words), "kinds": _kinds(report, words)}
    return {name: plan for name, plan in made.items() if plan is not None}


def nights(report: Report) -> tuple[Day, ...]:
    """The stored nights before this one, and this one, in order; one per date."""
    by_date = {day.date: day for day in (*report.history, report.today())}
    known = sorted(date for date in by_date if date <= report.date)
    return tuple(by_date[date] for date in known[-NIGHTS:])


def _states(days: Sequence[Day], words: Words) -> Plan | None:
    shown = [state for state in STATE_COLOURS if any(day.states.get(state) for day in days)]
    if not shown:
        return None
    series = [_state_series(state, days, words) for state in shown]
    if len(days) == 1:
        title = words.say("chart_states_one")
        told = {"form": "bars", "series": series}
    else:
        title = words.say("chart_states")
        told = {
            "form": "over_time",
            "days": [day.date for day in days],
            "series": series,
            "thousands": words.thousands,
        }
    return Plan(told=told, title=title, alt=_states_in_words(shown, days, words))


def _state_series(state: str, days: Sequence[Day], words: Words) -> dict[str, Any]:
    counts = [day.states.get(state, 0) for day in days]
    return {
        "label": words.states.get(state, state),
        "colour": STATE_COLOURS[state],
        "counts": counts,
        "count": counts[-1],
        "number": words.number(counts[-1]),
    }


def _states_in_words(shown: Sequence[str], days: Sequence[Day], words: Words) -> str:
    first, last = days[0], days[-1]
    said = "; ".join(
        f"{words.states.get(state, state)}: {_moved(first, last, state, words)}" for state in shown
    )
    span = last.date if len(days) == 1 else f"{first.date} – {last.date}"
    return f"{span}: {said}."


def _moved(first: Day, last: Day, state: str, words: Words) -> str:
    now = words.number(last.states.get(state, 0))
    return now if first is last else f"{words.number(first.states.get(state, 0))} → {now}"


def _kinds(report: Report, words: Words) -> Plan | None:
    groups = [group for group in report.groups if group.count]
    if not groups:
        return None
    series = [
        {
            "label": words.kinds[group.kind].short,
            "colour": URGENCY_COLOURS[group.kind.urgency],
            "count": group.count,
            "number": words.number(group.count),
        }
        for group in groups
    ]
    title = words.say("chart_kinds")
    said = "; ".join(f"{words.kinds[group.kind].title}: {words.number(group.count)}" for group in groups)
    return Plan(told={"form": "bars", "series": series}, title=title, alt=f"{title}: {said}.")


def bars(counts: Mapping[str, int], title: str, words: Words, colour: str = "#0072B2") -> Plan:
    """One bar for each label, in the order given."""
    series = [
        {"label": label, "colour": colour, "count": count, "number": words.number(count)}
        for label, count in counts.items()
    ]
    said = "; ".join(f"{each['label']}: {each['number']}" for each in series)
    return Plan(told={"form": "bars", "series": series}, title=title, alt=f"{title}: {said}.")


def data_url(chart: Chart) -> str:
    """The picture inside the page that shows it."""
    return f"data:image/png;base64,{base64.b64encode(chart.png).decode('ascii')}"
