"""The job `watch`: once a night, who can reach the register and what was mailed. Reads only; decides nothing.

Neither is part of a pull or a sweep: a mailing moves the change time of everybody it reaches, and what those
read stays as narrow as before. A quiet night costs a handful of calls.
"""

from collections.abc import Iterator
from typing import Final

import structlog

from connector.acts.access import read_access
from connector.acts.desk import Desk
from connector.acts.mail_check import Delivered, Mails, delivered, judge
from connector.report.findings import MAILS_SHOWN_MS
from connector.settings import Settings
from jobs.places import places_of
from jobs.reading import Beat

log = structlog.get_logger()

SINCE: Final = "mails_checked_at"
#: HubSpot's search sees a mail a while after it left (HA 6).
OVERLAP_MS: Final = 6 * 3_600_000
#: Pages of 1,000 v1 events that one night reads, the newest first; a longer night says that it was cut.
EVENT_PAGES: Final = 500


def watch(desk: Desk, settings: Settings, beat: Beat) -> dict[str, int | str | None]:
    """Both; the figures for the run's row."""
    seen = read_access(desk, places_of(settings, desk.name))
    beat()
    return {"grantees": seen, **check_mails(desk, beat)}


def check_mails(desk: Desk, beat: Beat) -> dict[str, int | str | None]:
    """Judge every marketing mail since the last check; the cursor moves on only when all were judged."""
    started = desk.clock.now()
    with desk.mirror.read(desk.portal) as work:
        last = work.cursors.get(SINCE)
    since = started - MAILS_SHOWN_MS if last is None else int(last) - OVERLAP_MS
    told = desk.hubspot.marketing_emails()
    mails = Mails.of(told or ())
    figures: dict[str, int | str | None] = {"mails": 0, "mails_wrong": 0}
    for group in _by_property(desk, mails, since):
        _judged(desk, group, figures)
        beat()
    for group in _by_event(desk, mails, since, started, figures):
        _judged(desk, group, figures)
        beat()
    with desk.mirror.write(desk.portal) as work:
        work.cursors.put(SINCE, started)
        work.mailed.forget(started - 2 * MAILS_SHOWN_MS)
    return figures


def _judged(desk: Desk, group: list[Delivered], figures: dict[str, int | str | None]) -> None:
    figures["mails"] = int(figures["mails"] or 0) + len(group)
    figures["mails_wrong"] = int(figures["mails_wrong"] or 0) + judge(desk, group)


def _by_property(desk: Desk, mails: Mails, since: int) -> Iterator[list[Delivered]]:
    """The last mail of every contact that got one."""
    after: int | None = 0
    while after is not None:
        page = desk.hubspot.mailed_since(since, after)
        if page is None:
            return
        found = (
            delivered(desk, mails.by_name.get(mail.name), mail.email, mail.at, mail.name)
            for mail in page.mails
            if mail.email
        )
        yield [mail for mail in found if mail is not None]
        after = page.after


def _by_event(
    desk: Desk, mails: Mails, since: int, until: int, figures: dict[str, int | str | None]
) -> Iterator[list[Delivered]]:
    """Every mail, where the plan still has the v1 events and tells which of them are marketing."""
    offset: str | None = None
    if not mails.by_campaign:
        return
    for _ in range(EVENT_PAGES):
        page = desk.hubspot.sent_events(since, until, offset)
        if page is None:
            return
        known = ((sent, mails.by_campaign.get(sent.campaign or 0)) for sent in page.mails)
        found = (
            delivered(desk, campaign, sent.email, sent.at, campaign.name)
            for sent, campaign in known
            if campaign is not None
        )
        yield [mail for mail in found if mail is not None]
        offset = page.offset
        if offset is None:
            return
    figures["mails_cut"] = 1
    log.warning("mail_events_cut", pages=EVENT_PAGES)
