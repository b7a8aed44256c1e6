"""One portal's night: make the report, keep it, send it once. What the timetable and `report --send` call.

No transaction is held while charts are drawn or mail is handed over. A crash between the server's yes and
our note sends the same Message-ID again: two copies that mail systems and people see to be one (RE 5).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from connector.clock import Chance, Clock
from connector.errors import ConnectorError, MailUnavailable
from connector.report.archive import keep, note, stored
from connector.report.figures import Report
from connector.report.gather import About, Outside, gather
from connector.report.mail import Envelope, compose
from connector.report.night import Outcome, Step, Tries, decide, put_off, settled
from connector.report.render import write
from connector.report.smtp import Delivery, MailServer, send
from connector.report.words import Language
from connector.store.mirror import Mirror

log = structlog.get_logger()

#: Where no mail is configured the row still wants a host for its Message-ID.
NOBODY: Final = "consent-mirror@localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """How the mail of one portal goes out. Language: the controller's first."""

    server: MailServer
    envelope: Envelope
    language: Language = "sv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What was done: `made` a report of this local day, and `delivery` where a mail was taken."""

    day: date
    made: bool = False
    delivery: Delivery | None = None


class Nightly:
    """One portal's nightly report. `mailing` None: reports are made for history and nothing is sent.

    `at` is the local time of the timetable; `outside` is asked each time for what the store does not know.
    """

    def __init__(
        self,
        mirror: Mirror,
        about: About,
        mailing: Mailing | None,
        clock: Clock,
        chance: Chance,
        *,
        at: time = time(6),
        since: int = 0,
        outside: Callable[[], Outside] = Outside,
    ) -> None:
        self._mirror = mirror
        self._about = about
        self._mailing = mailing
        self._clock = clock
        self._chance = chance
        self._at = at
        self._since = since
        self._outside = outside
        self._zone = ZoneInfo(about.time_zone)

    def run(self) -> Night:
        """Do what is due now, at most one mail for each local day.

        Raises what `smtp.send` raises, after it is noted: MailUnavailable (tried again, for 24 hours),
        MailRefused and ConfigurationError (not tried again for this day).
        """
        now = self._clock.now()
        day = decide(now, self._at, self._zone, None).day
        tries = self._tries(day)
        if tries is not None and self._mailing is None:
            return Night(day=day)
        step = decide(now, self._at, self._zone, tries, since=self._since).step
        if step is Step.GIVE_UP:
            self._note(day, settled(tries or Tries(), now, Outcome.FAILED), "mail_unavailable")
            log.error("report_given_up", portal=self._about.portal, date=day.isoformat())
        return self._make(day, tries or Tries()) if step is Step.SEND else Night(day=day)

    def send_now(self) -> Night:
        """Make and send today's report whatever was sent before: `report --send`."""
        now = datetime.fromtimestamp(self._clock.now() / 1000, UTC)
        day = now.astimezone(self._zone).date()
        return self._make(day, self._tries(day) or Tries())

    def _tries(self, day: date) -> Tries | None:
        with self._mirror.read(self._about.portal_id) as work:
            night = stored(work, day)
        return None if night is None else night.tries

    def _make(self, day: date, tries: Tries) -> Night:
        report = self._kept(day)
        if self._mailing is None:
            return Night(day=day, made=True)
        try:
            delivery = self._sent(report, self._mailing)
        except ConnectorError as error:
            self._failed(day, tries, error)
            raise
        self._note(day, settled(tries, self._clock.now(), Outcome.SENT), None, delivery)
        refused = len(delivery.refused)
        log.info("report_sent", portal=self._about.portal, accepted=delivery.accepted, refused=refused)
        return Night(day=day, made=True, delivery=delivery)

    def _kept(self, day: date) -> Report:
        """Gather and store; what is stored names nobody, what is returned has the masked people."""
        with self._mirror.read(self._about.portal_id) as work:
            made = gather(work, self._about, day, self._clock.now(), self._outside())
        sender = self._mailing.envelope.sender if self._mailing else NOBODY
        wanted = self._mailing is not None
        with self._mirror.write(self._about.portal_id) as work:
            keep(work, made.report, sender=sender, log_size=made.log_size, wanted=wanted)
        return made.report

    def _sent(self, report: Report, mailing: Mailing) -> Delivery:
        message = compose(report, write(report, mailing.language), mailing.envelope, self._clock.now())
        return send(message, mailing.server, self._clock)

    def _failed(self, day: date, tries: Tries, error: ConnectorError) -> None:
        now = self._clock.now()
        later = isinstance(error, MailUnavailable)
        after = put_off(tries, now, self._chance.jitter()) if later else settled(tries, now, Outcome.FAILED)
        self._note(day, after, error.code)
        log.warning("report_not_sent", portal=self._about.portal, code=error.code, again_at=after.next)

    def _note(self, day: date, tries: Tries, error: str | None, delivery: Delivery | None = None) -> None:
        with self._mirror.write(self._about.portal_id) as work:
            note(work, day, tries, error=error, refused=None if delivery is None else delivery.refused)
