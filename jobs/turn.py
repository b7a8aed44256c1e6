"""One turn of a portal: the same function for the daemon's tick, the command `sync` and a fleet's worker.

In the order of urgency: what people asked for, then reading, then what reading led to (design 4.2).
"""

from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from connector.acts.allowed import keep, recall
from connector.acts.clocks import mind_the_clock
from connector.acts.desk import Desk
from connector.acts.erase import resume_erasures
from connector.acts.expiry import end_consents
from connector.acts.invalid_wordings import carry_on
from connector.acts.late_stops import find_links_again
from connector.acts.looks import catch_up
from connector.acts.notices import hold_overdue
from connector.acts.pin import check_portal
from connector.acts.push import first_push_confirmed, push
from connector.acts.rectify import amend
from connector.acts.sign_up import end_sign_ups
from connector.acts.tally import Tally
from connector.acts.telling import deliver
from connector.acts.unconfirmed import shred_unconfirmed
from connector.errors import ConfigurationError, ConnectorError, HubSpotRefused, RequestRejected, Temporary
from jobs.backfill import backfill as run_backfill
from jobs.backfill import is_backfilled
from jobs.forms import read_forms, settle_forms, settle_noes
from jobs.hints import Glance
from jobs.pull import pull
from jobs.reading import Beat, Tell, still, untold
from jobs.statuses import read_statuses
from jobs.sweep import sweep
from mappings.words import EMAIL, OPTED_OUT_OF, OPTED_OUT_OF_ALL

VITAL = frozenset({EMAIL, OPTED_OUT_OF_ALL})  # without these a read would take everybody for silent

ASKED_EVERY_MS = 30_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a turn does. `push` False: a dry run, nothing that reconcile derived leaves."""

    full: bool = False
    push: bool = True
    forms: bool = True  # the daemon reads forms on their own timetable
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


def turn(desk: Desk, plan: Plan, *, beat: Beat = still, tell: Tell = untold) -> Turned:
    """Pull changes, reconcile, push, read back. Raises what HubSpot or the database make it raise."""
    recall(desk)
    try:
        return _turned(desk, plan, beat, tell)
    finally:
        with suppress(Temporary):  # the turn's own error is the one to tell
            keep(desk)


def _turned(desk: Desk, plan: Plan, beat: Beat, tell: Tell) -> Turned:
    turned = Turned()
    check_portal(desk)
    mind_the_clock(desk, turned.tally)
    catch_up(desk)
    if plan.push:
        push(desk, turned.tally, limit=plan.letters, urgent_only=True)
        beat = _asked_first(desk, turned.tally, beat)
    end_consents(desk, turned.tally)
    end_sign_ups(desk)
    shred_unconfirmed(desk)
    hold_overdue(desk)
    try:
        read(desk, turned.tally, full=plan.full, forms=plan.forms, beat=beat, tell=tell)
        carry_on(desk, turned.tally)
        find_links_again(desk)
    except (Temporary, RequestRejected):  # what waits leaves all the same: a no is no hostage of a reading
        if plan.push:
            with suppress(ConnectorError):  # the reading's own error is the one to tell
                push(desk, turned.tally, limit=plan.letters)
        raise
    if plan.push:
        push(desk, turned.tally, limit=plan.letters)
        resume_erasures(desk)
        amend(desk)
        deliver(desk)
    look(desk, turned)
    return turned


def _asked_first(desk: Desk, tally: Tally, beat: Beat) -> Beat:
    """What people ask for while a long reading runs leaves between two of its pages (design 4.2), and what
    HubSpot tells of meanwhile is looked at; a first reading sees everybody anyway."""
    last, glance = desk.clock.now(), Glance()
    with desk.mirror.read(desk.portal) as work:
        known = is_backfilled(work)

    def beats() -> None:
        nonlocal last
        beat()
        if desk.clock.now() - last >= ASKED_EVERY_MS:
            last = desk.clock.now()
            with suppress(Temporary, HubSpotRefused):  # the reading's own calls will say so
                push(desk, tally, urgent_only=True)
            with suppress(ConnectorError):  # it stays due, and the look after the reading says what is wrong
                if known:
                    glance.take(desk, tally)

    return beats


def check_properties(desk: Desk) -> None:
    """An unknown property name reads as empty for everybody (HQ 14): a missing vital one stops the reading.

    A type's own property is vital only where HubSpot does not know the type either.
    """
    missing = set(desk.hubspot.missing_properties(desk.purposes.subscription_ids))
    types = {definition.id for definition in desk.hubspot.definitions()}
    wrong = sorted(missing & VITAL) + [
        f"{OPTED_OUT_OF}{number}" for number in desk.purposes.subscription_ids if number not in types
    ]
    if wrong:
        raise ConfigurationError(
            f"The portal does not have {', '.join(wrong)}.",
            where=f"portals.{desk.name}",
            next_step="Compare subscription_id of each purpose with HubSpot's subscription types.",
        )
    if missing:
        log.warning("properties_missing", count=len(missing), names=sorted(missing))


def read(
    desk: Desk,
    tally: Tally,
    *,
    full: bool,
    forms: bool = True,
    beat: Beat = still,
    tell: Tell = untold,
) -> None:
    """Whichever reading is needed: the first full one, a sweep, or what changed.

    What people sent through forms is read before the statuses that it proves (rows 10, 17, 19).
    """
    with desk.mirror.read(desk.portal) as work:
        known = is_backfilled(work)
    if not known:
        check_properties(desk)
        run_backfill(desk, tally, beat=beat, tell=tell)
        read_forms(desk, tally, beat=beat)
        return
    touched = read_forms(desk, tally, beat=beat) if forms else ()
    try:
        pull(desk, tally, beat=beat)
        if full:
            check_properties(desk)
            sweep(desk, tally, beat=beat, tell=tell)
        read_statuses(desk, tally, recheck=not full, beat=beat, tell=tell)
    except ConnectorError:
        settle_noes(desk, tally)  # a no that was heard does not wait until HubSpot answers again
        raise
    settle_forms(desk, tally, touched)
    settle_noes(desk, tally)


def look(desk: Desk, turned: Turned) -> None:
    """What is left to do after the turn."""
    with desk.mirror.read(desk.portal) as work:
        waiting = work.outbox.waiting()
        turned.pending = waiting.count
        turned.gated = waiting.gated
        turned.reviews = work.reviews.count()
        turned.breaker = work.meta.get("breaker")
        turned.first_push_confirmed = first_push_confirmed(work)
