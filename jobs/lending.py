"""What the dashboard borrows of the jobs: the report's matter, and what the commands do around an act."""

from functools import partial

from connector.acts.access import Place, read_access
from connector.acts.desk import Desk
from connector.report.gather import About, Outside
from connector.settings import Settings
from connector.web.dashboard.office import Lent
from jobs.cli_import import roll_forward
from jobs.cli_notices import texts_of
from jobs.mailing import about_of, outside_of
from jobs.places import access_rules, places_of
from jobs.post import try_post
from jobs.retaining import run_retention


def lent_of(settings: Settings) -> Lent:
    """For `daemon` and `serve`."""

    def told(desk: Desk) -> tuple[About, Outside]:
        return about_of(settings, desk), outside_of(settings, desk)

    def before_erasing(desk: Desk) -> None:
        roll_forward(settings, desk)

    def places(desk: Desk) -> list[Place]:
        return places_of(settings, desk.name)

    def look(desk: Desk) -> int:
        return read_access(desk, places_of(settings, desk.name))

    return Lent(
        told=told,
        before_erasing=before_erasing,
        retention=partial(run_retention, settings),
        post=partial(try_post, settings),
        notice_texts=partial(texts_of, settings),
        access_rules=partial(access_rules, settings),
        read_access=look,
        places=places,
    )
