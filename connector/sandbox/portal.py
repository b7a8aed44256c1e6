"""The portal's memory: what every rule reads and writes. It holds only what somebody touched."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from connector.sandbox import properties, sources
from connector.sandbox.events import Actor, AuditEntry, Change, Happening
from connector.sandbox.journal import Journal
from connector.sandbox.options import Options
from connector.sandbox.people import ID_STEP, People
from connector.sandbox.profiles import EVENTS, NEWSLETTER, OFFERS, ONE_TO_ONE, Profile
from connector.sandbox.records import Address, Contact, Flags, SubscriptionType, Wide
from connector.sandbox.staff import Staff
from connector.sandbox.times import DAY, PortalClock
from mappings.words import OPTED_OUT_OF, OPTED_OUT_OF_ALL, Status

DEFAULT_PORTAL = 62515


class Indexed(NamedTuple):
    """What search saw of a contact before a change: shown until `visible_at`. No contact: not yet there."""

    visible_at: int
    contact: Contact | None
    flags: Flags


class Portal:
    """One account. Made-up people stand behind it until they are touched."""

    def __init__(
        self, people: People, clock: PortalClock, options: Options, portal_id: int, born: int
    ) -> None:
        self.people = people
        self.clock = clock
        self.options = options
        self.id = portal_id
        self.born = born
        self.contacts: dict[int, Contact] = {}  # touched, archived ones included
        self.erased: dict[int, int] = {}  # id -> when
        self.gone: set[int] = set()  # erased ids, and those that the recycle bin let go
        self.merged_into: dict[int, int] = {}
        self.by_email: dict[str, int] = {}  # lower case -> contact, for addresses that moved or are new
        self.freed: set[str] = set()  # made-up addresses that their first owner no longer has
        self.addresses: dict[str, Address] = {}
        self.blocklist: set[str] = set()
        self.types: dict[int, SubscriptionType] = {kind.id: kind for kind in _default_types(born)}
        self.definitions = properties.standard(born - 1460 * DAY)
        for kind in self.types.values():
            self.add_opt_out_property(kind)
        self.groups = _default_groups()
        self.audit: list[AuditEntry] = []
        self.changes: list[Change] = []
        self.journal = Journal(portal_id)
        self.listener: Callable[[Happening], None] | None = None  # whom webhooks tell
        self.staff = Staff(clock.now())
        self.dirty: set[int] = set()  # indexes of made-up people that no longer are as they were made
        self.indexed: dict[int, list[Indexed]] = {}
        self.keeps_index = options.search_lag_ms > 0
        self._next_id = people.contact_id(people.count)
        self._slot_flags: dict[int, Flags] = {}

    # Options and ids -------------------------------------------------------------------------------------

    def set_options(self, options: Options) -> None:
        self.options = options
        self.keeps_index = self.keeps_index or options.search_lag_ms > 0
        self._slot_flags.clear()

    def new_id(self) -> int:
        number = self._next_id
        self._next_id += ID_STEP
        return number

    def address_key(self, address: str) -> str:
        return address if self.options.case_sensitive_addresses else address.lower()

    def add_opt_out_property(self, kind: SubscriptionType) -> None:
        if not kind.internal:
            definition = properties.opt_out_of(kind)
            self.definitions[definition["name"]] = definition
        self._slot_flags = {}

    # Contacts --------------------------------------------------------------------------------------------

    def contact(self, contact_id: int) -> Contact | None:
        """The record with this very id, live or archived; None when unknown, erased or merged away."""
        touched = self.contacts.get(contact_id)
        if touched is not None:
            return touched
        index = self.people.index_of(contact_id)
        if index is None or contact_id in self.gone or contact_id in self.merged_into:
            return None
        return self.people.contact(index)

    def live(self, contact_id: int) -> Contact | None:
        found = self.contact(contact_id)
        return found if found is not None and found.archived_at is None else None

    def owner(self, address: str) -> int | None:
        """The live contact that has the address as primary or additional one."""
        key = address.lower()
        if key in self.by_email:
            return self.by_email[key]
        if key in self.freed:
            return None
        made = self.people.owner(key)
        return self.people.contact_id(made[0]) if made is not None else None

    def touch(self, contact: Contact) -> Contact:
        """Keep the record from now on; what search saw so far is remembered while its index lags."""
        self.remember(contact.id)
        return self.adopt(contact)

    def adopt(self, contact: Contact) -> Contact:
        self.contacts[contact.id] = contact
        self.mark(contact.id)
        return contact

    def mark(self, contact_id: int) -> None:
        index = self.people.index_of(contact_id)
        if index is not None:
            self.dirty.add(index)

    def forget(self, contact_id: int) -> None:
        self.contacts.pop(contact_id, None)
        self.indexed.pop(contact_id, None)
        self.mark(contact_id)

    def claim(self, address: str, contact_id: int) -> None:
        """The address is this contact's from now on."""
        self.by_email[address.lower()] = contact_id

    def release(self, address: str) -> None:
        """The address is nobody's from now on."""
        self.by_email.pop(address.lower(), None)
        self.freed.add(address.lower())

    def ids_from(self, after: int) -> Iterator[int]:
        """Ids >= after that may be contacts, ascending: made-up people, then records made since."""
        for index in range(self.people.first_from(after), self.people.count):
            yield self.people.contact_id(index)
        first_new = self.people.contact_id(self.people.count)
        start = max(after, first_new)
        start += -(start - first_new) % ID_STEP
        yield from range(start, self._next_id, ID_STEP)

    def tell(
        self,
        action: str,
        contact_id: int,
        actor: Actor | None = None,
        *,
        merged: tuple[int, ...] = (),
        changes: Mapping[str, str | None] | None = None,
    ) -> None:
        """Write it into the pull journal, and hand it to the webhooks."""
        if self.journal.wants(action):
            self.journal.add(self.clock.now(), action, contact_id, merged, changes=changes)
        self._hand_over(action, contact_id, actor, merged, changes or {})

    def tell_opt_outs(self, contact_id: int, actor: Actor | None, changes: Mapping[str, str | None]) -> None:
        """The same for the opt-out properties, as far as the switches say that HubSpot tells of them."""
        if self.options.journal_opt_outs and self.journal.wants("UPDATE"):
            self.journal.add(self.clock.now(), "UPDATE", contact_id, changes=changes)
        if self.options.webhook_opt_outs:
            self._hand_over("UPDATE", contact_id, actor, (), changes)

    @property
    def watches_opt_outs(self) -> bool:
        """Somebody wants to know when an opt-out property changes."""
        options = self.options
        return bool(
            options.journal_opt_outs
            or options.opt_out_workflow
            or (options.webhook_opt_outs and self.listener is not None)
        )

    def _hand_over(
        self,
        action: str,
        contact_id: int,
        actor: Actor | None,
        merged: tuple[int, ...],
        changes: Mapping[str, str | None],
    ) -> None:
        if self.listener is None:
            return
        source, number = (actor.property_source, actor.source_id) if actor else ("CRM", None)
        self.listener(Happening(self.clock.now(), action, contact_id, source, number, merged, changes))

    # Search index ----------------------------------------------------------------------------------------

    def remember(self, contact_id: int) -> None:
        """Before a change: keep what search shows until the index has caught up."""
        if not self.keeps_index:
            return
        before = self.contact(contact_id)
        flags = self.flags(before) if before is not None else {}
        frozen = _copy(before) if before is not None else None
        visible_at = self.clock.now() + self.options.search_lag_ms
        self.indexed.setdefault(contact_id, []).append(Indexed(visible_at, frozen, flags))

    def seen_by_search(self, contact_id: int, extra_lag_ms: int = 0) -> tuple[Contact, Flags] | None:
        """The record as the search index has it; None when it is not there. Archived ones never are."""
        live = self.live(contact_id)
        if live is None:
            return None
        now = self.clock.now()
        for past in self.indexed.get(contact_id, ()):
            if past.visible_at + extra_lag_ms > now:
                return (past.contact, past.flags) if past.contact is not None else None
        return live, self.flags(live)

    # Addresses -------------------------------------------------------------------------------------------

    def address(self, text: str) -> Address | None:
        """What is held for an address: touched, or as it was made; None when nobody ever set anything."""
        touched = self.addresses.get(self.address_key(text))
        if touched is not None:
            return touched
        made = self.people.owner(text)
        if made is None or (self.options.case_sensitive_addresses and not self._spelled_so(made, text)):
            return None
        index, place = made
        wide: dict[int | None, Wide] = {}
        if self.people.out_of_all(index, place):
            wide[None] = Wide(self.people.acted(index), sources.PREFERENCE_PAGE)
        return Address(text, self.people.rows(index, place), wide)

    def own_address(self, text: str) -> Address:
        """The same, kept from now on."""
        held = self.address(text) or Address(text)
        return self.addresses.setdefault(self.address_key(text), held)

    def _spelled_so(self, made: tuple[int, int], text: str) -> bool:
        return self.people.contact(made[0]).addresses[made[1]] == text

    # Opt-out properties ----------------------------------------------------------------------------------

    def flags(self, contact: Contact) -> Flags:
        """`hs_email_optout` and its sisters: they follow the primary address (HA 9)."""
        email = contact.email
        if email is None:
            return {}
        touched = self.addresses.get(self.address_key(email))
        if touched is not None:
            return self._flags_of(touched)
        if contact.slot >= 0:
            return self.slot_flags(contact.slot)
        held = self.address(email)
        return self._flags_of(held) if held is not None else self._flags({}, wide=False)

    def slot_flags(self, slot: int) -> Flags:
        """The opt-out properties of an untouched person of this slot."""
        known = self._slot_flags.get(slot)
        if known is None:
            known = self._slot_flags[slot] = self._profile_flags(self.people.table[slot])
        return known

    def _profile_flags(self, profile: Profile) -> Flags:
        if profile.kind == "none":
            return {}
        words = {fate.subscription: fate.status.value for fate in profile.fates}
        return self._flags(words, wide=profile.wide)

    def _flags_of(self, address: Address) -> Flags:
        statuses = {number: row.status for number, row in address.rows.items()}
        return self._flags(statuses, wide=address.out_of_all)

    def _flags(self, statuses: dict[int, str], *, wide: bool) -> Flags:
        known = bool(statuses) or wide
        flags: Flags = {OPTED_OUT_OF_ALL: "true" if wide else "false" if known else None}
        everything = wide and self.options.wide_sets_type_properties
        for number, kind in self.types.items():
            if not kind.internal:
                flags[f"{OPTED_OUT_OF}{number}"] = _flag(statuses.get(number), everything)
        return flags


