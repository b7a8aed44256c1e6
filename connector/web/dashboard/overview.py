"""How things stand: figures, discrepancies with their trend, runs, and what waits for HubSpot."""

from datetime import date
from typing import Final

from starlette.responses import RedirectResponse, Response

from connector.acts.first_push import CONFIRMED, confirm_first_push, dry_run_shown
from connector.acts.preview import preview
from connector.consent.reasons import REASONS
from connector.report import archive, charts, view
from connector.report.figures import Report
from connector.web.dashboard.drawing import Drawn, drawn, over_time
from connector.web.dashboard.office import PORTALS, Visit

RUNS: Final = 100
LETTERS: Final = 100
TREND: Final = 90
COUNTED: Final = ("discrepancies",)  # pages beside the overview that show a count
ACT_COLOUR, OTHER_COLOUR = "#D55E00", "#0072B2"


def home(visit: Visit) -> Response:
    """The only portal at once, else a choice."""
    names = sorted(desk.name for desk in visit.office.site.desks.values())
    if len(names) == 1:
        return RedirectResponse(f"{PORTALS}/{names[0]}", 303)
    return visit.page("portals")


def overview(visit: Visit) -> Response:
    """Who may be mailed on which basis and grade, what waits, and what is urgent."""
    counted = visit.office.figures.of(visit.desk)
    report = counted.report
    return visit.page(
        "overview",
        counted=counted,
        age=_age(visit, report),
        report=report,
        read=view.page(report, visit.report_words),
        charts=_charts(visit, report),
        purposes=list(visit.desk.purposes),
        share=visit.report_words.share,
    )


def discrepancies(visit: Visit) -> Response:
    """What differs, since when, and what to do; people only for those who may look at people."""
    counted = visit.office.figures.of(visit.desk)
    report = counted.report
    read = view.page(report, visit.report_words)
    return visit.page(
        "discrepancies",
        counted=counted,
        age=_age(visit, report),
        report=report,
        read=read,
        parts_of=[pair for pair in zip(read.kinds, report.groups, strict=True) if pair[1].count],
        charts=[*_trend(visit, report), *_charts(visit, report, only="kinds")],
    )


def pushes(visit: Visit) -> Response:
    """What waits for HubSpot, the oldest first, and the gate of the first push."""
    with visit.desk.mirror.read(visit.desk.portal) as work:
        letters = work.outbox.pending(LETTERS)
        parked = work.outbox.pending(LETTERS, parked=True)
        waiting, confirmed = work.outbox.waiting(), bool(work.meta.get(CONFIRMED))
        refs = work.people.by_ids({each.person_id for each in (*letters, *parked) if each.person_id})
    people = {number: person.ref for number, person in refs.items()}
    return visit.page(
        "pushes",
        letters=letters,
        parked=parked,
        waiting=waiting,
        people=people,
        confirmed=confirmed,
        now=visit.desk.clock.now(),
        age=visit.report_words.rough_age,
    )


def dry_run(visit: Visit) -> Response:
    """What the first push would write, counted with its reasons; seeing it is what allows to confirm."""
    shown = preview(visit.desk)
    dry_run_shown(visit.desk)
    return visit.page("dry_run", reasons=REASONS, grouped=shown.grouped, total=len(shown.items))


def confirm(visit: Visit) -> Response:
    """Open the gate of the first push."""
    confirm_first_push(visit.desk)
    return visit.back("/pushes", "confirmed")


def runs(visit: Visit) -> Response:
    """What ran and how it ended."""
    with visit.desk.mirror.read(visit.desk.portal) as work:
        found, due = work.runs.recent(RUNS), list(work.due.all().values())
    return visit.page("runs", runs=found, due=due)


def count_anew(visit: Visit) -> Response:
    """Somebody does not want to wait for the next count."""
    visit.office.figures.of(visit.desk, anew=True)
    page = visit.field("back")
    return visit.back(f"/{page}" if page in COUNTED else "")


def _age(visit: Visit, report: Report) -> str:
    """How old the figures are, in words."""
    return visit.report_words.rough_age(max(0, visit.desk.clock.now() - report.made_at))


def _charts(visit: Visit, report: Report, only: str = "states") -> list[Drawn]:
    return [drawn(plan) for name, plan in charts.plans(report, visit.report_words).items() if name == only]


def _trend(visit: Visit, report: Report) -> list[Drawn]:
    """Discrepancies night by night: those that ask for an act, and the others. One night is no trend."""
    with visit.desk.mirror.read(visit.desk.portal) as work:
        nights = archive.totals(work, date.fromisoformat(report.date), TREND)
    points = [*nights, (report.date, report.total, report.urgent)]
    if len(points) < 2:
        return []
    say, days = visit.say, [day for day, _, _ in points]
    urgent, others = [act for _, _, act in points], [total - act for _, total, act in points]
    alt = say("trend_alt", first=days[0], last=days[-1], before=points[0][1], now=report.total)
    series = [(say("trend_act"), ACT_COLOUR, urgent), (say("trend_other"), OTHER_COLOUR, others)]
    return [over_time(say("trend"), alt, days, series)]
