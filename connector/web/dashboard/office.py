"""What every page of the dashboard gets: who is there, at which portal's desk, in which language."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from connector.acts.access import Place, Rules
from connector.acts.checkpoint import Journal
from connector.acts.desk import Desk
from connector.acts.looks import Kind, note
from connector.acts.retain import Ran
from connector.consent.events import Source
from connector.errors import ConfigurationError, ConnectorError, Refused, Stopped, Temporary
from connector.report.gather import About, Outside
from connector.report.languages import WORDS as REPORT_WORDS
from connector.report.words import Words as ReportWords
from connector.store.people import Person
from connector.store.users import Role, User, rank
from connector.web import pages
from connector.web.dashboard.figures import Figures
from connector.web.dashboard.makings import Makings
from connector.web.dashboard.throttle import Throttle
from connector.web.dashboard.troubles import told
from connector.web.dashboard.words import WORDS
from connector.web.forms import Upload
from connector.web.languages import chosen
from connector.web.site import Site
from connector.web.words import Say


@dataclass(frozen=True, slots=True)
class Lent:
    """What the jobs lend: what a portal's report is about, what commands do around an act, their settings.

    `before_erasing`: an interrupted import still holds people; erasing somebody without it would let them
    outlive themselves. `retention`: one run, with its lock and its line in the list of runs. `post`: letters
    that wait leave now, as far as the mail server takes them. `notice_texts`: of [notices], by language.
    `places`: files that hold personal data or keys, for the access register.
    """

    told: Callable[[Desk], tuple[About, Outside]]
    before_erasing: Callable[[Desk], None]
    retention: Callable[[Desk], Ran]
    post: Callable[[Desk], object]
    notice_texts: Callable[[], Mapping[str, str]]
    access_rules: Callable[[Desk], Rules]
    read_access: Callable[[Desk], object]
    places: Callable[[Desk], Sequence[Place]]


HOME: Final = "/dashboard"
PORTALS: Final = f"{HOME}/p"
LANGUAGE: Final = "cm_language"
SPOKEN: Final = ("sv", "en")
YEAR_S: Final = 365 * 86_400
STATUS: Final = {Refused: 404, Stopped: 409, ConfigurationError: 400}


@dataclass(frozen=True, slots=True)
class Office:
    """The dashboard of one site. `journals`: each portal's log with its signing key, by the id."""

    site: Site
    journals: Mapping[int, Journal]
    throttle: Throttle
    lent: Lent
    figures: Figures
    makings: Makings
    #: argon2 takes 64 MiB a guess: one at a time, so that many guesses do not fill the machine.
    checking: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(2))

    def desk(self, name: str) -> Desk | None:
        """The portal of that name, if this process serves it; what is done there came by the dashboard."""
        found = next((desk for desk in self.site.desks.values() if desk.name == name), None)
        return None if found is None else replace(found, door=Source.DASHBOARD)

    @property
    def any_desk(self) -> Desk:
        """For what belongs to the mirror: users and sessions."""
        return next(iter(self.site.desks.values()))


