"""The child process that draws: charts as JSON on stdin, PNG files as base64 JSON on stdout.

Run by its path with `python -I`, so it imports nothing of ours. matplotlib is loaded here and nowhere else
(design 4.14): its memory and its crashes stay outside the daemon.
"""

import base64
import io
import json
import sys
from datetime import date
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib.figure import Figure

INK = "#1f2933"
QUIET = "#52606d"
LINE = "#d9e2ec"
BESIDE: dict[str, Any] = {
    "textcoords": "offset points",
    "va": "center",
    "fontsize": 9,
    "annotation_clip": False,
}
WIDTH_IN, DPI = 4.7, 240  # letters that stay readable when a telephone shows it 340 px wide


def main() -> None:
    """Draw what is asked for."""
    wanted = json.load(sys.stdin)
    drawn = {name: _png(CHARTS[chart["form"]](chart)) for name, chart in wanted.items()}
    json.dump(drawn, sys.stdout)


def bars(chart: dict[str, Any]) -> Figure:
    """One horizontal bar per series, its name and its number beside it."""
    series = chart["series"]
    figure = Figure(figsize=(WIDTH_IN, 0.1 + 0.3 * max(1, len(series))), layout="constrained")
    axes = figure.subplots()
    numbers = [each["count"] for each in series]
    places = range(len(series))
    axes.barh(places, numbers, color=[each["colour"] for each in series], height=0.68)
    axes.set_yticks(places, [each["label"] for each in series])
    axes.invert_yaxis()
    for place, each in zip(places, series, strict=True):
        axes.annotate(each["number"], (each["count"], place), (4, 0), textcoords="offset points",
                      va="center", fontsize=9, color=INK)  # fmt: skip
    axes.set_xlim(0, max(numbers, default=1) * 1.15 or 1)
    axes.set_xticks([])
    _plain(axes)
    axes.spines["bottom"].set_visible(False)
    return figure


def over_time(chart: dict[str, Any]) -> Figure:
    """Stacked columns, one per night; the name and number of each series beside the last column."""
    figure = Figure(figsize=(WIDTH_IN, 2.9), layout="constrained")
    axes = figure.subplots()
    days = [date.fromisoformat(day).toordinal() for day in chart["days"]]
    base = [0.0] * len(days)
    labels = []
    for each in chart["series"]:
        axes.bar(days, each["counts"], bottom=base, width=0.86, color=each["colour"], linewidth=0)
        labels.append((base[-1] + each["counts"][-1] / 2, each))
        base = [low + count for low, count in zip(base, each["counts"], strict=True)]
    _beside(axes, labels, top=max([*base, 1.0]), right=days[-1] + 0.5)
    _days(axes, days)
    _plain(axes)
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: f"{int(value):,}".replace(",", chart["thousands"]))
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    return figure


def _beside(axes: Any, labels: list[tuple[float, dict[str, Any]]], *, top: float, right: float) -> None:
    """Labels beside the last column, pushed apart so that none lies on another."""
    step = top * 0.095
    place = -step
    for middle, each in labels:
        place = max(middle, place + step)
        text = f"{each['label']} {each['number']}"
        axes.annotate("■", (right, place), (5, 0), color=each["colour"], **BESIDE)
        axes.annotate(text, (right, place), (16, 0), color=INK, **BESIDE)
    axes.set_ylim(0, max(top * 1.04, place + step / 2))


def _days(axes: Any, days: list[int]) -> None:
    first, last = min(days), max(days)
    axes.set_xlim(first - 0.5, last + 0.5)
    ticks = range(last, first - 1, -max(1, round((last - first) / 4)))
    axes.set_xticks(list(ticks), [_short(tick) for tick in ticks])


def _short(ordinal: int) -> str:
    day = date.fromordinal(ordinal)
    return f"{day.day}/{day.month}"


def _plain(axes: Any) -> None:
    axes.tick_params(length=0, labelsize=9, labelcolor=QUIET)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LINE)


def _png(figure: Figure) -> str:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=DPI, facecolor="white")
    return base64.b64encode(out.getvalue()).decode("ascii")


CHARTS = {"bars": bars, "over_time": over_time}

if __name__ == "__main__":
    main()
