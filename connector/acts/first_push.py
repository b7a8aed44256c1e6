"""The first push ever: reading only, a dry run, and only then a write, by a person's word (design 4.7)."""

from connector.acts.desk import Desk
from connector.consent.events import Event, EventType
from connector.errors import Stopped

CONFIRMED = "first_push_confirmed"
SHOWN = "dry_run_shown"


def dry_run_shown(desk: Desk) -> None:
    """A person has been shown what would be written."""
    with desk.mirror.write(desk.portal) as work:
        work.meta.put(SHOWN, desk.clock.now())


def confirm_first_push(desk: Desk) -> None:
    """Open the gate for writes that reconcile derives. Raises Stopped where no dry run was shown."""
    with desk.mirror.write(desk.portal) as work:
        if work.meta.get(CONFIRMED):
            return
        if not work.meta.get(SHOWN):
            raise Stopped(
                "No dry run was shown yet.",
                where="--confirm-first-push",
                kind="no_dry_run",
                next_step="Run `consent-mirror sync --dry-run`, look at what it would write, then confirm.",
            )
        work.meta.put(CONFIRMED, desk.clock.now())
        work.log.append([(None, Event(type=EventType.FIRST_PUSH_CONFIRMED, source=desk.door))])
