"""One run of retention, for the command, the timetable and the dashboard."""

from connector.acts import retain
from connector.acts.desk import Desk
from connector.acts.push import first_push_confirmed
from connector.errors import Stopped
from connector.settings import Settings
from jobs.cli_import import roll_forward
from jobs.reading import Beat, still
from jobs.runner import running


def run_retention(settings: Settings, desk: Desk, beat: Beat = still) -> retain.Ran:
    """Find, hold and erase, as one run in the list of runs; an interrupted import is finished first.

    Raises Stopped before the first push is confirmed: nothing that we derive leaves before a person has seen
    what it would be.
    """
    with desk.mirror.read(desk.portal) as work:
        confirmed = first_push_confirmed(work)
    if not confirmed:
        raise Stopped(
            "Nothing is erased before the first push was shown and confirmed.",
            where="retention",
            kind="first_push_gate",
            next_step="Run `consent-mirror sync --dry-run`, then `sync --confirm-first-push`.",
        )
    with running(desk, settings.mirror.database, "retention") as run:

        def both() -> None:
            run.beat()
            beat()

        roll_forward(settings, desk)
        ran = retain.run(desk, both)
        run.figures |= {name: value for name, value in ran.document().items() if isinstance(value, int)}
        return ran