def _flag(status: str | None, everything: bool) -> str | None:
    if everything or status == Status.UNSUBSCRIBED:
        return "true"
    return "false" if status == Status.SUBSCRIBED else None


def _copy(contact: Contact) -> Contact:
    twin = Contact(
        contact.id,
        contact.props,
        contact.created,
        contact.modified,
        additional=contact.additional,
        slot=contact.slot,
    )
    twin.archived_at, twin.merged, twin.history = contact.archived_at, contact.merged, contact.history
    return twin


def _default_groups() -> dict[str, properties.Definition]:
    rows = (
        properties.group(properties.CONTACT, "Contact information", 0),
        properties.group(properties.EMAIL, "Email information", 1),
        properties.group(properties.GDPR, "Lifecycle", 2),
    )
    return {row["name"]: row for row in rows}


def _default_types(born: int) -> tuple[SubscriptionType, ...]:
    at = born - 1400 * DAY
    return (
        SubscriptionType(
            NEWSLETTER, "Newsletter", "Our newsletter, once a month.", at, at, default=True,
            translations={"sv": ("Nyhetsbrev", "Vårt nyhetsbrev, en gång i månaden.")},
        ),
        SubscriptionType(
            OFFERS, "Offers", "Offers and news about our products.", at, at,
            translations={"sv": ("Erbjudanden", "Erbjudanden och nyheter om våra produkter.")},
        ),
        SubscriptionType(
            EVENTS, "Events", "Invitations to events and webinars.", at, at,
            translations={"sv": ("Evenemang", "Inbjudningar till evenemang och webbinarier.")},
        ),
        SubscriptionType(
            ONE_TO_ONE, "One to One", "One to One emails", at, at, purpose="Sales", internal=True,
        ),
    )  # fmt: skip
