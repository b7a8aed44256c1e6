"""Figures of `python -m bench all` as a table in docs/performance.md and as plots beside it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.published import DOCS, publish

STORED: Final = DOCS / "performance.json"
PAGE: Final = DOCS / "performance.md"
PLOTS: Final = DOCS / "plots"
KIB: Final = 1_024
Row = tuple[str, str, str, str]


def stored() -> dict[str, Any]:
    """The figures of the last run."""
    found: dict[str, Any] = json.loads(STORED.read_text("utf-8"))
    return found


def render(figures: Mapping[str, Any], *, write: bool) -> None:
    """Print the table; with `write` put it into the page, and the figures and plots beside it."""
    told = table(figures)
    print(told)
    if not write:
        return
    STORED.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", "utf-8")
    publish(PAGE, "measured", told)
    PLOTS.mkdir(exist_ok=True)
    plot(figures)


def table(figures: Mapping[str, Any]) -> str:
    """The machine, the numbers beside what is to be reached, and where the time goes."""
    machine, after = figures["machine"], figures.get("machine_after", figures["machine"])
    lines = [
        f"Measured {machine['at']} UTC on {machine['cpus']} CPUs, Python {machine['python']}; load average "
        f"{machine['load'][0]} before and {after['load'][0]} after. A plain loop of 5,000,000 steps took",
        f"{machine['loop_s']} s before and {after['loop_s']} s after: other machines compare by that.",
        "",
        "| what | to reach | measured | |",
        "|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in _rows(figures["runs"])),
        "",
        *_sizes(figures["runs"]),
        "",
        *_shares(figures["runs"]),
        "",
    ]
    return "\n".join(lines)


def _rows(runs: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    for run in runs:
        match run["name"]:
            case "backfill":
                yield from _backfill(run)
            case "sweep by properties":
                swept = run["after"]["sweep0"]
                rate = swept["contacts"] / swept["cpu_s"]
                yield _row(
                    f"full sweep, nothing changed, by properties, {run['people']:,}", 25_000, rate, "/CPU s"
                )
            case "limit":
                yield from _limit(run)
            case "verify":
                yield from _verify(run)


def _backfill(run: Mapping[str, Any]) -> Iterator[Row]:
    first, floor, people = run["first"], run["floor"], run["people"]
    by = "all statuses" if run["tier"] == "enterprise" else "properties only"
    name = f"backfill, {run['database']}, {people:,}, {by}"
    to_reach = 6_000 if run["database"] == "PostgreSQL" else 10_000
    rate, cpu = people / first["seconds"], people / first["cpu_s"]
    base = people / floor["seconds"]
    yield _row(name, to_reach, rate, "/s")
    yield (
        "the same in CPU time and beside the floor",
        "",
        f"{cpu:,.0f} per CPU second of the client; the sandbox used {first['sandbox_cpu_s']:,.1f} CPU s; "
        f"floor (pages only) {base:,.0f}/s, ratio {rate / base:.2f}",
        "",
    )
    if run["database"] == "SQLite" and run["tier"] == "enterprise":
        size = (first["bytes"] + first["journal_bytes"]) / people
        yield _row(f"size with the journal, {people:,}", 1_536, size, " bytes a contact", below=True)
        yield _row(f"peak memory, {people:,}", 150, first["rss_mib"], " MiB", below=True)
    for name, later in run["after"].items():
        if name.startswith("quiet") and name != "quiet0":
            for what, about in (("warm", "a daemon's"), ("cold", "a new process's")):
                each = later[what]
                verdict = "reached" if each["calls"] <= 10 and each["cpu_s"] <= 1 else "**missed**"
                said = f"{each['calls']} calls, {each['cpu_s']} CPU s"
                yield f"{about} sync, nothing changed, {people:,}", "10 calls, 1 CPU s", said, verdict
        if name.startswith("sweep"):
            swept = later["contacts"] / later["cpu_s"]
            what = f"full sweep, nothing changed, all statuses, {people:,}"
            if name == "sweep2":  # it compares every answer for the first time, and keeps the digests
                yield f"{what}: the first one", "", f"{swept:,.0f}/CPU s", ""
            else:
                yield _row(what, 25_000, swept, "/CPU s")


def _limit(run: Mapping[str, Any]) -> Iterator[Row]:
    most, limit = run["most_in_10_s"], run["limit"]
    verdict = "reached" if most <= limit and not run["refused_429"] else "**missed**"
    yield (
        f"most calls in any 10 s, of {limit}",
        "never above",
        f"{most}, {run['refused_429']} refused",
        verdict,
    )
    worst, best = run["worst_minute_share"], run["best_minute_share"]
    verdict = "reached" if worst >= 0.95 else "**missed**"
    said = f"worst minute {worst:.1%}, best {best:.1%}, whole run {run['share']:.1%}"
    yield f"share of the limit, {run['people']:,} people, 250 ms a call", "95 % over any 60 s", said, verdict


def _verify(run: Mapping[str, Any]) -> Iterator[Row]:
    for name, target in (("headers", 300_000), ("with payloads", 100_000)):
        yield _row(f"`log verify`, {name}", target, run[f"{name}, entries/s of CPU"], " entries/CPU s")


def _row(name: str, target: float, value: float, unit: str, *, below: bool = False) -> Row:
    met = value <= target if below else value >= target
    return name, f"{target:,}{unit}", f"{value:,.0f}{unit}", "reached" if met else "**missed**"


def _sizes(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "Cost against size (SQLite, all statuses), in microseconds of CPU a contact and MiB at the peak:"
    yield ""
    yield "| people | first read | of that, floor | sweep | memory | bytes a contact |"
    yield "|---|---|---|---|---|---|"
    for run in _by_size(runs):
        people, first = run["people"], run["first"]
        swept = run["after"].get("sweep3", {}).get("cpu_s", 0.0)
        cells = [
            f"{people:,}",
            *(f"{each / people * 1e6:,.0f}" for each in (first["cpu_s"], run["floor"]["cpu_s"], swept)),
            f"{first['rss_mib']:,.0f}",
            f"{(first['bytes'] + first['journal_bytes']) / people:,.0f}",
        ]
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "![Cost against size](plots/size.svg) ![Calls against the limit](plots/limit.svg)"


def _shares(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    largest = list(_by_size(runs))[-1]
    people = f"{largest['people']:,}"
    yield f"Where the main thread is while {people} people are read (samples; parts lie within one another):"
    yield ""
    yield "| part | share |"
    yield "|---|---|"
    for part, share in sorted(largest["first"]["shares"].items(), key=lambda each: -each[1]):
        yield f"| {part} | {share:.0%} |"


def _by_size(runs: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for run in runs:
        if run["name"] == "backfill" and run["tier"] == "enterprise" and run["database"] == "SQLite":
            yield run


def plot(figures: Mapping[str, Any]) -> None:
    """Two small SVG files; matplotlib is loaded here only."""
    import matplotlib as mpl  # noqa: PLC0415 - half a second that no other benchmark needs

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "consent-mirror"
    from matplotlib import pyplot  # noqa: PLC0415 - after the backend is chosen

    runs = list(_by_size(figures["runs"]))
    people = [run["people"] for run in runs]
    chart, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for name, label in (("first", "first read"), ("floor", "floor: pages only")):
        left.plot(people, [run[name]["cpu_s"] / run["people"] * 1e6 for run in runs], marker="o", label=label)
    swept = [run["after"].get("sweep3", {}).get("cpu_s", 0.0) / run["people"] * 1e6 for run in runs]
    left.plot(people, swept, marker="o", label="sweep, nothing changed")
    left.set(xscale="log", xlabel="people", ylabel="µs of CPU a contact", ylim=(0, None))
    left.legend(frameon=False)
    right.plot(people, [run["first"]["rss_mib"] for run in runs], marker="o", label="first read")
    right.axhline(150, linestyle="--", color="grey", label="150 MiB")
    right.set(xscale="log", xlabel="people", ylabel="MiB at the peak", ylim=(0, 200))
    right.legend(frameon=False)
    chart.savefig(PLOTS / "size.svg", metadata={"Date": None})
    pyplot.close(chart)
    for run in figures["runs"]:
        if run["name"] == "limit":
            _plot_limit(pyplot, run)


def _plot_limit(pyplot: Any, run: Mapping[str, Any]) -> None:
    ticks = run["ticks"]
    seconds = range(10, ticks[-1] // 1000 + 1)
    counted = [sum((each - 10) * 1000 < tick <= each * 1000 for tick in ticks) for each in seconds]
    chart, axes = pyplot.subplots(figsize=(9, 2.6), layout="constrained")
    axes.plot(seconds, counted, label="calls in the 10 s before")
    axes.axhline(run["limit"], linestyle="--", color="grey", label=f"limit: {run['limit']}")
    axes.set(xlabel="seconds", ylabel="calls", ylim=(0, run["limit"] * 1.15))
    axes.legend(frameon=False, loc="lower right")
    chart.savefig(PLOTS / "limit.svg", metadata={"Date": None})
    pyplot.close(chart)