def language_of(request: Request, office: Office) -> str:
    """The user's choice (?lang=, then their cookie), else their browser's, else the controller's first."""
    first = office.site.languages[0]
    spoken = (first, *(each for each in SPOKEN if each != first))
    wanted = request.query_params.get("lang") or request.cookies.get(LANGUAGE)
    return chosen(wanted, request.headers.get("accept-language"), spoken)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who is signed in. `at` is None on pages of the whole mirror."""

    request: Request
    office: Office
    user: User
    token: str  # of this session's forms
    at: Desk | None = None
    form: Mapping[str, list[str]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    problem: ConnectorError | None = None  # what an act said to the form that is shown again

    @property
    def desk(self) -> Desk:
        """The portal's desk."""
        assert self.at is not None  # noqa: S101 - the gate found it before the page ran
        return self.at

    @property
    def say(self) -> Say:
        """The words of the page."""
        return WORDS[language_of(self.request, self.office)]

    @property
    def report_words(self) -> ReportWords:
        """How the report says numbers, states and kinds."""
        return REPORT_WORDS["sv" if self.say.language == "sv" else "en"]

    @property
    def actor(self) -> str:
        """The user as events name them."""
        return f"staff:{self.user.name}"

    def may(self, role: str) -> bool:
        """The user has this role or more."""
        return rank(self.user.role) >= rank(Role(role))

    def field(self, name: str) -> str:
        """One field of the form; empty where it is missing."""
        return next(iter(self.form.get(name, [])), "").strip()

    def one_of(self, name: str, allowed: Sequence[str]) -> str:
        """A field that has choices. Raises ConfigurationError for anything else."""
        said = self.field(name)
        if said not in allowed:
            raise ConfigurationError(
                "This is not one of the choices.", where=name, kind="no_such_choice", next_step="Choose one."
            )
        return said

    def must_be_ticked(self) -> None:
        """The box `sure` of what cannot be taken back. Raises ConfigurationError."""
        if self.field("sure") != "yes":
            raise ConfigurationError(
                "The box is not ticked.",
                where="sure",
                kind="not_ticked",
                next_step="Read what will be done, then tick it.",
            )

    @property
    def fault(self) -> str:
        """The field that the problem is about, as the acts name the command's option or argument."""
        where = self.problem.where if self.problem else ""
        return where.removeprefix("--").replace("-", "_").casefold()

    @property
    def status(self) -> int:
        """Of the answer, by what was wrong."""
        if isinstance(self.problem, Temporary):
            return 503
        return 200 if self.problem is None else STATUS.get(type(self.problem), 500)

    def local(self, at: int | None) -> str:
        """Minutes on the controller's wall; a dash for never."""
        if at is None:
            return "–"
        moment = datetime.fromtimestamp(at / 1000, UTC).astimezone(self.office.site.settings.controller.zone)
        return moment.strftime("%Y-%m-%d %H:%M")

    def local_iso(self, text: str | None) -> str:
        """The same for a time as documents spell it."""
        return self.local(int(datetime.fromisoformat(text).timestamp() * 1000) if text else None)

    def looked(self, person: Person, kind: Kind) -> None:
        """Note that this user looks at a person, before anything is shown."""
        note(self.desk, person, self.user.name, kind)

    def page(self, template: str, *, status: int | None = None, **values: Any) -> HTMLResponse:
        """A page of this visit; `done` of the query says which act has just ended."""
        done = self.request.query_params.get("done", "")
        shared = {
            "visit": self,
            "desk": self.at,
            "home": HOME,
            "portals_at": PORTALS,
            "base": self._base,
            "portals": sorted(desk.name for desk in self.office.site.desks.values()),
            "done": f"done_{done}" if f"done_{done}" in self.say.texts else "",
            "local": self.local,
            "local_iso": self.local_iso,
            "number": self.report_words.number,
            "title_of": self._title,
            "told": lambda error: told(error, self.say.language),
        }
        status = self.status if status is None else status
        return rendered(self.request, self.office, template, status=status, **shared, **values)

    @property
    def _base(self) -> str:
        return f"{PORTALS}/{self.at.name}" if self.at else HOME

    def _title(self, purpose: str) -> str:
        found = self.at.purposes.get(purpose) if self.at else None
        if found is not None:
            return found.named(self.say.language)
        return self.say("all_marketing") if purpose == "*" else purpose or "–"

    def back(self, path: str, done: str = "") -> Response:
        """After a form: to a page that may be loaded again without doing it twice."""
        return RedirectResponse(f"{self._base}{path}" + (f"?done={done}" if done else ""), 303)


def rendered(
    request: Request, office: Office, template: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page of the dashboard in the chosen language; a choice made by ?lang= is remembered."""
    say = WORDS[language_of(request, office)]
    shared = {
        "say": say,
        "controller": office.site.settings.controller,
        "languages": [(each, WORDS[each].name) for each in SPOKEN],
        "style": f"/static/{pages.style_name()}",
    }
    text = pages.environment().get_template(f"dashboard/{template}.html.j2").render(shared | values)
    answer = HTMLResponse(text, status, {"Content-Language": say.language, "Vary": "Accept-Language, Cookie"})
    if request.query_params.get("lang") in SPOKEN:
        secure = office.site.is_secure
        answer.set_cookie(
            LANGUAGE, say.language, YEAR_S, path=HOME, secure=secure, httponly=True, samesite="lax"
        )
    return answer
