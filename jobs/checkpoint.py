"""The job that signs a checkpoint of a portal's log, and the journals that the log's commands work on."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from connector import wiring
from connector.acts.checkpoint import Journal, Made, sign_checkpoint
from connector.acts.desk import Desk
from connector.settings import Settings
from connector.store.mirror import Mirror
from jobs.copies import Places, bring, found

log = structlog.get_logger()

NOWHERE = Places()


def run_checkpoint(settings: Settings, desk: Desk, places: Places = NOWHERE) -> Made:
    """Verify the log, sign its end, bring copies to their places. The nightly report names it as well.

    Raises Refused where the log is not what it was; nothing is signed then.
    """
    journal = journal_of(settings, desk.mirror, desk.name)
    made = sign_checkpoint(journal, list(found(each for each in places.folders if each.is_dir())))
    bring(settings, desk.clock, made, places)
    log.info("checkpoint_signed", portal=desk.name, size=made.size, fresh=made.fresh, earlier=made.earlier)
    return made


def journal_of(settings: Settings, mirror: Mirror, name: str) -> Journal:
    """The log of one portal with its signing key."""
    portal = settings.portal(name)
    return Journal(
        mirror=mirror,
        portal=portal.portal_id,
        name=portal.name,
        seed=wiring.keys_of(settings).signing,
        clock=wiring.tools().clock,
    )


@contextmanager
def journals(settings: Settings, only: str | None) -> Iterator[list[Journal]]:
    """The logs of every configured portal, or of one; no HubSpot token is needed."""
    names = [settings.portal(only).name] if only else [portal.name for portal in settings.portals]
    with wiring.mirror_of(settings) as mirror:
        yield [journal_of(settings, mirror, name) for name in names]
