"""What the dashboard borrows of the jobs: the report's matter, and what comes before an erasure."""

from connector.acts.desk import Desk
from connector.report.gather import About, Outside
from connector.settings import Settings
from connector.web.dashboard.office import Lent
from jobs.cli_import import roll_forward
from jobs.mailing import about_of, outside_of


def lent_of(settings: Settings) -> Lent:
    """For `daemon` and `serve`."""

    def told(desk: Desk) -> tuple[About, Outside]:
        return about_of(settings, desk), outside_of(settings, desk)

    def before_erasing(desk: Desk) -> None:
        roll_forward(settings, desk)

    return Lent(told, before_erasing)
