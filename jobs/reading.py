"""What the reading jobs share: bring contacts in, with the statuses that plan and budget allow."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from connector.acts.breakers import open_breaker
from connector.acts.desk import Desk
from connector.acts.take_in import Group, is_unchanged, take_in
from connector.acts.tally import Tally
from connector.consent import breaker
from connector.store.work import Work
from mappings.addresses import NotAnAddress, normalise
from mappings.records import Contact, Preferences

BATCH = 100
Beat = Callable[[], None]
Mark = Callable[[Work], None]


def still() -> None:
    """Nobody watches."""


@dataclass(slots=True)
class Reader:
    """One turn's reading: HubSpot is asked outside of any transaction, then a group is taken in at once."""

    desk: Desk
    tally: Tally
    beat: Beat = still
    singles: int = 0  # single status reads that this turn may still make
    seen: int = field(default=0)

    def bring_in(
        self, contacts: Sequence[Contact], *, always: bool = False, mark: Mark | None = None
    ) -> None:
        """Take in those of these contacts that are new or changed (`always`: all, to read statuses again).

        `mark` is written in the same transaction: how far a reader has come.
        """
        self.tally.pulled += len(contacts)
        self.seen += len(contacts)
        wanted = contacts if always else self._changed(contacts)
        if not wanted and mark is None:
            return
        preferences = self.preferences(wanted)
        with self.desk.mirror.write(self.desk.portal) as work:
            take_in(self.desk, work, Group(wanted, preferences), self.tally)
            if mark is not None:
                mark(work)
        self.beat()

    def _changed(self, contacts: Sequence[Contact]) -> list[Contact]:
        with self.desk.mirror.read(self.desk.portal) as work:
            known = work.contacts.by_ids([contact.id for contact in contacts])
        return [contact for contact in contacts if not is_unchanged(contact, known.get(contact.id))]

    def preferences(self, contacts: Sequence[Contact]) -> dict[str, Preferences]:
        """Full statuses by normalised address: batches where the plan has them, else singles in the budget."""
        spelled = _spelled(contacts)
        if not spelled:
            return {}
        if self.desk.hubspot.capabilities().batch_statuses:
            return self._in_batches(spelled)
        return self._one_by_one(spelled, _certainly_in(contacts))

    def _in_batches(self, spelled: dict[str, str]) -> dict[str, Preferences]:
        names, read = list(spelled), {}
        for start in range(0, len(names), BATCH):
            part = names[start : start + BATCH]
            answer = self.desk.hubspot.batch_preferences([spelled[name] for name in part])
            found = {_name(address): each for address, each in answer.read.items()}
            read.update({name: found[name] for name in part if name in found})
        self.tally.read += len(read)
        return read

    def _one_by_one(self, spelled: dict[str, str], certainly_in: set[str]) -> dict[str, Preferences]:
        read: dict[str, Preferences] = {}
        for name, address in spelled.items():
            if self.singles <= 0:
                break
            self.singles -= 1
            read[name] = self.desk.hubspot.preferences(address, wide=name not in certainly_in)
            self.tally.read += 1
            self.beat()
        return read

    def judge(self) -> None:
        """After one read: too many that turned empty or missing suspend erasures and subscribes."""
        plausible = breaker.read_is_plausible(
            self.desk.limits, read=max(self.seen, 1), vanished=self.tally.vanished
        )
        if not plausible:
            with self.desk.mirror.write(self.desk.portal) as work:
                open_breaker(self.desk, work, "vanished", vanished=self.tally.vanished, read=self.seen)


def _certainly_in(contacts: Iterable[Contact]) -> set[str]:
    """Primary addresses whose property, read with them, shows no opt-out of everything: one call less."""
    return {_name(contact.email) for contact in contacts if contact.email and not contact.opted_out_of_all}


def _spelled(contacts: Iterable[Contact]) -> dict[str, str]:
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
