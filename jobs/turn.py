"""One turn of a portal: the same function for the daemon's tick, the command `sync` and a fleet's worker.

In the order of urgency: what people asked for, then reading, then what reading led to (design 4.2).
"""

from dataclasses import dataclass, field

from connector.acts.desk import Desk
from connector.acts.push import first_push_confirmed, push
from connector.acts.tally import Tally
from connector.errors import ConfigurationError
from jobs.backfill import backfill as run_backfill
from jobs.backfill import is_backfilled
from jobs.pull import pull
from jobs.reading import Beat, still
from jobs.statuses import read_statuses
from jobs.sweep import sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a turn does. `push` False: a dry run, nothing that reconcile derived leaves."""

    full: bool = False
    push: bool = True
    letters: int = 1_000


@dataclass(slots=True)
class Turned:
    """What a turn came to."""

    tally: Tally = field(default_factory=Tally)
    pending: int = 0
    gated: int = 0
    reviews: int = 0
    breaker: dict[str, int | str] | None = None
    first_push_confirmed: bool = False

    def figures(self) -> dict[str, int | str | None]:
        """What the run's row keeps."""
        tally = self.tally
        return {
            "pulled": tally.pulled,
            "changed": tally.changed,
            "events": tally.events,
            "decided": tally.decided,
            "pushed": tally.pushed,
            "confirmed": tally.confirmed,
            "pending": self.pending,
            "reappeared": tally.reappeared,
            "incidents": tally.incidents,
        }


def turn(desk: Desk, plan: Plan, *, beat: Beat = still) -> Turned:
    """Pull changes, reconcile, push, read back. Raises what HubSpot or the database make it raise."""
    turned = Turned()
    check_portal(desk)
    if plan.push:
        push(desk, turned.tally, limit=plan.letters, urgent_only=True)
    read(desk, turned.tally, full=plan.full, beat=beat)
    if plan.push:
        push(desk, turned.tally, limit=plan.letters)
    look(desk, turned)
    return turned


def check_portal(desk: Desk) -> None:
    """The token's portal is the pinned one (threat 9): asked at the start of each turn."""
    found = desk.hubspot.details().portal_id
    if found != desk.portal:
        raise ConfigurationError(
            f"The token belongs to portal {found}, the configuration names {desk.portal}.",
            where=f"portals.{desk.name}.portal_id",
            next_step="Use the token of the configured portal. Nothing was read and nothing was written.",
        )


def check_properties(desk: Desk) -> None:
    """An unknown property name reads as empty for everybody (HQ 14): missing ones stop the reading."""
    missing = desk.hubspot.missing_properties(desk.purposes.subscription_ids)
    if missing:
        raise ConfigurationError(
            f"The portal does not have the properties {', '.join(missing)}.",
            where=f"portals.{desk.name}",
            next_step="Compare subscription_id of each purpose with HubSpot's subscription types.",
        )


def read(desk: Desk, tally: Tally, *, full: bool, beat: Beat = still) -> None:
    """Whichever reading is needed: the first full one, a sweep, or what changed."""
    with desk.mirror.read(desk.portal) as work:
        known = is_backfilled(work)
    if not known:
        check_properties(desk)
        run_backfill(desk, tally, beat=beat)
        return
    pull(desk, tally, beat=beat)
    if full:
        check_properties(desk)
        sweep(desk, tally, beat=beat)
    read_statuses(desk, tally, recheck=not full, beat=beat)


def look(desk: Desk, turned: Turned) -> None:
    """What is left to do after the turn."""
    with desk.mirror.read(desk.portal) as work:
        waiting = work.outbox.waiting()
        turned.pending = waiting.count
        turned.gated = waiting.gated
        turned.reviews = work.reviews.count()
        turned.breaker = work.meta.get("breaker")
        turned.first_push_confirmed = first_push_confirmed(work)
