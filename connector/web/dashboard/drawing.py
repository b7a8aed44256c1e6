"""The report's charts as shapes for a page: no script, no style, the numbers beside them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector.report.charts import Plan

WIDTH: Final = 720.0
HEIGHT: Final = 220.0
GAP: Final = 0.15  # of a column


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar chart: `share` of the longest, 0 to 100."""

    label: str
    number: str
    colour: str
    share: float


@dataclass(frozen=True, slots=True)
class Rect:
    """One piece of a column."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A chart for the template. `alt` says it in words; `rows` are its numbers, one row a night."""

    title: str
    alt: str
    bars: tuple[Bar, ...] = ()
    rects: tuple[Rect, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    top: int = 0
    first: str = ""
    last: str = ""
    width: float = WIDTH
    height: float = HEIGHT


def drawn(plan: Plan) -> Drawn:
    """A plan of the report's, drawn."""
    series: Sequence[Mapping[str, Any]] = plan.told["series"]
    if plan.told["form"] == "bars":
        return Drawn(title=plan.title, alt=plan.alt, bars=_bars(series))
    days: Sequence[str] = plan.told["days"]
    return over_time(plan.title, plan.alt, days, [(s["label"], s["colour"], s["counts"]) for s in series])


def over_time(
    title: str, alt: str, days: Sequence[str], series: Sequence[tuple[str, str, Sequence[int]]]
) -> Drawn:
    """A column a night, the series one above the other."""
    totals = [sum(counts[night] for _, _, counts in series) for night in range(len(days))]
    top = max(totals, default=0)
    return Drawn(
        title=title,
        alt=alt,
        rects=tuple(_columns(series, len(days), top)),
        legend=tuple((label, colour) for label, colour, _ in series),
        rows=tuple((day, *(str(counts[night]) for _, _, counts in series)) for night, day in enumerate(days)),
        top=top,
        first=days[0] if days else "",
        last=days[-1] if days else "",
    )


def _bars(series: Sequence[Mapping[str, Any]]) -> tuple[Bar, ...]:
    longest = max((each["count"] for each in series), default=0) or 1
    return tuple(
        Bar(each["label"], each["number"], each["colour"], round(100 * each["count"] / longest, 1))
        for each in series
    )


def _columns(series: Sequence[tuple[str, str, Sequence[int]]], nights: int, top: int) -> list[Rect]:
    if not top:
        return []
    step, made = WIDTH / nights, []
    for night in range(nights):
        floor = HEIGHT
        for _, colour, counts in series:
            height = HEIGHT * counts[night] / top
            floor -= height
            if height:
                x, width = night * step + step * GAP / 2, step * (1 - GAP)
                made.append(Rect(round(x, 2), round(floor, 2), round(width, 2), round(height, 2), colour))
    return made
