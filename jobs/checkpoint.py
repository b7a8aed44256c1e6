"""The job that signs a checkpoint of a portal's log, and the journals that the log's commands work on."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from connector import wiring
from connector.acts import placed
from connector.acts.checkpoint import Journal, Made, sign_checkpoint
from connector.acts.desk import Desk
from connector.errors import ConnectorError
from connector.settings import Settings
from connector.store.mirror import Mirror
from jobs.copies import NotCopied, Places, bring, found

log = structlog.get_logger()


def places_of(settings: Settings, *, daily: bool) -> dict[str, Places]:
    """The configured places by name; a mail goes out with the daily one only."""
    said, found = settings.checkpoint, {}
    if said.folder is not None:
        found["folder"] = Places(folder=said.folder, latest=not daily)
    if said.git is not None:
        found["git"] = Places(git=said.git, latest=not daily)
    if said.mail and daily:
        found["mail"] = Places(mail=True)
    return found


def run_checkpoint(settings: Settings, desk: Desk, *, daily: bool = True) -> Made:
    """Verify the log, sign its end, bring copies to their places; one that fails does not keep the others.

    Raises Refused where the log is not what it was (nothing is signed then), and NotCopied where a place
    was not reached: `status` and the report tell which, and it is tried again.
    """
    journal, places = journal_of(settings, desk.mirror, desk.name), places_of(settings, daily=daily)
    folders = {folder for each in places.values() for folder in each.folders if folder.is_dir()}
    made = sign_checkpoint(journal, list(found(sorted(folders))), keep=daily)
    failed = [name for name, place in places.items() if not _brought(settings, desk, made, name, place)]
    log.info("checkpoint_signed", portal=desk.name, size=made.size, fresh=made.fresh, earlier=made.earlier)
    if failed:
        raise NotCopied(
            f"The checkpoint did not reach: {', '.join(failed)}.",
            where="[checkpoint]",
            next_step="`consent-mirror doctor` says what is wrong; it is tried again by itself.",
        )
    return made


def _brought(settings: Settings, desk: Desk, made: Made, name: str, place: Places) -> bool:
    try:
        bring(settings, desk.clock, made, place)
    except ConnectorError as error:
        log.warning("checkpoint_not_copied", portal=desk.name, place=name, error=error.code)
        placed.missed(desk, name, error.code, error.problem)
        return False
    placed.reached(desk, name, made.size)
    return True


def checkpoint_after_sync(settings: Settings, desk: Desk) -> str | None:
    """After a reading: sign and bring, where a place is configured and entries were added; the error's code.

    Never raises a ConnectorError: a reading went well whatever becomes of its checkpoint.
    """
    names = tuple(places_of(settings, daily=False))
    if not settings.checkpoint.after_sync or not names or not placed.is_due(desk, names):
        return None
    began = desk.clock.monotonic()
    with desk.mirror.read(desk.portal) as work:
        head = work.log.head().last  # before: what is added meanwhile is the next one's
    try:
        run_checkpoint(settings, desk, daily=False)
    except ConnectorError as error:
        log.warning("checkpoint_failed", portal=desk.name, error=error.code, problem=error.problem)
        return error.code
    placed.made_after_sync(desk, head, int((desk.clock.monotonic() - began) * 1000))
    return None


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
    """The logs of every configured portal, or of one; no HubSpot token is needed.

    A database without its guards is opened too: verifying is how somebody learns what was done to it.
    """
    names = [settings.portal(only).name] if only else [portal.name for portal in settings.portals]
    with wiring.mirror_of(settings, guards=False) as mirror:
        yield [journal_of(settings, mirror, name) for name in names]
