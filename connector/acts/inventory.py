"""`inventory`: what is in the portal, before anything is written anywhere. Read scopes only; no mirror."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from connector.acts.inventory_extras import FilledProperty, FormFlaws
from connector.acts.ports import HubSpot
from mappings.addresses import NotAnAddress, is_role, normalise
from mappings.office import Origin
from mappings.purposes import Purpose, Purposes
from mappings.records import Contact, Preferences, StatusRow
from mappings.times import iso
from mappings.words import Status

BATCH = 100
DAY_MS: Final = 86_400_000
#: Ages of records: upper bounds in days, and what is older or undated.
AGES: Final = (("under_1_year", 365), ("1_to_2_years", 730), ("2_to_3_years", 1_095), ("3_to_5_years", 1_825))
OLDER, UNDATED = "over_5_years", "unknown"
#: Forms, imports and apps that are named one by one; the rest is counted together.
NAMED: Final = 25
#: HubSpot's words for a record that carries no reason to process.
NO_REASON: Final = frozenset({"", "Not applicable"})


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
class _Addresses:
    """How many records hold one address, by a fingerprint of 8 bytes: nothing of it is kept or shown."""

    seen: set[int] = field(default_factory=set)
    twice: set[int] = field(default_factory=set)

    def add(self, normalised: Iterable[str]) -> None:
        for address in set(normalised):
            mark = int.from_bytes(blake2b(address.encode(), digest_size=8).digest(), "big")
            (self.twice if mark in self.seen else self.seen).add(mark)


@dataclass(slots=True)
class Inventory:
    """The counts. `opted_out_of_all` comes from the contact's property, for every contact.

    `without_reason`: no basis to process, and HubSpot shows no SUBSCRIBED with a basis for any purpose.
    `without_reason_unknown`: no basis to process, and the statuses were not read.
    """

    purposes: Purposes
    now: int = 0
    contacts: int = 0
    without_email: int = 0
    unreadable_email: int = 0
    role_addresses: int = 0
    several_addresses: int = 0
    opted_out_of_all: int = 0
    without_reason: int = 0
    without_reason_unknown: int = 0
    with_email: int = 0
    read: int = 0
    oldest_read: int | None = None
    by_object_source: Counter[str] = field(default_factory=Counter)
    by_processing_basis: Counter[str] = field(default_factory=Counter)
    by_form: Counter[str] = field(default_factory=Counter)
    by_import: Counter[str] = field(default_factory=Counter)
    by_app: Counter[str] = field(default_factory=Counter)
    by_age: Counter[str] = field(default_factory=Counter)
    counts: dict[str, _Purpose] = field(default_factory=dict)
    addresses: _Addresses = field(default_factory=_Addresses)
    properties: Sequence[FilledProperty] = ()
    forms: Sequence[FormFlaws] | None = None

    def document(self) -> dict[str, Any]:
        """The `--json` document (design 1.1)."""
        return {
            "contacts": self.contacts,
            "without_email": self.without_email,
            "unreadable_email": self.unreadable_email,
            "role_addresses": self.role_addresses,
            "several_addresses": self.several_addresses,
            "shared_addresses": len(self.addresses.twice),
            "opted_out_of_all": self.opted_out_of_all,
            "without_reason": self.without_reason,
            "without_reason_unknown": self.without_reason_unknown,
            "by_object_source": dict(self.by_object_source.most_common()),
            "by_processing_basis": dict(self.by_processing_basis.most_common()),
            "by_form": _named(self.by_form),
            "by_import": _named(self.by_import),
            "by_app": _named(self.by_app),
            "by_age": {name: self.by_age[name] for name in (*(n for n, _ in AGES), OLDER, UNDATED)},
            "purposes": [self._purpose(purpose) for purpose in self.purposes],
            "properties": [each.document() for each in self.properties],
            "forms": None if self.forms is None else [each.document() for each in self.forms],
            "coverage": round(self.read / self.with_email, 4) if self.with_email else 1.0,
            "not_read": self.with_email - self.read,
            "oldest_read": iso(self.oldest_read),
            "at": iso(self.now),
        }

    def _purpose(self, purpose: Purpose) -> dict[str, Any]:
        counts = self.counts.get(purpose.key, _Purpose())
        return {
            "purpose": purpose.key,
            "title": dict(purpose.title),
            "subscription_id": purpose.subscription_id,
            "subscribed": counts.subscribed,
            "unsubscribed": counts.unsubscribed,
            "not_specified": counts.not_specified,
            "unknown": counts.unknown,
            "by_basis": dict(counts.by_basis.most_common()),
            "by_source": dict(counts.by_source.most_common()),
        }


def _named(counts: Counter[str]) -> dict[str, int]:
    """The largest by name, the others as one number under ``."""
    shown = dict(counts.most_common(NAMED))
    rest = sum(counts.values()) - sum(shown.values())
    return shown | ({"": rest} if rest else {})


Tell = Callable[[int], None]
Pages = Iterable[tuple[Sequence[Contact], Mapping[int, Origin]]]


def take(hubspot: HubSpot, purposes: Purposes, pages: Pages, singles: int, tell: Tell, now: int) -> Inventory:
    """Count everything; `singles`: how many single status reads this may cost where there are no batches."""
    found = Inventory(purposes, now=now, counts={purpose.key: _Purpose() for purpose in purposes})
    batches = hubspot.capabilities().batch_statuses
    for contacts, origins in pages:
        for contact in contacts:
            _count(found, contact, origins.get(contact.id, Origin()))
        emails = [contact.email for contact in contacts if contact.email and _normalised(contact.email)]
        found.with_email += len(emails)
        if batches:
            said = _in_batches(found, hubspot, emails)
        else:
            said = _one_by_one(found, hubspot, emails[: max(0, singles - found.read)])
        for contact in contacts:
            _weigh(found, contact, said)
        tell(found.contacts)
    return found


def _count(found: Inventory, contact: Contact, origin: Origin) -> None:
    found.contacts += 1
    source = contact.object_source or "unknown"
    found.by_object_source[source] += 1
    found.by_processing_basis[contact.processing_basis or "none"] += 1
    found.by_age[_age(found.now, contact.created_at)] += 1
    _note_origin(found, source, origin)
    found.opted_out_of_all += contact.opted_out_of_all
    found.several_addresses += len(contact.addresses) > 1
    found.addresses.add(filter(None, map(_normalised, contact.addresses)))
    if not contact.email:
        found.without_email += 1
    elif normalised := _normalised(contact.email):
        found.role_addresses += is_role(normalised)
    else:
        found.unreadable_email += 1


def _note_origin(found: Inventory, source: str, origin: Origin) -> None:
    if origin.form:
        found.by_form[origin.form] += 1
    if source == "IMPORT":
        found.by_import[origin.detail or "unknown"] += 1
    elif source in {"INTEGRATION", "API"}:
        found.by_app[origin.detail or "unknown"] += 1


def _age(now: int, created: int | None) -> str:
    if created is None:
        return UNDATED
    days = (now - created) // DAY_MS
    return next((name for name, limit in AGES if days < limit), OLDER)


def _weigh(found: Inventory, contact: Contact, said: Mapping[str, Preferences]) -> None:
    """Is there a reason for this record to be here, as far as HubSpot tells?"""
    bases = {each.strip() for each in (contact.processing_basis or "").split(";")}
    if bases - NO_REASON:
        return
    read = said.get(contact.email or "")
    if read is not None:
        found.without_reason += not _is_reason(found.purposes, read)
    elif contact.email and _normalised(contact.email):
        found.without_reason_unknown += 1
    else:
        found.without_reason += 1  # nobody can be mailed, and nothing else says why they are here


def _is_reason(purposes: Purposes, read: Preferences) -> bool:
    known = set(purposes.subscription_ids)
    return any(
        row.subscription in known and row.status == Status.SUBSCRIBED and row.basis for row in read.statuses
    )


def _normalised(text: str) -> str:
    try:
        return normalise(text)
    except NotAnAddress:
        return ""


def _in_batches(found: Inventory, hubspot: HubSpot, emails: Sequence[str]) -> dict[str, Preferences]:
    said: dict[str, Preferences] = {}
    for start in range(0, len(emails), BATCH):
        said |= hubspot.batch_preferences(emails[start : start + BATCH]).read
    for each in said.values():
        _add(found, each)
    return said


def _one_by_one(found: Inventory, hubspot: HubSpot, emails: Iterable[str]) -> dict[str, Preferences]:
    said = {email: hubspot.preferences(email, wide=False) for email in emails}
    for each in said.values():
        _add(found, each)
    return said


def _add(found: Inventory, read: Preferences) -> None:
    found.read += 1
    found.oldest_read = min(found.oldest_read or read.read_at, read.read_at)
    rows = {row.subscription: row for row in read.statuses}
    for purpose in found.purposes:
        found.counts[purpose.key].add(rows.get(purpose.subscription_id))
