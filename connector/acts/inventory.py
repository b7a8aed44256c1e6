"""`inventory`: what is in the portal, before anything is written anywhere. Read scopes only; no mirror."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.acts.ports import HubSpot
from mappings.addresses import NotAnAddress, is_role, normalise
from mappings.purposes import Purpose, Purposes
from mappings.records import Contact, Preferences, StatusRow
from mappings.times import iso
from mappings.words import Status

BATCH = 100


@dataclass(slots=True)
class _Purpose:
    """Counts of one purpose."""

    subscribed: int = 0
    unsubscribed: int = 0
    not_specified: int = 0
    unknown: int = 0
    by_basis: Counter[str] = field(default_factory=Counter)
    by_source: Counter[str] = field(default_factory=Counter)

    def add(self, row: StatusRow | None) -> None:
        if row is None or row.status == Status.NOT_SPECIFIED:
            self.not_specified += 1
            return
        if row.status == Status.SUBSCRIBED:
            self.subscribed += 1
            self.by_basis[str(row.basis or "none")] += 1
        elif row.status == Status.UNSUBSCRIBED:
            self.unsubscribed += 1
        else:
            self.unknown += 1
        self.by_source[row.source or "none"] += 1


@dataclass(slots=True)
class Inventory:
    """The counts. `opted_out_of_all` comes from the contact's property, for every contact."""

    purposes: Purposes
    contacts: int = 0
    without_email: int = 0
    role_addresses: int = 0
    several_addresses: int = 0
    opted_out_of_all: int = 0
    with_email: int = 0
    read: int = 0
    oldest_read: int | None = None
    by_object_source: Counter[str] = field(default_factory=Counter)
    by_processing_basis: Counter[str] = field(default_factory=Counter)
    counts: dict[str, _Purpose] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The `--json` document (design 1.1)."""
        return {
            "contacts": self.contacts,
            "without_email": self.without_email,
            "role_addresses": self.role_addresses,
            "several_addresses": self.several_addresses,
            "opted_out_of_all": self.opted_out_of_all,
            "by_object_source": dict(self.by_object_source.most_common()),
            "by_processing_basis": dict(self.by_processing_basis.most_common()),
            "purposes": [self._purpose(purpose) for purpose in self.purposes],
            "coverage": round(self.read / self.with_email, 4) if self.with_email else 1.0,
            "not_read": self.with_email - self.read,
            "oldest_read": iso(self.oldest_read),
        }

    def _purpose(self, purpose: Purpose) -> dict[str, Any]:
        counts = self.counts.get(purpose.key, _Purpose())
        return {
            "purpose": purpose.key,
            "subscription_id": purpose.subscription_id,
            "subscribed": counts.subscribed,
            "unsubscribed": counts.unsubscribed,
            "not_specified": counts.not_specified,
            "unknown": counts.unknown,
            "by_basis": dict(counts.by_basis.most_common()),
            "by_source": dict(counts.by_source.most_common()),
        }


Tell = Callable[[int], None]


def take(
    hubspot: HubSpot, purposes: Purposes, pages: Iterable[Sequence[Contact]], singles: int, tell: Tell
) -> Inventory:
    """Count everything; `singles`: how many single status reads this may cost where there are no batches."""
    found = Inventory(purposes, counts={purpose.key: _Purpose() for purpose in purposes})
    batches = hubspot.capabilities().batch_statuses
    for contacts in pages:
        for contact in contacts:
            _count(found, contact)
        emails = [contact.email for contact in contacts if contact.email and _is_address(contact.email)]
        found.with_email += len(emails)
        if batches:
            _in_batches(found, hubspot, emails)
        else:
            _one_by_one(found, hubspot, emails[: max(0, singles - found.read)])
        tell(found.contacts)
    return found


def _count(found: Inventory, contact: Contact) -> None:
    found.contacts += 1
    found.by_object_source[contact.object_source or "unknown"] += 1
    found.by_processing_basis[contact.processing_basis or "none"] += 1
    found.opted_out_of_all += contact.opted_out_of_all
    found.several_addresses += len(contact.addresses) > 1
    if not contact.email:
        found.without_email += 1
    elif _is_address(contact.email):
        found.role_addresses += is_role(normalise(contact.email))


def _is_address(text: str) -> bool:
    try:
        normalise(text)
    except NotAnAddress:
        return False
    return True


def _in_batches(found: Inventory, hubspot: HubSpot, emails: Sequence[str]) -> None:
    for start in range(0, len(emails), BATCH):
        for each in hubspot.batch_preferences(emails[start : start + BATCH]).read.values():
            _add(found, each)


def _one_by_one(found: Inventory, hubspot: HubSpot, emails: Iterable[str]) -> None:
    for email in emails:
        _add(found, hubspot.preferences(email, wide=False))


def _add(found: Inventory, read: Preferences) -> None:
    found.read += 1
    found.oldest_read = min(found.oldest_read or read.read_at, read.read_at)
    rows = {row.subscription: row for row in read.statuses}
    for purpose in found.purposes:
        found.counts[purpose.key].add(rows.get(purpose.subscription_id))
