"""Somebody new whose case is like many others': decided by a pattern, written down beside the other cases."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from connector.acts.desk import Desk
from connector.acts.patterns import PAST_MS, Pattern, Situation, Someone, Told, pattern_of
from connector.acts.sightings import NOT_OUT
from connector.proof.chain import id_order
from connector.store.log import Written
from connector.store.observed import ObservedLike
from connector.store.payloads import Draft
from connector.store.people import Address, AddressKind
from connector.store.states import StateLike
from mappings.records import Contact, Preferences
from mappings.words import Status

CLEARLY = 2  # times the clocks' allowance: two dates so far apart are one before the other


class Newcomer:
    """One person made in this transaction, with the pattern that fits."""

    __slots__ = ("_pattern", "_recorded_at", "_values", "_written", "drafts", "person_id", "refs", "who")

    def __init__(self, person_id: int, who: Someone, pattern: Pattern) -> None:
        self.person_id = person_id
        self.refs = who.refs
        self.who = who
        self._pattern = pattern
        self._values = who.spelled()
        self._recorded_at = 0
        self._written: Sequence[Written] = ()
        #: The entries, for the log.
        self.drafts: Sequence[Draft] = pattern.drafts(self._values)

    @property
    def rows(self) -> Mapping[int, int]:
        """How often each row of the table decided."""
        return self._pattern.rows

    @property
    def is_heard(self) -> bool:
        """HubSpot said something; else nothing is to be decided (row 21)."""
        return bool(self._pattern.seen)

    @property
    def says_no(self) -> bool:
        """One of the entries is a no."""
        return self._pattern.says_no

    def observed(self) -> Sequence[ObservedLike]:
        """The statuses that stand."""
        return self._pattern.observed(self.who, self._values)

    def recorded(self, written: Sequence[Written], recorded_at: int) -> None:
        """The log has the entries."""
        self._written, self._recorded_at = written, recorded_at

    def states(self) -> Sequence[StateLike]:
        """The states that follow."""
        first_seq = self._written[0].seq if self._written else 0
        ids = [id_order(each.commit, each.seq) for each in self._written] if self._pattern.tied else ()
        return self._pattern.stands(self.person_id, self.who, self._recorded_at, first_seq, ids)


def newcomer(
    desk: Desk,
    contact: Contact,
    addresses: Sequence[Address],
    preferences: Mapping[str, Preferences],
    now: int,
) -> Newcomer | None:
    """Somebody new as a pattern sees them; None: to be looked at in the ordinary way.

    At most one address of each kind: of several additional ones the references would say which comes first.
    """
    dates: list[int] = []
    told = []
    for address in addresses:
        read = preferences.get(address.normalised)
        words = _by_properties(contact, address) if read is None else _by_statuses(read, address, dates)
        if words is None:
            return None
        told.append(words)
    if dates and max(dates) > now - PAST_MS:
        return None
    order: tuple[int, ...] | None = ()
    if len(dates) > 1 and (len(told) > 1 or told[0].wide):
        order = _order(dates, CLEARLY * desk.sigma_ms)
    if order is None or len({each.kind for each in told}) < len(told):
        return None
    pattern = pattern_of(desk, Situation(tuple(told), order))
    if pattern is None:
        return None
    refs = tuple(address.ref for address in addresses)
    return Newcomer(addresses[0].person_id, Someone(refs, now, tuple(dates)), pattern)


def _by_properties(contact: Contact, address: Address) -> Told:
    if address.kind is not AddressKind.PRIMARY:
        return Told(address.kind, None)
    everything = (0,) if contact.opted_out_of_all else ()
    return Told(address.kind, None, (), (*everything, *sorted(contact.opted_out_of)))


def _by_statuses(read: Preferences, address: Address, dates: list[int]) -> Told | None:
    """Words that stand in each other's way, or that HubSpot spelled unreadably, have no pattern."""
    if read.unreadable:
        return None
    words = []
    for row in read.statuses:
        status, at = row.status, row.at
        if status == Status.NOT_SPECIFIED:
            continue
        if at is not None:
            dates.append(at)
        words.append((row.subscription, status, row.source, row.basis, bool(row.explanation), at is not None))
    if len(words) > 1 and len({word[0] for word in words}) < len(words):
        return None
    if not read.wide:
        return Told(address.kind, tuple(words))
    wide = [each for each in read.wide if each.status not in NOT_OUT]
    dates += [each.at for each in wide if each.at is not None]
    if len({(each.kind, each.business_unit) for each in wide}) < len(wide):
        return None
    spelled = [(each.kind, each.status, each.business_unit, each.at is not None) for each in wide]
    return Told(address.kind, tuple(words), tuple(spelled))


def _order(dates: Sequence[int], clearly_ms: int) -> tuple[int, ...] | None:
    """The place of each date; None where two are so close, but not equal, that clocks decide."""
    places = sorted(set(dates))
    if any(later - earlier <= clearly_ms for earlier, later in pairwise(places)):
        return None
    return tuple(places.index(each) for each in dates)
