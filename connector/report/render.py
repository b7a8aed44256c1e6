"""One report as text, HTML and sheet, from one page: none of them can say something that another does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from connector.report.charts import Chart, data_url, draw
from connector.report.figures import Report
from connector.report.languages import WORDS
from connector.report.sheet import sheet
from connector.report.view import Page, page, sheet_name
from connector.report.words import Language

CONTENT_ID: Final = "{name}@consent-mirror"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One report in one language, ready for a mail or a file.

    `html` names its images by content id; `standalone()` carries them inside. `charts_failed`: the report
    says that its charts could not be drawn.
    """

    language: Language
    subject: str
    text: str
    html: str
    sheet: bytes
    sheet_name: str
    charts: tuple[Chart, ...]
    charts_failed: bool
    page: Page

    def standalone(self) -> str:
        """The same page as one file that needs no other: `report --html FILE`."""
        return _html(self.page, _inline(self.charts), self.charts_failed, in_mail=False)

    def console(self) -> str:
        """The text for a terminal, which has neither charts nor an attachment: `report`."""
        return _text(self.page, no_charts=False, in_mail=False)


def render(report: Report, language: Language, charts: tuple[Chart, ...] | None) -> Rendered:
    """Write the report in one language; `charts` None: they could not be drawn, and the pages say so."""
    words = WORDS[language]
    made = page(report, words)
    shown = charts or ()
    failed = charts is None
    return Rendered(
        language=language,
        subject=made.subject,
        text=_text(made, no_charts=failed, in_mail=True),
        html=_html(made, _by_content_id(shown), failed, in_mail=True),
        sheet=sheet(report, words),
        sheet_name=sheet_name(report),
        charts=shown,
        charts_failed=failed,
        page=made,
    )


def write(report: Report, language: Language) -> Rendered:
    """Draw and render: what commands and jobs call. Takes a second or two: hold no transaction over it."""
    return render(report, language, draw(report, WORDS[language]))


def _text(made: Page, *, no_charts: bool, in_mail: bool) -> str:
    template = _environment().get_template("report.txt.j2")
    return template.render(page=made, no_charts=no_charts, in_mail=in_mail)


def _html(made: Page, charts: Sequence[dict[str, str]], failed: bool, *, in_mail: bool) -> str:
    template = _environment().get_template("report.html.j2")
    return template.render(page=made, charts=charts, no_charts=failed, in_mail=in_mail)


def _by_content_id(charts: Sequence[Chart]) -> list[dict[str, str]]:
    return [_image(each, f"cid:{CONTENT_ID.format(name=each.name)}") for each in charts]


def _inline(charts: Sequence[Chart]) -> list[dict[str, str]]:
    return [_image(each, data_url(each)) for each in charts]


def _image(chart: Chart, source: str) -> dict[str, str]:
    return {"src": source, "alt": chart.alt, "title": chart.title}


@cache
def _environment() -> Environment:
    """Everything is escaped in HTML; a name that a template asks for and nobody gives is an error."""
    return Environment(
        loader=PackageLoader("connector.report"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
