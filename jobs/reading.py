"""What the reading jobs share: bring contacts in, with the statuses that plan and budget allow."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import structlog

from connector.acts.breakers import VANISHED, is_believable, open_breaker
from connector.acts.desk import Desk
from connector.acts.quiet import is_unchanged
from connector.acts.take_in import Group, take_in
from connector.acts.tally import Tally
from connector.errors import HubSpotUnreachable, RequestRejected
from connector.store.work import Work
from jobs.ahead import BATCH, P, Pages, Plan, Ready, ahead
from jobs.unchanged import Said, Unchanged
from mappings.addresses import NotAnAddress, normalise
from mappings.records import Answer, Contact, Preferences

SIDE_BY_SIDE = 8  # single reads at once: as many as there are connections

PAGE = 100
TOGETHER = 10  # pages written in one transaction at most
ALONE_S = 0.4  # such a transaction lasts so long or less while nobody else writes,
BESIDE_S = 0.06  # and so long beside daemons and acts that wait for it
COMPANY_S = 60.0  # who wrote may write again within
SOON_S = 0.001

AWAY = 3  # so many asked for and none answered: HubSpot is away, and not one address odd

log = structlog.get_logger()

Beat = Callable[[], None]
Mark = Callable[[Work], None]


def still() -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long reading is: contacts in all, of how many where that is known, API calls of this reading.

    `what`: backfill, sweep, or statuses (the single reads of people who are due).
    """

    what: str
    contacts: int
    total: int | None
    requests: int


Tell = Callable[[Progress], None]


def untold(reached: Progress) -> None:
    """Nobody is to hear."""


