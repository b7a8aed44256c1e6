"""The nightly report as a job: who it is about, where it goes, what only the mirror's keeper knows."""

from datetime import time

from connector.acts import exports, notices, placed, retain, wording
from connector.acts.access import findings as access_findings
from connector.acts.desk import Desk
from connector.report.gather import About, Outside
from connector.report.mail import Envelope
from connector.report.nightly import Mailing, Nightly
from connector.settings import Settings
from connector.wiring import server_of
from jobs.places import access_rules


def has_server(settings: Settings) -> bool:
    """Letters can be handed to somebody."""
    return bool(settings.report.smtp_host and settings.report.from_)


def place_names(settings: Settings) -> tuple[str, ...]:
    """Where checkpoints are copied to: what `status`, the report and `doctor` tell of."""
    said = settings.checkpoint
    named = (("folder", said.folder), ("git", said.git), ("mail", said.mail))
    return tuple(name for name, given in named if given)


def recipients_of(settings: Settings, name: str) -> tuple[str, ...]:
    """A portal's own recipients, else those of all."""
    return settings.portal(name).to or settings.report.to


def about_of(settings: Settings, desk: Desk) -> About:
    """What the report says of the portal beside the store's figures."""
    return About(
        portal=desk.name,
        portal_id=desk.portal,
        controller=settings.controller.name,
        time_zone=settings.controller.time_zone,
        purposes=desk.purposes,
        several_portals=len(settings.portals) > 1,
        mailed=is_mailed(settings, desk.name),
    )


def is_mailed(settings: Settings, name: str) -> bool:
    """A mail of this portal goes out every night."""
    return has_server(settings) and bool(recipients_of(settings, name))


def outside_of(settings: Settings, desk: Desk) -> Outside:
    """Open breakers, since when; what the wordings in force lack; files that should be gone."""
    with desk.mirror.read(desk.portal) as work:
        found = work.meta.get("breaker")
    controller = settings.controller
    return Outside(
        breakers={found["kind"]: found["since"]} if found else {},
        findings=(
            *wording.for_the_report(desk, controller.name, controller.languages),
            *exports.for_the_report(desk),
            *notices.for_the_report(desk),
            *retain.for_the_report(desk),
            *placed.for_the_report(desk, place_names(settings)),
            *access_findings(desk, access_rules(settings, desk)),
        ),
    )


def nightly_of(settings: Settings, desk: Desk) -> Nightly:
    """The nightly report of one portal, with its mail path where one is configured."""
    hour, minute = settings.schedule.report.split(":")
    return Nightly(
        desk.mirror,
        about_of(settings, desk),
        _mailing(settings, desk.name),
        desk.clock,
        desk.chance,
        at=time(int(hour), int(minute)),
        since=_first_start(desk),
        outside=lambda: outside_of(settings, desk),
    )


def _mailing(settings: Settings, name: str) -> Mailing | None:
    server = server_of(settings) if is_mailed(settings, name) else None
    if server is None or settings.report.from_ is None:
        return None
    envelope = Envelope(sender=settings.report.from_, recipients=recipients_of(settings, name))
    return Mailing(server=server, envelope=envelope, language=settings.controller.languages[0])


def _first_start(desk: Desk) -> int:
    """When this mirror first ran: a fresh one sends its first mail at the next time of the timetable.

    The report's own job is first asked for right after that time: now would be too late for it.
    """
    with desk.mirror.read(desk.portal) as work:
        known = work.meta.get("first_start")
    if known is None:
        with desk.mirror.write(desk.portal) as work:
            known = work.meta.get("first_start") or work.runs.first_start() or desk.clock.now()
            work.meta.put("first_start", known)
    return int(known)