@dataclass(slots=True)
class Reader:
    """One turn's reading: HubSpot is asked outside of any transaction, then a group is taken in at once."""

    desk: Desk
    tally: Tally
    beat: Beat = still
    unchanged: Unchanged | None = None  # answers are compared before they are taken apart
    singles: int = 0  # single status reads that this turn may still make
    seen: int = field(default=0)
    _took_s: float = 0.0  # for one page, the slowest of late
    _logged: int | None = None  # entries of the log when this reading wrote last
    _met_s: float | None = None  # when somebody else was seen to write there
    _in_by_property: set[str] = field(default_factory=set)  # of contacts whose statuses are being asked for

    def bring_in(
        self, contacts: Sequence[Contact], *, always: bool = False, mark: Mark | None = None
    ) -> None:
        """Take in those of these contacts that are new or changed (`always`: all, to read statuses again).

        `mark` is written in the same transaction: how far a reader has come.
        """
        wanted = contacts if always else self.changed(contacts)
        self._write(len(contacts), wanted, self.preferences(wanted) if wanted else {}, mark)

    def take(self, pages: Sequence[Ready[P]], mark: Mark | None = None) -> None:
        """The same for pages that were read ahead, in one transaction with `mark`.

        A record that is listed twice, or with one that was merged into it, must find the other in the
        mirror: then each page is written for itself.
        """
        wanted = [contact for each in pages for contact in each.wanted]
        named = [number for contact in wanted for number in (contact.id, *contact.merged_ids)]
        if len(pages) > 1 and len(set(named)) < len(named):
            for each in pages[:-1]:
                self.take([each])
            self.take(pages[-1:], mark)
            return
        read: dict[str, Said] = {}
        for each in pages:
            read.update(each.statuses())
        self._write(sum(len(each.page.contacts) for each in pages), wanted, read, mark)

    def at_once(self) -> int:
        """How many pages to write together, so that nobody waits longer for the database than a moment."""
        if not self._took_s:
            return 1
        met_s = self._met_s
        beside = met_s is not None and self.desk.clock.monotonic() - met_s < COMPANY_S
        return max(1, min(TOGETHER, int((BESIDE_S if beside else ALONE_S) / self._took_s)))

    def ahead(
        self, pages: Iterator[P], choose: Callable[[P], Sequence[Contact]]
    ) -> AbstractContextManager[Pages[P]]:
        """Pages read ahead, with the statuses of those whom `choose` picks where the plan has batches."""
        batches = self.desk.hubspot.capabilities().batch_statuses
        read = self._batch if self.unchanged is None else self._answers
        return ahead(pages, Plan(choose, self._spelled, read if batches else None))

    def _write(
        self, pulled: int, wanted: Sequence[Contact], read: Mapping[str, Said], mark: Mark | None
    ) -> None:
        self.tally.pulled += pulled
        self.seen += pulled
        self.tally.read += len(read)
        if not wanted and mark is None:
            return
        with self.desk.mirror.write(self.desk.portal) as work:
            started = self.desk.clock.monotonic()
            if self._logged not in {None, work.log.size()}:
                self._met_s = started
            take_in(self.desk, work, self._group(work, wanted, read), self.tally)
            if mark is not None:
                mark(work)
            self._logged = work.log.size()
        took_s = (self.desk.clock.monotonic() - started) * PAGE / max(len(wanted), 1)
        self._took_s = max(took_s, 0.8 * self._took_s, SOON_S)
        self.beat()

    def _group(self, work: Work, wanted: Sequence[Contact], read: Mapping[str, Said]) -> Group:
        """Whom to take in: without those who are as they were and were answered as they were."""
        if self.unchanged is None or not read:
            return Group(wanted, self._apart(read, read))
        prints = self.unchanged.prints(wanted, read)
        same = self.unchanged.same(work, wanted, prints)
        work.contacts.mark_read(same, self.desk.clock.now())
        left = [contact for contact in wanted if contact.id not in same]
        return Group(left, self._apart(read, spelled(left)), prints)

    def _apart(self, read: Mapping[str, Said], names: Iterable[str]) -> dict[str, Preferences]:
        """The statuses behind these names; an answer that cannot be read is none, and stays due."""
        said = ((name, read[name]) for name in names if name in read)
        apart = self.desk.hubspot.taken_apart
        found = ((name, apart(each) if isinstance(each, Answer) else each) for name, each in said)
        return {name: each for name, each in found if each is not None}

    def changed(self, contacts: Sequence[Contact]) -> list[Contact]:
        """Those that are not as they were read last."""
        with self.desk.mirror.read(self.desk.portal) as work:
            known = work.contacts.by_ids([contact.id for contact in contacts])
        return [contact for contact in contacts if not is_unchanged(contact, known.get(contact.id))]

    def preferences(self, contacts: Sequence[Contact]) -> dict[str, Preferences]:
        """Full statuses by normalised address: by batch where the plan has it, else singles in the budget."""
        names = self._spelled(contacts)
        if not names:
            return {}
        if self.desk.hubspot.capabilities().batch_statuses:
            return self._in_batches(names)
        return self._one_by_one(names, _certainly_in(contacts))

    def _in_batches(self, names: dict[str, str]) -> dict[str, Preferences]:
        pairs, read = list(names.items()), {}
        for start in range(0, len(pairs), BATCH):
            read.update(self._batch(dict(pairs[start : start + BATCH])))
        return read

    def _batch(self, names: dict[str, str]) -> dict[str, Preferences]:
        """One batch; what HubSpot refused is left out, and read another time. Safe beside others."""
        answer = self.desk.hubspot.batch_preferences(list(names.values()))
        read = answer.read | self._completed(answer.without_wide) if answer.without_wide else answer.read
        self._in_by_property.difference_update(names.values())
        return {name: read[address] for name, address in names.items() if address in read}

    def _answers(self, names: dict[str, str]) -> dict[str, Said]:
        """The same, taken apart only where the answer about opt-outs of everything is not there."""
        said = self.desk.hubspot.batch_answers(list(names.values())).answered
        doubtful = [at for at, each in said.items() if each.wide is None and at not in self._in_by_property]
        alone = {at: self._alone(at) for at in doubtful}
        self._in_by_property.difference_update(names.values())
        found = ((name, alone.get(address, said.get(address))) for name, address in names.items())
        return {name: each for name, each in found if each is not None}

    def _spelled(self, contacts: Sequence[Contact]) -> dict[str, str]:
        self._in_by_property.update(
            contact.email for contact in contacts if contact.email and not contact.opted_out_of_all
        )
        return spelled(contacts)

    def _completed(self, found: Mapping[str, Preferences]) -> dict[str, Preferences]:
        """Of whom the batch about opt-outs of everything said nothing: that there is none is believed where
        the contact's own property, read just now, says the same; each other address is read alone."""
        alone = ((at, each if at in self._in_by_property else self._alone(at)) for at, each in found.items())
        return {address: each for address, each in alone if each is not None}

    def _alone(self, address: str) -> Preferences | None:
        """None: HubSpot cannot answer for it; it stays due."""
        try:
            return self.desk.hubspot.preferences(address)
        except (RequestRejected, HubSpotUnreachable) as error:
            log.warning("statuses_not_read", error=error.code)
            return None

    def _one_by_one(self, names: dict[str, str], certainly_in: set[str]) -> dict[str, Preferences]:
        """Side by side as far as the pool of connections goes; the budget is counted before."""
        within = list(names.items())[: max(self.singles, 0)]
        self.singles -= len(within)
        ask = self.desk.hubspot.preferences
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="statuses") as pool:
            asked = {name: pool.submit(ask, at, wide=name not in certainly_in) for name, at in within}
            answers = {name: self._answered(each) for name, each in asked.items()}
        return self._tolerated(answers)

    def _answered(self, asked: Future[Preferences]) -> Preferences | RequestRejected | HubSpotUnreachable:
        self.beat()
        try:
            return asked.result()
        except (RequestRejected, HubSpotUnreachable) as error:
            return error

    def _tolerated(
        self, answers: Mapping[str, Preferences | RequestRejected | HubSpotUnreachable]
    ) -> dict[str, Preferences]:
        """What cannot be read stays due and keeps nobody else from being read. Raises HubSpotUnreachable
        where several were asked for and none was answered: HubSpot is away."""
        read = {name: each for name, each in answers.items() if isinstance(each, Preferences)}
        failed = [each for each in answers.values() if not isinstance(each, Preferences)]
        for error in failed:
            log.warning("statuses_not_read", error=error.code)
        away = [error for error in failed if isinstance(error, HubSpotUnreachable)]
        if away and not read and len(away) >= AWAY:
            raise away[0]
        return read

    def judge(self) -> None:
        """After one read: too many that turned empty or missing suspend erasures and subscribes."""
        with self.desk.mirror.read(self.desk.portal) as work:
            believable = is_believable(self.desk, work, read=self.seen, vanished=self.tally.vanished)
        if not believable:
            with self.desk.mirror.write(self.desk.portal) as work:
                open_breaker(self.desk, work, VANISHED, vanished=self.tally.vanished, read=self.seen)


def _certainly_in(contacts: Iterable[Contact]) -> set[str]:
    """Primary addresses whose property, read with them, shows no opt-out of everything: one call less."""
    return {_name(contact.email) for contact in contacts if contact.email and not contact.opted_out_of_all}


def spelled(contacts: Iterable[Contact]) -> dict[str, str]:
    """Normalised address -> HubSpot's spelling; what is no address is left out."""
    found: dict[str, str] = {}
    for contact in contacts:
        for address in contact.addresses:
            name = _name(address)
            if name:
                found.setdefault(name, address)
    return found


def _name(address: str) -> str:
    try:
        return normalise(address)
    except NotAnAddress:
        return ""
